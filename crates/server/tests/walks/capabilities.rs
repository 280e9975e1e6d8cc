//! Proof 9: every endpoint refuses every set of capabilities that lacks one it needs, in its
//! dialect's own form, and lets in who has exactly those.

use dialect_beds24::scopes;
use domain::access::{Area, Capabilities, Capability, Facet, Reach, Verb};
use http_kit::Access;
use identity::NewGrant;
use serde_json::{Value, json};
use testkit::Reply;

use crate::ask::{Ask, comparable};
use crate::dump;
use crate::strangers::good_call;
use crate::tables::walk;
use crate::world::{BEDS24, World, in_every_world};

/// An endpoint, a good call to it, and what it needs.
struct Closed {
    says: String,
    dialect: &'static str,
    ask: Ask,
    needs: Vec<Capability>,
}

/// The endpoints that need capabilities. The clock's are not among them: whoever calls for a sandbox
/// may move its clock, and outside a sandbox there is none.
fn closed(world: &World) -> Vec<Closed> {
    let mut all = Vec::new();
    walk(|table, row, described| {
        let Access::Needs(needs) = &row.access else {
            return;
        };
        if needs.iter().any(|needed| needed.area == Area::Clock) {
            return;
        }
        let ask = good_call(table, row, described, &world.host.first);
        all.push(Closed {
            says: table.says(row),
            dialect: table.name,
            ask,
            needs: needs.clone(),
        });
    });
    assert!(all.len() > 10);
    all
}

fn only(kept: impl Fn(Capability) -> bool) -> Capabilities {
    Capability::all()
        .filter(|one| kept(*one))
        .map(|one| (one, Reach::Tenant))
        .collect()
}

/// Sets without `missing`, each nearly enough in another way.
fn lacking(missing: Capability) -> Vec<(&'static str, Capabilities)> {
    let Capability { area, facet, verb } = missing;
    let not_it = move |one: Capability| one != missing;
    vec![
        ("nothing", Capabilities::none()),
        ("everything else", only(not_it)),
        (
            "the rest of the area",
            only(move |one| one.area == area && not_it(one)),
        ),
        (
            "the area's other verbs",
            only(move |one| one.area == area && one.verb != verb),
        ),
        (
            "the same facet's other verbs",
            only(move |one| one.area == area && one.facet == facet && one.verb != verb),
        ),
        (
            "the same verb of the other facets",
            only(move |one| one.area == area && one.verb == verb && one.facet != facet),
        ),
        (
            "the same verb of the other areas",
            only(move |one| one.area != area && one.verb == verb),
        ),
        ("the other areas", only(move |one| one.area != area)),
        (
            "reading everything else",
            only(move |one| one.verb == Verb::Read && not_it(one)),
        ),
        (
            "basics of everything else",
            only(move |one| one.facet == Facet::Basic && not_it(one)),
        ),
    ]
}

async fn token_with(world: &World, capabilities: Capabilities) -> String {
    let grant = world.full_grant(world.host.id);
    world
        .app
        .token_of(NewGrant {
            capabilities,
            ..grant
        })
        .await
}

/// Refused in the words of the dialect.
fn must_be_refused(dialect: &str, reply: &Reply, says: &str) {
    let body = reply.json();
    match dialect {
        "beds24" => {
            let expected =
                json!({"success": false, "type": "error", "code": 401, "error": "Token not valid"});
            assert_eq!((reply.status, body), (401, expected), "{says}");
        }
        "tabard" => assert_eq!(
            (reply.status, &body["error"]["code"]),
            (403, &json!("forbidden")),
            "{says}"
        ),
        other => panic!("say here how {other} refuses"),
    }
}

#[tokio::test]
async fn whoever_lacks_a_capability_is_refused_and_nothing_happens() {
    in_every_world(|world| async move {
        let stored = dump::about(
            dump::everything(&world.app, world.host.id).await,
            &world.host.first.ids(),
            &[],
        );
        for call in closed(&world) {
            for missing in &call.needs {
                for (what, capabilities) in lacking(*missing) {
                    assert!(!capabilities.contains(*missing));
                    let token = token_with(&world, capabilities).await;
                    let reply = call.ask.send(&world.app, Some(&token)).await;
                    must_be_refused(call.dialect, &reply, &format!("{} with {what}", call.says));
                }
            }
        }
        let now = dump::about(
            dump::everything(&world.app, world.host.id).await,
            &world.host.first.ids(),
            &[],
        );
        assert_eq!(dump::difference(&stored, &now), "");
    })
    .await;
}

