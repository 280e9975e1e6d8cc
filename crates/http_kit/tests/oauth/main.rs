//! OAuth 2.0 through the routes, as a browser and a client see it, on both stores.

#![cfg(test)]

use std::sync::Arc;

use axum::body::Body;
use domain::access::{Capabilities, Reach, capability};
use domain::id::IdSource;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use http_kit::idempotency::NoStoredAnswers;
use http_kit::{Callers, Clock, Credential, Denied, Kit, oauth};
use identity::oauth::apps::{NewApp, Registered};
use identity::oauth::{Permission, Profile, challenge_of};
use identity::users::{NewUser, PasswordCost};
use identity::{Caller, Identity, Occasion, ROOMY_QUOTA, Settings};
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use testkit::{Scene, TestStore, stores};
use tower::ServiceExt;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PASSWORD: &str = "a dozen letters or more";

/// A clock that stands still.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
}

/// Nobody has a credential here.
struct Nobody;

#[async_trait::async_trait]
impl Callers for Nobody {
    async fn resolve(
        &self,
        _: &Credential<'_>,
        _: std::net::IpAddr,
        _: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        Err(Denied::Unknown)
    }
}

struct House {
    router: axum::Router,
    hotel: Scene,
    app: Registered,
}

impl House {
    async fn new(fresh: &TestStore, issuer: &str) -> House {
        let settings = Settings {
            password_cost: PasswordCost {
                memory_kib: 16,
                passes: 1,
                at_once: 2,
                waiting: 8,
            },
            ..Settings::default()
        };
        let identity = Identity::new(fresh.store.clone(), settings);
        let server = identity.oauth(Arc::new(Profile::new("toy", issuer).unwrap()));
        let hotel = Scene::new(&fresh.store).await;
        let occasion = Occasion {
            now: Noon.now(),
            remote_ip: [192, 0, 2, 1].into(),
            request_id: "r".into(),
        };
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let permission = Permission {
            word: "booking|read".to_owned(),
            about: "See bookings".to_owned(),
            capabilities: Capabilities::none().with(capability::BOOKINGS_READ, Reach::Tenant),
        };
        let app = NewApp {
            tenant_id: hotel.tenant_id,
            name: "App".to_owned(),
            confidential: true,
            redirect_uris: vec!["https://client.example/cb".to_owned()],
            permissions: vec![permission],
            quota: ROOMY_QUOTA,
        };
        let app = server.register(app, &occasion, &mut rng).await;
        let user = NewUser {
            tenant_id: hotel.tenant_id,
            email: "ada@hotel.example".to_owned(),
            name: "Ada".to_owned(),
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        };
        let users = identity.users();
        let made = users
            .create(user, Some(PASSWORD), &occasion, &mut rng)
            .await;
        made.unwrap().unwrap();
        let kit = Kit::new(
            Arc::new(Noon),
            Arc::new(Nobody),
            Arc::new(NoStoredAnswers),
            Arc::new(IdSource::new(2)),
        );
        let state = oauth::State::new(server, [7; 32]);
        House {
            router: oauth::router(&state, &Arc::new(kit)),
            hotel,
            app: app.unwrap().unwrap(),
        }
    }

