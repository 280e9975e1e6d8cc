//! What requests create, change and remove: all of a document, or nothing of it.

use dialect_bookingexperts::endpoints::{Gives, Served, served};
use serde_json::{Value, json};

use crate::house::{House, Reply, ids, in_every_house};
use crate::world::{ARRIVAL, World};

pub fn document(kind: &str, attributes: Value) -> Value {
    json!({ "data": { "type": kind, "attributes": attributes } })
}

pub fn linked(kind: &str, attributes: Value, ends: &[(&str, &str, String)]) -> Value {
    let mut document = document(kind, attributes);
    for (name, to, id) in ends {
        document["data"]["relationships"][name] = json!({ "data": { "type": to, "id": id } });
    }
    document
}

/// What is sent to create one of each type that can be created, by the path of its list.
pub fn examples(world: &World, path: &str) -> Option<Value> {
    let name = json!({"en": "Quiet", "de": "Ruhig"});
    let kind = match path.rsplit('/').next()? {
        "categories" => "category",
        // Below a type stand its answers.
        "amenities" if path.contains("/rentable_types/") || path.contains("/categories/") => {
            return None;
        }
        "amenities" => "amenity",
        "cities" => "city",
        plural => plural.trim_end_matches('s'),
    };
    let unit = [(
        "inventory_object",
        "inventory_object",
        world.unit.to_string(),
    )];
    let period = json!({"start_date": "2027-09-01", "end_date": "2027-09-04", "label": "Roof"});
    Some(match kind {
        "label" => document(kind, json!({"name": "Quiet", "color": "#1f77b4"})),
        "region" | "city" | "rentable_segment" | "category_group" | "amenity_group"
        | "discount_campaign" | "cancellation_rule" | "payment_method" | "message_template" => {
            document(kind, json!({"name": name}))
        }
        "amenity" => document(
            kind,
            json!({"name": name, "type": "Amenities::NumericalAmenity", "position": 7}),
        ),
        "image" => linked(
            kind,
            json!({"url": "https://park.example/sauna.jpg", "description": name, "position": 3}),
            &[("rentable_type", "rentable_type", world.room.to_string())],
        ),
        "discount_card" | "coupon" => document(
            kind,
            json!({"name": name, "code": "guest-7", "percentage": 10, "valid_until": "2027-12-31"}),
        ),
        "extra" => document(
            kind,
            json!({"name": name, "price": "12.50", "extra_type": "per_night", "selectable": true}),
        ),
        "cost" => document(
            kind,
            json!({"name": name, "price": 3, "cost_type": "per_person"}),
        ),
        "periodic_cost" => document(
            kind,
            json!({"name": name, "price": 3, "cost_type": "per_night",
                   "start_date": "2027-11-01", "end_date": "2028-03-01"}),
        ),
        "package" => document(kind, json!({"name": name, "price": 99})),
        "channel" => document(
            kind,
            json!({"name": "Shop", "temporary_booking_validity_in_hours": 2, "pricing": "complex"}),
        ),
        "master_price_list" => document(kind, json!({"name": "Winter", "currency": "EUR"})),
        "customer" | "owner" | "contractor" => document(
            kind,
            json!({"first_name": "Ida", "last_name": "Lund", "email": "ida@example.org"}),
        ),
        "guest" => document(
            kind,
            json!({"first_name": "Ida", "gender": "female", "date_of_birth": "2001-02-03"}),
        ),
        "application_command" => document(
            kind,
            json!({"identifier": "open", "name": name, "context_model": "reservation",
                   "http_method": "post", "target_url": "https://app.example/open"}),
        ),
        "agreement" => linked(kind, json!({"name": "Let", "share": 60}), &unit),
        "review" => document(kind, json!({"score": 9.5, "text": "Quiet"})),
        "todo" => linked(
            kind,
            json!({"title": "Sweep", "due_on": "2027-05-08"}),
            &unit,
        ),
        "maintenance_agenda_period" | "external_blocked_agenda_period" => {
            linked("agenda_period", period, &unit)
        }
        _ => return None,
    })
}