#[tokio::test]
async fn whoever_has_exactly_what_is_needed_is_let_in() {
    in_every_world(|world| async move {
        for call in closed(&world) {
            let needs = call.needs.clone();
            let token = token_with(&world, only(|one| needs.contains(&one))).await;
            let reply = call.ask.send(&world.app, Some(&token)).await;
            assert!(
                matches!(reply.status, 200 | 201),
                "{}: {} {}",
                call.says,
                reply.status,
                reply.text()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn every_scope_of_beds24_opens_what_it_names_and_nothing_else() {
    in_every_world(|world| async move {
        let categories = scopes::all_scopes();
        let categories: Vec<&str> = categories
            .iter()
            .map(|word| word.trim_start_matches("all:"))
            .collect();
        let calls = closed(&world);
        for category in categories {
            for method in ["read", "write", "delete", "all"] {
                let word = format!("{method}:{category}");
                let opened = scopes::capabilities([word.as_str()]).unwrap();
                let token = world.app.token_for(world.host.id, &[&word]).await;
                for call in &calls {
                    let says = format!("{} with {word}", call.says);
                    let reply = call.ask.send(&world.app, Some(&token)).await;
                    if call.needs.iter().all(|needed| opened.contains(*needed)) {
                        assert!(
                            matches!(reply.status, 200 | 201),
                            "{says}: {}",
                            reply.text()
                        );
                    } else {
                        must_be_refused(call.dialect, &reply, &says);
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_opens_the_paths_that_the_vendor_says() {
    // Written by hand from the vendor's documents, so that table and scopes cannot be wrong together.
    const OPENS: [(&str, &[&str]); 9] = [
        ("read:bookings", &["GET /bookings"]),
        ("write:bookings", &["POST /bookings"]),
        ("delete:bookings", &["DELETE /bookings"]),
        (
            "read:inventory",
            &[
                "GET /inventory/rooms/offers",
                "GET /inventory/rooms/availability",
                "GET /inventory/rooms/unitBookings",
                "GET /inventory/rooms/calendar",
            ],
        ),
        ("write:inventory", &["POST /inventory/rooms/calendar"]),
        (
            "read:properties",
            &["GET /properties", "GET /properties/rooms"],
        ),
        ("write:properties", &["POST /properties"]),
        (
            "delete:properties",
            &["DELETE /properties", "DELETE /properties/rooms"],
        ),
        ("all:channels", &[]),
    ];
    for (word, opens) in OPENS {
        let granted = scopes::capabilities([word]).unwrap();
        let mut opened = Vec::new();
        walk(|table, row, _| {
            let Access::Needs(needs) = &row.access else {
                return;
            };
            if table.name == "beds24" && needs.iter().all(|needed| granted.contains(*needed)) {
                opened.push(format!("{} {}", row.method, row.path));
            }
        });
        opened.sort();
        let mut expected: Vec<String> = opens.iter().map(|path| (*path).to_owned()).collect();
        expected.sort();
        assert_eq!(opened, expected, "{word}");
    }
}

#[tokio::test]
async fn who_calls_without_capabilities_reaches_what_any_caller_may_and_nobody_reaches_that() {
    in_every_world(|world| async move {
        let token = token_with(&world, Capabilities::none()).await;
        let mut calls = Vec::new();
        walk(|table, row, described| {
            if row.access == Access::AnyCaller {
                calls.push((
                    table.says(row),
                    good_call(table, row, described, &world.host.first),
                ));
            }
        });
        assert!(!calls.is_empty());
        for (says, ask) in calls {
            assert_eq!(
                ask.send(&world.app, Some(&token)).await.status,
                200,
                "{says}"
            );
            assert_eq!(ask.send(&world.app, None).await.status, 401, "{says}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_clock_is_moved_by_every_client_of_a_sandbox_and_by_nobody_else() {
    in_every_world(|world| async move {
        let production = world.app.another_tenant(false).await;
        let nothing = token_with(&world, Capabilities::none()).await;
        let everything = NewGrant {
            capabilities: Capabilities::everything(Reach::Tenant),
            ..world.full_grant(production)
        };
        let everything = world.app.token_of(everything).await;
        let mut calls = Vec::new();
        walk(|table, row, described| {
            if matches!(&row.access, Access::Needs(needs) if needs.iter().any(|needed| needed.area == Area::Clock)) {
                calls.push((table.says(row), good_call(table, row, described, &world.host.first)));
            }
        });
        assert_eq!(calls.len(), 2);
        for (says, ask) in calls {
            assert_eq!(ask.send(&world.app, Some(&nothing)).await.status, 200, "{says}");
            let refused = ask.send(&world.app, Some(&everything)).await;
            let unknown = Ask { path: "/tabard/v1/nothing".to_owned(), ..ask.clone() };
            let unknown = unknown.send(&world.app, Some(&everything)).await;
            assert_eq!(comparable(&refused, 0), comparable(&unknown, 0), "{says}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_details_of_a_token_name_its_scopes_and_no_other_tenant() {
    in_every_world(|world| async move {
        let details = Ask::get(format!("{BEDS24}/authentication/details"));
        let shown: Value = details
            .send(&world.app, Some(&world.stranger.token))
            .await
            .json();
        assert_eq!(shown["token"]["ownerId"], world.stranger.id.get());
        assert!(!shown.to_string().contains(&world.host.id.to_string()));
    })
    .await;
}
