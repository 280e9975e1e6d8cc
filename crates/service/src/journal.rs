//! The tenant's journal, as lines that the stand-alone checker reads.

use domain::access::Actor;
use store::{Tx, journal_rows::JournalReader};

use crate::{Result, Service, UseCase};

/// A journal of one moment, read a piece at a time.
pub struct JournalLines {
    tx: Tx,
    reader: JournalReader,
}

impl Service {
    /// The caller's journal as it stands now.
    pub async fn journal(&self, actor: &Actor) -> Result<JournalLines> {
        UseCase::ReadJournal.authorize(actor)?;
        let mut tx = self.store.reader().await?;
        tx.begin_snapshot().await?;
        Ok(JournalLines {
            tx,
            reader: JournalReader::new(actor.tenant_id),
        })
    }
}

impl JournalLines {
    /// The next lines, each ended by a line break; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let entries = self.reader.next(&mut self.tx).await?;
        if entries.is_empty() {
            self.tx.end_snapshot().await?;
            return Ok(None);
        }
        let mut lines = Vec::with_capacity(entries.len() * 400);
        for entry in entries {
            entry.write_line(&mut lines);
            lines.push(b'\n');
        }
        Ok(Some(lines))
    }
}
