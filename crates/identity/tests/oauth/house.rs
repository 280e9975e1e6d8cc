//! A vendor with apps, a hotel that installs them, and somebody who may.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::access::{Capabilities, Reach, capability};
use domain::id::Id;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use identity::oauth::apps::{NewApp, Registered};
use identity::oauth::{OAuth, Permission, Posted, Profile, Reply, challenge_of};
use identity::users::{NewUser, PasswordCost, SignedIn, csrf};
use identity::{Identity, Occasion, Quota, ROOMY_QUOTA, Settings};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use testkit::{Scene, TestStore};

pub const DIALECT: &str = "bookingexperts";
pub const ISSUER: &str = "https://book.example/bookingexperts";
pub const REDIRECT: &str = "https://client.example/cb";
pub const EMAIL: &str = "ada@hotel.example";
pub const PASSWORD: &str = "a dozen letters or more";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const QUOTA: Quota = ROOMY_QUOTA;

/// Everything that the tests stand on.
pub struct House {
    pub name: &'static str,
    pub identity: Identity,
    pub oauth: OAuth,
    /// The tenant that registers apps.
    pub vendor: Scene,
    /// The tenant that installs them.
    pub hotel: Scene,
    pub user_id: Id,
    /// Confidential, with both permissions.
    pub app: Registered,
    /// Public, with both permissions.
    pub public: Registered,
    /// Confidential, somebody else's.
    pub other: Registered,
}

pub fn start() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Something done at a time, from the usual address.
pub fn at(now: Timestamp) -> Occasion {
    Occasion {
        now,
        remote_ip: ip("198.51.100.7"),
        request_id: "request-1".into(),
    }
}

/// Randomness that is the same in every run of a test and never the same twice in one.
pub fn rng() -> ChaCha20Rng {
    static SEED: AtomicU64 = AtomicU64::new(0);
    ChaCha20Rng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed))
}

pub fn permission(word: &str, opens: &[domain::access::Capability]) -> Permission {
    let mut capabilities = Capabilities::none();
    for capability in opens {
        capabilities.grant(*capability, Reach::Tenant);
    }
    Permission {
        word: word.to_owned(),
        about: format!("{word} in words"),
        capabilities,
    }
}

pub fn permissions() -> Vec<Permission> {
    vec![
        permission("reservation|read", &[capability::BOOKINGS_READ]),
        permission(
            "reservation|write",
            &[capability::BOOKINGS_READ, capability::BOOKINGS_WRITE],
        ),
    ]
}

pub fn settings() -> Settings {
    Settings {
        password_cost: PasswordCost {
            memory_kib: 16,
            passes: 1,
            at_once: 2,
            waiting: 64,
        },
        ..Settings::default()
    }
}

pub fn profile() -> Profile {
    Profile::new(DIALECT, ISSUER).unwrap()
}

impl House {
    pub async fn new(fresh: &TestStore) -> House {
        let identity = Identity::new(fresh.store.clone(), settings());
        let oauth = identity.oauth(Arc::new(profile()));
        let vendor = Scene::new(&fresh.store).await;
        let hotel = Scene::new(&fresh.store).await;
        let register = |name: &str, confidential, tenant_id, uri: &str| {
            let new = NewApp {
                tenant_id,
                name: name.to_owned(),
                confidential,
                redirect_uris: vec![uri.to_owned()],
                permissions: permissions(),
                quota: QUOTA,
            };
            let oauth = oauth.clone();
            async move {
                let registered = oauth.register(new, &at(start()), &mut rng()).await;
                registered.unwrap().unwrap()
            }
        };
        let app = register("Channel <b>manager</b>", true, vendor.tenant_id, REDIRECT).await;
        let public = register("Phone", false, vendor.tenant_id, REDIRECT).await;
        let theirs = "https://other.example/cb";
        let other = register("Other", true, hotel.tenant_id, theirs).await;
        let user = NewUser {
            tenant_id: hotel.tenant_id,
            email: EMAIL.to_owned(),
            name: "Ada".to_owned(),
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        };
        let users = identity.users();
        let made = users
            .create(user, Some(PASSWORD), &at(start()), &mut rng())
            .await;
        House {
            name: fresh.name,
            user_id: made.unwrap().unwrap(),
            identity,
            oauth,
            vendor,
            hotel,
            app,
            public,
            other,
        }
    }

    pub async fn signed_in(&self, now: Timestamp) -> SignedIn {
        self.sign_in(EMAIL, now).await
    }

    pub async fn sign_in(&self, email: &str, now: Timestamp) -> SignedIn {
        let users = self.identity.users();
        let signed_in = users
            .sign_in(email, PASSWORD, None, &at(now), &mut rng())
            .await;
        signed_in.unwrap()
    }

    /// The parameters of an authorization request by the confidential app.
    pub fn request(&self) -> Pairs {
        Pairs::of(&[
            ("response_type", "code"),
            ("client_id", &self.app.client_id),
            ("redirect_uri", REDIRECT),
            ("state", "xyz &="),
            ("code_challenge", &challenge_of(VERIFIER)),
            ("code_challenge_method", "S256"),
        ])
    }

