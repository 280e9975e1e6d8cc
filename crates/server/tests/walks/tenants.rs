//! Proof 8: what a caller may not know of is answered exactly like what does not exist, wherever its
//! id stands, and nothing happens to it.

use std::collections::BTreeMap;

use testkit::Reply;

use crate::ask::{Ask, comparable};
use crate::dump;
use crate::places::Kind;
use crate::strangers::{Probe, make, probes};
use crate::tables::walk;
use crate::world::{ALL_OF_BOOKINGS, ALL_OF_CALENDARS, ALL_OF_PROPERTIES, BEDS24, Tenant, Things, Token, World, in_every_world};

/// Somebody with a good token, and the things they may not know of.
struct Stranger<'a> {
    token: &'a str,
    tenant: &'a Tenant,
    own: &'a Things,
    hidden: Vec<&'a Things>,
    /// Ids that stand for the tenant as a whole.
    more_ids: Vec<i64>,
    /// Whether nothing of the host's may change at all; otherwise, nothing about what is hidden.
    is_outside: bool,
}

/// An id as long as this one that nothing has: before the first one that was made.
fn unknown(id: i64) -> i64 {
    id - 1_000_000_000_000
}

#[tokio::test]
async fn another_tenants_things_are_as_good_as_not_there_wherever_their_ids_stand() {
    in_every_world(|world| async move {
        let stranger = Stranger {
            token: &world.stranger.token,
            tenant: &world.stranger,
            own: &world.stranger.first,
            hidden: vec![&world.host.first, &world.host.second],
            more_ids: vec![world.host.id.get()],
            is_outside: true,
        };
        stranger.walk(&world).await;
    })
    .await;
}

#[tokio::test]
async fn another_propertys_things_are_as_good_as_not_there_for_a_token_of_one_property() {
    in_every_world(|world| async move {
        let token = world.limited_token().await;
        let stranger = Stranger {
            token: &token,
            tenant: &world.host,
            own: &world.host.first,
            hidden: vec![&world.host.second],
            more_ids: Vec::new(),
            is_outside: false,
        };
        stranger.walk(&world).await;
    })
    .await;
}

