//! What a resource is sold on is kept in memory and is never stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use catalogue::inventory::{RatePlanRecord, Resource, StoredDay};
use domain::{
    calendar::CalendarDay,
    id::{Id, IdSource},
    party::Party,
    rate::{Linking, RatePlan},
};
use rust_decimal::Decimal;
use store::{
    ColdCommand, Error, Result, Store, StoreConfig, Tx,
    hot::{PlaceBooking, Price},
};
use testkit::{LaneOf, Scene, TestStore, day, in_each_scene};

/// Sets the price of ten days, and maybe fails afterwards.
struct SetPrice {
    scene: Scene,
    resource_id: Id,
    price: i64,
    fails: bool,
}

impl ColdCommand for SetPrice {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> Result<()> {
        let tenant_id = self.scene.tenant_id;
        tx.lock_lanes(tenant_id, &[self.resource_id]).await?;
        let days = (0..10).map(|number| StoredDay {
            tenant_id,
            resource_id: self.resource_id,
            day: day(number),
            sell_limit: None,
            settings: CalendarDay {
                prices: [(1, self.price.into())].into(),
                ..CalendarDay::new(day(number))
            },
            extra: Default::default(),
        });
        let version = ids.next(self.scene.clock.now());
        store::calendar::write(tx, &days.collect::<Vec<_>>(), version).await?;
        // Somebody looks at what is not committed yet, and it must not be remembered if it never is.
        let lanes = [self.resource_id];
        store::occupancy::look(tx, tenant_id, &lanes, day(0), day(10)).await?;
        if self.fails {
            return Err(Error::Refused("it was not meant to be".to_owned()));
        }
        Ok(())
    }
}

/// Gives a resource one plan.
struct SetPlan(Scene, Id, RatePlan);

impl ColdCommand for SetPlan {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> Result<()> {
        let Self(scene, id, plan) = self;
        let key = [scene.tenant_id.into(), (*id).into()];
        let mut resource: Resource = tx.get(&key).await?.expect("a resource");
        let record = RatePlanRecord {
            plan: plan.clone(),
            extra: Default::default(),
        };
        resource.details.rate_plans = [(plan.number, record)].into();
        tx.update(&mut resource).await?;
        let version = ids.next(scene.clock.now());
        tx.terms_changed(scene.tenant_id, &[*id], version).await
    }
}

async fn set_price(store: &Store, scene: &Scene, resource_id: Id, price: i64) {
    let command = SetPrice {
        scene: scene.clone(),
        resource_id,
        price,
        fails: false,
    };
    store.run(command).await.unwrap();
}

async fn set_plan(scene: &Scene, resource_id: Id, plan: RatePlan) {
    let command = SetPlan(scene.clone(), resource_id, plan);
    scene.store.run(command).await.unwrap();
}

/// A room of many units with one plan, whose nights cost 100.
async fn room(scene: &Scene) -> Id {
    let room = scene.lane(LaneOf::units(900)).await;
    set_plan(scene, room, RatePlan::new(1)).await;
    set_price(&scene.store, scene, room, 100).await;
    room
}

fn by_calendar(scene: &Scene, room: Id, arrival: i32, nights: i32) -> PlaceBooking {
    let mut place = scene.place(room, arrival, nights);
    place.price = Price::Calendar;
    place.booking.details.party = Party::new(2, 0);
    place
}

/// What a stay from the first day on costs now.
async fn price_of(scene: &Scene, room: Id, nights: i32) -> Decimal {
    let id = scene.placed(by_calendar(scene, room, 0, nights)).await;
    scene.booking(id).await.unwrap().details.price
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_costs_what_the_calendar_says_when_it_is_made() {
    in_each_scene(|scene| async move {
        let room = room(&scene).await;
        assert_eq!(price_of(&scene, room, 3).await, 300.into());
        set_price(&scene.store, &scene, room, 70).await;
        assert_eq!(price_of(&scene, room, 3).await, 210.into());
        set_plan(&scene, room, RatePlan::new(2)).await;
        assert_eq!(price_of(&scene, room, 3).await, 0.into());
        // Nights without a price have none together.
        set_plan(&scene, room, RatePlan::new(1)).await;
        assert_eq!(price_of(&scene, room, 11).await, 0.into());
        let given = scene.placed(scene.place(room, 0, 1)).await;
        let given = scene.booking(given).await.unwrap();
        assert_eq!(given.details.price, 0.into());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_follows_its_link_when_the_other_calendar_changes() {
    in_each_scene(|scene| async move {
        let (from, to) = (room(&scene).await, room(&scene).await);
        let linked = RatePlan {
            linking: Some(Linking {
                resource: to,
                number: 1,
                multiplier: 2.into(),
                amount: 5.into(),
            }),
            ..RatePlan::new(3)
        };
        set_plan(&scene, from, linked).await;
        assert_eq!(price_of(&scene, from, 2).await, 410.into());
        set_price(&scene.store, &scene, to, 10).await;
        assert_eq!(price_of(&scene, from, 2).await, 50.into());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_is_forgotten() {
    in_each_scene(|scene| async move {
        let room = room(&scene).await;
        let failing = SetPrice {
            scene: scene.clone(),
            resource_id: room,
            price: 1,
            fails: true,
        };
        assert!(scene.store.run(failing).await.is_err());
        assert_eq!(price_of(&scene, room, 1).await, 100.into());
        set_price(&scene.store, &scene, room, 80).await;
        assert_eq!(price_of(&scene, room, 1).await, 80.into());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_made_after_a_price_was_acknowledged_never_costs_the_old_one() {
    in_each_scene(|scene| async move {
        let room = room(&scene).await;
        let acknowledged = Arc::new(AtomicI64::new(100));
        let setting = {
            let (scene, acknowledged) = (scene.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for price in 101..160 {
                    set_price(&scene.store, &scene, room, price).await;
                    acknowledged.store(price, Ordering::SeqCst);
                }
            })
        };
        while !setting.is_finished() {
            let at_least = acknowledged.load(Ordering::SeqCst);
            let price = price_of(&scene, room, 1).await;
            assert!(price >= at_least.into(), "{price} instead of {at_least}");
        }
        setting.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_never_sell_on_stale_terms() {
    let Some(one) = TestStore::postgres().await else {
        return;
    };
    let scene = Scene::new(&one.store).await;
    let room = room(&scene).await;
    let config = StoreConfig::Postgres {
        url: one.url().unwrap().to_owned(),
    };
    let ids = Arc::new(IdSource::new(1));
    let other = Store::open(&config, ids).await.unwrap();
    for price in [30, 40, 50] {
        set_price(&other, &scene, room, price).await;
        assert_eq!(price_of(&scene, room, 1).await, price.into());
        let looked = scene.store.look(vec![store::Look {
            tenant_id: scene.tenant_id,
            resource_id: room,
            first: day(0),
            until: day(1),
        }]);
        let looked = looked.await.unwrap();
        let seen = looked.terms.day(scene.tenant_id, room, day(0)).unwrap();
        assert_eq!(seen.prices[&1], price.into());
    }
    other.close().await;
    one.finish().await;
}
