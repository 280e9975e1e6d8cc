//! The two bodies of a request: the one coming in, whose client must not pause for too long, and
//! the one going out, with which the request ends.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{Shared, pulse::Pulse};

/// A body coming in. The clock runs only while nothing comes.
pub(super) struct Arriving {
    incoming: Incoming,
    limit: Duration,
    patience: Option<Pin<Box<Sleep>>>,
}

/// The client paused within its body for longer than it may.
#[derive(Debug)]
pub(super) struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("the body came too slowly")
    }
}

impl std::error::Error for TooSlow {}

impl Arriving {
    pub(super) fn new(incoming: Incoming, limit: Duration) -> Self {
        Self {
            incoming,
            limit,
            patience: None,
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            self.patience = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.limit;
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(patience.as_mut().poll(context));
        metrics::counter!("http_connections_cut_total", "limit" => "body_time").increment(1);
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// A request under way: counted from its head until the last byte of its answer has been handed over.
pub(super) struct UnderWay {
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
}

impl UnderWay {
    /// One more request, unless too many are under way.
    pub(super) fn begin(shared: &Arc<Shared>, pulse: &Arc<Pulse>, is_http2: bool) -> Option<Self> {
        pulse.begin(is_http2);
        let before = shared.in_flight.fetch_add(1, Ordering::Relaxed);
        shared.requests.increment(1);
        let under_way = Self {
            shared: Arc::clone(shared),
            pulse: Arc::clone(pulse),
        };
        (before < shared.limits.requests_in_flight).then_some(under_way)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.shared.requests.decrement(1);
        self.pulse.finish();
    }
}

/// A body going out.
pub(super) struct Leaving {
    body: axum::body::Body,
    _under_way: Option<UnderWay>,
}

impl Leaving {
    pub(super) fn new(body: axum::body::Body, under_way: Option<UnderWay>) -> Self {
        Self {
            body,
            _under_way: under_way,
        }
    }
}

impl Body for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
