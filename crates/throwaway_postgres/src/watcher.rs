//! Cleans up when the owner of a server dies without a chance to do it.
//!
//! The watcher is a shell that waits for the end of its input. We hold the other end of
//! that pipe and never write to it, so the input ends when we drop it and also when we
//! are killed; nothing can be forgotten, and no signal handler is needed.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;

/// Ends the server whose process id stands in `$1/data/postmaster.pid`, then removes `$1`.
const SCRIPT: &str = r#"
cat > /dev/null
server=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
if [ -n "$server" ]; then
    kill -QUIT "$server" 2> /dev/null
    tries=0
    while kill -0 "$server" 2> /dev/null && [ "$tries" -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -KILL "$server" 2> /dev/null
fi
rm -rf "$1"
"#;

/// The running watcher of one folder.
#[derive(Debug)]
pub(crate) struct Watcher {
    shell: Child,
}

impl Watcher {
    pub(crate) fn of(folder: &Path) -> Result<Self, Error> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "watcher"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::system("/bin/sh"))?;
        Ok(Self { shell })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
