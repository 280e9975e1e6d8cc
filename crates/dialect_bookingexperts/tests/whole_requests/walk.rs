//! Walks over the whole table: as nobody, with each word alone, and as another tenant.

use std::collections::BTreeSet;

use dialect_bookingexperts::endpoints::{Gives, Served, served};
use dialect_bookingexperts::{api, scopes};
use http_kit::Access;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde_json::json;

use crate::described::all;
use crate::house::{House, Reply, in_every_house};
use crate::world::World;

/// The rows of the table that only read.
fn reading() -> Vec<Served> {
    let all = served().into_iter();
    all.filter(|served| served.gives.reads()).collect()
}

/// A path of the table whose last id is this one.
fn at(world: &World, pattern: &str, id: &str) -> String {
    world.path(pattern).replace("{id}", id)
}

/// What an answer says, without what differs between any two answers.
fn said(reply: &Reply, without: &[&str]) -> (u16, String) {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let text = without
        .iter()
        .fold(text, |text, part| text.replace(part, "…"));
    (reply.status, text)
}

#[test]
fn only_the_document_is_public_and_only_the_subscription_takes_no_word() {
    let rows = api().unwrap().rows();
    let with = |access: &Access| -> Vec<&str> {
        let found = rows.iter().filter(|row| row.access == *access);
        found.map(|row| row.path).collect()
    };
    assert_eq!(with(&Access::Public), ["/oas3.json"]);
    // Webhooks belong to who calls; the words for what they tell are asked for where they are subscribed to.
    let mut open = with(&Access::AnyCaller);
    open.retain(|path| !path.starts_with("/webhook_"));
    assert_eq!(open, ["/subscription"]);
    for served in reading() {
        let is_open = scopes::reading(served.kind).is_empty();
        assert_eq!(is_open, served.path == "/subscription", "{}", served.path);
    }
}

#[tokio::test]
async fn nobody_learns_anything_and_every_refusal_is_the_same() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let mut answers = BTreeSet::new();
        // All tables: what is read and written, what is sold, webhooks and commands.
        let (all, known) = (all(), served().len());
        assert!(all.len() > known, "{} of {known}", all.len());
        for row in all {
            let path = at(&world, row.path, &world.booking.to_string());
            let path = format!("/bookingexperts/v3{path}");
            let reply = house.ask(&row.method, &path, &[]).await;
            assert_eq!(reply.code(), (401, "INVALID_TOKEN".to_owned()), "{path}");
            answers.insert(reply.body);
        }
        assert_eq!(answers.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_was_shut_out_is_told_the_same_at_every_endpoint_and_nothing_else() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let all_words = scopes::permissions();
        let words: Vec<&str> = all_words.iter().map(|known| known.word.as_str()).collect();
        let quota = identity::ROOMY_QUOTA;
        let (tenant_id, occasion) = (house.tenant_id, house.occasion());
        let halted = house.halted_key(&words).await;
        let cancelled = house.cancelled_key(&words).await;
        // A key that was replaced is none any more.
        let (app, _, replaced) = house.install(&words, None, quota).await;
        let mut random = ChaCha20Rng::from_seed([11; 32]);
        let replacing = house
            .oauth
            .api_key(tenant_id, app, None, &occasion, &mut random);
        replacing.await.unwrap().unwrap();
        house.clock.advance_ms(60_000);
        for (key, status, code) in [
            (&halted, 403, "APPLICATION_HALTED"),
            (&cancelled, 403, "SUBSCRIPTION_CANCELLED"),
            (&replaced, 401, "INVALID_TOKEN"),
        ] {
            let mut answers = BTreeSet::new();
            for row in all() {
                let path = at(&world, row.path, &world.booking.to_string());
                let reply = house.call_as(key, &row.method, &path, None).await;
                let said = format!("{} {path}", row.method);
                assert_eq!(reply.code(), (status, code.to_owned()), "{said}");
                answers.insert(reply.body);
            }
            assert_eq!(answers.len(), 1, "{code}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_word_opens_what_it_names_and_nothing_else() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let words: BTreeSet<&str> = served()
            .iter()
            .filter_map(|served| served.kind.read)
            .collect();
        for word in words {
            let key = house.key_for(&[word]).await;
            for served in reading() {
                // A single resource that is not there tells as well who may ask for it.
                let path = at(&world, served.path, "7");
                let reply = house.get_as(&key, &path).await;
                let acceptable = scopes::reading(served.kind);
                if acceptable.is_empty() || acceptable.iter().any(|known| known == word) {
                    let is_found = served.gives == Gives::List
                        || served.path == "/organization"
                        || served.path == "/subscription";
                    let expected = if is_found { 200 } else { 404 };
                    assert_eq!(reply.status, expected, "{word} {path}: {}", reply.json());
                } else {
                    assert_eq!(
                        reply.code(),
                        (403, "NO_VALID_SCOPE".to_owned()),
                        "{word} {path}"
                    );
                    let detail = reply.json()["errors"][0]["detail"].to_string();
                    assert!(detail.contains(&acceptable[0]), "{path}: {detail}");
                }
            }
        }
    })
    .await;
}

