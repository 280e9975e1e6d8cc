//! The authorization endpoint's negative cases, as tables: what is shown to the user, what is told to the
//! client, and that nobody is ever sent to a place that was not registered.

use domain::access::{Capabilities, Reach, capability};
use http::StatusCode;
use identity::oauth::Reply;
use identity::users::{NewUser, SignedIn, csrf};
use testkit::stores;

use crate::house::*;

/// A change of an honest request.
type Twist = fn(Pairs, &House) -> Pairs;

/// What comes of it.
enum Ends {
    /// Shown to the user; the browser is sent nowhere.
    Shown,
    /// Told to the client, at the registered place, under this code.
    Told(&'static str),
}
use Ends::{Shown, Told};

fn uri(pairs: Pairs, uri: &str) -> Pairs {
    pairs.set("redirect_uri", uri)
}

#[rustfmt::skip]
const REQUESTS: &[(&str, Twist, Ends)] = &[
    ("no client", |p, _| p.without("client_id"), Shown),
    ("unknown client", |p, _| p.set("client_id", "nobody"), Shown),
    ("client twice", |p, h| p.with("client_id", &h.app.client_id), Shown),
    ("client and another", |p, h| p.with("client_id", &h.other.client_id), Shown),
    ("another's client", |p, h| p.set("client_id", &h.other.client_id), Shown),
    ("no redirect URI", |p, _| p.without("redirect_uri"), Shown),
    ("empty redirect URI", |p, _| uri(p, ""), Shown),
    ("redirect URI twice", |p, _| p.with("redirect_uri", REDIRECT), Shown),
    ("redirect URI and another", |p, _| p.with("redirect_uri", "https://evil.example/"), Shown),
    ("another host", |p, _| uri(p, "https://evil.example/cb"), Shown),
    ("another's redirect URI", |p, _| uri(p, "https://other.example/cb"), Shown),
    ("a slash more", |p, _| uri(p, "https://client.example/cb/"), Shown),
    ("a path below", |p, _| uri(p, "https://client.example/cb/x"), Shown),
    ("a path around", |p, _| uri(p, "https://client.example/x/../cb"), Shown),
    ("an encoded path around", |p, _| uri(p, "https://client.example/cb/%2e%2e/x"), Shown),
    ("the root", |p, _| uri(p, "https://client.example"), Shown),
    ("a query more", |p, _| uri(p, "https://client.example/cb?x=1"), Shown),
    ("an empty query", |p, _| uri(p, "https://client.example/cb?"), Shown),
    ("a fragment", |p, _| uri(p, "https://client.example/cb#x"), Shown),
    ("not encrypted", |p, _| uri(p, "http://client.example/cb"), Shown),
    ("a port", |p, _| uri(p, "https://client.example:443/cb"), Shown),
    ("upper case", |p, _| uri(p, "https://Client.example/cb"), Shown),
    ("a longer host", |p, _| uri(p, "https://client.example.evil.example/cb"), Shown),
    ("a host below", |p, _| uri(p, "https://x.client.example/cb"), Shown),
    ("a user name", |p, _| uri(p, "https://client.example@evil.example/cb"), Shown),
    ("a backslash", |p, _| uri(p, "https://evil.example\\@client.example/cb"), Shown),
    ("an encoded letter", |p, _| uri(p, "https://client.example/%63b"), Shown),
    ("a blank at the end", |p, _| uri(p, "https://client.example/cb "), Shown),
    ("a line break", |p, _| uri(p, "https://client.example/cb\r\nx: y"), Shown),
    ("a script", |p, _| uri(p, "javascript:alert(1)//client.example/cb"), Shown),
    ("no scheme", |p, _| uri(p, "//client.example/cb"), Shown),
    ("too long", |p, _| p.with("x", &"x".repeat(70_000)), Shown),
    ("too many", |mut p, _| { p.0.extend((0..600).map(|_| ("x".into(), String::new()))); p }, Shown),
    ("no response type", |p, _| p.without("response_type"), Told("invalid_request")),
    ("a token at once", |p, _| p.set("response_type", "token"), Told("unsupported_response_type")),
    ("an id token", |p, _| p.set("response_type", "id_token"), Told("unsupported_response_type")),
    ("code and token", |p, _| p.set("response_type", "code token"), Told("unsupported_response_type")),
    ("upper case type", |p, _| p.set("response_type", "CODE"), Told("unsupported_response_type")),
    ("response type twice", |p, _| p.with("response_type", "code"), Told("invalid_request")),
    ("in the fragment", |p, _| p.with("response_mode", "fragment"), Told("invalid_request")),
    ("in a form", |p, _| p.with("response_mode", "form_post"), Told("invalid_request")),
    ("a request object", |p, _| p.with("request", "e30.e30."), Told("request_not_supported")),
    ("a request elsewhere", |p, _| p.with("request_uri", "https://evil.example/"), Told("request_uri_not_supported")),
    ("plain challenge", |p, _| p.set("code_challenge_method", "plain"), Told("invalid_request")),
    ("plain by default", |p, _| p.without("code_challenge_method"), Told("invalid_request")),
    ("method in lower case", |p, _| p.set("code_challenge_method", "s256"), Told("invalid_request")),
    ("unknown method", |p, _| p.set("code_challenge_method", "S512"), Told("invalid_request")),
    ("method alone", |p, _| p.without("code_challenge"), Told("invalid_request")),
    ("short challenge", |p, _| p.set("code_challenge", "abc"), Told("invalid_request")),
    ("padded challenge", |p, _| p.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Told("invalid_request")),
    ("challenge in base64", |p, _| p.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Told("invalid_request")),
    ("challenge twice", |p, _| { let c = p.get("code_challenge").unwrap().to_owned(); p.with("code_challenge", &c) }, Told("invalid_request")),
    ("public without a challenge", |p, h| p.set("client_id", &h.public.client_id).without("code_challenge").without("code_challenge_method"), Told("invalid_request")),
    ("public with a plain one", |p, h| p.set("client_id", &h.public.client_id).set("code_challenge_method", "plain"), Told("invalid_request")),
    ("unknown scope", |p, _| p.with("scope", "payment|write"), Told("invalid_scope")),
    ("a scope too many", |p, _| p.with("scope", "reservation|read payment|write"), Told("invalid_scope")),
    ("scope in upper case", |p, _| p.with("scope", "RESERVATION|READ"), Told("invalid_scope")),
    ("scope with a tab", |p, _| p.with("scope", "reservation|read\treservation|write"), Told("invalid_scope")),
    ("scope twice", |p, _| p.with("scope", "reservation|read").with("scope", "reservation|write"), Told("invalid_request")),
    ("state twice", |p, _| p.with("state", "another"), Told("invalid_request")),
    ("endless state", |p, _| p.set("state", &"x".repeat(4_001)), Told("invalid_request")),
];

/// What a browser is shown or where it is sent, against what should be.
#[track_caller]
fn judge(name: &str, reply: &Reply, ends: &Ends, state: Option<&str>) {
    let location = reply.headers().get("location");
    match ends {
        Shown => {
            assert!(
                reply.status().is_client_error(),
                "{name}: {}",
                reply.status()
            );
            assert!(location.is_none(), "{name}: sent to {location:?}");
            assert!(!reply.body().contains("evil.example"), "{name}");
        }
        Told(code) => {
            assert_eq!(
                reply.status(),
                StatusCode::SEE_OTHER,
                "{name}: {}",
                reply.body()
            );
            let place = location.unwrap().to_str().unwrap();
            assert!(
                place.starts_with("https://client.example/cb?"),
                "{name}: {place}"
            );
            let answer = answer_of(reply);
            assert_eq!(answer.get("error"), Some(*code), "{name}: {place}");
            assert_eq!(answer.get("code"), None, "{name}");
            assert_eq!(answer.get("iss"), Some(ISSUER), "{name}");
            assert_eq!(answer.get("state"), state, "{name}");
        }
    }
}

#[tokio::test]
async fn a_bad_request_is_shown_or_told_and_never_answered() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        for (name, twist, ends) in REQUESTS {
            let request = twist(house.request(), &house);
            let state = match *name {
                "state twice" | "endless state" => None,
                _ => Some("xyz &="),
            };
            let query = request.encoded();
            // A stranger is not even asked to sign in for it.
            for signed_in in [None, Some(&signed_in)] {
                let reply = house.oauth.authorize(&query, signed_in, &mut rng()).await;
                judge(name, &reply, ends, state);
            }
            // The same in the consent form: nothing that was checked once is believed.
            let form = house.consent(&request, &signed_in);
            let reply = house.decide(&form, &signed_in, start()).await;
            judge(name, &reply, ends, state);
        }
        assert!(REQUESTS.len() >= 60);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_halted_app_is_told_so_and_its_user_not_asked() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let halted = house.oauth.halt(tenant_id, app_id, &at(start())).await;
        halted.unwrap().unwrap();
        let query = house.request().encoded();
        let reply = house.oauth.authorize(&query, None, &mut rng()).await;
        judge(
            "halted",
            &reply,
            &Told("unauthorized_client"),
            Some("xyz &="),
        );
        let form = house.consent(&house.request(), &signed_in);
        let reply = house.decide(&form, &signed_in, start()).await;
        judge(
            "halted",
            &reply,
            &Told("unauthorized_client"),
            Some("xyz &="),
        );
        fresh.finish().await;
    }
}

