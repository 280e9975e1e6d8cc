//! Proof 9, the sub-scopes: what is personal or financial of a booking is neither shown to nor
//! taken from who lacks the scope for it.

use dialect_beds24::{scopes, wire::booking};
use http_kit::Access;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::strangers::{good_call, put};
use crate::tables::walk;
use crate::world::{ALL_OF_BOOKINGS, BEDS24, World, id, in_every_world, write};

/// One side of a booking.
struct Side {
    scope: &'static str,
    /// Values for every field of that side, each of which stands nowhere else.
    fields: Value,
    /// Texts that give the side away wherever they are seen.
    marks: Vec<String>,
    /// Keys that only who has the scope sees.
    keys: Vec<String>,
}

fn sides() -> [Side; 2] {
    let texts = [
        "title",
        "firstName",
        "lastName",
        "email",
        "phone",
        "mobile",
        "fax",
        "company",
        "address",
        "city",
        "state",
        "postcode",
        "country",
        "comments",
        "notes",
        "message",
        "groupNote",
    ];
    let mut personal = json!({"country2": "QZ"});
    for (at, name) in texts.iter().enumerate() {
        personal[*name] = json!(format!("private{at}{name}"));
    }
    let financial = json!({
        "price": 90_817.21, "deposit": 90_818.22, "tax": 90_819.23, "commission": 90_820.24,
        "stripeToken": "secret-stripe", "pcibookingToken": "secret-pci",
        "invoiceItems": [
            {"type": "charge", "description": "secret-charge", "status": "secret-status", "amount": 90_821.25, "qty": 1},
            {"type": "payment", "description": "secret-payment", "amount": 90_822.26, "qty": 1},
        ],
    });
    [
        side("bookings-personal", personal, &["guests"]),
        side("bookings-financial", financial, &[]),
    ]
}

fn side(scope: &'static str, fields: Value, more: &[&str]) -> Side {
    let mut marks = vec!["private".to_owned(), "\"QZ\"".to_owned()];
    if scope == "bookings-financial" {
        marks = (17..=26).map(|number| format!("908{number}.")).collect();
        marks.push("secret-".to_owned());
    } else {
        marks.push("marker-".to_owned());
    }
    let keys = fields
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .chain(more.iter().copied());
    let keys = keys.map(str::to_owned).collect();
    Side {
        scope,
        fields,
        marks,
        keys,
    }
}

/// All scopes but that of this category.
fn scopes_without(missing: &str) -> Vec<String> {
    let all = scopes::all_scopes();
    all.into_iter()
        .filter(|word| word != &format!("all:{missing}"))
        .collect()
}

