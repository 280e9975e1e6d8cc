//! The calendar of a rentable type in a channel: what is left of it each day, and who may arrive when.

use std::collections::BTreeMap;

use domain::{access::capability, booking::Status, id::Id, time::today};
use http_kit::{Answer, Call, Refusal};
use jiff::{ToSpan, civil::Date};
use jsonapi::{Identifier, Query as Asked, Row, Rules};
use service::{
    availability::ResourceFilter,
    calendar::{Calendar, CalendarEntry},
    content::Channel,
    inventory::{Organization, Resource, Unit},
    records::{Field, Query, Test},
    sale::Booking,
};

use super::{create::is_sold, flags::bad_parameter, stay::LONGEST_FOUND};
use crate::errors::{not_found, refused};
use crate::kinds::availability::RENTABLE_TYPE_AVAILABILITY as KIND;
use crate::read::{self, Look, Writing, begin, needs_word, parse};
use crate::state::State;

/// So many months ahead a calendar is shown.
const MONTHS: i32 = 24;

/// Fewer units than this are shown as they are, whatever margin somebody wants.
const LEAST_WITH_MARGIN: i64 = 3;

/// So many blocks and archived units are looked at; a type that has more is shown with these.
const MOST_LOOKED_AT: u32 = 10_000;

/// Shows the days of `date_range`, which ends before its second date. Without it: all that is shown at all.
///
/// # Errors
/// 404 for a type that the channel does not sell; 400 for a range or a margin that is none.
pub async fn days(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_word(&call, &KIND)?;
    let query = parse(&call, &Rules::one(&state.schema, &KIND))?;
    let wanted = Wanted::read(&query)?;
    let shop = shop(&state, &call, &query).await?;
    let now = today(&shop.organization.details.zone, call.actor.now);
    let (first, until) = wanted.within(now);
    let filter = ResourceFilter {
        ids: vec![shop.resource.id],
        ..ResourceFilter::default()
    };
    let page = service::PageOf::first(1);
    let calendar = state
        .service
        .calendar_read(&call.actor, &filter, (first, until), page)
        .await;
    let calendar = calendar.map_err(refused)?.rows.into_iter().next();
    let calendar = calendar.ok_or_else(|| not_found("rentable_type"))?;
    let look = begin(&state, &call, &query).await?;
    let may_read_blocks = call.actor.may(capability::BOOKINGS_READ);
    let shut = Shut::read(&look, &shop.resource, (first, until), may_read_blocks).await?;
    let rows: Vec<Row> = calendar
        .days
        .iter()
        .map(|day| row(&calendar, day, &shut, wanted.margin))
        .collect();
    let writing = Writing {
        state: &state,
        call: &call,
        query: &query,
        locale: None,
    };
    let answer = writing.answer(look, &rows, |view, rows, related| {
        view.on_one_page(rows, related)
    });
    answer.await
}

/// What a request asks for.
struct Wanted {
    first: Option<Date>,
    until: Option<Date>,
    margin: i64,
}

impl Wanted {
    fn read(query: &Asked) -> Result<Self, Refusal> {
        let range = query.own("date_range").filter(|text| !text.is_empty());
        let (first, until) = match range {
            None => (None, None),
            Some(text) => {
                let dates = range_of(text).ok_or_else(|| {
                    let detail =
                        "Expected two dates, the second one excluded: 2027-05-01..2027-06-01";
                    bad_parameter("date_range", detail)
                })?;
                (Some(dates.0), Some(dates.1))
            }
        };
        let margin = query.own("multibook_safety_margin").unwrap_or("0");
        let margin = margin
            .parse()
            .ok()
            .filter(|margin| (0..=1_000).contains(margin));
        let margin = margin.ok_or_else(|| {
            let detail = "Expected a whole number from 0 to 1000";
            bad_parameter("multibook_safety_margin", detail)
        })?;
        Ok(Self {
            first,
            until,
            margin,
        })
    }

    /// The days that are shown: from today on, as far as calendars reach.
    fn within(&self, today: Date) -> (Date, Date) {
        let end = today.checked_add(MONTHS.months()).unwrap_or(today);
        let first = self.first.unwrap_or(today).clamp(today, end);
        let until = self.until.unwrap_or(end).clamp(first, end);
        (first, until)
    }
}

/// Two dates with dots between them.
pub fn range_of(text: &str) -> Option<(Date, Date)> {
    let (first, until) = text.split_once("..")?;
    let (first, until) = (first.parse().ok()?, until.parse().ok()?);
    (first <= until).then_some((first, until))
}

