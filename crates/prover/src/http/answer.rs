//! Reading answers: the head, and a body by length or in chunks.

use super::HttpError;

/// An answer is never allowed to grow beyond this; the largest honest one is a journal.
const MAX_ANSWER_BYTES: usize = 4 << 30;
/// A head longer than this is a broken server.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// One HTTP answer, fully read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    head: Vec<u8>,
    /// The body, without the framing.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without headers, for tests of whoever reads answers.
    #[cfg(test)]
    pub(crate) fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            head: Vec::new(),
            body: body.into(),
        }
    }

    /// The first header of this name, as it was sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `Null` where it is none, so that checks can simply look.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    /// The body as text for a message, cut to a readable length.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let cut: String = text.chars().take(400).collect();
        format!("HTTP {} {cut}", self.status)
    }
}

/// The bytes of answers as they arrive; hands out a complete answer and keeps the rest.
#[derive(Debug, Default)]
pub(super) struct AnswerReader {
    received: Vec<u8>,
    head: Option<Head>,
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Head {
    status: u16,
    bytes: Vec<u8>,
    rest: BodyRest,
    keeps_alive: bool,
}

/// What of the body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyRest {
    Bytes(usize),
    Chunks,
    UntilClosed,
}

/// A complete answer, and whether the connection may be used again.
#[derive(Debug)]
pub(super) struct Complete {
    pub answer: Answer,
    pub keeps_alive: bool,
}

impl AnswerReader {
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.received
    }

    /// The status, as soon as the head is there.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The part of the body that arrived since the last call, for answers read as a stream.
    pub fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// Tries to complete an answer from what has arrived so far.
    pub fn complete(&mut self) -> Result<Option<Complete>, HttpError> {
        if self.body.len() > MAX_ANSWER_BYTES {
            return Err(HttpError::Malformed(
                "the answer is larger than any honest one",
            ));
        }
        if self.head.is_none() {
            self.head = take_head(&mut self.received)?;
        }
        let Some(head) = &mut self.head else {
            return Ok(None);
        };
        let finished = match &mut head.rest {
            BodyRest::Bytes(missing) => {
                let here = self.received.len().min(*missing);
                self.body.extend(self.received.drain(..here));
                *missing -= here;
                *missing == 0
            }
            BodyRest::Chunks => take_chunks(&mut self.received, &mut self.body)?,
            BodyRest::UntilClosed => {
                self.body.append(&mut self.received);
                false
            }
        };
        if finished {
            self.finish().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The peer closed: an answer without a length is complete now, any other is not.
    pub fn closed(&mut self) -> Result<Complete, HttpError> {
        match &self.head {
            Some(head) if head.rest == BodyRest::UntilClosed => {
                let mut complete = self.finish()?;
                complete.keeps_alive = false;
                Ok(complete)
            }
            _ => Err(HttpError::Closed),
        }
    }

    fn finish(&mut self) -> Result<Complete, HttpError> {
        let head = self
            .head
            .take()
            .ok_or(HttpError::Malformed("an answer without a head"))?;
        let answer = Answer {
            status: head.status,
            head: head.bytes,
            body: self.take_body(),
        };
        Ok(Complete {
            answer,
            keeps_alive: head.keeps_alive,
        })
    }
}

fn take_head(received: &mut Vec<u8>) -> Result<Option<Head>, HttpError> {
    let Some(position) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        if received.len() > MAX_HEAD_BYTES {
            return Err(HttpError::Malformed("the head has no end"));
        }
        return Ok(None);
    };
    let bytes: Vec<u8> = received.drain(..position + 4).collect();
    let status = bytes
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse::<u16>().ok())
        .ok_or(HttpError::Malformed("the status line"))?;
    let keeps_alive =
        !header(&bytes, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some(Head {
        status,
        rest: body_rest(&bytes, status)?,
        keeps_alive,
        bytes,
    }))
}

