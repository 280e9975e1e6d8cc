//! The journal of a tenant, as lines that `tabard verify` reads.
//!
//! It is read a page at a time and written as fast as the client takes it. No connection of the
//! store is held in between, so a client who dawdles keeps nobody else from reading; each lane is
//! shown as it stood when its last page was read, and every lane's chain is whole.

use std::collections::BTreeSet;

use axum::body::Body;
use bytes::Bytes;
use domain::{access::capability, id::Id};
use futures_util::stream;
use http::{HeaderValue, StatusCode};
use http_kit::{Answer, Call, Denied, Refusal, Result};
use schemars::JsonSchema;
use store::{Store, journal_rows::JournalReader};

use super::State;

/// The media type of JSON lines.
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Which part of the journal.
#[derive(JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used: the document names the parameters by it"
)]
pub(super) struct JournalQuery {
    /// Only these lanes; a lane has the id of its resource.
    lane: Option<Vec<i64>>,
}

/// Writes it.
pub(super) async fn read(state: State, call: Call) -> Result<Answer> {
    if call.caller.expired(call.now) {
        return Err(Denied::Expired.into());
    }
    // Lanes of properties outside the grant would be shown too, so it takes the whole tenant.
    if call.actor.organizations.is_some() {
        return Err(Refusal::Forbidden {
            needs: capability::ACCOUNTS_READ,
        });
    }
    let lanes = call
        .query()?
        .ids("lane")?
        .into_iter()
        .map(Id::get)
        .collect();
    let pages = Pages {
        store: state.store,
        reader: JournalReader::new(call.actor.tenant_id),
        lanes,
    };
    let lines = stream::try_unfold(pages, |mut pages| async move {
        let page = pages.next().await;
        page.map(|page| page.map(|lines| (lines, pages)))
    });
    Ok(Answer::streamed(
        StatusCode::OK,
        LINES,
        Body::from_stream(lines),
    ))
}

struct Pages {
    store: Store,
    reader: JournalReader,
    lanes: BTreeSet<i64>,
}

impl Pages {
    /// The lines of the next page that has any; `None` at the end.
    async fn next(&mut self) -> store::Result<Option<Bytes>> {
        loop {
            let mut tx = self.store.reader().await?;
            let entries = self.reader.next(&mut tx).await?;
            drop(tx);
            if entries.is_empty() {
                return Ok(None);
            }
            let mut lines = Vec::with_capacity(entries.len() * 400);
            let wanted = |lane: i64| self.lanes.is_empty() || self.lanes.contains(&lane);
            for sealed in entries.iter().filter(|sealed| wanted(sealed.entry.lane)) {
                sealed.write_line(&mut lines);
                lines.push(b'\n');
            }
            if !lines.is_empty() {
                return Ok(Some(lines.into()));
            }
        }
    }
}
