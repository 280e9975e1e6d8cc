//! Administrations, rentable types, units and answers to amenities, as they are written.

use jiff::civil::date;
use serde_json::{Value, json};
use service::bookings::UnitChoice;

use crate::house::{House, ids, in_every_house, stay};
use crate::world::World;

fn document(kind: &str, attributes: Value, links: Value) -> Value {
    json!({ "data": { "type": kind, "attributes": attributes, "relationships": links } })
}

fn to(kind: &str, id: impl ToString) -> Value {
    json!({ "data": { "type": kind, "id": id.to_string() } })
}

async fn made(house: &House, path: &str, document: &Value) -> Value {
    let reply = house.send("POST", path, document).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    reply.json()["data"].clone()
}

async fn changed(house: &House, path: &str, kind: &str, attributes: Value) -> Value {
    let id = path.rsplit('/').next().unwrap();
    let mut document = document(kind, attributes, json!({}));
    document["data"]["id"] = json!(id);
    let reply = house.send("PATCH", path, &document).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.json());
    reply.json()["data"].clone()
}

/// The events that were recorded since the start, with what they are about.
async fn told(house: &House, word: &str, id: &str) -> usize {
    let tx = house.service.store().reader().await.unwrap();
    let sql = "SELECT 1 FROM outbox WHERE tenant_id = $1 AND event = $2 AND subject_id = $3";
    let id: i64 = id.parse().unwrap();
    let parameters = [house.tenant_id.into(), word.into(), id.into()];
    tx.query(sql, &parameters).await.unwrap().len()
}

#[tokio::test]
async fn a_rentable_type_is_made_gets_units_and_is_archived_under_both_of_its_names() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let segments = ids(&house.get("/rentable_segments").await);
        for (kind, plural) in [
            ("rentable_type", "rentable_types"),
            ("category", "categories"),
        ] {
            let list = format!("/administrations/{}/{plural}", world.park);
            let attributes = json!({
                "name": {"en": "Tree house", "de": "Baumhaus"}, "description": {"en": "High up"},
                "max_guests": 4, "number_of_bedrooms": 2, "highlighted": true,
            });
            let links = json!({
                "rentable_segments": {"data": [{"type": "rentable_segment", "id": segments[0]}]},
                "master_price_list": to("master_price_list", world.price_list),
            });
            let row = made(&house, &list, &document(kind, attributes, links)).await;
            let id = row["id"].as_str().unwrap();
            let one = format!("{list}/{id}");
            assert_eq!(row["attributes"]["number_of_rentables"], 0);
            assert_eq!(row["attributes"]["number_of_bedrooms"], 2);
            let path = format!(
                "/administrations/{}/master_price_lists/{}",
                world.park, world.price_list
            );
            let sold_by_it = house.ask_to("DELETE", &path).await;
            assert_eq!(sold_by_it.code(), (409, "CONFLICT".to_owned()));
            let shown = house
                .get(&format!(
                    "{one}?include=master_price_list,rentable_segments"
                ))
                .await;
            assert_eq!(shown["included"].as_array().unwrap().len(), 2, "{shown}");
            assert_eq!(told(&house, "room.created", id).await, 1);

            let row = changed(
                &house,
                &one,
                kind,
                json!({"name": {"de": "Baumhäuschen"}, "max_guests": null}),
            )
            .await;
            assert_eq!(row["attributes"]["name"]["en"], "Tree house");
            assert_eq!(row["attributes"]["max_guests"], Value::Null);
            assert_eq!(row["attributes"]["description"]["en"], "High up");
            assert_eq!(told(&house, "room.changed", id).await, 1);

            let archived = house.ask_to("POST", &format!("{one}/archive")).await;
            assert_eq!(archived.status, 200, "{}", archived.json());
            assert_eq!(archived.json()["data"]["attributes"]["archived"], true);
            let row = changed(&house, &one, kind, json!({"archived": false})).await;
            assert_eq!(row["attributes"]["archived"], false);
        }
        let list = format!("/administrations/{}/rentable_types", world.park);
        for (attributes, links, status, pointer) in [
            (json!({}), json!({}), 422, "/data/attributes/name"),
            (
                json!({"name": {"en": " "}}),
                json!({}),
                422,
                "/data/attributes/name",
            ),
            (
                json!({"name": {"en": "x"}, "max_guests": 0}),
                json!({}),
                422,
                "/data/attributes/max_guests",
            ),
            (
                json!({"name": {"en": "x"}}),
                json!({"master_price_list": to("master_price_list", 7)}),
                404,
                "/data/relationships/master_price_list",
            ),
            (
                json!({"name": {"en": "x"}}),
                json!({"rentable_segments": {"data": [{"type": "rentable_segment", "id": "7"}]}}),
                404,
                "/data/relationships/rentable_segments",
            ),
        ] {
            let before = house.get(&list).await["meta"]["pagination"]["total_records"].clone();
            let reply = house
                .send("POST", &list, &document("rentable_type", attributes, links))
                .await;
            let blamed = reply.json()["errors"][0]["source"]["pointer"].clone();
            assert_eq!(
                (reply.status, blamed),
                (status, json!(pointer)),
                "{}",
                reply.json()
            );
            let after = house.get(&list).await["meta"]["pagination"]["total_records"].clone();
            assert_eq!(before, after, "nothing is half made");
        }
    })
    .await;
}