/// The rows of the table that do this.
fn rows(gives: Gives) -> Vec<Served> {
    let all = served().into_iter();
    all.filter(|served| served.gives == gives).collect()
}

async fn created(house: &House, path: &str, document: &Value) -> Value {
    let reply = house.send("POST", path, document).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    let written = reply.json();
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(written["data"]["links"]["self"], location, "{path}");
    let location = location.strip_prefix("https://book.example/bookingexperts/v3");
    assert_eq!(
        house.get(location.unwrap()).await["data"],
        written["data"],
        "{path}"
    );
    written["data"].clone()
}

/// What was sent stands there.
fn must_show(sent: &Value, row: &Value, path: &str) {
    for (name, value) in sent["data"]["attributes"].as_object().unwrap() {
        let shown = &row["attributes"][name];
        let number = |value: &Value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let is_same = match name.as_str() {
            // Without Accept-Language localized attributes are shown in English.
            _ if value.is_object() => shown["en"] == value["en"],
            _ => shown == value || (number(value).is_some() && number(shown) == number(value)),
        };
        assert!(is_same, "{path}: {name} is {shown}, not {value}");
    }
}

#[tokio::test]
async fn whatever_can_be_created_is_there_then_changes_and_goes() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let removing = rows(Gives::Removed);
        let mut made = 0;
        for creating in rows(Gives::Created) {
            let path = world.path(creating.path);
            let Some(mut sent) = examples(&world, &path) else {
                continue;
            };
            made += 1;
            let row = created(&house, &path, &sent).await;
            must_show(&sent, &row, &path);
            let id = row["id"].as_str().unwrap();
            let one = format!("{path}/{id}");
            sent["data"]["id"] = json!(id);
            sent["data"]["attributes"] = match creating.kind.name {
                "agenda_period" => json!({"label": "Floor", "end_date": "2027-09-05"}),
                "guest" | "customer" | "owner" | "contractor" => json!({"city": "Oslo"}),
                "todo" => json!({"state": "done"}),
                "review" => json!({"answer": "Thank you"}),
                "agreement" => json!({"share": 55}),
                "channel" => json!({"price_factor": "1.1"}),
                "image" => json!({"url": "https://park.example/bath.jpg"}),
                "label" | "master_price_list" => json!({"name": "Other"}),
                _ => json!({"name": {"en": "Other"}}),
            };
            let reply = house.send("PATCH", &one, &sent).await;
            assert_eq!(reply.status, 200, "{one}: {}", reply.json());
            must_show(&sent, &reply.json()["data"], &one);
            assert_eq!(house.get(&one).await["data"], reply.json()["data"]);
            assert!(
                removing
                    .iter()
                    .any(|row| row.path.starts_with(creating.path)),
                "{path}"
            );
            let reply = house.ask_to("DELETE", &one).await;
            assert_eq!((reply.status, reply.body.len()), (204, 0), "{one}");
            assert_eq!(house.get_as(&house.key, &one).await.status, 404, "{one}");
            assert_eq!(house.ask_to("DELETE", &one).await.status, 404, "{one}");
        }
        assert!(made > 30, "{made}");
    })
    .await;
}

