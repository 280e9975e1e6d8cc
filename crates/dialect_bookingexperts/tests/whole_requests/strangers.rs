//! Every endpoint as somebody who has no business there, with somebody else's ids in every place where an
//! id can stand: the answer is the same as for an id that nothing has, and nothing happens.

use std::collections::BTreeSet;

use dialect_bookingexperts::scopes;
use identity::ROOMY_QUOTA;
use serde_json::{Value, json};

use crate::described::{Described, UNKNOWN, all, parameters};
use crate::house::{House, Reply, in_every_house};
use crate::marks::{MARK, mark};
use crate::things::{Things, leading};
use crate::world::World;

/// Somebody with a right to call, and with things of its own.
struct Stranger<'a> {
    house: &'a House,
    key: String,
    own: Things,
    /// The things of somebody else.
    other: Things,
    found: Vec<String>,
    places: usize,
}

/// One call, with a document or without.
#[derive(Clone)]
struct Called {
    method: String,
    path: String,
    document: Option<Value>,
}

/// A text without ids: each long number becomes its place in the order of appearance, so that what two calls
/// have made compares equal.
fn without_ids(text: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    let (mut out, mut digits) = (String::new(), String::new());
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if digits.len() < 14 {
            out.push_str(&digits);
        } else {
            let place = seen.iter().position(|known| *known == digits);
            let place = place.unwrap_or_else(|| {
                seen.push(digits.clone());
                seen.len() - 1
            });
            out.push_str(&format!("<id {place}>"));
        }
        digits.clear();
        out.push(letter);
    }
    out
}

/// As much of a text as a message needs.
fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

impl Stranger<'_> {
    async fn ask(&self, called: &Called) -> Reply {
        let Called {
            method,
            path,
            document,
        } = called;
        self.house
            .call_as(&self.key, method, path, document.as_ref())
            .await
    }

    /// Tries both ids in one place. `refused` says whether an id that nothing has must be refused there.
    async fn try_both(&mut self, refused: bool, theirs: &str, call: impl Fn(&str) -> Called) {
        let (known, never) = (call(theirs), call(UNKNOWN));
        let (seen, expected) = (self.ask(&known).await, self.ask(&never).await);
        let said = |reply: &Reply, id: &str| {
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            (reply.status, body.replace(id, "…"))
        };
        let (seen, expected) = (said(&seen, theirs), said(&expected, UNKNOWN));
        let document = known
            .document
            .as_ref()
            .map(Value::to_string)
            .unwrap_or_default();
        let place = format!("{} {} {}", known.method, known.path, document);
        if (seen.0, without_ids(&seen.1)) != (expected.0, without_ids(&expected.1)) {
            let (seen, instead) = (short(&seen.1), short(&expected.1));
            self.found
                .push(format!("{place}: {seen} instead of {instead}"));
        }
        if refused && !(400..500).contains(&seen.0) {
            self.found
                .push(format!("{place}: {} {}", seen.0, short(&seen.1)));
        }
        if let Some(id) = self
            .other
            .ids
            .iter()
            .find(|id| seen.1.contains(id.as_str()))
        {
            self.found
                .push(format!("{place} shows {id}: {}", short(&seen.1)));
        }
        if seen.1.contains(MARK) {
            self.found
                .push(format!("{place} shows {MARK}: {}", short(&seen.1)));
        }
        self.places += 1;
    }

    async fn walk(&mut self, row: &Described) {
        for name in parameters(row.path) {
            let Some(theirs) = self.other.parameter(row.path, name) else {
                continue;
            };
            let calls = |own: &Things, id: &str| {
                let mut document = own.document(row);
                if let Some(document) = &mut document
                    && name == "id"
                    && document["data"]["id"].is_string()
                {
                    document["data"]["id"] = json!(id);
                }
                Called {
                    method: row.method.clone(),
                    path: own.path(row.path, Some((name, id))),
                    document,
                }
            };
            let (known, never) = (calls(&self.own, &theirs), calls(&self.own, UNKNOWN));
            let call = |id: &str| {
                if id == UNKNOWN {
                    never.clone()
                } else {
                    known.clone()
                }
            };
            self.try_both(true, &theirs, call).await;
        }
        for (name, kind) in &row.asks {
            let Some(theirs) = self.other.a(kind).map(str::to_owned) else {
                continue;
            };
            let path = self.own.path(row.path, None);
            self.try_both(false, &theirs, |id| Called {
                method: row.method.clone(),
                path: format!("{path}?{name}={id}"),
                document: None,
            })
            .await;
        }
        self.walk_body(row).await;
    }

    async fn walk_body(&mut self, row: &Described) {
        let Some(document) = self.own.document(row) else {
            return;
        };
        let path = self.own.path(row.path, None);
        for end in self.own.ends(row) {
            let Some(theirs) = self.other.a(end.1).map(str::to_owned) else {
                continue;
            };
            self.try_both(true, &theirs, |id| Called {
                method: row.method.clone(),
                path: path.clone(),
                document: Some(leading(&document, end, id)),
            })
            .await;
        }
        if row.path == "/channels/{channel_id}/reservations" {
            let Some(theirs) = self.other.a("extra").map(str::to_owned) else {
                return;
            };
            self.try_both(true, &theirs, |id| Called {
                method: row.method.clone(),
                path: path.clone(),
                document: Some(with_extra(&document, id)),
            })
            .await;
        }
    }
}

