//! The ceilings behind axum: an empty answer, and 30 days of availability by one bare
//! indexed query. They run in this process, on threads of their own, and are asked by the
//! same load generator over the same loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rusqlite::{Connection, OpenFlags};
use tokio_postgres::{Client, Statement};

use super::bare::{BareBooking, postgres, sqlite};

/// Nights of an availability answer.
const NIGHTS: i64 = 30;
const DAY_S: i64 = 86_400;

/// A server that ends when this is dropped.
pub struct Ceiling {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<anyhow::Result<()>>>,
}

/// What stands behind the query.
#[derive(Clone)]
enum Engine {
    Sqlite(Arc<Mutex<Vec<Connection>>>),
    Postgres(Arc<(Client, Statement)>),
}

/// Which lanes and nights the query knows.
#[derive(Clone)]
struct Shop {
    engine: Engine,
    tenant: i64,
}

/// The query of the ceiling on PostgreSQL.
const LOOK: &str = "SELECT starts_at, ends_at, quantity FROM allocation WHERE tenant_id = $1 AND lane_id = $2 \
                    AND starts_at >= $3 AND starts_at < $4 AND ends_at > $5";

impl Ceiling {
    /// A server whose only answer is empty.
    pub fn empty() -> anyhow::Result<Self> {
        Self::serve(|| async { Ok(Router::new().route("/", get(|| async { StatusCode::OK }))) })
    }

    /// A server that answers `GET /{lane}/{unix second}` from SQLite.
    pub fn sqlite(file: PathBuf, tenant: i64) -> anyhow::Result<Self> {
        Self::serve(move || async move {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut connections = Vec::new();
            for _ in 0..std::thread::available_parallelism()
                .map_or(2, usize::from)
                .max(2)
            {
                let connection = Connection::open_with_flags(&file, flags)?;
                connection
                    .execute_batch("PRAGMA mmap_size = 268435456; PRAGMA cache_size = -16384;")?;
                connections.push(connection);
            }
            Ok(shop(
                Engine::Sqlite(Arc::new(Mutex::new(connections))),
                tenant,
            ))
        })
    }

    /// The same from PostgreSQL.
    pub fn postgres(address: String, tenant: i64) -> anyhow::Result<Self> {
        Self::serve(move || async move {
            let client = postgres::connect(&address).await?;
            let statement = client.prepare(LOOK).await?;
            Ok(shop(
                Engine::Postgres(Arc::new((client, statement))),
                tenant,
            ))
        })
    }

    fn serve<F>(router: impl FnOnce() -> F + Send + 'static) -> anyhow::Result<Self>
    where
        F: Future<Output = anyhow::Result<Router>>,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a free port")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let router = router().await?;
                tokio::select! {
                    served = axum::serve(listener, router) => served.context("the ceiling's server"),
                    _ = stopped => Ok(()),
                }
            })
        });
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Stops it, and says when it could not work.
    pub fn close(mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        match self.thread.take() {
            None => Ok(()),
            Some(thread) => thread
                .join()
                .map_err(|_| anyhow::anyhow!("the ceiling's server panicked"))?,
        }
    }
}

fn shop(engine: Engine, tenant: i64) -> Router {
    Router::new()
        .route("/{lane}/{from}", get(availability))
        .with_state(Shop { engine, tenant })
}

async fn availability(State(shop): State<Shop>, Path((lane, from)): Path<(i64, i64)>) -> Response {
    match taken(&shop, lane, from).await {
        Ok(taken) => render(from, &taken).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

async fn taken(shop: &Shop, lane: i64, from: i64) -> anyhow::Result<Vec<(i64, i64, i64)>> {
    let until = from + NIGHTS * DAY_S;
    match &shop.engine {
        Engine::Sqlite(connections) => {
            let lost = || anyhow::anyhow!("a thread of the ceiling panicked");
            let connection = connections.lock().map_err(|_| lost())?.pop();
            let connection = connection.context("more readers than threads")?;
            let stretch = BareBooking {
                id: 0,
                lane,
                starts_at: from,
                ends_at: until,
            };
            let rows = sqlite::overlapping(&connection, shop.tenant, stretch, DAY_S);
            connections.lock().map_err(|_| lost())?.push(connection);
            rows
        }
        Engine::Postgres(client) => {
            let first = from - DAY_S;
            let rows = client
                .0
                .query(&client.1, &[&shop.tenant, &lane, &first, &until, &from])
                .await?;
            Ok(rows
                .iter()
                .map(|row| (row.get(0), row.get(1), row.get(2)))
                .collect())
        }
    }
}

/// The cheapest honest answer: one flag for each night.
fn render(from: i64, taken: &[(i64, i64, i64)]) -> String {
    let mut nights = [0_i64; NIGHTS as usize];
    for (starts_at, ends_at, quantity) in taken {
        for (night, count) in nights.iter_mut().enumerate() {
            let begins = from + night as i64 * DAY_S;
            if *starts_at < begins + DAY_S && *ends_at > begins {
                *count += quantity;
            }
        }
    }
    let mut text = String::with_capacity(800);
    text.push_str("{\"success\":true,\"data\":[{\"availability\":{");
    for (night, count) in nights.iter().enumerate() {
        let comma = if night == 0 { "" } else { "," };
        text.push_str(&format!(
            "{comma}\"{}\":{}",
            from + night as i64 * DAY_S,
            *count < 99
        ));
    }
    text.push_str("}}]}");
    text
}
