//! One request over plain HTTP, for commands that talk to a running server.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// No command waits longer for its server.
const LIMIT: Duration = Duration::from_secs(35);

/// What the server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// Sends JSON if there is any, else asks.
pub(super) async fn call(url: &str, token: &str, body: Option<Value>) -> anyhow::Result<Answer> {
    let uri: Uri = url
        .parse()
        .with_context(|| format!("{url} is no address"))?;
    if uri.scheme_str() != Some("http") {
        bail!("this command speaks plain http only; for {url} use curl, as docs/operating shows");
    }
    let authority = uri.authority().context("the address has no host")?;
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16().unwrap_or(80);
    let talking = async {
        let stream = TcpStream::connect((host, port))
            .await
            .with_context(|| format!("nothing answers at {authority}: is the server running?"))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let method = if body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, authority.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header("token", token)
            .body(Full::new(Bytes::from(
                body.map(|body| body.to_string()).unwrap_or_default(),
            )))?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        anyhow::Ok(Answer { status, body })
    };
    tokio::time::timeout(LIMIT, talking)
        .await
        .with_context(|| format!("{authority} did not answer within {LIMIT:?}"))?
}
