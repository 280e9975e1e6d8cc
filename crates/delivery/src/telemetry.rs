//! What the operator sees of it.

use metrics::{counter, gauge, histogram};

/// Every metric of this room, with what it counts, for the operating handbook.
pub const METRICS: &[(&str, &str)] = &[
    (
        "delivery_events_total",
        "events fanned out to subscriptions",
    ),
    ("delivery_attempts_total", "attempts, by outcome"),
    ("delivery_attempt_seconds", "how long attempts took"),
    ("delivery_open", "deliveries that are still to be confirmed"),
    ("delivery_switched_off_total", "subscriptions switched off"),
    ("delivery_mails_total", "mails, by outcome"),
];

pub(crate) fn fanned_out(events: u64) {
    if events > 0 {
        counter!("delivery_events_total").increment(events);
    }
}

pub(crate) fn tried(outcome: &'static str, took_ms: i64) {
    counter!("delivery_attempts_total", "outcome" => outcome).increment(1);
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of one attempt are few"
    )]
    histogram!("delivery_attempt_seconds").record(took_ms as f64 / 1_000.0);
}

pub(crate) fn open(deliveries: i64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge that is off by one in 2^53 tells the same"
    )]
    gauge!("delivery_open").set(deliveries as f64);
}

pub(crate) fn switched_off() {
    counter!("delivery_switched_off_total").increment(1);
}

pub(crate) fn mailed(outcome: &'static str) {
    counter!("delivery_mails_total", "outcome" => outcome).increment(1);
}
