//! Apps that come in by OAuth 2.0, and people who have forgotten their password, in a whole app with a
//! toy dialect.

use domain::{
    access::{Capabilities, Reach},
    id::Id,
};
use identity::{Occasion, ROOMY_QUOTA, oauth::apps::NewApp, users::NewUser};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use server::{
    leaving::{self, Letterbox},
    settings::{Delivery, Hosts, Settings},
};
use testkit::{TestApp, TestStore, stores};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    leaving::{only_letter, with_mail},
    toy::{TOY, permissions},
};

pub fn occasion(app: &TestApp) -> Occasion {
    Occasion {
        now: app.clock.now(),
        remote_ip: app.peer.ip(),
        request_id: "test".into(),
    }
}

#[tokio::test]
async fn the_routes_of_a_dialect_stand_below_its_issuer_and_on_its_own_host() {
    let settings = Settings {
        hosts: Hosts {
            beds24: vec!["api.toy.test".to_owned()],
            ..Hosts::default()
        },
        ..Settings::default()
    };
    let app = TestApp::letting_in(TestStore::sqlite().await, &settings, &[TOY]).await;
    let known = "/.well-known/oauth-authorization-server";
    for (host, path, issuer) in [
        (
            "tabard.test",
            format!("{known}/toy"),
            "http://tabard.test/toy",
        ),
        (
            "tabard.test",
            format!("/toy{known}"),
            "http://tabard.test/toy",
        ),
        ("api.toy.test", known.to_owned(), "http://api.toy.test"),
    ] {
        let reply = app.send("GET", &path, &[("host", host)], Vec::new()).await;
        assert_eq!(reply.status, 200, "{host} {path}");
        let metadata = reply.json();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], format!("{issuer}/oauth/token"));
        assert_eq!(metadata["scopes_supported"][0], "booking|read");
    }
    // The other dialect is still there.
    let headers = [("host", "api.toy.test"), ("token", app.token.as_str())];
    let reply = app.send("GET", "/v2/bookings", &headers, Vec::new()).await;
    assert_eq!(reply.status, 200);
    let elsewhere = [("host", "tabard.test")];
    let reply = app
        .send("GET", "/oauth/forgotten", &elsewhere, Vec::new())
        .await;
    assert_eq!(reply.status, 404);
    app.finish().await;
}

/// An app that the tenant itself uses.
pub struct OwnApp {
    /// Its id.
    pub app_id: Id,
    /// An access token.
    pub token: String,
}

/// Registers an app, installs it in its own tenant and gets it a token.
pub async fn own_app(app: &TestApp) -> OwnApp {
    let oauth = app.app.oauth[0].clone();
    let new = NewApp {
        tenant_id: app.tenant_id,
        name: "App".to_owned(),
        confidential: true,
        redirect_uris: Vec::new(),
        permissions: permissions(),
        quota: ROOMY_QUOTA,
    };
    let (occasion, mut rng) = (occasion(app), StdRng::seed_from_u64(7));
    let registering = oauth.register(new, &occasion, &mut rng);
    let made = registering.await.unwrap().unwrap();
    let installing = oauth.install_own(app.tenant_id, made.app_id, None, &occasion);
    installing.await.unwrap().unwrap();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        made.client_id,
        made.client_secret.unwrap().reveal()
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/toy/oauth/token";
    let reply = app.send("POST", path, &headers, form.into()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    OwnApp {
        app_id: made.app_id,
        token: reply.json()["access_token"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn an_apps_token_opens_its_dialect_and_the_houses_own_api() {
    for home in stores().await {
        let settings = Settings {
            hosts: Hosts {
                beds24: vec!["api.toy.test".to_owned()],
                ..Hosts::default()
            },
            ..Settings::default()
        };
        let app = TestApp::letting_in(home, &settings, &[TOY]).await;
        let bearer = format!("Bearer {}", own_app(&app).await.token);
        for (host, path, issuer) in [
            ("tabard.test", "/toy/v9/caller", "http://tabard.test/toy"),
            ("api.toy.test", "/v9/caller", "http://api.toy.test"),
        ] {
            let headers = [("host", host), ("authorization", &bearer)];
            let reply = app.send("GET", path, &headers, Vec::new()).await;
            assert_eq!(reply.status, 200, "{host}: {}", reply.text());
            let expected = json!({ "issuer": issuer, "scopes": ["booking|read"] });
            assert_eq!(reply.json(), expected);
            let nobody = [("host", host)];
            let reply = app.send("GET", path, &nobody, Vec::new()).await;
            assert_eq!(reply.status, 401, "{host}");
        }
        let headers = [("authorization", bearer.as_str())];
        let clock = app.send("GET", "/tabard/v1/clock", &headers, Vec::new());
        let reply = clock.await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        app.finish().await;
    }
}

/// A server that answers every connection once, with 418; its address.
async fn teapot() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/button", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1_024];
            drop(stream.read(&mut head).await);
            let answer =
                b"HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            drop(stream.write_all(answer).await);
        }
    });
    url
}

