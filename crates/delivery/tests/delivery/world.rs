//! A tenant whose events leave.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use catalogue::access::Grant;
use delivery::{
    Dispatcher, Pace, Settings,
    carry::{Carrier, Times, tls},
    mail::Post,
    resolve::Resolve,
};
use domain::{
    access::{Actor, Capabilities, Reach},
    id::{Id, IdSource},
};
use service::{
    PageOf,
    outgoing::{
        Attempt, AttemptFilter, Confirm, Delivery, DeliveryFilter, NewSubscription, Outgoing,
        Owner, Parts, SubscriptionView,
        render::Formats,
        seal::{SealKey, Secret},
        standard::{self, Standard},
        target::Rules,
    },
};
use store::{ColdCommand, Store, Tx, Value};
use testkit::{LaneOf, Scene};

use super::receiver::Receiver;

/// Names and what they lead to: the first answer goes to the first question; the last one stays.
#[derive(Default)]
pub struct Names {
    known: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub asked: AtomicUsize,
}

impl Names {
    pub fn lead(&self, name: &str, answers: &[&[&str]]) {
        let parse = |answer: &&[&str]| answer.iter().map(|of| of.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        self.known.lock().unwrap().insert(name.to_owned(), answers);
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut known = self.known.lock().unwrap();
        match known.get_mut(host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(io::Error::other("no such name")),
        }
    }
}

/// A name that leads to every private address there is would be one of these.
pub struct Everywhere(pub IpAddr);

#[async_trait]
impl Resolve for Everywhere {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0])
    }
}

pub fn rules() -> Rules {
    Rules {
        allow_http: true,
        allowed_networks: vec!["127.0.0.1/32".parse().unwrap()],
    }
}

pub fn times() -> Times {
    Times {
        connect: Duration::from_secs(3),
        answer: Duration::from_secs(3),
    }
}

pub fn pace() -> Pace {
    Pace {
        look: Duration::from_millis(10),
        forget: Duration::from_millis(50),
        clean: Duration::from_secs(600),
    }
}

/// Numbers from a seed, as good as random.
pub fn chance(seed: u64) -> service::outgoing::Chance {
    let state = AtomicU64::new(seed);
    Arc::new(move || {
        let mut bits = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    })
}

#[derive(Clone)]
pub struct World {
    pub scene: Scene,
    pub lane: Id,
    pub actor: Actor,
    pub outgoing: Outgoing,
    pub dispatcher: Dispatcher,
    pub names: Arc<Names>,
}

impl World {
    pub async fn new(scene: Scene) -> Self {
        let post = Post::nowhere().unwrap();
        Self::with(scene, post, times(), Settings::default()).await
    }

    pub async fn with(scene: Scene, post: Post, times: Times, settings: Settings) -> Self {
        let lane = scene.lane(LaneOf::places(1_000)).await;
        let actor = grant(
            &scene,
            scene.grant_id,
            Capabilities::everything(Reach::Tenant),
        )
        .await;
        let names = Arc::<Names>::default();
        let outgoing = outgoing(&scene.store, &scene);
        let dispatcher = dispatcher(&outgoing, &names, post, times, settings);
        Self {
            scene,
            lane,
            actor,
            outgoing,
            dispatcher,
            names,
        }
    }

    /// Another dispatcher, as a restart or a second server would make it.
    pub fn another(&self) -> Dispatcher {
        let post = Post::nowhere().unwrap();
        dispatcher(
            &self.outgoing,
            &self.names,
            post,
            times(),
            Settings::default(),
        )
    }

    pub fn wanted(&self, url: &str) -> NewSubscription {
        NewSubscription {
            target_url: url.to_owned(),
            events: ["placed", "changed", "cancelled", "confirmed", "removed"]
                .map(|verb| format!("booking.{verb}"))
                .to_vec(),
            confirm: Confirm::WaitForSuccess,
            format: standard::NAME.to_owned(),
            owner: Some(Owner {
                email: "owner@example.org".to_owned(),
                language: "de".to_owned(),
            }),
            secret: Some(Secret::new(b"a secret of some length".to_vec())),
        }
    }

    pub async fn subscribe_as(&self, new: NewSubscription) -> SubscriptionView {
        let made = self.outgoing.subscription_create(&self.actor, new).await;
        made.unwrap().unwrap().0
    }