async fn token_without(world: &World, missing: &str) -> String {
    let words = scopes_without(missing);
    world
        .app
        .token_for(
            world.host.id,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await
}

fn stay(world: &World) -> Value {
    json!({"roomId": world.host.first.other_room, "arrival": "2026-12-10", "departure": "2026-12-12", "numAdult": 2})
}

fn with(mut item: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

async fn shown(world: &World, booking: i64) -> Value {
    let ask = Ask::get(format!("{BEDS24}/bookings?id={booking}&{ALL_OF_BOOKINGS}"));
    let mut row = ask.send(&world.app, Some(&world.host.token)).await.json()["data"][0].clone();
    row.as_object_mut().unwrap().shift_remove("modifiedTime");
    row
}

#[test]
fn every_field_that_the_dialect_marks_as_personal_or_financial_is_walked() {
    let sides = sides();
    for field in booking::shape().fields() {
        let side = match field.marks {
            marks if marks.personal => &sides[0],
            marks if marks.financial => &sides[1],
            _ => {
                let known = sides.iter().any(|side| side.keys.contains(&field.name));
                assert!(
                    !known,
                    "{} is marked neither personal nor financial",
                    field.name
                );
                continue;
            }
        };
        assert!(side.keys.contains(&field.name), "walk {} too", field.name);
    }
}

#[tokio::test]
async fn without_the_scope_no_answer_shows_what_is_personal_or_financial() {
    in_every_world(|world| async move {
        let [personal, financial] = sides();
        let all = with(with(stay(&world), &personal.fields), &financial.fields);
        let made = write(&world.app, &world.host.token, "/bookings", &json!([all]))
            .await
            .remove(0);
        let booking = id(&made["new"]["id"]);
        for side in sides() {
            let token = token_without(&world, side.scope).await;
            let mut asks = vec![Ask::get(format!(
                "{BEDS24}/bookings?id={booking}&{ALL_OF_BOOKINGS}"
            ))];
            walk(|table, row, described| {
                // Properties bear the same marker in texts of their own.
                let is_walked = row.method == "GET"
                    && row.access != Access::Public
                    && !row.path.contains("properties");
                if is_walked {
                    asks.push(good_call(table, row, described, &world.host.first));
                }
            });
            // Answers to writes show what changed; this changes something of each side's neighbours.
            for change in [
                json!({"id": booking, "custom1": side.scope, "numAdult": 3}),
                json!({"id": booking, "arrival": "2026-12-09"}),
                json!({"id": booking, "status": "request"}),
                json!({"id": booking, "roomId": world.host.first.room}),
                with(stay(&world), &json!({"masterId": booking})),
                with(
                    stay(&world),
                    &json!({"actions": {"autoInvoiceItemCharge": true}}),
                ),
            ] {
                asks.push(Ask::post(format!("{BEDS24}/bookings"), &json!([change])));
            }
            let mut asked = 0;
            for ask in asks {
                let reply = ask.send(&world.app, Some(&token)).await;
                asked += 1;
                assert!(matches!(reply.status, 200 | 201), "{ask}: {}", reply.text());
                let text = reply.text();
                // Rooms and properties bear the marker too; of the inventory only bookings are personal.
                let marks = side
                    .marks
                    .iter()
                    .filter(|mark| !ask.path.contains("inventory") || **mark != "marker-");
                for mark in marks {
                    let basic = side.scope == "bookings-personal" && mark == "marker-";
                    let hidden =
                        !text.contains(mark.as_str()) || basic && only_in_basic_fields(&text);
                    assert!(hidden, "without {}: {ask} shows {mark}: {text}", side.scope);
                }
                if ask.path.contains("/bookings") {
                    no_keys(&text, &side, &ask);
                }
            }
            assert!(asked > 8);
        }
    })
    .await;
}

/// The marker stands also in texts that are not personal: vouchers, custom fields, notes of staff.
fn only_in_basic_fields(text: &str) -> bool {
    const BASIC: [&str; 8] = [
        "voucher",
        "custom1",
        "apiReference",
        "flagText",
        "rateDescription",
        "description",
        "text",
        "name",
    ];
    fn look(value: &Value, name: &str) -> bool {
        match value {
            Value::Object(fields) => fields.iter().all(|(name, value)| look(value, name)),
            Value::Array(items) => items.iter().all(|item| look(item, name)),
            Value::String(text) => !text.contains("marker-") || BASIC.contains(&name),
            _ => true,
        }
    }
    serde_json::from_str(text).is_ok_and(|value: Value| look(&value, ""))
}

fn no_keys(text: &str, side: &Side, ask: &Ask) {
    for key in &side.keys {
        assert!(
            !text.contains(&format!("\"{key}\":")),
            "without {}: {ask} shows {key}: {text}",
            side.scope
        );
    }
}

#[tokio::test]
async fn without_the_scope_nothing_personal_or_financial_is_taken() {
    in_every_world(|world| async move {
        for side in sides() {
            let token = token_without(&world, side.scope).await;
            let full = with(stay(&world), &side.fields);
            let made = write(&world.app, &world.host.token, "/bookings", &json!([full]))
                .await
                .remove(0);
            let booking = id(&made["new"]["id"]);
            let before = shown(&world, booking).await;
            let line = before["invoiceItems"][0]["id"].clone();
            for change in changes(&side, booking, &line) {
                let ask = Ask::post(format!("{BEDS24}/bookings"), &json!([change]));
                let reply = ask.send(&world.app, Some(&token)).await;
                assert_eq!(reply.status, 201, "{ask}");
                let after = shown(&world, booking).await;
                assert_eq!(
                    after,
                    before,
                    "without {}: {ask}: {}",
                    side.scope,
                    reply.text()
                );
            }
            let sent = with(
                with(stay(&world), &side.fields),
                &json!({"custom2": "taken"}),
            );
            let made = Ask::post(format!("{BEDS24}/bookings"), &json!([sent]))
                .send(&world.app, Some(&token))
                .await
                .json();
            let plain = write(
                &world.app,
                &world.host.token,
                "/bookings",
                &json!([stay(&world)]),
            )
            .await
            .remove(0);
            let (made, plain) = (
                shown(&world, id(&made[0]["new"]["id"])).await,
                shown(&world, id(&plain["new"]["id"])).await,
            );
            assert_eq!(made["custom2"], "taken");
            for key in &side.keys {
                assert_eq!(
                    made[key], plain[key],
                    "without {}: {key} was taken",
                    side.scope
                );
            }
        }
    })
    .await;
}

/// Every way to change what is on a side: each field alone, emptied, all together, and by actions.
fn changes(side: &Side, booking: i64, line: &Value) -> Vec<Value> {
    let mut changes = Vec::new();
    let mut all = json!({"id": booking});
    for (name, value) in side.fields.as_object().unwrap() {
        let other = match value {
            Value::String(_) if name == "country2" => json!("ZQ"),
            Value::String(_) => json!("taken"),
            Value::Number(_) => json!(1.5),
            _ => json!([{"description": "taken", "amount": 1}]),
        };
        put(&mut all, name, &other);
        changes.push(with(json!({"id": booking}), &json!({ name: other })));
        changes.push(with(json!({"id": booking}), &json!({ name: null })));
    }
    changes.push(all);
    changes.push(json!({"id": booking, "guests": [{"firstName": "taken"}]}));
    if side.scope == "bookings-financial" {
        for items in [
            json!([{"id": line}]),
            json!([{"id": line, "amount": 1}]),
            json!([{"id": line, "description": "taken"}]),
        ] {
            changes.push(json!({"id": booking, "invoiceItems": items}));
        }
        for action in [
            "deleteInvoice",
            "autoInvoiceItemCharge",
            "assignInvoiceNumber",
        ] {
            changes.push(json!({"id": booking, "actions": {action: true}}));
        }
    }
    changes
}

#[tokio::test]
async fn without_the_scope_a_search_does_not_find_by_what_is_hidden() {
    in_every_world(|world| async move {
        let [personal, _] = sides();
        let all = with(stay(&world), &personal.fields);
        write(&world.app, &world.host.token, "/bookings", &json!([all])).await;
        let token = token_without(&world, "bookings-personal").await;
        for name in ["firstName", "lastName", "email", "company", "comments"] {
            let words = personal.fields[name].as_str().unwrap();
            let count = async |token: &str| {
                let ask = Ask::get(format!("{BEDS24}/bookings?searchString={words}"));
                ask.send(&world.app, Some(token)).await.json()["count"].clone()
            };
            assert_eq!(count(&token).await, 0, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_written_without_reading_shows_back_only_what_was_sent() {
    in_every_world(|world| async move {
        let [personal, financial] = sides();
        let all = with(with(stay(&world), &personal.fields), &financial.fields);
        let made = write(&world.app, &world.host.token, "/bookings", &json!([all]))
            .await
            .remove(0);
        let booking = id(&made["new"]["id"]);
        let words = [
            "write:bookings",
            "write:bookings-personal",
            "write:bookings-financial",
        ];
        let token = world.app.token_for(world.host.id, &words).await;
        for change in [
            json!({"id": booking, "lastName": "new"}),
            json!({"id": booking, "deposit": 5}),
            json!({"id": booking, "invoiceItems": [{"description": "new", "amount": 5}]}),
            json!({"id": booking, "custom1": "new"}),
            json!({"id": booking}),
        ] {
            let ask = Ask::post(format!("{BEDS24}/bookings"), &json!([change]));
            let text = ask.send(&world.app, Some(&token)).await.text();
            assert!(text.contains("\"success\":true"), "{ask}: {text}");
            let tells = personal
                .marks
                .iter()
                .chain(&financial.marks)
                .find(|mark| text.contains(mark.as_str()));
            assert_eq!(tells, None, "{ask}: {text}");
        }
    })
    .await;
}
