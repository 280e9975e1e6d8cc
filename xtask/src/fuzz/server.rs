//! A server with its demo, in a temporary folder, for as long as it is fuzzed.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::screen::Stopwatch;

/// How long the server may take until its demo is there: the machine may be busy.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// Pause between two looks at a starting server.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// A server that ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: TempDir,
    log: PathBuf,
}

impl Server {
    /// Starts it on a free port and waits for its demo. Its log goes to the reports.
    pub fn start(program: &Path, reports: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(reports).with_context(|| reports.display().to_string())?;
        let log = reports.join("server.log");
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let child = Command::new(program)
            .args(["serve", "--demo", "--data"])
            .arg(folder.path().join("data"))
            .args(["--listen", &format!("127.0.0.1:{}", free_port()?)])
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("the server's log")?)
            .stderr(output)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut server = Self { child, folder, log };
        server.wait()?;
        Ok(server)
    }

    /// What the server wrote about its demo.
    pub fn demo(&self) -> anyhow::Result<String> {
        let path = self.demo_path();
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    fn demo_path(&self) -> PathBuf {
        self.folder.path().join("data/demo.json")
    }

    /// Waits for the demo, which is written once the server listens.
    fn wait(&mut self) -> anyhow::Result<()> {
        let stopwatch = Stopwatch::start();
        while !self.demo_path().is_file() {
            if let Some(status) = self.child.try_wait().context("the server")? {
                bail!("the server ended with {status}: {}", self.log.display());
            }
            if stopwatch.elapsed() > READY_LIMIT {
                bail!("the server did not get ready: {}", self.log.display());
            }
            thread::sleep(LOOK_PAUSE);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its folder goes away as well, so that nothing is lost by stopping it at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free loopback port")?;
    Ok(listener.local_addr().context("a free port")?.port())
}
