//! Who is let in, and what of a type is shown to whom.

use http::HeaderMap;
use identity::{BOOKING_EXPERTS_QUOTA, NewGrant, ROOMY_QUOTA};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;

use crate::house::{House, Reply, ids, in_every_house, stay};
use crate::world::{ARRIVAL, World};

const RESERVATIONS: &str = "/bookingexperts/v3/reservations";

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_key_opens_the_api_and_anything_else_is_no_valid_token() {
    in_every_house(|house| async move {
        let key = house.key.as_str();
        let bearer = format!("Bearer {key}");
        for headers in [
            vec![("X-API-KEY", key)],
            vec![("authorization", bearer.as_str())],
        ] {
            assert_eq!(house.ask("GET", RESERVATIONS, &headers).await.status, 200);
        }
        for headers in [
            vec![],
            vec![("authorization", key)],
            vec![("x-api-key", "nonsense")],
            vec![("authorization", "Bearer nonsense")],
            vec![("token", key)],
        ] {
            let reply = house.ask("GET", RESERVATIONS, &headers).await;
            assert_eq!(reply.code(), refused(401, "INVALID_TOKEN"), "{headers:?}");
            assert_eq!(reply.headers["content-type"], "application/vnd.api+json");
            assert_eq!(reply.json()["errors"][0]["status"], "401");
        }
    })
    .await;
}

#[tokio::test]
async fn a_halted_app_and_a_cancelled_subscription_are_refused_by_their_own_codes() {
    in_every_house(|house| async move {
        let key = house.halted_key(&["reservation|read"]).await;
        let reply = house.get_as(&key, "/reservations").await;
        assert_eq!(reply.code(), refused(403, "APPLICATION_HALTED"));

        let key = house.cancelled_key(&["reservation|read"]).await;
        let reply = house.get_as(&key, "/reservations").await;
        assert_eq!(reply.code(), refused(403, "SUBSCRIPTION_CANCELLED"));
    })
    .await;
}

