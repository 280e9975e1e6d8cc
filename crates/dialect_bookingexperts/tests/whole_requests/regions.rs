//! Where administrations lie, costs of parts of the year, and word of guests who have become others.

use serde_json::{Value, json};

use crate::house::{House, ids, in_every_house};
use crate::outside::event;
use crate::shop::{Shop, error, id};
use crate::world::World;
use crate::writing::{document, linked};

async fn made(house: &House, path: &str, document: &Value) -> String {
    let reply = house.send("POST", path, document).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    id(&reply.json()).to_owned()
}

/// The document that says where an administration lies.
fn lies(park: domain::id::Id, links: Value) -> Value {
    json!({ "data": { "type": "administration", "id": park.to_string(), "relationships": links } })
}

fn to(kind: &str, id: &str) -> Value {
    json!({ "data": { "type": kind, "id": id } })
}

#[tokio::test]
async fn a_search_is_narrowed_to_regions_and_follows_where_administrations_lie() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let named = |kind: &str| document(kind, json!({ "name": { "en": "Coast" } }));
        let coast = made(&house, "/regions", &named("region")).await;
        let hills = made(&house, "/regions", &named("region")).await;
        let in_region = [("region", "region", coast.clone())];
        let city = linked("city", json!({ "name": { "en": "Haven" } }), &in_region);
        let city = made(&house, "/cities", &city).await;
        let found = async |filter: &str| -> u64 {
            let path = "/availabilities?filter[start_date]=2027-06-01..2027-06-08&filter[los]=2";
            let found = house.get(&format!("{path}&{filter}")).await;
            found["meta"]["total_availabilities"].as_u64().unwrap()
        };
        let counts = async || {
            [
                found(&format!("filter[region_ids]={coast}")).await,
                found(&format!("filter[region_ids]={coast},{hills}")).await,
                found(&format!("filter[-region_ids]={coast}")).await,
                found("filter[region_ids]=7").await,
            ]
        };
        assert_eq!(counts().await, [0, 0, 7, 0]);
        let path = format!("/administrations/{}", shop.park);
        let where_to = json!({ "region": to("region", &coast), "city": to("city", &city) });
        let query = format!("{path}?include=region,city.region");
        let reply = house
            .send("PATCH", &query, &lies(shop.park, where_to))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(reply.json()["included"].as_array().unwrap().len(), 2);
        assert_eq!(counts().await, [7, 7, 0, 0]);
        for filter in [
            format!("filter[region]={coast}"),
            format!("filter[city]={city}"),
        ] {
            let listed = house.get(&format!("/administrations?{filter}")).await;
            assert_eq!(ids(&listed), [shop.park.to_string()]);
        }
        // What somebody lies in stays.
        for path in [format!("/regions/{coast}"), format!("/cities/{city}")] {
            let reply = house.ask_to("DELETE", &path).await;
            assert_eq!(reply.code(), (409, "CONFLICT".to_owned()), "{path}");
        }
        let moved = lies(shop.park, json!({ "region": to("region", &hills) }));
        assert_eq!(house.send("PATCH", &path, &moved).await.status, 200);
        assert_eq!(counts().await, [0, 7, 7, 0]);
        let nowhere = json!({ "region": { "data": null }, "city": { "data": null } });
        let reply = house.send("PATCH", &path, &lies(shop.park, nowhere)).await;
        let links = &reply.json()["data"]["relationships"];
        assert_eq!(
            (&links["region"]["data"], &links["city"]["data"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(counts().await, [0, 0, 7, 0]);
        assert_eq!(
            house
                .ask_to("DELETE", &format!("/regions/{hills}"))
                .await
                .status,
            204
        );
        // A town is part of its region.
        let reply = house.ask_to("DELETE", &format!("/regions/{coast}")).await;
        assert_eq!(reply.code(), (409, "CONFLICT".to_owned()));
        // Where nobody is left, nothing lies.
        let (south, _) = house.parks[1];
        let moor = made(&house, "/regions", &named("region")).await;
        let there = lies(south, json!({ "region": to("region", &moor) }));
        let reply = house
            .send("PATCH", &format!("/administrations/{south}"), &there)
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let actor = house.actor_now();
        let gone = house.service.properties().remove(&actor, &[south]).await;
        gone.unwrap().remove(0).unwrap();
        assert_eq!(
            house
                .ask_to("DELETE", &format!("/regions/{moor}"))
                .await
                .status,
            204
        );
        for name in ["region", "city"] {
            let unknown = lies(shop.park, json!({ name: to(name, "7") }));
            let reply = house.send("PATCH", &path, &unknown).await;
            let pointer = format!("/data/relationships/{name}");
            assert_eq!(error(&reply), (404, "RESOURCE_NOT_FOUND".into(), pointer));
        }
    })
    .await;
}

