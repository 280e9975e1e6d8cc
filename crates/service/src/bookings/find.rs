//! Finds bookings.

use std::collections::{BTreeMap, HashMap};

use catalogue::{
    ColumnKind::{self, Int},
    ColumnValue, Kind,
    inventory::Organization,
    sale::{Booking, Guest, Line, Note},
};
use domain::{access::Actor, booking::Status, id::Id, time::today};
use jiff::{Timestamp, ToSpan, civil::Date};
use store::{
    Condition, Each, Row, Tx, Value,
    occupancy::{Units, find_with_units},
};

use super::{BookingView, Bookings, GroupView};
use crate::{Page, PageOf, Result, UseCase, stamp::reached};

/// Which bookings are wanted. Lists that are empty ask for nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BookingFilter {
    /// These bookings.
    pub ids: Vec<Id>,
    /// Bookings of these organizations.
    pub organization_ids: Vec<Id>,
    /// Bookings of these resources.
    pub resource_ids: Vec<Id>,
    /// Bookings of these groups.
    pub group_ids: Vec<Id>,
    /// Bookings with one of these references.
    pub external_references: Vec<String>,
    /// By the channel that they came from.
    pub channel: Option<ChannelChoice>,
    /// By arrival.
    pub arrival: DayRange,
    /// By departure.
    pub departure: DayRange,
    /// By when they were made.
    pub created: InstantRange,
    /// By when they were last changed.
    pub changed: InstantRange,
    /// Words in guest, email or references, or the id itself.
    pub search: Option<String>,
    /// In one of these states; none for any.
    pub statuses: Option<Vec<StatusChoice>>,
    /// What happens on the property's today.
    pub on_day: Option<OnDay>,
    /// Only those whose guests have not left before today.
    pub not_departed: bool,
}

/// Which channels are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelChoice {
    /// The one with this slug.
    Only(String),
    /// All but those with one of these slugs.
    AllBut(Vec<String>),
}

/// Days, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayRange {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

/// Instants, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstantRange {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The last instant.
    pub to: Option<Timestamp>,
}

/// A state, and whether staff has looked at the booking if that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusChoice {
    /// The state.
    pub status: Status,
    /// Only opened ones, only unopened ones, or both.
    pub opened: Option<bool>,
}

/// What happens on a property's today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDay {
    /// Guests arrive.
    Arrival,
    /// Guests leave.
    Departure,
    /// Guests are there.
    InHouse,
    /// Bookings were made in the last 24 hours.
    Made,
}

/// What is wanted beside the bookings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BookingInclude {
    /// Their lines.
    pub lines: bool,
    /// Their notes.
    pub notes: bool,
    /// Their guests.
    pub guests: bool,
    /// Their groups.
    pub groups: bool,
}

const ITEM_OF: &[(&str, ColumnKind)] = &[("tenant_id", Int), ("booking_id", Int)];

static GROUPS: Each = Each::new(
    "SELECT b.group_id, b.id, b.organization_id FROM {each} JOIN booking b ON b.tenant_id = each.tenant_id AND b.group_id = each.group_id",
    &[("tenant_id", Int), ("group_id", Int)],
);

impl Bookings<'_> {
    /// Bookings that meet a filter, a page of them, in the order of the filter's own index: ids by
    /// id, changes by change, arrivals by arrival, and otherwise by departure.
    pub async fn find(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        include: BookingInclude,
        page: PageOf,
    ) -> Result<Page<BookingView>> {
        UseCase::FindBookings.authorize(actor)?;
        let mut tx = self.service.store.reader().await?;
        let todays = if filter.needs_today() {
            todays(&mut tx, actor).await?
        } else {
            Vec::new()
        };
        let condition = filter.condition(actor, &todays);
        let (limit, offset) = (Some(page.limit()), page.offset());
        let rows = find_with_units(&tx, &condition, filter.order(), limit, offset).await?;
        let page = page.page(rows);
        let views = complete(&mut tx, actor, page.rows, include).await?;
        Ok(Page {
            rows: views,
            more: page.more,
        })
    }
}

/// A date and the organizations where it is today; none for all of the tenant.
type Today = (Date, Option<Vec<Value>>);

