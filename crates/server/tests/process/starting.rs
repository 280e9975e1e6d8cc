//! What a start does, and what it refuses.

use std::os::unix::fs::PermissionsExt as _;

use crate::running::{Running, complained, demo, said, secret_made, tenant_made};

#[test]
fn the_demo_can_be_booked_with_what_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &[]);
    let file = data.join("demo.json");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let demo = demo(&data);
    assert_eq!(demo["url"], format!("http://{}", server.address));
    let beds24 = &demo["beds24"];
    assert_eq!(
        beds24["base_url"],
        format!("http://{}/beds24/v2", server.address)
    );
    assert!(beds24["property_id"].is_i64());
    assert!(beds24["room_ids"].as_array().unwrap().len() >= 3);
    for (token, limit) in [("token", "1000000"), ("limited_token", "100")] {
        let headers = [("token", beds24[token].as_str().unwrap())];
        let reply = server.send("GET", "/beds24/v2/bookings", &headers, "");
        assert_eq!(reply.status, 200);
        assert!(
            reply
                .head
                .contains(&format!("x-fivemincreditlimit: {limit}\r\n")),
            "{}",
            reply.head
        );
    }
    let code = [("code", beds24["invite_code"].as_str().unwrap())];
    let path = "/beds24/v2/authentication/setup";
    assert_eq!(server.send("GET", path, &code, "").status, 200);
    assert_eq!(server.send("GET", path, &code, "").status, 401);
    let room = beds24["room_ids"][0].as_i64().unwrap();
    let body = format!(
        r#"[{{"roomId":{room},"arrival":"2027-03-01","departure":"2027-03-03","numAdult":2}}]"#
    );
    let headers = [("token", beds24["token"].as_str().unwrap())];
    let booked = server
        .send("POST", "/beds24/v2/bookings", &headers, &body)
        .json();
    assert_eq!(booked[0]["success"], true, "{booked}");
    assert!(server.stop().success());
}

#[test]
fn a_server_makes_its_key_once_and_lets_webhooks_and_mail_leave() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let key = data.join("tabard.key");
    let flags = [
        "--deliver-to",
        "127.0.0.0/8",
        "--deliver-over-http",
        "--environment",
        "staging",
    ];
    let server = Running::start(&data, &flags);
    let made = std::fs::read_to_string(&key).unwrap();
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let metrics = || server.send("GET", "/metrics", &[], "").body;
    // The dispatcher says at once how much is open, and then now and again.
    let tries = (0..1_200).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        metrics().contains("\ndelivery_open 0")
    });
    assert!(tries.is_some(), "{}", metrics());
    assert!(server.stop().success());
    assert!(Running::start(&data, &[]).stop().success());
    assert_eq!(std::fs::read_to_string(&key).unwrap(), made);
}

#[test]
fn the_demo_shows_its_rooms_to_clients_of_booking_experts_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &[]);
    let before = demo(&data);
    let booking_experts = &before["bookingexperts"];
    let text = |name: &str| booking_experts[name].as_str().unwrap().to_owned();
    let origin = format!("http://{}", server.address);
    for (name, path) in [
        ("base_url", "/bookingexperts/v3"),
        ("authorize_url", "/bookingexperts/oauth/authorize"),
        ("token_url", "/bookingexperts/oauth/token"),
    ] {
        assert_eq!(text(name), format!("{origin}{path}"));
    }
    let rooms = before["beds24"]["room_ids"].as_array().unwrap();
    let rooms: Vec<String> = rooms.iter().map(ToString::to_string).collect();
    assert_eq!(
        booking_experts["rentable_type_ids"],
        serde_json::json!(rooms)
    );
    for (key, limit) in [("api_key", "1000000"), ("limited_api_key", "100")] {
        let key = text(key);
        let headers = [("x-api-key", key.as_str())];
        let path = format!(
            "/bookingexperts/v3/channels/{}/rentable_types",
            text("channel_id")
        );
        let reply = server.send("GET", &path, &headers, "");
        assert_eq!(reply.status, 200, "{}", reply.head);
        assert!(
            reply
                .head
                .contains(&format!("x-ratelimit-limit: {limit}\r\n")),
            "{}",
            reply.head
        );
        let shown = reply.json();
        let shown = shown["data"].as_array().unwrap().iter();
        let shown: Vec<&str> = shown.map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(shown, rooms);
    }
    assert!(server.stop().success());
    let server = Running::start(&data, &[]);
    let after = demo(&data);
    for kept in [
        "api_key",
        "limited_api_key",
        "client_id",
        "client_secret",
        "channel_id",
    ] {
        assert_eq!(
            after["bookingexperts"][kept], before["bookingexperts"][kept],
            "{kept}"
        );
    }
    assert!(server.stop().success());
}

