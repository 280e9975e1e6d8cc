//! `tabard backup`: a consistent copy of the store in one file, taken while it is served.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{
    places::Place,
    screen::{Progress, say},
};

/// `tabard backup`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Works beside a running server and holds everything that was acknowledged before it began. The\n\
    file is a SQLite store, also where the store is PostgreSQL. To restore it, put it into an empty\n\
    directory as tabard.db and serve that, or copy it on: tabard copy --from DIR --to postgres://…\n\n\
    Example:\n  tabard backup backup-$(date +%F).db"
)]
pub struct Backup {
    /// The file to write, which must not exist yet
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open_for_reading().await?;
        let mut progress = Progress::new();
        let mut show = |part: &str, done: u64, total: u64| progress.show(part, done, total);
        store.backup(&self.file, &mut show).await?;
        let size = std::fs::metadata(&self.file)
            .with_context(|| self.file.display().to_string())?
            .len();
        say(&format!("{} bytes in {}", size, self.file.display()))
    }
}
