//! Whoever names a target can't make the server reach into its own network, or hold it up.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use delivery::carry::{Carrier, NoAnswer, Parcel, Receipt, tls};
use service::outgoing::{
    ask::{Ask as _, Question},
    target::{Rules, Target},
};
use testkit::in_each_scene;
use tokio::time::timeout;

use super::{
    receiver::{Manner, Receiver},
    world::{Everywhere, Names, World, rules, times},
};

/// Private addresses in their usual spelling.
const PRIVATE: &[&str] = &[
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
];

/// Every way to write an IPv4 address that some program somewhere takes.
pub fn spellings(address: &str) -> Vec<String> {
    let octets: Vec<u32> = address
        .split('.')
        .map(|octet| octet.parse().unwrap())
        .collect();
    let [a, b, c, d] = octets[..] else {
        panic!("{address} is no IPv4 address")
    };
    let number = (a << 24) | (b << 16) | (c << 8) | d;
    let (high, low) = (number >> 16, number & 0xffff);
    vec![
        address.to_owned(),
        format!("{address}."),
        format!("{number}"),
        format!("{number:#x}"),
        format!("{number:#X}").replace("0X", "0x"),
        format!("0{number:o}"),
        format!("{a}.{}", number & 0xff_ffff),
        format!("{a}.{b}.{low}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.{b}.{c:#x}.{d}"),
        address.replace('.', "%2e"),
        address.replace('.', "。"),
        address.replace('1', "１"),
        address.replace('1', "①"),
        format!("[::ffff:{address}]"),
        format!("[::FFFF:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[::{address}]"),
        format!("[::ffff:0:{address}]"),
        format!("[64:ff9b::{address}]"),
        format!("[64:ff9b:1::{address}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
    ]
}

fn parcel(target: Target) -> Parcel {
    Parcel {
        target,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from_static(b"{}"),
        answer_bytes: 2_000,
    }
}

/// Sends to a URL, as far as it may be a target.
async fn send(carrier: &Carrier, url: &str) -> Result<Receipt, NoAnswer> {
    match Target::parse(url, carrier.rules()) {
        Ok(target) => carrier.send(&parcel(target)).await,
        Err(bad) => Err(NoAnswer {
            word: "refused_address",
            problem: bad.to_string(),
        }),
    }
}

fn strict(resolver: impl delivery::resolve::Resolve) -> Carrier {
    let rules = Rules {
        allow_http: true,
        allowed_networks: Vec::new(),
    };
    Carrier::new(rules, times(), Arc::new(resolver), tls().unwrap())
}

#[tokio::test]
async fn two_hundred_spellings_of_private_addresses_lead_to_no_connection() {
    let receiver = Receiver::on("0.0.0.0:0", Manner::Answer(200)).await;
    let port = receiver.address.port();
    let mut tried = 0;
    for address in PRIVATE {
        // A spelling that is taken for a name is looked up, and leads to the same place.
        let carrier = strict(Everywhere(address.parse().unwrap()));
        for host in spellings(address) {
            let told = send(&carrier, &format!("http://{host}:{port}/")).await;
            let told = told.expect_err(&host);
            assert_eq!(told.word, "refused_address", "{host}: {told}");
            tried += 1;
        }
    }
    for address in [
        "::1",
        "::",
        "fd00::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "::2",
    ] {
        let address: IpAddr = address.parse().unwrap();
        let carrier = strict(Everywhere(address));
        for host in [format!("[{address}]"), "inside.test".to_owned()] {
            let told = send(&carrier, &format!("http://{host}:{port}/")).await;
            assert_eq!(told.expect_err(&host).word, "refused_address");
            tried += 1;
        }
    }
    assert!(tried >= 200, "{tried}");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_between_check_and_connect_changes_nothing() {
    let receiver = Receiver::new(Manner::Answer(200)).await;
    let port = receiver.address.port();
    let inside = Receiver::on(&format!("127.0.0.2:{port}"), Manner::Answer(200)).await;
    let names = Arc::new(Names::default());
    let carrier = Carrier::new(rules(), times(), Arc::clone(&names) as _, tls().unwrap());
    let url = format!("http://hook.test:{port}/");
    names.lead("hook.test", &[&["127.0.0.1"], &["127.0.0.2"]]);
    assert_eq!(send(&carrier, &url).await.unwrap().status, 200);
    assert_eq!(
        names.asked.load(Ordering::SeqCst),
        1,
        "what was checked is what is used"
    );
    let told = send(&carrier, &url).await.unwrap_err();
    assert_eq!(told.word, "refused_address");
    names.lead("hook.test", &[&["127.0.0.1", "127.0.0.2"]]);
    let told = send(&carrier, &url).await.unwrap_err();
    assert_eq!(
        told.word, "refused_address",
        "one private address among others is one too many"
    );
    names.lead("hook.test", &[&[]]);
    assert_eq!(send(&carrier, &url).await.unwrap_err().word, "unresolved");
    assert_eq!(
        send(&carrier, "http://nobody.test/")
            .await
            .unwrap_err()
            .word,
        "unresolved"
    );
    assert_eq!((receiver.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_follows_it() {
    in_each_scene(|scene| async move {
        let world = World::new(scene).await;
        let elsewhere = Receiver::new(Manner::Answer(200)).await;
        let receiver = Receiver::new(Manner::Answer(200)).await;
        receiver.first(
            [301, 302, 303, 307, 308]
                .map(|status| Manner::With(status, "location", elsewhere.url())),
        );
        world.subscribe(&receiver).await;
        world.book().await;
        for _ in 0..6 {
            world.round().await;
            world.advance_s(2_000);
        }
        assert_eq!((receiver.count(), elsewhere.connections()), (6, 0));
        let attempts = world.attempts().await;
        assert!(
            attempts[..5]
                .iter()
                .all(|attempt| attempt.outcome == "redirected")
        );
        assert_eq!(attempts[5].outcome, "delivered");
    })
    .await;
}

#[tokio::test]
async fn every_status_is_read_as_it_was_answered_and_leads_nowhere_else() {
    let carrier = Carrier::new(rules(), times(), Arc::new(Names::default()), tls().unwrap());
    let elsewhere = Receiver::new(Manner::Answer(200)).await;
    let receiver = Receiver::new(Manner::Answer(200)).await;
    for status in 200..600 {
        receiver.behave(Manner::With(status, "location", elsewhere.url()));
        let receipt = send(&carrier, &receiver.url()).await;
        assert_eq!(
            receipt
                .unwrap_or_else(|none| panic!("{status}: {none}"))
                .status,
            status
        );
    }
    assert_eq!((receiver.count(), elsewhere.connections()), (400, 0));
}

#[tokio::test]
async fn answers_without_end_or_beginning_are_bounded_in_time_and_size() {
    let carrier = Carrier::new(rules(), times(), Arc::new(Names::default()), tls().unwrap());
    let bounded = Duration::from_secs(60);
    for (manner, expected) in [
        (Manner::Hang, "timed_out"),
        (Manner::Trickle, "timed_out"),
        (Manner::EndlessHead, "broken"),
        (Manner::Break, "broken"),
        (Manner::Nonsense, "broken"),
    ] {
        let receiver = Receiver::new(manner.clone()).await;
        let told = timeout(bounded, send(&carrier, &receiver.url())).await;
        let told = told.unwrap_or_else(|_| panic!("{manner:?} takes too long"));
        assert_eq!(told.unwrap_err().word, expected, "{manner:?}");
    }
    let receiver = Receiver::new(Manner::Endless).await;
    let receipt = timeout(bounded, send(&carrier, &receiver.url()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipt.status, 200);
    assert_eq!((receipt.body.len(), receipt.is_whole), (2_000, false));
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_told_as_such() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let carrier = Carrier::new(rules(), times(), Arc::new(Names::default()), tls().unwrap());
    let told = send(&carrier, &format!("http://{address}/"))
        .await
        .unwrap_err();
    assert_eq!(told.word, "unreachable");
}

#[tokio::test]
async fn a_question_is_answered_through_the_same_checks() {
    let carrier = Carrier::new(rules(), times(), Arc::new(Names::default()), tls().unwrap());
    let receiver = Receiver::new(Manner::Answer(200)).await;
    let inside = Receiver::on("127.0.0.2:0", Manner::Answer(200)).await;
    let ask = |host: String, rules: &Rules| {
        let question = Question {
            target: Target::parse(&format!("http://{host}/"), rules).unwrap(),
            headers: Vec::new(),
            body: b"{}".to_vec(),
        };
        carrier.ask(question)
    };
    let answer = ask(receiver.address.to_string(), &rules()).await.unwrap();
    assert_eq!((answer.status, answer.is_whole), (200, true));
    assert_eq!(answer.body, b"status 200");
    let careless = Rules {
        allow_http: true,
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let told = ask(inside.address.to_string(), &careless)
        .await
        .unwrap_err();
    assert_eq!((told.word, inside.connections()), ("refused_address", 0));
}