/// A code with the place that it points at.
fn blamed(reply: &Reply) -> (u16, String, String) {
    let (status, code) = reply.code();
    let pointer = reply.json()["errors"][0]["source"]["pointer"].clone();
    (
        status,
        code,
        pointer.as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_said_with_a_pointer_to_it() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let at = |pointer: &str| pointer.to_owned();
        let extra = format!("/administrations/{}/extras", world.park);
        for (path, document, status, code, pointer) in [
            ("/labels", json!([]), 400, "FORBIDDEN_INPUT", at("")),
            (
                "/labels",
                document("extra", json!({})),
                409,
                "CONFLICT",
                at("/data/type"),
            ),
            (
                "/labels",
                document("label", json!({})),
                422,
                "INVALID_ATTRIBUTE",
                at("/data/attributes/name"),
            ),
            (
                "/labels",
                document("label", json!({"name": "x", "size": 3})),
                400,
                "UNKNOWN_ATTRIBUTE",
                at("/data/attributes/size"),
            ),
            (
                "/labels",
                document(
                    "label",
                    json!({"name": "x", "created_at": "2027-01-01T00:00:00Z"}),
                ),
                400,
                "FORBIDDEN_INPUT",
                at("/data/attributes/created_at"),
            ),
            (
                "/labels",
                document("label", json!({"name": "x", "color": "red"})),
                422,
                "INVALID_ATTRIBUTE",
                at("/data/attributes/color"),
            ),
            (
                extra.as_str(),
                document("extra", json!({"name": {"en": "x"}, "price": 1e12})),
                422,
                "INVALID_ATTRIBUTE",
                at("/data/attributes/price"),
            ),
            (
                "/amenity_options",
                linked(
                    "amenity_option",
                    json!({"name": {"en": "x"}}),
                    &[("amenity", "amenity", "7".into())],
                ),
                404,
                "RESOURCE_NOT_FOUND",
                at("/data/relationships/amenity"),
            ),
            (
                "/amenity_options",
                linked(
                    "amenity_option",
                    json!({"name": {"en": "x"}}),
                    &[("amenity", "amenity", "99999999999999999999".into())],
                ),
                404,
                "RESOURCE_NOT_FOUND",
                at("/data/relationships/amenity"),
            ),
        ] {
            let reply = house.send("POST", path, &document).await;
            assert_eq!(
                blamed(&reply),
                (status, code.to_owned(), pointer),
                "{path} {document}"
            );
        }
        let label = created(&house, "/labels", &document("label", json!({"name": "x"}))).await;
        let mut other = document("label", json!({"name": "y"}));
        other["data"]["id"] = json!("7");
        let path = format!("/labels/{}", label["id"].as_str().unwrap());
        let reply = house.send("PATCH", &path, &other).await;
        assert_eq!(reply.code(), (409, "CONFLICT".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_price_list_takes_its_prices_in_the_same_request_or_nothing_at_all() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let lists = format!("/administrations/{}/master_price_lists", world.park);
        let list =
            |prices: &[(&str, i64, Value)]| {
                let temp = |index: usize| json!({"temp_id": format!("p{index}")});
                let links = prices.iter().enumerate().map(|(index, _)| {
                    let mut meta = temp(index);
                    meta["method"] = json!("create");
                    json!({"type": "complex_price", "meta": meta})
                });
                let included = prices.iter().enumerate().map(|(index, (day, nights, price))| {
                let attributes = json!({"arrival_date": day, "length_of_stay": nights,
                    "is_active": "true", "price": {"currency": "EUR", "value": price}});
                json!({"type": "complex_price", "meta": temp(index), "attributes": attributes})
            });
                let links: Vec<Value> = links.collect();
                let included: Vec<Value> = included.collect();
                json!({
                    "data": {"type": "master_price_list", "attributes": {"name": "Autumn"},
                             "relationships": {"complex_prices": {"data": links}}},
                    "included": included,
                })
            };
        let bad = list(&[
            ("2027-09-01", 7, json!("700.00")),
            ("2027-09-02", 7, json!("1.001")),
        ]);
        let before = house.get(&lists).await["meta"]["pagination"]["total_records"].clone();
        let reply = house.send("POST", &lists, &bad).await;
        let expected = (
            422,
            "INVALID_ATTRIBUTE".to_owned(),
            "/included/1/attributes/price".to_owned(),
        );
        assert_eq!(blamed(&reply), expected, "{}", reply.json());
        assert_eq!(
            house.get(&lists).await["meta"]["pagination"]["total_records"],
            before
        );

        let good = list(&[
            ("2027-09-01", 7, json!("700.00")),
            ("2027-09-02", 7, json!(710)),
        ]);
        let made = created(&house, &lists, &good).await;
        let id = made["id"].as_str().unwrap();
        let prices = format!("{lists}/{id}/complex_prices?sort=arrival_date");
        let first = house.get(&prices).await;
        let value = |index: usize| first["data"][index]["attributes"]["price"].clone();
        assert_eq!(value(0), json!({"currency": "EUR", "value": "700.00"}));
        assert_eq!(value(1), json!({"currency": "EUR", "value": "710.00"}));

        // A price of the same day and length takes the place of the one that is there.
        let mut again = list(&[("2027-09-01", 7, json!("650.00"))]);
        again["data"]["id"] = json!(id);
        let reply = house.send("PATCH", &format!("{lists}/{id}"), &again).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let second = house.get(&prices).await;
        assert_eq!(ids(&second), ids(&first));
        assert_eq!(second["data"][0]["attributes"]["price"]["value"], "650.00");
        let whole = house
            .get(&format!("{lists}/{id}?include=complex_prices"))
            .await;
        assert_eq!(whole["included"].as_array().unwrap().len(), 2);

        // A price that is there may be linked and stays as it is; one of another list is not there.
        let link = |kind: &str, id: &str| json!({"type": kind, "id": id});
        let mut linking = list(&[("2027-09-03", 7, json!("720.00"))]);
        linking["data"]["id"] = json!(id);
        let own = ids(&second)[0].clone();
        let theirs = ids(&house
            .get(&format!("{lists}/{}/complex_prices", world.price_list))
            .await)[0]
            .clone();
        let links = &mut linking["data"]["relationships"];
        let data = links["complex_prices"]["data"].as_array_mut().unwrap();
        data.push(link("complex_price", &own));
        let reply = house
            .send("PATCH", &format!("{lists}/{id}"), &linking)
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let third = house.get(&prices).await;
        assert_eq!(third["data"].as_array().unwrap().len(), 3);
        assert_eq!(third["data"][0], second["data"][0]);
        for (name, kind, other) in [
            ("complex_prices", "complex_price", theirs),
            ("complex_prices", "complex_price", "7".into()),
            ("simple_prices", "simple_price", own),
        ] {
            let mut linking = list(&[("2027-09-04", 7, json!("730.00"))]);
            linking["data"]["id"] = json!(id);
            linking["data"]["relationships"][name] = json!({"data": [link(kind, &other)]});
            if name == "complex_prices" {
                linking["included"] = json!([]);
            }
            let reply = house
                .send("PATCH", &format!("{lists}/{id}"), &linking)
                .await;
            let pointer = format!("/data/relationships/{name}/data/0");
            let (status, code, place) = blamed(&reply);
            assert_eq!(
                (status, code.as_str()),
                (404, "RESOURCE_NOT_FOUND"),
                "{linking}"
            );
            assert!(pointer.starts_with(&place) && !place.is_empty(), "{place}");
        }
        assert_eq!(
            house.get(&prices).await["data"].as_array().unwrap().len(),
            3
        );
    })
    .await;
}

#[tokio::test]
async fn a_block_takes_its_unit_and_a_second_one_at_the_same_time_is_a_conflict() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let path = format!("/administrations/{}/maintenance_agenda_periods", world.park);
        let unit = [("rentable", "rentable", world.unit.to_string())];
        let period = |from: &str, until: &str| {
            let attributes = json!({"start_date": from, "end_date": until, "label": "Roof"});
            linked("agenda_period", attributes, &unit)
        };
        let made = created(&house, &path, &period("2027-09-01", "2027-09-04")).await;
        assert_eq!(made["attributes"]["type"], "MaintenanceAgendaPeriod");
        let reply = house
            .send("POST", &path, &period("2027-09-03", "2027-09-06"))
            .await;
        assert_eq!(
            reply.code(),
            (409, "CONFLICT".to_owned()),
            "{}",
            reply.json()
        );
        let reply = house
            .send("POST", &path, &period("2027-09-06", "2027-09-06"))
            .await;
        assert_eq!(
            reply.code(),
            (422, "INVALID_ATTRIBUTE".to_owned()),
            "{}",
            reply.json()
        );
        // It is no external period, whatever path it is asked for under.
        let id = made["id"].as_str().unwrap();
        let other = path.replace("maintenance_agenda", "external_blocked_agenda");
        assert_eq!(
            house
                .ask_to("DELETE", &format!("{other}/{id}"))
                .await
                .status,
            404
        );
        let reply = house
            .send("POST", &path, &period("2027-09-04", "2027-09-06"))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let blocked = house
            .get("/agenda_periods?filter[type]=MaintenanceAgendaPeriod")
            .await;
        assert_eq!(ids(&blocked).len(), 3, "one more is the world's own");
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_recorded_in_the_currency_of_its_invoice() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let invoice = house.get("/invoices").await["data"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/administrations/{}/payments", world.park);
        let attributes = json!({"paid_at": ARRIVAL.to_string(), "foreign_price": 5.5, "memo": "Cash"});
        let document = linked("payment", attributes, &[("invoice", "invoice", invoice)]);
        let row = created(&house, &path, &document).await;
        must_show(&document, &row, &path);
        assert_eq!(row["attributes"]["foreign_currency"], "EUR");
        let missing = json!({"data": {"type": "payment", "attributes": {"paid_at": "2027-05-07", "foreign_price": 1}}});
        let reply = house.send("POST", &path, &missing).await;
        assert_eq!(reply.status, 422, "{}", reply.json());
    })
    .await;
}

