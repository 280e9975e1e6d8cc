//! A graceful stop.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{sleep, spawn},
    time::Duration,
};

use rustix::process::Signal;

use crate::running::{Running, demo, read_reply, request, said};

#[test]
fn what_was_acknowledged_before_a_stop_under_load_is_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Arc::new(Running::start(&data, &[]));
    let demo = demo(&data);
    let token = demo["beds24"]["token"].as_str().unwrap().to_owned();
    let room = demo["beds24"]["room_ids"][2].as_i64().unwrap();
    let stopping = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let (server, token, stopping) =
                (Arc::clone(&server), token.clone(), Arc::clone(&stopping));
            spawn(move || write(&server, &token, room, number, &stopping))
        })
        .collect();
    sleep(Duration::from_millis(400));
    server.signal(Signal::TERM);
    stopping.store(true, Ordering::Relaxed);
    let acknowledged: usize = writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .sum();
    assert!(Arc::into_inner(server).unwrap().wait().success());
    assert!(acknowledged > 0, "something was booked before the stop");
    let journal = said(&["export", "--data", data.to_str().unwrap()]);
    let taken = journal
        .lines()
        .filter(|line| line.contains(r#""kind":"take""#))
        .count();
    assert_eq!(
        taken, acknowledged,
        "each booking was answered, and each answer was true"
    );
}

/// Books until the server no longer takes requests; how many were acknowledged. A request that was
/// taken is answered.
fn write(server: &Running, token: &str, room: i64, number: u32, stopping: &AtomicBool) -> usize {
    let headers = [("token", token), ("content-type", "application/json")];
    let body = format!(
        r#"[{{"roomId":{room},"arrival":"2027-0{}-01","departure":"2027-0{0}-02","numAdult":1}}]"#,
        number + 1
    );
    let mut acknowledged = 0;
    loop {
        let Ok(mut stream) = std::net::TcpStream::connect(&server.address) else {
            assert!(
                stopping.load(Ordering::Relaxed),
                "it takes connections until it is stopped"
            );
            return acknowledged;
        };
        let sent =
            stream.write_all(request("POST", "/beds24/v2/bookings", &headers, &body).as_bytes());
        let mut answer = String::new();
        let read = std::io::Read::read_to_string(&mut stream, &mut answer);
        if sent.is_err() || read.is_err() || answer.is_empty() {
            // The connection came too late to be accepted.
            assert!(
                stopping.load(Ordering::Relaxed),
                "a request was dropped without a stop"
            );
            return acknowledged;
        }
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        assert!(answer.contains(r#""success":true"#), "{answer}");
        acknowledged += 1;
    }
}

#[test]
fn a_request_whose_body_is_still_coming_is_finished_and_a_silent_connection_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // None of these limits is what ends it.
    let config = folder.path().join("patient.toml");
    let text = "[limits]\nheader_time_s = 600\nbody_time_s = 600\ndrain_time_s = 600\n";
    std::fs::write(&config, text).unwrap();
    let mut server = Running::start(&data, &["--config", config.to_str().unwrap()]);
    let demo = demo(&data);
    let headers = [("token", demo["beds24"]["token"].as_str().unwrap())];
    let whole = request("POST", "/tabard/v1/clock", &headers, r#"{"advance":"1h"}"#);
    let (begin, end) = whole.split_at(whole.len() - 5);
    let _silent = server.connect();
    let mut slow = server.connect();
    slow.write_all(begin.as_bytes()).unwrap();
    sleep(Duration::from_millis(300));
    server.signal(Signal::INT);
    sleep(Duration::from_millis(300));
    assert!(
        std::net::TcpStream::connect(&server.address).is_err(),
        "no new connection is taken"
    );
    slow.write_all(end.as_bytes()).unwrap();
    assert_eq!(read_reply(&mut slow).status, 200);
    // Nobody waits for the silent one.
    assert!(server.wait().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Running::start(&data, &[]);
    let demo = demo(&data);
    let headers = [("token", demo["beds24"]["token"].as_str().unwrap())];
    let whole = request("POST", "/tabard/v1/clock", &headers, r#"{"advance":"1h"}"#);
    let mut slow = server.connect();
    slow.write_all(&whole.as_bytes()[..whole.len() - 5])
        .unwrap();
    sleep(Duration::from_millis(200));
    server.signal(Signal::TERM);
    sleep(Duration::from_millis(200));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(1));
}
