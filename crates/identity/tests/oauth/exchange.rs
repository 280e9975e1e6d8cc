//! The negative cases of the endpoints that clients post to, as a table: each begins with an honest request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;
use testkit::stores;

use crate::house::*;

/// What has happened between the consent and the request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    Halted,
    Cancelled,
    SecretRetired,
    Waited(i64),
    Redeemed,
}
use Before::*;

type Twist = fn(Pairs, &House) -> Pairs;

struct Case {
    name: &'static str,
    before: Before,
    twist: Twist,
    ends: (u16, &'static str),
}

const fn case(
    name: &'static str,
    before: Before,
    twist: Twist,
    status: u16,
    error: &'static str,
) -> Case {
    let ends = (status, error);
    Case {
        name,
        before,
        twist,
        ends,
    }
}

fn same(pairs: Pairs, _: &House) -> Pairs {
    pairs
}

const REQUEST: &str = "invalid_request";
const CLIENT: &str = "invalid_client";
const GRANT: &str = "invalid_grant";
const SCOPE: &str = "invalid_scope";
const STOPPED: &str = "unauthorized_client";

/// Bad redemptions of a good code.
#[rustfmt::skip]
const REDEMPTIONS: &[Case] = &[
    case("no grant type", Nothing, |p, _| p.without("grant_type"), 400, REQUEST),
    case("empty grant type", Nothing, |p, _| p.set("grant_type", ""), 400, REQUEST),
    case("grant type twice", Nothing, |p, _| p.with("grant_type", "authorization_code"), 400, REQUEST),
    case("password grant", Nothing, |p, _| p.set("grant_type", "password"), 400, "unsupported_grant_type"),
    case("implicit grant", Nothing, |p, _| p.set("grant_type", "implicit"), 400, "unsupported_grant_type"),
    case("device grant", Nothing, |p, _| p.set("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), 400, "unsupported_grant_type"),
    case("no client", Nothing, |p, _| p.without("client_id").without("client_secret"), 401, CLIENT),
    case("unknown client", Nothing, |p, _| p.set("client_id", "nobody"), 401, CLIENT),
    case("client twice", Nothing, |p, h| p.with("client_id", &h.app.client_id), 400, REQUEST),
    case("no secret", Nothing, |p, _| p.without("client_secret"), 401, CLIENT),
    case("empty secret", Nothing, |p, _| p.set("client_secret", ""), 401, CLIENT),
    case("wrong secret", Nothing, |p, _| p.set("client_secret", "guess"), 401, CLIENT),
    case("secret and a letter", Nothing, |p, _| { let s = format!("{}x", p.get("client_secret").unwrap()); p.set("client_secret", &s) }, 401, CLIENT),
    case("secret cut short", Nothing, |p, _| { let s = p.get("client_secret").unwrap()[1..].to_owned(); p.set("client_secret", &s) }, 401, CLIENT),
    case("secret twice", Nothing, |p, _| { let s = p.get("client_secret").unwrap().to_owned(); p.with("client_secret", &s) }, 400, REQUEST),
    case("another's secret", Nothing, |p, h| p.set("client_secret", h.other.client_secret.as_ref().unwrap().reveal()), 401, CLIENT),
    case("another client", Nothing, |p, h| p.set("client_id", &h.other.client_id).set("client_secret", h.other.client_secret.as_ref().unwrap().reveal()), 400, GRANT),
    case("a public client", Nothing, |p, h| p.set("client_id", &h.public.client_id).without("client_secret"), 400, GRANT),
    case("a public client with a secret", Nothing, |p, h| p.set("client_id", &h.public.client_id), 401, CLIENT),
    case("an assertion", Nothing, |p, _| p.with("client_assertion", "x"), 401, CLIENT),
    case("an assertion's type", Nothing, |p, _| p.with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), 401, CLIENT),
    case("no code", Nothing, |p, _| p.without("code"), 400, REQUEST),
    case("empty code", Nothing, |p, _| p.set("code", ""), 400, REQUEST),
    case("code twice", Nothing, |p, _| { let c = p.get("code").unwrap().to_owned(); p.with("code", &c) }, 400, REQUEST),
    case("unknown code", Nothing, |p, _| p.set("code", &"A".repeat(43)), 400, GRANT),
    case("code cut short", Nothing, |p, _| { let c = p.get("code").unwrap()[1..].to_owned(); p.set("code", &c) }, 400, GRANT),
    case("no redirect URI", Nothing, |p, _| p.without("redirect_uri"), 400, REQUEST),
    case("another redirect URI", Nothing, |p, _| p.set("redirect_uri", "https://client.example/cb2"), 400, GRANT),
    case("a longer redirect URI", Nothing, |p, _| p.set("redirect_uri", "https://client.example/cb/"), 400, GRANT),
    case("redirect URI twice", Nothing, |p, _| p.with("redirect_uri", REDIRECT), 400, REQUEST),
    case("no verifier", Nothing, |p, _| p.without("code_verifier"), 400, GRANT),
    case("empty verifier", Nothing, |p, _| p.set("code_verifier", ""), 400, GRANT),
    case("wrong verifier", Nothing, |p, _| p.set("code_verifier", &"a".repeat(43)), 400, GRANT),
    case("challenge for a verifier", Nothing, |p, _| p.set("code_verifier", &identity::oauth::challenge_of(VERIFIER)), 400, GRANT),
    case("short verifier", Nothing, |p, _| p.set("code_verifier", "abc"), 400, GRANT),
    case("endless verifier", Nothing, |p, _| p.set("code_verifier", &"a".repeat(129)), 400, GRANT),
    case("verifier twice", Nothing, |p, _| p.with("code_verifier", VERIFIER), 400, REQUEST),
    case("ended", Waited(60), same, 400, GRANT),
    case("used", Redeemed, same, 400, GRANT),
    case("used and late", Redeemed, |p, _| p.without("code_verifier"), 400, GRANT),
    case("halted", Halted, same, 400, STOPPED),
    case("cancelled", Cancelled, same, 400, GRANT),
    case("retired secret", SecretRetired, same, 401, CLIENT),
    case("refresh token grant", Nothing, |p, _| { let c = p.get("code").unwrap().to_owned(); p.set("grant_type", "refresh_token").with("refresh_token", &c) }, 400, GRANT),
];

/// Bad uses of a good refresh token.
#[rustfmt::skip]
const REFRESHES: &[Case] = &[
    case("no token", Nothing, |p, _| p.without("refresh_token"), 400, REQUEST),
    case("token twice", Nothing, |p, _| { let t = p.get("refresh_token").unwrap().to_owned(); p.with("refresh_token", &t) }, 400, REQUEST),
    case("unknown token", Nothing, |p, _| p.set("refresh_token", &format!("{}.{}", "A".repeat(43), "A".repeat(43))), 400, GRANT),
    case("token cut short", Nothing, |p, _| { let mut t = p.get("refresh_token").unwrap().to_owned(); t.pop(); p.set("refresh_token", &t) }, 400, GRANT),
    case("half a token", Nothing, |p, _| { let t = p.get("refresh_token").unwrap()[..43].to_owned(); p.set("refresh_token", &t) }, 400, GRANT),
    case("token with a tail", Nothing, |p, _| { let t = format!("{}.x", p.get("refresh_token").unwrap()); p.set("refresh_token", &t) }, 400, GRANT),
    case("no client", Nothing, |p, _| p.without("client_id").without("client_secret"), 401, CLIENT),
    case("no secret", Nothing, |p, _| p.without("client_secret"), 401, CLIENT),
    case("another client", Nothing, |p, h| p.set("client_id", &h.other.client_id).set("client_secret", h.other.client_secret.as_ref().unwrap().reveal()), 400, GRANT),
    case("a public client", Nothing, |p, h| p.set("client_id", &h.public.client_id).without("client_secret"), 400, GRANT),
    case("a wider scope", Nothing, |p, _| p.with("scope", "reservation|read payment|write"), 400, SCOPE),
    case("scope twice", Nothing, |p, _| p.with("scope", "reservation|read").with("scope", "reservation|read"), 400, REQUEST),
    case("as a code", Nothing, |p, _| { let t = p.get("refresh_token").unwrap().to_owned(); p.set("grant_type", "authorization_code").with("code", &t).with("redirect_uri", REDIRECT) }, 400, GRANT),
    case("unused for 90 days", Waited(90 * 86_400), same, 400, GRANT),
    case("halted", Halted, same, 400, STOPPED),
    case("cancelled", Cancelled, same, 400, GRANT),
    case("retired secret", SecretRetired, same, 401, CLIENT),
    case("used", Redeemed, same, 400, GRANT),
];

/// Does what has happened; the second half undoes it.
async fn happen(house: &mut House, before: Before, form: &Pairs) -> i64 {
    let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
    match before {
        Nothing => {}
        Waited(seconds) => return seconds,
        Halted => house
            .oauth
            .halt(tenant_id, app_id, &at(start()))
            .await
            .unwrap()
            .unwrap(),
        Cancelled => {
            let installed = house
                .oauth
                .installations(house.hotel.tenant_id)
                .await
                .unwrap();
            let cancelled = house
                .oauth
                .cancel(house.hotel.tenant_id, installed[0].id, &at(start()))
                .await;
            cancelled.unwrap().unwrap();
        }
        SecretRetired => {
            let secret = house.app.secret_id.unwrap();
            let retired = house
                .oauth
                .retire_secret(tenant_id, app_id, secret, start())
                .await;
            retired.unwrap().unwrap();
        }
        Redeemed => assert_eq!(house.token(form, start()).await.status, StatusCode::OK),
    }
    0
}

async fn undo(house: &mut House, before: Before) {
    let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
    match before {
        Halted => house
            .oauth
            .resume(tenant_id, app_id, &at(start()))
            .await
            .unwrap()
            .unwrap(),
        SecretRetired => {
            let added = house
                .oauth
                .add_secret(tenant_id, app_id, start(), &mut rng())
                .await;
            let (secret_id, secret) = added.unwrap().unwrap();
            house.app.secret_id = Some(secret_id);
            house.app.client_secret = Some(secret);
        }
        _ => {}
    }
}

async fn judge(house: &mut House, case: &Case, honest: Pairs) {
    let Case {
        name, before, ends, ..
    } = case;
    let waited = happen(house, *before, &honest).await;
    let form = (case.twist)(honest.clone(), house);
    let answered = house.token(&form, after(waited)).await;
    let expected = (ends.0, ends.1.to_owned());
    assert_eq!(answered.error(), expected, "{}: {name}", house.name);
    assert_eq!(answered.headers["cache-control"], "no-store", "{name}");
    assert!(answered.body.get("access_token").is_none(), "{name}");
    assert!(answered.body["error_description"].is_string(), "{name}");
    let challenged = answered.headers.contains_key("www-authenticate");
    assert_eq!(challenged, ends.0 == 401, "{name}");
    // Who was refused for a mistake of the request has not used anything up.
    if *before == Nothing {
        let honest = house.token(&honest, start()).await;
        assert_eq!(
            honest.status,
            StatusCode::OK,
            "{name}: the honest one after it"
        );
    }
    undo(house, *before).await;
}

#[tokio::test]
async fn a_bad_redemption_gives_nothing_and_uses_nothing_up() {
    for fresh in stores().await {
        let mut house = House::new(&fresh).await;
        for case in REDEMPTIONS {
            let code = house.code(start()).await;
            let honest = house.redemption(&code);
            judge(&mut house, case, honest).await;
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_bad_refresh_gives_nothing_and_uses_nothing_up() {
    for fresh in stores().await {
        let mut house = House::new(&fresh).await;
        for case in REFRESHES {
            let (_, refresh) = house.tokens(start()).await;
            let honest = house.refreshing(&refresh);
            judge(&mut house, case, honest).await;
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_an_invalid_request() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let code = house.code(start()).await;
        let form = house.redemption(&code).encoded();
        let json: serde_json::Map<_, _> = house
            .redemption(&code)
            .0
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect();
        let json = serde_json::Value::Object(json).to_string();
        let twice = json.replacen('{', "{\"code\":\"x\",", 1);
        let number = json.replacen('{', "{\"x\":1,", 1);
        let nested = json.replacen('{', "{\"x\":{\"y\":\"z\"},", 1);
        let file = "--x\r\nContent-Disposition: form-data; name=\"code\"; filename=\"a\"\r\n\r\nx\r\n--x--\r\n";
        let cases: &[(&str, &str, &[u8])] = &[
            ("no type", "", form.as_bytes()),
            ("text", "text/plain", form.as_bytes()),
            ("xml", "application/xml", form.as_bytes()),
            ("nothing", FORM, b""),
            ("a form that says JSON", "application/json", form.as_bytes()),
            ("JSON that says form", FORM, json.as_bytes()),
            ("an array", "application/json", b"[]"),
            ("a text", "application/json", b"\"x\""),
            (
                "half of JSON",
                "application/json",
                &json.as_bytes()[..json.len() - 2],
            ),
            ("a key twice", "application/json", twice.as_bytes()),
            ("a number", "application/json", number.as_bytes()),
            ("an object in it", "application/json", nested.as_bytes()),
            ("no boundary", "multipart/form-data", form.as_bytes()),
            (
                "wrong boundary",
                "multipart/form-data; boundary=y",
                file.as_bytes(),
            ),
            ("a file", "multipart/form-data; boundary=x", file.as_bytes()),
            ("no UTF-8", FORM, b"grant_type=\xff"),
            ("endless", FORM, &[b'a'; 70_000]),
        ];
        for (name, media_type, body) in cases {
            let answered = house.post(body.to_vec(), media_type, None, start()).await;
            assert_eq!(answered.error(), (400, REQUEST.to_owned()), "{name}");
        }
        let answered = house
            .post(json.into_bytes(), "application/json", None, start())
            .await;
        assert_eq!(answered.status, StatusCode::OK);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn credentials_in_two_places_or_of_another_kind_are_refused() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (id, secret) = (
            &house.app.client_id,
            house.app.client_secret.as_ref().unwrap().reveal(),
        );
        let basic =
            |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let good = basic(id, secret);
        let form = "grant_type=client_credentials";
        let with_secret = format!("{form}&client_id={id}&client_secret={secret}");
        let with_id = format!("{form}&client_id={}", house.other.client_id);
        let cases = [
            ("both", with_secret.as_str(), good.clone(), 400, REQUEST),
            (
                "another in the body",
                with_id.as_str(),
                good.clone(),
                400,
                REQUEST,
            ),
            ("wrong secret", form, basic(id, "x"), 401, CLIENT),
            ("empty secret", form, basic(id, ""), 401, CLIENT),
            ("no client", form, basic("", ""), 401, CLIENT),
            (
                "public client",
                form,
                basic(&house.public.client_id, ""),
                401,
                CLIENT,
            ),
            ("bearer", form, format!("Bearer {secret}"), 401, CLIENT),
            ("no base64", form, "Basic ***".to_owned(), 401, CLIENT),
            (
                "no colon",
                form,
                format!("Basic {}", STANDARD.encode(id)),
                401,
                CLIENT,
            ),
            ("not installed", form, good, 400, STOPPED),
        ];
        for (name, body, authorization, status, error) in cases {
            let answered = house
                .post(body.into(), FORM, Some(&authorization), start())
                .await;
            assert_eq!(answered.error(), (status, error.to_owned()), "{name}");
        }
        let public = Pairs::of(&[
            ("grant_type", "client_credentials"),
            ("client_id", &house.public.client_id),
        ]);
        let answered = house.token(&public, start()).await;
        assert_eq!(answered.error(), (400, STOPPED.to_owned()));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn an_apps_own_token_needs_a_standing_installation_and_known_scopes() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let own = house
            .oauth
            .install_own(tenant_id, app_id, None, &at(start()))
            .await;
        let own = own.unwrap().unwrap();
        let form = house.authenticated(Pairs::of(&[("grant_type", "client_credentials")]));
        let wide = form.clone().with("scope", "payment|write");
        let answered = house.token(&wide, start()).await;
        assert_eq!(answered.error(), (400, SCOPE.to_owned()));
        let narrow = form.clone().with("scope", "reservation|read");
        let answered = house.token(&narrow, start()).await;
        assert_eq!(answered.text("scope"), "reservation|read");
        house
            .oauth
            .cancel(tenant_id, own, &at(start()))
            .await
            .unwrap()
            .unwrap();
        let answered = house.token(&form, start()).await;
        assert_eq!(answered.error(), (400, GRANT.to_owned()));
        let strange = house
            .oauth
            .install_own(house.hotel.tenant_id, app_id, None, &at(start()))
            .await;
        assert!(
            strange.unwrap().is_err(),
            "another tenant installs by consent"
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_given_back_or_told_about_for_anybody_else() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (access, refresh) = house.tokens(start()).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let key = house
            .oauth
            .api_key(tenant_id, app_id, None, &at(start()), &mut rng())
            .await;
        let (_, key) = key.unwrap().unwrap();
        let as_other = |token: &str| {
            Pairs::of(&[("token", token), ("client_id", &house.other.client_id)]).with(
                "client_secret",
                house.other.client_secret.as_ref().unwrap().reveal(),
            )
        };
        let as_public =
            |token: &str| Pairs::of(&[("token", token), ("client_id", &house.public.client_id)]);
        for token in [&access, &refresh] {
            for form in [as_other(token), as_public(token)] {
                let refused = house.revoke(&form, start()).await;
                assert_eq!(refused.error(), (400, GRANT.to_owned()));
            }
            let asked = house.introspect(&as_other(token), start()).await;
            assert_eq!(asked.body, json!({ "active": false }));
            let asked = house.introspect(&as_public(token), start()).await;
            assert_eq!(asked.error(), (400, STOPPED.to_owned()));
        }
        let mine = house.authenticated(Pairs::default());
        for form in [mine.clone(), mine.clone().with("token", "")] {
            assert_eq!(
                house.revoke(&form, start()).await.error(),
                (400, REQUEST.to_owned())
            );
            assert_eq!(
                house.introspect(&form, start()).await.error(),
                (400, REQUEST.to_owned())
            );
        }
        let nobody = Pairs::of(&[("token", &access)]);
        assert_eq!(
            house.revoke(&nobody, start()).await.error(),
            (401, CLIENT.to_owned())
        );
        assert_eq!(
            house.introspect(&nobody, start()).await.error(),
            (401, CLIENT.to_owned())
        );
        let wrong = nobody
            .with("client_id", &house.app.client_id)
            .with("client_secret", "x");
        assert_eq!(
            house.revoke(&wrong, start()).await.error(),
            (401, CLIENT.to_owned())
        );
        assert_eq!(
            house.introspect(&wrong, start()).await.error(),
            (401, CLIENT.to_owned())
        );
        // A key is not for these endpoints: whoever finds one in a log cannot end it with a client's secret.
        let revoked = house
            .revoke(&mine.with("token", key.reveal()), start())
            .await;
        assert_eq!(revoked.status, StatusCode::OK);
        assert!(house.call(key.reveal(), start()).await.is_ok());
        assert!(
            house.call(&access, start()).await.is_ok(),
            "nothing was taken back"
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_token_is_good_for_what_it_is_and_nothing_else() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let code = house.code(start()).await;
        assert!(
            house.call(&code, start()).await.is_err(),
            "a code is no token"
        );
        let (access, refresh) = house
            .token(&house.redemption(&code), start())
            .await
            .tokens();
        assert!(
            house.call(&refresh, start()).await.is_err(),
            "nor is a refresh token"
        );
        let secret = house.app.client_secret.as_ref().unwrap().reveal();
        for other in [secret, &house.app.client_id, "", "Bearer", &access[1..]] {
            assert!(house.call(other, start()).await.is_err(), "{other}");
        }
        let signed_in = house.signed_in(start()).await;
        assert!(
            house
                .call(signed_in.secret.reveal(), start())
                .await
                .is_err()
        );
        let users = house.identity.users();
        for other in [&access, &refresh, &code] {
            let session = users.signed_in(other, start()).await.unwrap();
            assert!(session.is_none(), "a token is no session");
        }
        let from = ip("203.0.113.5");
        let elsewhere = house
            .identity
            .resolve("beds24", &access, from, start())
            .await;
        assert!(elsewhere.is_err(), "a token of one dialect opens no other");
        let other = house.identity.oauth(std::sync::Arc::new(
            identity::oauth::Profile::new("bookingkit", "https://book.example/bookingkit").unwrap(),
        ));
        let headers = headers(FORM, None);
        let posted = identity::oauth::Posted {
            headers: &headers,
            body: house.refreshing(&refresh).encoded().into(),
        };
        let reply = other.token(&posted, &at(start()), &mut rng()).await;
        assert_eq!(
            reply.status(),
            StatusCode::UNAUTHORIZED,
            "nor do its clients"
        );
        fresh.finish().await;
    }
}
