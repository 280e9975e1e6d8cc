//! Proof 8: what a caller may not know of is answered exactly like what does not exist, wherever its
//! id stands, and nothing happens to it.

use std::collections::BTreeMap;
use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use testkit::Reply;

use crate::ask::{Ask, comparable, difference};
use crate::dump;
use crate::places::Kind;
use crate::strangers::{Probe, make, probes};
use crate::tables::walk;
use crate::world::{
    ALL_OF_BOOKINGS, ALL_OF_CALENDARS, ALL_OF_PROPERTIES, BEDS24, Tenant, Things, Token, World,
    in_every_world, verify_journal,
};

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
    /// Ids that the stranger has written into texts of their own.
    kept: Mutex<Vec<i64>>,
}

/// An id as long as this one that nothing has, because it is from before the first one that was
/// made; another one each time.
fn unknown(id: i64) -> i64 {
    static COUNT: AtomicI64 = AtomicI64::new(0);
    id - 1_000_000_000_000 - COUNT.fetch_add(1, Ordering::Relaxed)
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
            kept: Mutex::default(),
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
            kept: Mutex::default(),
        };
        stranger.walk(&world).await;
    })
    .await;
}

/// The walk's own control: for a caller who does see the other property, every endpoint with ids in it
/// must be reported.
#[tokio::test]
async fn the_walk_reports_every_endpoint_that_shows_or_takes_what_it_should_not() {
    in_every_world(|world| async move {
        let seeing = Stranger {
            token: &world.host.token,
            tenant: &world.host,
            own: &world.host.first,
            hidden: vec![&world.host.second],
            more_ids: Vec::new(),
            is_outside: false,
            kept: Mutex::default(),
        };
        let mut of_rows = Vec::new();
        walk(|table, row, described| {
            of_rows.push((table.says(row), probes(table, row, described, seeing.own)))
        });
        // What removes comes last.
        of_rows.sort_by_key(|(says, _)| says.contains("DELETE"));
        for (says, probes) in of_rows.into_iter().filter(|(_, probes)| !probes.is_empty()) {
            let mut wrong = Vec::new();
            for probe in probes
                .iter()
                .filter(|probe| probe.tries_all && !probe.is_kept)
            {
                wrong.extend(seeing.probe(&world, probe).await);
                if !wrong.is_empty() {
                    break;
                }
            }
            assert!(!wrong.is_empty(), "the walk is blind for {says}");
        }
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
        // So many at a time: to read all that is stored takes longer than a call.
        for probes in all.chunks(20) {
            for probe in probes {
                wrong.extend(self.probe(world, probe).await);
            }
            let now = self.stored(world).await;
            if now != stored {
                let says: Vec<&str> = probes.iter().map(|probe| probe.says.as_str()).collect();
                wrong.push(format!(
                    "one of {says:#?} has changed\n{}",
                    dump::difference(&stored, &now)
                ));
                stored = now;
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {} probes:\n\n{}",
            wrong.len(),
            all.len(),
            wrong.join("\n\n")
        );
        verify_journal(world, &world.host.token).await;
        verify_journal(world, &self.tenant.token).await;
    }

    /// Asks with hidden ids and with unknown ones, and says where the answers differ.
    async fn probe(&self, world: &World, probe: &Probe) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut known = None;
        if probe.is_kept {
            // The first number that is kept also changes what the others find.
            self.ask(world, probe, unknown(self.own.booking), &mut wrong)
                .await;
        }
        for id in self.ids_for(probe) {
            let seen = self.ask(world, probe, id, &mut wrong).await;
            let expected = match known.take() {
                Some(expected) if probe.only_reads() => expected,
                _ => self.ask(world, probe, unknown(id), &mut wrong).await,
            };
            if seen != expected {
                let tells = difference(&seen, &expected);
                wrong.push(format!(
                    "{} with {id} tells that it is there:\n{tells}",
                    probe.says
                ));
            }
            known = Some(expected);
        }
        wrong
    }

    /// The ids that are tried in a place: those of the right kind, and in some places all others.
    fn ids_for(&self, probe: &Probe) -> Vec<i64> {
        let mut ids: Vec<i64> = self
            .hidden
            .iter()
            .map(|things| probe.kind.of(things))
            .collect();
        if probe.kind == Kind::Booking && !probe.is_kept {
            ids.push(self.hidden[0].master);
        }
        if probe.tries_all && !probe.says.contains("dependencies") {
            let things = self.hidden[0];
            ids.extend([
                things.property,
                things.room,
                things.booking,
                things.member,
                things.line,
                things.note,
            ]);
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
        if probe.is_kept {
            self.kept.lock().unwrap().push(id);
        }
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
            let kept = self.kept.lock().unwrap();
            let may_be_shown = |hidden: &i64| *hidden == id || kept.contains(hidden);
            for hidden in things
                .ids()
                .into_iter()
                .filter(|hidden| !may_be_shown(hidden))
            {
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
            (
                host.token.as_str(),
                vec![&host.first, &host.second],
                vec![&stranger.first, &stranger.second],
            ),
            (
                &stranger.token,
                vec![&stranger.first, &stranger.second],
                vec![&host.first, &host.second],
            ),
            (
                &limited,
                vec![&host.first],
                vec![&host.second, &stranger.first, &stranger.second],
            ),
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
                "/inventory/rooms/offers?arrival=2027-01-10&departure=2027-01-12&numAdults=2"
                    .to_owned(),
            ] {
                let text = Ask::get(format!("{BEDS24}{path}"))
                    .send(&world.app, Some(token))
                    .await
                    .text();
                let limited_to_one = path.contains("limit=1");
                let has =
                    |things: &Things| things.ids().iter().any(|id| text.contains(&id.to_string()));
                assert!(
                    limited_to_one || shown.iter().all(|things| has(things)),
                    "{path}: {text}"
                );
                assert!(
                    !hidden
                        .iter()
                        .any(|things| has(things) || text.contains(things.marker)),
                    "{path}: {text}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_link_to_a_next_page_leads_everybody_to_their_own() {
    in_every_world(|world| async move {
        let first = Ask::get(format!(
            "{BEDS24}/bookings?limit=1&propertyId={}",
            world.host.first.property
        ));
        let first = first.send(&world.app, Some(&world.host.token)).await.json();
        let link = first["pages"]["nextPageLink"]
            .as_str()
            .expect("there is another page")
            .to_owned();
        let path = link.trim_start_matches("http://tabard.test");
        let own = Ask::get(path)
            .send(&world.app, Some(&world.host.token))
            .await
            .text();
        assert!(own.contains(world.host.first.marker), "{own}");
        let (id, token) = (
            world.host.first.property,
            Some(world.stranger.token.as_str()),
        );
        let foreign = Ask::get(path).send(&world.app, token).await;
        let other = unknown(id);
        let unknown_page = Ask::get(path.replace(&id.to_string(), &other.to_string()))
            .send(&world.app, token)
            .await;
        assert_eq!(comparable(&foreign, id), comparable(&unknown_page, other));
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
        let here = |grant| Token {
            grant,
            ip: "127.0.0.1",
            hours_ago: 0,
        };
        let expired = world
            .mint(Token {
                hours_ago: 25,
                ..here(full())
            })
            .await
            .token;
        let revoked = world.mint(here(full())).await;
        assert!(
            world
                .app
                .app
                .identity
                .revoke(world.host.id, revoked.grant_id, world.app.clock.now())
                .await
                .unwrap()
        );
        let elsewhere = identity::NewGrant {
            allow_list: vec!["203.0.113.7".to_owned()],
            ..full()
        };
        let elsewhere = world
            .mint(Token {
                ip: "203.0.113.7",
                ..here(elsewhere)
            })
            .await
            .token;
        let good = world.mint(here(full())).await;
        let strangers = BTreeMap::from([
            ("nobody", None),
            ("an empty token", Some(String::new())),
            ("a malformed token", Some("not a token".to_owned())),
            ("a token in quotes", Some(format!("'{}'", good.token))),
            (
                "half a token",
                Some(good.token[..good.token.len() / 2].to_owned()),
            ),
            ("a token of a mile", Some("x".repeat(20_000))),
            ("an expired token", Some(expired)),
            ("a revoked token", Some(revoked.token)),
            ("a token from another address", Some(elsewhere)),
            ("a refresh token", Some(good.refresh_token)),
            ("an invite code", Some(good.invite)),
        ]);
        let mut calls = Vec::new();
        walk(|table, row, described| {
            let closed = row.access != http_kit::Access::Public;
            let of_row = probes(table, row, described, &world.stranger.first);
            calls.extend(
                of_row
                    .into_iter()
                    .filter(|_| closed)
                    .map(|probe| (table.name, probe)),
            );
        });
        let stored = dump::everything(&world.app, world.host.id).await;
        for (who, token) in &strangers {
            let mut answers: BTreeMap<&str, String> = BTreeMap::new();
            for (dialect, probe) in &calls {
                let id = probe.kind.of(&world.host.first);
                for id in [id, unknown(id)] {
                    let reply = probe
                        .with(id, Some(id))
                        .send(&world.app, token.as_deref())
                        .await;
                    assert_eq!(reply.status, 401, "{who}: {}", probe.says);
                    let seen = comparable(&reply, id);
                    let first = answers.entry(*dialect).or_insert_with(|| seen.clone());
                    assert_eq!(*first, seen, "{who}: {}", probe.says);
                }
            }
        }
        assert_eq!(
            dump::difference(&stored, &dump::everything(&world.app, world.host.id).await),
            ""
        );
    })
    .await;
}
