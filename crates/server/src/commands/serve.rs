//! `tabard serve`: everything together, until somebody stops it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use delivery::Dispatcher;
use domain::id::IdSource;
use http_kit::{Clock, SystemClock};
use store::Store;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use super::screen::say;
use crate::{
    app::{App, Parts, Routers},
    demo, entropy, expiry,
    health::{self, Health},
    ids,
    leaving::{self, Letterbox},
    listen::Listener,
    secret,
    settings::{self, Flags, Settings},
    telemetry, units,
};

/// How long what leaves may take to finish what is under way, once no request is left.
const LEAVE_LIMIT: Duration = Duration::from_secs(30);

/// How long a store may take to finish what it has accepted, once no request is left.
const CLOSE_LIMIT: Duration = Duration::from_secs(30);

/// `tabard serve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Settings come from flags, from environment variables such as TABARD_LISTEN, and from the\n\
    file given by --config; flags win. tabard.sample.toml lists them all.\n\n\
    The server stops on SIGTERM and SIGINT: it takes no more connections, finishes what it has\n\
    accepted, and closes the store. A second signal ends it at once.\n\n\
    Examples:\n  \
    tabard serve --demo\n  \
    tabard serve --demo --deliver-to 127.0.0.0/8 --deliver-over-http\n  \
    tabard serve --data ./tabard-data --listen 127.0.0.1:8080\n  \
    tabard serve --store postgres://tabard:password@db/tabard --node 1 --log-format json"
)]
pub struct Serve {
    /// A configuration file in TOML
    #[arg(long, value_name = "FILE", env = "TABARD_CONFIG")]
    config: Option<PathBuf>,
    /// Make a sandbox tenant to try things with when the store is empty, and write demo.json
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    /// Does it.
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut settings = settings::load(self.config.as_deref(), &self.flags)?;
        if self.demo && settings.mail.folder.is_none() && settings.mail.server.is_none() {
            settings.mail.folder = Some(settings.data.join("mail"));
        }
        let _flowing = telemetry::start_log(&settings.log)?;
        allow_many_files();
        let runtime = super::runtime()?;
        let served = runtime.block_on(serve(settings, self.demo));
        // What still runs now has had its time.
        runtime.shutdown_timeout(Duration::from_millis(100));
        served
    }
}

async fn serve(settings: Settings, with_demo: bool) -> anyhow::Result<()> {
    let metrics = telemetry::metrics()?;
    let mut signals = Signals::new()?;
    // The sockets come first: a second server on the same address ends before it touches the store.
    let socket = Listener::bind(settings.listen)?;
    let metrics_socket = settings.metrics.listen.map(Listener::bind).transpose()?;
    let url = settings.public_url(socket.local_addr()?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Arc::new(IdSource::new(settings.node));
    let store = Store::open(&settings.store()?, Arc::clone(&ids)).await?;
    ids::continue_after_stored(&store).await?;
    let secret = own_secret(&settings, &store)?;
    let parts = Parts {
        store: store.clone(),
        ids,
        clock: Arc::clone(&clock),
        seed: entropy::seed(),
        secret,
        public_url: url.clone(),
    };
    let app = App::build(parts, &settings)?;
    let dispatcher = leaving::dispatcher(&app, &settings, &url)?;
    let demo = if with_demo {
        demo::prepare(&app, &settings.data, &url).await?
    } else {
        None
    };
    let (stop, stopping) = watch::channel(false);
    let health = health::router(Health {
        store: store.clone(),
        metrics: metrics.clone(),
        stopping: stopping.clone(),
    });
    let listeners = listeners(&app, health, socket, metrics_socket, &settings);
    let serving: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(listener.run(stopping.clone())))
        .collect();
    let sorting = tokio::spawn(telemetry::sort_samples(metrics));
    let searching = settings.search.at_start.then(|| {
        let (service, now) = (app.service.clone(), clock.now());
        tokio::spawn(async move { prepare_searches(&service, now).await })
    });
    let leaving = leave(&app, dispatcher, &stopping);
    let completing = {
        let (service, now) = (app.service.clone(), clock.now());
        tokio::spawn(async move { units::complete_units(&service, now).await })
    };
    let expiring = tokio::spawn(expiry::expire_for_ever(app.service.clone(), clock));
    metrics::gauge!("process_start_time_seconds").set(SystemClock.now().as_second() as f64);
    tracing::info!(%url, environment = settings.environment, store = if store.is_postgres() { "postgres" } else { "sqlite" }, "serving");
    announce(&url, demo.as_ref(), with_demo)?;
    let reason = signals.wait().await;
    tracing::info!(reason, "stopping: what was accepted is finished");
    stop.send_replace(true);
    tokio::spawn(async move { signals.insist().await });
    for listener in serving {
        listener.await.context("a listener ended in panic")?;
    }
    for task in leaving {
        if tokio::time::timeout(LEAVE_LIMIT, task).await.is_err() {
            tracing::warn!(
                "what was leaving did not end in time; it is repeated after the next start"
            );
        }
    }
    expiring.abort();
    completing.abort();
    if let Some(searching) = searching {
        searching.abort();
    }
    sorting.abort();
    close(store).await;
    tracing::info!("stopped");
    Ok(())
}