#[tokio::test]
async fn a_periodic_cost_comes_with_the_nights_of_its_part_of_the_year() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 3).await;
        let path = format!("/administrations/{}/periodic_costs", shop.park);
        let attributes = json!({ "name": { "en": "Heating" }, "price": 3, "cost_type": "per_night",
            "start_date": "2027-06-03", "end_date": "2027-06-05" });
        let cost = made(&house, &path, &document("periodic_cost", attributes)).await;
        let total = async |start: &str, end: &str| {
            let made = shop.reserve(&house, start, end, "").await;
            let order = format!("/administrations/{}/orders/{}", shop.park, id(&made));
            house.get(&order).await["data"]["attributes"]["total"].clone()
        };
        // Two nights lie within, the last day is the first one without.
        assert_eq!(total("2027-06-01", "2027-06-08").await, 706);
        assert_eq!(total("2027-06-04", "2027-06-06").await, 203);
        assert_eq!(total("2027-06-05", "2027-06-06").await, 100);
        let patch = |attributes: Value| {
            let mut patch = document("periodic_cost", attributes);
            patch["data"]["id"] = json!(cost);
            patch
        };
        let one = format!("{path}/{cost}");
        let reply = house
            .send("PATCH", &one, &patch(json!({ "end_date": "2027-06-03" })))
            .await;
        let pointer = "/data/attributes/end_date".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_ATTRIBUTE".into(), pointer));
        let open = patch(json!({ "start_date": null, "end_date": null }));
        let reply = house.send("PATCH", &one, &open).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(reply.json()["data"]["attributes"]["end_date"], Value::Null);
        assert_eq!(total("2027-06-10", "2027-06-11").await, 103);
    })
    .await;
}

#[tokio::test]
async fn word_of_other_guests_is_given_once_and_told_to_those_who_listen() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let kind = "guest_mutation_notification";
        let path = format!("/administrations/{}/{kind}s", world.park);
        let of = |booking: &str| linked(kind, json!({}), &[("booking", "booking", booking.into())]);
        let booking = world.booking.to_string();
        let reply = house.send("POST", &path, &of(&booking)).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let given = reply.json()["data"].clone();
        assert_eq!(given["relationships"]["booking"]["data"]["id"], booking);
        // It has no address: nobody reads it again.
        assert_eq!((given["links"]["self"].as_str(), reply.headers.get("location")), (None, None));
        let one = format!("{path}/{}", given["id"].as_str().unwrap());
        assert_eq!(house.get_as(&house.key, &one).await.status, 404);
        let listener = house.key_for(&["guest_mutation_notification|read"]).await;
        let subscribed = json!({ "target_url": "https://app.example/hook", "events": [format!("{kind}:created")] });
        assert_eq!(house.subscribe(&listener, subscribed.clone()).await.status, 201);
        let deaf = house.key_for(&["guest|read"]).await;
        assert_eq!(house.subscribe(&deaf, subscribed).await.code(), (403, "NO_VALID_SCOPE".into()));
        let given = given["id"].as_str().unwrap().parse().unwrap();
        let happened = event(&house, "guest_mutation.created", given, world.park, json!({}));
        let told = house.told(&listener, &format!("{kind}:created"), &happened).await.unwrap();
        let end = &told["record"]["data"]["relationships"]["booking"]["data"];
        assert_eq!(end["id"], booking, "{told}");
        for (path, booking) in [
            (path.clone(), "7".to_owned()),
            (path.clone(), world.unit.to_string()),
            (path.replace(&world.park.to_string(), &house.parks[1].0.to_string()), booking.clone()),
        ] {
            let reply = house.send("POST", &path, &of(&booking)).await;
            let pointer = "/data/relationships/booking".to_owned();
            assert_eq!(error(&reply), (404, "RESOURCE_NOT_FOUND".into(), pointer));
        }
        let key = house.key_for(&["guest_mutation_notification|write"]).await;
        assert_eq!(house.send_as(&key, "POST", &path, &of(&booking)).await.status, 201);
    })
    .await;
}
