//! Which deliveries are tried now, and by whom.
//!
//! A dispatcher that wants to try a delivery *claims* it: it counts the try and moves the time of
//! the next one behind the lease, on condition that nobody has counted since it looked. Of several
//! that try this one succeeds, and a try that never reports back is made up for when its lease has
//! ended. A delivery waits as long as an earlier one of the same subject is open for the same
//! subscription.

use std::collections::HashMap;

use catalogue::{
    Cells, ColumnKind, Row, Value,
    access::Tenant,
    delivery::{Delivery, Subscription},
};
use domain::id::{Id, IdSource};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use store::{ColdCommand, Condition, Tx};

use crate::{
    Dispatcher,
    queue::{look, put_behind},
    subscribers::{Subscriber, with_grants},
};

/// A subscription: tenant and id.
pub(crate) type Key = (Id, Id);

/// A delivery that this dispatcher may try now.
pub(crate) struct Claimed {
    pub(crate) delivery: Delivery,
    pub(crate) to: Subscriber,
    /// Whether the subscription's last try has failed.
    pub(crate) is_failing: bool,
}

impl Claimed {
    /// The subscription.
    pub(crate) fn key(&self) -> Key {
        (self.delivery.tenant_id, self.delivery.subscription_id)
    }
}

/// What came of claiming.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) claimed: Vec<Claimed>,
    /// Subscriptions of which everything that is due waits for something earlier.
    pub(crate) idle: Vec<Key>,
    /// Whether there may be something free behind what was looked at.
    pub(crate) is_more_behind: bool,
}

/// A subscription with something due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) key: Key,
    /// Whether its last try has failed.
    pub(crate) is_failing: bool,
}

/// How many deliveries of a subscription are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) key: Key,
    pub(crate) limit: usize,
    pub(crate) is_failing: bool,
}

const DUE: &str = "SELECT s.tenant_id, s.id, h.failing_since FROM subscription s \
    LEFT JOIN subscription_health h ON h.tenant_id = s.tenant_id AND h.subscription_id = s.id \
    WHERE s.active = 1 AND EXISTS (SELECT 1 FROM delivery d WHERE d.tenant_id = s.tenant_id \
    AND d.subscription_id = s.id AND d.open = 1 AND d.next_at <= $1) ORDER BY s.tenant_id, s.id";

