//! From the outbox to deliveries.
//!
//! A row of the outbox is taken away in the same commit that writes its deliveries, so it is fanned
//! out once, whoever is killed and however many dispatchers there are. Ids are drawn before their
//! commit, and by several servers, so neither a cursor over ids nor their order is to be trusted:
//! whatever is there is taken, and the events of one subject are ordered by its writes.
//!
//! As long as more is left than one commit takes, deliveries are *held*: an earlier event of the
//! same subject could be among what is left. They are let go by whoever has seen them, then the end
//! of the tenant's outbox, and has taken all of it: what was committed before has deliveries then.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
};

use catalogue::{
    Cells, ColumnKind, Row, Value,
    delivery::{Delivery, Subscription},
};
use domain::{
    access::Reach,
    id::{Id, IdSource},
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use jiff::{SignedDuration, Timestamp};
use store::{ColdCommand, Condition, Each, Tx};

use service::outgoing::render::{Event, NotRendered, Recipient, Rendering};

use crate::{
    Dispatcher,
    limits::{
        BODY_BYTES, DELIVERIES_AT_ONCE, EVENTS_AT_ONCE, RELEASED_AT_ONCE, RENDER_TIME,
        RENDERED_AT_ONCE, TENANTS_AT_ONCE,
    },
    subscribers::{Subscriber, with_grants},
    telemetry,
};

/// A delivery behind others that may still be missing.
pub(crate) const HELD: &str = "held";
/// A delivery that waits for a try.
pub(crate) const WAITING: &str = "waiting";

/// A tenant with something to fan out.
struct Tenant {
    id: Id,
    /// Its clock.
    now: Timestamp,
}

impl Dispatcher {
    /// Fans out what stands in the outbox of those to whom somebody listens, at most one commit for
    /// each tenant, and says how many rows of it were taken away. One tenant's failure is told only
    /// after the others had their turn.
    pub(crate) fn fan_out<'a>(&'a self) -> BoxFuture<'a, store::Result<u64>> {
        Box::pin(async move {
            let tenants = self.tenants_with_events().await?;
            let each = stream::iter(tenants)
                .map(|tenant| self.fan_out_of(tenant))
                .buffer_unordered(TENANTS_AT_ONCE);
            let results: Vec<store::Result<u64>> = each.collect().await;
            let taken = results.iter().flatten().sum();
            telemetry::fanned_out(taken);
            results
                .into_iter()
                .find(Result::is_err)
                .unwrap_or(Ok(taken))
        })
    }

    async fn tenants_with_events(&self) -> store::Result<Vec<Tenant>> {
        let now = self.now();
        let tx = self.store().reader().await?;
        let rows = tx
            .query(
                "SELECT t.id, t.clock_offset_ms FROM (SELECT DISTINCT tenant_id FROM subscription \
                 WHERE active = 1) s JOIN tenant t ON t.id = s.tenant_id \
                 WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = t.id) \
                 OR EXISTS (SELECT 1 FROM delivery d WHERE d.tenant_id = t.id AND d.state = 'held') \
                 ORDER BY t.id",
                &[],
            )
            .await?;
        let read = |row| {
            let mut cells = Cells::of("tenant", row);
            let id = cells.next("id")?;
            let ahead_ms = cells.next("clock_offset_ms")?;
            let now = now.saturating_add(SignedDuration::from_millis(ahead_ms));
            let now = now.unwrap_or(Timestamp::MAX);
            Ok(Tenant { id, now })
        };
        rows.into_iter().map(read).collect()
    }

    fn fan_out_of<'a>(&'a self, tenant: Tenant) -> BoxFuture<'a, store::Result<u64>> {
        Box::pin(async move {
            let mut tx = self.store().reader().await?;
            let subscribers = subscribers(&mut tx, &tenant).await?;
            let each = DELIVERIES_AT_ONCE / subscribers.len().max(1);
            let wanted = each.clamp(1, EVENTS_AT_ONCE);
            // Held deliveries are read before the outbox: what was committed before their events is then
            // either seen there or has its deliveries already. On SQLite a reader sees one state anyway.
            let held = held(&mut tx, tenant.id).await?;
            let events = events(&mut tx, tenant.id, wanted + 1).await?;
            drop(tx);
            let is_all = events.len() <= wanted;
            let events = &events[..events.len().min(wanted)];
            let deliveries = self.deliveries(events, &subscribers).await;
            let command = FanOut {
                tenant_id: tenant.id,
                event_ids: events.iter().map(|(event, _)| event.id).collect(),
                deliveries,
                held,
                is_all,
            };
            self.store().run(command).await
        })
    }

    /// What follows from these events, in their order.
    async fn deliveries(
        &self,
        events: &[(Event, bool)],
        subscribers: &[Subscriber],
    ) -> Vec<Delivery> {
        let mut rendering: Vec<BoxFuture<'_, Option<Delivery>>> = Vec::new();
        for (event, is_announced) in events {
            let hears = |to: &&Subscriber| *is_announced || self.hears_everything(to);
            for to in subscribers.iter().filter(hears) {
                for name in self.told(event, to) {
                    // Ids are drawn before anything waits, so they are in the order of the events.
                    rendering.push(self.delivery(self.next_id(), event, to, name));
                }
            }
        }
        let rendered = stream::iter(rendering).buffered(RENDERED_AT_ONCE);
        let rendered: Vec<Option<Delivery>> = rendered.collect().await;
        rendered.into_iter().flatten().collect()
    }

    /// Whether a subscriber is told of what was announced to nobody, too.
    fn hears_everything(&self, to: &Subscriber) -> bool {
        let format = self.outgoing().formats().get(&to.subscription.format);
        format.is_some_and(|format| format.hears_everything())
    }

    /// The names under which a subscriber is told of an event.
    fn told(&self, event: &Event, to: &Subscriber) -> Vec<String> {
        let Some(format) = self.outgoing().formats().get(&to.subscription.format) else {
            return Vec::new();
        };
        let may_be_told = |name: &String| self.may_be_told(to, name, event.organization_id);
        let mut names = format.names(event);
        names.retain(|name| to.subscription.events.contains(name) && may_be_told(name));
        names
    }

    /// Whether a subscriber may be told under this name of what belongs to an organization.
    pub(crate) fn may_be_told(&self, to: &Subscriber, name: &str, organization_id: Id) -> bool {
        let Some(format) = self.outgoing().formats().get(&to.subscription.format) else {
            // Another server may know the format and judges then; here nothing can be rendered.
            return true;
        };
        let reach = format.needs(name).and_then(|needed| to.actor.reach(needed));
        let is_reached = match reach {
            Some(Reach::Tenant | Reach::EveryTenant) => true,
            Some(_) => format.judges_reach(),
            None => false,
        };
        // What belongs to no organization is told under the tenant's own id, and is for all its callers.
        let is_of_all = organization_id == to.actor.tenant_id;
        is_reached && (is_of_all || to.actor.reaches(organization_id))
    }

    fn delivery<'a>(
        &'a self,
        id: Id,
        event: &'a Event,
        to: &'a Subscriber,
        name: String,
    ) -> BoxFuture<'a, Option<Delivery>> {
        Box::pin(async move {
            let rendered = match self.rendered(id, event, to, &name).await {
                Ok(rendered) => Some(rendered),
                Err(NotRendered::Nothing) => return None,
                Err(NotRendered::Later(why)) => {
                    tracing::warn!(%why, event = %event.id, "a body is left to the first try");
                    None
                }
            };
            Some(delivery(id, event, to, name, rendered, self.now()))
        })
    }

    /// Renders an event for a subscriber, within its time and size.
    pub(crate) async fn rendered(
        &self,
        delivery_id: Id,
        event: &Event,
        to: &Subscriber,
        name: &str,
    ) -> Result<Rendering, NotRendered> {
        let Some(format) = self.outgoing().formats().get(&to.subscription.format) else {
            return Err(NotRendered::Later("there is no such format".to_owned()));
        };
        let recipient = Recipient {
            actor: to.actor.clone(),
            subscription_id: to.subscription.id,
            delivery_id,
        };
        // A format that panics over one event must not end everything else.
        let rendering = AssertUnwindSafe(format.render(event, name, &recipient)).catch_unwind();
        let rendered = match tokio::time::timeout(RENDER_TIME, rendering).await {
            Ok(Ok(rendered)) => rendered?,
            Ok(Err(_)) => return Err(NotRendered::Later("the format broke down".to_owned())),
            Err(_) => return Err(NotRendered::Later("rendering took too long".to_owned())),
        };
        if rendered.body.is_empty() || rendered.body.len() > BODY_BYTES {
            let why = format!("a body of {} bytes can't be sent", rendered.body.len());
            return Err(NotRendered::Later(why));
        }
        Ok(rendered)
    }
}

