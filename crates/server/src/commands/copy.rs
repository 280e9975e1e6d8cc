//! `tabard copy`: moves a whole store between engines.

use store::StoreConfig;

use super::{
    places,
    screen::{Progress, say},
};

/// `tabard copy`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A store is the data directory of SQLite, or postgres://user:password@host/database.\n\n\
    Stop the servers of the source first: what they take while it is copied is not in the copy. The\n\
    target must be empty. Compare both sides afterwards: `tabard export` of each, then `cmp`.\n\n\
    Example:\n  tabard copy --from ./tabard-data --to postgres://tabard:password@db/tabard"
)]
pub struct Copy {
    /// The store to read
    #[arg(long, value_name = "STORE")]
    from: String,
    /// The store to write, which must be empty
    #[arg(long, value_name = "STORE")]
    to: String,
}

impl Copy {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (from, to) = (
            StoreConfig::parse(&self.from)?,
            StoreConfig::parse(&self.to)?,
        );
        anyhow::ensure!(from != to, "--from and --to name the same store");
        let source = places::open_for_reading(&from).await?;
        let target = places::open(&to).await?;
        let mut progress = Progress::new();
        let mut rows: u64 = 0;
        let mut show = |table: &str, done: u64, total: u64| {
            progress.show(table, done, total);
            if done == total {
                rows += total;
            }
        };
        let copied = store::copy(&source, &target, &mut show).await;
        target.close().await;
        copied?;
        say(&format!(
            "{rows} rows copied; serve the copy with: tabard serve {}",
            flag(&to)
        ))
    }
}

fn flag(config: &StoreConfig) -> String {
    match config {
        StoreConfig::Sqlite { directory } => format!("--data {}", directory.display()),
        // Its address may hold a password.
        StoreConfig::Postgres { .. } => "--store postgres://…".to_owned(),
    }
}