#[tokio::test]
async fn whoever_calls_from_elsewhere_than_was_agreed_is_refused() {
    in_every_house(|house| async move {
        let grant = NewGrant {
            tenant_id: house.tenant_id,
            dialect: dialect_bookingexperts::NAME,
            client_name: "elsewhere".into(),
            capabilities: house.actor.capabilities.as_ref().clone(),
            scopes: vec!["reservation|read".into()],
            organizations: None,
            allow_list: vec!["10.0.0.0/8".into()],
            quota: ROOMY_QUOTA,
            linked_organizations: false,
        };
        let (now, mut random) = (house.clock.now(), ChaCha20Rng::from_seed([3; 32]));
        let long_life = house.identity.long_life_token(grant, now, &mut random);
        let minted = long_life.await.unwrap().unwrap();
        let reply = house.get_as(minted.1.reveal(), "/reservations").await;
        assert_eq!((reply.status, reply.code().0), (403, 403));
        assert!(
            reply.json()["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains("IP address")
        );
    })
    .await;
}

fn meter(headers: &HeaderMap) -> (String, String) {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    (text("x-ratelimit-limit"), text("x-ratelimit-remaining"))
}

#[tokio::test]
async fn a_hundred_calls_at_once_and_then_one_every_eighteen_tenths_of_a_second() {
    in_every_house(|house| async move {
        let (_, _, key) = house
            .install(&["reservation|read"], None, BOOKING_EXPERTS_QUOTA)
            .await;
        for call in 0..100 {
            // Bad calls count as well.
            let path = if call % 2 == 0 {
                "/reservations"
            } else {
                "/reservations?sort=x"
            };
            let reply = house.get_as(&key, path).await;
            let left = (99 - call).to_string();
            assert_eq!(meter(&reply.headers), ("100".to_owned(), left), "{call}");
        }
        let over = house.get_as(&key, "/reservations").await;
        assert_eq!(over.code(), refused(429, "RATE_LIMITED"));
        assert_eq!(over.headers["retry-after"], "2");
        house.clock.advance_ms(1_800);
        assert_eq!(house.get_as(&key, "/reservations").await.status, 200);
        assert_eq!(house.get_as(&key, "/reservations").await.status, 429);
        house.clock.advance_ms(180_000);
        let rested = house.get_as(&key, "/reservations").await;
        assert_eq!(meter(&rested.headers).1, "99");
    })
    .await;
}

async fn media(house: &House, headers: &[(&str, &str)]) -> Reply {
    let key = [("x-api-key", house.key.as_str())];
    let headers: Vec<_> = key.iter().chain(headers).copied().collect();
    house.ask("GET", RESERVATIONS, &headers).await
}

#[tokio::test]
async fn media_types_are_taken_as_the_vendor_and_the_standard_say() {
    in_every_house(|house| async move {
        for good in [
            [("accept", "*/*")],
            [("accept", "application/vnd.api+json")],
            [("accept", "application/json")],
            [("content-type", "application/vnd.api+json")],
        ] {
            let reply = media(&house, &good).await;
            assert_eq!(reply.status, 200, "{good:?}");
            assert_eq!(reply.headers["content-type"], "application/vnd.api+json");
        }
        for (header, code) in [
            (("accept", "text/csv"), refused(406, "UNKNOWN_FORMAT")),
            (
                ("accept", "application/vnd.api+json; charset=utf-8"),
                refused(406, "UNKNOWN_FORMAT"),
            ),
        ] {
            assert_eq!(media(&house, &[header]).await.code(), code, "{header:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn documents_are_read_as_json_api_and_as_plain_json_and_as_nothing_else() {
    in_every_house(|house| async move {
        let label = json!({"data": {"type": "label", "attributes": {"name": "Quiet"}}});
        let key = house.key.as_str();
        let send = |media: Vec<(&'static str, &'static str)>| {
            let (house, label) = (&house, &label);
            async move {
                house
                    .send_under(key, "POST", "/labels", label, &media)
                    .await
            }
        };
        let good = [
            "application/vnd.api+json",
            "application/json",
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
        ];
        for media in good {
            let reply = send(vec![("content-type", media)]).await;
            assert_eq!(reply.status, 201, "{media}: {}", reply.json());
            assert_eq!(reply.headers["content-type"], "application/vnd.api+json");
        }
        for bad in [
            vec![],
            vec![("content-type", "text/plain")],
            vec![("content-type", "application/x-www-form-urlencoded")],
            vec![("content-type", "application/json; charset=latin1")],
            vec![("content-type", "application/vnd.api+json; charset=utf-8")],
            vec![(
                "content-type",
                "application/vnd.api+json; ext=\"https://x.example/atomic\"",
            )],
            vec![
                ("content-type", "application/json"),
                ("content-type", "text/csv"),
            ],
        ] {
            let place = format!("{bad:?}");
            let reply = send(bad).await;
            let code = refused(415, "UNSUPPORTED_MEDIA_TYPE");
            assert_eq!(reply.code(), code, "{place}");
            let source = &reply.json()["errors"][0]["source"];
            assert_eq!(*source, json!({"header": "Content-Type"}), "{place}");
        }
        let pages = &house.get("/labels").await["meta"]["pagination"];
        assert_eq!(
            pages["total_records"],
            good.len(),
            "what is not read is not written"
        );
        let id = ids(&house.get("/labels").await).remove(0);
        let change = json!({"data": {"type": "label", "id": id, "attributes": {"name": "Loud"}}});
        let (path, plain) = (
            format!("/labels/{id}"),
            [("content-type", "application/json")],
        );
        let reply = house.send_under(key, "PATCH", &path, &change, &plain).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        assert_eq!(reply.json()["data"]["attributes"]["name"], "Loud");
    })
    .await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_the_same_words() {
    in_every_house(|house| async move {
        let key = [("x-api-key", house.key.as_str())];
        for (method, path, status) in [
            ("GET", "/bookingexperts/v3/unicorns", 404),
            ("GET", "/bookingexperts/v3/reservations/abc", 404),
            (
                "GET",
                "/bookingexperts/v3/reservations/9007199254740993",
                404,
            ),
            ("PUT", "/bookingexperts/v3/reservations", 405),
        ] {
            let reply = house.ask(method, path, &key).await;
            assert_eq!(
                reply.code(),
                refused(status, "RESOURCE_NOT_FOUND"),
                "{method} {path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn including_a_type_takes_its_word_too() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let key = house.key_for(&["reservation|read", "booking|read"]).await;
        let include = |path: &str| format!("/reservations?include={path}");
        let reply = house.get_as(&key, &include("booking")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["included"][0]["type"], "booking");
        for path in [
            "booking.customer",
            "order",
            "rentable_type",
            "inventory_object",
        ] {
            let reply = house.get_as(&key, &include(path)).await;
            assert_eq!(reply.code(), refused(403, "FORBIDDEN_INCLUDE"), "{path}");
        }
        // Whoever may not read customers is shown no names.
        let path = format!("/reservations/{}", world.booking);
        let reply = house.get_as(&key, &path).await;
        assert!(reply.json()["data"]["attributes"]["guest_name"].is_null());
        assert!(!String::from_utf8_lossy(&reply.body).contains("Vos"));
        assert_eq!(
            house.get(&path).await["data"]["attributes"]["guest_name"],
            "Vos"
        );
    })
    .await;
}

/// A stay that came through no channel of an app.
async fn elsewhere(house: &House, world: &World) -> domain::id::Id {
    let mut new = stay(world.room, ARRIVAL, ARRIVAL.tomorrow().unwrap());
    new.details.contact.last_name = "Elsewhere".into();
    new.details.contact.email = "elsewhere@example.org".into();
    house.book(new).await
}

#[tokio::test]
async fn the_restricted_family_shows_what_came_through_the_apps_own_channels() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let other = elsewhere(&house, &world).await;
        let words = [
            "channel::reservation|read",
            "channel::booking|read",
            "channel::order|read",
            "channel::customer|read",
        ];
        let organizations = Some(vec![world.park]);
        let (_, installation, key) = house.install(&words, organizations, ROOMY_QUOTA).await;
        let read = |path: String| {
            let (house, key) = (&house, key.as_str());
            async move { house.get_as(key, &path).await }
        };
        let lists = ["reservations", "bookings", "orders", "customers"];
        for list in lists {
            let reply = read(format!("/{list}")).await;
            assert_eq!(
                reply.json()["data"],
                json!([]),
                "{list}: no channel was granted yet"
            );
        }
        let (channel, occasion) = (Some(world.channel), house.occasion());
        let granted = house.oauth.set_channel(
            house.tenant_id,
            installation,
            world.park,
            channel,
            &occasion,
        );
        granted.await.unwrap().unwrap();
        house.clock.advance_ms(60_000);
        for list in lists {
            let own = if list == "customers" {
                world.customer
            } else {
                world.booking
            };
            for place in [String::new(), format!("/administrations/{}", world.park)] {
                let reply = read(format!("{place}/{list}")).await;
                assert_eq!(ids(&reply.json()), [own.to_string()], "{place}/{list}");
            }
            let reply = read(format!("/{list}/{own}")).await;
            assert_eq!(reply.status, 200, "{list}: {}", reply.json());
            let reply = read(format!("/{list}/{other}")).await;
            assert_eq!(reply.code(), refused(404, "RESOURCE_NOT_FOUND"), "{list}");
        }
        let all = house.get("/reservations").await;
        assert_eq!(all["meta"]["pagination"]["total_records"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_word_for_own_channels_beside_one_for_all_shows_no_more_than_it_says() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let other = elsewhere(&house, &world).await;
        let words = [
            "reservation|read",
            "booking|read",
            "extra|read",
            "channel::order|read",
            "channel::customer|read",
        ];
        let organizations = Some(vec![world.park]);
        let (_, installation, key) = house.install(&words, organizations, ROOMY_QUOTA).await;
        let channel = Some(world.channel);
        let occasion = house.occasion();
        let granted = house.oauth.set_channel(
            house.tenant_id,
            installation,
            world.park,
            channel,
            &occasion,
        );
        granted.await.unwrap().unwrap();
        house.clock.advance_ms(60_000);
        let path = "/reservations?sort=id&include=booking.customer,order,extra_order_items.extra";
        let reply = house.get_as(&key, path).await;
        let document = reply.json();
        assert_eq!(
            ids(&document),
            [world.booking.to_string(), other.to_string()]
        );
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(text.contains("ada@example.org"), "{text}");
        assert!(!text.to_lowercase().contains("elsewhere"), "{text}");
        let rows = document["included"].as_array().unwrap();
        let orders: Vec<_> = rows.iter().filter(|row| row["type"] == "order").collect();
        assert_eq!(orders.len(), 1, "{text}");
    })
    .await;
}

#[tokio::test]
async fn an_app_sees_the_administrations_and_channels_that_it_was_granted() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let (south, _) = house.parks[1];
        let words = [
            "administration|read",
            "reservation|read",
            "rentable_type|read",
            "channel|read",
        ];
        let (_, installation, key) = house.install(&words, Some(vec![south]), ROOMY_QUOTA).await;
        let list = house.get_as(&key, "/administrations").await.json();
        assert_eq!(ids(&list), [south.to_string()]);
        for place in [world.park.to_string(), "7".to_owned()] {
            let reply = house
                .get_as(&key, &format!("/administrations/{place}/reservations"))
                .await;
            assert_eq!(reply.code(), refused(403, "NO_ADMINISTRATION_ACCESS"));
        }
        for place in [world.channel.to_string(), "7".to_owned()] {
            let reply = house
                .get_as(&key, &format!("/channels/{place}/rentable_types"))
                .await;
            assert_eq!(reply.code(), refused(403, "NO_CHANNEL_ACCESS"));
        }
        let path = format!("/reservations/{}", world.booking);
        let reply = house.get_as(&key, &path).await;
        assert_eq!(reply.code(), refused(404, "RESOURCE_NOT_FOUND"));
        let subscription = house.get_as(&key, "/subscription?include=administration_subscriptions");
        let subscription = subscription.await.json();
        assert_eq!(subscription["data"]["id"], installation.to_string());
        let granted = &subscription["included"][0];
        let administration = json!({"type": "administration", "id": south.to_string()});
        assert_eq!(
            granted["relationships"]["administration"]["data"],
            administration
        );
    })
    .await;
}

#[tokio::test]
async fn another_version_is_told_apart_from_what_is_not_there() {
    in_every_house(|house| async move {
        let key = ("x-api-key", house.key.as_str());
        let unknown = (400, "UNKNOWN_VERSION".to_owned());
        for path in [
            "",
            "/",
            "/administrations",
            "/administrations/7/reservations",
        ] {
            let path = format!("/bookingexperts/v2{path}");
            assert_eq!(
                house.ask("GET", &path, &[key]).await.code(),
                unknown,
                "{path}"
            );
        }
        let path = "/bookingexperts/v3/administrations";
        for (accept, is_known) in [
            ("application/vnd.api+json; version=2", false),
            ("text/html, application/vnd.api+json;version=\"1\"", false),
            ("application/vnd.api+json; version=3", true),
        ] {
            let reply = house.ask("GET", path, &[key, ("accept", accept)]).await;
            if is_known {
                assert_eq!(reply.status, 200, "{accept}");
            } else {
                assert_eq!(reply.code(), unknown, "{accept}");
                assert_eq!(reply.json()["errors"][0]["source"]["header"], "Accept");
            }
        }
        let accept = ("accept", "application/vnd.api+json; charset=utf-8");
        assert_eq!(house.ask("GET", path, &[key, accept]).await.status, 406);
    })
    .await;
}
