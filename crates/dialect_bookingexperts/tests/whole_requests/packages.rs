//! Packages: what they add to the order of a stay.

use domain::id::Id;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay};
use crate::shop::{JUNE, Shop, changed, error, id};

/// A package of an administration, at so much for each of what its type says.
async fn package(house: &House, park: Id, name: &str, kind: &str, price: i64) -> String {
    let attributes = json!({ "name": { "en": name }, "package_type": kind, "price": price });
    let document = json!({ "data": { "type": "package", "attributes": attributes } });
    let path = format!("/administrations/{park}/packages");
    let reply = house.send("POST", &path, &document).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    id(&reply.json()).to_owned()
}

/// The relationships of a reservation with these packages.
fn links(primary: Option<&str>, extra: &[&str]) -> Value {
    let link = |id: &str| json!({ "type": "package", "id": id });
    let extra: Vec<Value> = extra.iter().map(|id| link(id)).collect();
    json!({ "primary_package": { "data": primary.map(link) }, "extra_packages": { "data": extra } })
}

/// The total of an order, and the names and totals of its items.
fn order(document: &Value) -> (Value, Vec<(String, Value)>) {
    let included = document["included"].as_array().unwrap();
    let order = included.iter().find(|row| row["type"] == "order").unwrap();
    let items = included
        .iter()
        .filter(|row| row["type"] == "main_order_item");
    let items = items.map(|row| {
        let attributes = &row["attributes"];
        let name = attributes["name"].as_str().unwrap_or_default();
        (name.to_owned(), attributes["total"].clone())
    });
    (order["attributes"]["total"].clone(), items.collect())
}

const INCLUDE: &str = "include=order.main_order_items";

fn item(name: &str, total: i64) -> (String, Value) {
    (name.to_owned(), json!(total))
}

#[tokio::test]
async fn packages_are_charged_with_the_stay_and_follow_its_changes() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let dinner = package(&house, shop.park, "Dinner", "per_person", 30).await;
        let firewood = package(&house, shop.park, "Firewood", "per_night", 5).await;
        let care = package(&house, shop.park, "Care", "percentage_of_rent", 10).await;

        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        let more = links(Some(&dinner), &[&care, &dinner]);
        let relationships = wanted["data"]["relationships"].as_object_mut().unwrap();
        relationships.extend(more.as_object().unwrap().clone());
        let path = shop.at(&format!("/preview?{INCLUDE}"));
        let previewed = house.send("POST", &path, &wanted).await.json();
        let path = shop.at(&format!("?confirm=true&{INCLUDE}"));
        let made = house.send("POST", &path, &wanted).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let made = made.json();
        // Two nights at a hundred; a dinner for each of the two; a tenth of the rent.
        for shown in [&previewed, &made] {
            let (total, items) = order(shown);
            assert_eq!(total, 280, "{shown}");
            for expected in [item("Dinner", 60), item("Care", 20), item("Cabin", 200)] {
                assert!(items.contains(&expected), "{expected:?}: {items:?}");
            }
            assert_eq!(items.len(), 3, "each is charged once");
        }

        let one = |query: &str| shop.at(&format!("/{}{query}", id(&made)));
        let change =
            |attributes: Value, relationships: Value| changed(id(&made), attributes, relationships);
        let longer = change(
            json!({ "end_date": "2027-06-04", "guest_group": { "children": 1 } }),
            json!({}),
        );
        let reply = house
            .send("PATCH", &one(&format!("?{INCLUDE}")), &longer)
            .await
            .json();
        assert_eq!(order(&reply).0, 300 + 90 + 30, "{reply}");

        // Other packages, and nothing else: the nights stay what they are.
        let other = change(json!({}), links(None, &[&firewood, &care]));
        let path = one(&format!("/preview?{INCLUDE}"));
        let previewed = house.send("POST", &path, &other).await.json();
        let kept = one(&format!(
            "?{INCLUDE}&order_update_mode=based_on_current_order"
        ));
        let refused = house.send("PATCH", &kept, &other).await;
        let place = "/data/relationships/primary_package".to_owned();
        assert_eq!(error(&refused), (422, "INVALID_RELATIONSHIP".into(), place));
        let reply = house
            .send("PATCH", &one(&format!("?{INCLUDE}")), &other)
            .await
            .json();
        for shown in [&previewed, &reply] {
            let (total, items) = order(shown);
            assert_eq!(total, 300 + 15 + 30, "{shown}");
            assert!(items.contains(&item("Firewood", 15)), "{items:?}");
            assert_eq!(items.len(), 3, "{items:?}");
        }
        // The same ones once more change nothing, in either mode.
        for path in [one(&format!("?{INCLUDE}")), kept] {
            let reply = house.send("PATCH", &path, &other).await.json();
            assert_eq!(order(&reply).0, 345, "{reply}");
        }
        let none = change(json!({}), links(None, &[]));
        let reply = house
            .send("PATCH", &one(&format!("?{INCLUDE}")), &none)
            .await
            .json();
        assert_eq!(order(&reply), (json!(300), vec![item("Cabin", 300)]));
        assert_eq!(shop.free(&house, JUNE, 1).await, [0]);
    })
    .await;
}

