//! Gives the units of older room types their rows, once when the server starts and in the background.

use jiff::{SignedDuration, Timestamp};
use service::Service;

/// Completes the units of every tenant, one tenant after another. What fails for one is tried at the
/// next start and holds up no other.
pub(crate) async fn complete_units(service: &Service, now: Timestamp) {
    let tenants = match service.tenants().await {
        Ok(tenants) => tenants,
        Err(error) => {
            tracing::warn!(%error, "units can't be completed for now");
            return;
        }
    };
    let mut all = 0;
    for tenant in tenants {
        let ahead = SignedDuration::from_millis(tenant.clock_offset_ms);
        let tenant_now = now.checked_add(ahead).unwrap_or(now);
        match service.complete_units(tenant.id, tenant_now).await {
            Ok(0) => {}
            Ok(units) => {
                all += units;
                tracing::info!(tenant = %tenant.id, units, "units got their rows");
            }
            Err(error) => {
                tracing::warn!(tenant = %tenant.id, %error, "units can't be completed for now");
            }
        }
    }
    tracing::debug!(units = all, "every unit has its row");
}