fn delivery(
    id: Id,
    event: &Event,
    to: &Subscriber,
    name: String,
    rendered: Option<Rendering>,
    now: Timestamp,
) -> Delivery {
    let rendered = rendered.unwrap_or_else(|| Rendering {
        body: Vec::new(),
        content_type: String::new(),
        headers: Vec::new(),
    });
    Delivery {
        tenant_id: event.tenant_id,
        id,
        subscription_id: to.subscription.id,
        event_id: event.id,
        event: event.event.clone(),
        name,
        subject_id: event.subject_id,
        organization_id: event.organization_id,
        ordinal: event.ordinal,
        at: event.at,
        created_at: now,
        state: WAITING.to_owned(),
        open: true,
        resent: false,
        attempts: 0,
        tried_at: None,
        next_at: now,
        body: rendered.body,
        content_type: rendered.content_type,
        headers: rendered.headers,
        facts: event.facts.clone(),
    }
}

/// The event of a delivery, to be rendered again.
pub(crate) fn event_of(delivery: &Delivery) -> Event {
    Event {
        tenant_id: delivery.tenant_id,
        id: delivery.event_id,
        event: delivery.event.clone(),
        subject_id: delivery.subject_id,
        organization_id: delivery.organization_id,
        ordinal: delivery.ordinal,
        at: delivery.at,
        facts: delivery.facts.clone(),
    }
}