/// The ids that the host's lists show, with the paths of the single resources.
async fn shown(house: &House, world: &World) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for served in reading() {
        if served.gives == Gives::List {
            let path = world.path(served.path);
            let document = house.get(&path).await;
            for row in document["data"].as_array().unwrap() {
                found.push((path.clone(), row["id"].as_str().unwrap().to_owned()));
            }
        }
    }
    found
}

#[tokio::test]
async fn another_tenants_things_are_as_good_as_not_there() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let stranger = house.another_tenant("Heath").await;
        let unknown = "4503599627370497";
        for (path, id) in shown(&house, &world).await {
            let known = stranger
                .get_as(&stranger.key, &format!("{path}/{id}"))
                .await;
            let never = stranger
                .get_as(&stranger.key, &format!("{path}/{unknown}"))
                .await;
            assert_eq!(
                said(&known, &[&id]),
                said(&never, &[unknown]),
                "{path}/{id}"
            );
            assert!(
                [403, 404].contains(&known.status),
                "{path}/{id}: {}",
                known.status
            );
        }
        for served in reading() {
            if served.gives != Gives::List {
                continue;
            }
            let path = world.path(served.path);
            let known = stranger.get_as(&stranger.key, &path).await;
            if served.path.contains('{') {
                assert!(
                    [403, 404].contains(&known.status),
                    "{path}: {}",
                    known.json()
                );
            } else {
                let own = [
                    "/administrations",
                    "/rentable_types",
                    "/categories",
                    "/inventory_objects",
                    "/rentable_identities",
                    "/rentables",
                ];
                let is_own = own.contains(&served.path);
                assert_eq!(known.json()["data"] == json!([]), !is_own, "{path}");
                let text = String::from_utf8_lossy(&known.body).into_owned();
                assert!(!text.contains(&world.park.to_string()), "{path}: {text}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_app_of_one_administration_sees_nothing_of_another() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let all = scopes::permissions();
        let words: Vec<&str> = all.iter().map(|known| known.word.as_str()).collect();
        let (south, _) = house.parks[1];
        let quota = identity::ROOMY_QUOTA;
        let (_, _, key) = house.install(&words, Some(vec![south]), quota).await;
        let unknown = "4503599627370497";
        let mut hidden = 0;
        for served in reading() {
            if served.gives != Gives::List || served.path.contains('{') {
                continue;
            }
            let whole = house.get(served.path).await;
            for row in whole["data"].as_array().unwrap() {
                let home = &row["relationships"]["administration"]["data"]["id"];
                if *home != world.park.to_string() {
                    continue;
                }
                hidden += 1;
                let id = row["id"].as_str().unwrap();
                let path = |id: &str| format!("{}/{id}", served.path);
                let known = house.get_as(&key, &path(id)).await;
                let never = house.get_as(&key, &path(unknown)).await;
                assert_eq!(
                    said(&known, &[id]),
                    said(&never, &[unknown]),
                    "{}",
                    path(id)
                );
                assert_eq!(known.status, 404, "{}", path(id));
            }
            let own = house.get_as(&key, served.path).await;
            let text = String::from_utf8_lossy(&own.body).into_owned();
            assert!(
                !text.contains(&world.park.to_string()),
                "{}: {text}",
                served.path
            );
        }
        assert!(hidden > 15, "{hidden}");
    })
    .await;
}
