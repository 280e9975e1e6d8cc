//! The one way out: a POST to a target that is checked, pinned and bounded.
//!
//! Each parcel gets a connection of its own: the name is resolved, *every* address it has is
//! checked, and one of exactly these is connected to, so a name that changes between check and
//! connect changes nothing. No redirect is followed, and nothing of an answer is believed but its
//! status and its `Retry-After`.

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use service::outgoing::{
    addresses,
    ask::{ANSWER_BYTES, Answer, Ask, Question},
    target::{Rules, Target},
};

pub use service::outgoing::ask::NoAnswer;

use crate::{limits, resolve::Resolve};

/// How long the steps of one try may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Until a name is resolved, and then until there is a connection, TLS included.
    pub connect: Duration,
    /// From then on, until the head of the answer is there.
    pub answer: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
        }
    }
}

/// Something to be sent.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Where to.
    pub target: Target,
    /// Its headers, media type included.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
    /// How much of the answer's body is read.
    pub answer_bytes: usize,
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The status.
    pub status: u16,
    /// What `Retry-After` said.
    pub retry_after: Option<String>,
    /// The headers, as many and as much of each as is kept.
    pub head: Vec<(String, String)>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Sends parcels. Cheap to clone.
#[derive(Clone)]
pub struct Carrier {
    rules: Rules,
    times: Times,
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
}

impl Carrier {
    /// A carrier that believes these TLS settings.
    pub fn new(
        rules: Rules,
        times: Times,
        resolver: Arc<dyn Resolve>,
        tls: rustls::ClientConfig,
    ) -> Self {
        Self {
            rules,
            times,
            resolver,
            tls: TlsConnector::from(Arc::new(tls)),
        }
    }