    async fn ask(&self, method: &str, path: &str, cookie: &str, body: impl Into<Body>) -> Got {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", cookie)
            .body(body.into())
            .unwrap();
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Got {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// The cookie of this name, as the browser sends it back.
    fn cookie(&self, name: &str) -> String {
        let mut set = self.headers.get_all("set-cookie").iter();
        let line = set.find_map(|line| {
            line.to_str()
                .unwrap()
                .split(';')
                .next()
                .filter(|pair| pair.starts_with(name))
        });
        line.unwrap().to_owned()
    }

    /// The hidden fields of the form with this button, as the browser posts them.
    fn form(&self, action: &str) -> Vec<(String, String)> {
        let forms = self.body.split("<form ").skip(1);
        let form = forms.filter(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.last().unwrap().split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        let quoted = |text: &str, from: &str| {
            let rest = text.split_once(from).unwrap().1;
            let value = rest.split_once('"').unwrap().0;
            value.replace("&amp;", "&").replace("&quot;", "\"")
        };
        inputs
            .map(|input| (quoted(input, "name=\""), quoted(input, "value=\"")))
            .collect()
    }
}

fn encoded(pairs: &[(String, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_browser_and_a_client_find_their_way_from_the_link_to_the_token() {
    for fresh in stores().await {
        let house = House::new(&fresh, "https://book.example/toy").await;
        let at = "/toy/oauth";
        let issuer = "https://book.example/toy";
        let asked = encoded(&[
            pair("response_type", "code"),
            pair("client_id", &house.app.client_id),
            pair("redirect_uri", "https://client.example/cb"),
            pair("state", "a&b\"c"),
            pair("code_challenge", &challenge_of(VERIFIER)),
            pair("code_challenge_method", "S256"),
        ]);
        let link = format!("{at}/authorize?{asked}");
        let sign_in = house.ask("GET", &link, "", "").await;
        assert_eq!(sign_in.status, StatusCode::OK);
        assert_eq!(sign_in.headers["content-type"], "text/html; charset=utf-8");
        let browser = sign_in.cookie("__Host-tabard_form");
        let mut form = sign_in.form(&format!("{issuer}/oauth/sign_in"));
        form.push(pair("email", "ada@hotel.example"));
        form.push(pair("password", PASSWORD));
        let path = format!("{at}/sign_in");
        let signed_in = house.ask("POST", &path, &browser, encoded(&form)).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
        let session = signed_in.cookie("__Host-tabard_session");
        let set = signed_in.headers.get_all("set-cookie").iter();
        for line in set.map(|line| line.to_str().unwrap()) {
            assert!(line.contains("; HttpOnly; SameSite=Lax; Secure"), "{line}");
        }
        let back = signed_in
            .location()
            .strip_prefix("https://book.example")
            .unwrap();
        let consent = house.ask("GET", back, &session, "").await;
        assert!(consent.body.contains("See bookings"), "{}", consent.body);
        let mut form = consent.form(&format!("{issuer}/oauth/authorize"));
        let (tenant, organization) = (house.hotel.tenant_id, house.hotel.organization_id);
        form.push(pair("tenant", &tenant.to_string()));
        form.push(pair("organization", &format!("{tenant}:{organization}")));
        form.push(pair("decision", "allow"));
        let path = format!("{at}/authorize");
        let allowed = house.ask("POST", &path, &session, encoded(&form)).await;
        assert_eq!(allowed.status, StatusCode::SEE_OTHER, "{}", allowed.body);
        let query = allowed.location().split_once('?').unwrap().1;
        let answer: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(answer[0].0, "code");
        assert_eq!(answer[1], pair("state", "a&b\"c"));
        assert_eq!(answer[2], pair("iss", issuer));
        let secret = house.app.client_secret.as_ref().unwrap().reveal();
        let redemption = encoded(&[
            pair("grant_type", "authorization_code"),
            pair("code", &answer[0].1),
            pair("redirect_uri", "https://client.example/cb"),
            pair("code_verifier", VERIFIER),
            pair("client_id", &house.app.client_id),
            pair("client_secret", secret),
        ]);
        let tokens = house
            .ask("POST", &format!("{at}/token"), "", redemption)
            .await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let about = encoded(&[
            pair("token", tokens.json()["access_token"].as_str().unwrap()),
            pair("client_id", &house.app.client_id),
            pair("client_secret", secret),
        ]);
        let path = format!("{at}/introspect");
        let known = house.ask("POST", &path, "", about.clone()).await;
        assert_eq!(known.json()["active"], true);
        let given_back = house
            .ask("POST", &format!("{at}/revoke"), "", about.clone())
            .await;
        assert_eq!(given_back.status, StatusCode::OK);
        let gone = house.ask("POST", &path, "", about).await;
        assert_eq!(gone.json(), json!({ "active": false }));
        let form = consent.form(&format!("{issuer}/oauth/sign_out"));
        let path = format!("{at}/sign_out");
        let out = house.ask("POST", &path, &session, encoded(&form)).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER);
        let again = house.ask("GET", back, &session, "").await;
        assert!(again.body.contains("type=\"password\""), "signed out");
        fresh.finish().await;
    }
}

#[tokio::test]
async fn the_metadata_stands_where_clients_look_and_leads_to_the_endpoints() {
    let cases: [(&str, &[&str]); 2] = [
        (
            "https://book.example/toy",
            &[
                "/.well-known/oauth-authorization-server/toy",
                "/toy/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://toy.example",
            &["/.well-known/oauth-authorization-server"],
        ),
    ];
    for (issuer, places) in cases {
        for fresh in stores().await {
            let house = House::new(&fresh, issuer).await;
            for place in places {
                let got = house.ask("GET", place, "", "").await;
                assert_eq!(got.status, StatusCode::OK, "{place}");
                judge(&house, &got.json(), issuer).await;
            }
            fresh.finish().await;
        }
    }
}

/// Every endpoint that the metadata names is there.
async fn judge(house: &House, metadata: &Value, issuer: &str) {
    assert_eq!(metadata["issuer"], issuer);
    for name in [
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
    ] {
        let url = metadata[name].as_str().unwrap();
        let path_at = url[8..].find('/').unwrap() + 8;
        let got = house.ask("POST", &url[path_at..], "", "").await;
        let error = got.json()["error"].as_str().unwrap().to_owned();
        assert!(
            ["invalid_request", "invalid_client"].contains(&&*error),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_the_kit_refuses_is_said_in_the_words_of_the_standard() {
    for fresh in stores().await {
        let house = House::new(&fresh, "https://book.example/toy").await;
        let large = "a".repeat(70_000);
        for (method, path, body, status) in [
            ("GET", "/toy/oauth/token", "", 405),
            ("DELETE", "/toy/oauth/authorize", "", 405),
            ("GET", "/toy/oauth/nothing", "", 404),
            ("POST", "/toy/oauth/token", large.as_str(), 413),
        ] {
            let got = house.ask(method, path, "", body.to_owned()).await;
            assert_eq!(got.status.as_u16(), status, "{method} {path}");
            assert_eq!(got.json()["error"], "invalid_request", "{method} {path}");
            assert_eq!(got.headers["cache-control"], "no-store");
        }
        let page = house.ask("GET", "/toy/oauth/forgotten", "", "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["referrer-policy"], "same-origin");
        let page = house
            .ask("GET", "/toy/oauth/new_password?token=abc", "", "")
            .await;
        assert!(page.body.contains("new-password"));
        fresh.finish().await;
    }
}
