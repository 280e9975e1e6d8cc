//! What a change of a booking has changed, as those are told who listen: attribute by attribute, with the old
//! and the new value. Written by the store and read by dialects, by one list of columns.

use serde_json::{Map, Value, json};

use super::Booking;

/// Does something with each column that is told. What a column says of the writes themselves, or follows from
/// others, is no change.
macro_rules! told_columns {
    ($each:ident) => {
        $each!(
            organization_id,
            resource_id,
            group_id,
            status,
            opened,
            arrival_on,
            departure_on,
            channel,
            external_reference,
            quantity,
            cancelled_at,
            held_until,
        )
    };
}

/// Attributes with their `[old, new]` values; details by their own names, those inside of them as
/// `contact.last_name`. What is not there is null.
pub fn between(before: &Booking, after: &Booking) -> Map<String, Value> {
    let mut changes = Map::new();
    macro_rules! compare {
        ($($field:ident),+ $(,)?) => { $(
            if before.$field != after.$field {
                changes.insert(stringify!($field).to_owned(), json!([before.$field, after.$field]));
            }
        )+ };
    }
    told_columns!(compare);
    if before.details != after.details {
        let (old, new) = (json!(before.details), json!(after.details));
        differences("", &old, &new, &mut changes);
    }
    changes
}

/// Notes what differs between two objects; objects inside of the outer ones likewise.
fn differences(prefix: &str, old: &Value, new: &Value, changes: &mut Map<String, Value>) {
    let empty = Map::new();
    let of = |value: &'_ Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (old, new) = (of(old), of(new));
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    for name in new.keys().chain(gone) {
        let (was, is) = (
            old.get(name).unwrap_or(&Value::Null),
            new.get(name).unwrap_or(&Value::Null),
        );
        if was == is {
            continue;
        }
        let path = format!("{prefix}{name}");
        if prefix.is_empty() && (was.is_object() || is.is_object()) {
            differences(&format!("{path}."), was, is, changes);
        } else {
            changes.insert(path, json!([was, is]));
        }
    }
}

/// Gives a booking a value of an attribute that was told. What cannot be understood stays as it is.
pub fn set(booking: &mut Booking, name: &str, value: &Value) {
    macro_rules! columns {
        ($($field:ident),+ $(,)?) => {
            match name {
                $(stringify!($field) => {
                    if let Ok(value) = serde_json::from_value(value.clone()) {
                        booking.$field = value;
                    }
                })+
                _ => set_detail(booking, name, value),
            }
        };
    }
    told_columns!(columns);
}

fn set_detail(booking: &mut Booking, name: &str, value: &Value) {
    let Ok(Value::Object(mut details)) = serde_json::to_value(&booking.details) else {
        return;
    };
    let mut place = &mut details;
    let mut leaf = name;
    if let Some((outer, inner)) = name.split_once('.') {
        let inside = place.entry(outer).or_insert_with(|| json!({}));
        let Value::Object(inside) = inside else {
            return;
        };
        (place, leaf) = (inside, inner);
    }
    if value.is_null() {
        place.remove(leaf);
    } else {
        place.insert(leaf.to_owned(), value.clone());
    }
    if let Ok(details) = serde_json::from_value(Value::Object(details)) {
        booking.details = details;
    }
}

#[cfg(test)]
mod tests {
    use domain::{booking::Status, id::Id};
    use jiff::{Timestamp, civil::date};
    use rust_decimal::Decimal;

    use super::*;
    use crate::sale::BookingDetails;

    fn booking() -> Booking {
        let id = Id::SMALLEST;
        let mut details = BookingDetails {
            price: Decimal::new(12_050, 2),
            notes: "Two keys".into(),
            ..BookingDetails::default()
        };
        details.contact.last_name = "Vos".into();
        details.contact.email = "vos@example.org".into();
        details.extra.insert("late_checkout".into(), json!(true));
        Booking {
            tenant_id: id,
            id,
            organization_id: id,
            resource_id: id,
            group_id: None,
            status: Status::Held,
            opened: false,
            arrival_on: date(2027, 5, 7),
            departure_on: date(2027, 5, 9),
            starts_at: Timestamp::UNIX_EPOCH,
            ends_at: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
            channel: "direct".into(),
            external_reference: String::new(),
            search: String::new(),
            version: 1,
            quantity: 1,
            cancelled_at: None,
            held_until: Some(Timestamp::UNIX_EPOCH),
            details,
        }
    }

    fn changed() -> Booking {
        let mut after = booking();
        let other = Id::new(7).unwrap();
        (after.organization_id, after.resource_id, after.group_id) = (other, other, Some(other));
        (after.status, after.opened) = (Status::Confirmed, true);
        (after.arrival_on, after.departure_on) = (date(2027, 5, 8), date(2027, 5, 12));
        (after.channel, after.external_reference) = ("shop".into(), "R-1".into());
        (after.quantity, after.held_until) = (2, None);
        after.cancelled_at = Some(Timestamp::UNIX_EPOCH);
        let details = &mut after.details;
        (details.party.adults, details.ages.adults) = (2, 2);
        details.contact.last_name = "Lund".into();
        details.contact.email.clear();
        details.price = Decimal::new(9_900, 2);
        details.notes.clear();
        details.comments = "Late".into();
        details.extra.remove("late_checkout");
        details.extra.insert("access_code".into(), json!("0815"));
        after
    }

    #[test]
    fn what_is_told_of_a_change_leads_from_either_side_to_the_other() {
        let (before, after) = (booking(), changed());
        let changes = between(&before, &after);
        for name in [
            "status",
            "contact.last_name",
            "extra.late_checkout",
            "price",
            "group_id",
        ] {
            assert!(
                changes.contains_key(name),
                "{name} is not among {changes:?}"
            );
        }
        for (place, from, to) in [(1, &before, &after), (0, &after, &before)] {
            let mut walked = from.clone();
            for (name, pair) in &changes {
                set(&mut walked, name, &pair[place]);
            }
            assert_eq!(walked, *to);
        }
    }

    #[test]
    fn what_a_write_notes_of_itself_is_no_change() {
        let mut after = booking();
        after.version += 1;
        after.search = "vos".into();
        after.changed_at = Timestamp::MAX;
        assert!(between(&booking(), &after).is_empty());
    }

    #[test]
    fn what_cannot_be_understood_stays_as_it_is() {
        for (name, value) in [
            ("status", json!("asleep")),
            ("arrival_on", json!(7)),
            ("party", json!("two")),
            ("notes.first", json!("x")),
            ("price", json!({})),
        ] {
            let mut walked = booking();
            set(&mut walked, name, &value);
            assert_eq!(walked, booking(), "{name}");
        }
    }
}
