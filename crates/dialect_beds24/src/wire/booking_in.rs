//! Reads one item of POST /bookings.
//!
//! An item without `id` is a new booking, one with `id` a change of it. Whether a wrong value
//! refuses the item or is left out with a warning says the table: what decides which capacity is
//! taken is never guessed. Nothing here knows whether a room exists or a caller may write it.

use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::booking::shape;
use super::booking_out::Sees;
use super::check::{Problem, check};
use super::element::{Element, Remark, expectation};
use super::parts::cents;

/// What is attempted with an item, in the vendor's words.
pub const NEW_BOOKING: &str = "new booking";
/// What is attempted with an item that has an id.
pub const MODIFY_BOOKING: &str = "modify booking";

/// The most nights of one stay. A block may be long; a stay of ten years is a slip of the pen.
pub const MOST_NIGHTS: i32 = 1_100;

/// The fields without which there is no stay.
const REQUIRED: [&str; 3] = ["roomId", "arrival", "departure"];

/// An item that was read.
#[derive(Debug)]
pub struct BookingIn {
    /// The booking to change; none makes a new one.
    pub id: Option<i64>,
    /// The fields that were sent and could be taken.
    pub fields: Fields,
    /// Charges and payments.
    pub invoice_items: Vec<SubItemIn>,
    /// Coded remarks.
    pub info_items: Vec<SubItemIn>,
    /// What else should happen.
    pub actions: Actions,
}

/// A part of an item.
#[derive(Debug, PartialEq)]
pub enum SubItemIn {
    /// Came without an id.
    Add(Fields),
    /// Came with an id and fields.
    Change(i64, Fields),
    /// Came with its id alone.
    Delete(i64),
}

/// What else should happen with an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Actions {
    pub check_availability: bool,
    pub make_group: bool,
    pub auto_invoice_item_charge: bool,
    pub delete_invoice: bool,
    pub allow_webhooks: bool,
}

/// Checked fields. Three states each: absent, `null` (back to the default), a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(pub Map<String, Value>);

impl Fields {
    /// The text of a field; `null` is the empty text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0
            .get(name)
            .map(|value| value.as_str().unwrap_or_default().to_owned())
    }

    /// The whole number of a field, in the width that the limit of the field allows; `null` is the
    /// default given.
    pub fn whole<T: TryFrom<i64>>(&self, name: &str, default: T) -> Option<T> {
        let value = self.0.get(name)?;
        Some(
            value
                .as_i64()
                .and_then(|whole| T::try_from(whole).ok())
                .unwrap_or(default),
        )
    }

    /// The whole number of a field for which `null` is a value.
    pub fn whole_or_null(&self, name: &str) -> Option<Option<i64>> {
        self.0.get(name).map(Value::as_i64)
    }

    /// The decimal of a field, rounded to cents away from zero at the half; `null` is zero.
    pub fn amount(&self, name: &str) -> Option<Decimal> {
        let value = self.0.get(name)?;
        let exact = value
            .as_number()
            .and_then(|number| Decimal::from_str(&number.to_string()).ok())
            .unwrap_or_default();
        Some(cents(exact))
    }

    /// The date of a field; `null` is none.
    pub fn day(&self, name: &str) -> Option<Date> {
        self.0.get(name)?.as_str()?.parse().ok()
    }

    /// Whether a flag is set.
    pub fn is_set(&self, name: &str) -> bool {
        self.0
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// Takes the fields of these names out, as they were sent.
    pub fn take(&mut self, names: &[&str]) -> Vec<(String, Value)> {
        names
            .iter()
            .filter_map(|name| self.0.shift_remove_entry(*name))
            .collect()
    }
}

