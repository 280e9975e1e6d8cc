//! An endpoint of Booking Experts that fails for five days, and whoever has let its app in.

use dialect_beds24::scopes as beds24;
use dialect_bookingexperts::scopes;
use domain::access::{Capabilities, Reach};
use identity::ROOMY_QUOTA;
use identity::oauth::apps::NewApp;
use identity::users::{NewUser, SignedIn};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use server::{leaving, settings::Settings};
use testkit::{Reply, TestApp, stores};

use crate::{
    apps::occasion,
    leaving::{Receiver, book_on, only_letter, settings, with_mail},
    races::{PASSWORD, REDIRECT, VERIFIER, consent, form},
};

const TWELVE_HOURS_MS: i64 = 12 * 3_600_000;

/// An app that somebody has let in.
struct Client {
    client_id: String,
    secret: String,
    access: String,
    refresh: String,
}

/// Makes a user of the tenant who may do everything there, and signs in.
async fn user(app: &TestApp, email: &str, rng: &mut StdRng) -> SignedIn {
    let users = app.app.oauth[0].users();
    let new = NewUser {
        tenant_id: app.tenant_id,
        email: email.to_owned(),
        name: "Somebody".to_owned(),
        capabilities: Capabilities::everything(Reach::Tenant),
        organizations: None,
    };
    let occasion = occasion(app);
    let made = users.create(new, Some(PASSWORD), &occasion, rng).await;
    made.unwrap().unwrap();
    let signing_in = users.sign_in(email, PASSWORD, None, &occasion, rng);
    signing_in.await.unwrap()
}

impl Client {
    /// Registers an app, lets it in for the property, and gets its tokens.
    async fn new(app: &TestApp, signed_in: &SignedIn, rng: &mut StdRng) -> Self {
        let oauth = &app.app.oauth[0];
        let occasion = occasion(app);
        let new = NewApp {
            tenant_id: app.tenant_id,
            name: "App".to_owned(),
            confidential: true,
            redirect_uris: vec![REDIRECT.to_owned()],
            permissions: scopes::permissions(),
            quota: ROOMY_QUOTA,
        };
        let made = oauth.register(new, &occasion, rng).await.unwrap().unwrap();
        let secret = made.client_secret.unwrap().reveal().to_owned();
        let consent = consent(app, &made.client_id, signed_in);
        let consented = oauth.decide(consent.as_bytes(), Some(signed_in), &occasion, rng);
        let reply = consented.await;
        let place = reply.headers()["location"].to_str().unwrap();
        let (_, code) = place.split_once("code=").expect(place);
        let mut client = Self {
            client_id: made.client_id,
            secret,
            access: String::new(),
            refresh: String::new(),
        };
        let code = code.split('&').next().unwrap();
        let redeeming = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        client.tokens(app, &redeeming).await;
        client
    }

    /// Gets tokens, and keeps them.
    async fn tokens(&mut self, app: &TestApp, wanted: &[(&str, &str)]) {
        let own = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.secret.as_str()),
        ];
        let body = form(&[wanted, &own[..]].concat());
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let path = "/bookingexperts/oauth/token";
        let reply = app.send("POST", path, &headers, body.into_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
        (self.access, self.refresh) = (text("access_token"), text("refresh_token"));
    }

    /// Access tokens don't live for days.
    async fn renew(&mut self, app: &TestApp) {
        let refresh = self.refresh.clone();
        let refreshing = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        self.tokens(app, &refreshing).await;
    }

    async fn send(&self, app: &TestApp, method: &str, path: &str, body: &str) -> Reply {
        let path = format!("/bookingexperts/v3{path}");
        let bearer = format!("Bearer {}", self.access);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/vnd.api+json"),
        ];
        app.send(method, &path, &headers, body.into()).await
    }
}

/// What an endpoint is shown as that was made with what the vendor documents, after five days on which it
/// failed every time.
async fn after_five_days(app: &mut TestApp, client: &mut Client, settings: &Settings) -> Value {
    let receiver = Receiver::new().await;
    receiver.answer(503);
    let document = json!({ "data": { "type": "webhook_endpoint", "attributes": {
        "target_url": receiver.url("127.0.0.1"), "events": ["reservation:created"],
        "confirm_strategy": "wait_for_success",
    } } });
    let made = client
        .send(app, "POST", "/webhook_endpoints", &document.to_string())
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json()["data"].clone();
    assert_eq!(made["attributes"]["owner_email"], Value::Null);
    let path = format!("/webhook_endpoints/{}", made["id"].as_str().unwrap());
    let dispatcher = leaving::dispatcher(&app.app, settings, "http://tabard.test").unwrap();
    let words = beds24::all_scopes();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for half_days in 0..=10 {
        app.token = app.token_for(app.tenant_id, &words).await;
        let day = 1 + half_days;
        let (from, until) = (
            format!("2027-01-{day:02}"),
            format!("2027-01-{:02}", day + 1),
        );
        book_on(app, &from, &until).await;
        client.renew(app).await;
        let shown = client.send(app, "GET", &path, "").await.json();
        assert_eq!(shown["data"]["attributes"]["active"], true, "{half_days}");
        while dispatcher.round().await.unwrap() > 0 {}
        app.clock.advance_ms(TWELVE_HOURS_MS);
    }
    client.renew(app).await;
    let shown = client.send(app, "GET", &path, "").await.json();
    shown["data"]["attributes"].clone()
}

#[tokio::test]
async fn whoever_let_the_app_in_gets_a_mail_when_its_endpoint_is_switched_off() {
    for home in stores().await {
        let folder = tempfile::tempdir().unwrap();
        let settings = with_mail(folder.path(), settings(&["127.0.0.0/8"]));
        let mut app = TestApp::with(home, &settings).await;
        let mut rng = StdRng::seed_from_u64(5);
        user(&app, "ada@example.org", &mut rng).await;
        let consenting = user(&app, "bo@example.org", &mut rng).await;
        let mut client = Client::new(&app, &consenting, &mut rng).await;
        let shown = after_five_days(&mut app, &mut client, &settings).await;
        assert_eq!(shown["active"], false, "{shown}");
        let reason = shown["switched_off_reason"].as_str().unwrap();
        assert!(
            reason.starts_with("every attempt has failed since"),
            "{reason}"
        );
        assert!(!reason.contains("nobody"), "{reason}");
        let letter = only_letter(folder.path());
        assert!(letter.contains("To: bo@example.org\r\n"), "{letter}");
        assert!(letter.contains("a webhook was switched off"), "{letter}");
        app.finish().await;
    }
}
