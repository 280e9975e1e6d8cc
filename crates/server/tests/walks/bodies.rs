//! Bad input in bodies: whatever is sent, the answer is the dialect's own refusal of the call or of
//! the item, and nothing is half done.

use axum::body::{Body, Bytes};
use domain::id::Id;
use futures_util::stream;
use http::Request;
use http_kit::Peer;
use serde_json::{Value, json};
use testkit::Reply;

use crate::ask::Ask;
use crate::dump;
use crate::junk::{no_arrays, no_items, unreadable, values};
use crate::strangers::{good_call, put};
use crate::tables::{Table, walk};
use crate::world::{BEDS24, Things, World, in_every_world, verify_journal, write};

/// An endpoint with a body.
struct Written {
    says: String,
    good: Ask,
    item: Value,
    is_array: bool,
    leaves: Vec<String>,
}

fn written(own: &Things) -> Vec<Written> {
    let mut all = Vec::new();
    walk(|table: &Table, row, described| {
        let Some(is_array) = table.takes_array(row) else {
            return;
        };
        let says = table.says(row);
        let item = described
            .item
            .unwrap_or_else(|| panic!("{says}: describe a good item in places.rs"))(
            own
        );
        let leaves = table
            .body_of(row)
            .into_iter()
            .map(|leaf| leaf.path)
            .collect();
        let good = good_call(table, row, described, own);
        all.push(Written {
            says,
            good,
            item,
            is_array,
            leaves,
        });
    });
    assert!(all.len() >= 4);
    all
}

fn must_refuse(reply: &Reply, says: &str) {
    assert!(
        (400..500).contains(&reply.status),
        "{says}: {} {}",
        reply.status,
        reply.text()
    );
    let body = reply.json();
    let sentence = if body["error"].is_object() {
        &body["error"]["message"]
    } else {
        &body["error"]
    };
    assert!(
        sentence.as_str().is_some_and(|text| text.len() > 5),
        "{says}: {body}"
    );
}