    pub async fn subscribe(&self, receiver: &Receiver) -> SubscriptionView {
        self.subscribe_as(self.wanted(&receiver.url())).await
    }

    pub async fn subscription(&self, id: Id) -> SubscriptionView {
        let found = self.outgoing.subscription(&self.actor, id).await;
        found.unwrap().unwrap()
    }

    /// Places a booking.
    pub async fn book(&self) -> Id {
        self.scene.placed(self.scene.place(self.lane, 1, 2)).await
    }

    pub async fn change(&self, booking_id: Id) {
        self.scene.done(self.scene.change(booking_id)).await;
    }

    pub async fn round(&self) -> usize {
        self.dispatcher.round().await.unwrap()
    }

    pub fn advance_s(&self, seconds: i64) {
        self.scene.clock.advance_ms(seconds * 1_000);
    }

    pub async fn deliveries(&self) -> Vec<Delivery> {
        let mut found = Vec::new();
        for number in 1.. {
            let page = PageOf { number, size: 200 };
            let filter = DeliveryFilter::default();
            let read = self.outgoing.deliveries(&self.actor, &filter, page).await;
            let read = read.unwrap();
            found.extend(read.rows);
            if !read.more {
                break;
            }
        }
        found.reverse();
        found
    }

    pub async fn attempts(&self) -> Vec<Attempt> {
        let page = PageOf::first(500);
        let filter = AttemptFilter::default();
        let read = self.outgoing.attempts(&self.actor, &filter, page).await;
        let mut rows = read.unwrap().rows;
        rows.reverse();
        rows
    }

    /// Moves the clock to the next try of anything; whether there is one.
    pub async fn advance_to_next(&self) -> bool {
        let deliveries = self.deliveries().await;
        // What waits for something earlier is not what comes next.
        let mut heads = HashMap::new();
        for of in deliveries.iter().filter(|delivery| delivery.open) {
            let head = heads
                .entry((of.subscription_id, of.subject_id))
                .or_insert(of);
            if (of.ordinal, of.event_id) < (head.ordinal, head.event_id) {
                *head = of;
            }
        }
        let Some(next) = heads.values().map(|head| head.next_at).min() else {
            return false;
        };
        self.scene.clock.set(next.max(self.scene.clock.now()));
        true
    }

    pub async fn count(&self, table: &str) -> i64 {
        let tx = self.scene.store.reader().await.unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        match tx.query(&sql, &[]).await.unwrap()[0][0] {
            Value::Int(count) => count,
            ref other => panic!("{other:?}"),
        }
    }
}

pub fn outgoing(store: &Store, scene: &Scene) -> Outgoing {
    let clock = scene.clock.clone();
    Outgoing::new(Parts {
        store: store.clone(),
        formats: Formats::new().with(standard::NAME, Arc::new(Standard)),
        rules: rules(),
        key: SealKey::new([7; 32]),
        now: Arc::new(move || clock.now()),
        chance: chance(7),
    })
}

pub fn dispatcher(
    outgoing: &Outgoing,
    names: &Arc<Names>,
    post: Post,
    times: Times,
    settings: Settings,
) -> Dispatcher {
    let carrier = Carrier::new(rules(), times, Arc::clone(names) as _, tls().unwrap());
    Dispatcher::new(outgoing.clone(), carrier, post, settings, pace())
}

/// Gives a grant, and shows it as a caller.
pub async fn grant(scene: &Scene, id: Id, capabilities: Capabilities) -> Actor {
    let grant = Grant {
        id,
        tenant_id: scene.tenant_id,
        client_id: scene.client_id,
        dialect: "house".to_owned(),
        created_at: scene.clock.now(),
        revoked_at: None,
        capabilities: capabilities.clone(),
        scopes: Vec::new(),
        organizations: None,
        allow_list: Vec::new(),
        quota: catalogue::access::QuotaRule::Window {
            credits: 1,
            window_s: 1,
        },
        device_name: String::new(),
        linked_properties: false,
    };
    scene.store.run(Give(grant)).await.unwrap();
    Actor {
        tenant_id: scene.tenant_id,
        client_id: scene.client_id,
        grant_id: id,
        capabilities: Arc::new(capabilities),
        organizations: None,
        now: scene.clock.now(),
        request_id: "test".to_owned(),
    }
}

struct Give(Grant);

impl ColdCommand for Give {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        tx.insert(std::slice::from_ref(&self.0)).await
    }
}
