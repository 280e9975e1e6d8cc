//! Slow, silent and greedy clients.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use http_kit::Stopwatch;
use serde_json::json;

use crate::running::{PATIENCE, Running, becomes_true, demo, read_reply, request};

/// A server whose limits are short enough for a test.
fn strict(data: &Path) -> Running {
    let config = data.with_extension("toml");
    let text = "[limits]\nheader_time_s = 1\nbody_time_s = 1\nwrite_time_s = 1\nidle_time_s = 3\nconnections_per_proxy = 20\n";
    std::fs::write(&config, text).unwrap();
    Running::start(data, &["--config", config.to_str().unwrap()])
}

/// How long the server leaves this connection open, and what it says before it closes it.
fn until_closed(stream: &mut TcpStream) -> (Duration, String) {
    let began = Stopwatch::start();
    let mut said = Vec::new();
    // A reset is as good as an end.
    drop(stream.read_to_end(&mut said));
    (began.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn slow_and_silent_clients_are_cut_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let server = strict(&folder.path().join("data"));
    let mut silent = server.connect();
    let mut half_a_head = server.connect();
    half_a_head
        .write_all(b"GET /health/live HTTP/1.1\r\nhos")
        .unwrap();
    assert_eq!(server.send("GET", "/health/live", &[], "").status, 200);
    for stream in [&mut silent, &mut half_a_head] {
        let (open, said) = until_closed(stream);
        assert!(open < PATIENCE && said.is_empty(), "{open:?} {said}");
    }
    let metrics = server.send("GET", "/metrics", &[], "").body;
    assert!(
        metrics.contains(r#"http_connections_cut_total{limit="header_time"} 2"#),
        "{metrics}"
    );
}

#[test]
fn a_head_that_trickles_is_cut_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = strict(&folder.path().join("data"));
    let mut stream = server.connect();
    let began = Stopwatch::start();
    let trickled =
        b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            .iter()
            .try_for_each(|byte| {
                std::thread::sleep(Duration::from_millis(60));
                stream.write_all(&[*byte])
            });
    assert!(
        trickled.is_err(),
        "the whole head was taken, in {:?}",
        began.elapsed()
    );
}

#[test]
fn an_idle_connection_may_stay_longer_than_a_head_may_take_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let server = strict(&folder.path().join("data"));
    let mut stream = server.connect();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut answer = [0; 400];
    assert!(stream.read(&mut answer).unwrap() > 0);
    let (open, _) = until_closed(&mut stream);
    assert!(
        (Duration::from_secs(2)..PATIENCE).contains(&open),
        "{open:?}"
    );
}

#[test]
fn a_body_that_stops_is_refused_by_the_dialect_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = strict(&data);
    let demo = demo(&data);
    let headers = [("token", demo["beds24"]["token"].as_str().unwrap())];
    let whole = request("POST", "/beds24/v2/bookings", &headers, "[{}]");
    let mut stream = server.connect();
    stream
        .write_all(&whole.as_bytes()[..whole.len() - 2])
        .unwrap();
    let reply = read_reply(&mut stream);
    assert_eq!(reply.status, 400, "{}", reply.body);
}

#[test]
fn a_client_that_takes_nothing_of_its_answers_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let server = strict(&folder.path().join("data"));
    let mut greedy = server.connect();
    let asked = b"GET /beds24/v2/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    // Once the server is stuck it takes no more requests either.
    greedy
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    drop(greedy.write_all(&asked));
    assert!(becomes_true(|| {
        let metrics = server.send("GET", "/metrics", &[], "").body;
        metrics.contains(r#"http_connections_cut_total{limit="write_time"} 1"#)
    }));
}

/// Whether a connection is taken and its request answered.
fn is_served(server: &Running) -> bool {
    let mut stream = server.connect();
    let mut said = Vec::new();
    let asked = request("GET", "/health/live", &[], "");
    let came = stream
        .write_all(asked.as_bytes())
        .and_then(|()| stream.read_to_end(&mut said));
    came.is_ok() && said.starts_with(b"HTTP/1.1 200")
}

