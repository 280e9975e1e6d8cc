//! What the table does not say of an endpoint: which word opens it, whose ids stand in it, and what a
//! good call sends. The walks over the whole table are made from this; an endpoint that is not described
//! here fails them, so a new endpoint is walked by being described.

use std::collections::BTreeMap;

use dialect_bookingexperts::endpoints::{Gives, Served, served};
use dialect_bookingexperts::kinds::{bookings, leaving, platform};
use dialect_bookingexperts::{api, scopes};
use http_kit::Row;
use jsonapi::{ResourceType, Write};
use serde_json::{Value, json};

use crate::house::House;
use crate::world::World;
use crate::writing::{examples, linked};

/// An id that nothing has.
pub const UNKNOWN: &str = "4503599627370497";

/// What is described of an endpoint.
pub struct Described {
    /// The method.
    pub method: String,
    /// The path's pattern.
    pub path: &'static str,
    /// The words of which one opens it; none where every app may call it.
    pub words: Vec<String>,
    /// The type that a request carries, where it carries a document.
    pub carries: Option<&'static ResourceType>,
    /// Parameters of the query in which ids stand, with the types of what they name.
    pub asks: Vec<(String, &'static str)>,
}

/// Every endpoint but the document, which is public.
pub fn all() -> Vec<Described> {
    let rows = api().unwrap().rows();
    let all = rows.iter().filter(|row| row.path != "/oas3.json");
    all.map(of).collect()
}

fn of(row: &Row) -> Described {
    let method = row.method.as_str();
    let is_it = |served: &Served| (served.gives.method(), served.path) == (method, row.path);
    let found = served().into_iter().find(is_it).map(of_served);
    let found = found.or_else(|| {
        let by_hand = selling().into_iter().chain(around());
        let mut by_hand = by_hand.filter(|known| known.method == method);
        by_hand.find(|known| known.path == row.path)
    });
    found.unwrap_or_else(|| panic!("{method} {} is new: describe it in described.rs", row.path))
}

fn of_served(served: Served) -> Described {
    let reads = served.gives.reads();
    let kind = served.kind;
    let filters = match served.gives {
        Gives::List => filters(kind),
        _ => Vec::new(),
    };
    Described {
        method: served.gives.method().to_owned(),
        path: served.path,
        words: match reads {
            true => scopes::reading(kind),
            false => scopes::writing(kind),
        },
        carries: (!reads && served.gives != Gives::Removed).then_some(kind),
        asks: filters,
    }
}

/// The filters of a list in which ids stand.
fn filters(kind: &ResourceType) -> Vec<(String, &'static str)> {
    let ends = kind.relationships.iter().filter(|end| end.filterable);
    let ends = ends.map(|end| (format!("filter[{}]", end.name), end.targets[0]));
    let own = kind
        .attribute("id")
        .is_none()
        .then(|| ("filter[id]".to_owned(), kind.name));
    own.into_iter().chain(ends).collect()
}

fn plain(method: &str, path: &'static str) -> Described {
    Described {
        method: method.to_owned(),
        path,
        words: Vec::new(),
        carries: None,
        asks: Vec::new(),
    }
}

/// What sells.
fn selling() -> Vec<Described> {
    let sells = |method: &str, path| Described {
        words: vec!["reservation|write".to_owned()],
        ..plain(method, path)
    };
    let carries = |method: &str, path| Described {
        carries: Some(&bookings::RESERVATION),
        ..sells(method, path)
    };
    let shows = |path, asks: &[(&str, &'static str)]| Described {
        words: vec!["availability|read".to_owned()],
        asks: asks
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
        ..plain("GET", path)
    };
    let mut all = vec![
        carries("POST", "/channels/{channel_id}/reservations"),
        carries("POST", "/channels/{channel_id}/reservations/preview"),
        sells("DELETE", "/channels/{channel_id}/reservations/{id}"),
        shows(
            "/availabilities",
            &[
                ("channel_ids", "channel"),
                ("filter[administration_ids]", "administration"),
                ("filter[rentable_type_ids]", "rentable_type"),
                ("filter[-rentable_type_ids]", "rentable_type"),
                ("filter[rentable_segment_ids]", "rentable_segment"),
                ("filter[-rentable_segment_ids]", "rentable_segment"),
                ("filter[amenity_ids]", "amenity"),
            ],
        ),
        shows(
            "/channels/{channel_id}/rentable_types/{id}/availabilities",
            &[],
        ),
        shows("/channels/{channel_id}/categories/{id}/availabilities", &[]),
    ];
    all.extend([
        carries("PATCH", "/channels/{channel_id}/reservations/{id}"),
        carries("POST", "/channels/{channel_id}/reservations/{id}/preview"),
        sells("POST", "/channels/{channel_id}/reservations/{id}/confirm"),
        sells("POST", "/channels/{channel_id}/reservations/{id}/cancel"),
        carries(
            "PATCH",
            "/administrations/{administration_id}/reservations/{id}",
        ),
        carries(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/preview",
        ),
        sells(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/confirm",
        ),
        sells(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/cancel",
        ),
    ]);
    all
}

/// Webhooks, which belong to whoever calls, and buttons.
fn around() -> Vec<Described> {
    let endpoint = Some(&leaving::WEBHOOK_ENDPOINT);
    let with = |method: &str, path, carries| Described {
        carries,
        ..plain(method, path)
    };
    let lists = |path, asks: &[(&str, &'static str)]| Described {
        asks: asks
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
        ..plain("GET", path)
    };
    let button = |path, carries| Described {
        words: vec!["application_command|write".to_owned()],
        ..with("POST", path, carries)
    };
    let of_endpoint = ("filter[webhook_endpoint]", "webhook_endpoint");
    vec![
        plain("GET", "/webhook_endpoints"),
        with("POST", "/webhook_endpoints", endpoint),
        plain("GET", "/webhook_endpoints/{id}"),
        with("PATCH", "/webhook_endpoints/{id}", endpoint),
        plain("DELETE", "/webhook_endpoints/{id}"),
        plain("POST", "/webhook_endpoints/{id}/rotate_secret"),
        lists(
            "/webhook_deliveries",
            &[of_endpoint, ("filter[resource_id]", "reservation")],
        ),
        plain("GET", "/webhook_deliveries/{id}"),
        plain("POST", "/webhook_deliveries/{id}/resend"),
        lists("/webhook_attempts", &[of_endpoint]),
        button(
            "/application_commands/{id}/calls",
            Some(&leaving::COMMAND_CALL),
        ),
        button("/application_commands/{id}/rotate_secret", None),
    ]
}

/// What somebody has, by where it stands: ids of one of everything.
pub struct Things {
    world: World,
    by_list: BTreeMap<&'static str, String>,
    by_kind: BTreeMap<String, String>,
    /// All ids that are somebody's own.
    pub ids: Vec<String>,
}

impl Things {
    /// The things of an administration: what belongs to it and, where `shared` is said, what belongs to all
    /// administrations of the house.
    pub async fn of(house: &House, world: World, shared: bool) -> Self {
        let park = world.park.to_string();
        let (mut by_list, mut by_kind) = (BTreeMap::new(), BTreeMap::new());
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
            ids,
        }
    }

    /// With a webhook endpoint of the app with this key.
    pub async fn with_endpoint(mut self, house: &House, key: &str) -> Self {
        let made = house.subscribe(key, endpoint()).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
        // Nothing was delivered in this house, so there is no delivery with an id of its own.
        for list in ["/webhook_endpoints", "/webhook_deliveries"] {
            self.by_list.insert(list, id.clone());
        }
        self.by_kind.insert("webhook_endpoint".into(), id.clone());
        self.ids.push(id);
        self
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
            "inventory_object" | "rentable_identity" => {
                self.linked(kind, json!({"name": "Heron"}), &[])
            }
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

/// The names of a path's parameters.
pub fn parameters(pattern: &str) -> Vec<&str> {
    let parts = pattern.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn the_walks_know_every_endpoint_and_nothing_that_is_not_there() {
    let rows = api().unwrap().rows();
    assert_eq!(all().len(), rows.len() - 1);
    for known in selling().iter().chain(&around()) {
        let is_it = |row: &&Row| row.path == known.path && row.method.as_str() == known.method;
        assert!(
            rows.iter().any(|row| is_it(&row)),
            "{} {}",
            known.method,
            known.path
        );
    }
    assert_eq!(
        platform::APPLICATION_COMMAND.write,
        Some("application_command|write")
    );
}
