//! One code, one refresh token, one mailed token: whatever comes with it at once, one wins. On PostgreSQL the
//! racers go through two servers.

use std::sync::Arc;

use domain::id::IdSource;
use futures_util::future::join_all;
use http::StatusCode;
use identity::Identity;
use identity::oauth::{OAuth, Posted};
use store::{Store, StoreConfig};
use testkit::{TestStore, stores};

use crate::house::*;

const RACERS: usize = 64;
const ROUNDS: usize = 10;

/// The same house, served by another process where the store allows one.
async fn second(fresh: &TestStore, house: &House) -> Identity {
    match &fresh.config {
        StoreConfig::Postgres { .. } => {
            let ids = Arc::new(IdSource::new(1));
            let store = Store::open(&fresh.config, ids).await.unwrap();
            Identity::new(store, settings())
        }
        StoreConfig::Sqlite { .. } => house.identity.clone(),
    }
}

/// Posts one form many times at once.
async fn race(servers: [OAuth; 2], form: &Pairs) -> Vec<Answered> {
    let racers = (0..RACERS).map(|racer| {
        let oauth = servers[racer % 2].clone();
        let body = form.encoded();
        tokio::spawn(async move {
            let headers = headers(FORM, None);
            let posted = Posted {
                headers: &headers,
                body: body.into(),
            };
            Answered::of(&oauth.token(&posted, &at(start()), &mut rng()).await)
        })
    });
    let ended = join_all(racers).await;
    ended.into_iter().map(Result::unwrap).collect()
}

/// Exactly one of them has tokens, and since the others were replays, these are taken back.
async fn judge(house: &House, answers: Vec<Answered>) {
    let won: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .collect();
    assert_eq!(won.len(), 1, "{}", house.name);
    for lost in answers
        .iter()
        .filter(|answer| answer.status != StatusCode::OK)
    {
        assert_eq!(lost.error(), (400, "invalid_grant".to_owned()));
    }
    let (access, refresh) = won[0].tokens();
    // The other server's cache may still believe it for some seconds, this one's may not.
    assert!(
        house.call(&access, after(11)).await.is_err(),
        "{}",
        house.name
    );
    let refreshed = house.token(&house.refreshing(&refresh), start()).await;
    assert_eq!(refreshed.error().1, "invalid_grant", "{}", house.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_one_code_exactly_one_wins_and_loses_it_again() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let other = second(&fresh, &house).await.oauth(Arc::new(profile()));
        for _ in 0..ROUNDS {
            let code = house.code(start()).await;
            let servers = [house.oauth.clone(), other.clone()];
            let answers = race(servers, &house.redemption(&code)).await;
            judge(&house, answers).await;
        }
        fresh.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_one_refresh_token_exactly_one_wins_and_loses_it_again() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let other = second(&fresh, &house).await.oauth(Arc::new(profile()));
        for _ in 0..ROUNDS {
            let (_, refresh) = house.tokens(start()).await;
            let servers = [house.oauth.clone(), other.clone()];
            let answers = race(servers, &house.refreshing(&refresh)).await;
            judge(&house, answers).await;
        }
        fresh.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_families_of_one_installation_refresh_at_once() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let other = second(&fresh, &house).await.oauth(Arc::new(profile()));
        let mut forms = Vec::new();
        for _ in 0..16 {
            let (_, refresh) = house.tokens(start()).await;
            forms.push(house.refreshing(&refresh));
        }
        let racers = forms.into_iter().enumerate().map(|(racer, form)| {
            let oauth = [&house.oauth, &other][racer % 2].clone();
            tokio::spawn(async move {
                let headers = headers(FORM, None);
                let posted = Posted {
                    headers: &headers,
                    body: form.encoded().into(),
                };
                oauth
                    .token(&posted, &at(start()), &mut rng())
                    .await
                    .status()
            })
        });
        for status in join_all(racers).await {
            assert_eq!(status.unwrap(), StatusCode::OK, "{}", house.name);
        }
        fresh.finish().await;
    }
}
