//! Receivers as they come: good, bad and hostile.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// How a receiver behaves.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Answers with a status.
    Answer(u16),
    /// Answers with a status and a header.
    With(u16, &'static str, String),
    /// Answers with this to whatever contains the text, and 200 to everything else.
    To(String, u16),
    /// Never answers.
    Hang,
    /// Answers one byte at a time, for ever.
    Trickle,
    /// Answers 200 with a body that never ends.
    Endless,
    /// Answers with a head that never ends.
    EndlessHead,
    /// Closes the connection.
    Break,
    /// Answers something that is no HTTP.
    Nonsense,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The event's word and the id that it is about.
    pub fn event(&self) -> (String, i64) {
        let body = self.json();
        let word = body["type"].as_str().unwrap().to_owned();
        (word, body["data"]["id"].as_i64().unwrap())
    }
}

/// A receiver on loopback.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
    manner: Arc<Mutex<Manner>>,
    next: Arc<Mutex<VecDeque<Manner>>>,
}

impl Receiver {
    pub async fn new(manner: Manner) -> Self {
        Self::on("127.0.0.1:0", manner).await
    }

    pub async fn on(address: &str, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            connections: Arc::default(),
            manner: Arc::new(Mutex::new(manner)),
            next: Arc::default(),
        };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?a=b", self.address)
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Behaves like these first.
    pub fn first(&self, manners: impl IntoIterator<Item = Manner>) {
        self.next.lock().unwrap().extend(manners);
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have come.
    pub async fn wait_for(&self, count: usize) {
        let waiting = async {
            while self.count() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = timeout(Duration::from_secs(60), waiting).await;
        assert!(waited.is_ok(), "{} of {count} came", self.count());
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else {
            return;
        };
        let next = self.next.lock().unwrap().pop_front();
        let manner = next.unwrap_or_else(|| self.manner.lock().unwrap().clone());
        let body = String::from_utf8_lossy(&request.body).into_owned();
        self.received.lock().unwrap().push(request);
        behave(&mut stream, manner, &body).await;
    }
}

async fn behave(stream: &mut TcpStream, manner: Manner, body: &str) {
    match manner {
        Manner::Answer(status) => answer(stream, status, "").await,
        Manner::With(status, name, value) => {
            answer(stream, status, &format!("{name}: {value}\r\n")).await;
        }
        Manner::To(text, status) => {
            let status = if body.contains(&text) { status } else { 200 };
            answer(stream, status, "").await;
        }
        Manner::Hang => sleep(Duration::from_secs(600)).await,
        Manner::Trickle => trickle(stream).await,
        Manner::Endless => {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            pour(stream, head, b"1000\r\n", &[b'x'; 4096], b"\r\n").await;
        }
        Manner::EndlessHead => {
            let head = b"HTTP/1.1 200 OK\r\n";
            pour(stream, head, b"x-a: ", &[b'x'; 100], b"\r\n").await;
        }
        Manner::Break => {}
        Manner::Nonsense => {
            stream.write_all(b"220 mail.example ESMTP\r\n").await.ok();
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, header: &str) {
    let text = format!("status {status}");
    let length = text.len();
    let whole = format!(
        "HTTP/1.1 {status} X\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    stream.write_all(whole.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

async fn trickle(stream: &mut TcpStream) {
    let head = b"HTTP/1.1 200 OK\r\nx-a: ";
    for byte in head.iter().chain(std::iter::repeat(&b'x')) {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn pour(stream: &mut TcpStream, head: &[u8], before: &[u8], part: &[u8], after: &[u8]) {
    if stream.write_all(head).await.is_err() {
        return;
    }
    let chunk = [before, part, after].concat();
    while stream.write_all(&chunk).await.is_ok() {}
}

/// Reads one request; none when the client goes away.
pub async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend(&part[..length]),
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    let mut rest = vec![0; length - body.len()];
    stream.read_exact(&mut rest).await.ok()?;
    body.extend(rest);
    Some(Received {
        line,
        headers,
        body,
    })
}
