//! The names of events: `resource:verb`, and what of the house's events is told under which of them.
//!
//! One event may be told under several names, since one stored row can be several resources: a unit is an
//! inventory object, a rentable identity and a rentable. Whether the row is shown as such a resource at
//! all, and to whom, is found out when it is rendered.

use std::collections::BTreeSet;

use jsonapi::ResourceType;
use serde_json::Value;
use service::outgoing::render::Event;

use crate::{kinds, rows};

/// What happens to every resource.
const ALWAYS: &[&str] = &["created", "updated", "deleted"];

/// What else happens to some.
const MORE: &[(&str, &[&str])] = &[
    (
        "reservation",
        &[
            "confirmed",
            "cancelled",
            "checked_in",
            "checked_out",
            "order_items_updated",
        ],
    ),
    ("rentable_type", SALES),
    ("category", SALES),
];

const SALES: &[&str] = &["reindexed", "availability_updated", "prices_updated"];

/// The house's words for what is stored, and the resources that it is shown as.
pub const NOUNS: &[(&str, &[&str])] = &[
    ("agreement", &["agreement"]),
    ("amenity", &["amenity"]),
    ("amenity_group", &["amenity_group"]),
    ("amenity_option", &["amenity_option"]),
    ("application_command", &["application_command"]),
    ("block", &["agenda_period"]),
    ("campaign", &["discount_campaign"]),
    ("cancellation_rule", &["cancellation_rule"]),
    ("channel", &["channel"]),
    ("city", &["city"]),
    ("contractor", &["contractor"]),
    ("cost", &["cost"]),
    ("coupon", &["coupon"]),
    ("customer", &["customer"]),
    ("discount_card", &["discount_card"]),
    ("extra", &["extra"]),
    ("guest", &["guest"]),
    ("guest_mutation", &["guest_mutation_notification"]),
    ("image", &["image"]),
    ("invoice", &["invoice"]),
    ("label", &["label"]),
    ("message", &["message", "internal_message"]),
    ("message_template", &["message_template"]),
    ("owner", &["owner"]),
    ("package", &["package"]),
    ("payment", &["payment"]),
    ("payment_method", &["payment_method"]),
    ("payment_request", &["payment_request"]),
    ("payment_result", &["payment_result"]),
    ("periodic_cost", &["periodic_cost"]),
    ("price_list", &["master_price_list"]),
    ("property", &["administration"]),
    ("region", &["region"]),
    ("review", &["review"]),
    ("room", &["rentable_type", "category"]),
    ("segment", &["rentable_segment", "category_group"]),
    ("tenant_profile", &["organization"]),
    ("todo", &["todo"]),
    (
        "unit",
        &["inventory_object", "rentable_identity", "rentable"],
    ),
];

/// What hangs on something else and is told as a change of that.
const PARTS: &[(&str, &[&str])] = &[
    (
        "amenity_value",
        &[
            "administration",
            "rentable_type",
            "category",
            "rentable",
            "reservation",
        ],
    ),
    ("booked_package", &["reservation"]),
    ("in_city", &["administration"]),
    ("in_region", &["administration"]),
    ("in_segment", &["rentable_type", "category"]),
    (
        "labelled",
        &["inventory_object", "rentable_identity", "reservation"],
    ),
    ("limited_to", &["discount_campaign"]),
    ("order", &["booking"]),
    ("sold_in", &["channel"]),
];

/// What a booking is shown as.
const BOOKED: &[&str] = &["reservation", "booking", "order", "agenda_period"];

/// A name as it is kept: the older spelling has a bar where the newer one has a colon.
pub fn normal(name: &str) -> String {
    name.trim().replacen('|', ":", 1)
}

/// The resource and the verb of a name; none where no event is called so.
pub fn parse(name: &str) -> Option<(&'static ResourceType, &str)> {
    let (resource, verb) = name.split_once(':')?;
    let mut kinds = kinds::TYPES.iter();
    let kind = kinds.find(|kind| kind.name == resource)?;
    rows::needs(kind)?;
    let more = MORE.iter().filter(|(known, _)| *known == resource);
    let mut verbs = more.flat_map(|(_, verbs)| *verbs).chain(ALWAYS);
    verbs.any(|known| *known == verb).then_some((*kind, verb))
}

