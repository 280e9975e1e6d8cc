//! One connection: writes a request, reads its answer, stays open for the next.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::{AnswerReader, Complete};
use super::{Answer, HttpError, Target};

/// No request may hang longer than this, whatever happens to the server.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What is asked: borrowed, because most requests of a run differ only in their body.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// GET, POST, DELETE, …
    pub method: &'a str,
    /// The path after the target's prefix, with its query.
    pub path: &'a str,
    /// Headers beside host, length and content type.
    pub headers: &'a [(&'a str, &'a str)],
    /// A JSON body, or none.
    pub body: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// A request without a body.
    pub fn get(path: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: "GET",
            path,
            headers,
            body: None,
        }
    }

    /// A request with a JSON body.
    pub fn post(path: &'a str, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path,
            headers,
            body: Some(body),
        }
    }

    /// Writes the request as it goes over the line.
    pub fn write_to(&self, target: &Target, line: &mut Vec<u8>) {
        line.clear();
        let body = self.body.unwrap_or_default();
        // Writing into a vector cannot fail.
        let _ = write!(
            line,
            "{} {}{} HTTP/1.1\r\nhost: {}\r\n",
            self.method, target.prefix, self.path, target.address
        );
        for (name, value) in self.headers {
            let _ = write!(line, "{name}: {value}\r\n");
        }
        if self.body.is_some() {
            let _ = write!(
                line,
                "content-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            );
        }
        line.extend_from_slice(b"\r\n");
        line.extend_from_slice(body);
    }
}

/// A keep-alive connection to one target; opens itself again after it was closed.
#[derive(Debug)]
pub struct Connection {
    target: Target,
    stream: Option<TcpStream>,
    line: Vec<u8>,
    reader: AnswerReader,
    time_limit: Duration,
}

impl Connection {
    /// A connection that opens with its first request.
    pub fn to(target: Target) -> Self {
        Self {
            target,
            stream: None,
            line: Vec::with_capacity(2048),
            reader: AnswerReader::default(),
            time_limit: TIME_LIMIT,
        }
    }

    /// The same connection with another time limit for each request.
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Where this connection goes.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Opens the connection now, so that a race does not begin with handshakes.
    ///
    /// A server closes what has been idle for too long. Where it has, the connection opens anew: nothing
    /// has been sent on the new one, so no outcome is unknown.
    pub async fn open(&mut self) -> Result<(), HttpError> {
        if self.stream.as_ref().is_some_and(was_closed) {
            self.close();
        }
        if self.stream.is_none() {
            self.stream = Some(connect(self.target.address).await?);
        }
        Ok(())
    }

    /// Sends one request and reads its answer.
    ///
    /// After [`HttpError::Connect`] nothing was sent. After any other error the outcome
    /// is unknown; it is never sent again by itself.
    pub async fn send(&mut self, request: Request<'_>) -> Result<Answer, HttpError> {
        let mut line = std::mem::take(&mut self.line);
        request.write_to(&self.target, &mut line);
        let answer = self.send_prepared(&line).await;
        self.line = line;
        answer
    }

    /// Sends a request that was written before with [`Request::write_to`].
    pub async fn send_prepared(&mut self, line: &[u8]) -> Result<Answer, HttpError> {
        self.open().await?;
        let limit = self.time_limit;
        let outcome = match tokio::time::timeout(limit, self.exchange(line)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(HttpError::TimedOut(limit)),
        };
        match outcome {
            Ok(complete) => {
                if !complete.keeps_alive {
                    self.close();
                }
                Ok(complete.answer)
            }
            Err(error) => {
                self.close();
                Err(error)
            }
        }
    }

    /// Sends one request and hands the body of a 2xx answer over piece by piece, for
    /// answers that are larger than one would want in memory. The answer that is
    /// returned has only what was not handed over.
    pub async fn send_streaming(
        &mut self,
        request: Request<'_>,
        mut piece: impl FnMut(&[u8]) -> Result<(), HttpError>,
    ) -> Result<Answer, HttpError> {
        self.open().await?;
        let mut line = Vec::new();
        request.write_to(&self.target, &mut line);
        let outcome = self.stream_exchange(&line, &mut piece).await;
        if !matches!(&outcome, Ok(complete) if complete.keeps_alive) {
            self.close();
        }
        outcome.map(|complete| complete.answer)
    }

    async fn stream_exchange(
        &mut self,
        line: &[u8],
        piece: &mut impl FnMut(&[u8]) -> Result<(), HttpError>,
    ) -> Result<Complete, HttpError> {
        let limit = self.time_limit;
        let stream = self.stream.as_mut().ok_or(HttpError::Closed)?;
        stream.write_all(line).await?;
        loop {
            let complete = self.reader.complete()?;
            if let Some(mut complete) = complete {
                if complete.answer.is_success() {
                    piece(&std::mem::take(&mut complete.answer.body))?;
                }
                return Ok(complete);
            }
            if self
                .reader
                .status()
                .is_some_and(|status| (200..300).contains(&status))
            {
                piece(&self.reader.take_body())?;
            }
            let buffer = self.reader.buffer();
            buffer.reserve(64 << 10);
            match tokio::time::timeout(limit, stream.read_buf(buffer)).await {
                Err(_) => return Err(HttpError::TimedOut(limit)),
                Ok(Ok(0)) => return self.reader.closed(),
                Ok(read) => read.map(|_| ())?,
            }
        }
    }

    /// Drops the connection; the next request opens a new one.
    pub fn close(&mut self) {
        self.stream = None;
        self.reader = AnswerReader::default();
    }

    async fn exchange(&mut self, line: &[u8]) -> Result<Complete, HttpError> {
        let stream = self.stream.as_mut().ok_or(HttpError::Closed)?;
        stream.write_all(line).await?;
        loop {
            if let Some(complete) = self.reader.complete()? {
                return Ok(complete);
            }
            let buffer = self.reader.buffer();
            buffer.reserve(16 << 10);
            if stream.read_buf(buffer).await? == 0 {
                return self.reader.closed();
            }
        }
    }
}

/// Whether the server has ended a connection on which nothing is under way. Whatever can be read there
/// answers no request, so such a connection is of no use either.
fn was_closed(idle: &TcpStream) -> bool {
    let read = idle.try_read(&mut [0]);
    !matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, HttpError> {
    let refused = |source| HttpError::Connect {
        address: address.to_string(),
        source,
    };
    let stream = TcpStream::connect(address).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request on each connection, and closes it without having said so.
    async fn answer_and_close(listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let read = stream.read(&mut [0; 1024]).await.unwrap();
            assert!(read > 0);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_while_idle_opens_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(answer_and_close(listener));
        let mut connection = Connection::to(Target::parse(&url).unwrap());
        for _ in 0..3 {
            let answer = connection.send(Request::get("/", &[])).await.unwrap();
            assert_eq!(answer.status, 200);
            let idle = connection.stream.as_ref().unwrap();
            idle.readable().await.unwrap();
        }
    }
}