async fn todays(tx: &mut Tx, actor: &Actor) -> Result<Vec<Today>> {
    let organizations = tx
        .find::<Organization>(&reached(actor, "id"), "", None, 0)
        .await?;
    let mut by_date: BTreeMap<Date, Vec<Value>> = BTreeMap::new();
    for organization in organizations {
        let date = today(&organization.details.zone, actor.now);
        by_date
            .entry(date)
            .or_default()
            .push(organization.id.into());
    }
    // Where all share a date the condition need not name them.
    let alone = by_date.len() == 1;
    Ok(by_date
        .into_iter()
        .map(|(date, ids)| (date, (!alone).then_some(ids)))
        .collect())
}

impl BookingFilter {
    fn needs_today(&self) -> bool {
        self.not_departed
            || matches!(
                self.on_day,
                Some(OnDay::Arrival | OnDay::Departure | OnDay::InHouse)
            )
    }

    fn order(&self) -> &'static str {
        if !self.ids.is_empty() {
            "id"
        } else if self.changed != InstantRange::default() {
            "changed_at, id"
        } else if self.arrival != DayRange::default() || !self.resource_ids.is_empty() {
            "arrival_on, id"
        } else {
            "departure_on, id"
        }
    }

    fn condition(&self, actor: &Actor, todays: &[Today]) -> Condition {
        let mut all = vec![reached(actor, "organization_id")];
        let lists = [
            ("id", &self.ids),
            ("organization_id", &self.organization_ids),
            ("resource_id", &self.resource_ids),
            ("group_id", &self.group_ids),
        ];
        for (column, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            all.push(Condition::In(
                column,
                ids.iter().map(|id| Value::from(*id)).collect(),
            ));
        }
        if !self.external_references.is_empty() {
            let references = self
                .external_references
                .iter()
                .map(|text| Value::from(text.as_str()));
            all.push(Condition::In("external_reference", references.collect()));
        }
        all.extend(self.channel.as_ref().map(ChannelChoice::condition));
        range(&mut all, "arrival_on", &self.arrival.from, &self.arrival.to);
        range(
            &mut all,
            "departure_on",
            &self.departure.from,
            &self.departure.to,
        );
        range(&mut all, "created_at", &self.created.from, &self.created.to);
        range(&mut all, "changed_at", &self.changed.from, &self.changed.to);
        all.extend(self.search.as_deref().map(search));
        all.extend(self.statuses.as_deref().map(statuses));
        all.extend(
            self.on_day
                .map(|on_day| day_condition(on_day, actor.now, todays)),
        );
        if self.not_departed {
            all.push(on_each(todays, |date| {
                Condition::From("departure_on", date.to_value())
            }));
        }
        Condition::All(all)
    }
}

impl ChannelChoice {
    fn condition(&self) -> Condition {
        match self {
            Self::Only(slug) => Condition::Is("channel", slug.as_str().into()),
            Self::AllBut(slugs) => {
                let slugs = slugs.iter().map(|slug| Value::from(slug.as_str()));
                Condition::Not(Box::new(Condition::In("channel", slugs.collect())))
            }
        }
    }
}

fn range<T: ColumnValue>(
    all: &mut Vec<Condition>,
    column: &'static str,
    from: &Option<T>,
    to: &Option<T>,
) {
    all.extend(
        from.as_ref()
            .map(|from| Condition::From(column, from.to_value())),
    );
    all.extend(to.as_ref().map(|to| Condition::To(column, to.to_value())));
}

fn search(text: &str) -> Condition {
    let mut any = vec![Condition::Contains("search", text.trim().to_lowercase())];
    any.extend(
        text.trim()
            .parse::<Id>()
            .ok()
            .map(|id| Condition::Is("id", id.into())),
    );
    Condition::Any(any)
}

fn statuses(choices: &[StatusChoice]) -> Condition {
    let each = choices.iter().map(|choice| {
        let status = Condition::Is("status", choice.status.to_value());
        match choice.opened {
            None => status,
            Some(opened) => {
                Condition::All(vec![status, Condition::Is("opened", opened.to_value())])
            }
        }
    });
    Condition::Any(each.collect())
}

