//! Writes down that a long-life token was used, which is what keeps it alive.

use domain::id::IdSource;
use jiff::Timestamp;
use store::{ColdCommand, Tx};

use crate::lookup;
use crate::secret::Hash;

/// Writes down a use. A token that is gone or expired meanwhile stays so.
pub(crate) struct NoteUse {
    pub(crate) dialect: &'static str,
    pub(crate) hash: Hash,
    pub(crate) now: Timestamp,
}

impl ColdCommand for NoteUse {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<()> {
        if let Ok(found) = lookup::find(tx, self.dialect, &self.hash).await?
            && found.check(found.kind, None, self.now).is_ok()
        {
            super::note_use(tx, &found, self.now).await?;
        }
        Ok(())
    }
}