/// A change of an honest decision, with the session of whoever decides.
type FormTwist = fn(Pairs, &House, &SignedIn) -> Pairs;

#[rustfmt::skip]
const DECISIONS: &[(&str, FormTwist, Ends)] = &[
    ("no form token", |p, _, _| p.without(csrf::FIELD), Shown),
    ("empty form token", |p, _, _| p.set(csrf::FIELD, ""), Shown),
    ("made-up form token", |p, _, _| p.set(csrf::FIELD, &"A".repeat(43)), Shown),
    ("form token twice", |p, _, _| { let t = p.get(csrf::FIELD).unwrap().to_owned(); p.with(csrf::FIELD, &t) }, Shown),
    ("token of the sign-out form", |p, _, s| p.set(csrf::FIELD, &csrf::token(&s.secret, "sign out")), Shown),
    ("no decision", |p, _, _| p.without("decision"), Shown),
    ("another decision", |p, _, _| p.set("decision", "perhaps"), Shown),
    ("both decisions", |p, _, _| p.with("decision", "deny"), Shown),
    ("denied", |p, _, _| p.set("decision", "deny"), Told("access_denied")),
    ("no tenant", |p, _, _| p.without("tenant"), Shown),
    ("tenant twice", |p, h, _| p.with("tenant", &h.vendor.tenant_id.to_string()), Shown),
    ("no number for a tenant", |p, _, _| p.set("tenant", "x"), Shown),
    ("an unknown tenant", |p, h, _| p.set("tenant", "77").set("organization", &format!("77:{}", h.hotel.organization_id)), Shown),
    ("somebody else's tenant", |p, h, _| { let t = h.vendor.tenant_id; p.set("tenant", &t.to_string()).set("organization", &format!("{t}:{}", h.vendor.organization_id)) }, Shown),
    ("no organization", |p, _, _| p.without("organization"), Shown),
    ("only another tenant's", |p, h, _| p.set("organization", &format!("{}:{}", h.vendor.tenant_id, h.vendor.organization_id)), Shown),
    ("another tenant's in disguise", |p, h, _| p.with("organization", &format!("{}:{}", h.hotel.tenant_id, h.vendor.organization_id)), Shown),
    ("one that does not exist", |p, h, _| p.with("organization", &format!("{}:77", h.hotel.tenant_id)), Shown),
    ("no number for an organization", |p, h, _| p.with("organization", &format!("{}:x", h.hotel.tenant_id)), Shown),
    ("an organization without its tenant", |p, h, _| p.with("organization", &h.hotel.organization_id.to_string()), Shown),
    ("an organization twice", |p, h, _| p.with("organization", &format!("{}:{}", h.hotel.tenant_id, h.hotel.organization_id)), Shown),
];