/// The tenant's active subscriptions whose grants are still good.
async fn subscribers(tx: &mut Tx, tenant: &Tenant) -> store::Result<Vec<Subscriber>> {
    let active = Condition::All(vec![
        Condition::Is("tenant_id", tenant.id.into()),
        Condition::Is("active", Value::Int(1)),
    ]);
    let subscriptions = tx.find::<Subscription>(&active, "id", None, 0).await?;
    let clocks = HashMap::from([(tenant.id, tenant.now)]);
    with_grants(tx, subscriptions, &clocks).await
}

/// Deliveries of a tenant that are held, as many as one commit lets go.
async fn held(tx: &mut Tx, tenant_id: Id) -> store::Result<Vec<Id>> {
    let rows = tx
        .query(
            "SELECT id FROM delivery WHERE tenant_id = $1 AND state = 'held' ORDER BY id LIMIT $2",
            &[tenant_id.into(), Value::Int(RELEASED_AT_ONCE as i64)],
        )
        .await?;
    let read = |row| Ok(Cells::of("delivery", row).next("id")?);
    rows.into_iter().map(read).collect()
}

/// Events of a tenant with whether they are announced.
async fn events(tx: &mut Tx, tenant_id: Id, limit: usize) -> store::Result<Vec<(Event, bool)>> {
    let rows = tx
        .query(
            "SELECT id, at, event, subject_id, organization_id, announce, doc, ordinal \
             FROM outbox WHERE tenant_id = $1 ORDER BY id LIMIT $2",
            &[tenant_id.into(), Value::Int(limit as i64)],
        )
        .await?;
    let read = |row| {
        let mut cells = Cells::of("outbox", row);
        let (id, at, event) = (cells.next("id")?, cells.next("at")?, cells.next("event")?);
        let (subject_id, organization_id) =
            (cells.next("subject_id")?, cells.next("organization_id")?);
        let (announce, facts) = (cells.next("announce")?, cells.document()?);
        let event = Event {
            tenant_id,
            id,
            event,
            subject_id,
            organization_id,
            ordinal: cells.next("ordinal")?,
            at,
            facts,
        };
        Ok((event, announce))
    };
    rows.into_iter().map(read).collect()
}

/// Takes events out of the outbox and writes what follows from them.
struct FanOut {
    tenant_id: Id,
    event_ids: Vec<Id>,
    deliveries: Vec<Delivery>,
    /// Deliveries that were held when the outbox was read.
    held: Vec<Id>,
    /// Whether nothing else stood in the tenant's outbox when it was read.
    is_all: bool,
}

impl ColdCommand for FanOut {
    type Output = u64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<u64> {
        let own = self.take(tx).await?;
        let is_end = self.is_all && own.len() == self.event_ids.len();
        let mut deliveries: Vec<Delivery> = self.deliveries.clone();
        deliveries.retain(|delivery| own.contains(&delivery.event_id));
        if !is_end {
            for delivery in &mut deliveries {
                HELD.clone_into(&mut delivery.state);
            }
        }
        if !deliveries.is_empty() {
            tx.insert(&deliveries).await?;
        }
        if is_end && !self.held.is_empty() {
            let key = |id: &Id| vec![self.tenant_id.into(), (*id).into()];
            let held: Vec<Row> = self.held.iter().map(key).collect();
            tx.write_each(&[(&LET_GO, &held)]).await?;
        }
        Ok(own.len() as u64)
    }
}

impl FanOut {
    /// Takes the events away that nobody else has taken, or is about to.
    async fn take(&self, tx: &mut Tx) -> store::Result<HashSet<Id>> {
        let locking = Each::owned(format!("{EVENTS}{}", tx.lock_rows_skipping()), KEY.to_vec());
        let key = |id: &Id| vec![self.tenant_id.into(), (*id).into()];
        let wanted: Vec<Row> = self.event_ids.iter().map(key).collect();
        let mut own = HashSet::with_capacity(wanted.len());
        for row in tx.read_each(&locking, &wanted).await? {
            own.insert(Cells::of("outbox", row).next("id")?);
        }
        let taken: Vec<Row> = own.iter().map(key).collect();
        if !taken.is_empty() {
            tx.write_each(&[(&EVENTS_OUT, &taken)]).await?;
        }
        Ok(own)
    }
}

const KEY: &[(&str, ColumnKind)] = &[("tenant_id", ColumnKind::Int), ("id", ColumnKind::Int)];
const EVENTS: &str = "SELECT o.id FROM {each} JOIN outbox o \
                      ON o.tenant_id = each.tenant_id AND o.id = each.id";
static EVENTS_OUT: Each = Each::new(
    "DELETE FROM outbox WHERE (tenant_id, id) IN (SELECT each.tenant_id, each.id FROM {each})",
    KEY,
);
static LET_GO: Each = Each::new(
    "UPDATE delivery SET state = 'waiting' WHERE state = 'held' \
     AND (tenant_id, id) IN (SELECT each.tenant_id, each.id FROM {each})",
    KEY,
);
