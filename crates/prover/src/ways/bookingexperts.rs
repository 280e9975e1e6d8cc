//! The ways through Booking Experts, on the rooms and bookings of the others.

use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::way::{OtherPool, Pool, WINDOW_NIGHTS, Way, known, stay, two_rooms};
use crate::bookingexperts::{BookingExperts, CONFLICT, NOT_FOUND, Stay, as_created};
use crate::bookingexperts::{reservation, verdict};
use crate::chance::{self, Chance};
use crate::http::HttpError;
use crate::verdict::Verdict;

/// With these codes a way may be refused: somebody was faster, or has taken the reservation away.
const CLEAN: [&str; 2] = [CONFLICT, NOT_FOUND];
/// The same for a unit that is drawn: it may be of the other room.
const CLEAN_FOR_A_UNIT: [&str; 3] = [CONFLICT, NOT_FOUND, "INVALID_RELATIONSHIP"];

/// One request, and whether it must say what it has created.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The document, where it sends one.
    pub document: Option<Value>,
    creates: bool,
}

/// Takes a way: what was asked for, and what came of it, step by step.
pub async fn take(
    client: &mut BookingExperts,
    way: Way,
    pool: &Pool,
    other: &OtherPool,
    chance: &mut Chance,
) -> Vec<(Asked, Verdict)> {
    let first = draw(way, pool, other, chance);
    let clean = match way {
        Way::PatchUnit => &CLEAN_FOR_A_UNIT[..],
        _ => &CLEAN[..],
    };
    let verdict = ask(client, &first, clean).await;
    let made = verdict.made();
    let mut steps = vec![(first, verdict)];
    let confirms = matches!(way, Way::HoldAndConfirm | Way::OptionAndConfirm);
    if let (true, Some(id)) = (confirms, made) {
        let then = plain("POST", format!("{}/{id}/confirm", list(other)));
        // What it holds is its own: nobody may be faster.
        let verdict = ask(client, &then, &[]).await;
        steps.push((then, verdict));
    }
    steps
}

async fn ask(client: &mut BookingExperts, asked: &Asked, clean: &[&str]) -> Verdict {
    let answer = client
        .send(asked.method, &asked.path, asked.document.as_ref())
        .await;
    match answer {
        Ok(answer) if asked.creates => as_created(&answer, clean),
        Ok(answer) => verdict(&answer, clean),
        Err(error) => unanswered(&error),
    }
}

fn unanswered(error: &HttpError) -> Verdict {
    Verdict::Unclean {
        why: error.to_string(),
    }
}

fn list(other: &OtherPool) -> String {
    format!("/channels/{}/reservations", other.channel)
}

fn plain(method: &'static str, path: String) -> Asked {
    Asked {
        method,
        path,
        document: None,
        creates: false,
    }
}

/// Draws what a way sends first.
pub fn draw(way: Way, pool: &Pool, other: &OtherPool, chance: &mut Chance) -> Asked {
    match way {
        Way::Reserve => reserve(pool, other, "?confirm=true", json!({}), chance),
        Way::HoldAndConfirm => reserve(pool, other, "", json!({}), chance),
        Way::Option | Way::OptionAndConfirm => {
            reserve(pool, other, "", json!({ "option_validity": 3 }), chance)
        }
        Way::ConfirmHeld => {
            let id = known(&other.held, chance);
            plain("POST", format!("{}/{id}/confirm", list(other)))
        }
        Way::CallOff => {
            let id = known(&other.held, chance);
            plain("POST", format!("{}/{id}/cancel", list(other)))
        }
        Way::Maintain => maintain(pool, other, chance),
        change => patch(change, pool, other, chance),
    }
}

fn reserve(
    pool: &Pool,
    other: &OtherPool,
    query: &str,
    attributes: Value,
    chance: &mut Chance,
) -> Asked {
    let (arrival, departure) = stay(pool.from, chance);
    let stay = Stay {
        rentable_type: two_rooms(pool, chance).0,
        arrival,
        departure,
    };
    Asked {
        method: "POST",
        path: format!("{}{query}", list(other)),
        document: Some(reservation(&stay, attributes)),
        creates: true,
    }
}

