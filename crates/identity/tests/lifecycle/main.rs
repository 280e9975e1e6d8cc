//! The life of clients, grants and tokens, on both stores.

#![cfg(test)]

mod clock;
mod granted;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalogue::access::{Tenant, Token};
use domain::access::{Capabilities, Reach, capability};
use domain::id::{Id, IdSource};
use futures_util::future::join_all;
use identity::{Denied, Identity, Minted, NewGrant, ROOMY_QUOTA, Secret, Settings, lifetimes};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use store::{ColdCommand, Store, StoreConfig, Tx};
use testkit::{TestStore, stores};

const DIALECT: &str = "beds24";

/// Identity over one store, with a sandbox tenant.
struct House {
    name: &'static str,
    identity: Identity,
    tenant_id: Id,
}

fn start() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

/// Randomness that is the same in every run of a test and never the same twice in one.
fn rng() -> ChaCha20Rng {
    static SEED: AtomicU64 = AtomicU64::new(0);
    ChaCha20Rng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn home() -> IpAddr {
    ip("198.51.100.7")
}

/// A tenant's row, as `service` writes it.
struct MakeTenant(Tenant);

impl ColdCommand for MakeTenant {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<()> {
        tx.insert(std::slice::from_ref(&self.0)).await
    }
}

async fn tenant(store: &Store, number: i64, sandbox: bool) -> Id {
    let tenant = Tenant {
        id: Id::new(number).unwrap(),
        name: "Tenant".into(),
        sandbox,
        clock_offset_ms: 0,
        created_at: start(),
    };
    let id = tenant.id;
    store.run(MakeTenant(tenant)).await.unwrap();
    id
}

/// The same store, opened by another server.
async fn second_server(config: &StoreConfig) -> Store {
    Store::open(config, Arc::new(IdSource::new(1)))
        .await
        .unwrap()
}

async fn house(fresh: &TestStore) -> House {
    let identity = Identity::new(fresh.store.clone(), Settings::default());
    let tenant_id = tenant(&fresh.store, 1, true).await;
    House {
        name: fresh.name,
        identity,
        tenant_id,
    }
}

impl House {
    fn grant(&self) -> NewGrant {
        NewGrant {
            tenant_id: self.tenant_id,
            dialect: DIALECT,
            client_name: "Channel manager".into(),
            capabilities: Capabilities::none()
                .with(capability::BOOKINGS_READ, Reach::Tenant)
                .with(capability::BOOKINGS_WRITE, Reach::Tenant),
            scopes: vec!["read:bookings".into(), "write:bookings".into()],
            organizations: None,
            allow_list: Vec::new(),
            quota: ROOMY_QUOTA,
            linked_organizations: false,
        }
    }

    async fn invite(&self, grant: NewGrant) -> Secret {
        let invited = self.identity.invite(grant, start(), &mut rng()).await;
        invited.unwrap().unwrap().1
    }

    async fn redeem(&self, code: &str, now: Timestamp) -> Result<Minted, Denied> {
        self.identity
            .redeem_invite(
                DIALECT,
                code,
                Some("Kitchen tablet"),
                home(),
                now,
                &mut rng(),
            )
            .await
    }

    /// A device that has redeemed its code: access and refresh token.
    async fn device(&self) -> (String, String) {
        let code = self.invite(self.grant()).await;
        let minted = self.redeem(code.reveal(), start()).await.unwrap();
        let refresh = minted.refresh_token.unwrap();
        (minted.token.reveal().into(), refresh.reveal().into())
    }

    async fn call(&self, token: &str, now: Timestamp) -> Result<Arc<identity::Caller>, Denied> {
        self.identity.resolve(DIALECT, token, home(), now).await
    }

    async fn refresh(&self, token: &str, now: Timestamp) -> Result<String, Denied> {
        let asked = self.identity.refreshes(DIALECT, token, home(), now).await;
        let minted = self
            .identity
            .refresh(DIALECT, token, home(), now, &mut rng())
            .await;
        // Who pays for a token is known before it is made, and refused alike; who pays can be read where
        // nothing can be written.
        let pays = minted
            .as_ref()
            .map(|minted| (minted.grant_id, minted.quota));
        if !matches!(pays, Err(Denied::Unavailable { .. })) {
            assert_eq!(asked.as_ref().copied(), pays);
        }
        let minted = minted?;
        assert!(
            minted.refresh_token.is_none(),
            "a refresh token never rotates"
        );
        Ok(minted.token.reveal().to_owned())
    }
}

#[tokio::test]
async fn an_invite_code_becomes_a_device_with_tokens_of_the_vendors_shape() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let code = house.invite(house.grant()).await;
        let minted = house.redeem(code.reveal(), after(23)).await.unwrap();
        assert_eq!(minted.expires_in_s, 86_400);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        for secret in [&minted.token, minted.refresh_token.as_ref().unwrap()] {
            assert_eq!(secret.reveal().len(), 152);
            assert!(plain(secret.reveal()));
            assert_eq!(format!("{secret:?}"), "Secret(..)");
        }
        let caller = house.call(minted.token.reveal(), after(23)).await.unwrap();
        assert_eq!(caller.tenant_id, house.tenant_id);
        assert_eq!(caller.grant_id, minted.grant_id);
        assert_eq!(&*caller.client_name, "Kitchen tablet");
        assert!(caller.may(capability::BOOKINGS_WRITE));
        assert!(!caller.may(capability::BOOKINGS_DELETE));
        assert_eq!(&*caller.scopes, ["read:bookings", "write:bookings"]);
        assert_eq!(caller.token_created_at, after(23));
        assert!(caller.sandbox, "{}", house.name);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_code_is_exchanged_once_even_when_sixty_four_race_for_it() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let code = house.invite(house.grant()).await;
        // Two servers on one PostgreSQL; a SQLite store has one.
        let second = match &fresh.config {
            StoreConfig::Postgres { .. } => {
                Identity::new(second_server(&fresh.config).await, Settings::default())
            }
            StoreConfig::Sqlite { .. } => house.identity.clone(),
        };
        let race = (0..64).map(|racer| {
            let identity = if racer % 2 == 0 {
                house.identity.clone()
            } else {
                second.clone()
            };
            let code = code.reveal().to_owned();
            tokio::spawn(async move {
                identity
                    .redeem_invite(DIALECT, &code, None, home(), start(), &mut rng())
                    .await
            })
        });
        let mut winners = 0;
        for outcome in join_all(race).await {
            match outcome.unwrap() {
                Ok(minted) => {
                    winners += 1;
                    assert!(house.call(minted.token.reveal(), start()).await.is_ok());
                }
                Err(denied) => assert_eq!(denied, Denied::Unknown),
            }
        }
        assert_eq!(winners, 1, "{}", house.name);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn every_token_ends_when_its_time_has_come() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let code = house.invite(house.grant()).await;
        assert_eq!(
            house.redeem(code.reveal(), after(24)).await.unwrap_err(),
            Denied::Expired
        );
        let (access, refresh) = house.device().await;
        assert!(
            house
                .call(&access, after(24) - SignedDuration::from_secs(1))
                .await
                .is_ok()
        );
        assert_eq!(
            house.call(&access, after(24)).await.unwrap_err(),
            Denied::Expired
        );
        // Used every 29 days a refresh token lives on; left alone for 30 it dies.
        let mut hours = 0;
        for _ in 0..5 {
            hours += 29 * 24;
            let access = house.refresh(&refresh, after(hours)).await.unwrap();
            assert!(
                house.call(&access, after(hours)).await.is_ok(),
                "{}",
                house.name
            );
        }
        hours += 30 * 24;
        assert_eq!(
            house.refresh(&refresh, after(hours)).await.unwrap_err(),
            Denied::Expired
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn each_secret_is_good_for_one_thing_in_one_dialect() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let code = house.invite(house.grant()).await;
        let (access, refresh) = house.device().await;
        for wrong in [&refresh, code.reveal(), "", "nonsense"] {
            assert_eq!(
                house.call(wrong, start()).await.unwrap_err(),
                Denied::Unknown
            );
        }
        for wrong in [&access, code.reveal(), ""] {
            assert_eq!(
                house.refresh(wrong, start()).await.unwrap_err(),
                Denied::Unknown
            );
        }
        for wrong in [&access, &refresh] {
            assert_eq!(
                house.redeem(wrong, start()).await.unwrap_err(),
                Denied::Unknown
            );
        }
        for _ in 0..2 {
            let elsewhere = house
                .identity
                .resolve("octo", &access, home(), start())
                .await;
            assert_eq!(elsewhere.unwrap_err(), Denied::Unknown);
            assert!(house.call(&access, start()).await.is_ok());
        }
        assert!(
            house.redeem(code.reveal(), start()).await.is_ok(),
            "{}",
            house.name
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_forgotten_device_is_out_at_once() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        let other = house.refresh(&refresh, start()).await.unwrap();
        for token in [&access, &other] {
            assert!(house.call(token, start()).await.is_ok());
        }
        house
            .identity
            .forget(DIALECT, &refresh, start())
            .await
            .unwrap();
        for token in [&access, &other] {
            assert!(house.call(token, start()).await.is_err(), "{}", house.name);
        }
        assert!(house.refresh(&refresh, start()).await.is_err());
        assert!(
            house
                .identity
                .forget(DIALECT, &refresh, start())
                .await
                .is_err()
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_revoked_grant_is_out_at_once_and_only_its_own_tenant_can_revoke_it() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        let grant_id = house.call(&access, start()).await.unwrap().grant_id;
        let stranger = tenant(&fresh.store, 2, false).await;
        assert!(
            !house
                .identity
                .revoke(stranger, grant_id, start())
                .await
                .unwrap()
        );
        assert!(house.call(&access, start()).await.is_ok());
        assert!(
            house
                .identity
                .revoke(house.tenant_id, grant_id, start())
                .await
                .unwrap()
        );
        assert!(
            house.call(&access, start()).await.is_err(),
            "{}",
            house.name
        );
        assert!(house.refresh(&refresh, start()).await.is_err());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn what_another_server_revoked_is_believed_no_longer_than_the_set_age() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        house.call(&access, start()).await.unwrap();
        // A second handle has a cache of its own, as a second server has.
        let other_server = Identity::new(fresh.store.clone(), Settings::default());
        other_server
            .forget(DIALECT, &refresh, start())
            .await
            .unwrap();
        let at = |seconds| start() + SignedDuration::from_secs(seconds);
        assert!(house.call(&access, at(9)).await.is_ok(), "{}", house.name);
        assert!(house.call(&access, at(10)).await.is_err(), "{}", house.name);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn an_allow_list_holds_for_every_kind_of_use() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let mut grant = house.grant();
        grant.allow_list = vec![
            "203.0.113.9".into(),
            "198.51.100.0/24".into(),
            "2001:db8::/32".into(),
        ];
        let code = house.invite(grant.clone()).await;
        let stranger = ip("192.0.2.1");
        let redeeming = house
            .identity
            .redeem_invite(DIALECT, code.reveal(), None, stranger, start(), &mut rng())
            .await;
        assert_eq!(redeeming.unwrap_err(), Denied::WrongAddress);
        let minted = house.redeem(code.reveal(), start()).await.unwrap();
        let refresh = minted.refresh_token.unwrap();
        let refreshing = house
            .identity
            .refresh(DIALECT, refresh.reveal(), stranger, start(), &mut rng())
            .await;
        assert_eq!(refreshing.unwrap_err(), Denied::WrongAddress);
        for (address, allowed) in [
            ("203.0.113.9", true),
            ("198.51.100.250", true),
            ("2001:db8::1", true),
            ("203.0.113.8", false),
        ] {
            let call = house
                .identity
                .resolve(DIALECT, minted.token.reveal(), ip(address), start())
                .await;
            assert_eq!(call.is_ok(), allowed, "{address}");
        }
        grant.allow_list = vec!["office".into()];
        assert!(
            house
                .identity
                .invite(grant, start(), &mut rng())
                .await
                .is_err()
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_long_life_token_only_reads_and_lives_as_long_as_it_is_used() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let made = house
            .identity
            .long_life_token(house.grant(), start(), &mut rng())
            .await;
        let token = made.unwrap().unwrap().1;
        let token = token.reveal();
        let caller = house.call(token, start()).await.unwrap();
        assert!(caller.may(capability::BOOKINGS_READ));
        assert!(!caller.may(capability::BOOKINGS_WRITE));
        assert_eq!(
            house.refresh(token, start()).await.unwrap_err(),
            Denied::Unknown
        );
        let mut hours = 0;
        for _ in 0..3 {
            hours += 89 * 24;
            assert!(
                house.call(token, after(hours)).await.is_ok(),
                "{}",
                house.name
            );
        }
        hours += 90 * 24;
        assert_eq!(
            house.call(token, after(hours)).await.unwrap_err(),
            Denied::Expired
        );
        assert_eq!(lifetimes::LONG_LIFE_UNUSED.as_hours(), 90 * 24);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn expired_access_tokens_do_not_pile_up_and_no_secret_is_stored() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        for day in 1..20 {
            house.refresh(&refresh, after(day * 24)).await.unwrap();
        }
        let tx = fresh.store.reader().await.unwrap();
        let everything = store::Condition::All(Vec::new());
        let tokens = tx.find::<Token>(&everything, "", None, 0).await.unwrap();
        assert_eq!(
            tokens.len(),
            2,
            "{}: one refresh token and the last access token",
            house.name
        );
        let stored = format!("{tokens:?}");
        assert!(!stored.contains(&access) && !stored.contains(&refresh));
        assert!(tokens.iter().all(|token| token.hash.len() == 32));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_grant_for_a_tenant_that_does_not_exist_is_not_made() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let mut grant = house.grant();
        grant.tenant_id = Id::new(7).unwrap();
        assert!(
            house
                .identity
                .invite(grant, start(), &mut rng())
                .await
                .unwrap()
                .is_none()
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_closed_store_lets_known_callers_in_and_asks_others_to_return() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        house.call(&access, start()).await.unwrap();
        fresh.store.close().await;
        assert!(house.call(&access, start()).await.is_ok());
        let denied = house.refresh(&refresh, start()).await.unwrap_err();
        assert!(
            matches!(denied, Denied::Unavailable { .. }),
            "{}: {denied:?}",
            house.name
        );
        fresh.finish().await;
    }
}
