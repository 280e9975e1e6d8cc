//! Webhook endpoints as resources, and what they are told.

use domain::id::Id;
use identity::ROOMY_QUOTA;
use serde_json::{Value, json};
use service::inventory::Stage;
use service::{PageOf, inventory::OrganizationDetailsPatch, outgoing::DeliveryFilter};

use crate::house::{House, Reply, in_every_house, stay};
use crate::outside::event;
use crate::world::{ARRIVAL, World};

const URL: &str = "https://app.example/hook";

fn wanted(events: &[&str]) -> Value {
    json!({ "target_url": URL, "events": events })
}

fn change(id: &str, attributes: Value) -> Value {
    json!({ "data": { "type": "webhook_endpoint", "id": id, "attributes": attributes } })
}

/// The first error: status, code, and what is to blame.
fn blamed(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let error = &body["errors"][0];
    let source = error["source"]["pointer"].as_str();
    let source = source.or_else(|| error["source"]["parameter"].as_str());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        reply.status,
        text(&error["code"]),
        source.unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_removed() {
    in_every_house(|house| async move {
        let key = house.key.as_str();
        let mut attributes =
            wanted(&["reservation|created", "reservation:created", "todo:updated"]);
        attributes["owner_email"] = "owner@example.org".into();
        let made = house.subscribe(key, attributes).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let data = made.json()["data"].clone();
        let id = data["id"].as_str().unwrap().to_owned();
        assert_eq!(data["meta"]["secret"].as_str().unwrap().len(), 64);
        let shown = &data["attributes"];
        // The older spelling is the newer one's name, and nothing is told twice.
        assert_eq!(
            shown["events"],
            json!(["reservation:created", "todo:updated"])
        );
        assert_eq!(shown["confirm_strategy"], "wait_for_success");
        assert_eq!(shown["active"], true);
        assert_eq!(shown["updated_at"], shown["created_at"]);
        let location = made.headers["location"].to_str().unwrap();
        let path = format!("/webhook_endpoints/{id}");
        assert!(location.ends_with(&path), "{location}");

        // The secret is shown once, and never again.
        let again = house.get(&path).await;
        assert_eq!(again["data"]["attributes"], *shown);
        assert!(again["data"].get("meta").is_none());
        let list = house.get("/webhook_endpoints").await;
        assert_eq!(list["meta"]["pagination"]["total_records"], 1);
        assert_eq!(list["data"][0], again["data"]);

        house.clock.advance_ms(60_000);
        let other = json!({ "confirm_strategy": "fire_and_forget", "active": false,
            "owner_email": null, "events": ["label:deleted"] });
        let changed = house
            .call_as(key, "PATCH", &path, Some(&change(&id, other)))
            .await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let now = changed.json()["data"]["attributes"].clone();
        assert_eq!(now["events"], json!(["label:deleted"]));
        assert_eq!(now["confirm_strategy"], "fire_and_forget");
        assert_eq!(
            (&now["active"], &now["owner_email"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(now["target_url"], URL);
        assert_ne!(now["updated_at"], now["created_at"]);

        let gone = house.call_as(key, "DELETE", &path, None).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        for method in ["GET", "DELETE"] {
            let reply = house.call_as(key, method, &path, None).await;
            assert_eq!(reply.code(), (404, "RESOURCE_NOT_FOUND".to_owned()));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_endpoint_is_said_where_it_stands() {
    in_every_house(|house| async move {
        let key = house.key.as_str();
        let at = |name: &str| format!("/data/attributes/{name}");
        let with = |name: &str, value: Value| {
            let mut attributes = wanted(&["reservation:created"]);
            attributes[name] = value;
            attributes
        };
        for (name, value) in [
            ("events", json!(["reservation:exploded"])),
            ("events", json!(["subscription:updated"])),
            ("events", json!([])),
            ("target_url", json!("http://app.example/hook")),
            ("target_url", json!("https://127.0.0.1/hook")),
            ("target_url", json!("nowhere")),
            ("confirm_strategy", json!("sometimes")),
            ("secret", json!("short")),
            ("secret", json!("with spaces, which headers and shells eat")),
            ("owner_email", json!("nobody")),
        ] {
            let reply = house.subscribe(key, with(name, value.clone())).await;
            let expected = (422, "INVALID_ATTRIBUTE".to_owned(), at(name));
            assert_eq!(blamed(&reply), expected, "{name} {value}");
        }
        let made = house
            .subscribe(key, wanted(&["label:created"]))
            .await
            .json();
        let id = made["data"]["id"].as_str().unwrap();
        let path = format!("/webhook_endpoints/{id}");
        let secret = change(id, json!({ "secret": "0123456789abcdef" }));
        let reply = house.call_as(key, "PATCH", &path, Some(&secret)).await;
        assert_eq!(reply.code().1, "FORBIDDEN_INPUT");
        for hours in ["-1", "745", "a", "1.5"] {
            let path = format!("{path}/rotate_secret?keep_old_for_hours={hours}");
            let reply = house.call_as(key, "POST", &path, None).await;
            let expected = (
                400,
                "FORBIDDEN_INPUT".to_owned(),
                "keep_old_for_hours".to_owned(),
            );
            assert_eq!(blamed(&reply), expected, "{hours}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_read_a_resource_cannot_hear_of_it_and_endpoints_are_their_owners() {
    in_every_house(|house| async move {
        let poor = house.key_for(&["label|read"]).await;
        let reply = house
            .subscribe(&poor, wanted(&["label:created", "invoice:created"]))
            .await;
        assert_eq!(reply.code(), (403, "NO_VALID_SCOPE".to_owned()));
        assert!(
            reply.json().to_string().contains("invoice|read"),
            "{}",
            reply.json()
        );
        let made = house.subscribe(&poor, wanted(&["label:created"])).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let path = format!("/webhook_endpoints/{id}");
        let more = change(&id, json!({ "events": ["guest:created"] }));
        let reply = house.call_as(&poor, "PATCH", &path, Some(&more)).await;
        assert_eq!(reply.code(), (403, "NO_VALID_SCOPE".to_owned()));

        // For everybody else there is no such endpoint, and it is as if there never was.
        let stranger = house.another_tenant("Elsewhere").await;
        for other in [house.key.as_str(), stranger.key.as_str()] {
            let off = change(&id, json!({ "active": false }));
            let rotate = format!("{path}/rotate_secret");
            for (method, path, body) in [
                ("GET", &path, None),
                ("PATCH", &path, Some(&off)),
                ("DELETE", &path, None),
                ("POST", &rotate, None),
            ] {
                let reply = house.call_as(other, method, path, body).await;
                assert_eq!(
                    reply.code(),
                    (404, "RESOURCE_NOT_FOUND".to_owned()),
                    "{method}"
                );
            }
            let list = house.get_as(other, "/webhook_endpoints").await.json();
            assert_eq!(list["data"], json!([]));
        }
        assert_eq!(
            house.get_as(&poor, &path).await.json()["data"]["attributes"]["active"],
            true
        );
    })
    .await;
}

#[tokio::test]
async fn a_secret_may_be_given_and_signs_as_it_is_written() {
    in_every_house(|house| async move {
        let key = house.key.as_str();
        let given = "client-secret-of-the-app";
        let mut attributes = wanted(&["reservation:created"]);
        attributes["secret"] = given.into();
        let made = house.subscribe(key, attributes).await.json();
        assert_eq!(made["data"]["meta"]["secret"], given);
        let id: Id = made["data"]["id"].as_str().unwrap().parse().unwrap();
        let actor = house.caller(key).await;
        let kept = house
            .outgoing
            .subscription(&actor, id)
            .await
            .unwrap()
            .unwrap();
        let now = house.clock.now();
        let valid = house.outgoing.valid_secrets(&kept.subscription, now);
        assert_eq!(valid[0].bytes(), given.as_bytes());
        assert!(!format!("{:?}", kept.subscription).contains(given));
    })
    .await;
}

#[tokio::test]
async fn the_log_is_filtered_by_what_is_equal_and_refuses_the_rest() {
    in_every_house(|house| async move {
        house.subscribe(&house.key, wanted(&["reservation:created"])).await;
        for path in [
            "/webhook_deliveries",
            "/webhook_deliveries?filter[state]=failed,waiting&filter[created_at]=2026-01-01T00:00:00Z..",
            "/webhook_deliveries?filter[resource_id]=17&include=webhook_endpoint",
            "/webhook_deliveries?filter[webhook_endpoint]=999999999999999999999999",
            "/webhook_attempts?filter[outcome]=refused&include=webhook_delivery,webhook_endpoint",
            "/webhook_attempts?filter[webhook_delivery]=5",
        ] {
            let found = house.get(path).await;
            assert_eq!(found["meta"]["pagination"]["total_records"], 0, "{path}");
        }
        for (path, parameter) in [
            ("/webhook_deliveries?filter[state]=!failed", "filter[state]"),
            ("/webhook_deliveries?filter[state]=~fail", "filter[state]"),
            ("/webhook_deliveries?filter[state|resource_id]=5", "filter[state|resource_id]"),
            ("/webhook_deliveries?filter[state]=", "filter[state]"),
            ("/webhook_attempts?filter[id]=5", "filter[id]"),
            ("/webhook_attempts?filter[status]=200", "filter[status]"),
        ] {
            let reply = house.get_as(&house.key, path).await;
            let expected = (400, "INVALID_FILTER".to_owned(), parameter.to_owned());
            assert_eq!(blamed(&reply), expected, "{path}");
        }
        for (method, path) in [
            ("GET", "/webhook_deliveries/5"),
            ("POST", "/webhook_deliveries/5/resend"),
        ] {
            let reply = house.call_as(&house.key, method, path, None).await;
            assert_eq!(reply.code(), (404, "RESOURCE_NOT_FOUND".to_owned()), "{path}");
        }
        let actor = house.caller(&house.key).await;
        let none = DeliveryFilter::default();
        let none = house.outgoing.deliveries(&actor, &none, PageOf::first(1)).await;
        assert!(none.unwrap().rows.is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_resource_is_told_as_a_request_for_it_is_answered() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let mut told = 0;
        for (noun, path) in [
            ("property", "/administrations"),
            ("amenity", "/amenities"),
            ("amenity_group", "/amenity_groups"),
            ("amenity_option", "/amenity_options"),
            ("segment", "/rentable_segments"),
            ("unit", "/inventory_objects"),
            ("unit", "/rentables"),
            ("label", "/labels"),
            ("owner", "/owners"),
            ("agreement", "/agreements"),
            ("channel", "/channels"),
            ("price_list", "/master_price_lists"),
            ("campaign", "/discount_campaigns"),
            ("extra", "/extras"),
            ("cost", "/costs"),
            ("package", "/packages"),
            ("cancellation_rule", "/cancellation_rules"),
            ("customer", "/customers"),
            ("guest", "/guests"),
            ("invoice", "/invoices"),
            ("payment", "/payments"),
            ("payment_method", "/payment_methods"),
            ("payment_request", "/payment_requests"),
            ("payment_result", "/payment_results"),
            ("todo", "/todos"),
            ("review", "/reviews"),
            ("application_command", "/application_commands"),
        ] {
            let path = format!("{path}?page[size]=1");
            let shown = house.get_every_language(&path).await["data"][0].clone();
            let (kind, id) = (&shown["type"], &shown["id"]);
            let id: Id = id.as_str().unwrap().parse().unwrap();
            let place = shown["relationships"]["administration"]["data"]["id"].as_str();
            let place = place.map_or(house.tenant_id, |id| id.parse().unwrap());
            let name = format!("{}:updated", kind.as_str().unwrap());
            let happened = event(&house, &format!("{noun}.changed"), id, place, json!({}));
            let body = house.told(&house.key, &name, &happened).await;
            let body = body.unwrap_or_else(|| panic!("nothing is told of {name}"));
            assert_eq!(body["record"]["data"], shown, "{name}");
            assert_eq!(body["event"], name);
            let context = if place == house.tenant_id {
                "organization"
            } else {
                "administration"
            };
            assert_eq!(
                (&body["context"], &body["context_id"]),
                (&json!(context), &json!(place.to_string()))
            );
            told += 1;

            // Without the word nothing is told, whatever else somebody may read.
            let poor = house.key_for(&["availability|read", "order|read"]).await;
            assert_eq!(house.told(&poor, &name, &happened).await, None, "{name}");
        }
        assert_eq!(told, 27);
        let booked = event(
            &house,
            "booking.placed",
            world.booking,
            world.park,
            json!({}),
        );
        for kind in ["reservation", "booking", "order"] {
            let body = house
                .told(&house.key, &format!("{kind}:created"), &booked)
                .await
                .unwrap();
            assert_eq!(body["record"]["data"]["type"], kind);
            assert_eq!(body["record"]["data"]["id"], world.booking.to_string());
        }
        // A stay is no period in which a unit is blocked, and its type is told of by its own id.
        assert_eq!(
            house
                .told(&house.key, "agenda_period:created", &booked)
                .await,
            None
        );
        let name = "rentable_type:availability_updated";
        let poor = house.key_for(&["rentable_type|read"]).await;
        let body = house.told(&poor, name, &booked).await.unwrap();
        assert_eq!(body["record"]["data"]["id"], world.room.to_string());
    })
    .await;
}

impl House {
    /// The document at a path, with every language that we know.
    async fn get_every_language(&self, path: &str) -> Value {
        let path = format!("/bookingexperts/v3{path}");
        let all = dialect_bookingexperts::kinds::LOCALES.join(",");
        let headers = [("x-api-key", self.key.as_str()), ("accept-language", &all)];
        let reply = self.ask("GET", &path, &headers).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.json());
        reply.json()
    }
}

#[tokio::test]
async fn changes_are_told_in_the_words_of_the_resource_and_as_far_as_they_may_be_read() {
    in_every_house(|house| async move {
        let (park, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        let facts = json!({ "changes": {
            "departure_on": ["2027-05-09", "2027-05-08"],
            "status": ["held", "confirmed"],
            "contact.last_name": ["Berg", "Vos"],
            "party.adults": [4, 2],
            "price": ["80", "90"],
        } });
        let happened = event(&house, "booking.changed", booking, park, facts);
        let told = |key: String, name: &'static str| {
            let (house, happened) = (house.clone(), happened.clone());
            async move { house.told(&key, name, &happened).await }
        };
        let all = told(house.key.clone(), "reservation:updated")
            .await
            .unwrap();
        let changes = &all["event_metadata"]["changes"];
        assert_eq!(changes["end_date"], json!(["2027-05-09", "2027-05-08"]));
        assert_eq!(changes["state"], json!(["unconfirmed", "confirmed"]));
        assert_eq!(changes["guest_name"], json!(["Berg", "Vos"]));
        assert_eq!(changes["guest_group"][0]["adults"], 4);
        assert_eq!(changes["guest_group"][1]["adults"], 2);
        assert_eq!(changes.as_object().unwrap().len(), 4, "{changes}");

        let poor = house.key_for(&["reservation|read"]).await;
        let poor = told(poor, "reservation:updated").await.unwrap();
        let changes = &poor["event_metadata"]["changes"];
        assert_eq!(changes.as_object().unwrap().len(), 3, "{changes}");
        assert_eq!(
            poor["record"]["data"]["attributes"]["guest_name"],
            Value::Null
        );

        // Where nothing that may be read has changed, nothing has happened.
        let only_a_name = json!({ "changes": { "contact.last_name": ["Berg", "Vos"] } });
        let happened = event(&house, "booking.changed", booking, park, only_a_name);
        let blind = house.key_for(&["reservation|read"]).await;
        assert_eq!(
            house.told(&blind, "reservation:updated", &happened).await,
            None
        );
        assert!(
            house
                .told(&house.key, "reservation:updated", &happened)
                .await
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn who_sees_own_channels_only_is_told_of_those_only_and_of_what_is_gone_by_its_name() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let words = ["channel::reservation|read", "channel|read"];
        let (_, installation, own) = house.install(&words, None, ROOMY_QUOTA).await;
        let (park, room) = house.parks[0];
        let (occasion, channel) = (house.occasion(), Some(world.channel));
        let granted =
            house
                .oauth
                .set_channel(house.tenant_id, installation, park, channel, &occasion);
        granted.await.unwrap().unwrap();
        let mut through = stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap());
        through.channel = slug(&house, &world).await;
        let through = house.book(through).await;
        let elsewhere = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        for (booking, is_told) in [(through, true), (elsewhere, false)] {
            let happened = event(&house, "booking.placed", booking, park, json!({}));
            let told = house.told(&own, "reservation:created", &happened).await;
            assert_eq!(told.is_some(), is_told);
        }
        for (channel, is_told) in [(slug(&house, &world).await, true), ("direct".into(), false)] {
            let facts = json!({ "last": { "status": "confirmed", "channel": channel,
                "group_id": null, "resource_id": room } });
            let happened = event(&house, "booking.removed", Id::SMALLEST, park, facts);
            let told = house.told(&own, "reservation:deleted", &happened).await;
            assert_eq!(told.is_some(), is_told);
            if let Some(told) = told {
                let gone =
                    json!({ "data": { "type": "reservation", "id": Id::SMALLEST.to_string() } });
                assert_eq!(told["record"], gone);
            }
            let blocked = house
                .told(&house.key, "agenda_period:deleted", &happened)
                .await;
            assert_eq!(blocked, None);
        }
    })
    .await;
}

/// The slug of the world's channel.
async fn slug(house: &House, world: &World) -> String {
    let reading = house.service.reading(&house.actor).await.unwrap();
    let channel = reading
        .one::<service::content::Channel>(world.channel)
        .await;
    channel.unwrap().unwrap().slug()
}

#[tokio::test]
async fn who_gets_to_keep_a_unit_is_told_of_the_reservation_alone() {
    in_every_house(|house| async move {
        let (park, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        let facts = json!({ "changes": { "pinned": [false, true] } });
        let happened = event(&house, "booking.changed", booking, park, facts);
        let poor = house.key_for(&["reservation|read"]).await;
        for key in [&house.key, &poor] {
            let told = house.told(key, "reservation:updated", &happened).await;
            let changes = &told.unwrap()["event_metadata"]["changes"];
            assert_eq!(*changes, json!({ "fixed_rentable": [false, true] }));
        }
        let told = house.told(&house.key, "booking:updated", &happened).await;
        let changes = &told.unwrap()["event_metadata"]["changes"];
        assert_eq!(changes.get("fixed_rentable"), None, "{changes}");
    })
    .await;
}

#[tokio::test]
async fn an_administration_that_is_not_in_use_tells_nothing() {
    in_every_house(|house| async move {
        let (park, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        let happened = event(&house, "booking.placed", booking, park, json!({}));
        for (stage, is_told) in [
            (Stage::SetUp, false),
            (Stage::Test, true),
            (Stage::Closed, false),
            (Stage::Production, true),
        ] {
            let details = OrganizationDetailsPatch {
                stage: Some(stage),
                ..OrganizationDetailsPatch::default()
            };
            house.describe(park, details).await;
            let told = house
                .told(&house.key, "reservation:created", &happened)
                .await;
            assert_eq!(told.is_some(), is_told, "{stage:?}");
        }
    })
    .await;
}
