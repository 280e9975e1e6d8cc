//! A real `tabard` process: started on a free port of this machine, stopped, killed,
//! started again on the same data.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

use crate::demo::Demo;
use crate::http::{Connection, Request, Target};
use crate::watch;

/// How long a server may take until it is ready. Generous: the first start makes the
/// demo tenant, and the machine may be busy building something.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// How long a graceful stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks at a starting server; also the precision of its start time.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// What a server process is started with.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The `tabard` binary.
    pub binary: PathBuf,
    /// The data directory; `demo.json` is written into it.
    pub data: PathBuf,
    /// A `postgres://` address, or none for the SQLite store in the data directory.
    pub store: Option<String>,
    /// Environment variables beside the inherited ones; negative controls come this way.
    pub environment: Vec<(String, String)>,
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// All that is resident, mapped pages of files included.
    pub resident: u64,
    /// The part that is the process's own: what the system can't take back by dropping
    /// pages of files that it has on disk.
    pub own: u64,
}

/// A running server.
#[derive(Debug)]
pub struct ServerProcess {
    settings: ServerSettings,
    port: u16,
    child: Option<Child>,
    /// What the server wrote about its demo tenant.
    pub demo: Demo,
    /// From the start of the process to the first ready answer.
    pub ready_after: Duration,
}

impl ServerProcess {
    /// Starts a server and waits until it answers and its demo tenant is there.
    pub async fn start(settings: ServerSettings) -> anyhow::Result<Self> {
        let port = free_port()?;
        std::fs::create_dir_all(&settings.data)
            .with_context(|| format!("could not make {}", settings.data.display()))?;
        let began = watch::instant();
        let mut child = spawn(&settings, port)?;
        wait_until_ready(&mut child, &settings, port).await?;
        let ready_after = began.elapsed();
        let demo = wait_for_demo(&settings.data).await?;
        Ok(Self {
            settings,
            port,
            child: Some(child),
            demo,
            ready_after,
        })
    }

    /// Kills the process as a power switch would: no signal handler runs.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.start_kill().context("could not kill the server")?;
            child
                .wait()
                .await
                .context("the killed server did not end")?;
        }
        Ok(())
    }

    /// Asks the process to stop, and insists that it ends by itself and without an error.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        if let Some(pid) = process_id(&child) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                .context("could not ask the server to stop")?;
        }
        match tokio::time::timeout(STOP_LIMIT, child.wait()).await {
            Err(_) => bail!(
                "the server did not stop within {STOP_LIMIT:?}; {}",
                self.log_tail()
            ),
            Ok(status) => {
                let status = status.context("waiting for the server")?;
                if !status.success() {
                    bail!("the server ended with {status}; {}", self.log_tail());
                }
                Ok(())
            }
        }
    }

    /// Starts the process again on the same port and data. Returns the time to the first
    /// ready answer.
    pub async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.kill().await?;
        let began = watch::instant();
        let mut child = spawn(&self.settings, self.port)?;
        wait_until_ready(&mut child, &self.settings, self.port).await?;
        self.ready_after = began.elapsed();
        self.child = Some(child);
        self.demo = wait_for_demo(&self.settings.data).await?;
        Ok(self.ready_after)
    }

    /// Runs a command of the program on this server's store, and returns what it prints.
    pub async fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.settings.binary);
        command.args(arguments);
        match &self.settings.store {
            Some(store) => command.args(["--store", store]),
            None => command.arg("--data").arg(&self.settings.data),
        };
        let what = arguments.get(..2).unwrap_or(arguments).join(" ");
        let done = command
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let done = done.with_context(|| format!("tabard {what}"))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            bail!("tabard {what} ended with {}: {}", done.status, said.trim());
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// The process id, for looking at its memory.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Resident memory, as the system reports it.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let pid = self.pid().context("the server does not run")?;
        let path = format!("/proc/{pid}/status");
        let status =
            std::fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes =
                line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            let bytes = kibibytes.map(|kibibytes| kibibytes * 1024);
            bytes.with_context(|| format!("{path} has no line {name}"))
        };
        Ok(Memory {
            resident: bytes("VmRSS:")?,
            own: bytes("RssAnon:")?,
        })
    }

    /// The server's root address.
    pub fn target(&self) -> anyhow::Result<Target> {
        Ok(Target::parse(&format!("http://127.0.0.1:{}", self.port))?)
    }

    /// What this server was started with.
    pub fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    /// The last lines of the server's log, for error messages.
    pub fn log_tail(&self) -> String {
        log_tail(&self.settings)
    }
}