#[tokio::test]
async fn a_stay_that_another_api_has_sold_owes_its_nights_and_its_packages() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let firewood = package(&house, shop.park, "Firewood", "per_night", 5).await;
        let mut new = stay(shop.room, JUNE, date(2027, 6, 4));
        new.details.price = 80.into();
        let booking = house.book(new).await.to_string();
        let path = format!(
            "/administrations/{}/reservations/{booking}?{INCLUDE}",
            shop.park
        );
        let with = changed(&booking, json!({}), links(Some(&firewood), &[]));
        let reply = house.send("PATCH", &path, &with).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let expected = (json!(95), vec![item("Cabin", 80), item("Firewood", 15)]);
        assert_eq!(order(&reply.json()), expected);
        assert_eq!(house.booking(&booking).await.details.price, 80.into());
    })
    .await;
}

#[tokio::test]
async fn a_package_of_nobody_or_of_another_administration_is_not_there() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let elsewhere = package(&house, house.parks[1].0, "Sauna", "per_stay", 9).await;
        let made = shop
            .reserve(&house, "2027-06-01", "2027-06-02", "?confirm=true")
            .await;
        for package in [&*elsewhere, "7"] {
            for (links, name) in [
                (links(Some(package), &[]), "primary_package"),
                (links(None, &[package]), "extra_packages"),
            ] {
                let mut wanted = shop.wanted("2027-06-05", "2027-06-06");
                let relationships = wanted["data"]["relationships"].as_object_mut().unwrap();
                relationships.extend(links.as_object().unwrap().clone());
                let path = shop.at(&format!("/{}", id(&made)));
                let change = changed(id(&made), json!({}), links);
                for reply in [
                    house.send("POST", &shop.at(""), &wanted).await,
                    house.send("POST", &shop.at("/preview"), &wanted).await,
                    house.send("PATCH", &path, &change).await,
                ] {
                    let place = format!("/data/relationships/{name}");
                    let expected = (404, "RESOURCE_NOT_FOUND".to_owned(), place);
                    assert_eq!(error(&reply), expected, "{}", reply.json());
                }
            }
        }
        assert_eq!(shop.free(&house, date(2027, 6, 5), 1).await, [1]);
    })
    .await;
}

/// The main package of a reservation and its other ones, as it and its order show them.
async fn packages(house: &House, shop: &Shop, id: &str) -> (Value, Vec<Value>) {
    let include = "include=primary_package,extra_packages";
    let path = format!("/administrations/{}/reservations/{id}?{include}", shop.park);
    let links = house.get(&path).await["data"]["relationships"].clone();
    let primary = links["primary_package"]["data"]["id"].clone();
    let extra = links["extra_packages"]["data"].as_array().unwrap();
    let extra: Vec<Value> = extra.iter().map(|link| link["id"].clone()).collect();
    let path = format!("/orders/{id}?fields[order]=primary_package_id,extra_package_ids");
    let order = house.get(&path).await["data"]["attributes"].clone();
    let same = json!({ "primary_package_id": primary, "extra_package_ids": extra });
    assert_eq!(order, same);
    (primary, extra)
}

