//! Host names and addresses.

use server::settings::{Hosts, Settings};
use testkit::{TestApp, TestStore};

#[tokio::test]
async fn on_a_host_name_of_its_own_a_dialect_has_exactly_its_vendors_paths() {
    let settings = Settings {
        hosts: Hosts {
            beds24: vec!["api.beds24.test".to_owned()],
            ..Hosts::default()
        },
        ..Settings::default()
    };
    let app = TestApp::with(TestStore::sqlite().await, &settings).await;
    let status = async |host: &str, path: &str| {
        let headers = [("host", host), ("token", app.token.as_str())];
        app.send("GET", path, &headers, Vec::new()).await.status
    };
    for path in ["/v2/bookings", "/api/v2/bookings"] {
        assert_eq!(status("api.beds24.test", path).await, 200, "{path}");
        assert_eq!(status("API.beds24.test:8080", path).await, 200, "{path}");
        assert_eq!(status("tabard.test", path).await, 404, "{path}");
    }
    for path in [
        "/beds24/v2/bookings",
        "/beds24/api/v2/bookings",
        "/tabard/v1/clock",
    ] {
        assert_eq!(status("tabard.test", path).await, 200, "{path}");
        assert_eq!(status("api.beds24.test", path).await, 404, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn each_api_serves_its_document() {
    let app = TestApp::sqlite().await;
    for path in [
        "/beds24/v2/openapi.json",
        "/bookingexperts/v3/oas3.json",
        "/tabard/v1/openapi.json",
    ] {
        let reply = app.send("GET", path, &[], Vec::new()).await;
        assert_eq!(reply.json()["openapi"], "3.1.0", "{path}");
    }
    for (name, document) in server::app::documents().unwrap() {
        let again = server::app::documents().unwrap();
        let again = again.iter().find(|(other, _)| *other == name);
        assert_eq!(
            again.map(|(_, document)| document.to_string()),
            Some(document.to_string())
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_taken_from_a_blocked_address_by_any_api() {
    let blocked = |network: &str| Settings {
        blocked_networks: vec![network.parse().unwrap()],
        ..Settings::default()
    };
    for (network, is_blocked) in [("0.0.0.0/0", true), ("10.0.0.0/8", false)] {
        let app = TestApp::with(TestStore::sqlite().await, &blocked(network)).await;
        let headers = [("token", app.token.as_str())];
        for (method, path) in [
            ("GET", "/beds24/v2/bookings"),
            ("GET", "/beds24/v2/nothing"),
            ("GET", "/bookingexperts/v3/oas3.json"),
            ("GET", "/bookingexperts/v3/administrations"),
            ("GET", "/bookingexperts/oauth/authorize"),
            ("POST", "/bookingexperts/oauth/token"),
            ("GET", "/tabard/v1/clock"),
        ] {
            let reply = app.send(method, path, &headers, Vec::new()).await;
            assert_eq!(reply.status == 403, is_blocked, "{path}: {}", reply.text());
        }
        app.finish().await;
    }
}
