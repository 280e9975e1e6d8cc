//! One code and one refresh token, redeemed by many at once over HTTP: one wins, and since the others come
//! twice with the same, what it has won is taken back.

use std::sync::Arc;

use dialect_bookingexperts::scopes;
use domain::access::{Capabilities, Reach};
use futures_util::future::join_all;
use identity::ROOMY_QUOTA;
use identity::oauth::{apps::NewApp, challenge_of};
use identity::users::{NewUser, SignedIn, csrf};
use rand::{SeedableRng as _, rngs::StdRng};
use testkit::{Reply, TestApp, in_every_app};

use crate::apps::occasion;

const RACERS: usize = 64;
const ROUNDS: u64 = 5;
pub const REDIRECT: &str = "https://client.example/cb";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const PASSWORD: &str = "a dozen letters or more";

/// An app, and somebody who lets it in.
struct Client {
    app: Arc<TestApp>,
    client_id: String,
    secret: String,
    signed_in: SignedIn,
    random: StdRng,
}

/// Name and value pairs as a form sends them.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The form by which somebody lets an app in for the property.
pub fn consent(app: &TestApp, client_id: &str, signed_in: &SignedIn) -> String {
    let (tenant, property) = (app.tenant_id, app.property_id);
    form(&[
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", REDIRECT),
        ("code_challenge", &challenge_of(VERIFIER)),
        ("code_challenge_method", "S256"),
        (csrf::FIELD, &csrf::token(&signed_in.secret, "consent")),
        ("decision", "allow"),
        ("tenant", &tenant.to_string()),
        ("organization", &format!("{tenant}:{property}")),
    ])
}

impl Client {
    async fn new(app: Arc<TestApp>) -> Self {
        let (oauth, mut random) = (app.app.oauth[0].clone(), StdRng::seed_from_u64(10));
        let new = NewApp {
            tenant_id: app.tenant_id,
            name: "Races".to_owned(),
            confidential: true,
            redirect_uris: vec![REDIRECT.to_owned()],
            permissions: scopes::permissions(),
            quota: ROOMY_QUOTA,
        };
        let occasion = occasion(&app);
        let made = oauth.register(new, &occasion, &mut random).await;
        let made = made.unwrap().unwrap();
        let user = NewUser {
            tenant_id: app.tenant_id,
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        };
        let users = oauth.users();
        let created = users.create(user, Some(PASSWORD), &occasion, &mut random);
        created.await.unwrap().unwrap();
        let signed_in = users.sign_in("ada@example.org", PASSWORD, None, &occasion, &mut random);
        let signed_in = signed_in.await.unwrap();
        Self {
            client_id: made.client_id,
            secret: made.client_secret.unwrap().reveal().to_owned(),
            app,
            signed_in,
            random,
        }
    }

    /// A code of a fresh consent.
    async fn code(&mut self) -> String {
        let consent = consent(&self.app, &self.client_id, &self.signed_in);
        let oauth = self.app.app.oauth[0].clone();
        let signed_in = Some(&self.signed_in);
        let occasion = occasion(&self.app);
        let reply = oauth
            .decide(consent.as_bytes(), signed_in, &occasion, &mut self.random)
            .await;
        let place = reply.headers()["location"].to_str().unwrap().to_owned();
        let (_, code) = place.split_once("code=").expect(&place);
        code.split('&').next().unwrap().to_owned()
    }

    fn redemption(&self, code: &str) -> String {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("client_id", &self.client_id),
            ("client_secret", &self.secret),
        ])
    }

    fn refreshing(&self, token: &str) -> String {
        form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &self.client_id),
            ("client_secret", &self.secret),
        ])
    }

    async fn post(app: Arc<TestApp>, body: String) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        app.send(
            "POST",
            "/bookingexperts/oauth/token",
            &headers,
            body.into_bytes(),
        )
        .await
    }

    /// Posts the same many times at once, and demands one winner who has nothing in the end.
    async fn race(&self, body: &str) {
        let racers = (0..RACERS).map(|_| {
            let (app, body) = (Arc::clone(&self.app), body.to_owned());
            tokio::spawn(Self::post(app, body))
        });
        let replies: Vec<Reply> = join_all(racers)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!(won.len(), 1, "{} have won", won.len());
        for reply in lost {
            assert_eq!(reply.status, 400, "{}", reply.text());
            assert_eq!(reply.json()["error"], "invalid_grant");
        }
        let tokens = won[0].json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {}", text("access_token"));
        let headers = [("authorization", bearer.as_str())];
        let path = "/bookingexperts/v3/subscription";
        let called = self.app.send("GET", path, &headers, Vec::new()).await;
        assert_eq!(called.status, 401, "{}", called.text());
        let refreshed = self.refreshing(&text("refresh_token"));
        let refreshed = Self::post(Arc::clone(&self.app), refreshed).await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_with_one_code_one_wins_and_loses_it_again() {
    in_every_app(|app| async move {
        let mut client = Client::new(app).await;
        for _ in 0..ROUNDS {
            let code = client.code().await;
            client.race(&client.redemption(&code)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_with_one_refresh_token_one_wins_and_loses_it_again() {
    in_every_app(|app| async move {
        let mut client = Client::new(app).await;
        for _ in 0..ROUNDS {
            let code = client.code().await;
            let redemption = client.redemption(&code);
            let reply = Client::post(Arc::clone(&client.app), redemption).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let token = reply.json()["refresh_token"].as_str().unwrap().to_owned();
            client.race(&client.refreshing(&token)).await;
        }
    })
    .await;
}
