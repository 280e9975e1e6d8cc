//! Ends holds and options whose time has come, by each tenant's own clock.

use std::{sync::Arc, time::Duration};

use http_kit::Clock;
use jiff::Timestamp;
use service::Service;

/// How often it is looked.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// Ends what is due, again and again, for as long as the server runs.
pub(crate) async fn expire_for_ever(service: Service, clock: Arc<dyn Clock>) {
    loop {
        tokio::time::sleep(LOOKED_EVERY).await;
        expire_due(&service, clock.now()).await;
    }
}

/// Ends what is due now, and says how many bookings that were. A store that is busy or gone is
/// asked again the next time.
pub async fn expire_due(service: &Service, now: Timestamp) -> u64 {
    let expired = match service.expire_due(now).await {
        Ok(expired) => expired,
        Err(error) => {
            tracing::warn!(%error, "what is due could not be ended; it is tried again");
            0
        }
    };
    if expired > 0 {
        tracing::info!(expired, "holds and options have lapsed");
        metrics::counter!("bookings_expired_total").increment(expired);
    }
    expired
}