async fn count(house: &House, path: &str) -> Value {
    house.get(path).await["data"]["attributes"]["number_of_rentables"].clone()
}

#[tokio::test]
async fn units_come_and_go_with_the_capacity_and_each_keeps_its_own_guests() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let types = format!("/administrations/{}/rentable_types", world.park);
        let attributes = json!({"name": {"en": "Tree house"}});
        let row = made(
            &house,
            &types,
            &document("rentable_type", attributes, json!({})),
        )
        .await;
        let room = row["id"].as_str().unwrap();
        let one = format!("{types}/{room}");
        let list = format!("/administrations/{}/inventory_objects", world.park);
        let mut units = Vec::new();
        for name in ["Oak", "Ash", "Elm"] {
            let links = json!({"rentable_type": to("rentable_type", room)});
            let row = made(
                &house,
                &list,
                &document("inventory_object", json!({"name": name}), links),
            )
            .await;
            units.push(row["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(count(&house, &one).await, 3);
        assert_eq!(told(&house, "unit.created", &units[0]).await, 1);

        // Somebody asked for the elm, somebody else will have any.
        let resource_id = room.parse().unwrap();
        let mut elm = stay(resource_id, date(2027, 5, 1), date(2027, 5, 8));
        elm.unit = UnitChoice::Number(3);
        let elm = house.book(elm).await;
        let any = house
            .book(stay(resource_id, date(2027, 5, 1), date(2027, 5, 8)))
            .await;
        let place = async |id: domain::id::Id| {
            let row = house
                .get(&format!("/reservations/{id}?include=inventory_object"))
                .await;
            row["included"][0]["attributes"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(place(elm).await, "Elm");
        // Whoever may be moved is moved.
        for id in &units[..2] {
            let at = format!("{list}/{id}");
            if place(any).await == house.get(&at).await["data"]["attributes"]["name"] {
                let reply = house.ask_to("POST", &format!("{at}/archive")).await;
                assert_eq!(reply.status, 200, "{}", reply.json());
                assert_eq!(reply.json()["data"]["attributes"]["archived"], true);
                assert_eq!(place(elm).await, "Elm");
                assert_ne!(
                    place(any).await,
                    reply.json()["data"]["attributes"]["name"].as_str().unwrap()
                );
                assert_eq!(count(&house, &one).await, 2);
                // Both of the others are taken now, so none of them can go.
                for other in units.iter().filter(|other| *other != id) {
                    let reply = house
                        .ask_to("POST", &format!("{list}/{other}/archive"))
                        .await;
                    assert_eq!(
                        reply.code(),
                        (409, "CONFLICT".to_owned()),
                        "{}",
                        reply.json()
                    );
                    let reply = house.ask_to("DELETE", &format!("{list}/{other}")).await;
                    assert_eq!(
                        reply.code(),
                        (409, "CONFLICT".to_owned()),
                        "{}",
                        reply.json()
                    );
                }
                let row =
                    changed(&house, &at, "inventory_object", json!({"archived": false})).await;
                assert_eq!(row["attributes"]["archived"], false);
                assert_eq!(count(&house, &one).await, 3);
                break;
            }
        }
        assert_eq!(place(elm).await, "Elm");
        // The one that nobody has ever had can go for good.
        let taken = [place(elm).await, place(any).await];
        for id in &units {
            let at = format!("{list}/{id}");
            let name = house.get(&at).await["data"]["attributes"]["name"]
                .as_str()
                .unwrap()
                .to_owned();
            if !taken.contains(&name) {
                assert_eq!(house.ask_to("DELETE", &at).await.status, 204);
                assert_eq!(house.ask_to("DELETE", &at).await.status, 404);
            }
        }
        assert_eq!(count(&house, &one).await, 2);
        assert_eq!(place(elm).await, "Elm");
        // A new one does not take the place of somebody in the archive.
        let links = json!({"rentable_type": to("rentable_type", 7)});
        let reply = house
            .send(
                "POST",
                &list,
                &document("inventory_object", json!({}), links),
            )
            .await;
        assert_eq!(reply.code(), (404, "RESOURCE_NOT_FOUND".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_administration_says_what_it_is_in_its_languages() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let path = format!("/administrations/{}", world.park);
        let attributes = json!({
            "name": "North Dunes", "phone": "+31 1", "email": "north@example.org", "website": "https://north.example",
            "description": {"en": "Sand", "de": "Sand"}, "available_locales": ["de", "en"], "status": "test",
        });
        let row = changed(&house, &path, "administration", attributes.clone()).await;
        for name in ["name", "phone", "email", "website", "available_locales", "status"] {
            assert_eq!(row["attributes"][name], attributes[name], "{name}");
        }
        let row = changed(&house, &path, "administration", json!({"description": {"en": null}})).await;
        assert_eq!(row["attributes"]["name"], "North Dunes");
        let mut bad = document("administration", json!({"available_locales": ["zzzzzzzzz!"]}), json!({}));
        bad["data"]["id"] = json!(world.park.to_string());
        let reply = house.send("PATCH", &path, &bad).await;
        assert_eq!(reply.code(), (422, "INVALID_ATTRIBUTE".to_owned()), "{}", reply.json());
    })
    .await;
}

#[tokio::test]
async fn amenities_are_answered_once_in_the_way_that_each_wants() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let number = made(
            &house,
            "/amenities",
            &document(
                "amenity",
                json!({"name": {"en": "Saunas"}, "type": "Amenities::NumericalAmenity"}),
                json!({}),
            ),
        )
        .await;
        let number = number["id"].as_str().unwrap();
        let south = house.parks[1].1;
        for (plural, kind, subject, id) in [
            (
                "administration_amenities",
                "administration_amenity",
                "administration",
                world.park,
            ),
            (
                "rentable_type_amenities",
                "rentable_type_amenity",
                "rentable_type",
                world.room,
            ),
            (
                "rentable_amenities",
                "rentable_amenity",
                "rentable",
                world.unit,
            ),
            (
                "reservation_amenities",
                "reservation_amenity",
                "reservation",
                world.booking,
            ),
        ] {
            let list = format!("/administrations/{}/{plural}", world.park);
            let mut links = json!({"amenity": to("amenity", number)});
            links[subject] = to(subject, id);
            let said = document(kind, json!({"value": "2.5"}), links.clone());
            let row = made(&house, &list, &said).await;
            assert_eq!(row["attributes"]["value"], "2.5");
            let reply = house.send("POST", &list, &said).await;
            assert_eq!(
                reply.code(),
                (422, "INVALID_RELATIONSHIP".to_owned()),
                "{}",
                reply.json()
            );
            let bad = document(kind, json!({"value": "many"}), links);
            let reply = house.send("POST", &list, &bad).await;
            assert_eq!(
                reply.code(),
                (422, "INVALID_ATTRIBUTE".to_owned()),
                "{}",
                reply.json()
            );
            let one = format!("{list}/{}", row["id"].as_str().unwrap());
            let row = changed(&house, &one, kind, json!({"value": "3"})).await;
            assert_eq!(row["attributes"]["value"], "3");
            assert!(told(&house, "amenity_value.changed", &id.to_string()).await > 1);
            assert_eq!(house.ask_to("DELETE", &one).await.status, 204);
            assert_eq!(house.ask_to("DELETE", &one).await.status, 404);
        }
        let list = format!("/administrations/{}/category_amenities", world.park);
        let links = json!({"amenity": to("amenity", number), "category": to("category", south)});
        let reply = house
            .send(
                "POST",
                &list,
                &document("category_amenity", json!({"value": "1"}), links),
            )
            .await;
        assert_eq!(
            reply.code(),
            (404, "RESOURCE_NOT_FOUND".to_owned()),
            "{}",
            reply.json()
        );
    })
    .await;
}
