//! The server itself: made, started, stopped, killed, started again, removed.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::owner::Owner;
use crate::watcher::Watcher;
use crate::{Error, Folders, binaries, processes};

/// The user that owns every database of the server.
const USER: &str = "tabard";

/// Ports that are tried. They lie below the range from which the system takes the ports
/// of outgoing connections: a client that knocks again and again while the server is
/// down could otherwise be given the server's own port, and keep it.
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 31_999;

/// How long a start may take, counted in [`TURN`]s; recovery after a kill takes a while.
const TURNS_TO_START: u32 = 3_000;
/// How long a stop may take, counted in [`TURN`]s, before it is made harder.
const TURNS_TO_STOP: u32 = 500;
const TURN: Duration = Duration::from_millis(20);

/// What every throwaway server is told. Everything is synced: a test that passes only
/// because nothing reaches the disk proves nothing.
const SETTINGS: [(&str, &str); 9] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("max_connections", "300"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_min_messages", "log"),
];

/// A PostgreSQL server of one's own. Dropping it stops it and removes its files.
#[derive(Debug)]
pub struct ThrowawayPostgres {
    binaries: PathBuf,
    owner: Owner,
    folders: Folders,
    settings: Vec<(String, String)>,
    port: u16,
    password: String,
    server: Option<Child>,
    // Last, so that the folder goes after the server has ended.
    _watcher: Watcher,
}