/// Changes packages and nothing else. The order that comes of it, as it was previewed too.
async fn change(
    house: &House,
    shop: &Shop,
    id: &str,
    links: Value,
) -> (Value, Vec<(String, Value)>) {
    let document = changed(id, json!({}), links);
    let path = shop.at(&format!("/{id}/preview?{INCLUDE}"));
    let previewed = house.send("POST", &path, &document).await.json();
    let path = shop.at(&format!("/{id}?{INCLUDE}"));
    let reply = house.send("PATCH", &path, &document).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    let shown = order(&reply.json());
    assert_eq!(order(&previewed).0, shown.0);
    shown
}

/// Some of the relationships.
fn only(links: Value, name: &str) -> Value {
    json!({ name: links[name] })
}

#[tokio::test]
async fn extra_packages_without_a_main_one_stay_extra() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let dinner = package(&house, shop.park, "Dinner", "per_person", 30).await;
        let firewood = package(&house, shop.park, "Firewood", "per_night", 5).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        let extra = only(links(None, &[&firewood, &dinner]), "extra_packages");
        let relationships = wanted["data"]["relationships"].as_object_mut().unwrap();
        relationships.extend(extra.as_object().unwrap().clone());
        let path = shop.at("?confirm=true");
        let made = house.send("POST", &path, &wanted).await.json();
        let id = id(&made);
        let shown = packages(&house, &shop, id).await;
        assert_eq!(shown, (Value::Null, vec![json!(firewood), json!(dinner)]));

        let none = only(links(None, &[]), "extra_packages");
        let left = change(&house, &shop, id, none).await;
        assert_eq!(left, (json!(200), vec![item("Cabin", 200)]));
        assert_eq!(packages(&house, &shop, id).await, (Value::Null, vec![]));

        // A main one comes and goes, and the extra one stays what it is.
        let both = links(Some(&dinner), &[&firewood]);
        assert_eq!(change(&house, &shop, id, both).await.0, 200 + 60 + 10);
        let shown = packages(&house, &shop, id).await;
        assert_eq!(shown, (json!(dinner), vec![json!(firewood)]));
        let extra = (Value::Null, vec![json!(firewood)]);
        let none = only(links(None, &[]), "primary_package");
        assert_eq!(change(&house, &shop, id, none).await.0, 200 + 10);
        assert_eq!(packages(&house, &shop, id).await, extra);
        let again = only(links(Some(&dinner), &[]), "primary_package");
        assert_eq!(change(&house, &shop, id, again).await.0, 200 + 60 + 10);
        let path = format!("/administrations/{}/packages/{dinner}", shop.park);
        let reply = house.send("DELETE", &path, &Value::Null).await;
        assert_eq!(reply.status, 204);
        assert_eq!(packages(&house, &shop, id).await, extra);
    })
    .await;
}

