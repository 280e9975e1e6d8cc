//! Every place of every endpoint in which an id can stand, as calls to be made with one id and
//! another.

use http_kit::Row;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::places::{Described, InBody, Kind};
use crate::tables::Table;
use crate::world::{Tenant, Things, World, write};

/// A call with a gap for an id.
pub struct Probe {
    /// What is asked, for messages.
    pub says: String,
    /// Whose id belongs there.
    pub kind: Kind,
    /// What is made anew for each call, to stand beside the id; its place in the call is `{new}`.
    pub beside: Option<Kind>,
    /// Whether the number is kept as it was sent, so that later answers show it.
    pub is_kept: bool,
    /// Whether ids of every other kind are tried there too.
    pub tries_all: bool,
    /// What is read afterwards.
    pub reads: Vec<Ask>,
    template: Ask,
}

/// Stands where the id goes.
const GAP: &str = "9223372036854770001";
/// Stands where the id of what was made anew goes.
const NEW: &str = "9223372036854770002";

impl Probe {
    /// The call with these ids in it.
    pub fn with(&self, id: i64, new: Option<i64>) -> Ask {
        let fill = |text: &str| {
            let text = text.replace(GAP, &id.to_string());
            new.map_or(text.clone(), |new| text.replace(NEW, &new.to_string()))
        };
        let body = String::from_utf8(self.template.body.clone()).expect("templates are text");
        Ask {
            path: fill(&self.template.path),
            body: fill(&body).into_bytes(),
            ..self.template.clone()
        }
    }

    /// Whether the call only reads.
    pub fn only_reads(&self) -> bool {
        self.template.method == "GET"
    }
}

/// All probes of an endpoint, for a caller who has these things.
pub fn probes(table: &Table, row: &Row, described: &Described, own: &Things) -> Vec<Probe> {
    let mut probes = in_queries(table, row, described, own);
    for place in &described.in_body {
        for (at, item) in (place.items)(own).into_iter().enumerate() {
            probes.extend(in_items(table, row, described, own, place, (at, item)));
        }
    }
    for (name, kind) in described.in_path {
        let path = format!("{}{}", table.prefix, row.path).replace(&format!("{{{name}}}"), GAP);
        let template = Ask::new(row.method.as_str(), path);
        let says = format!("{} {name}", table.says(row));
        probes.push(Probe {
            tries_all: true,
            ..probe(says, *kind, template)
        });
    }
    probes
}

fn probe(says: String, kind: Kind, template: Ask) -> Probe {
    Probe {
        says,
        kind,
        beside: None,
        is_kept: false,
        tries_all: false,
        reads: Vec::new(),
        template,
    }
}

fn in_queries(table: &Table, row: &Row, described: &Described, own: &Things) -> Vec<Probe> {
    let mut probes = Vec::new();
    let removes = row.method == "DELETE";
    for query in &described.queries {
        for (name, kind) in described.in_query {
            let own_id = if removes {
                NEW.to_owned()
            } else {
                kind.of(own).to_string()
            };
            let alone = format!("{name}={GAP}");
            let beside = [
                format!("{name}={own_id}&{name}={GAP}"),
                format!("{name}={GAP}&{name}={own_id}"),
            ];
            let others = described.in_query.iter().filter(|(other, _)| other != name);
            let crossed =
                others.map(|(other, kind)| format!("{name}={GAP}&{other}={}", kind.of(own)));
            for (at, ids) in [alone].into_iter().chain(beside).chain(crossed).enumerate() {
                let path = format!("{}{}?{query}&{ids}", table.prefix, row.path);
                let template = Ask::new(row.method.as_str(), path.replace("?&", "?"));
                let beside = template.path.contains(NEW).then_some(*kind);
                let says = format!("{} ?{query}&{ids}", table.says(row));
                let tries_all = at == 0 && *query == described.queries[0];
                probes.push(Probe {
                    beside,
                    tries_all,
                    ..probe(says, *kind, template)
                });
            }
        }
    }
    probes
}

