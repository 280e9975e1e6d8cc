//! Bad input in queries and headers: it is passed over, or refused by name.

use http_kit::Access;
use testkit::Reply;

use crate::ask::Ask;
use crate::dump;
use crate::strangers::good_call;
use crate::tables::walk;
use crate::world::{BEDS24, in_every_world};

/// An endpoint with a query parameter.
struct Asked {
    says: String,
    good: Ask,
    name: String,
}

/// Values in the spelling of a query. A text may be right where another is wrong; none may break
/// anything.
fn values() -> Vec<String> {
    let spelled = [
        "",
        "x",
        "-1",
        "0",
        "1",
        "1.5",
        "007",
        "+1",
        "1e3",
        "0x10",
        "99999999999999999999999",
        "9223372036854775807",
        "9007199254740992",
        "1,2",
        "1%2C2",
        "true",
        "TRUE",
        "null",
        "undefined",
        "NaN",
        "2026-02-30",
        "2026-1-1",
        "9999-12-31",
        "9999999-01-01",
        "0000-00-00",
        "-0001-01-01",
        "2026-12-01T25:00:00Z",
        "2026-12-01%2000:00",
        "2026-12-01T00:00:00%2B99:99",
        "%00",
        "a%00b",
        "%ff%fe",
        "%ed%a0%80",
        "%",
        "%zz",
        "%25",
        "_",
        "%27%3B--",
        "[]",
        "{}",
        "%F0%9F%8F%A8",
        "%0d%0aSet-Cookie:x",
        "..%2F..%2Fetc",
        "all",
        "%E2%80%AE",
        "confirmed,new",
    ];
    let mut values: Vec<String> = spelled.iter().map(|value| (*value).to_owned()).collect();
    values.extend(["1".repeat(50_000), "x".repeat(50_000), "%25".repeat(15_000)]);
    values
}

fn asked(own: &crate::world::Things) -> Vec<Asked> {
    let mut all = Vec::new();
    walk(|table, row, described| {
        let good = good_call(table, row, described, own);
        for (name, _) in table.query_of(row) {
            all.push(Asked {
                says: table.says(row),
                good: good.clone(),
                name,
            });
        }
    });
    assert!(all.len() > 50);
    all
}

impl Asked {
    /// The call with its parameter spelled so, in place of what the good call has of it.
    fn with(&self, spelled: &str) -> Ask {
        let (path, query) = self
            .good
            .path
            .split_once('?')
            .unwrap_or((&self.good.path, ""));
        let others = query
            .split('&')
            .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(&self.name));
        let pairs: Vec<&str> = others.chain([spelled]).collect();
        Ask {
            path: format!("{path}?{}", pairs.join("&")),
            ..self.good.clone()
        }
    }
}

#[tokio::test]
async fn a_bad_parameter_is_refused_by_name_or_passed_over_and_changes_nothing() {
    in_every_world(|world| async move {
        let before = dump::everything(&world.app, world.host.id).await;
        for asked in asked(&world.host.first) {
            let name = &asked.name;
            let mut spelled: Vec<String> = values()
                .iter()
                .map(|value| format!("{name}={value}"))
                .collect();
            spelled.extend([
                name.clone(),
                format!("{name}=1&{name}=2"),
                format!("{name}=x&{name}="),
                format!("{name}[]=1&{name}[0]=x&{name}[a][b]=1"),
                format!("{name}%5B%5D=1"),
                vec![format!("{name}=1"); 2_000].join("&"),
                "&&==&=&%".to_owned(),
            ]);
            for spelled in spelled {
                let ask = asked.with(&spelled);
                let reply = ask.send(&world.app, Some(&world.host.token)).await;
                must_be_taken_or_named(&reply, name, &format!("{}: {ask}", asked.says));
            }
        }
        assert_eq!(
            dump::difference(&before, &dump::everything(&world.app, world.host.id).await),
            ""
        );
    })
    .await;
}

fn must_be_taken_or_named(reply: &Reply, name: &str, says: &str) {
    if matches!(reply.status, 200 | 201) {
        return;
    }
    assert_eq!(reply.status, 400, "{says}: {}", reply.text());
    let body = reply.json();
    let sentence = if body["error"].is_object() {
        &body["error"]["message"]
    } else {
        &body["error"]
    };
    let sentence = sentence.as_str().unwrap_or_default();
    // A range is refused by either of its ends.
    let other_end = [
        ("start", "end"),
        ("end", "start"),
        ("arrival", "departure"),
        ("departure", "arrival"),
    ];
    let ends = other_end
        .iter()
        .map(|(one, other)| name.replace(one, other));
    let named = ends
        .chain([name.to_owned()])
        .any(|name| sentence.contains(&name));
    assert!(named, "{says}: {sentence}");
    assert!(
        sentence.len() < 1_000,
        "{says}: {} characters",
        sentence.len()
    );
}