/// A reservation with an extra in the same request.
fn with_extra(document: &Value, id: &str) -> Value {
    let mut document = document.clone();
    let temp = json!({ "temp_id": "e1" });
    let link =
        json!({ "type": "extra_order_item", "meta": { "temp_id": "e1", "method": "create" } });
    document["data"]["relationships"]["extra_order_items"] = json!({ "data": [link] });
    document["included"] = json!([{
        "type": "extra_order_item", "meta": temp, "attributes": { "quantity": 1 },
        "relationships": { "extra": { "data": { "type": "extra", "id": id } } },
    }]);
    document
}

/// Everything that a house shows of itself.
async fn everything(house: &House, things: &Things) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for row in all().iter().filter(|row| row.method == "GET") {
        let path = things.path(row.path, None);
        let reply = house.get_as(&house.key, &path).await;
        let body = String::from_utf8_lossy(&reply.body);
        shown.insert(format!("{path} {} {body}", reply.status));
    }
    shown
}

async fn walk_all(mut stranger: Stranger<'_>, owner: &House, least: usize) {
    // What the owner is shown bears the word, so the walk would see it if a stranger were.
    let marked = mark(owner, &stranger.other).await;
    assert!(marked > 20, "{marked} marked");
    let before = everything(owner, &stranger.other).await;
    let shown = before.iter().filter(|answer| answer.contains(MARK));
    assert!(shown.count() > 40, "the word stands too seldom");
    for row in all() {
        stranger.walk(&row).await;
    }
    assert!(stranger.found.is_empty(), "{}", stranger.found.join("\n"));
    assert!(stranger.places > least, "{} places", stranger.places);
    let after = everything(owner, &stranger.other).await;
    let changed: Vec<_> = before.symmetric_difference(&after).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

#[tokio::test]
async fn another_tenants_ids_are_as_good_as_unknown_wherever_they_stand() {
    in_every_house(|house| async move {
        let theirs = World::new(&house).await;
        let other = Things::of(&house, theirs, true).await;
        let other = other.with_endpoint(&house, &house.key).await;
        let heath = house.another_tenant("Heath").await;
        let own = World::new(&heath).await;
        let own = Things::of(&heath, own, true).await;
        let own = own.with_endpoint(&heath, &heath.key).await;
        let key = heath.key.clone();
        let stranger = Stranger {
            house: &heath,
            key,
            own,
            other,
            found: Vec::new(),
            places: 0,
        };
        walk_all(stranger, &house, 500).await;
    })
    .await;
}

#[tokio::test]
async fn another_administrations_ids_are_as_good_as_unknown_to_an_app_of_one() {
    in_every_house(|house| async move {
        let theirs = World::new(&house).await;
        let south = World::at(&house, 1).await;
        let organizations = Some(vec![south.park]);
        let words = scopes::permissions();
        let words: Vec<&str> = words.iter().map(|known| known.word.as_str()).collect();
        let (_, installation, key) = house.install(&words, organizations, ROOMY_QUOTA).await;
        let (channel, occasion) = (Some(south.channel), house.occasion());
        let granted = house.oauth.set_channel(
            house.tenant_id,
            installation,
            south.park,
            channel,
            &occasion,
        );
        granted.await.unwrap().unwrap();
        house.clock.advance_ms(60_000);
        let own = Things::of(&house, south, true).await;
        let other = Things::of(&house, theirs, false).await;
        let stranger = Stranger {
            house: &house,
            key,
            own,
            other,
            found: Vec::new(),
            places: 0,
        };
        walk_all(stranger, &house, 300).await;
    })
    .await;
}

/// The walk's own control: for an app that does reach both administrations, every endpoint with ids in its
/// path must be reported.
#[tokio::test]
async fn the_walk_reports_every_endpoint_that_tells_known_ids_from_unknown_ones() {
    in_every_house(|house| async move {
        let theirs = World::new(&house).await;
        let south = World::at(&house, 1).await;
        let words = scopes::permissions();
        let words: Vec<&str> = words.iter().map(|known| known.word.as_str()).collect();
        let both = Some(vec![theirs.park, south.park]);
        let (_, installation, key) = house.install(&words, both, ROOMY_QUOTA).await;
        for (park, channel) in [(theirs.park, theirs.channel), (south.park, south.channel)] {
            let occasion = house.occasion();
            let granted = house.oauth.set_channel(
                house.tenant_id,
                installation,
                park,
                Some(channel),
                &occasion,
            );
            granted.await.unwrap().unwrap();
        }
        house.clock.advance_ms(60_000);
        let own = Things::of(&house, south, true).await;
        let other = Things::of(&house, theirs, false).await;
        mark(&house, &other).await;
        let mut stranger = Stranger {
            house: &house,
            key,
            own,
            other,
            found: Vec::new(),
            places: 0,
        };
        let mut rows = all();
        rows.retain(|row| {
            let known = |name: &&str| stranger.other.parameter(row.path, name).is_some();
            parameters(row.path).iter().any(known)
        });
        // What removes comes last.
        rows.sort_by_key(order);
        let (mut blind, walked) = (Vec::new(), rows.len());
        for row in &rows {
            stranger.walk(row).await;
            if stranger.found.is_empty() {
                blind.push(format!("{} {}", row.method, row.path));
            }
            stranger.found.clear();
        }
        assert!(walked > 100, "{walked} endpoints");
        assert!(
            blind.is_empty(),
            "the walk is blind for\n{}",
            blind.join("\n")
        );
    })
    .await;
}

/// What has to be done late: it takes away what others need.
pub fn order(row: &Described) -> usize {
    let ends = |end: &str| row.path.ends_with(end);
    match row.method.as_str() {
        "DELETE" => 3,
        _ if ends("/cancel") || ends("/archive") => 2,
        // A button needs its secret first.
        _ if ends("/calls") => 1,
        _ => 0,
    }
}

#[tokio::test]
async fn every_call_with_which_strangers_are_refused_is_a_good_one_by_itself() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let own = Things::of(&house, world, true).await;
        let own = own.with_endpoint(&house, &house.key).await;
        house.button.answers(200, &json!({ "notice": "done" }));
        let mut rows = all();
        rows.sort_by_key(order);
        for row in rows {
            let mut path = own.path(row.path, None);
            if row.path == "/contacts/search/first" {
                path.push_str("?email=ada@example.org");
            }
            let document = own.document(&row);
            let reply = house
                .call_as(&house.key, &row.method, &path, document.as_ref())
                .await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            // What others still need, or have taken away before, can't go.
            let goes = row.method == "DELETE" || row.path.ends_with("/archive");
            let is_gone_already = goes && [404, 409].contains(&reply.status);
            assert!(
                (200..300).contains(&reply.status) || is_gone_already,
                "{} {path} {document:?}: {} {text}",
                row.method,
                reply.status
            );
        }
    })
    .await;
}