#[tokio::test]
async fn a_bad_decision_is_not_taken() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        let honest = house.consent(&house.request(), &signed_in);
        for (name, twist, ends) in DECISIONS {
            let form = twist(honest.clone(), &house, &signed_in);
            let reply = house.decide(&form, &signed_in, start()).await;
            judge(name, &reply, ends, Some("xyz &="));
        }
        let installed = house.oauth.installations(house.hotel.tenant_id).await;
        assert_eq!(installed.unwrap(), [], "nothing was installed");
        let reply = house.decide(&honest, &signed_in, start()).await;
        assert!(answer_of(&reply).get("code").is_some(), "the honest one is");
        fresh.finish().await;
    }
}

/// A user of the hotel who may this much.
async fn employee(house: &House, email: &str, may: Capabilities, limited: bool) -> SignedIn {
    let elsewhere = house.hotel.id();
    house.hotel.organization(elsewhere).await;
    let user = NewUser {
        tenant_id: house.hotel.tenant_id,
        email: email.to_owned(),
        name: "Somebody".to_owned(),
        capabilities: may,
        organizations: limited.then(|| vec![elsewhere]),
    };
    let users = house.identity.users();
    let made = users
        .create(user, Some(PASSWORD), &at(start()), &mut rng())
        .await;
    made.unwrap().unwrap();
    house.sign_in(email, start()).await
}