fn in_items(
    table: &Table,
    row: &Row,
    described: &Described,
    own: &Things,
    place: &InBody,
    (at, mut item): (usize, Value),
) -> Vec<Probe> {
    put(&mut item, &place.path, &json!(GAP));
    let own_item = described
        .item
        .map(|item| item(own))
        .expect("an endpoint with ids in its body has a good item");
    let (first, last) = (own_item.clone(), own_item);
    let bodies = [
        json!([item]),
        json!([first, item, last]),
        json!([item, item]),
    ];
    let said = ["alone", "among others", "twice"];
    // One way of standing in an array is enough for the second item and those after it.
    let ways = if at == 0 && !place.is_kept {
        3
    } else {
        1 + at % 2
    };
    let probes = bodies.into_iter().zip(said).take(ways).map(|(body, said)| {
        // The gap is written as a text and stands as a number.
        let body = body.to_string().replace(&format!("\"{GAP}\""), GAP);
        let path = format!("{}{}", table.prefix, row.path);
        let template = Ask {
            body: body.into_bytes(),
            ..Ask::new(row.method.as_str(), path)
        };
        let says = format!("{} {} (item {at}, {said})", table.says(row), place.path);
        let tries_all = at == 0 && said == "alone";
        Probe {
            is_kept: place.is_kept,
            tries_all,
            reads: (place.reads)(own),
            ..probe(says, place.kind, template)
        }
    });
    probes.collect()
}

/// Puts a value where the path says, making the objects and lists on the way.
pub fn put(item: &mut Value, path: &str, value: &Value) {
    let Some((first, rest)) = path.split_once('.') else {
        match path.strip_suffix("[]") {
            Some(name) => item[name] = json!([value]),
            None => item[path] = value.clone(),
        }
        return;
    };
    let inner = match first.strip_suffix("[]") {
        Some(name) => {
            if !item[name].is_array() {
                item[name] = json!([{}]);
            }
            &mut item[name][0]
        }
        None => &mut item[first],
    };
    if !inner.is_object() {
        *inner = json!({});
    }
    put(inner, rest, value);
}

/// A call to an endpoint that is good in every respect and changes nothing.
pub fn good_call(table: &Table, row: &Row, described: &Described, own: &Things) -> Ask {
    let mut path = format!("{}{}?{}", table.prefix, row.path, described.queries[0]);
    if row.method == "DELETE" && !described.in_query.is_empty() {
        path.push_str("id=7");
    }
    let body = described.item.map(|item| match table.takes_array(row) {
        Some(true) => json!([item(own)]),
        _ => item(own),
    });
    let body = body
        .map(|body| body.to_string().into_bytes())
        .unwrap_or_default();
    Ask {
        body,
        ..Ask::new(row.method.as_str(), path.trim_end_matches('?'))
    }
}

/// Makes something that may be removed again.
pub async fn make(world: &World, tenant: &Tenant, own: &Things, kind: Kind) -> i64 {
    let (path, item) = match kind {
        Kind::Property => ("/properties", json!({"name": "for a moment"})),
        Kind::Room => (
            "/properties",
            json!({"id": own.property, "roomTypes": [{"name": "for a moment"}]}),
        ),
        _ => (
            "/bookings",
            json!({"roomId": own.other_room, "arrival": "2026-12-10", "departure": "2026-12-11"}),
        ),
    };
    let element = write(&world.app, &tenant.token, path, &json!([item]))
        .await
        .remove(0);
    let new = &element["new"];
    let id = if kind == Kind::Room {
        &new["roomTypes"][0]["id"]
    } else {
        &new["id"]
    };
    id.as_i64().unwrap_or_else(|| panic!("{element} has no id"))
}

#[test]
fn a_value_is_put_where_the_path_says() {
    let mut item = json!({"rooms": [{"name": "kept"}]});
    put(&mut item, "rooms[].rule.id", &json!(7));
    put(&mut item, "words[]", &json!("x"));
    assert_eq!(
        item,
        json!({"rooms": [{"name": "kept", "rule": {"id": 7}}], "words": ["x"]})
    );
}
