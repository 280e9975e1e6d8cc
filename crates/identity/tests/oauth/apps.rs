//! Apps and installations: secrets, permissions, halts, cancellations, administrations and channels.

use domain::access::capability;
use domain::id::Id;
use http::StatusCode;
use identity::oauth::AccessRefused;
use identity::oauth::apps::{AppRefused, NewApp};
use identity::oauth::installations::{How, InstallationRefused};
use testkit::stores;

use crate::house::*;

/// The vendor's own key.
async fn key(house: &House, organizations: Option<Vec<Id>>) -> (Id, String) {
    let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
    let made = house
        .oauth
        .api_key(tenant_id, app_id, organizations, &at(start()), &mut rng())
        .await;
    let (id, key) = made.unwrap().unwrap();
    (id, key.reveal().to_owned())
}

async fn set_permissions(house: &House, permissions: Vec<identity::oauth::Permission>) {
    let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
    let set = house
        .oauth
        .set_permissions(tenant_id, app_id, permissions, &at(start()))
        .await;
    set.unwrap().unwrap();
}

#[tokio::test]
async fn several_secrets_are_valid_while_one_is_replaced() {
    for fresh in stores().await {
        let mut house = House::new(&fresh).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        house
            .oauth
            .install_own(tenant_id, app_id, None, &at(start()))
            .await
            .unwrap()
            .unwrap();
        let grant = || Pairs::of(&[("grant_type", "client_credentials")]);
        let old = house.authenticated(grant());
        let old_id = house.app.secret_id.unwrap();
        let added = house
            .oauth
            .add_secret(tenant_id, app_id, start(), &mut rng())
            .await;
        house.app.client_secret = Some(added.unwrap().unwrap().1);
        let new = house.authenticated(grant());
        house
            .oauth
            .retire_secret(tenant_id, app_id, old_id, after(60))
            .await
            .unwrap()
            .unwrap();
        for form in [&old, &new] {
            assert_eq!(house.token(form, after(59)).await.status, StatusCode::OK);
        }
        let late = house.token(&old, after(60)).await;
        assert_eq!(late.error(), (401, "invalid_client".to_owned()));
        assert_eq!(house.token(&new, after(60)).await.status, StatusCode::OK);
        let strange = house
            .oauth
            .retire_secret(house.hotel.tenant_id, app_id, old_id, start())
            .await;
        assert_eq!(strange.unwrap(), Err(AppRefused::NotFound));
        let mut added = 0;
        while house
            .oauth
            .add_secret(tenant_id, app_id, start(), &mut rng())
            .await
            .unwrap()
            .is_ok()
        {
            added += 1;
        }
        assert_eq!(added, 8, "ten in all");
        let public = house
            .oauth
            .add_secret(tenant_id, house.public.app_id, start(), &mut rng())
            .await;
        assert_eq!(public.unwrap().unwrap_err(), AppRefused::Public);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn new_permissions_open_keys_at_once_and_installations_after_a_new_consent() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let read = vec![permissions().remove(0)];
        set_permissions(&house, read.clone()).await;
        let (_, key) = key(&house, None).await;
        let (access, refresh) = house.tokens(start()).await;
        let may = async |token: &str, what| house.call(token, start()).await.unwrap().may(what);
        for token in [&key, &access] {
            assert!(may(token, capability::BOOKINGS_READ).await);
            assert!(!may(token, capability::BOOKINGS_WRITE).await);
        }
        set_permissions(&house, permissions()).await;
        assert!(
            may(&key, capability::BOOKINGS_WRITE).await,
            "{}",
            house.name
        );
        assert!(!may(&access, capability::BOOKINGS_WRITE).await);
        let refreshed = house.token(&house.refreshing(&refresh), start()).await;
        assert_eq!(refreshed.text("scope"), "reservation|read");
        let installed = house.oauth.installations(house.hotel.tenant_id).await;
        let installed = installed.unwrap().remove(0);
        assert!(installed.needs_consent);
        assert_eq!(installed.how, How::Consent);
        let (access, _) = house.tokens(start()).await;
        assert!(may(&access, capability::BOOKINGS_WRITE).await);
        // What is taken away is gone everywhere at once.
        set_permissions(&house, read).await;
        for token in [&key, &access] {
            assert!(!may(token, capability::BOOKINGS_WRITE).await);
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_halted_app_is_refused_by_name_and_goes_on_with_the_same_tokens() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (_, key) = key(&house, None).await;
        let (access, _) = house.tokens(start()).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let strange = house
            .oauth
            .halt(house.hotel.tenant_id, app_id, &at(start()))
            .await;
        assert_eq!(strange.unwrap(), Err(AppRefused::NotFound));
        for token in [&key, &access] {
            assert!(house.call(token, start()).await.is_ok());
        }
        let halted = house.oauth.halt(tenant_id, app_id, &at(start())).await;
        halted.unwrap().unwrap();
        for token in [&key, &access] {
            let refused = house.call(token, start()).await.unwrap_err();
            assert_eq!(refused, AccessRefused::ApplicationHalted);
        }
        let resumed = house.oauth.resume(tenant_id, app_id, &at(start())).await;
        resumed.unwrap().unwrap();
        for token in [&key, &access] {
            assert!(house.call(token, start()).await.is_ok());
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_cancelled_installation_is_refused_by_name_and_comes_back_without_its_tokens() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (access, refresh) = house.tokens(start()).await;
        let tenant_id = house.hotel.tenant_id;
        let installed = house
            .oauth
            .installations(tenant_id)
            .await
            .unwrap()
            .remove(0);
        let strange = house
            .oauth
            .cancel(house.vendor.tenant_id, installed.id, &at(start()))
            .await;
        assert_eq!(strange.unwrap(), Err(InstallationRefused::NotFound));
        let unused = house.code(start()).await;
        let cancelled = house
            .oauth
            .cancel(tenant_id, installed.id, &at(start()))
            .await;
        cancelled.unwrap().unwrap();
        let refused = house.call(&access, start()).await.unwrap_err();
        assert_eq!(refused, AccessRefused::SubscriptionCancelled);
        let about = house.authenticated(Pairs::of(&[("token", &access)]));
        let asked = house.introspect(&about, start()).await;
        assert_eq!(asked.body["active"], false);
        let (new, _) = house.tokens(start()).await;
        assert!(house.call(&new, start()).await.is_ok());
        let refused = house.call(&access, start()).await.unwrap_err();
        assert_eq!(refused, AccessRefused::InvalidToken, "{}", house.name);
        let refreshed = house.token(&house.refreshing(&refresh), start()).await;
        assert_eq!(refreshed.error().1, "invalid_grant");
        let late = house.token(&house.redemption(&unused), start()).await;
        assert_eq!(late.error().1, "invalid_grant", "a code from before");
        let again = house.oauth.installations(tenant_id).await.unwrap();
        assert_eq!(again.len(), 1, "the same installation");
        assert_eq!(again[0].id, installed.id);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_new_key_ends_the_old_one_and_reaches_what_it_is_limited_to() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let mine = house.vendor.organization_id;
        let (first_id, first) = key(&house, None).await;
        let caller = house.call(&first, start()).await.unwrap();
        assert_eq!(caller.organizations, None);
        assert_eq!(caller.token_expires_at, None);
        let years = after(10 * 365 * 86_400);
        assert!(house.call(&first, years).await.is_ok(), "keys do not end");
        let (second_id, second) = key(&house, Some(vec![mine])).await;
        assert_eq!(first_id, second_id);
        let refused = house.call(&first, start()).await.unwrap_err();
        assert_eq!(refused, AccessRefused::InvalidToken);
        let caller = house.call(&second, start()).await.unwrap();
        assert_eq!(caller.needs_organization(mine), Ok(()));
        assert_eq!(
            caller.needs_organization(house.hotel.organization_id),
            Err(AccessRefused::OrganizationNotGranted)
        );
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        for bad in [vec![], vec![house.hotel.organization_id], vec![mine, mine]] {
            let refused = house
                .oauth
                .api_key(tenant_id, app_id, Some(bad), &at(start()), &mut rng())
                .await;
            assert_eq!(
                refused.unwrap().unwrap_err(),
                InstallationRefused::Organizations
            );
        }
        assert!(house.call(&second, start()).await.is_ok());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_channel_is_granted_for_an_organization_and_goes_with_it() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (tenant_id, granted) = (house.hotel.tenant_id, house.hotel.organization_id);
        let (access, _) = house.tokens(start()).await;
        let installed = house
            .oauth
            .installations(tenant_id)
            .await
            .unwrap()
            .remove(0);
        let channel = house.hotel.id();
        let set = async |organization, channel| {
            let set = house
                .oauth
                .set_channel(tenant_id, installed.id, organization, channel, &at(start()))
                .await;
            set.unwrap()
        };
        let caller = house.call(&access, start()).await.unwrap();
        let none = Err(AccessRefused::ChannelNotGranted);
        assert_eq!(caller.needs_channel(channel), none);
        let strange = house.vendor.organization_id;
        assert_eq!(
            set(strange, Some(channel)).await,
            Err(InstallationRefused::OrganizationNotGranted)
        );
        assert_eq!(set(granted, Some(channel)).await, Ok(()));
        let caller = house.call(&access, start()).await.unwrap();
        assert_eq!(caller.needs_channel(channel), Ok(()));
        assert_eq!(caller.needs_channel(house.hotel.id()), none);
        assert_eq!(set(granted, None).await, Ok(()));
        let caller = house.call(&access, start()).await.unwrap();
        assert_eq!(caller.needs_channel(channel), none);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn what_cannot_be_an_app_is_not_registered() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let good = || NewApp {
            tenant_id: house.vendor.tenant_id,
            name: "App".to_owned(),
            confidential: true,
            redirect_uris: vec![REDIRECT.to_owned()],
            permissions: permissions(),
            quota: QUOTA,
        };
        let mut bad = vec![good(), good(), good(), good(), good()];
        bad[0].name = "  ".to_owned();
        bad[1].name = "x".repeat(101);
        bad[2].permissions[0].word = "two words".to_owned();
        bad[3].permissions[0].word = bad[3].permissions[1].word.clone();
        bad[4].tenant_id = Id::new(77).unwrap();
        for app in bad {
            let refused = house.oauth.register(app, &at(start()), &mut rng()).await;
            assert!(refused.unwrap().is_err());
        }
        let known = house.oauth.apps(house.vendor.tenant_id).await.unwrap();
        assert_eq!(known.len(), 2);
        fresh.finish().await;
    }
}