impl Stranger<'_> {
    async fn walk(&self, world: &World) {
        let mut all = Vec::new();
        walk(|table, row, described| all.extend(probes(table, row, described, self.own)));
        assert!(all.len() > 200, "only {} probes", all.len());
        let mut wrong = Vec::new();
        let mut stored = self.stored(world).await;
        for probe in &all {
            wrong.extend(self.probe(world, probe).await);
            let now = self.stored(world).await;
            if now != stored {
                wrong.push(format!("{} has changed\n{}", probe.says, dump::difference(&stored, &now)));
                stored = now;
            }
        }
        assert!(wrong.is_empty(), "{} of {} probes:\n\n{}", wrong.len(), all.len(), wrong.join("\n\n"));
        testkit::verify(&world.app.app.store, world.host.id).await;
        testkit::verify(&world.app.app.store, self.tenant.id).await;
    }

    /// Asks with hidden ids and with unknown ones, and says where the answers differ.
    async fn probe(&self, world: &World, probe: &Probe) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut known = None;
        for id in self.ids_for(probe) {
            let seen = self.ask(world, probe, id, &mut wrong).await;
            let expected = match known.take() {
                Some(expected) if probe.only_reads() => expected,
                _ => self.ask(world, probe, unknown(id), &mut wrong).await,
            };
            if seen != expected {
                wrong.push(format!("{} with {id} tells that it is there:\n{seen}\ninstead of\n{expected}", probe.says));
            }
            known = Some(expected);
        }
        wrong
    }

    /// One id of the right kind of each hidden property, and of the first also all of the wrong kinds.
    fn ids_for(&self, probe: &Probe) -> Vec<i64> {
        let right = self.hidden.iter().map(|things| probe.kind.of(things));
        let mut ids: Vec<i64> = right.collect();
        if probe.says.contains("roomTypes[].dependencies") {
            return ids;
        }
        if probe.kind == Kind::Booking || probe.kind == Kind::Group {
            ids.extend(self.hidden.iter().flat_map(|things| [things.booking, things.master, things.member]));
        }
        let alone = !probe.says.contains("among") && !probe.says.contains("twice");
        if alone {
            ids.extend(self.hidden[0].ids());
            ids.extend(&self.more_ids);
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    async fn ask(&self, world: &World, probe: &Probe, id: i64, wrong: &mut Vec<String>) -> String {
        let mut new = None;
        if let Some(kind) = probe.beside {
            new = Some(make(world, self.tenant, self.own, kind).await);
        }
        let ask = probe.with(id, new);
        let reply = ask.send(&world.app, Some(self.token)).await;
        self.must_not_tell(&ask, &reply, id, wrong);
        let mut seen = comparable(&reply, id);
        for read in &probe.reads {
            let reply = read.send(&world.app, Some(self.token)).await;
            self.must_not_tell(&ask, &reply, id, wrong);
            seen.push('\n');
            seen.push_str(&comparable(&reply, id));
        }
        seen
    }

    /// No text and no id of what is hidden stands in an answer, but for the id that was sent.
    fn must_not_tell(&self, ask: &Ask, reply: &Reply, id: i64, wrong: &mut Vec<String>) {
        let text = reply.text();
        if reply.status >= 500 {
            wrong.push(format!("{ask}: {} {text}", reply.status));
        }
        for things in &self.hidden {
            if text.contains(things.marker) {
                wrong.push(format!("{ask} shows {}: {text}", things.marker));
            }
            for hidden in things.ids().into_iter().filter(|hidden| *hidden != id) {
                if text.contains(&hidden.to_string()) {
                    wrong.push(format!("{ask} shows the id {hidden}: {text}"));
                }
            }
        }
    }

    /// What is stored of what is hidden.
    async fn stored(&self, world: &World) -> Vec<String> {
        let all = dump::everything(&world.app, world.host.id).await;
        if self.is_outside {
            return all;
        }
        let hidden: Vec<i64> = self.hidden.iter().flat_map(|things| things.ids()).collect();
        dump::about(all, &hidden, &self.own.ids())
    }
}

#[tokio::test]
async fn lists_show_each_tenant_their_own_and_nothing_else() {
    in_every_world(|world| async move {
        let limited = world.limited_token().await;
        let (host, stranger) = (&world.host, &world.stranger);
        let callers = [
            (host.token.as_str(), vec![&host.first, &host.second], vec![&stranger.first, &stranger.second]),
            (&stranger.token, vec![&stranger.first, &stranger.second], vec![&host.first, &host.second]),
            (&limited, vec![&host.first], vec![&host.second, &stranger.first, &stranger.second]),
        ];
        let nights = "startDate=2026-12-01&endDate=2026-12-20";
        for (token, shown, hidden) in callers {
            for path in [
                format!("/bookings?{ALL_OF_BOOKINGS}"),
                "/bookings?filter=new".to_owned(),
                "/bookings?searchString=marker&limit=1".to_owned(),
                format!("/properties?includeAllRooms=true&{ALL_OF_PROPERTIES}"),
                format!("/properties/rooms?{ALL_OF_PROPERTIES}"),
                format!("/inventory/rooms/calendar?{ALL_OF_CALENDARS}"),
                format!("/inventory/rooms/availability?{nights}"),
                format!("/inventory/rooms/unitBookings?{nights}"),
                "/inventory/rooms/offers?arrival=2027-01-10&departure=2027-01-12&numAdults=2".to_owned(),
            ] {
                let text = Ask::get(format!("{BEDS24}{path}")).send(&world.app, Some(token)).await.text();
                let limited_to_one = path.contains("limit=1");
                let has = |things: &Things| things.ids().iter().any(|id| text.contains(&id.to_string()));
                assert!(limited_to_one || shown.iter().all(|things| has(things)), "{path}: {text}");
                assert!(!hidden.iter().any(|things| has(things) || text.contains(things.marker)), "{path}: {text}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_link_to_a_next_page_leads_everybody_to_their_own() {
    in_every_world(|world| async move {
        let first = Ask::get(format!("{BEDS24}/bookings?limit=1&propertyId={}", world.host.first.property));
        let first = first.send(&world.app, Some(&world.host.token)).await.json();
        let link = first["pages"]["nextPageLink"].as_str().expect("there is another page").to_owned();
        let path = link.trim_start_matches("http://tabard.test");
        let own = Ask::get(path).send(&world.app, Some(&world.host.token)).await.text();
        assert!(own.contains(world.host.first.marker), "{own}");
        let (id, token) = (world.host.first.property, Some(world.stranger.token.as_str()));
        let foreign = Ask::get(path).send(&world.app, token).await;
        let unknown_path = path.replace(&id.to_string(), &unknown(id).to_string());
        let unknown_page = Ask::get(unknown_path).send(&world.app, token).await;
        assert_eq!(comparable(&foreign, id), comparable(&unknown_page, unknown(id)));
    })
    .await;
}

#[tokio::test]
async fn a_group_shows_and_takes_only_what_is_within_reach() {
    in_every_world(|world| async move {
        let host = &world.host;
        let joins = serde_json::json!([{"roomId": host.second.room, "arrival": "2026-12-05", "departure": "2026-12-06",
            "masterId": host.first.master, "lastName": host.second.marker}]);
        let joined = crate::world::write(&world.app, &host.token, "/bookings", &joins).await.remove(0);
        let hidden = crate::world::id(&joined["new"]["id"]);
        let limited = world.limited_token().await;
        let asked = format!("{BEDS24}/bookings?masterId={}&{ALL_OF_BOOKINGS}", host.first.master);
        let all = Ask::get(asked.as_str()).send(&world.app, Some(&host.token)).await.text();
        assert!(all.contains(&hidden.to_string()), "{all}");
        let shown = Ask::get(asked).send(&world.app, Some(&limited)).await.text();
        assert!(shown.contains(&host.first.member.to_string()), "{shown}");
        assert!(!shown.contains(&hidden.to_string()), "the group shows {hidden}, which is out of reach: {shown}");
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_answers_only_whoever_has_used_it() {
    in_every_world(|world| async move {
        let body = serde_json::json!([{"roomId": world.host.first.room, "arrival": "2026-12-10", "departure": "2026-12-11"}]);
        let path = format!("{BEDS24}/bookings");
        let send = async |token: &str, key: &str| {
            let headers = [("token", token), ("idempotency-key", key)];
            world.app.send("POST", &path, &headers, body.to_string().into_bytes()).await
        };
        let own = send(&world.host.token, "key").await;
        assert_eq!(own.json()[0]["success"], true, "{}", own.text());
        let again = send(&world.host.token, "key").await;
        assert_eq!((again.status, again.body), (own.status, own.body));
        let same_key = send(&world.stranger.token, "key").await;
        let other_key = send(&world.stranger.token, "other").await;
        assert_eq!(comparable(&same_key, 0), comparable(&other_key, 0));
        assert!(same_key.text().contains("not found"), "{}", same_key.text());
    })
    .await;
}

#[tokio::test]
async fn who_has_no_good_token_gets_the_same_answer_whatever_they_ask_for() {
    in_every_world(|world| async move {
        let full = || world.full_grant(world.host.id);
        let here = |grant| Token { grant, ip: "127.0.0.1", hours_ago: 0 };
        let expired = world.mint(Token { hours_ago: 25, ..here(full()) }).await.token;
        let revoked = world.mint(here(full())).await;
        assert!(world.app.app.identity.revoke(world.host.id, revoked.grant_id, world.app.clock.now()).await.unwrap());
        let elsewhere = identity::NewGrant { allow_list: vec!["203.0.113.7".to_owned()], ..full() };
        let elsewhere = world.mint(Token { ip: "203.0.113.7", ..here(elsewhere) }).await.token;
        let good = world.mint(here(full())).await;
        let strangers = BTreeMap::from([
            ("nobody", None),
            ("an empty token", Some(String::new())),
            ("a malformed token", Some("not a token".to_owned())),
            ("a token in quotes", Some(format!("'{}'", good.token))),
            ("half a token", Some(good.token[..good.token.len() / 2].to_owned())),
            ("a token of a mile", Some("x".repeat(20_000))),
            ("an expired token", Some(expired)),
            ("a revoked token", Some(revoked.token)),
            ("a token from another address", Some(elsewhere)),
            ("a refresh token", Some(good.refresh_token)),
            ("an invite code", Some(good.invite)),
        ]);
        let mut calls = Vec::new();
        walk(|table, row, described| {
            let closed = row.access != http_kit::endpoint::Access::Public;
            let of_row = probes(table, row, described, &world.stranger.first);
            calls.extend(of_row.into_iter().filter(|_| closed).map(|probe| (table.name, probe)));
        });
        let stored = dump::everything(&world.app, world.host.id).await;
        for (who, token) in &strangers {
            let mut answers: BTreeMap<&str, String> = BTreeMap::new();
            for (dialect, probe) in &calls {
                let id = probe.kind.of(&world.host.first);
                for id in [id, unknown(id)] {
                    let reply = probe.with(id, Some(id)).send(&world.app, token.as_deref()).await;
                    assert_eq!(reply.status, 401, "{who}: {}", probe.says);
                    let seen = comparable(&reply, id);
                    let first = answers.entry(*dialect).or_insert_with(|| seen.clone());
                    assert_eq!(*first, seen, "{who}: {}", probe.says);
                }
            }
        }
        assert_eq!(dump::difference(&stored, &dump::everything(&world.app, world.host.id).await), "");
    })
    .await;
}