#[tokio::test]
async fn packages_that_stay_keep_what_they_were_sold_for_until_the_stay_is_priced_anew() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let dinner = package(&house, shop.park, "Dinner", "per_person", 30).await;
        let firewood = package(&house, shop.park, "Firewood", "per_night", 5).await;
        let care = package(&house, shop.park, "Care", "per_stay", 20).await;
        let at = |package: &str| format!("/administrations/{}/packages/{package}", shop.park);
        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        let relationships = wanted["data"]["relationships"].as_object_mut().unwrap();
        let had = links(Some(&care), &[&dinner]);
        relationships.extend(had.as_object().unwrap().clone());
        let made = house.send("POST", &shop.at("?confirm=true"), &wanted).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let made = made.json();
        let id = id(&made);

        let dearer = json!({ "data": {
            "type": "package", "id": dinner, "attributes": { "price": 40 },
        } });
        let reply = house.send("PATCH", &at(&dinner), &dearer).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let reply = house.send("DELETE", &at(&care), &Value::Null).await;
        assert_eq!(reply.status, 204);
        let more = only(links(None, &[&dinner, &firewood]), "extra_packages");
        let (total, items) = change(&house, &shop, id, more).await;
        assert_eq!(total, 200 + 20 + 60 + 10, "{items:?}");
        for expected in [item("Care", 20), item("Dinner", 60), item("Firewood", 10)] {
            assert!(items.contains(&expected), "{expected:?}: {items:?}");
        }
        // One that goes takes what it cost along, and only that.
        let fewer = only(links(None, &[&dinner]), "extra_packages");
        assert_eq!(change(&house, &shop, id, fewer).await.0, 200 + 20 + 60);

        let longer = changed(id, json!({ "end_date": "2027-06-04" }), json!({}));
        let path = shop.at(&format!("/{id}?{INCLUDE}"));
        let reply = house.send("PATCH", &path, &longer).await.json();
        assert_eq!(order(&reply).0, 300 + 20 + 80, "{reply}");
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_none_is_answered_as_one_that_nothing_has() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let dinner = package(&house, shop.park, "Dinner", "per_person", 30).await;
        let firewood = package(&house, shop.park, "Firewood", "per_night", 5).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-03");
        wanted["data"]["attributes"]["fixed_rentable"] = json!(true);
        let relationships = wanted["data"]["relationships"].as_object_mut().unwrap();
        let had = links(Some(&dinner), &[&firewood]);
        relationships.extend(had.as_object().unwrap().clone());
        let path = shop.at(&format!("?confirm=true&{INCLUDE}"));
        let made = house.send("POST", &path, &wanted).await.json();
        let before = house.booking(id(&made)).await;
        let path = shop.at(&format!("/{}", id(&made)));
        for (name, kind, many) in [
            ("rentable_type", "rentable_type", false),
            ("category", "category", false),
            ("inventory_object", "inventory_object", false),
            ("rentable_identity", "rentable_identity", false),
            ("rentable", "rentable", false),
            ("primary_package", "package", false),
            ("extra_packages", "package", true),
            ("labels", "label", true),
            ("cancellation_rule", "cancellation_rule", false),
            ("discount_campaign", "discount_campaign", false),
        ] {
            for none in ["7", "0", "007", "99999999999999999999"] {
                let link = json!({ "type": kind, "id": none });
                let data = if many { json!([link]) } else { link };
                let links = json!({ name: { "data": data } });
                let mut replies = Vec::new();
                // The rule is said once, with a new reservation.
                if name != "cancellation_rule" {
                    let change = changed(id(&made), json!({}), links.clone());
                    let preview = format!("{path}/preview");
                    replies.push(house.send("PATCH", &path, &change).await);
                    replies.push(house.send("POST", &preview, &change).await);
                }
                if name != "category" {
                    let mut wanted = shop.wanted("2027-06-05", "2027-06-06");
                    wanted["data"]["relationships"][name] = links[name].clone();
                    replies.push(house.send("POST", &shop.at(""), &wanted).await);
                }
                for reply in replies {
                    let place = format!("/data/relationships/{name}");
                    let expected = (404, "RESOURCE_NOT_FOUND".to_owned(), place);
                    assert_eq!(error(&reply), expected, "{none}: {}", reply.json());
                }
            }
        }
        assert_eq!(house.booking(id(&made)).await, before);
        let shown = house.get(&format!("{path}?{INCLUDE}")).await;
        assert_eq!(shown["data"]["attributes"]["fixed_rentable"], true);
        assert_eq!(order(&shown), order(&made));
        let shown = packages(&house, &shop, id(&made)).await;
        assert_eq!(shown, (json!(dinner), vec![json!(firewood)]));
    })
    .await;
}