#[tokio::test]
async fn a_unit_gets_its_name_and_labels_and_keeps_what_nobody_mentions() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let path = format!(
            "/administrations/{}/inventory_objects/{}",
            world.park, world.unit
        );
        let before = house.get(&path).await;
        let change = json!({"data": {"type": "inventory_object", "id": world.unit.to_string(),
            "attributes": {"name": "Heron"}}});
        let reply = house.send("PATCH", &path, &change).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let after = reply.json();
        assert_eq!(after["data"]["attributes"]["name"], "Heron");
        assert_eq!(
            after["data"]["relationships"]["labels"],
            before["data"]["relationships"]["labels"]
        );
        let change = json!({"data": {"type": "inventory_object", "id": world.unit.to_string(),
            "relationships": {"labels": {"data": []}}}});
        let reply = house.send("PATCH", &path, &change).await;
        assert_eq!(
            reply.json()["data"]["relationships"]["labels"]["data"],
            json!([])
        );
        let found = house.get("/inventory_objects?filter[name]=~hero").await;
        assert_eq!(ids(&found), [world.unit.to_string()]);
    })
    .await;
}

#[tokio::test]
async fn writing_takes_the_word_for_writing_and_reaches_no_other_tenant_or_administration() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let stranger = house.another_tenant("Heath").await;
        let reader = house
            .key_for(&["label|read", "customer|read", "channel|read"])
            .await;
        let writer = house.key_for(&["label|write"]).await;
        for row in served().into_iter().filter(|row| !row.gives.reads()) {
            let path = world.path(row.path).replace("{id}", "7");
            let method = row.gives.method();
            let reply = house.send_as(&reader, method, &path, &json!({})).await;
            assert_eq!(
                reply.code(),
                (403, "NO_VALID_SCOPE".to_owned()),
                "{method} {path}"
            );
            let reply = house.send_as(&writer, method, &path, &json!({})).await;
            let is_refused = reply.status == 403;
            assert_eq!(
                is_refused,
                row.kind.name != "label",
                "{method} {path}: {}",
                reply.json()
            );
            if row.path.contains("{administration_id}") {
                let reply = stranger
                    .send_as(&stranger.key, method, &path, &json!({}))
                    .await;
                assert!(
                    [400, 404].contains(&reply.status),
                    "{method} {path}: {}",
                    reply.json()
                );
            }
        }
        let document = document("label", json!({"name": "Quiet"}));
        let reply = house.send_as(&writer, "POST", "/labels", &document).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let label = reply.json()["data"]["id"].as_str().unwrap().to_owned();
        let mut change = document.clone();
        change["data"]["id"] = json!(label);
        let path = format!("/labels/{label}");
        let reply = stranger.send("PATCH", &path, &change).await;
        assert_eq!(reply.status, 404);
        assert_eq!(stranger.ask_to("DELETE", &path).await.status, 404);
        assert_eq!(
            house.get(&path).await["data"]["attributes"]["name"],
            "Quiet"
        );
    })
    .await;
}
