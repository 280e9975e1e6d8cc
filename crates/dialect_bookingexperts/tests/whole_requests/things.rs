//! What somebody has, and the good calls that are made of it.

use std::collections::BTreeMap;

use dialect_bookingexperts::endpoints::{Gives, served};
use dialect_bookingexperts::kinds::bookings;
use jsonapi::{ResourceType, Write};
use serde_json::{Value, json};
use service::outgoing::Delivery;

use crate::described::{Described, UNKNOWN};
use crate::house::House;
use crate::world::World;
use crate::writing::{examples, linked};

/// What somebody has, by where it stands: ids of one of everything.
pub struct Things {
    world: World,
    by_list: BTreeMap<&'static str, String>,
    by_kind: BTreeMap<String, String>,
    /// Templates by the type of the messages that they are for, amenities by where they are answered.
    made_for: BTreeMap<&'static str, String>,
    /// All ids that are somebody's own.
    pub ids: Vec<String>,
}

impl Things {
    /// The things of an administration: what belongs to it and, where `shared` is said, what belongs to all
    /// administrations of the house.
    pub async fn of(house: &House, world: World, shared: bool) -> Self {
        let park = world.park.to_string();
        let (mut by_list, mut by_kind) = (BTreeMap::new(), BTreeMap::new());
        let mut made_for = BTreeMap::new();
        for (kind, medium) in [("message", "email"), ("internal_message", "internal")] {
            made_for.insert(kind, template(house, &park, medium).await);
        }
        for row in served() {
            if row.gives == Gives::Created && row.kind.name.ends_with("_amenity") {
                made_for.insert(row.path, amenity(house, &park).await);
            }
        }
        let mut ids = vec![park.clone()];
        for list in served().into_iter().filter(|row| row.gives == Gives::List) {
            let path = format!("{}?page[size]=100", world.path(list.path));
            let document = house.get(&path).await;
            for row in document["data"].as_array().unwrap() {
                let id = row["id"].as_str().unwrap();
                let kind = row["type"].as_str().unwrap();
                let home = &row["relationships"]["administration"]["data"]["id"];
                let is_own = *home == park || id == park || (shared && home.is_null());
                if !is_own {
                    continue;
                }
                // The world's own room, unit and booking fit together; the first of a kind does otherwise.
                let known =
                    [world.room, world.unit, world.booking, world.channel].map(|id| id.to_string());
                let fits = id == park || known.iter().any(|known| known == id);
                if fits || !by_list.contains_key(list.path) {
                    by_list.insert(list.path, id.to_owned());
                }
                if fits || !by_kind.contains_key(kind) {
                    by_kind.insert(kind.to_owned(), id.to_owned());
                }
                ids.push(id.to_owned());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Self {
            world,
            by_list,
            by_kind,
            made_for,
            ids,
        }
    }

    /// With a webhook endpoint of the app with this key.
    pub async fn with_endpoint(mut self, house: &House, key: &str) -> Self {
        let made = house.subscribe(key, endpoint()).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let delivery = self.delivery(house, &id).await;
        for (list, kind, id) in [
            ("/webhook_endpoints", "webhook_endpoint", id),
            ("/webhook_deliveries", "webhook_delivery", delivery),
        ] {
            self.by_list.insert(list, id.clone());
            self.by_kind.insert(kind.into(), id.clone());
            self.ids.push(id);
        }
        self
    }

    /// What the endpoint was told, and did not take.
    async fn delivery(&self, house: &House, endpoint: &str) -> String {
        let now = house.clock.now();
        let id = house.service.new_id(&house.actor_now());
        let delivery = Delivery {
            tenant_id: house.tenant_id,
            id,
            subscription_id: endpoint.parse().unwrap(),
            event_id: house.service.new_id(&house.actor_now()),
            event: "booking.placed".into(),
            name: "reservation:created".into(),
            subject_id: self.world.booking,
            organization_id: self.world.park,
            ordinal: 1,
            at: now,
            created_at: now,
            state: "failed".into(),
            open: false,
            resent: false,
            attempts: 3,
            tried_at: Some(now),
            next_at: now,
            body: br#"{"event":"reservation:created"}"#.to_vec(),
            content_type: "application/json".into(),
            headers: Vec::new(),
            facts: json!({}),
        };
        testkit::put_in(&house.store, delivery).await;
        id.to_string()
    }

    /// The id for a parameter of a path.
    pub fn in_path(&self, pattern: &str, name: &str) -> Option<&str> {
        if name != "id" {
            return None;
        }
        let list = pattern.split("/{id}").next().unwrap_or_default();
        self.by_list.get(list).map(String::as_str)
    }

    /// The id of something of this type.
    pub fn a(&self, kind: &str) -> Option<&str> {
        self.by_kind.get(kind).map(String::as_str)
    }

    /// A whole path, with one of its parameters replaced.
    pub fn path(&self, pattern: &str, replaced: Option<(&str, &str)>) -> String {
        let path = match replaced {
            Some((name, id)) => pattern.replace(&format!("{{{name}}}"), id),
            None => pattern.to_owned(),
        };
        let path = self.world.path(&path);
        path.replace("{id}", self.in_path(pattern, "id").unwrap_or(UNKNOWN))
    }

    /// The id of this house for a parameter of a path, whatever its name.
    pub fn parameter(&self, pattern: &str, name: &str) -> Option<String> {
        let own = self.in_path(pattern, name).map(str::to_owned);
        own.or_else(|| {
            let marked = format!("{{{name}}}");
            let path = self.world.path(&marked);
            (path != marked).then_some(path)
        })
    }

    /// A good document for an endpoint, or none where it takes none.
    pub fn document(&self, row: &Described) -> Option<Value> {
        let kind = row.carries?;
        let path = self.world.path(row.path);
        let list = path.split("/{id}").next().unwrap_or_default();
        let mut document = match kind.name {
            "reservation" => self.reservation(row),
            "webhook_endpoint" => {
                json!({ "data": { "type": kind.name, "attributes": endpoint() } })
            }
            "application_command_call" => {
                self.linked(kind, json!({}), &[("record", "reservation")])
            }
            "amenity_option" => self.linked(
                kind,
                json!({"name": {"en": "x"}}),
                &[("amenity", "amenity")],
            ),
            "payment" => self.linked(
                kind,
                json!({"paid_at": "2027-05-08", "foreign_price": 1}),
                &[("invoice", "invoice")],
            ),
            "payment_result" => self.linked(
                kind,
                json!({"state": "pending"}),
                &[("payment_request", "payment_request")],
            ),
            "agenda_period" => self.period(row, list),
            "rentable_type" | "category" => {
                self.linked(kind, json!({"name": {"en": "Heron"}}), &[])
            }
            "administration" => self.linked(kind, json!({"name": "Heron"}), &[]),
            "inventory_object" | "rentable_identity" => {
                let of = [("rentable_type", "rentable_type")];
                self.linked(kind, json!({"name": "Heron"}), &of)
            }
            answer if answer.ends_with("_amenity") => self.answer(kind, row.path),
            "invoice" => self.linked(
                kind,
                json!({"memo": "Soon"}),
                &[("reservation", "reservation")],
            ),
            "guest_mutation_notification" => {
                self.linked(kind, json!({}), &[("booking", "booking")])
            }
            "payment_request" => self.linked(
                kind,
                json!({"description": "Stay"}),
                &[("invoice", "invoice")],
            ),
            "message" | "internal_message" => self.message(kind),
            _ => examples(&self.world, list)
                .unwrap_or_else(|| panic!("{} {}: give an example of it", row.method, row.path)),
        };
        if row.path.contains("{id}") && kind.name != "application_command_call" {
            document["data"]["id"] = json!(self.in_path(row.path, "id").unwrap_or(UNKNOWN));
            let stays = |name: &str| {
                let attribute = kind.attribute(name).map(|known| known.write);
                attribute.or(kind.relationship(name).map(|known| known.write))
                    == Some(Write::Always)
            };
            for part in ["attributes", "relationships"] {
                let fields = document["data"].get_mut(part);
                if let Some(fields) = fields.and_then(Value::as_object_mut) {
                    fields.retain(|name, _| stays(name));
                }
            }
        }
        Some(document)
    }

    fn linked(&self, kind: &ResourceType, attributes: Value, ends: &[(&str, &str)]) -> Value {
        let id = |to: &str| self.a(to).unwrap_or(UNKNOWN).to_owned();
        let ends: Vec<_> = ends.iter().map(|(name, to)| (*name, *to, id(to))).collect();
        linked(kind.name, attributes, &ends)
    }

    /// Each of something is answered once: every path of answers has an amenity of its own.
    fn answer(&self, kind: &ResourceType, path: &str) -> Value {
        let subject = kind.relationships.iter().find(|end| end.name != "amenity");
        let subject = subject.map(|end| (end.name, end.targets[0])).unwrap();
        let mut document = self.linked(kind, json!({ "value": "7" }), &[subject]);
        let list = path.split("/{id}").next().unwrap_or_default();
        let amenity = json!({ "type": "amenity", "id": self.made_for[list] });
        document["data"]["relationships"]["amenity"] = json!({ "data": amenity });
        document
    }

    /// Mail and what stays in the house have templates of their own.
    fn message(&self, kind: &ResourceType) -> Value {
        let attributes = json!({ "recipient": "ada@example.org", "language": "en" });
        let mut document = self.linked(kind, attributes, &[("reservation", "reservation")]);
        let template = json!({ "type": "message_template", "id": self.made_for[kind.name] });
        document["data"]["relationships"]["message_template"] = json!({ "data": template });
        document
    }

    /// A unit is blocked once at a time: each kind of period has dates of its own.
    fn period(&self, row: &Described, list: &str) -> Value {
        let mut document = examples(&self.world, list).unwrap();
        let fields = &mut document["data"]["attributes"];
        if row.path.contains("{id}") {
            *fields = json!({ "label": "Floor" });
            document["data"]["relationships"] = json!({});
        } else if list.ends_with("external_blocked_agenda_periods") {
            fields["start_date"] = json!("2027-10-01");
            fields["end_date"] = json!("2027-10-03");
        }
        document
    }

    fn reservation(&self, row: &Described) -> Value {
        let kind = &bookings::RESERVATION;
        if row.path.contains("{id}") {
            return self.linked(kind, json!({ "note": "later" }), &[]);
        }
        let attributes = json!({
            "start_date": "2027-06-01", "end_date": "2027-06-03", "guest_group": { "adults": 2 },
        });
        self.linked(kind, attributes, &[("rentable_type", "rentable_type")])
    }

    /// The relationships of a document that may be set, with the types of what they lead to.
    pub fn ends(&self, row: &Described) -> Vec<(&'static str, &'static str, bool)> {
        let Some(kind) = row.carries else {
            return Vec::new();
        };
        let creates = !row.path.contains("{id}") || kind.name == "application_command_call";
        let may_set =
            |write: Write| write == Write::Always || (creates && write == Write::OnCreate);
        let ends = kind.relationships.iter().filter(|end| may_set(end.write));
        ends.map(|end| {
            let record = end.name == "record";
            let to = if record {
                "reservation"
            } else {
                end.targets[0]
            };
            (end.name, to, end.many)
        })
        .collect()
    }
}

/// Makes a template of messages.
async fn template(house: &House, park: &str, medium: &str) -> String {
    let text = json!({ "en": "Hello" });
    let attributes = json!({ "name": text, "subject": text, "body": text, "medium": medium });
    let document = linked("message_template", attributes, &[]);
    made(
        house,
        &format!("/administrations/{park}/message_templates"),
        &document,
    )
    .await
}

/// Makes an amenity that wants a number.
async fn amenity(house: &House, park: &str) -> String {
    let attributes = json!({ "name": { "en": "Saunas" }, "type": "Amenities::NumericalAmenity" });
    let document = linked("amenity", attributes, &[]);
    made(
        house,
        &format!("/administrations/{park}/amenities"),
        &document,
    )
    .await
}

async fn made(house: &House, path: &str, document: &Value) -> String {
    let made = house.send("POST", path, document).await;
    assert_eq!(made.status, 201, "{path}: {}", made.json());
    made.json()["data"]["id"].as_str().unwrap().to_owned()
}

/// Two names for one thing, of which a document has one.
const ALIASES: [&[&str]; 2] = [
    &["rentable_type", "category"],
    &["inventory_object", "rentable_identity", "rentable"],
];

/// A document that leads somewhere else.
pub fn leading(document: &Value, (name, kind, many): (&str, &str, bool), id: &str) -> Value {
    let mut document = document.clone();
    let aliases = ALIASES.iter().find(|aliases| aliases.contains(&name));
    if let Some(ends) = document["data"]["relationships"].as_object_mut() {
        ends.retain(|known, _| aliases.is_none_or(|aliases| !aliases.contains(&known.as_str())));
    }
    let to = json!({ "type": kind, "id": id });
    let data = if many { json!([to]) } else { to };
    document["data"]["relationships"][name] = json!({ "data": data });
    document
}

fn endpoint() -> Value {
    json!({ "target_url": "https://app.example/hook", "events": ["label:created"] })
}