/// Every name that an event may have, in the newer spelling.
pub fn all() -> Vec<String> {
    let verbs = MORE.iter().flat_map(|(_, verbs)| *verbs).chain(ALWAYS);
    let verbs: BTreeSet<&str> = verbs.copied().collect();
    let kinds = kinds::TYPES.iter();
    let names = kinds.flat_map(|kind| verbs.iter().map(|verb| format!("{}:{verb}", kind.name)));
    names.filter(|name| parse(name).is_some()).collect()
}

/// The names under which an event is told.
pub fn of(event: &Event) -> Vec<String> {
    let Some((noun, what)) = event.event.split_once('.') else {
        return Vec::new();
    };
    match noun {
        "booking" => of_booking(what, &event.facts),
        "room" if what == "freed" => of_types(&["reindexed", "availability_updated"]),
        // Prices and what is free stand in one calendar, so one of them may not have changed.
        "calendar" => of_types(SALES),
        "resource" => {
            let capacity = of_types(&["reindexed", "availability_updated"]);
            with_verb(&["rentable_type", "category"], "updated")
                .chain(capacity)
                .collect()
        }
        _ => {
            let whole = told(NOUNS, noun).zip(verb(what));
            let part = told(PARTS, noun).map(|kinds| (kinds, "updated"));
            let all = whole.into_iter().chain(part);
            all.flat_map(|(kinds, verb)| with_verb(kinds, verb))
                .collect()
        }
    }
}

fn told(table: &[(&str, &'static [&'static str])], noun: &str) -> Option<&'static [&'static str]> {
    let found = table.iter().find(|(known, _)| *known == noun);
    found.map(|(_, kinds)| *kinds)
}

fn verb(what: &str) -> Option<&'static str> {
    match what {
        "created" | "placed" => Some("created"),
        "changed" => Some("updated"),
        "removed" => Some("deleted"),
        _ => None,
    }
}

fn with_verb(
    kinds: &'static [&'static str],
    verb: &'static str,
) -> impl Iterator<Item = String> + use<> {
    kinds.iter().map(move |kind| format!("{kind}:{verb}"))
}

fn of_types(verbs: &[&str]) -> Vec<String> {
    let both = ["rentable_type", "category"].into_iter();
    both.flat_map(|kind| verbs.iter().map(move |verb| format!("{kind}:{verb}")))
        .collect()
}

/// What a change of a booking has changed.
struct Changes<'a>(Option<&'a serde_json::Map<String, Value>>);

impl Changes<'_> {
    fn has(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.0
            .is_some_and(|all| all.keys().any(|name| wanted(name)))
    }

    /// Whether an attribute has become this.
    fn became(&self, name: &str, is: impl Fn(&Value) -> bool) -> bool {
        let pair = self.0.and_then(|all| all.get(name));
        pair.is_some_and(|pair| is(&pair[1]))
    }

    /// Whether an attribute was this before.
    fn was(&self, name: &str, is: impl Fn(&Value) -> bool) -> bool {
        let pair = self.0.and_then(|all| all.get(name));
        pair.is_some_and(|pair| is(&pair[0]))
    }
}

fn of_booking(what: &str, facts: &Value) -> Vec<String> {
    let sold = of_types(&["reindexed", "availability_updated"]);
    match what {
        "placed" => {
            let all = with_verb(BOOKED, "created").chain(["customer:created".to_owned()]);
            all.chain(sold).collect()
        }
        "removed" => with_verb(BOOKED, "deleted").chain(sold).collect(),
        _ => of_changed_booking(what, &Changes(facts["changes"].as_object()), sold),
    }
}

fn of_changed_booking(what: &str, changes: &Changes<'_>, sold: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = with_verb(BOOKED, "updated").collect();
    let mut also = |is_so: bool, name: &str| {
        if is_so {
            names.push(name.to_owned());
        }
    };
    let is = |word: &'static str| move |value: &Value| value == word;
    // A day that is corrected is not the day of another arrival.
    let came = |name: &str| {
        changes.was(name, Value::is_null) && changes.became(name, |value| !value.is_null())
    };
    also(what == "confirmed", "reservation:confirmed");
    also(what == "cancelled", "reservation:cancelled");
    // Whoever takes a check-out back has checked nobody in.
    let moved_in =
        changes.became("status", is("in_house")) && !changes.was("status", is("completed"));
    let checked_in = moved_in || came("extra.checked_in_on");
    also(checked_in, "reservation:checked_in");
    let checked_out = changes.became("status", is("completed")) || came("extra.checked_out_on");
    also(checked_out, "reservation:checked_out");
    // Lines are no attributes: where a booking was written and none of its own has changed, they have.
    let is_price = changes.has(|name| name == "price");
    also(
        changes.0.is_none() || is_price,
        "reservation:order_items_updated",
    );
    let is_contact = changes.has(|name| name.starts_with("contact."));
    also(is_contact, "customer:updated");
    let moves = [
        "arrival_on",
        "departure_on",
        "quantity",
        "resource_id",
        "status",
    ];
    if changes.has(|name| moves.contains(&name)) {
        names.extend(sold);
    }
    names
}