/// The binary that was named, or the one that was built beside this program.
pub fn find_binary(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        if !path.is_file() {
            bail!("there is no tabard binary at {}", path.display());
        }
        return Ok(path.to_owned());
    }
    let own = std::env::current_exe().context("where this program lies")?;
    let mut looked_at = Vec::new();
    for folder in own.ancestors().skip(1).take(4) {
        for place in [
            folder.join("tabard"),
            folder.join("release/tabard"),
            folder.join("debug/tabard"),
        ] {
            if place.is_file() {
                return Ok(place);
            }
            looked_at.push(place.display().to_string());
        }
    }
    bail!(
        "no tabard binary found; build it with `cargo build --release -p server`, or name it with --binary. \
         Looked at: {}",
        looked_at.join(", ")
    )
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free loopback port")?;
    Ok(listener
        .local_addr()
        .context("the address of a fresh socket")?
        .port())
}

/// The log stands beside the data directory, because a data directory of a server on
/// PostgreSQL holds `demo.json` and nothing else.
fn log_path(settings: &ServerSettings) -> PathBuf {
    settings.data.with_extension("log")
}

fn spawn(settings: &ServerSettings, port: u16) -> anyhow::Result<Child> {
    let path = log_path(settings);
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("could not write {}", path.display()))?;
    let mut command = Command::new(&settings.binary);
    command
        .args(["serve", "--demo", "--data"])
        .arg(&settings.data);
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    if let Some(store) = &settings.store {
        command.args(["--store", store]);
    }
    command
        .envs(
            settings
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("the log file")?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("could not start {}", settings.binary.display()))
}

async fn wait_until_ready(
    child: &mut Child,
    settings: &ServerSettings,
    port: u16,
) -> anyhow::Result<()> {
    let target = Target::parse(&format!("http://127.0.0.1:{port}"))?;
    let mut connection = Connection::to(target).with_time_limit(Duration::from_secs(5));
    let began = watch::instant();
    loop {
        if let Ok(answer) = connection.send(Request::get("/health/ready", &[])).await
            && answer.status == 200
        {
            return Ok(());
        }
        if let Some(status) = child.try_wait().context("looking at the server")? {
            bail!(
                "the server ended with {status} before it was ready; {}",
                log_tail(settings)
            );
        }
        if began.elapsed() > READY_LIMIT {
            bail!(
                "the server was not ready within {READY_LIMIT:?}; {}",
                log_tail(settings)
            );
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

async fn wait_for_demo(data: &Path) -> anyhow::Result<Demo> {
    let path = data.join("demo.json");
    let began = watch::instant();
    loop {
        match Demo::read(&path) {
            Ok(demo) => return Ok(demo),
            Err(error) if began.elapsed() > READY_LIMIT => return Err(error),
            Err(_) => tokio::time::sleep(LOOK_PAUSE).await,
        }
    }
}

fn log_tail(settings: &ServerSettings) -> String {
    let path = log_path(settings);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(20);
    format!(
        "the end of its log, {}:\n{}",
        path.display(),
        lines[from..].join("\n")
    )
}

fn process_id(child: &Child) -> Option<rustix::process::Pid> {
    let raw = i32::try_from(child.id()?).ok()?;
    rustix::process::Pid::from_raw(raw)
}
