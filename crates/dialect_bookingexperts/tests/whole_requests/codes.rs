//! Each of the vendor's 24 codes, asked for: there is a request that is refused with it, for one of them in a house that
//! was put together wrongly.

use dialect_bookingexperts::scopes;
use identity::{BOOKING_EXPERTS_QUOTA, ROOMY_QUOTA};
use jsonapi::Code;
use serde_json::{Value, json};

use crate::house::{House, Reply, in_every_house};
use crate::standard::flaws;
use crate::world::World;
use crate::writing::{document, linked};

const LABELS: &str = "/labels";

/// A label that leads somewhere, although labels lead nowhere.
fn unrelated(name: &str) -> Value {
    linked(
        "label",
        json!({ "name": "x" }),
        &[(name, "unicorn", "7".into())],
    )
}

async fn of_too_many(house: &House) -> Reply {
    let quota = BOOKING_EXPERTS_QUOTA;
    let (_, _, key) = house.install(&["label|read"], None, quota).await;
    for _ in 0..100 {
        assert_eq!(house.get_as(&key, LABELS).await.status, 200);
    }
    house.get_as(&key, LABELS).await
}

/// Asks as an app of the other administration, which was granted no channel.
async fn from_elsewhere(house: &House, path: &str) -> Reply {
    let words = scopes::permissions();
    let words: Vec<&str> = words.iter().map(|known| known.word.as_str()).collect();
    let (south, _) = house.parks[1];
    let (_, _, key) = house.install(&words, Some(vec![south]), ROOMY_QUOTA).await;
    house.get_as(&key, path).await
}

async fn with_word(house: &House, word: &str, path: &str) -> Reply {
    let key = house.key_for(&[word]).await;
    house.get_as(&key, path).await
}

/// An answer that is refused with this code. A code that is not asked for here does not compile.
async fn refused_with(code: Code, house: &House, world: &World) -> Reply {
    let key = house.key.as_str();
    let (park, channel) = (world.park, world.channel);
    let asked = |query: &str| format!("{LABELS}?{query}");
    match code {
        Code::ApplicationHalted => {
            house
                .get_as(&house.halted_key(&["label|read"]).await, LABELS)
                .await
        }
        Code::Conflict => {
            house
                .send("POST", LABELS, &document("extra", json!({})))
                .await
        }
        Code::ForbiddenInclude => {
            with_word(house, "reservation|read", "/reservations?include=order").await
        }
        Code::ForbiddenInput => house.send("POST", LABELS, &json!([])).await,
        // No request makes this house fail, but a house that was put together wrongly does.
        Code::InternalServerError => {
            house
                .without_a_way_out()
                .ask_to("GET", "/webhook_endpoints")
                .await
        }
        Code::InvalidAttribute => {
            house
                .send("POST", LABELS, &document("label", json!({})))
                .await
        }
        Code::InvalidFieldset => house.get_as(key, &asked("fields[label]=size")).await,
        Code::InvalidFilter => house.get_as(key, &asked("filter[size]=3")).await,
        Code::InvalidInclude => house.get_as(key, &asked("include=unicorn")).await,
        Code::InvalidPagination => house.get_as(key, &asked("page[size]=101")).await,
        Code::InvalidRelationship => {
            let group = [("amenity_group", "label", "7".into())];
            let sent = linked("amenity", json!({ "name": { "en": "x" } }), &group);
            house.send("POST", "/amenities", &sent).await
        }
        Code::InvalidSorting => house.get_as(key, &asked("sort=size")).await,
        Code::InvalidToken => house.get_as("nonsense", LABELS).await,
        Code::NoAdministrationAccess => {
            from_elsewhere(house, &format!("/administrations/{park}/labels")).await
        }
        Code::NoChannelAccess => {
            from_elsewhere(house, &format!("/channels/{channel}/rentable_types")).await
        }
        Code::NoValidScope => with_word(house, "label|read", "/reservations").await,
        Code::RateLimited => of_too_many(house).await,
        Code::ResourceNotFound => house.get_as(key, "/labels/7").await,
        Code::SubscriptionCancelled => {
            house
                .get_as(&house.cancelled_key(&["label|read"]).await, LABELS)
                .await
        }
        Code::UnknownAttribute => {
            let sent = document("label", json!({ "name": "x", "size": 3 }));
            house.send("POST", LABELS, &sent).await
        }
        Code::UnknownFormat => {
            let headers = [("x-api-key", key), ("accept", "text/csv")];
            house
                .ask("GET", "/bookingexperts/v3/labels", &headers)
                .await
        }
        Code::UnknownRelationship => house.send("POST", LABELS, &unrelated("unicorn")).await,
        Code::UnknownVersion => {
            let headers = [("x-api-key", key)];
            house
                .ask("GET", "/bookingexperts/v2/labels", &headers)
                .await
        }
        Code::UnsupportedMediaType => {
            let (sent, text) = (
                document("label", json!({ "name": "x" })),
                [("content-type", "text/csv")],
            );
            house.send_under(key, "POST", LABELS, &sent, &text).await
        }
    }
}

#[tokio::test]
async fn each_code_is_the_answer_to_something() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for code in Code::ALL {
            let reply = refused_with(*code, &house, &world).await;
            let (status, word) = (code.status(), code.as_str());
            assert_eq!(reply.code(), (status.as_u16(), word.to_owned()), "{word}");
            let body = reply.json();
            assert_eq!(flaws(&body), [""; 0], "{body}");
            let errors = body["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{body}");
            let error = &errors[0];
            assert_eq!(error["status"], status.as_str(), "{error}");
            assert_eq!(error["title"], code.title(), "{error}");
            let detail = error["detail"].as_str();
            assert!(detail.is_some_and(|detail| !detail.is_empty()), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_relationship_that_there_is_not_is_named_wherever_it_stands() {
    in_every_house(|house| async move {
        let label = house
            .send("POST", LABELS, &document("label", json!({ "name": "x" })))
            .await;
        let id = label.json()["data"]["id"].clone();
        let path = format!("{LABELS}/{}", id.as_str().unwrap());
        for name in ["unicorn", "Reservation", "a/b"] {
            let mut sent = unrelated(name);
            let made = house.send("POST", LABELS, &sent).await;
            sent["data"]["id"] = id.clone();
            let changed = house.send("PATCH", &path, &sent).await;
            for reply in [made, changed] {
                assert_eq!(
                    reply.code(),
                    (400, "UNKNOWN_RELATIONSHIP".to_owned()),
                    "{name}"
                );
                let pointer = format!("/data/relationships/{}", name.replace('/', "~1"));
                assert_eq!(
                    reply.json()["errors"][0]["source"],
                    json!({ "pointer": pointer })
                );
            }
        }
        let labels = house.get(LABELS).await;
        assert_eq!(
            labels["meta"]["pagination"]["total_records"], 1,
            "nothing is half made"
        );
    })
    .await;
}