#[test]
fn a_restart_has_fresh_tokens_under_the_same_grants_and_the_same_rooms() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Running::start(&data, &[]).stop().success());
    let before = demo(&data);
    let server = Running::start(&data, &[]);
    let after = demo(&data);
    for same in [
        "refresh_token",
        "limited_refresh_token",
        "property_id",
        "room_ids",
    ] {
        assert_eq!(before["beds24"][same], after["beds24"][same], "{same}");
    }
    for fresh in ["token", "limited_token", "invite_code"] {
        assert_ne!(before["beds24"][fresh], after["beds24"][fresh], "{fresh}");
    }
    let headers = [("token", after["beds24"]["token"].as_str().unwrap())];
    assert_eq!(
        server
            .send("GET", "/beds24/v2/properties", &headers, "")
            .status,
        200
    );
}

#[test]
fn a_second_process_on_the_same_directory_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &[]);
    let data = data.to_str().unwrap();
    let second = complained(1, &["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(
        second.contains("another tabard process is using"),
        "{second}"
    );
    assert!(second.contains("--data"), "{second}");
    let write = complained(1, &["tenant", "create", "Second", "--data", data]);
    assert!(write.contains("another tabard process is using"), "{write}");
    assert!(said(&["tenant", "list", "--data", data]).contains("Demo"));
    let taken = complained(
        1,
        &["serve", "--listen", &server.address, "--data", "elsewhere"],
    );
    assert!(taken.contains("can't listen on"), "{taken}");
    assert!(
        !std::path::Path::new("elsewhere").exists(),
        "nothing is made before the address is ours"
    );
}

#[test]
fn a_store_with_tenants_gets_no_demo() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data_text = data.to_str().unwrap();
    said(&["tenant", "create", "Real", "--data", data_text]);
    let server = Running::start(&data, &[]);
    assert!(
        !data.join("demo.json").exists(),
        "a store with tenants gets no demo"
    );
    assert_eq!(server.send("GET", "/health/ready", &[], "").status, 200);
    assert_eq!(server.send("GET", "/health/live", &[], "").status, 200);
    let metrics = server.send("GET", "/metrics", &[], "");
    assert!(
        metrics.body.contains("http_connections_total"),
        "{}",
        metrics.body
    );
}

#[test]
fn without_the_demo_an_empty_store_starts_empty_and_lets_a_first_client_in_later() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let at = ["--data", data.to_str().unwrap()];
    let server = Running::serve(&data, &[]);
    assert_eq!(server.send("GET", "/health/ready", &[], "").status, 200);
    assert!(!data.join("demo.json").exists());
    let none = said(&["tenant", "list", at[0], at[1]]);
    assert!(none.contains("no tenants yet"), "{none}");
    assert!(server.stop().success());

    let tenant = tenant_made(&said(&["tenant", "create", "Casa Azul", at[0], at[1]]));
    let invite = ["beds24", "invite", "--scopes", "all:bookings", "--tenant"];
    let code = secret_made(&said(&[&invite[..], &[tenant.as_str()], &at].concat()));
    let server = Running::serve(&data, &[]);
    let path = "/beds24/v2/authentication/setup";
    let setup = server.send("GET", path, &[("code", &code)], "");
    assert_eq!(setup.status, 200, "{}", setup.body);
    let setup = setup.json();
    let token = [("token", setup["token"].as_str().unwrap())];
    let bookings = server.send("GET", "/beds24/v2/bookings", &token, "");
    assert_eq!(bookings.status, 200, "{}", bookings.body);
    assert_eq!(bookings.json()["count"], 0);
    assert!(!data.join("demo.json").exists());
}

