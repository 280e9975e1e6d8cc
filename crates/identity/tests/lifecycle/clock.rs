//! Sandboxes have a clock that can be moved; nobody else has.

use identity::{ClockMove, ClockRefused, Denied};
use jiff::SignedDuration;

use testkit::stores;

use crate::{after, house, start, tenant};

#[tokio::test]
async fn tokens_age_with_their_tenants_clock_and_the_cache_follows_at_once() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let (access, refresh) = house.device().await;
        let caller = house.call(&access, start()).await.unwrap();
        assert_eq!(caller.tenant_now(start()), start());
        let day = ClockMove::By(SignedDuration::from_hours(24));
        let moved = house
            .identity
            .move_clock(house.tenant_id, day, start())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((moved.before, moved.now), (start(), after(24)));
        assert_eq!(
            house.call(&access, start()).await.unwrap_err(),
            Denied::Expired,
            "{}",
            house.name
        );
        let access = house.refresh(&refresh, start()).await.unwrap();
        let caller = house.call(&access, start()).await.unwrap();
        assert_eq!(caller.token_created_at, after(24));
        assert_eq!(caller.actor(start(), "r".into()).now, after(24));
        let month = ClockMove::By(SignedDuration::from_hours(30 * 24));
        house
            .identity
            .move_clock(house.tenant_id, month, start())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            house.refresh(&refresh, start()).await.unwrap_err(),
            Denied::Expired
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_clock_can_be_set_back_years_and_runs_on_from_there() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let then = "2014-07-01T00:00:00Z".parse().unwrap();
        let to = ClockMove::To(then);
        let moved = house
            .identity
            .move_clock(house.tenant_id, to, start())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(moved.now, then);
        let (access, _) = house.device().await;
        let caller = house.call(&access, start()).await.unwrap();
        assert_eq!(
            caller.tenant_now(after(1)),
            then + SignedDuration::from_hours(1)
        );
        let back = house
            .identity
            .move_clock(house.tenant_id, ClockMove::ToRealTime, after(2))
            .await;
        assert_eq!(back.unwrap().unwrap().offset_ms, 0, "{}", house.name);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn moves_that_meet_all_count() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let hour = ClockMove::By(SignedDuration::from_hours(1));
        let moves = (0..20).map(|_| house.identity.move_clock(house.tenant_id, hour, start()));
        for moved in futures_util::future::join_all(moves).await {
            moved.unwrap().unwrap();
        }
        let still = ClockMove::By(SignedDuration::ZERO);
        let shown = house
            .identity
            .move_clock(house.tenant_id, still, start())
            .await;
        assert_eq!(shown.unwrap().unwrap().now, after(20), "{}", house.name);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_production_tenants_clock_is_the_real_one() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let production = tenant(&fresh.store, 2, false).await;
        let day = ClockMove::By(SignedDuration::from_hours(24));
        let refused = |tenant, to| {
            let moving = house.identity.move_clock(tenant, to, start());
            async move { moving.await.unwrap().unwrap_err() }
        };
        assert_eq!(refused(production, day).await, ClockRefused::NoSandbox);
        let nobody = domain::id::Id::new(7).unwrap();
        assert_eq!(refused(nobody, day).await, ClockRefused::NoSuchTenant);
        let far = ClockMove::By(SignedDuration::from_hours(24 * 365 * 500));
        assert_eq!(
            refused(house.tenant_id, far).await,
            ClockRefused::OutOfRange
        );
        let farther = ClockMove::By(SignedDuration::MAX);
        assert_eq!(
            refused(house.tenant_id, farther).await,
            ClockRefused::OutOfRange
        );
        fresh.finish().await;
    }
}