/// The secret that outlives this run, made where there is none yet.
fn own_secret(settings: &Settings, store: &Store) -> anyhow::Result<[u8; 32]> {
    let (secret, is_new) = secret::read_or_make(settings, entropy::seed())?;
    let data = settings.data.display();
    if is_new && store.is_postgres() {
        tracing::warn!(%data, "a key file was made: other servers of this database need the same one, or the same setting `secret`");
    } else if is_new {
        tracing::info!(%data, "a key file was made: keep a copy of it, since backups of the store do not hold it");
    }
    Ok(secret)
}

/// Lets leave what leaves, until the server stops: webhooks and mail, and the mails of people who have
/// forgotten their password where they have a page to say so.
fn leave(
    app: &App,
    dispatcher: Dispatcher,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    if let Some(oauth) = app.oauth.first() {
        let letterbox = Letterbox::new(dispatcher.clone(), app.outgoing.clone(), oauth.clone());
        let stop = stopped(stopping.clone());
        tasks.push(tokio::spawn(async move {
            letterbox.post_until(stop, entropy::secrets()).await;
        }));
    }
    let stop = stopped(stopping.clone());
    tasks.push(tokio::spawn(async move { dispatcher.run(stop).await }));
    tasks
}

/// Ready when the server is asked to stop, or when nobody is left who could ask.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}

/// Makes the search indexes of all tenants. What fails is made when somebody searches.
async fn prepare_searches(service: &service::Service, now: jiff::Timestamp) {
    match service.prepare_searches(now).await {
        Ok(resources) => tracing::info!(resources, "the search indexes stand"),
        Err(error) => tracing::warn!(%error, "the search indexes could not be made beforehand"),
    }
}

fn listeners(
    app: &App,
    health: axum::Router,
    socket: TcpListener,
    metrics_socket: Option<TcpListener>,
    settings: &Settings,
) -> Vec<Listener> {
    let limits = &settings.limits;
    let near = &settings.trusted_proxies;
    let listener = |socket, routers| Listener::new(socket, routers, limits.clone(), near.clone());
    match metrics_socket {
        None => vec![listener(socket, app.routers.clone().with(health))],
        Some(own) => vec![
            listener(socket, app.routers.clone()),
            listener(own, Routers::new(health)),
        ],
    }
}

/// On SQLite closing waits for threads, so it gets a thread itself.
async fn close(store: Store) {
    let runtime = tokio::runtime::Handle::current();
    let closing = tokio::task::spawn_blocking(move || runtime.block_on(store.close()));
    if tokio::time::timeout(CLOSE_LIMIT, closing).await.is_err() {
        tracing::error!("the store did not close in time; the next start makes up for it");
    }
}

/// As many open files as the system allows, since each connection is one.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!(%error, "the limit on open files could not be raised");
    }
}

/// What asks the server to stop.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }

    /// The second signal ends the process.
    async fn insist(mut self) {
        let reason = self.wait().await;
        tracing::warn!(reason, "asked to stop twice: stopping at once");
        // A moment for the log to be written.
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::process::exit(1);
    }
}

fn announce(url: &str, demo: Option<&demo::File>, with_demo: bool) -> anyhow::Result<()> {
    say(&format!(
        "tabard serves {url}\n  Beds24 API       {url}/beds24/v2\n  Booking Experts  {url}/bookingexperts/v3\n  house API        {url}/tabard/v1\n  health           {url}/health/ready"
    ))?;
    match demo {
        Some(demo) => say(&first_booking(demo)),
        None if with_demo => {
            say("\nno demo: the store has other tenants. Choose an empty directory with --data.")
        }
        None => Ok(()),
    }
}

fn first_booking(demo: &demo::File) -> String {
    let beds24 = &demo.beds24;
    let room = beds24.room_ids.first().copied().unwrap_or_default();
    let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    format!(
        "\nThe demo's credentials are in demo.json in the data directory. A booking to paste:\n\n\
         curl {}/bookings -H 'content-type: application/json' \\\n  \
         -H 'token: {}' \\\n  \
         -d '[{{\"roomId\":{room},\"status\":\"confirmed\",\"arrival\":\"{}\",\"departure\":\"{}\",\"numAdult\":2,\
         \"firstName\":\"Ada\",\"lastName\":\"Lovelace\",\"actions\":{{\"checkAvailability\":true}}}}]'\n",
        beds24.base_url,
        beds24.token,
        day(14),
        day(16),
    )
}
