//! Every endpoint with every word but its own, with its own word alone, and without the capability that
//! its row names.

use std::collections::BTreeMap;
use std::sync::Arc;

use dialect_bookingexperts::{api, scopes};
use domain::access::{Capabilities, Capability, Reach};
use http_kit::Access;
use identity::{NewGrant, ROOMY_QUOTA};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;

use crate::described::{Described, UNKNOWN, all};
use crate::house::{House, Reply, in_every_house};
use crate::world::World;

/// An empty document: whoever may not call is refused before anybody reads it.
async fn ask(house: &House, key: &str, world: &World, row: &Described) -> Reply {
    let path = world.path(row.path).replace("{id}", UNKNOWN);
    let document = json!({});
    let document = (row.method != "GET" && row.method != "DELETE").then_some(&document);
    house.call_as(key, &row.method, &path, document).await
}

#[tokio::test]
async fn every_word_but_its_own_opens_no_endpoint_and_its_own_alone_does() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let known = scopes::permissions();
        let mut by_words: BTreeMap<Vec<String>, Vec<Described>> = BTreeMap::new();
        for row in all() {
            by_words.entry(row.words.clone()).or_default().push(row);
        }
        for (words, rows) in by_words.iter().filter(|(words, _)| !words.is_empty()) {
            let others = known.iter().map(|known| known.word.as_str());
            let others: Vec<&str> = others
                .filter(|word| !words.iter().any(|own| own == word))
                .collect();
            let without = house.key_for(&others).await;
            for row in rows {
                let reply = ask(&house, &without, &world, row).await;
                let place = format!("{} {}", row.method, row.path);
                assert_eq!(reply.code(), (403, "NO_VALID_SCOPE".to_owned()), "{place}");
                let detail = reply.json()["errors"][0]["detail"].to_string();
                assert!(
                    words.iter().any(|word| detail.contains(word)),
                    "{place}: {detail}"
                );
            }
            for word in words {
                let with = house.key_for(&[word]).await;
                for row in rows {
                    let reply = ask(&house, &with, &world, row).await;
                    // An app without a channel is refused for that, and not for its words.
                    let text = String::from_utf8_lossy(&reply.body).into_owned();
                    let place = format!("{word}: {} {}: {text}", row.method, row.path);
                    assert!(
                        !text.contains("NO_VALID_SCOPE") && reply.status < 500,
                        "{place}"
                    );
                }
            }
        }
        // The rest belongs to whoever calls: any app may, and sees its own.
        let any = house.key_for(&["label|read"]).await;
        for row in by_words.get(&Vec::new()).into_iter().flatten() {
            let reply = ask(&house, &any, &world, row).await;
            assert!(
                ![401, 403].contains(&reply.status),
                "{} {}",
                row.method,
                row.path
            );
        }
    })
    .await;
}

/// A key with every word, and every capability but one.
async fn key_without(house: &House, missing: Capability) -> String {
    let everything = Capabilities::everything(Reach::Tenant);
    let left = everything
        .iter()
        .filter(|(capability, _)| *capability != missing);
    let grant = NewGrant {
        tenant_id: house.tenant_id,
        dialect: dialect_bookingexperts::NAME,
        client_name: "lacks one".into(),
        capabilities: left.collect(),
        scopes: scopes::permissions()
            .into_iter()
            .map(|known| known.word)
            .collect(),
        organizations: None,
        allow_list: Vec::new(),
        quota: ROOMY_QUOTA,
        linked_organizations: false,
    };
    let (now, seed) = (house.clock.now(), missing.to_string());
    let mut bytes = [7; 32];
    for (byte, letter) in bytes.iter_mut().zip(seed.bytes()) {
        *byte = letter;
    }
    let mut random = ChaCha20Rng::from_seed(bytes);
    let minted = house.identity.long_life_token(grant, now, &mut random);
    minted.await.unwrap().unwrap().1.reveal().to_owned()
}

#[tokio::test]
async fn without_the_capability_of_its_row_no_endpoint_is_opened_whatever_words_are_held() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let described: Arc<Vec<Described>> = Arc::new(all());
        let mut by_need: BTreeMap<String, (Capability, Vec<&Described>)> = BTreeMap::new();
        for row in api().unwrap().rows() {
            let Access::Needs(needs) = &row.access else {
                continue;
            };
            let is_it =
                |known: &&Described| known.path == row.path && known.method == row.method.as_str();
            let known = described.iter().find(is_it).unwrap();
            for need in needs {
                let entry = by_need.entry(need.to_string());
                entry.or_insert((*need, Vec::new())).1.push(known);
            }
        }
        let mut asked = 0;
        for (missing, rows) in by_need.values() {
            let key = key_without(&house, *missing).await;
            for row in rows {
                let reply = ask(&house, &key, &world, row).await;
                let place = format!("{} {} without {missing}", row.method, row.path);
                assert_eq!(reply.code(), (403, "NO_VALID_SCOPE".to_owned()), "{place}");
                asked += 1;
            }
        }
        assert!(asked > 250, "{asked}");
    })
    .await;
}
