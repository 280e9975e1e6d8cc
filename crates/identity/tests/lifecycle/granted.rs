//! What an operator sees of the grants that were given.

use domain::id::Id;
use identity::{ClockMove, Granted, NewGrant, Standing};
use jiff::SignedDuration;
use testkit::stores;

use crate::{DIALECT, House, after, house, rng, start, tenant};

impl House {
    async fn granted(&self, hours: i64) -> Vec<Granted> {
        let read = self.identity.granted(self.tenant_id, DIALECT, after(hours));
        read.await.unwrap().unwrap()
    }

    async fn standings(&self, hours: i64) -> Vec<Standing> {
        let granted = self.granted(hours).await;
        granted.into_iter().map(|one| one.standing).collect()
    }

    fn named(&self, name: &str) -> NewGrant {
        NewGrant {
            client_name: name.to_owned(),
            ..self.grant()
        }
    }
}

#[tokio::test]
async fn each_grant_says_who_holds_it_since_when_and_for_how_long() {
    use Standing::{Ended, Held, Invited, TakenBack};

    for fresh in stores().await {
        let house = house(&fresh).await;
        assert_eq!(house.granted(0).await, []);
        let (_, refresh) = house.device().await;
        let code = house.invite(house.named("Spare")).await;
        let display = house.named("Display");
        let made = house
            .identity
            .long_life_token(display, start(), &mut rng())
            .await;
        let (display, token) = made.unwrap().unwrap();

        let granted = house.granted(0).await;
        let names = granted
            .iter()
            .map(|one| (&*one.client_name, &*one.device_name));
        assert_eq!(
            names.collect::<Vec<_>>(),
            [
                ("Channel manager", "Kitchen tablet"),
                ("Spare", ""),
                ("Display", "")
            ],
            "{}",
            house.name
        );
        let moments = granted
            .iter()
            .map(|one| (one.created_at, one.seen_at, one.ends_at));
        assert_eq!(
            moments.collect::<Vec<_>>(),
            [
                (start(), Some(start()), Some(after(30 * 24))),
                (start(), None, Some(after(24))),
                (start(), None, Some(after(90 * 24))),
            ]
        );
        assert_eq!(granted[0].scopes, ["read:bookings", "write:bookings"]);
        assert_eq!(granted[2].id, display);
        assert_eq!(house.standings(0).await, [Held, Invited, Held]);
        assert_eq!(house.standings(24).await, [Held, Ended, Held]);

        // Fetching a token and calling with the long-life one are seen, and prolong what they stand for.
        house.refresh(&refresh, after(48)).await.unwrap();
        house.call(token.reveal(), after(50)).await.unwrap();
        let granted = house.granted(50).await;
        assert_eq!(granted[0].seen_at, Some(after(48)));
        assert_eq!(granted[0].ends_at, Some(after(48 + 30 * 24)));
        assert_eq!(granted[2].seen_at, Some(after(50)));
        assert_eq!(granted[2].ends_at, Some(after(50 + 90 * 24)));
        let end = 48 + 30 * 24;
        assert_eq!(house.standings(end - 1).await, [Held, Ended, Held]);
        assert_eq!(house.standings(end).await, [Ended, Ended, Held]);

        let (tenant_id, now) = (house.tenant_id, after(50));
        assert!(
            house
                .identity
                .revoke(tenant_id, display, now)
                .await
                .unwrap()
        );
        assert_eq!(house.standings(50).await, [Held, Ended, TakenBack]);
        let taken = house.granted(50).await.remove(2);
        assert_eq!((taken.seen_at, taken.ends_at), (None, None));
        assert!(house.redeem(code.reveal(), after(50)).await.is_err());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn grants_are_shown_to_their_own_tenant_in_their_own_dialect_by_its_own_clock() {
    for fresh in stores().await {
        let house = house(&fresh).await;
        let other = tenant(&fresh.store, 2, false).await;
        house.invite(house.grant()).await;
        let read = async |tenant_id: Id, dialect: &str| {
            let reading = house.identity.granted(tenant_id, dialect, start());
            reading.await.unwrap().map(|granted| granted.len())
        };
        assert_eq!(read(house.tenant_id, DIALECT).await, Some(1));
        assert_eq!(read(house.tenant_id, "octo").await, Some(0));
        assert_eq!(read(other, DIALECT).await, Some(0));
        assert_eq!(read(Id::new(7).unwrap(), DIALECT).await, None);
        let day = ClockMove::By(SignedDuration::from_hours(24));
        let moving = house.identity.move_clock(house.tenant_id, day, start());
        moving.await.unwrap().unwrap();
        assert_eq!(house.standings(0).await, [Standing::Ended]);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_tenant_with_many_grants_is_shown_all_of_them_once() {
    const MANY: usize = 503;
    for fresh in stores().await {
        let house = house(&fresh).await;
        for _ in 0..MANY {
            house.invite(house.grant()).await;
        }
        let ids: Vec<Id> = house
            .granted(0)
            .await
            .into_iter()
            .map(|one| one.id)
            .collect();
        assert_eq!(ids.len(), MANY, "{}", house.name);
        assert!(ids.is_sorted_by(|one, next| one < next));
        fresh.finish().await;
    }
}
