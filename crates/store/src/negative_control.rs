//! Two ways to be wrong on purpose, so that the proofs can show that they would notice.
//!
//! This module exists only with the feature `negative_control`, which no release has. Each mistake
//! also has to be asked for by an environment variable of the process.

use std::{sync::LazyLock, time::Duration};

use domain::id::Id;

use crate::hot::Command;

/// Judges commands by what was there when they were made, not by what is there under the lock.
const SKIP_LANE_LOCK: &str = "TABARD_UNSAFE_SKIP_LANE_LOCK";

/// Answers before the commit, which then comes a moment later.
const ACK_BEFORE_COMMIT: &str = "TABARD_UNSAFE_ACK_BEFORE_COMMIT";

/// How long after the answer the commit comes.
const LATE: Duration = Duration::from_millis(50);

fn is_on(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}

pub(crate) fn answers_before_commit() -> bool {
    static ON: LazyLock<bool> = LazyLock::new(|| is_on(ACK_BEFORE_COMMIT));
    *ON
}

/// The id after which a command sees no allocations. The id of its event was drawn when the command
/// was made, and ids rise, so what was taken since then has a larger one.
pub(crate) fn blind_after(command: &Command) -> Option<Id> {
    static ON: LazyLock<bool> = LazyLock::new(|| is_on(SKIP_LANE_LOCK));
    match command {
        _ if !*ON => None,
        Command::Place(place) => Some(place.event_id),
        Command::Change(change) => Some(change.event_id),
        Command::Remove(_) | Command::OpenLane(_) | Command::SetCapacity(_) => None,
    }
}

pub(crate) async fn wait(is_postgres: bool) {
    if is_postgres {
        tokio::time::sleep(LATE).await;
    } else {
        // The writer of SQLite has a thread of its own, on which nobody else waits.
        std::thread::sleep(LATE);
    }
}