#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let everything = Capabilities::everything(Reach::Tenant);
        let installs = Capabilities::none().with(capability::ACCOUNTS_WRITE, Reach::Tenant);
        let reads = installs
            .clone()
            .with(capability::BOOKINGS_READ, Reach::Tenant);
        let books = Capabilities::none().with(capability::BOOKINGS_WRITE, Reach::Tenant);
        let cases = [
            ("may not install", "a@x.example", books, false, Shown),
            (
                "has nothing itself",
                "b@x.example",
                installs,
                false,
                Told("access_denied"),
            ),
            (
                "may read and not write",
                "c@x.example",
                reads.clone(),
                false,
                Told("access_denied"),
            ),
            (
                "works elsewhere",
                "d@x.example",
                everything.clone(),
                true,
                Shown,
            ),
        ];
        for (name, email, may, limited, ends) in cases {
            let signed_in = employee(&house, email, may, limited).await;
            let form = house.consent(&house.request(), &signed_in);
            let reply = house.decide(&form, &signed_in, start()).await;
            judge(name, &reply, &ends, Some("xyz &="));
        }
        let reader = house.sign_in("c@x.example", start()).await;
        let request = house.request().with("scope", "reservation|read");
        let reply = house
            .decide(&house.consent(&request, &reader), &reader, start())
            .await;
        assert!(
            answer_of(&reply).get("code").is_some(),
            "what they have they may"
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_form_of_one_session_is_not_good_for_another_and_none_without_one() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (mine, yours) = (
            house.signed_in(start()).await,
            house.signed_in(start()).await,
        );
        let form = house.consent(&house.request(), &yours);
        judge(
            "another session",
            &house.decide(&form, &mine, start()).await,
            &Shown,
            None,
        );
        let body = form.encoded();
        let reply = house
            .oauth
            .decide(body.as_bytes(), None, &at(start()), &mut rng())
            .await;
        assert_eq!(reply.status(), StatusCode::OK);
        assert!(
            reply.body().contains("type=\"password\""),
            "the sign-in page"
        );
        assert!(!reply.body().contains(form.get(csrf::FIELD).unwrap()));
        let users = house.identity.users();
        users
            .close(house.user_id, &at(start()))
            .await
            .unwrap()
            .unwrap();
        let form = house.consent(&house.request(), &mine);
        judge(
            "closed",
            &house.decide(&form, &mine, start()).await,
            &Shown,
            None,
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_redirect_uri_that_could_mislead_cannot_be_registered() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let bad = [
            "",
            "/cb",
            "client.example/cb",
            "http://client.example/cb",
            "https://client.example/cb#x",
            "https://client.example/cb#",
            "https://user@client.example/cb",
            "https://*.client.example/cb",
            "https://client.example/*",
            "https://client.example/cb?code=1",
            "https://client.example/cb?state=1",
            "https://client.example/cb?iss=1",
            "https://client.example/c b",
            "https://client.example\\cb",
            "https://client.example/cb\n",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp:/cb",
            "http://localhost.evil.example/cb",
            "http://10.0.0.1/cb",
        ];
        for uri in bad {
            let set = house
                .oauth
                .set_redirect_uris(tenant_id, app_id, vec![uri.to_owned()], &at(start()))
                .await;
            assert!(set.unwrap().is_err(), "{uri:?}");
        }
        let good = [
            "https://client.example/cb?tenant=1",
            "http://localhost:8080/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
            "com.example.app:/cb",
        ];
        let good = good.map(str::to_owned).to_vec();
        let set = house
            .oauth
            .set_redirect_uris(tenant_id, app_id, good, &at(start()))
            .await;
        set.unwrap().unwrap();
        fresh.finish().await;
    }
}