#[test]
fn an_address_gets_so_many_connections_and_more_once_it_gives_some_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = strict(&folder.path().join("data"));
    let mut open: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    until_closed(&mut server.connect());
    open.truncate(10);
    assert!(becomes_true(|| is_served(&server)));
    let metrics = server.send("GET", "/metrics", &[], "").body;
    let refused = r#"http_connections_refused_total{limit="connections_per_address"}"#;
    assert!(metrics.contains(refused), "{metrics}");
}

#[test]
fn a_body_without_end_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = strict(&data);
    let demo = demo(&data);
    let token = demo["beds24"]["token"].as_str().unwrap();
    let mut stream = server.connect();
    let head = format!(
        "POST /beds24/v2/bookings HTTP/1.1\r\nhost: x\r\ntoken: {token}\r\ncontent-length: 100000000\r\n\r\n["
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn forwarded_addresses_count_only_from_named_proxies() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, seen) in [
        (&[][..], "127.0.0.1"),
        (&["--trust-proxy", "127.0.0.0/8"][..], "203.0.113.7"),
    ] {
        let data = folder.path().join(seen);
        let server = Running::start(&data, arguments);
        let demo = demo(&data);
        let headers = [
            ("token", demo["beds24"]["token"].as_str().unwrap()),
            ("x-forwarded-for", "198.51.100.1, 203.0.113.7"),
        ];
        let details = server
            .send("GET", "/beds24/v2/authentication/details", &headers, "")
            .json();
        assert_eq!(details["diagnostics"]["requestIp"], seen);
    }
}

#[test]
fn a_request_too_many_is_refused_in_the_words_of_whom_it_was_meant_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("one.toml");
    std::fs::write(
        &config,
        "[limits]\nrequests_in_flight = 1\nbody_time_s = 600\n",
    )
    .unwrap();
    let server = Running::start(&data, &["--config", config.to_str().unwrap()]);
    let demo = demo(&data);
    let headers = [("token", demo["beds24"]["token"].as_str().unwrap())];
    let with_json = [
        headers[0],
        ("content-type", "application/json"),
        ("expect", "100-continue"),
    ];
    let whole = request(
        "POST",
        "/tabard/v1/clock",
        &with_json,
        r#"{"advance":"PT1H"}"#,
    );
    let (begin, end) = whole.split_at(whole.find("\r\n\r\n").unwrap() + 4);
    let mut first = server.connect();
    first.write_all(begin.as_bytes()).unwrap();
    // Whoever is asked to go on has taken the only place.
    let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut said = vec![0; go_on.len()];
    first.read_exact(&mut said).unwrap();
    assert_eq!(said, go_on);
    let ask = |path: &str| server.send("GET", path, &headers, "");
    assert_eq!(ask("/beds24/v2/bookings").status, 503);

    let refused = |path: &str, media_type: &str| {
        let reply = ask(path);
        assert_eq!(reply.status, 503, "{path}: {}", reply.body);
        assert!(reply.head.contains("\r\nretry-after: 1"), "{}", reply.head);
        let media_type = format!("\r\ncontent-type: {media_type}");
        assert!(reply.head.contains(&media_type), "{}", reply.head);
        reply.json()
    };
    for path in ["/beds24/v2/bookings", "/beds24/api/v2/nowhere"] {
        let expected = json!({
            "success": false, "type": "error", "code": 503, "error": "Too busy. Try again later.",
        });
        assert_eq!(refused(path, "application/json"), expected, "{path}");
    }
    let said = refused(
        "/bookingexperts/v3/reservations",
        "application/vnd.api+json",
    );
    assert_eq!(said["errors"][0]["status"], "503", "{said}");
    assert_eq!(said["errors"][0]["code"], "INTERNAL_SERVER_ERROR", "{said}");
    let said = refused("/bookingexperts/oauth/token", "application/json");
    assert_eq!(said["error"], "temporarily_unavailable", "{said}");
    for path in ["/tabard/v1/clock", "/nowhere"] {
        let said = refused(path, "application/json");
        assert_eq!(said["error"]["code"], "busy", "{path}: {said}");
    }

    first.write_all(end.as_bytes()).unwrap();
    assert_eq!(read_reply(&mut first).status, 200);
    let counted = || {
        let metrics = ask("/metrics").body;
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix("http_requests_refused_total "));
        count.and_then(|count| count.parse().ok())
    };
    // Those above, and whoever came too early to see the metrics.
    assert!(becomes_true(|| counted().unwrap_or(0) >= 7));
}