impl BookingIn {
    /// Reads an item for a caller who sees that much. What is wrong is said in `element`; an item
    /// that cannot be carried out for it is none.
    pub fn read(item: &Value, sees: Sees, element: &mut Element) -> Option<Self> {
        let Some(sent) = item.as_object() else {
            element.error(Remark::on(NEW_BOOKING).says(expectation("an object")));
            return None;
        };
        let is_change = sent.get("id").is_some_and(|id| !id.is_null());
        let action = if is_change {
            MODIFY_BOOKING
        } else {
            NEW_BOOKING
        };

        let mut problems = Vec::new();
        let mut taken = check(shape(), sent, &mut problems);
        let id = taken.shift_remove("id").and_then(|id| id.as_i64());
        strip_unseen(&mut taken, sees, &mut problems);
        let missing = missing_fields(&taken, is_change, &problems);
        say_problems(problems, &missing, action, element);
        for name in missing {
            element.error(Remark::on(action).field(name).says("invalid"));
        }

        let invoice_items = sub_items(taken.shift_remove("invoiceItems"));
        let info_items = sub_items(taken.shift_remove("infoItems"));
        let actions = Actions::read(taken.shift_remove("actions"), action, element);
        if !is_change {
            // For something new, null says no more than nothing.
            taken.retain(|_, value| !value.is_null());
        }
        let fields = Fields(taken);
        check_stay(&fields, action, element);
        (!element.has_errors()).then_some(Self {
            id,
            fields,
            invoice_items,
            info_items,
            actions,
        })
    }
}

impl Actions {
    /// Reads the actions; those that are asked for and not carried out are said in `element`.
    fn read(sent: Option<Value>, action: &'static str, element: &mut Element) -> Self {
        let Some(Value::Object(sent)) = sent else {
            return Self::default();
        };
        let asked = |name: &&str| sent.get(*name).is_some_and(asks);
        let remark = |name: &str| {
            let remark = Remark::on(action).field(format!("actions_{name}"));
            remark.says("not carried out by this server")
        };
        for name in NOBODY_NOTIFIED.into_iter().filter(asked) {
            element.inform(remark(name));
        }
        for name in NOT_NUMBERED.into_iter().filter(asked) {
            element.warn(remark(name));
        }
        let fields = Fields(sent);
        Self {
            check_availability: fields.is_set("checkAvailability"),
            make_group: fields.is_set("makeGroup"),
            auto_invoice_item_charge: fields.is_set("autoInvoiceItemCharge"),
            delete_invoice: fields.is_set("deleteInvoice"),
            allow_webhooks: fields.is_set("allowWebhooks"),
        }
    }
}

/// Leaves out, with a warning, what the caller's scopes do not let them write.
fn strip_unseen(taken: &mut Map<String, Value>, sees: Sees, problems: &mut Vec<Problem>) {
    if sees.personal && sees.financial {
        return;
    }
    taken.retain(|name, _| {
        let Some(field) = shape().field(name) else {
            return false;
        };
        let scope = match field.marks {
            marks if marks.personal && !sees.personal => "bookings-personal",
            marks if marks.financial && !sees.financial => "bookings-financial",
            _ => return true,
        };
        problems.push(Problem {
            path: name.clone(),
            expected: format!("a token with the scope write:{scope}"),
            fatal: false,
            bad_choice: false,
        });
        false
    });
    if !sees.financial {
        strip_financial_actions(taken, problems);
    }
}

/// The actions that make, number or remove charges.
const FINANCIAL_ACTIONS: [&str; 4] = [
    "autoInvoiceItemCharge",
    "deleteInvoice",
    "assignInvoiceNumber",
    "assignInvoiceNumberInvoicee",
];

/// The actions by which the vendor's server writes to guests and hosts, which this one does not. Many
/// clients send them with every booking, and would take one with a warning for refused; so it is said
/// as information.
const NOBODY_NOTIFIED: [&str; 2] = ["notifyGuest", "notifyHost"];

/// The actions by which the vendor's server numbers invoices, which this one does not. Who asks for a
/// number counts on it, and is warned.
const NOT_NUMBERED: [&str; 2] = ["assignInvoiceNumber", "assignInvoiceNumberInvoicee"];

/// Whether an action is asked for: a flag by yes, an action that takes a number by any.
fn asks(value: &Value) -> bool {
    matches!(value, Value::Bool(true) | Value::Number(_))
}