fn day_condition(on_day: OnDay, now: Timestamp, todays: &[Today]) -> Condition {
    match on_day {
        OnDay::Arrival => on_each(todays, |date| Condition::Is("arrival_on", date.to_value())),
        OnDay::Departure => on_each(todays, |date| {
            Condition::Is("departure_on", date.to_value())
        }),
        OnDay::InHouse => on_each(todays, |date| {
            Condition::All(vec![
                Condition::To("arrival_on", date.to_value()),
                Condition::From("departure_on", date.tomorrow().unwrap_or(date).to_value()),
            ])
        }),
        OnDay::Made => {
            let since = now.checked_sub(24.hours()).unwrap_or(Timestamp::MIN);
            Condition::From("created_at", since.to_value())
        }
    }
}

fn on_each(todays: &[Today], condition: impl Fn(Date) -> Condition) -> Condition {
    let each = todays
        .iter()
        .map(|(date, organizations)| match organizations {
            None => condition(*date),
            Some(ids) => Condition::All(vec![
                Condition::In("organization_id", ids.clone()),
                condition(*date),
            ]),
        });
    Condition::Any(each.collect())
}

async fn complete(
    tx: &mut Tx,
    actor: &Actor,
    bookings: Vec<(Booking, Units)>,
    include: BookingInclude,
) -> Result<Vec<BookingView>> {
    let tenant_id = actor.tenant_id;
    let keys: Vec<Row> = bookings
        .iter()
        .map(|(booking, _)| vec![tenant_id.into(), booking.id.into()])
        .collect();
    let mut lines =
        items::<Line>(tx, include.lines, &keys, |line| (line.booking_id, line.id)).await?;
    let mut notes =
        items::<Note>(tx, include.notes, &keys, |note| (note.booking_id, note.id)).await?;
    let mut guests = items::<Guest>(tx, include.guests, &keys, |guest| {
        (guest.booking_id, guest.id)
    })
    .await?;
    let groups = if include.groups {
        groups(tx, actor, &bookings).await?
    } else {
        HashMap::new()
    };
    let views = bookings.into_iter().map(|(booking, taken)| BookingView {
        units: taken.units,
        overbooked: taken.overbooked,
        lines: lines.remove(&booking.id).unwrap_or_default(),
        notes: notes.remove(&booking.id).unwrap_or_default(),
        guests: guests.remove(&booking.id).unwrap_or_default(),
        group: booking
            .group_id
            .and_then(|master| groups.get(&master).cloned()),
        booking,
    });
    Ok(views.collect())
}

async fn items<K: Kind>(
    tx: &mut Tx,
    wanted: bool,
    keys: &[Row],
    ids: impl Fn(&K) -> (Id, Id),
) -> Result<HashMap<Id, Vec<K>>> {
    let mut items: HashMap<Id, Vec<K>> = HashMap::new();
    if wanted {
        for item in tx.find_each::<K>(ITEM_OF, keys).await? {
            items.entry(ids(&item).0).or_default().push(item);
        }
        items
            .values_mut()
            .for_each(|items| items.sort_by_key(|item| ids(item).1));
    }
    Ok(items)
}

/// The groups of bookings, each with those of its bookings that the caller may know of.
async fn groups(
    tx: &mut Tx,
    actor: &Actor,
    bookings: &[(Booking, Units)],
) -> Result<HashMap<Id, GroupView>> {
    let mut masters: Vec<Id> = bookings
        .iter()
        .filter_map(|(booking, _)| booking.group_id)
        .collect();
    masters.sort_unstable();
    masters.dedup();
    let keys: Vec<Row> = masters
        .iter()
        .map(|master| vec![actor.tenant_id.into(), (*master).into()])
        .collect();
    let mut groups: HashMap<Id, GroupView> = HashMap::new();
    for row in tx.read_each(&GROUPS, &keys).await? {
        let mut cells = catalogue::Cells::of("booking", row);
        let master: Id = cells.next("group_id").map_err(store::Error::from)?;
        let id: Id = cells.next("id").map_err(store::Error::from)?;
        let organization_id: Id = cells.next("organization_id").map_err(store::Error::from)?;
        let group = groups.entry(master).or_insert_with(|| GroupView {
            master,
            ids: Vec::new(),
        });
        if actor.reaches(organization_id) {
            group.ids.push(id);
        }
    }
    groups
        .values_mut()
        .for_each(|group| group.ids.sort_unstable());
    Ok(groups)
}
