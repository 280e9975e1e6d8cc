//! Master price lists: prices by the thousand, and what stays cost.

use std::collections::BTreeMap;

use service::{
    PageOf, Refusal,
    content::{Channel, ChannelDetails, PriceList, PriceListDetails},
    domain::{
        id::Id,
        money::{Currency, Money},
        price_list::{NoListPrice, Pricing},
    },
    inventory::StoredPrice,
    records::{Field, MOST_PRICES, NewPrice, Query, StayAsked, Test, Write, create, remove},
};
use testkit::{Scene, day, in_each_scene};

use super::{house, limited, refused, rows_in, written};

fn list(scene: &Scene) -> PriceList {
    let details = PriceListDetails {
        name: "Summer".to_owned(),
        ..PriceListDetails::default()
    };
    let mut list = PriceList::new(scene.id(), details);
    list.organization_id = Some(scene.organization_id);
    list
}

fn night(number: i32, minor: i64) -> NewPrice {
    NewPrice {
        day: day(number),
        nights: 0,
        minor,
        active: true,
    }
}

fn channel(scene: &Scene, pricing: Pricing, percent: i64) -> Channel {
    let details = ChannelDetails {
        name: "Web".to_owned(),
        pricing,
        price_factor: rust_decimal::Decimal::new(percent, 2),
        ..ChannelDetails::default()
    };
    Channel::new(scene.id(), details)
}

async fn stored(scene: &Scene, list_id: Id) -> BTreeMap<(i64, i64), (Id, i64)> {
    let (service, actor) = house(scene);
    let reading = service.reading(&actor).await.unwrap();
    let prices = reading
        .of::<StoredPrice>(Field::new("list_id"), &[list_id])
        .await
        .unwrap();
    let first = day(0);
    let each = prices.iter().map(|price| {
        let number = first.until(price.day).unwrap().get_days();
        (
            (i64::from(number), price.nights),
            (price.id, price.price_minor),
        )
    });
    each.collect()
}

#[tokio::test]
async fn prices_are_written_by_the_thousand_and_written_over_under_the_same_id() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let list = list(&scene);
        let id = list.id;
        written(&service, &actor, create(list)).await;
        let year = |add: i64| {
            (0..5_000)
                .map(|number| night(number, i64::from(number) + add))
                .collect()
        };
        written(&service, &actor, Write::prices(id, year(0))).await;
        let before = stored(&scene, id).await;
        assert_eq!(before.len(), 5_000);
        assert_eq!(before[&(4_999, 0)].1, 4_999);
        written(&service, &actor, Write::prices(id, year(7))).await;
        let after = stored(&scene, id).await;
        assert_eq!(after.len(), 5_000);
        for (key, (id, minor)) in &before {
            assert_eq!(after[key], (*id, minor + 7));
        }
        // Of two for one day the last counts; another length is another price.
        let longer = NewPrice {
            nights: 7,
            ..night(0, 900)
        };
        let twice = vec![night(0, 1), longer, night(0, 2)];
        written(&service, &actor, Write::prices(id, twice)).await;
        let last = stored(&scene, id).await;
        assert_eq!(
            (last.len(), last[&(0, 0)].1, last[&(0, 7)].1),
            (5_001, 2, 900)
        );
        let reading = service.reading(&actor).await.unwrap();
        let query = Query::<StoredPrice>::new()
            .meets(Test::is(Field::new("list_id"), id))
            .meets(Test::between(
                Field::new("day"),
                Some(day(10)),
                Some(day(12)),
            ));
        let page = reading.page(&query, PageOf::first(2)).await.unwrap();
        assert_eq!((page.rows.len(), page.more), (2, true));
        assert_eq!(reading.count(&query).await.unwrap(), 3);
        drop(reading);
        written(&service, &actor, remove::<PriceList>(id)).await;
        assert_eq!(rows_in(&scene, "price").await, 0);
    })
    .await;
}

#[tokio::test]
async fn prices_that_can_not_be_are_refused_with_everything_beside_them() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let list = list(&scene);
        let id = list.id;
        written(&service, &actor, create(list)).await;
        let bad = [
            night(1, -1),
            night(1, i64::MAX),
            NewPrice {
                nights: 366,
                ..night(1, 1)
            },
        ];
        for bad in bad {
            let refusal =
                refused(&service, &actor, Write::prices(id, vec![night(0, 1), bad])).await;
            assert!(matches!(refusal, Refusal::Invalid { .. }), "{refusal:?}");
        }
        let many = vec![night(0, 1); MOST_PRICES + 1];
        let refusal = refused(&service, &actor, Write::prices(id, many)).await;
        assert!(
            matches!(
                refusal,
                Refusal::Invalid {
                    field: "prices",
                    ..
                }
            ),
            "{refusal:?}"
        );
        let stranger = limited(&actor, &[scene.id()]);
        let refusal = refused(&service, &stranger, Write::prices(id, vec![night(0, 1)])).await;
        assert_eq!(refusal, Refusal::Unknown { field: "id" });
        assert_eq!(rows_in(&scene, "price").await, 0);
        let reading = service.reading(&stranger).await.unwrap();
        let none = reading
            .of::<StoredPrice>(Field::new("list_id"), &[id])
            .await
            .unwrap();
        assert_eq!(none, []);
    })
    .await;
}

#[tokio::test]
async fn stays_cost_what_the_list_says_times_the_channels_factor() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let list = list(&scene);
        let id = list.id;
        let mut prices: Vec<NewPrice> = (0..7).map(|number| night(number, 10_001)).collect();
        prices.push(NewPrice {
            nights: 7,
            ..night(0, 60_000)
        });
        prices.push(NewPrice {
            nights: 3,
            active: false,
            ..night(0, 20_000)
        });
        service
            .write_all(&actor, vec![create(list), Write::prices(id, prices)])
            .await
            .unwrap()
            .unwrap();
        let ask = |arrival: i32, nights: u16| StayAsked {
            list_id: id,
            arrival: day(arrival),
            nights,
        };
        let euros = |minor| Money::new(minor, Currency::EUR);
        let reading = service.reading(&actor).await.unwrap();
        let simple = channel(&scene, Pricing::Simple, 150);
        let asked = [
            ask(0, 2),
            ask(5, 3),
            StayAsked {
                list_id: scene.id(),
                ..ask(0, 1)
            },
        ];
        let answers = reading.stay_prices(&simple, &asked).await.unwrap();
        // 100.01 times 1.5 is 150.015, which is 150.02 a night.
        assert_eq!(answers[0].as_ref().unwrap().total, euros(30_004));
        assert_eq!(answers[1], Err(NoListPrice::Night(day(7))));
        assert!(answers[2].is_err());
        assert_eq!(reading.queries(), 2, "however many stays there are");
        let complex = channel(&scene, Pricing::Complex, 100);
        let answers = reading
            .stay_prices(&complex, &[ask(0, 7), ask(0, 3), ask(1, 7)])
            .await
            .unwrap();
        assert_eq!(answers[0].as_ref().unwrap().total, euros(60_000));
        assert!(answers[1].is_err() && answers[2].is_err());
    })
    .await;
}