/// Leaves out, with a warning, the actions that touch what the caller may not write; otherwise the
/// whole call would be refused for one item.
fn strip_financial_actions(taken: &mut Map<String, Value>, problems: &mut Vec<Problem>) {
    let Some(Value::Object(actions)) = taken.get_mut("actions") else {
        return;
    };
    for name in FINANCIAL_ACTIONS {
        if actions.shift_remove(name).as_ref().is_some_and(asks) {
            problems.push(Problem {
                path: format!("actions_{name}"),
                expected: "a token with the scope write:bookings-financial".into(),
                fatal: false,
                bad_choice: false,
            });
        }
    }
}

/// The fields without which there is no stay: all of them for a new booking, and none of them may
/// be emptied by a change.
fn missing_fields(
    taken: &Map<String, Value>,
    is_change: bool,
    problems: &[Problem],
) -> Vec<&'static str> {
    let is_missing = |name: &&str| match taken.get(*name) {
        Some(value) => value.is_null(),
        None => !is_change || problems.iter().any(|problem| problem.path == *name),
    };
    REQUIRED.into_iter().filter(is_missing).collect()
}

/// Says all problems but those of the required fields, for which the vendor has a sentence.
fn say_problems(
    mut problems: Vec<Problem>,
    missing: &[&str],
    action: &'static str,
    element: &mut Element,
) {
    problems.retain(|problem| !missing.contains(&&*problem.path));
    element.problems(action, problems);
}

fn check_stay(fields: &Fields, action: &'static str, element: &mut Element) {
    let (Some(arrival), Some(departure)) = (fields.day("arrival"), fields.day("departure")) else {
        return;
    };
    let nights = domain::time::nights(arrival, departure);
    let expected = match nights {
        ..=0 => "a date after arrival".to_owned(),
        1..=MOST_NIGHTS => return,
        _ => format!("at most {MOST_NIGHTS} nights"),
    };
    element.error(
        Remark::on(action)
            .field("departure")
            .says(expectation(&expected)),
    );
}

