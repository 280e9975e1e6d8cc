//! Pictures of rentable types: made, put in order and removed, alone and with their type.

use serde_json::{Value, json};

use crate::house::{House, ids, in_every_house};
use crate::shop::{Shop, error, id};
use crate::writing::document;

fn picture(name: &str) -> Value {
    document(
        "image",
        json!({ "url": format!("https://park.example/{name}.jpg") }),
    )
}

async fn made(house: &House, path: &str, name: &str) -> String {
    let reply = house.send("POST", path, &picture(name)).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    id(&reply.json()).to_owned()
}

/// The pictures that a type names, by what they show.
async fn shown(house: &House, path: &str) -> Vec<String> {
    let found = house.get(&format!("{path}?include=images")).await;
    let ends = found["data"]["relationships"]["images"]["data"]
        .as_array()
        .unwrap();
    let rows = found["included"].as_array().unwrap();
    assert_eq!(ends.len(), rows.len());
    let url = |end: &Value| {
        let row = rows.iter().find(|row| row["id"] == end["id"]).unwrap();
        let url = row["attributes"]["url"].as_str().unwrap();
        let name = url.strip_prefix("https://park.example/").unwrap();
        name.strip_suffix(".jpg").unwrap().to_owned()
    };
    ends.iter().map(url).collect()
}

#[tokio::test]
async fn pictures_are_made_below_their_type_and_put_in_order_by_it() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let park = format!("/administrations/{}", shop.park);
        let (new, old) = (
            format!("{park}/rentable_types/{}", shop.room),
            format!("{park}/categories/{}", shop.room),
        );
        let bed = made(&house, &format!("{new}/images"), "bed").await;
        let bath = made(&house, &format!("{old}/images"), "bath").await;
        let view = made(&house, &format!("{new}/images"), "view").await;
        // Each new one is the last.
        assert_eq!(shown(&house, &new).await, ["bed", "bath", "view"]);
        let listed = house.get(&format!("{old}/images?sort=-position")).await;
        assert_eq!(ids(&listed), [view.as_str(), &bath, &bed]);
        let filter = format!("/images?filter[rentable_type]={}", shop.room);
        assert_eq!(ids(&house.get(&filter).await).len(), 3);
        let there = |id: &str| json!({ "type": "image", "id": id });
        let ordered = |links: Value, included: Value| {
            json!({
                "data": { "type": "rentable_type", "id": shop.room.to_string(),
                          "relationships": { "images": { "data": links } } },
                "included": included,
            })
        };
        // The view first, a new one second, the bed last; the bath goes.
        let temp = json!({ "type": "image", "meta": { "temp_id": "i", "method": "create" } });
        let mut new_one = picture("porch")["data"].clone();
        new_one["meta"] = json!({ "temp_id": "i" });
        let document = ordered(json!([there(&view), temp, there(&bed)]), json!([new_one]));
        let reply = house.send("PATCH", &new, &document).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(shown(&house, &new).await, ["view", "porch", "bed"]);
        let gone = house
            .get_as(&house.key, &format!("{park}/images/{bath}"))
            .await;
        assert_eq!(gone.status, 404);
        // One that is there is changed where it travels along.
        let temp =
            json!({ "type": "image", "id": view, "meta": { "temp_id": "v", "method": "update" } });
        let mut changed = picture("sea")["data"].clone();
        changed["meta"] = json!({ "temp_id": "v" });
        let document = ordered(json!([there(&bed), temp]), json!([changed]));
        let reply = house.send("PATCH", &new, &document).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(shown(&house, &new).await, ["bed", "sea"]);
        // Those of another type are not there, and nothing is done by halves.
        let other = format!("{park}/rentable_types/{}/images", house.parks[0].1);
        let theirs = made(&house, &other, "theirs").await;
        for unknown in [theirs.as_str(), "7"] {
            let document = ordered(json!([there(unknown)]), json!([]));
            let reply = house.send("PATCH", &new, &document).await;
            let (status, code, place) = error(&reply);
            assert_eq!((status, &*code), (404, "RESOURCE_NOT_FOUND"), "{place}");
            assert!(place.starts_with("/data/relationships/images"), "{place}");
        }
        assert_eq!(shown(&house, &new).await, ["bed", "sea"]);
        let none = ordered(json!([]), json!([]));
        assert_eq!(house.send("PATCH", &new, &none).await.status, 200);
        assert_eq!(shown(&house, &new).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_picture_has_an_address_and_is_of_one_type_of_its_administration() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let park = format!("/administrations/{}", shop.park);
        let below = format!("{park}/rentable_types/{}/images", shop.room);
        for url in [
            "",
            "lodge.jpg",
            "ftp://park.example/x",
            "https://",
            "https://park.example/a b",
        ] {
            let document = document("image", json!({ "url": url }));
            let reply = house.send("POST", &below, &document).await;
            let pointer = "/data/attributes/url".to_owned();
            assert_eq!(
                error(&reply),
                (422, "INVALID_ATTRIBUTE".into(), pointer),
                "{url}"
            );
        }
        let of = |name: &str, room: String| {
            let mut document = picture("x");
            document["data"]["relationships"] =
                json!({ name: { "data": { "type": name, "id": room } } });
            document
        };
        let reply = house
            .send("POST", &format!("{park}/images"), &picture("x"))
            .await;
        let pointer = "/data/relationships/rentable_type".to_owned();
        assert_eq!(error(&reply), (422, "INVALID_RELATIONSHIP".into(), pointer));
        let (own, other, south) = (shop.room, house.parks[0].1, house.parks[1].1);
        for (path, name, room) in [
            (format!("{park}/images"), "rentable_type", south),
            (format!("{park}/images"), "category", south),
            (below.clone(), "rentable_type", other),
            (below.clone(), "category", south),
        ] {
            let reply = house.send("POST", &path, &of(name, room.to_string())).await;
            let pointer = format!("/data/relationships/{name}");
            assert_eq!(
                error(&reply),
                (404, "RESOURCE_NOT_FOUND".into(), pointer),
                "{path}"
            );
        }
        let foreign = format!("{park}/rentable_types/{south}/images");
        assert_eq!(
            house.send("POST", &foreign, &picture("x")).await.status,
            404
        );
        assert_eq!(house.get_as(&house.key, &foreign).await.status, 404);
        let path = format!("{park}/images");
        let reply = house
            .send("POST", &path, &of("category", own.to_string()))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        // A picture changes its type within the administration, and goes alone.
        let one = format!("{path}/{}", id(&reply.json()));
        let mut moved = of("rentable_type", other.to_string());
        moved["data"]["id"] = json!(id(&reply.json()));
        let moved = house.send("PATCH", &one, &moved).await;
        assert_eq!(moved.status, 200, "{}", moved.json());
        assert_eq!(house.get(&below).await["data"], json!([]));
        assert_eq!(house.ask_to("DELETE", &one).await.status, 204);
        // A type that goes takes its pictures along, whichever API removes it.
        let lost = made(&house, &below, "lost").await;
        let actor = house.actor_now();
        let gone = house
            .service
            .properties()
            .rooms_remove(&actor, &[own])
            .await;
        gone.unwrap().remove(0).unwrap();
        let path = format!("{park}/images/{lost}");
        assert_eq!(house.get_as(&house.key, &path).await.status, 404);
    })
    .await;
}