impl ThrowawayPostgres {
    /// Makes a fresh cluster and starts it; it takes connections when this returns.
    ///
    /// # Errors
    /// When no server is installed, or when it does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&[])
    }

    /// The same with further settings, as in `postgresql.conf`; they win over ours.
    ///
    /// # Errors
    /// When no server is installed, or when it does not start.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self, Error> {
        let owner = Owner::choose()?;
        let root = tempfile::Builder::new()
            .prefix("tabard-postgres-")
            .tempdir()
            .map_err(Error::system("a temporary folder"))?;
        let folders = Folders::inside(root.path().to_owned());
        let watcher = Watcher::of(&folders.root)?;
        // From here on the watcher removes the folder.
        let _ = root.keep();
        owner.own(&folders.root)?;
        let mut postgres = Self {
            binaries: binaries::find()?,
            owner,
            folders,
            settings: settings
                .iter()
                .map(|(name, value)| owned(name, value))
                .collect(),
            port: 0,
            password: random_password()?,
            server: None,
            _watcher: watcher,
        };
        postgres.make_cluster()?;
        postgres.start_on_a_free_port()?;
        Ok(postgres)
    }

    /// The address of the database `postgres`, for a user who may do everything.
    #[must_use]
    pub fn address(&self) -> String {
        self.address_of("postgres")
    }

    /// The address of a database, which need not exist yet.
    #[must_use]
    pub fn address_of(&self, database: &str) -> String {
        let Self { password, port, .. } = self;
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/{database}")
    }

    /// The port that the server listens on; it stays the same across restarts.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the server has been started and has not ended since.
    pub fn is_running(&mut self) -> bool {
        let server = self.server.as_mut();
        server.is_some_and(|server| matches!(server.try_wait(), Ok(None)))
    }

    /// `kill -9` of the server and of all its processes, as if the machine had taken
    /// them away at once. Returns when the last one is gone. What the operating system
    /// has in its cache survives: this is a kill, not a power cut.
    ///
    /// # Errors
    /// When a process cannot be ended.
    pub fn kill(&mut self) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let id = process_id(&server);
        // Stopped first, so that it can start nobody between the listing and the kill.
        processes::signal(id, Signal::STOP);
        let children = processes::children_of(id);
        for process in children.iter().copied().chain([id]) {
            processes::signal(process, Signal::KILL);
        }
        server.wait().map_err(Error::system("postgres"))?;
        if !processes::wait_for_end(&children) {
            return Err(Error::Failed {
                program: "kill -9",
                output: format!("some of {children:?} still run"),
            });
        }
        // No process of the server is left; a later one with its number must not be
        // taken for it, neither by PostgreSQL nor by the watcher.
        let _ = fs::remove_file(&self.folders.process_id);
        Ok(())
    }

    /// Stops the server without letting its clients finish (its "immediate" mode); the
    /// next start recovers from the log.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn stop_immediately(&mut self) -> Result<(), Error> {
        self.stop_with(Signal::QUIT)
    }

    /// Stops the server in good order: open transactions are rolled back, what is in
    /// memory is written (its "fast" mode).
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.stop_with(Signal::INT)
    }

    /// Starts the server again after [`kill`](Self::kill) or a stop, on the same port
    /// and with the same databases. It takes connections when this returns.
    ///
    /// # Errors
    /// When it does not start; the error holds the end of its log.
    pub fn start_again(&mut self) -> Result<(), Error> {
        if self.is_running() {
            return Ok(());
        }
        self.launch()?;
        self.wait_until_ready()
    }

    /// Stops in good order and starts again.
    ///
    /// # Errors
    /// When either does not work.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        self.start_again()
    }

    fn stop_with(&mut self, signal: Signal) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let id = process_id(&server);
        for signal in [signal, Signal::QUIT] {
            processes::signal(id, signal);
            for _ in 0..TURNS_TO_STOP {
                if server
                    .try_wait()
                    .map_err(Error::system("postgres"))?
                    .is_some()
                {
                    return Ok(());
                }
                thread::sleep(TURN);
            }
        }
        self.server = Some(server);
        self.kill()
    }

    fn make_cluster(&self) -> Result<(), Error> {
        let password_file = self.folders.root.join("password");
        fs::write(&password_file, &self.password).map_err(Error::system("the password file"))?;
        self.owner.own(&password_file)?;
        let output = self
            .owner
            .command(&self.binaries.join("initdb"))
            .current_dir(&self.folders.root)
            .args(["--encoding=UTF8", "--locale=C", "--no-sync"])
            .args(["--auth=scram-sha-256", "--username", USER])
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&self.folders.data)
            .stdin(Stdio::null())
            .output()
            .map_err(Error::system("initdb"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            program: "initdb",
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// A port that was free a moment ago may be taken by now: then the next one is tried.
    fn start_on_a_free_port(&mut self) -> Result<(), Error> {
        let mut attempts = 0;
        loop {
            self.port = free_port(attempts)?;
            self.launch()?;
            match self.wait_until_ready() {
                Err(Error::Failed { output, .. })
                    if attempts < 5 && output.contains("Address already in use") =>
                {
                    attempts += 1;
                }
                result => return result,
            }
        }
    }

    fn launch(&mut self) -> Result<(), Error> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.folders.log)
            .map_err(Error::system("the log"))?;
        let same_log = log.try_clone().map_err(Error::system("the log"))?;
        let mut command = self.owner.command(&self.binaries.join("postgres"));
        command
            .current_dir(&self.folders.root)
            .arg("-D")
            .arg(&self.folders.data)
            .args(["-p", &self.port.to_string()]);
        let ours = SETTINGS.iter().map(|(name, value)| owned(name, value));
        for (name, value) in ours.chain(self.settings.iter().cloned()) {
            command.args(["-c", &format!("{name}={value}")]);
        }
        let server = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(same_log)
            .spawn()
            .map_err(Error::system("postgres"))?;
        self.server = Some(server);
        Ok(())
    }

    /// The server writes its own state into the eighth line of its process file.
    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let id = self.server.as_ref().map(process_id);
        for _ in 0..TURNS_TO_START {
            if !self.is_running() {
                self.server = None;
                return Err(self.failed());
            }
            let state = fs::read_to_string(&self.folders.process_id).unwrap_or_default();
            let is_its_own = state.lines().next().and_then(|line| line.parse().ok()) == id;
            if is_its_own && state.lines().nth(7).map(str::trim) == Some("ready") {
                return Ok(());
            }
            thread::sleep(TURN);
        }
        Err(self.failed())
    }

    fn failed(&self) -> Error {
        Error::Failed {
            program: "postgres",
            output: self.end_of_log(),
        }
    }

    /// The last lines that the server wrote, for whoever must find out what happened.
    #[must_use]
    pub fn end_of_log(&self) -> String {
        let log = fs::read(&self.folders.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for ThrowawayPostgres {
    fn drop(&mut self) {
        // Nothing in it is wanted any more, so the quickest way will do.
        let _ = self.stop_immediately();
    }
}

fn owned(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn process_id(server: &Child) -> i32 {
    i32::try_from(server.id()).expect("process ids are positive numbers of 32 bits")
}

/// A port that nobody listens on. Processes begin at different places, so that two test
/// runs on one machine seldom meet.
fn free_port(attempt: u16) -> Result<u16, Error> {
    let range = LAST_PORT - FIRST_PORT + 1;
    let offset = u16::try_from(std::process::id() % u32::from(range)).unwrap_or(0);
    (0..range)
        .map(|step| FIRST_PORT + (offset + attempt + step) % range)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or(Error::NoPort(FIRST_PORT, LAST_PORT))
}

/// The password keeps other users of the machine out of a server that may do everything.
fn random_password() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(Error::system("/dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