#[tokio::test]
async fn parameters_that_nobody_knows_are_passed_over() {
    in_every_world(|world| async move {
        let mut calls = Vec::new();
        walk(|table, row, described| {
            if row.access != Access::Public && row.method == "GET" {
                calls.push((
                    table.says(row),
                    good_call(table, row, described, &world.host.first),
                ));
            }
        });
        for (says, ask) in calls {
            let joined = if ask.path.contains('?') { "&" } else { "?" };
            let path = format!(
                "{}{joined}nobody=knows&tenantId=1&tenant_id=1&__proto__=x&=&constructor[]=1",
                ask.path
            );
            let expected = ask.send(&world.app, Some(&world.host.token)).await;
            let reply = Ask { path, ..ask }
                .send(&world.app, Some(&world.host.token))
                .await;
            assert_eq!(reply.status, 200, "{says}: {}", reply.text());
            if !reply.text().contains("nextPageLink\":\"") {
                assert_eq!(reply.text(), expected.text(), "{says}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn odd_paths_and_methods_get_the_dialects_own_answer() {
    in_every_world(|world| async move {
        let token = world.host.token.as_str();
        for path in [
            "/",
            "",
            "/bookings/",
            "/bookings/1",
            "//bookings",
            "/bookings%00",
            "/%ff",
            "/BOOKINGS",
            "/../tabard/v1/journal",
        ] {
            let reply = Ask::get(format!("{BEDS24}{path}"))
                .send(&world.app, Some(token))
                .await;
            // The vendor answers an unknown path with 500 and these words.
            assert_eq!(
                (reply.status, &reply.json()["error"]),
                (500, &"Could not process request".into()),
                "{path}"
            );
        }
        for path in ["/", "/clock/", "/nothing", "/%ff"] {
            let reply = Ask::get(format!("/tabard/v1{path}"))
                .send(&world.app, Some(token))
                .await;
            assert_eq!(reply.status, 404, "{path}");
        }
        let mut paths = Vec::new();
        walk(|table, row, _| {
            paths.push((format!("{}{}", table.prefix, row.path), row.method.clone()))
        });
        for (path, _) in &paths {
            for method in [
                "GET", "POST", "PUT", "PATCH", "DELETE", "LINK", "UNLINK", "OPTIONS", "TRACE",
                "BREW",
            ] {
                let is_known = paths
                    .iter()
                    .any(|(known, has)| known == path && has.as_str() == method);
                if is_known {
                    continue;
                }
                let reply = Ask::new(method, path.as_str())
                    .send(&world.app, Some(token))
                    .await;
                assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
                assert!(!reply.header("allow").is_empty(), "{method} {path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn odd_headers_are_refused_or_passed_over() {
    in_every_world(|world| async move {
        let (path, token) = (format!("{BEDS24}/bookings"), world.host.token.as_str());
        let long = "k".repeat(10_000);
        for (name, value, allowed) in [
            ("idempotency-key", "", &[201, 400][..]),
            ("idempotency-key", long.as_str(), &[400]),
            ("idempotency-key", "k\u{e9}", &[400]),
            ("x-request-id", long.as_str(), &[201]),
            ("x-request-id", "a b;c", &[201]),
            ("content-length", "x", &[201, 400]),
            ("content-type", "text/plain", &[201, 415]),
            (
                "content-type",
                "application/json; charset=utf-16",
                &[201, 415],
            ),
            ("accept", "text/html", &[201, 406]),
            ("organization", "not a number", &[201]),
            ("x-forwarded-for", "203.0.113.7", &[201]),
        ] {
            let headers = [("token", token), (name, value)];
            let reply = world
                .app
                .send("POST", &path, &headers, b"[]".to_vec())
                .await;
            let shown: String = value.chars().take(40).collect();
            assert!(
                allowed.contains(&reply.status),
                "{name}: {shown}: {} {}",
                reply.status,
                reply.text()
            );
        }
    })
    .await;
}
