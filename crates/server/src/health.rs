//! Whether the server lives, whether it can work, and what it counts.

use std::time::Duration;

use axum::{Router, extract::State, routing::get};
use http::{HeaderValue, StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use store::Store;
use tokio::{runtime::Handle, sync::watch};

/// A store that takes longer to answer one read is not ready.
const READ_LIMIT: Duration = Duration::from_secs(1);

/// What health looks at.
#[derive(Clone)]
pub struct Health {
    /// The store.
    pub store: Store,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// `/health/live`, `/health/ready` and `/metrics`.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if *health.stopping.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match reads(health.store).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(cause) => {
            tracing::warn!(cause, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
        }
    }
}

/// Whether the store answers a read in time. It is asked from a thread of its own, because waiting
/// for one of its connections may block.
async fn reads(store: Store) -> Result<(), String> {
    let runtime = Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            let tx = store.reader().await?;
            tx.query("SELECT 1 FROM tenant LIMIT 1", &[]).await
        })
    });
    match tokio::time::timeout(READ_LIMIT, reading).await {
        Ok(Ok(Ok(_))) => Ok(()),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {READ_LIMIT:?}")),
    }
}

async fn metrics(State(health): State<Health>) -> ([(header::HeaderName, HeaderValue); 1], String) {
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, plain)], health.metrics.render())
}
