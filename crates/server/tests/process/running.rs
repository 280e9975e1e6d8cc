//! A running server, and plain HTTP to it.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

/// The program.
pub const TABARD: &str = env!("CARGO_BIN_EXE_tabard");

/// Nothing that a test waits for takes longer, on a machine that does other things as well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until it is so; whether it came to be.
pub fn becomes_true(mut is_so: impl FnMut() -> bool) -> bool {
    for _ in 0..PATIENCE.as_millis() / 50 {
        if is_so() {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

/// A server that runs on a free port; killed when dropped.
pub struct Running {
    child: Child,
    /// Its address.
    pub address: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Running {
    /// Starts the demo in this directory and waits until it is ready.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::serve(data, &[&["--demo"], arguments].concat())
    }

    /// Starts a server in this directory, without the demo, and waits until it is ready.
    pub fn serve(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(TABARD), data, arguments)
    }

    /// Starts the demo as a process that is told when a file may not grow, where others are ended by it.
    #[cfg(target_os = "linux")]
    pub fn start_told_of_full_files(data: &Path, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        // What is ignored stays ignored in the program that takes the shell's place.
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", TABARD]);
        Self::spawn(shell, data, &[&["--demo"], arguments].concat())
    }

    fn spawn(mut program: Command, data: &Path, arguments: &[&str]) -> Self {
        let log = data.with_extension("log");
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let address = next_line(&mut child);
        let address = address.rsplit("http://").next().unwrap().trim().to_owned();
        Self { child, address }
    }

    /// The next line that it says on standard output; the first one was read when it began.
    pub fn next_line(&mut self) -> String {
        next_line(&mut self.child)
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        for _ in 0..PATIENCE.as_millis() / 10 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("the server did not end");
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// One request on a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut stream = self.connect();
        let request = request(method, path, headers, body);
        stream.write_all(request.as_bytes()).unwrap();
        read_reply(&mut stream)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A request as it goes over the line; the connection is closed after its answer.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: tabard.test\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// Reads what is left of a connection as one answer.
pub fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap();
    Reply {
        status,
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

/// The demo's file.
pub fn demo(data: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap()
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(TABARD)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a command said, which must have succeeded.
pub fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tabard {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The tenant that was made by `tabard tenant create`, by what it said.
pub fn tenant_made(said: &str) -> String {
    let mut lines = said.lines();
    let id = lines.find_map(|line| line.strip_prefix("tenant "));
    id.unwrap_or_else(|| panic!("no tenant: {said}")).to_owned()
}

/// The code or token that was made by `tabard beds24`, by what it said.
pub fn secret_made(said: &str) -> String {
    let secret = said.lines().nth(1);
    secret
        .unwrap_or_else(|| panic!("no secret: {said}"))
        .to_owned()
}

/// What a command said that was given a line to read, and its exit code.
pub fn told(line: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(TABARD)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(line.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(both).unwrap())
}

/// What a command complained of, which must have failed with this exit code.
pub fn complained(code: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(code), "tabard {arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Reads one line of what it says on standard output. The first is written when the server accepts connections.
fn next_line(child: &mut Child) -> String {
    let mut line = Vec::new();
    let out = child.stdout.as_mut().unwrap();
    loop {
        let mut byte = [0];
        let read = out.read(&mut byte).unwrap();
        let so_far = String::from_utf8_lossy(&line);
        assert_eq!(read, 1, "the server said no more than: {so_far}");
        if byte[0] == b'\n' {
            return String::from_utf8(line).unwrap();
        }
        line.push(byte[0]);
    }
}
