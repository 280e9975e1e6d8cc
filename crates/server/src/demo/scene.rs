//! The demo's property: a small house by the sea with four kinds of rooms and two years of prices.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use catalogue::inventory::{OrganizationDetailsPatch, RatePlanRecord, ResourceDetailsPatch};
use domain::{
    access::Actor,
    id::Id,
    money::Currency,
    rate::RatePlan,
    time::{Zone, today},
};
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use service::{
    Service,
    calendar::{CalendarRange, CalendarWrite, DayPatch},
    properties::{PropertyPatch, PropertyView, PropertyWrite, RoomPatch, RoomWrite},
};

/// How far ahead prices are set.
const MONTHS: i32 = 24;

/// A kind of room.
struct Kind {
    name: &'static str,
    quantity: i64,
    people: u16,
    /// The price of a night outside the season, in cents.
    cents: i64,
    min_stay: u16,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "Double room",
        quantity: 8,
        people: 2,
        cents: 9_600,
        min_stay: 1,
    },
    Kind {
        name: "Family apartment",
        quantity: 3,
        people: 5,
        cents: 15_400,
        min_stay: 2,
    },
    Kind {
        name: "Bed in the dormitory",
        quantity: 12,
        people: 1,
        cents: 2_900,
        min_stay: 1,
    },
    Kind {
        name: "Tower suite",
        quantity: 1,
        people: 2,
        cents: 24_000,
        min_stay: 2,
    },
];

/// Makes the property with its rooms and their calendars.
pub(super) async fn create(service: &Service, actor: &Actor) -> anyhow::Result<PropertyView> {
    let zone =
        Zone::new("Europe/Lisbon").map_err(|_| anyhow!("the zone of the demo is not known"))?;
    let today = today(&zone, actor.now);
    let written = service
        .properties()
        .write(actor, vec![property(zone)])
        .await?;
    let Some(Ok(outcome)) = written.into_iter().next() else {
        bail!("the demo's property was refused");
    };
    let rooms = outcome.after.rooms.iter().map(|room| room.resource.id);
    let writes = rooms
        .zip(&KINDS)
        .map(|(room, kind)| calendar(room, kind, today))
        .collect();
    for refused in service.calendar_write(actor, writes).await? {
        refused.map_err(|refusal| anyhow!("a calendar of the demo was refused: {refusal:?}"))?;
    }
    Ok(outcome.after)
}

fn property(zone: Zone) -> PropertyWrite {
    let mut details = OrganizationDetailsPatch {
        zone: Some(zone),
        currency: Some(Currency::EUR),
        check_in_from: Some("15:00".to_owned()),
        check_in_to: Some("22:00".to_owned()),
        check_out_to: Some("11:00".to_owned()),
        ..OrganizationDetailsPatch::default()
    };
    details.refuses_overbooking = Some(false);
    PropertyWrite {
        id: None,
        patch: PropertyPatch {
            name: Some("Demo Casa do Mar".to_owned()),
            details,
        },
        rooms: KINDS.iter().map(room).collect(),
    }
}

fn room(kind: &Kind) -> RoomWrite {
    let mut plan = RatePlan::new(1);
    plan.name = "Standard".to_owned();
    let record = RatePlanRecord {
        plan,
        extra: BTreeMap::new(),
    };
    let details = ResourceDetailsPatch {
        max_people: Some(Some(kind.people)),
        max_adults: Some(Some(kind.people)),
        rate_plans: Some(BTreeMap::from([(1, record)])),
        ..ResourceDetailsPatch::default()
    };
    RoomWrite {
        id: None,
        patch: RoomPatch {
            name: Some(kind.name.to_owned()),
            quantity: Some(kind.quantity),
            details,
        },
        units: Vec::new(),
    }
}

fn calendar(resource_id: Id, kind: &Kind, today: Date) -> CalendarWrite {
    let mut ranges: Vec<CalendarRange> = months(today)
        .into_iter()
        .map(|(from, to)| CalendarRange {
            from,
            to,
            patch: DayPatch {
                min_stay: Some(Some(kind.min_stay)),
                prices: BTreeMap::from([(1, Some(price(kind, from)))]),
                ..DayPatch::default()
            },
        })
        .collect();
    // A week in which two doubles are kept back, so that a limit on what is sold can be seen.
    if kind.quantity == KINDS[0].quantity
        && let (Ok(from), Ok(to)) = (today.checked_add(30.days()), today.checked_add(36.days()))
    {
        let patch = DayPatch {
            free: Some(Some(kind.quantity - 2)),
            ..DayPatch::default()
        };
        ranges.push(CalendarRange { from, to, patch });
    }
    CalendarWrite {
        resource_id,
        ranges,
    }
}

/// The months from today on, the first one from today only.
fn months(today: Date) -> Vec<(Date, Date)> {
    let end = today.checked_add(MONTHS.months()).unwrap_or(today);
    let mut months = Vec::new();
    let mut from = today;
    while from < end {
        let last = from.last_of_month().min(end.yesterday().unwrap_or(end));
        months.push((from, last));
        match last.tomorrow() {
            Ok(next) => from = next,
            Err(_) => break,
        }
    }
    months
}

/// Summer costs three tenths more, December two.
fn price(kind: &Kind, month: Date) -> Decimal {
    let tenths = match month.month() {
        6..=9 => 13,
        12 => 12,
        _ => 10,
    };
    Decimal::new(kind.cents * tenths / 10, 2)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_months_cover_two_years_without_gap_or_overlap() {
        for today in [date(2026, 11, 21), date(2027, 1, 1), date(2028, 2, 29)] {
            let months = months(today);
            assert_eq!(months[0].0, today);
            for pair in months.windows(2) {
                assert_eq!(pair[0].1.tomorrow().unwrap(), pair[1].0);
            }
            let end = today.checked_add(24.months()).unwrap();
            assert_eq!(months.last().unwrap().1.tomorrow().unwrap(), end);
        }
    }
}
