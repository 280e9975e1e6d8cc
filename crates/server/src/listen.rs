//! Accepts connections, serves HTTP/1 and HTTP/2 on them, cuts those that are slow or silent, and
//! stops gracefully.
//!
//! [`Listener::run`] is the loop. Each connection has a [`pulse::Pulse`], on which its stream and
//! its requests note what is being waited for; one watchman walks over all pulses a few times a
//! second, so a request pays for its time limits with a few atomic writes and no timer.

mod addresses;
mod body;
mod connection;
mod pulse;
mod stream;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use ipnet::IpNet;
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

use self::{addresses::Addresses, pulse::Pulse};
use crate::{app::Routers, settings::Limits};

/// How often overdue connections are looked for.
const WATCHED_EVERY: Duration = Duration::from_millis(200);

/// The pause after an accept that failed, which is mostly for want of file descriptors.
const AFTER_A_FAILURE: Duration = Duration::from_millis(50);

/// Connections that the kernel may hold for us while we are busy.
const BACKLOG: u32 = 1_024;

/// A socket that is bound, and what is served on it.
pub struct Listener {
    socket: TcpListener,
    shared: Arc<Shared>,
}

/// What all connections of a listener share.
pub(crate) struct Shared {
    pub(crate) routers: Routers,
    pub(crate) limits: Limits,
    pub(crate) in_flight: AtomicUsize,
    /// Shows `in_flight`; looked up once, because each request moves it.
    pub(crate) requests: metrics::Gauge,
    near: Vec<IpNet>,
    open: AtomicUsize,
    addresses: Addresses,
    pulses: Mutex<Vec<Arc<Pulse>>>,
}

impl Listener {
    /// Binds the address. Nothing is accepted before [`Listener::run`].
    ///
    /// # Errors
    /// When the address is taken or may not be used.
    pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
        let bound = || -> std::io::Result<TcpListener> {
            let socket = if address.is_ipv6() {
                tokio::net::TcpSocket::new_v6()?
            } else {
                tokio::net::TcpSocket::new_v4()?
            };
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        bound().with_context(|| {
            format!(
                "can't listen on {address}: stop what listens there, or choose another address with --listen"
            )
        })
    }

    /// Serves these routers on a bound socket. Connections from `near` networks are counted by the
    /// limit for proxies.
    pub fn new(socket: TcpListener, routers: Routers, limits: Limits, near: Vec<IpNet>) -> Self {
        let shared = Shared {
            routers,
            limits,
            in_flight: AtomicUsize::new(0),
            requests: metrics::gauge!("http_requests_in_flight"),
            near,
            open: AtomicUsize::new(0),
            addresses: Addresses::default(),
            pulses: Mutex::default(),
        };
        Self {
            socket,
            shared: Arc::new(shared),
        }
    }

    /// Serves until `stopping` turns true, then finishes what was accepted, but not for longer than
    /// the drain limit. Says whether everything was finished.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) -> bool {
        let watchman = tokio::spawn(watch_pulses(Arc::clone(&self.shared)));
        // Each connection holds a sender; when the last one is gone, nothing is under way.
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        while !*stopping.borrow() {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(stream, peer, &stopping, &alive),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(AFTER_A_FAILURE).await;
                    }
                },
                _ = stopping.changed() => {}
            }
        }
        let Self { socket, shared } = self;
        drop(socket);
        drop(alive);
        let limit = Duration::from_secs(shared.limits.drain_time_s);
        let finished = tokio::time::timeout(limit, all_gone.recv()).await.is_ok();
        watchman.abort();
        if !finished {
            let open = shared.open.load(Ordering::Relaxed);
            tracing::warn!(open, "the drain limit has passed; open connections are cut");
        }
        finished
    }

    fn admit(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        stopping: &watch::Receiver<bool>,
        alive: &mpsc::Sender<()>,
    ) {
        let shared = &self.shared;
        metrics::counter!("http_connections_total").increment(1);
        if shared.open.load(Ordering::Relaxed) >= shared.limits.connections {
            metrics::counter!("http_connections_refused_total", "limit" => "connections")
                .increment(1);
            return;
        }
        let limit = shared.limit_of(peer.ip());
        let Some(seat) = shared.addresses.enter(peer.ip(), limit) else {
            metrics::counter!("http_connections_refused_total", "limit" => "connections_per_address")
                .increment(1);
            return;
        };
        let open = Open::new(Arc::clone(shared));
        let (stopping, alive) = (stopping.clone(), alive.clone());
        tokio::spawn(async move {
            connection::serve(&open, stream, peer, stopping).await;
            drop((seat, alive));
        });
    }
}

impl Shared {
    fn limit_of(&self, address: IpAddr) -> usize {
        let address = address.to_canonical();
        let near =
            address.is_loopback() || self.near.iter().any(|network| network.contains(&address));
        if near {
            self.limits.connections_per_proxy
        } else {
            self.limits.connections_per_address
        }
    }
}

/// One open connection: counted, and watched through its pulse.
struct Open {
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
}

impl Open {
    fn new(shared: Arc<Shared>) -> Self {
        let pulse = Arc::new(Pulse::new(pulse::now_ms()));
        shared.pulses.lock().push(Arc::clone(&pulse));
        shared.open.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("http_connections").increment(1);
        Self { shared, pulse }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.pulse.end();
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("http_connections").decrement(1);
    }
}

/// Looks for overdue connections, and forgets those that have ended.
async fn watch_pulses(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(WATCHED_EVERY).await;
        let now = pulse::now_ms();
        let limits = &shared.limits;
        shared.pulses.lock().retain(|pulse| {
            if pulse.has_ended() {
                return false;
            }
            if let Some(overdue) = pulse.overdue(now, limits) {
                metrics::counter!("http_connections_cut_total", "limit" => overdue.word())
                    .increment(1);
                pulse.cut();
            }
            true
        });
    }
}