    /// The consent form to such a request, allowing the hotel's one organization.
    pub fn consent(&self, request: &Pairs, signed_in: &SignedIn) -> Pairs {
        let token = csrf::token(&signed_in.secret, "consent");
        let (tenant, organization) = (self.hotel.tenant_id, self.hotel.organization_id);
        request
            .clone()
            .with(csrf::FIELD, &token)
            .with("decision", "allow")
            .with("tenant", &tenant.to_string())
            .with("organization", &format!("{tenant}:{organization}"))
    }

    pub async fn decide(&self, form: &Pairs, signed_in: &SignedIn, now: Timestamp) -> Reply {
        let form = form.encoded();
        let occasion = at(now);
        self.oauth
            .decide(form.as_bytes(), Some(signed_in), &occasion, &mut rng())
            .await
    }

    /// A code for such a request.
    pub async fn code_for(&self, request: &Pairs, now: Timestamp) -> String {
        let signed_in = self.signed_in(now).await;
        let form = self.consent(request, &signed_in);
        let reply = self.decide(&form, &signed_in, now).await;
        answer_of(&reply)
            .get("code")
            .unwrap_or_else(|| panic!("no code but {} {}", reply.status(), reply.body()))
            .to_owned()
    }

    pub async fn code(&self, now: Timestamp) -> String {
        self.code_for(&self.request(), now).await
    }

    /// The form with which the confidential app redeems a code.
    pub fn redemption(&self, code: &str) -> Pairs {
        self.authenticated(Pairs::of(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]))
    }

    pub fn refreshing(&self, refresh_token: &str) -> Pairs {
        self.authenticated(Pairs::of(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ]))
    }

    /// The same with the confidential app's credentials.
    pub fn authenticated(&self, pairs: Pairs) -> Pairs {
        let secret = self.app.client_secret.as_ref().unwrap();
        pairs
            .with("client_id", &self.app.client_id)
            .with("client_secret", secret.reveal())
    }

    pub async fn token(&self, form: &Pairs, now: Timestamp) -> Answered {
        self.post(form.encoded().into(), FORM, None, now).await
    }

    pub async fn post(
        &self,
        body: Vec<u8>,
        media_type: &str,
        authorization: Option<&str>,
        now: Timestamp,
    ) -> Answered {
        let headers = headers(media_type, authorization);
        let posted = Posted {
            headers: &headers,
            body: body.into(),
        };
        Answered::of(&self.oauth.token(&posted, &at(now), &mut rng()).await)
    }

    pub async fn revoke(&self, form: &Pairs, now: Timestamp) -> Answered {
        let headers = headers(FORM, None);
        let posted = Posted {
            headers: &headers,
            body: form.encoded().into(),
        };
        Answered::of(&self.oauth.revoke(&posted, &at(now)).await)
    }

    pub async fn introspect(&self, form: &Pairs, now: Timestamp) -> Answered {
        let headers = headers(FORM, None);
        let posted = Posted {
            headers: &headers,
            body: form.encoded().into(),
        };
        Answered::of(&self.oauth.introspect(&posted, &at(now)).await)
    }

    /// Tokens of a fresh consent: access and refresh.
    pub async fn tokens(&self, now: Timestamp) -> (String, String) {
        let code = self.code(now).await;
        self.token(&self.redemption(&code), now).await.tokens()
    }

    /// Whether an access token or key opens anything.
    pub async fn call(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<identity::Caller>, identity::oauth::AccessRefused> {
        let from = ip("203.0.113.5");
        self.identity
            .resolve_for_app(DIALECT, token, from, now)
            .await
    }
}

pub const FORM: &str = "application/x-www-form-urlencoded";

pub fn headers(media_type: &str, authorization: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !media_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
    }
    if let Some(authorization) = authorization {
        let value = HeaderValue::from_str(authorization).unwrap();
        headers.insert(AUTHORIZATION, value);
    }
    headers
}

/// What came of a request that clients post.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answered {
    pub fn of(reply: &Reply) -> Answered {
        Answered {
            status: reply.status(),
            headers: reply.headers().clone(),
            body: serde_json::from_str(reply.body()).unwrap_or_default(),
        }
    }

    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        let text = self.body[name].as_str();
        text.unwrap_or_else(|| panic!("no {name} in {} {}", self.status, self.body))
            .to_owned()
    }

    #[track_caller]
    pub fn tokens(&self) -> (String, String) {
        (self.text("access_token"), self.text("refresh_token"))
    }

    pub fn error(&self) -> (u16, String) {
        let error = self.body["error"].as_str().unwrap_or_default();
        (self.status.as_u16(), error.to_owned())
    }
}

/// The parameters that a reply sends to the client; none where it sends the browser nowhere.
pub fn answer_of(reply: &Reply) -> Pairs {
    let Some(location) = reply.headers().get(LOCATION) else {
        return Pairs::default();
    };
    let query = location.to_str().unwrap().split_once('?').unwrap().1;
    Pairs(
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    )
}

/// Parameters that a test changes.
#[derive(Clone, Debug, Default)]
pub struct Pairs(pub Vec<(String, String)>);

impl Pairs {
    pub fn of(pairs: &[(&str, &str)]) -> Pairs {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Pairs(pairs.iter().map(owned).collect())
    }

    /// With one more.
    pub fn with(mut self, name: &str, value: &str) -> Pairs {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without these.
    pub fn without(mut self, name: &str) -> Pairs {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// With another value.
    pub fn set(self, name: &str, value: &str) -> Pairs {
        self.without(name).with(name, value)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn encoded(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.0);
        query.finish()
    }
}