    /// What may be a target.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Sends a parcel.
    ///
    /// # Errors
    /// [`NoAnswer`] when there was none. Any status is an answer.
    pub async fn send(&self, parcel: &Parcel) -> Result<Receipt, NoAnswer> {
        let stream = self.connect(&parcel.target).await?;
        self.exchange(stream, parcel).await
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, NoAnswer> {
        let addresses = self.addresses_of(target).await?;
        let connecting = async {
            let stream = reach(&addresses, target.port(), self.times.connect).await?;
            if !target.is_https() {
                return Ok(Box::new(stream) as Box<dyn Stream>);
            }
            let name =
                ServerName::try_from(target.host()).map_err(|error| NoAnswer::new("tls", error))?;
            let stream = self.tls.connect(name, stream).await;
            let stream = stream.map_err(|error| NoAnswer::new("tls", error))?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        };
        let late = |_| NoAnswer::new("timed_out", "no connection in time");
        timeout(self.times.connect, connecting)
            .await
            .map_err(late)?
    }

    /// All addresses of a target, if every single one of them may be connected to.
    async fn addresses_of(&self, target: &Target) -> Result<Vec<IpAddr>, NoAnswer> {
        let found = match target.address() {
            Some(address) => vec![address],
            None => {
                let name = target.host();
                let resolving = self.resolver.resolve(&name);
                let late = |_| NoAnswer::new("unresolved", "the name was not resolved in time");
                let found = timeout(self.times.connect, resolving).await.map_err(late)?;
                found.map_err(|error| NoAnswer::new("unresolved", error))?
            }
        };
        if found.is_empty() {
            return Err(NoAnswer::new("unresolved", "the name has no address"));
        }
        let refused = found
            .iter()
            .find_map(|address| addresses::refused(*address, &self.rules.allowed_networks));
        match refused {
            Some(why) => Err(NoAnswer::new(
                "refused_address",
                format!("the target's address is {why}"),
            )),
            None => Ok(found),
        }
    }

    async fn exchange(
        &self,
        stream: Box<dyn Stream>,
        parcel: &Parcel,
    ) -> Result<Receipt, NoAnswer> {
        let broken = |error: hyper::Error| NoAnswer::new("broken", error);
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(limits::HEADERS)
            .max_buf_size(limits::HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let request = request(parcel)?;
        let answered = async {
            let late = |_| NoAnswer::new("timed_out", "no answer in time");
            let head = timeout(self.times.answer, sender.send_request(request)).await;
            let response = head.map_err(late)?.map_err(broken)?;
            Ok(receipt(response, parcel.answer_bytes).await)
        };
        let (mut answered, mut connection) = (pin!(answered), pin!(connection));
        let mut is_open = true;
        loop {
            tokio::select! {
                answered = &mut answered => return answered,
                // How a connection ends is told by the request on it.
                _ = &mut connection, if is_open => is_open = false,
            }
        }
    }
}

#[async_trait]
impl Ask for Carrier {
    async fn ask(&self, question: Question) -> Result<Answer, NoAnswer> {
        let parcel = Parcel {
            target: question.target,
            headers: question.headers,
            body: question.body.into(),
            answer_bytes: ANSWER_BYTES,
        };
        let receipt = self.send(&parcel).await?;
        Ok(Answer {
            status: receipt.status,
            body: receipt.body,
            is_whole: receipt.is_whole,
        })
    }
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to the first address that answers, each within its share of the time.
async fn reach(addresses: &[IpAddr], port: u16, within: Duration) -> Result<TcpStream, NoAnswer> {
    let addresses = &addresses[..addresses.len().min(limits::ADDRESSES)];
    let share = within / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = NoAnswer::new("unreachable", "there is no address");
    for address in addresses {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match timeout(share, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = NoAnswer::new("unreachable", error),
            Err(_) => last = NoAnswer::new("timed_out", "no connection in time"),
        }
    }
    Err(last)
}

fn request(parcel: &Parcel) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(parcel.target.path_and_query())
        .header(header::HOST, parcel.target.authority())
        .header(
            header::USER_AGENT,
            concat!("tabard/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close");
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    request
        .body(Full::new(parcel.body.clone()))
        .map_err(|error| NoAnswer::new("unsendable", error))
}

/// Reads as much of an answer as is wanted. The status stands already, so a body that never ends or
/// breaks off takes nothing from it.
async fn receipt(response: Response<Incoming>, answer_bytes: usize) -> Receipt {
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok());
    let retry_after = retry_after.map(ToOwned::to_owned);
    let status = response.status().as_u16();
    let head = head(response.headers());
    let mut body = response.into_body();
    let mut read = Vec::new();
    let reading = async {
        loop {
            match body.frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => read.extend(frame.data_ref().into_iter().flatten()),
            }
            if read.len() > answer_bytes {
                break false;
            }
        }
    };
    let is_whole = timeout(limits::ANSWER_BODY_TIME, reading).await;
    read.truncate(answer_bytes);
    Receipt {
        status,
        retry_after,
        head,
        body: read,
        is_whole: is_whole.unwrap_or(false),
    }
}

/// The headers of an answer, as far as they are kept.
fn head(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().take(limits::KEPT_HEADERS);
    let shown = kept.map(|(name, value)| {
        let bytes = value.as_bytes();
        let bytes = &bytes[..bytes.len().min(limits::KEPT_HEADER_BYTES)];
        (name.as_str().to_owned(), excerpt(bytes))
    });
    shown.collect()
}

/// The beginning of a text, without what could confuse a screen.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(limits::EXCERPT_BYTES)];
    let text = String::from_utf8_lossy(cut);
    let shown = text.chars().map(|character| match character {
        '\n' | '\t' => character,
        character if character.is_control() => '\u{fffd}',
        character => character,
    });
    shown.collect()
}

/// Whether a status sends the caller elsewhere, where nobody goes.
#[must_use]
pub fn is_redirect(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|status| status.is_redirection())
}

/// TLS as it should be: the authorities that this machine believes, TLS 1.2 and 1.3.
///
/// # Errors
/// When the library can't be set up; a mistake of ours.
pub fn tls() -> Result<rustls::ClientConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!(errors = ?found.errors, "this machine has no certificate authorities, so no TLS connection will be trusted");
    }
    tls_with(roots)
}

/// TLS that believes these authorities.
///
/// # Errors
/// When the library can't be set up; a mistake of ours.
pub fn tls_with(roots: rustls::RootCertStore) -> Result<rustls::ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
