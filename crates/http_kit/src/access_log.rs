//! One event and two metrics per request: the request log, which is also the audit trail of calls.
//!
//! The event has the target `access`. It names who called which endpoint, and never a credential, a query
//! or a body.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use identity::Caller;
use metrics::{Counter, Histogram};
use parking_lot::RwLock;

/// The labels of one endpoint, and its metric handles by status, looked up once each.
#[derive(Debug)]
pub(crate) struct EndpointLog {
    dialect: &'static str,
    method: String,
    pattern: String,
    by_status: RwLock<Vec<(StatusCode, Counter, Histogram)>>,
}

/// What is known of a request when it has been answered.
pub(crate) struct Ended<'request> {
    pub(crate) method: &'request Method,
    pub(crate) request_id: &'request str,
    pub(crate) caller: Option<&'request Arc<Caller>>,
    pub(crate) remote_ip: IpAddr,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) bytes_in: usize,
    pub(crate) bytes_out: usize,
    pub(crate) cause: Option<&'request str>,
}

impl EndpointLog {
    pub(crate) fn new(dialect: &'static str, method: &str, pattern: String) -> EndpointLog {
        EndpointLog {
            dialect,
            method: method.to_owned(),
            pattern,
            by_status: RwLock::default(),
        }
    }

    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    pub(crate) fn write(&self, ended: &Ended<'_>) {
        self.count(ended.status, ended.duration);
        if let Some(cause) = ended.cause {
            tracing::error!(
                target: "access",
                request_id = ended.request_id,
                endpoint = self.pattern,
                cause,
                "request failed"
            );
        }
        let duration_us = u64::try_from(ended.duration.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "access",
            request_id = ended.request_id,
            dialect = self.dialect,
            method = ended.method.as_str(),
            endpoint = self.pattern,
            client_id = ended.caller.map(|caller| caller.client_id.get()),
            grant_id = ended.caller.map(|caller| caller.grant_id.get()),
            tenant_id = ended.caller.map(|caller| caller.tenant_id.get()),
            remote_ip = %ended.remote_ip,
            status = ended.status.as_u16(),
            duration_us,
            bytes_in = ended.bytes_in,
            bytes_out = ended.bytes_out,
            "request"
        );
    }

    fn count(&self, status: StatusCode, duration: Duration) {
        let known = self.by_status.read();
        let found = known.iter().find(|(known, _, _)| *known == status);
        if let Some((_, requests, seconds)) = found {
            requests.increment(1);
            seconds.record(duration);
            return;
        }
        drop(known);
        let (requests, seconds) = self.register(status);
        requests.increment(1);
        seconds.record(duration);
        self.by_status.write().push((status, requests, seconds));
    }

    fn register(&self, status: StatusCode) -> (Counter, Histogram) {
        let labels = [
            ("dialect", self.dialect.to_owned()),
            ("method", self.method.clone()),
            ("endpoint", self.pattern.clone()),
            ("status", status.as_str().to_owned()),
        ];
        (
            metrics::counter!("http_requests_total", &labels),
            metrics::histogram!("http_request_seconds", &labels),
        )
    }
}