#[tokio::test]
async fn a_dialect_asks_other_servers_by_the_rules_by_which_webhooks_leave() {
    let asked = async |settings: Settings, url: String| {
        let app = TestApp::letting_in(TestStore::sqlite().await, &settings, &[TOY]).await;
        let bearer = format!("Bearer {}", own_app(&app).await.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = json!(url).to_string().into_bytes();
        let reply = app.send("POST", "/toy/v9/question", &headers, body).await;
        app.finish().await;
        reply.json()
    };
    let settings = |networks: &[&str]| Settings {
        delivery: Delivery {
            allowed_networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            allow_http: true,
            ..Delivery::default()
        },
        ..Settings::default()
    };
    let url = teapot().await;
    let allowed = asked(settings(&["127.0.0.0/8"]), url.clone()).await;
    assert_eq!(allowed, json!({ "status": 418 }));
    // By a name, so that it is found out when it is connected to.
    let named = url.replace("127.0.0.1", "localhost");
    let refused = asked(settings(&[]), named).await;
    assert_eq!(refused, json!({ "problem": "refused_address" }));
}

/// The text of a mail without the folds of its encoding.
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn whoever_forgot_a_password_gets_a_mail_that_no_row_remembers() {
    for home in stores().await {
        let folder = tempfile::tempdir().unwrap();
        let settings = with_mail(folder.path(), Settings::default());
        let app = TestApp::letting_in(home, &settings, &[TOY]).await;
        let oauth = app.app.oauth[0].clone();
        let (occasion, mut rng) = (occasion(&app), StdRng::seed_from_u64(8));
        let new = NewUser {
            tenant_id: app.tenant_id,
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            capabilities: Capabilities::everything(Reach::Tenant),
            organizations: None,
        };
        let users = oauth.users();
        users
            .create(new, None, &occasion, &mut rng)
            .await
            .unwrap()
            .unwrap();
        users
            .ask_reset("ada@example.org", Vec::new(), &occasion, &mut rng)
            .await
            .unwrap();
        let outgoing = app.app.outgoing.clone();
        let dispatcher = leaving::dispatcher(&app.app, &settings, "http://tabard.test").unwrap();
        let letterbox = Letterbox::new(dispatcher, outgoing, oauth.clone());
        assert_eq!(letterbox.post_waiting(&mut rng).await.unwrap(), 1);
        assert_eq!(letterbox.post_waiting(&mut rng).await.unwrap(), 0);

        let mail = unfolded(&only_letter(folder.path()));
        let begin = "http://tabard.test/toy/oauth/new_password?token=";
        let (_, token) = mail.split_once(begin).expect("the mail has a link");
        let token = token.split_whitespace().next().unwrap();
        let tx = app.app.store.reader().await.unwrap();
        let rows = tx.query("SELECT id FROM mail", &[]).await.unwrap();
        assert!(rows.is_empty());
        drop(tx);
        let password = "another long and secret sentence";
        let reset = users.reset_password(token, password, &occasion, &mut rng);
        reset.await.unwrap();
        drop((letterbox, oauth, users));
        app.finish().await;
    }
}
