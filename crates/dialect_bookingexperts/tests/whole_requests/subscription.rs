//! The installation that is calling: where its users are sent, and in which language they are spoken to.

use domain::text::Locale;
use identity::ROOMY_QUOTA;
use identity::oauth::apps::NewApp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service::inventory::OrganizationDetailsPatch;

use crate::house::{House, in_every_house};

/// A key of an app that people can be sent to allow, and the app's `client_id`.
pub async fn with_a_page(house: &House) -> (String, String) {
    let mut random = ChaCha20Rng::from_seed([7; 32]);
    let app = NewApp {
        tenant_id: house.tenant_id,
        name: "Keys".to_owned(),
        confidential: true,
        redirect_uris: vec!["https://keys.example/back".to_owned()],
        permissions: Vec::new(),
        quota: ROOMY_QUOTA,
    };
    let occasion = house.occasion();
    let registered = house.oauth.register(app, &occasion, &mut random).await;
    let registered = registered.unwrap().unwrap();
    let made = house.oauth.api_key(
        house.tenant_id,
        registered.app_id,
        None,
        &occasion,
        &mut random,
    );
    let (_, key) = made.await.unwrap().unwrap();
    (key.reveal().to_owned(), registered.client_id)
}

#[tokio::test]
async fn an_app_sends_people_to_the_page_that_allows_it() {
    in_every_house(|house| async move {
        let (key, client_id) = with_a_page(&house).await;
        let shown = house.get_as(&key, "/subscription").await.json();
        let url = shown["data"]["links"]["url"].as_str().unwrap();
        let page = "https://book.example/bookingexperts/oauth/authorize?response_type=code";
        assert!(url.starts_with(page), "{url}");
        assert!(url.contains(&format!("client_id={client_id}")), "{url}");
        assert!(url.contains("keys.example"), "{url}");
        // One that leads nowhere has no page on which anybody could allow it.
        let key = house.key_for(&["administration|read"]).await;
        let shown = house.get_as(&key, "/subscription").await.json();
        let links = &shown["data"]["links"];
        assert_eq!(links.get("url"), None, "{links}");
        assert!(links["self"].is_string(), "{links}");
    })
    .await;
}

#[tokio::test]
async fn people_are_spoken_to_in_the_language_of_their_first_administration() {
    in_every_house(|house| async move {
        let key = house.key_for(&["administration|read"]).await;
        let spoken = async |key: &str| {
            let shown = house.get_as(key, "/subscription").await.json();
            shown["data"]["attributes"]["user_locale"].clone()
        };
        assert_eq!(spoken(&key).await, "en");
        for (index, word) in [(1, "nl-BE"), (0, "de")] {
            let locale: Locale = word.parse().unwrap();
            let details = OrganizationDetailsPatch {
                locales: Some(vec![locale]),
                ..OrganizationDetailsPatch::default()
            };
            house.describe(house.parks[index].0, details).await;
            assert_eq!(spoken(&key).await, word);
        }
        // Whoever was granted one of them hears its language, and who may read none hears English.
        let only = Some(vec![house.parks[1].0]);
        let (_, _, key) = house
            .install(&["administration|read"], only, ROOMY_QUOTA)
            .await;
        assert_eq!(spoken(&key).await, "nl-BE");
        let (blind, _) = with_a_page(&house).await;
        assert_eq!(spoken(&blind).await, "en");
    })
    .await;
}