/// A rentable type in a channel.
struct Shop {
    resource: Resource,
    organization: Organization,
}

async fn shop(state: &State, call: &Call, query: &Asked) -> Result<Shop, Refusal> {
    let look = begin(state, call, query).await?;
    let channel: Channel = read::channel(call, &look).await?;
    let id: Id = call.path_value("id")?;
    let found = look.reading.one::<Resource>(id).await.map_err(refused)?;
    let missing = || not_found("rentable_type");
    let resource = found.ok_or_else(missing)?;
    if !is_sold(&look, &channel, &resource).await? {
        return Err(missing());
    }
    let organization = look.reading.one::<Organization>(resource.organization_id);
    let organization = organization.await.map_err(refused)?;
    Ok(Shop {
        organization: organization.ok_or_else(missing)?,
        resource,
    })
}

/// What is not let, by day.
struct Shut {
    /// Blocked units; unknown to those who may not read blocks.
    blocked: Option<BTreeMap<Date, i64>>,
    /// Units that are no longer used.
    archived: i64,
}

impl Shut {
    async fn read(
        look: &Look<'_>,
        resource: &Resource,
        (first, until): (Date, Date),
        may_read_blocks: bool,
    ) -> Result<Self, Refusal> {
        let archived = Query::new()
            .meets(Test::is(
                const { Field::<Unit>::new("resource_id") },
                resource.id,
            ))
            .meets(Test::not(Test::is(
                const { Field::new("archived_at") },
                None::<jiff::Timestamp>,
            )));
        let archived = look.reading.count(&archived).await.map_err(refused)?;
        let archived = i64::try_from(archived).unwrap_or(i64::MAX);
        if !may_read_blocks {
            return Ok(Self {
                blocked: None,
                archived,
            });
        }
        let most = service::PageOf::first(MOST_LOOKED_AT);
        let blocks = Query::new()
            .meets(Test::is(
                const { Field::<Booking>::new("resource_id") },
                resource.id,
            ))
            .meets(Test::is(const { Field::new("status") }, Status::Blocked))
            .meets(Test::between(
                const { Field::new("arrival_on") },
                None,
                Some(until),
            ))
            .meets(Test::between(
                const { Field::new("departure_on") },
                Some(first),
                None,
            ));
        let blocks = look.reading.page(&blocks, most).await.map_err(refused)?;
        let mut blocked: BTreeMap<Date, i64> = BTreeMap::new();
        for block in &blocks.rows {
            let mut day = block.arrival_on.max(first);
            while day < block.departure_on.min(until) {
                *blocked.entry(day).or_default() += block.quantity;
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
        Ok(Self {
            blocked: Some(blocked),
            archived,
        })
    }
}

fn row(calendar: &Calendar, entry: &CalendarEntry, shut: &Shut, margin: i64) -> Row {
    let (resource, day) = (&calendar.resource, &entry.settings);
    let rules = &resource.details.rules;
    let is_closed = day.closed || (day.exception && rules.exception_closes);
    let margin = if resource.quantity >= LEAST_WITH_MARGIN {
        margin
    } else {
        0
    };
    let stock = if is_closed {
        0
    } else {
        entry.free.saturating_sub(margin).max(0)
    };
    let least = day.min_stay.max(rules.min_stay).unwrap_or(1).max(1);
    let most = [day.max_stay, rules.max_stay].into_iter().flatten().min();
    let longest = u16::try_from(LONGEST_FOUND).unwrap_or(u16::MAX);
    let most = most.unwrap_or(longest).min(longest);
    let id = format!("{}-{}", resource.id, day.day);
    Row::new(&KIND, id)
        .with("date", day.day)
        .with("stock", stock)
        .with("capacity", resource.quantity)
        .with("closed_to_arrival", day.no_check_in || is_closed)
        .with("closed_to_departure", day.no_check_out)
        .with("min_length_of_stay", i64::from(least))
        .with("max_length_of_stay", i64::from(most))
        .with("unavailable_cluster_objects", 0_i64)
        .with(
            "out_of_order",
            shut.blocked
                .as_ref()
                .map(|blocked| blocked.get(&day.day).copied().unwrap_or_default()),
        )
        .with("out_of_inventory", shut.archived)
        .to_one(
            "rentable_type",
            Some(Identifier::new("rentable_type", resource.id)),
        )
}