async fn stored(world: &World) -> Vec<String> {
    let mut all = dump::everything(&world.app, world.host.id).await;
    all.extend(dump::everything(&world.app, world.stranger.id).await);
    all
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_does_nothing() {
    in_every_world(|world| async move {
        let before = stored(&world).await;
        for endpoint in written(&world.host.first) {
            let mut bodies = unreadable();
            if endpoint.is_array {
                bodies.extend(no_arrays());
            } else {
                bodies.extend([
                    ("an array", b"[]".to_vec()),
                    ("a number", b"7".to_vec()),
                    ("null", b"null".to_vec()),
                ]);
            }
            for (what, body) in bodies {
                let says = format!("{} with {what}", endpoint.says);
                let reply = endpoint
                    .good
                    .with(body)
                    .send(&world.app, Some(&world.host.token))
                    .await;
                must_refuse(&reply, &says);
            }
        }
        assert_eq!(dump::difference(&before, &stored(&world).await), "");
    })
    .await;
}

#[tokio::test]
async fn a_body_without_end_is_cut_off_at_the_limit() {
    in_every_world(|world| async move {
        let before = stored(&world).await;
        for endpoint in written(&world.host.first) {
            for announced in [None, Some("100000000"), Some("7")] {
                // 64 KiB at a time, as long as somebody takes it.
                let piece = Bytes::from(vec![b'['; 65_536]);
                let pieces =
                    stream::iter((0..1_600).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
                let mut request = Request::builder()
                    .method(endpoint.good.method.as_str())
                    .uri(&endpoint.good.path)
                    .header("token", &world.host.token)
                    .extension(Peer(world.app.peer));
                if let Some(length) = announced {
                    request = request.header("content-length", length);
                }
                let request = request.body(Body::from_stream(pieces)).unwrap();
                let answer = world.app.app.routers.answer(request).await;
                assert_eq!(answer.status(), 413, "{} {announced:?}", endpoint.says);
            }
        }
        assert_eq!(dump::difference(&before, &stored(&world).await), "");
    })
    .await;
}

#[tokio::test]
async fn an_empty_array_is_answered_with_one() {
    in_every_world(|world| async move {
        for endpoint in written(&world.host.first)
            .into_iter()
            .filter(|endpoint| endpoint.is_array)
        {
            let reply = endpoint
                .good
                .with("[]")
                .send(&world.app, Some(&world.host.token))
                .await;
            assert_eq!(
                (reply.status, reply.json()),
                (201, json!([])),
                "{}",
                endpoint.says
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_item_that_is_none_is_refused_by_itself_and_spoils_no_other() {
    in_every_world(|world| async move {
        for endpoint in written(&world.host.first)
            .into_iter()
            .filter(|endpoint| endpoint.is_array)
        {
            let says = &endpoint.says;
            // The good item changes nothing once it has been written.
            let token = Some(world.host.token.as_str());
            endpoint.good.send(&world.app, token).await;
            let before = stored(&world).await;
            for item in no_items() {
                let body = format!("[{item}]");
                let reply = endpoint.good.with(body).send(&world.app, token).await;
                must_refuse_item(&reply, 0, 1, &format!("{says}: {item}"));
            }
            let changed = dump::difference(&before, &stored(&world).await);
            assert_eq!(changed, "", "{says}");
            let item = endpoint.item.to_string();
            for bad in no_items() {
                let body = format!("[{item},{bad},{item}]");
                let reply = endpoint.good.with(body).send(&world.app, token).await;
                if reply.status == 400 {
                    continue;
                }
                must_refuse_item(&reply, 1, 3, &format!("{says}: {bad}"));
                for at in [0, 2] {
                    assert_eq!(
                        reply.json()[at]["success"],
                        true,
                        "{says}: {bad}: {}",
                        reply.text()
                    );
                }
            }
        }
    })
    .await;
}

/// Either the whole call is refused, or the item at this place says what is wrong with it.
fn must_refuse_item(reply: &Reply, at: usize, of: usize, says: &str) {
    if reply.status == 400 {
        return must_refuse(reply, says);
    }
    assert_eq!(reply.status, 201, "{says}: {}", reply.text());
    let elements = reply.json();
    assert_eq!(elements.as_array().map(Vec::len), Some(of), "{says}");
    let element = &elements[at];
    assert_eq!(element["success"], false, "{says}: {element}");
    assert!(
        element["errors"]
            .as_array()
            .is_some_and(|errors| !errors.is_empty()),
        "{says}: {element}"
    );
    assert!(
        element["new"].is_null() && element["modified"].is_null(),
        "{says}: {element}"
    );
}

#[tokio::test]
async fn any_value_in_any_field_is_taken_or_refused_and_never_breaks_anything() {
    in_every_world(|world| async move {
        let (own, token) = (&world.stranger.first, world.stranger.token.as_str());
        let before = dump::everything(&world.app, world.host.id).await;
        for endpoint in written(own) {
            let mut refused = Vec::new();
            for items in items_with_bad_values(&endpoint, own) {
                let calls = if endpoint.is_array {
                    vec![json!(items)]
                } else {
                    items
                };
                for body in calls {
                    let ask = endpoint.good.with(body.to_string());
                    let reply = ask.send(&world.app, Some(token)).await;
                    assert!(
                        reply.status < 500,
                        "{ask}: {} {}",
                        reply.status,
                        reply.text()
                    );
                    if reply.status < 300 && endpoint.is_array {
                        refused.extend(refused_items(&endpoint, &body, &reply.json()));
                    }
                }
            }
            refused_items_change_nothing(&world, &endpoint, &refused).await;
        }
        for things in [&world.stranger.first, &world.stranger.second] {
            for path in [
                format!(
                    "/bookings?propertyId={}&{}",
                    things.property,
                    crate::world::ALL_OF_BOOKINGS
                ),
                format!("/properties?id={}&includeAllRooms=true", things.property),
                format!(
                    "/inventory/rooms/calendar?propertyId={}&{}",
                    things.property,
                    crate::world::ALL_OF_CALENDARS
                ),
            ] {
                let reply = Ask::get(format!("{BEDS24}{path}"))
                    .send(&world.app, Some(token))
                    .await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            }
        }
        assert_eq!(
            dump::difference(&before, &dump::everything(&world.app, world.host.id).await),
            ""
        );
        verify_journal(&world, token).await;
        let still =
            json!([{"roomId": own.room, "arrival": "2027-01-05", "departure": "2027-01-06"}]);
        write(&world.app, token, "/bookings", &still).await;
    })
    .await;
}

/// For each field of the outermost level, items with each bad value in its place, and in the place of
/// all that it holds.
fn items_with_bad_values(endpoint: &Written, own: &Things) -> Vec<Vec<Value>> {
    let top = |leaf: &str| leaf.split(['.', '[']).next().unwrap_or_default().to_owned();
    let mut tops: Vec<String> = endpoint.leaves.iter().map(|leaf| top(leaf)).collect();
    tops.dedup();
    let base = endpoint.item.clone();
    let new = json!({"name": "new", "roomId": own.other_room, "arrival": "2026-12-10", "departure": "2026-12-12"});
    let all = tops.iter().enumerate().map(|(number, name)| {
        let leaves: Vec<&String> = endpoint
            .leaves
            .iter()
            .filter(|leaf| top(leaf) == *name)
            .collect();
        let is_nested = leaves.iter().any(|leaf| *leaf != name);
        // A property has hundreds of fields: each is tried with every second value.
        let is_large = endpoint.leaves.len() > 300;
        let tried = values()
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !is_large || (at + number) % 2 == 0);
        let mut items = Vec::new();
        for (at, value) in tried {
            if is_nested {
                let mut inside = base.clone();
                leaves
                    .iter()
                    .for_each(|leaf| put(&mut inside, leaf, &value));
                if name == "roomTypes" {
                    inside["roomTypes"][0]["id"] = json!(own.room);
                }
                items.push(inside);
            }
            // What is new is tried with a few values for each field, other ones each time.
            let is_new = (at + number) % 8 == 0;
            for base in [&base].into_iter().chain(is_new.then_some(&new)) {
                let mut outside = base.clone();
                outside[name.as_str()] = value.clone();
                items.push(outside);
            }
        }
        items
    });
    all.collect()
}

/// The items of a body that were refused.
fn refused_items(endpoint: &Written, body: &Value, answer: &Value) -> Vec<Value> {
    let (items, elements) = (body.as_array().unwrap(), answer.as_array().unwrap());
    assert_eq!(elements.len(), items.len(), "{}", endpoint.says);
    let is_refused = |element: &Value| {
        element["errors"].is_array() && element["new"].is_null() && element["modified"].is_null()
    };
    let refused = items
        .iter()
        .zip(elements)
        .filter(|(_, element)| is_refused(element));
    refused.map(|(item, _)| item.clone()).collect()
}

/// The items that were refused are sent again by themselves: nothing may change by them.
async fn refused_items_change_nothing(world: &World, endpoint: &Written, refused: &[Value]) {
    if !endpoint.is_array {
        return;
    }
    assert!(refused.len() > 20, "{}: {}", endpoint.says, refused.len());
    let before = dump::everything(&world.app, world.stranger.id).await;
    let again = endpoint.good.with(json!(refused).to_string());
    let reply = again.send(&world.app, Some(&world.stranger.token)).await;
    let after = dump::everything(&world.app, world.stranger.id).await;
    let elements = reply.json();
    let taken = refused
        .iter()
        .zip(elements.as_array().unwrap())
        .find(|(_, element)| element["success"] == true);
    assert_eq!(taken, None, "{}", endpoint.says);
    assert_eq!(dump::difference(&before, &after), "", "{again}");
}

#[tokio::test]
async fn a_room_that_is_not_there_is_refused_before_anything_is_stored() {
    in_every_world(|world| async move {
        let before = stored(&world).await;
        let unknown = world.host.first.room - 1_000_000_000_000;
        assert!(Id::new(unknown).is_some());
        let items = json!([
            {"roomId": unknown, "arrival": "2026-12-10", "departure": "2026-12-12"},
            {"roomId": world.stranger.first.room, "arrival": "2026-12-10", "departure": "2026-12-12"},
        ]);
        let ask = Ask::post(format!("{BEDS24}/bookings"), &items);
        let reply = ask.send(&world.app, Some(&world.host.token)).await.json();
        assert_eq!(reply[0], reply[1]);
        assert_eq!(reply[0]["errors"][0]["message"], "not found");
        assert_eq!(dump::difference(&before, &stored(&world).await), "");
    })
    .await;
}