fn sub_items(sent: Option<Value>) -> Vec<SubItemIn> {
    let Some(Value::Array(sent)) = sent else {
        return Vec::new();
    };
    let items = sent.into_iter().filter_map(|item| match item {
        Value::Object(mut fields) => {
            let id = fields.shift_remove("id").and_then(|id| id.as_i64());
            Some(match id {
                None => SubItemIn::Add(Fields(fields)),
                Some(id) if fields.is_empty() => SubItemIn::Delete(id),
                Some(id) => SubItemIn::Change(id, Fields(fields)),
            })
        }
        _ => None,
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ALL: Sees = Sees {
        personal: true,
        financial: true,
    };

    fn read(item: Value) -> (Option<BookingIn>, Value) {
        read_as(item, ALL)
    }

    fn read_as(item: Value, sees: Sees) -> (Option<BookingIn>, Value) {
        let mut element = Element::new();
        let booking = BookingIn::read(&item, sees, &mut element);
        (booking, serde_json::to_value(element).unwrap())
    }

    fn stay() -> Value {
        json!({"roomId": 8, "arrival": "2026-06-01", "departure": "2026-06-03"})
    }

    fn stay_with(name: &str, value: Value) -> Value {
        let mut item = stay();
        item[name] = value;
        item
    }

    #[test]
    fn a_new_booking_without_room_or_dates_is_refused_in_the_vendors_words() {
        let (booking, said) = read(json!({"lastName": "Guest"}));
        assert!(booking.is_none());
        let error = |field| json!({"action": "new booking", "field": field, "message": "invalid"});
        assert_eq!(
            said,
            json!({"success": false, "errors": [error("roomId"), error("arrival"), error("departure")]})
        );
    }

    #[test]
    fn a_date_that_does_not_exist_is_as_good_as_none() {
        for wrong in [
            json!("2026-06-31"),
            json!("01.06.2026"),
            json!(20260601),
            json!(null),
            json!("3026-06-01"),
        ] {
            let (booking, said) = read(stay_with("arrival", wrong));
            assert!(booking.is_none());
            assert_eq!(
                said["errors"],
                json!([{"action": "new booking", "field": "arrival", "message": "invalid"}])
            );
        }
        let (booking, said) = read(json!({"id": 5, "arrival": "2026-06-31"}));
        assert!(booking.is_none());
        assert_eq!(
            said["errors"],
            json!([{"action": "modify booking", "field": "arrival", "message": "invalid"}])
        );
    }

    #[test]
    fn a_departure_before_the_arrival_is_refused_with_what_was_expected() {
        for (departure, words) in [
            ("2026-06-01", "after arrival"),
            ("2026-05-01", "after arrival"),
            ("2036-06-01", "at most 1100 nights"),
        ] {
            let (booking, said) = read(stay_with("departure", json!(departure)));
            assert!(booking.is_none());
            assert!(
                said["errors"][0]["message"]
                    .as_str()
                    .unwrap()
                    .contains(words),
                "{said}"
            );
        }
    }

    #[test]
    fn a_change_needs_no_more_than_its_id_and_what_changes() {
        let (booking, said) = read(json!({"id": "90923575", "status": "cancelled"}));
        let booking = booking.unwrap();
        assert_eq!(
            (booking.id, booking.fields.text("status").as_deref()),
            (Some(90_923_575), Some("cancelled"))
        );
        assert_eq!(said, json!({"success": true}));
    }

    #[test]
    fn an_id_that_is_none_never_makes_a_new_booking() {
        for id in [
            json!(0),
            json!("x"),
            json!(-4),
            json!(""),
            json!(1.5),
            json!([]),
        ] {
            let (booking, said) = read(stay_with("id", id));
            assert!(booking.is_none());
            assert_eq!(said["errors"][0]["field"], "id");
        }
    }

    #[test]
    fn a_wrong_value_of_a_field_that_takes_no_capacity_is_left_out_with_a_warning() {
        let (booking, said) = read(stay_with("comments", json!("x".repeat(1001))));
        assert!(booking.unwrap().fields.text("comments").is_none());
        assert_eq!(
            said,
            json!({"success": false, "warnings": [{"action": "new booking", "field": "comments",
                "message": "invalid, expected text of at most 1000 characters"}]})
        );
    }

    #[test]
    fn a_wrong_value_of_a_field_that_takes_capacity_refuses_the_item() {
        for (name, value) in [
            ("status", json!("bogus")),
            ("roomQty", json!(0)),
            ("unitId", json!("a")),
            ("numAdult", json!(100)),
            ("actions", json!({"checkAvailability": "maybe"})),
        ] {
            let (booking, said) = read(stay_with(name, value));
            assert!(booking.is_none(), "{name}");
            assert_eq!(said["errors"].as_array().map(Vec::len), Some(1), "{name}");
        }
    }

    #[test]
    fn an_item_that_is_no_object_is_an_error_of_its_own() {
        for item in [json!(1), json!("x"), json!(null), json!([stay()])] {
            assert_eq!(
                read(item).1["errors"][0]["message"],
                "invalid, expected an object"
            );
        }
    }

    #[test]
    fn numbers_as_text_and_unknown_keys_are_taken_as_the_official_examples_send_them() {
        let (booking, said) = read(
            json!({"roomId": "8", "arrival": "2026-06-01", "departure": "2026-06-03",
            "mobile": 4915112345_i64, "numAdult": "2", "comment": "unknown", "price": "99.995"}),
        );
        let fields = booking.unwrap().fields;
        assert_eq!(said, json!({"success": true}));
        assert_eq!(fields.text("mobile").as_deref(), Some("4915112345"));
        assert_eq!(fields.whole("numAdult", 0_u16), Some(2));
        assert_eq!(fields.amount("price"), Some(Decimal::new(100, 0)));
    }

    #[test]
    fn parts_are_added_changed_and_deleted_by_their_id() {
        let (booking, _) = read(json!({"id": 5, "infoItems": [
            {"code": "A", "text": "new"}, {"id": 6, "text": "other"}, {"id": 7}]}));
        let fields = |value: Value| Fields(value.as_object().unwrap().clone());
        assert_eq!(
            booking.unwrap().info_items,
            [
                SubItemIn::Add(fields(json!({"code": "A", "text": "new"}))),
                SubItemIn::Change(6, fields(json!({"text": "other"}))),
                SubItemIn::Delete(7),
            ]
        );
    }

    #[test]
    fn null_leaves_a_group_and_empties_a_text() {
        let (booking, _) =
            read(json!({"id": 5, "masterId": null, "groupNote": null, "notes": null}));
        let fields = booking.unwrap().fields;
        assert_eq!(fields.whole_or_null("masterId"), Some(None));
        assert_eq!(fields.text("notes").as_deref(), Some(""));
        assert_eq!(fields.whole_or_null("invoiceeId"), None);
    }

    #[test]
    fn what_the_scopes_do_not_cover_is_left_out_with_a_warning() {
        let mut item = stay_with("lastName", json!("Guest"));
        item["price"] = json!(5);
        item["invoiceItems"] = json!([{"type": "charge"}]);
        let (booking, said) = read_as(
            item,
            Sees {
                personal: false,
                financial: false,
            },
        );
        let booking = booking.unwrap();
        assert!(
            booking.fields.text("lastName").is_none() && booking.fields.amount("price").is_none()
        );
        assert!(booking.invoice_items.is_empty());
        assert_eq!(said["warnings"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn actions_are_read_as_flags() {
        let (booking, _) = read(stay_with(
            "actions",
            json!({"checkAvailability": true, "makeGroup": 1, "notifyGuest": true}),
        ));
        let actions = booking.unwrap().actions;
        assert!(actions.check_availability && actions.make_group && !actions.allow_webhooks);
    }

    #[test]
    fn actions_that_are_not_carried_out_are_said_when_they_are_asked_for() {
        let asked = json!({"notifyGuest": true, "notifyHost": "true", "assignInvoiceNumber": 1,
            "assignInvoiceNumberInvoicee": "77", "assignBooking": true, "deleteInvoice": true});
        let (booking, said) = read(json!({"id": 5, "actions": asked}));
        assert!(booking.is_some());
        let remark = |name: &str| {
            json!({"action": "modify booking", "field": format!("actions_{name}"),
                "message": "not carried out by this server"})
        };
        let info = NOBODY_NOTIFIED.map(remark);
        assert_eq!(
            said,
            json!({"success": false, "warnings": NOT_NUMBERED.map(remark), "info": info})
        );
        // A booking is none the worse for a message that nobody gets.
        let (_, said) =
            read(json!({"id": 5, "actions": {"notifyGuest": true, "notifyHost": true}}));
        assert_eq!(said, json!({"success": true, "info": info}));
        let not_asked = json!({"notifyGuest": false, "notifyHost": null, "assignInvoiceNumber": 0,
            "assignInvoiceNumberInvoicee": null});
        let (_, said) = read(json!({"id": 5, "actions": not_asked}));
        assert_eq!(said, json!({"success": true}));
    }

    #[test]
    fn numbering_an_invoice_is_a_financial_action() {
        let sees = Sees {
            personal: true,
            financial: false,
        };
        let item = stay_with(
            "actions",
            json!({"assignInvoiceNumber": true, "assignInvoiceNumberInvoicee": 7, "notifyHost": false}),
        );
        let (booking, said) = read_as(item, sees);
        assert!(booking.is_some());
        let warning = |name: &str| {
            json!({"action": "new booking", "field": format!("actions_{name}"),
                "message": "invalid, expected a token with the scope write:bookings-financial"})
        };
        assert_eq!(
            said["warnings"],
            json!(["assignInvoiceNumber", "assignInvoiceNumberInvoicee"].map(warning))
        );
    }
}