fn body_rest(head: &[u8], status: u16) -> Result<BodyRest, HttpError> {
    if status == 204 || status == 304 || status < 200 {
        return Ok(BodyRest::Bytes(0));
    }
    if header(head, "transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return Ok(BodyRest::Chunks);
    }
    match header(head, "content-length") {
        Some(length) => length
            .parse()
            .map(BodyRest::Bytes)
            .map_err(|_| HttpError::Malformed("the content-length")),
        None => Ok(BodyRest::UntilClosed),
    }
}

fn header<'head>(head: &'head [u8], name: &str) -> Option<&'head str> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (before, after) = (line.get(..name.len())?, line.get(name.len()..)?);
        let value = after.strip_prefix(b":")?;
        before
            .eq_ignore_ascii_case(name.as_bytes())
            .then(|| std::str::from_utf8(value).ok().map(str::trim))
            .flatten()
    })
}

/// Moves whole chunks from what was received to the body; true after the last one.
fn take_chunks(received: &mut Vec<u8>, body: &mut Vec<u8>) -> Result<bool, HttpError> {
    let mut at = 0;
    let mut last = false;
    while !last {
        let rest = &received[at..];
        let Some(line_length) = rest.windows(2).position(|two| two == b"\r\n") else {
            break;
        };
        let size = chunk_size(&rest[..line_length])?;
        let starts_at = line_length + 2;
        if rest.len() < starts_at + size + 2 {
            break;
        }
        body.extend_from_slice(&rest[starts_at..starts_at + size]);
        at += starts_at + size + 2;
        last = size == 0;
    }
    received.drain(..at);
    Ok(last)
}

fn chunk_size(line: &[u8]) -> Result<usize, HttpError> {
    let text = std::str::from_utf8(line).map_err(|_| HttpError::Malformed("a chunk's size"))?;
    let digits = text.split(';').next().unwrap_or_default().trim();
    usize::from_str_radix(digits, 16).map_err(|_| HttpError::Malformed("a chunk's size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Answer> {
        let mut reader = AnswerReader::default();
        let mut answers = Vec::new();
        for byte in bytes {
            reader.buffer().push(*byte);
            if let Some(complete) = reader.complete().unwrap() {
                answers.push(complete.answer);
            }
        }
        answers
    }

    #[test]
    fn answers_that_arrive_byte_by_byte_and_back_to_back_are_told_apart() {
        let answers = read(
            b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-A: b\r\n\r\n[]HTTP/1.1 204 No Content\r\n\r\n\
              HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        );
        assert_eq!(answers.len(), 3);
        assert_eq!(
            (answers[0].status, answers[0].body.as_slice()),
            (201, b"[]".as_slice())
        );
        assert_eq!(answers[0].header("x-a"), Some("b"));
        assert_eq!(answers[1].status, 204);
        assert_eq!(answers[2].body, b"abcde");
    }

    #[test]
    fn an_answer_cut_short_is_not_an_answer() {
        let mut reader = AnswerReader::default();
        reader
            .buffer()
            .extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab");
        assert!(reader.complete().unwrap().is_none());
        assert!(matches!(reader.closed(), Err(HttpError::Closed)));
    }

    #[test]
    fn an_answer_without_a_length_ends_when_the_connection_does() {
        let mut reader = AnswerReader::default();
        reader
            .buffer()
            .extend_from_slice(b"HTTP/1.1 200 OK\r\n\r\nab");
        assert!(reader.complete().unwrap().is_none());
        assert_eq!(reader.closed().unwrap().answer.body, b"ab");
    }

    #[test]
    fn what_is_not_http_is_refused() {
        let mut reader = AnswerReader::default();
        reader
            .buffer()
            .extend_from_slice(b"SSH-2.0-OpenSSH\r\n\r\n");
        assert!(matches!(reader.complete(), Err(HttpError::Malformed(_))));
    }
}