#[cfg(test)]
mod tests {
    use domain::id::Id;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn names(event: &str, facts: Value) -> Vec<String> {
        of(&Event {
            tenant_id: Id::SMALLEST,
            id: Id::SMALLEST,
            event: event.to_owned(),
            subject_id: Id::SMALLEST,
            organization_id: Id::SMALLEST,
            ordinal: 1,
            at: Timestamp::UNIX_EPOCH,
            facts,
        })
    }

    fn has(event: &str, facts: Value, name: &str) -> bool {
        names(event, facts).iter().any(|told| told == name)
    }

    #[test]
    fn every_name_under_which_something_is_told_can_be_subscribed_to() {
        let nouns = NOUNS.iter().chain(PARTS).map(|(noun, _)| *noun);
        let nouns = nouns.chain(["booking", "calendar", "resource"]);
        let mut told = 0;
        for noun in nouns {
            for what in [
                "created",
                "placed",
                "changed",
                "confirmed",
                "cancelled",
                "removed",
            ] {
                for name in names(&format!("{noun}.{what}"), json!({})) {
                    assert!(parse(&name).is_some(), "{noun}.{what}: {name}");
                    told += 1;
                }
            }
        }
        assert!(told > 100);
    }

    #[test]
    fn both_spellings_are_one_name_and_what_never_happens_is_none() {
        assert_eq!(normal("reservation|created"), "reservation:created");
        for known in [
            "reservation:checked_in",
            "todo:deleted",
            "category:reindexed",
        ] {
            assert!(parse(known).is_some(), "{known}");
        }
        for unknown in [
            "reservation",
            "reservation:exploded",
            "todo:confirmed",
            "webhook_endpoint:created",
            "subscription:updated",
            "facility:created",
            "",
        ] {
            assert!(parse(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn a_booking_tells_what_has_become_of_it() {
        let confirmed = json!({ "changes": { "status": ["held", "confirmed"] } });
        assert!(has(
            "booking.confirmed",
            confirmed.clone(),
            "reservation:confirmed"
        ));
        assert!(has(
            "booking.confirmed",
            confirmed,
            "rentable_type:availability_updated"
        ));
        let arrived = json!({ "changes": { "status": ["confirmed", "in_house"] } });
        assert!(has("booking.changed", arrived, "reservation:checked_in"));
        let left = json!({ "changes": {
            "status": ["confirmed", "completed"],
            "extra.checked_in_on": [null, "2027-06-01"],
            "extra.checked_out_on": [null, "2027-06-03"],
        } });
        for verb in ["checked_in", "checked_out"] {
            let name = format!("reservation:{verb}");
            assert!(has("booking.changed", left.clone(), &name), "{verb}");
        }
        let taken_back = json!({ "changes": {
            "status": ["completed", "in_house"],
            "extra.checked_out_on": ["2027-06-03", null],
        } });
        let corrected =
            json!({ "changes": { "extra.checked_in_on": ["2027-06-01", "2027-06-02"] } });
        for facts in [taken_back, corrected] {
            for verb in ["checked_in", "checked_out"] {
                let name = format!("reservation:{verb}");
                assert!(!has("booking.changed", facts.clone(), &name), "{facts}");
            }
        }
        let noted = json!({ "changes": { "notes": [null, "late"] } });
        assert!(!has(
            "booking.changed",
            noted.clone(),
            "rentable_type:reindexed"
        ));
        let pinned = json!({ "changes": { "pinned": [false, true] } });
        for facts in [noted, pinned] {
            let name = "reservation:order_items_updated";
            assert!(!has("booking.changed", facts.clone(), name), "{facts}");
            assert!(has("booking.changed", facts, "reservation:updated"));
        }
        assert!(has(
            "booking.changed",
            json!({}),
            "reservation:order_items_updated"
        ));
    }
}
