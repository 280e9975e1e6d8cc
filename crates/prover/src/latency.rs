//! How long requests took: a histogram with three exact digits, mergeable.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times from one microsecond to two minutes.
#[derive(Debug, Clone)]
pub struct Latency {
    microseconds: Histogram<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        let microseconds = Histogram::new_with_bounds(1, 120_000_000, 3)
            .expect("bounds that are written here and lie in the histogram's own limits");
        Self { microseconds }
    }
}

impl Latency {
    /// Counts one request.
    pub fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.saturating_record(micros.max(1));
    }

    /// Takes another histogram's counts into this one.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so nothing can fall outside.
        let _ = self.microseconds.add(&other.microseconds);
    }

    /// How many requests were counted.
    pub fn count(&self) -> u64 {
        self.microseconds.len()
    }

    /// The figures that go into tables.
    pub fn summary(&self) -> LatencySummary {
        let at = |quantile| self.microseconds.value_at_quantile(quantile) as f64 / 1000.0;
        LatencySummary {
            count: self.count(),
            p50_ms: at(0.50),
            p90_ms: at(0.90),
            p99_ms: at(0.99),
            max_ms: self.microseconds.max() as f64 / 1000.0,
        }
    }
}

/// Latency in milliseconds at the usual quantiles.
#[derive(Debug, Clone, Copy, Serialize, PartialEq)]
pub struct LatencySummary {
    /// How many requests.
    pub count: u64,
    /// Half were faster.
    pub p50_ms: f64,
    /// Nine of ten were faster.
    pub p90_ms: f64,
    /// Ninety-nine of a hundred were faster.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_merged_histograms_are_those_of_all_requests() {
        let (mut fast, mut slow) = (Latency::default(), Latency::default());
        for _ in 0..99 {
            fast.record(Duration::from_millis(1));
        }
        slow.record(Duration::from_millis(100));
        fast.merge(&slow);
        let summary = fast.summary();
        assert_eq!(summary.count, 100);
        assert!((summary.p50_ms - 1.0).abs() < 0.01, "{summary:?}");
        assert!((summary.max_ms - 100.0).abs() < 0.2, "{summary:?}");
    }
}
