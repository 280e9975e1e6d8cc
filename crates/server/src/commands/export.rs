//! `tabard export`: writes journals as JSON lines.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use domain::id::Id;
use service::Service;
use store::{Store, journal_rows::JournalReader};

use super::{
    places::{self, Place},
    screen::{Progress, UNKNOWN, complain},
};

/// `tabard export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Works beside a running server. Everything stands as it was at one moment.\n\n\
    Example:\n  tabard export journal.jsonl && tabard verify journal.jsonl"
)]
pub struct Export {
    /// The file to write, or - for standard output
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The tenant, by its id [default: all]
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Option<Id>,
    #[command(flatten)]
    place: Place,
}

impl Export {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open_for_reading().await?;
        let tenants = self.tenants(&store).await?;
        if self.file == Path::new("-") {
            let mut out = BufWriter::new(io::stdout());
            write(&store, &tenants, &mut out, &mut |_| {}).await?;
            return Ok(out.flush()?);
        }
        // Under another name until it is whole, so that half a journal is never taken for one.
        let partial = self.file.with_added_extension("partial");
        let failed = || format!("can't write {}", partial.display());
        let mut out = BufWriter::new(File::create(&partial).with_context(failed)?);
        let mut progress = Progress::new();
        let entries = write(&store, &tenants, &mut out, &mut |entries| {
            progress.show("entries", entries, UNKNOWN)
        })
        .await?;
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        std::fs::rename(&partial, &self.file).with_context(failed)?;
        complain(&format!("{entries} entries in {}", self.file.display()));
        Ok(())
    }

    async fn tenants(&self, store: &Store) -> anyhow::Result<Vec<Id>> {
        let all = Service::new(store.clone()).tenants().await?;
        let ids: Vec<Id> = all.iter().map(|tenant| tenant.id).collect();
        let Some(wanted) = self.tenant else {
            return Ok(ids);
        };
        ensure!(
            ids.contains(&wanted),
            "there is no tenant {wanted}: `tabard tenant list` shows them"
        );
        Ok(vec![wanted])
    }
}

/// Writes the journals of tenants as they stand at one moment. Says how many entries there were.
async fn write(
    store: &Store,
    tenants: &[Id],
    out: &mut (impl Write + Send),
    progress: &mut (impl FnMut(u64) + Send),
) -> anyhow::Result<u64> {
    let mut tx = store.reader().await?;
    tx.begin_snapshot().await?;
    let mut count = 0;
    let mut lines = Vec::new();
    for tenant_id in tenants {
        let mut reader = JournalReader::new(*tenant_id);
        loop {
            let entries = reader.next(&mut tx).await?;
            if entries.is_empty() {
                break;
            }
            lines.clear();
            for sealed in &entries {
                sealed.write_line(&mut lines);
                lines.push(b'\n');
            }
            out.write_all(&lines)?;
            count += entries.len() as u64;
            progress(count);
        }
    }
    tx.end_snapshot().await?;
    Ok(count)
}