/// A change of any reservation of the property: through whichever dialect it was made.
fn patch(way: Way, pool: &Pool, other: &OtherPool, chance: &mut Chance) -> Asked {
    let id = match chance::percent(chance, 70) {
        true => known(&pool.taken, chance),
        false => known(&other.held, chance),
    };
    let (arrival, departure) = stay(pool.from, chance);
    let to =
        |kind: &str, id: i64| json!({ kind: { "data": { "type": kind, "id": id.to_string() } } });
    let (attributes, relationships) = match way {
        Way::PatchType => (json!({}), to("rentable_type", two_rooms(pool, chance).0)),
        Way::PatchUnit => (
            json!({}),
            to("inventory_object", known(&other.units, chance)),
        ),
        Way::PatchLonger => {
            let until = pool.from.saturating_add(WINDOW_NIGHTS.days());
            (
                json!({ "start_date": pool.from, "end_date": until }),
                json!({}),
            )
        }
        _ => (
            json!({ "start_date": arrival, "end_date": departure }),
            json!({}),
        ),
    };
    Asked {
        method: "PATCH",
        path: format!("/administrations/{}/reservations/{id}", pool.property),
        document: Some(json!({ "data": {
            "type": "reservation", "id": id.to_string(),
            "attributes": attributes, "relationships": relationships,
        } })),
        creates: false,
    }
}

fn maintain(pool: &Pool, other: &OtherPool, chance: &mut Chance) -> Asked {
    let (from, until) = stay(pool.from, chance);
    let unit = known(&other.units, chance).to_string();
    Asked {
        method: "POST",
        path: format!(
            "/administrations/{}/maintenance_agenda_periods",
            pool.property
        ),
        document: Some(json!({ "data": {
            "type": "agenda_period",
            "attributes": { "start_date": from, "end_date": until, "label": "Paint" },
            "relationships": { "inventory_object": { "data": {
                "type": "inventory_object", "id": unit,
            } } },
        } })),
        creates: true,
    }
}

/// What a property has for Booking Experts: a channel of its own, its units, and a hold in it. The property
/// must have room.
pub async fn make_pool(
    client: &mut BookingExperts,
    pool: &Pool,
    chance: &mut Chance,
) -> anyhow::Result<OtherPool> {
    let place = format!("/administrations/{}", pool.property);
    let channel = Asked {
        method: "POST",
        path: format!("{place}/channels"),
        document: Some(json!({ "data": { "type": "channel", "attributes": { "name": "Ways" } } })),
        creates: true,
    };
    let made = ask(client, &channel, &[]).await;
    let Some(channel) = made.made() else {
        anyhow::bail!("a channel could not be made: {made:?}");
    };
    let units = client
        .all_rows(&format!("{place}/inventory_objects?sort=id"))
        .await?;
    let ids = units
        .iter()
        .filter_map(|unit| unit.get("id")?.as_str()?.parse().ok());
    let mut other = OtherPool {
        channel,
        units: ids.collect(),
        held: Vec::new(),
    };
    hold(client, pool, &mut other, 1, chance).await;
    if other.units.is_empty() || other.held.is_empty() {
        anyhow::bail!("{place} has nothing to play with: {other:?}");
    }
    Ok(other)
}

/// Asks for so many holds, and keeps those that are made.
pub async fn hold(
    client: &mut BookingExperts,
    pool: &Pool,
    other: &mut OtherPool,
    count: usize,
    chance: &mut Chance,
) {
    for _ in 0..count {
        let asked = draw(Way::HoldAndConfirm, pool, other, chance);
        other.held.extend(ask(client, &asked, &CLEAN).await.made());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_sends_something_and_stays_inside_the_window() {
        let other = OtherPool {
            channel: 4,
            units: vec![5],
            held: vec![13],
        };
        let pool = Pool {
            property: 1,
            rooms: vec![2, 3],
            from: jiff::civil::date(2030, 5, 1),
            taken: vec![10],
            inquiries: vec![11],
            cancelled: vec![12],
            other: Some(other.clone()),
        };
        let ways = Way::ALL.iter().filter(|way| way.is_of_booking_experts());
        for way in ways {
            for part in 0..50 {
                let asked = draw(*way, &pool, &other, &mut chance::stream(1, part));
                let Some(document) = asked.document else {
                    assert!(asked.path.starts_with("/channels/4/reservations/13/"));
                    continue;
                };
                let stay = &document["data"]["attributes"];
                if let (Some(from), Some(until)) = (stay.get("start_date"), stay.get("end_date")) {
                    let (from, until) = (from.as_str().unwrap(), until.as_str().unwrap());
                    assert!(from < until && "2030-05-01" <= from && until <= "2030-05-07");
                }
            }
        }
    }
}