impl Dispatcher {
    /// The subscriptions with something due.
    pub(crate) fn due<'a>(&'a self) -> BoxFuture<'a, store::Result<Vec<Due>>> {
        Box::pin(async move {
            let now = self.now();
            let tx = self.store().reader().await?;
            let rows = tx.query(DUE, &[now.as_millisecond().into()]).await?;
            let read = |row| {
                let mut cells = Cells::of("subscription", row);
                let key = (cells.next("tenant_id")?, cells.next("id")?);
                let failing_since: Option<Timestamp> = cells.next("failing_since")?;
                Ok(Due {
                    key,
                    is_failing: failing_since.is_some(),
                })
            };
            rows.into_iter().map(read).collect()
        })
    }

    /// Claims deliveries that are due: at most so many of each subscription.
    pub(crate) fn claim<'a>(
        &'a self,
        wanted: &'a [Wanted],
    ) -> BoxFuture<'a, store::Result<Claims>> {
        Box::pin(async move {
            let now = self.now();
            let mut tx = self.store().reader().await?;
            let (mut found, mut behind, mut idle) = (Vec::new(), Vec::new(), Vec::new());
            for one in wanted {
                let page = look(&mut tx, one, now).await?;
                if page.free.is_empty() && page.behind.is_empty() {
                    idle.push(one.key);
                }
                let with_state = |delivery| (delivery, one.is_failing);
                found.extend(page.free.into_iter().map(with_state));
                behind.extend(page.behind);
            }
            let is_more_behind = !behind.is_empty();
            if found.is_empty() && !is_more_behind {
                return Ok(Claims {
                    idle,
                    ..Claims::default()
                });
            }
            let keys: Vec<Key> = wanted.iter().map(|one| one.key).collect();
            let subscribers = self.subscribers_of(&mut tx, &keys).await?;
            drop(tx);
            let may_be_told = |(delivery, _): &(Delivery, bool)| {
                let to = subscribers.get(&(delivery.tenant_id, delivery.subscription_id));
                to.is_some_and(|to| self.may_be_told(to, &delivery.name, delivery.organization_id))
            };
            let (found, orphans): (Vec<_>, Vec<_>) = found.into_iter().partition(may_be_told);
            let command = Claim {
                found: found.iter().map(|(delivery, _)| seen(delivery)).collect(),
                orphans: orphans.iter().map(|(delivery, _)| seen(delivery)).collect(),
                behind,
                now,
                until: now.saturating_add(self.settings().lease).unwrap_or(now),
            };
            let own = self.store().run(command).await?;
            let claimed = found.into_iter().zip(own).filter(|(_, is_own)| *is_own);
            let with_subscriber = |((mut delivery, is_failing), _): ((Delivery, bool), bool)| {
                let key = (delivery.tenant_id, delivery.subscription_id);
                let to = subscribers.get(&key)?.clone();
                delivery.attempts += 1;
                delivery.tried_at = delivery.tried_at.or(Some(now));
                Some(Claimed {
                    delivery,
                    to,
                    is_failing,
                })
            };
            let claimed = claimed.filter_map(with_subscriber).collect();
            Ok(Claims {
                claimed,
                idle,
                is_more_behind,
            })
        })
    }

    async fn subscribers_of(
        &self,
        tx: &mut Tx,
        keys: &[Key],
    ) -> store::Result<HashMap<Key, Subscriber>> {
        let rows: Vec<Row> = keys
            .iter()
            .map(|(tenant_id, id)| vec![(*tenant_id).into(), (*id).into()])
            .collect();
        let by = [("tenant_id", ColumnKind::Int), ("id", ColumnKind::Int)];
        let subscriptions = tx.find_each::<Subscription>(&by, &rows).await?;
        let mut tenants: Vec<Id> = keys.iter().map(|(tenant_id, _)| *tenant_id).collect();
        tenants.dedup();
        let tenants = tenants.into_iter().map(Value::from).collect();
        let tenants = tx
            .find::<Tenant>(&Condition::In("id", tenants), "", None, 0)
            .await?;
        let now = self.now();
        let clock = |tenant: Tenant| {
            let ahead = SignedDuration::from_millis(tenant.clock_offset_ms);
            (tenant.id, now.saturating_add(ahead).unwrap_or(now))
        };
        let clocks: HashMap<Id, Timestamp> = tenants.into_iter().map(clock).collect();
        let subscribers = with_grants(tx, subscriptions, &clocks).await?;
        let keyed = |to: Subscriber| ((to.subscription.tenant_id, to.subscription.id), to);
        Ok(subscribers.into_iter().map(keyed).collect())
    }
}

/// A delivery as it was when it was looked at.
#[derive(Clone, Copy)]
struct Seen {
    tenant_id: Id,
    id: Id,
    attempts: i64,
}

fn seen(delivery: &Delivery) -> Seen {
    Seen {
        tenant_id: delivery.tenant_id,
        id: delivery.id,
        attempts: delivery.attempts,
    }
}

struct Claim {
    found: Vec<Seen>,
    /// Those whose subscriber may not know any more what they tell.
    orphans: Vec<Seen>,
    /// Those that wait for an earlier one.
    behind: Vec<Row>,
    now: Timestamp,
    until: Timestamp,
}

impl ColdCommand for Claim {
    type Output = Vec<bool>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<Vec<bool>> {
        for seen in &self.orphans {
            tx.execute(
                "UPDATE delivery SET state = 'dropped', open = 0 \
                 WHERE tenant_id = $1 AND id = $2 AND open = 1",
                &[seen.tenant_id.into(), seen.id.into()],
            )
            .await?;
        }
        put_behind(tx, &self.behind).await?;
        let mut own = Vec::with_capacity(self.found.len());
        for seen in &self.found {
            let parameters = [
                seen.tenant_id.into(),
                seen.id.into(),
                seen.attempts.into(),
                self.until.as_millisecond().into(),
                self.now.as_millisecond().into(),
            ];
            let changed = tx
                .execute(
                    "UPDATE delivery SET attempts = attempts + 1, next_at = $4, \
                     tried_at = COALESCE(tried_at, $5) WHERE tenant_id = $1 AND id = $2 \
                     AND attempts = $3 AND open = 1 AND next_at <= $5",
                    &parameters,
                )
                .await?;
            own.push(changed == 1);
        }
        Ok(own)
    }
}