/// The words of a line that is pasted into a shell, as far as we print any: quotes are single ones, and a
/// backslash joins the next line.
fn words(pasted: &str) -> Vec<String> {
    let parts = pasted.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part
            .split_whitespace()
            .filter(|word| *word != "\\")
            .map(str::to_owned)
            .collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn the_booking_that_the_demo_prints_is_made_when_it_is_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(&folder.path().join("data"), &[]);
    let mut pasted = server.next_line();
    while !pasted.starts_with("curl ") {
        pasted = server.next_line();
    }
    while pasted.ends_with('\\') {
        pasted = format!("{pasted}\n{}", server.next_line());
    }
    let words = words(&pasted);
    let after = |flag: &str| {
        let flags = words.iter().zip(&words[1..]);
        let found = flags.filter(|(word, _)| *word == flag);
        found.map(|(_, next)| next.as_str()).collect::<Vec<_>>()
    };
    let url = words[1].strip_prefix("http://").unwrap();
    let path = url.strip_prefix(&server.address).unwrap();
    let headers: Vec<_> = after("-H")
        .into_iter()
        .map(|header| header.split_once(": ").unwrap())
        .collect();
    // With a body and nothing else said, curl posts.
    let body = after("-d");
    assert!(body.len() == 1 && after("-X").is_empty(), "{pasted}");
    let booked = server.send("POST", path, &headers, body[0]);
    assert_eq!(booked.status, 201, "{}", booked.body);
    let booked = booked.json();
    assert_eq!(booked[0]["success"], true, "{booked}");
    let path = format!("/beds24/v2/bookings?id={}", booked[0]["new"]["id"]);
    let read = server.send("GET", &path, &headers, "").json();
    assert_eq!(read["data"][0]["lastName"], "Lovelace", "{read}");
}

#[test]
fn metrics_and_health_can_have_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let mut server = Running::start(&folder.path().join("data"), &["--metrics-listen", &free]);
    assert_eq!(server.send("GET", "/metrics", &[], "").status, 404);
    server.address = free;
    assert_eq!(server.send("GET", "/metrics", &[], "").status, 200);
    assert_eq!(
        server.send("GET", "/beds24/v2/bookings", &[], "").status,
        404
    );
}

#[test]
fn the_log_tells_who_called_what_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, &["--log-format", "json"]);
    let demo = demo(&data);
    let token = demo["beds24"]["token"].as_str().unwrap();
    server.send(
        "GET",
        "/beds24/v2/bookings",
        &[("token", token), ("x-request-id", "seen-7")],
        "",
    );
    let log = data.with_extension("log");
    assert!(server.stop().success());
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let request = lines
        .iter()
        .find(|line| line["request_id"] == "seen-7")
        .unwrap();
    assert_eq!(request["target"], "access");
    assert_eq!(
        (&request["status"], &request["method"]),
        (&200.into(), &"GET".into())
    );
    assert!(
        request["tenant_id"].is_i64()
            && request["grant_id"].is_i64()
            && request["client_id"].is_i64()
    );
    for secret in [
        "token",
        "limited_token",
        "refresh_token",
        "invite_code",
        "limited_refresh_token",
    ] {
        assert!(
            !log.contains(demo["beds24"][secret].as_str().unwrap()),
            "{secret} is in the log"
        );
    }
}

#[tokio::test]
async fn several_servers_share_one_postgresql_store() {
    let Some(home) = testkit::TestStore::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let url = home.url().unwrap();
    let one = Running::start(&first, &["--store", url]);
    let other = Running::start(&second, &["--store", url, "--node", "1"]);
    let (here, there) = (demo(&first), demo(&second));
    assert_eq!(here["beds24"]["room_ids"], there["beds24"]["room_ids"]);
    let room = here["beds24"]["room_ids"][3].as_i64().unwrap();
    let body = format!(
        r#"[{{"roomId":{room},"arrival":"2027-03-01","departure":"2027-03-03","numAdult":2,"actions":{{"checkAvailability":true}}}}]"#
    );
    let book = |server: &Running, demo: &serde_json::Value| {
        let headers = [("token", demo["beds24"]["token"].as_str().unwrap())];
        let reply = server.send("POST", "/beds24/v2/bookings", &headers, &body);
        reply.json()[0]["success"] == true
    };
    assert!(
        book(&one, &there),
        "a token of one server is good on the other"
    );
    assert!(
        !book(&other, &here),
        "the last one was sold by the other server"
    );
    assert!(one.stop().success() && other.stop().success());
    home.finish().await;
}
