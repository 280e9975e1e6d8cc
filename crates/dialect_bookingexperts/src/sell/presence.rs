//! Guests who come and go: on which day they have checked in and out, and what becomes of their reservation.

use domain::booking::Status;
use http_kit::Refusal;
use jiff::civil::Date;
use jsonapi::{Draft, Errors};
use serde_json::Value;
use service::sale::{Booking, Extra};

use super::{change::FIRM, stay::Stay, wish::Wish};
use crate::errors::refusal;
use crate::rows::bookings::{CHECKED_IN_ON, CHECKED_OUT_ON, checked_in_on, checked_out_on};

/// What becomes of a reservation whose guests come or go.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The state that it goes to.
    pub status: Status,
    /// The days, as they are noted.
    pub noted: Extra,
}

/// What a request says of guests who come and go; none where it says nothing, or only that nobody has come to
/// where nobody has.
///
/// # Errors
/// 422 for days that are not in their order, or still to come. A reservation that is not confirmed is refused where
/// it changes.
pub fn turn(
    draft: &Draft,
    wish: &Wish,
    before: &Booking,
    stay: &Stay,
    today: Date,
) -> Result<Option<Turn>, Refusal> {
    if wish.checked_in.is_none() && wish.checked_out.is_none() {
        return Ok(None);
    }
    let came = wish.checked_in.unwrap_or_else(|| checked_in_on(before));
    let left = wish.checked_out.unwrap_or_else(|| checked_out_on(before));
    let status = match (came, left) {
        (_, Some(_)) => Status::Completed,
        // Whoever has left by another way has left, whenever they came.
        (Some(_), None) if before.status == Status::Completed && wish.checked_out.is_none() => {
            Status::Completed
        }
        (Some(_), None) => Status::InHouse,
        (None, None) if matches!(before.status, Status::InHouse | Status::Completed) => {
            Status::Confirmed
        }
        (None, None) => return Ok(None),
    };
    if FIRM.contains(&before.status) {
        judge(draft, wish, (came, left), stay, today)?;
    }
    let noted = |name: &str, day: Option<Date>| {
        let day = day.map_or(Value::Null, |day| day.to_string().into());
        (name.to_owned(), day)
    };
    let noted = [noted(CHECKED_IN_ON, came), noted(CHECKED_OUT_ON, left)];
    Ok(Some(Turn {
        status,
        noted: noted.into_iter().collect(),
    }))
}

/// Judges the days that a request mentions; those that are noted already were judged when they were.
fn judge(
    draft: &Draft,
    wish: &Wish,
    (came, left): (Option<Date>, Option<Date>),
    stay: &Stay,
    today: Date,
) -> Result<(), Refusal> {
    let mut errors = Errors::default();
    let mut refuse = |name: &str, detail: String| errors.push(draft.refuse(name, detail));
    let mentioned = [
        (CHECKED_IN_ON, wish.checked_in.flatten()),
        (CHECKED_OUT_ON, wish.checked_out.flatten()),
    ];
    for (name, day) in mentioned {
        if day.is_some_and(|day| day > today) {
            refuse(name, format!("It is still to come: today is {today}"));
        }
    }
    if let Some(day) = wish.checked_in.flatten() {
        let Stay {
            arrival, departure, ..
        } = stay;
        if day < *arrival {
            refuse(
                CHECKED_IN_ON,
                format!("It is before the arrival, {arrival}"),
            );
        } else if day > *departure {
            refuse(
                CHECKED_IN_ON,
                format!("It is after the departure, {departure}"),
            );
        }
    }
    // Whichever of the two is said now is the one that does not fit the other.
    let name = if wish.checked_out.flatten().is_some() {
        CHECKED_OUT_ON
    } else {
        CHECKED_IN_ON
    };
    match (came, left) {
        (None, Some(_)) => {
            let detail = "Nobody has checked out who has not checked in";
            refuse(name, detail.to_owned());
        }
        (Some(came), Some(left)) if left < came => {
            let detail = format!("They checked in on {came}, and checked out on {left}");
            refuse(name, detail);
        }
        _ => {}
    }
    errors.unless_any(()).map_err(refusal)
}
