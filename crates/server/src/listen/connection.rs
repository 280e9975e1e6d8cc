//! One connection, from its first byte to its last.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, Response, Version};
use http_kit::{Peer, Refusal};
use hyper::body::{Body as _, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, sync::watch};

use super::{
    Open, Shared,
    body::{Arriving, Leaving, UnderWay},
    pulse::Pulse,
    stream::Pulsing,
};

/// Bytes of a request's head. Sixty-four times what a client of any dialect sends.
const HEAD_BYTES: usize = 64 * 1024;

/// Headers of one request.
const HEADERS: usize = 100;

/// Requests that one connection of HTTP/2 may have under way.
const STREAMS: u32 = 256;

/// After so long without a sign of life a connection of HTTP/2 is asked for one.
const ASKED_AFTER: Duration = Duration::from_secs(20);

/// What is said to a request for which there is no time even to find out who asks.
const TOO_MUCH: Refusal = Refusal::Busy { retry_after_s: 1 };

/// Serves one connection until its client has enough, it is cut, or the server stops; then what is
/// under way is still answered.
pub(super) async fn serve(
    open: &Open,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are written whole, so waiting for more to send with them gains nothing.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before it began");
        return;
    }
    let pulse = &open.pulse;
    let answering = Answering {
        shared: Arc::clone(&open.shared),
        pulse: Arc::clone(pulse),
        peer,
    };
    let service = tower::service_fn(move |request| answering.clone().answer(request));
    let builder = builder();
    let io = TokioIo::new(Pulsing::new(stream, Arc::clone(pulse)));
    let mut connection = pin!(builder.serve_connection(io, TowerToHyperService::new(service)));
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, error, "a connection ended");
                }
                return;
            }
            () = pulse.was_cut() => return,
            _ = stopping.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The pulse watches heads and idling on both protocols, so hyper need not.
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ASKED_AFTER)
        .keep_alive_timeout(ASKED_AFTER)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32);
    builder
}

/// What a request needs of its connection.
#[derive(Clone)]
struct Answering {
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    peer: SocketAddr,
}

impl Answering {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Leaving>, Infallible> {
        let is_http2 = request.version() == Version::HTTP_2;
        let Some(under_way) = UnderWay::begin(&self.shared, &self.pulse, is_http2) else {
            metrics::counter!("http_requests_refused_total").increment(1);
            let (uri, headers) = (request.uri(), request.headers());
            let refused = self.shared.routers.refuse(uri, headers, &TOO_MUCH);
            return Ok(refused.map(|body| Leaving::new(body, None)));
        };
        let limit = Duration::from_secs(self.shared.limits.body_time_s);
        let mut request = request.map(|incoming| {
            if incoming.is_end_stream() {
                Body::empty()
            } else {
                Body::new(Arriving::new(incoming, limit))
            }
        });
        request.extensions_mut().insert(Peer(self.peer));
        let response = self.shared.routers.answer(request).await;
        Ok(response.map(|body| Leaving::new(body, Some(under_way))))
    }
}
