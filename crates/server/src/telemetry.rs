//! The log and the metrics of the process.
//!
//! The log is structured: one event per line, on standard error, as text or JSON. Lines are
//! written by a thread of their own, so that no request waits for a terminal or a disk. Metrics
//! are kept in the form of Prometheus; their names are those of the dictionary of the house.

mod lines;

use std::{io::IsTerminal as _, str::FromStr as _, sync::OnceLock, time::Duration};

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};

use crate::settings::{Log, LogFormat};

/// Bounds of the buckets of durations, seconds: from a cached answer to the time limit.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Bounds of the buckets of batches, in commands.
const COMMANDS: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 10_000.0,
];

/// How often samples are sorted into their buckets, so that they do not pile up between two scrapes.
const SORTED_EVERY: Duration = Duration::from_secs(1);

/// Keeps the log flowing; when it is dropped, what was logged is written out.
#[must_use]
pub struct Flowing {
    _log: lines::Thread,
}

/// Starts the log.
///
/// # Errors
/// When the filter can't be read.
pub fn start_log(log: &Log) -> anyhow::Result<Flowing> {
    let (writer, thread) =
        lines::start(std::io::stderr()).context("the log needs a thread of its own")?;
    let filter = filter(&log.filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match log.format {
        LogFormat::Text => lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter)
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_filter(filter)
            .boxed(),
    };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines))
        .context("the log can't be started twice")?;
    Ok(Flowing { _log: thread })
}

/// Reads a filter of the log.
pub(crate) fn filter(text: &str) -> anyhow::Result<Targets> {
    Targets::from_str(text).with_context(|| {
        format!(
            "log.filter {text:?} can't be read: write a level (off, error, warn, info, debug, trace), or levels by target such as info,access=off"
        )
    })
}

/// The metrics of the process, started by whoever asks first.
///
/// # Errors
/// When another recorder was installed already.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    static STARTED: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = STARTED.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), COMMANDS)?
        .install_recorder();
    // A test that starts two apps at once may meet itself here; the first recorder stays.
    let handle = match handle {
        Ok(handle) => STARTED.get_or_init(|| handle),
        Err(error) => STARTED.get().ok_or(error)?,
    };
    describe();
    Ok(handle.clone())
}

/// Sorts samples into their buckets for as long as the server runs.
pub(crate) async fn sort_samples(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(SORTED_EVERY).await;
        handle.run_upkeep();
    }
}

fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram};
    counter!("http_requests_total", "Requests that were answered");
    describe_histogram!(
        "http_request_seconds",
        "From the last header byte to the answer"
    );
    gauge!(
        "http_requests_in_flight",
        "Requests that are being answered"
    );
    counter!(
        "http_requests_refused_total",
        "Requests refused because too many were in flight"
    );
    gauge!("http_connections", "Connections that are open");
    counter!("http_connections_total", "Connections that were accepted");
    counter!(
        "http_connections_refused_total",
        "Connections closed at once, by limit"
    );
    counter!(
        "http_connections_cut_total",
        "Connections cut because their client was slow or silent, by limit"
    );
    counter!("bookings_expired_total", "Holds and options that lapsed");
    describe_histogram!(
        "store_batch_commands",
        "Commands that were committed together"
    );
    describe_histogram!(
        "store_log_restart_seconds",
        "Time in which nothing was committed because SQLite's log began anew, by reason"
    );
    for (name, about) in delivery::telemetry::METRICS.iter().copied() {
        if name.ends_with("_total") {
            counter!(name, about);
        } else if name.ends_with("_seconds") {
            describe_histogram!(name, about);
        } else {
            gauge!(name, about);
        }
    }
    gauge!(
        "process_start_time_seconds",
        "When the process began, Unix seconds"
    );
}
