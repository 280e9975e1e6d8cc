//! One resource as the document that webhooks and commands carry, and what stands around it.

use domain::{access::Actor, id::Id};
use jsonapi::{Address, Locales, Query, ResourceType, Row, Rules, View};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::read::Look;
use crate::{rows, seen::Seen, state::State};

/// Why a record could not be read.
#[derive(Debug)]
pub enum NoRecord {
    /// There is none for this caller.
    Nothing,
    /// The store could not be asked.
    Failed(service::Error),
}

impl From<service::Error> for NoRecord {
    fn from(error: service::Error) -> Self {
        match error {
            // The row says who may read it, and this one may not.
            service::Error::Forbidden(_) => Self::Nothing,
            other => Self::Failed(other),
        }
    }
}

/// Where our API stands, as the links in records name it.
pub fn base(state: &State) -> String {
    format!("{}/v3", state.oauth.profile().issuer)
}

/// The query of somebody who asks for a resource and nothing else.
pub fn plain(state: &State, kind: &'static ResourceType) -> Result<Query, NoRecord> {
    let rules = Rules::one(&state.schema, kind);
    let query = Query::parse(&rules, "", &|_| true);
    query.map_err(|_| NoRecord::Failed(service::Error::Internal))
}

/// A look into the store for one record.
pub async fn look<'a>(
    state: &'a State,
    actor: &'a Actor,
    seen: Seen,
    query: &'a Query,
) -> Result<Look<'a>, NoRecord> {
    // Read before the connection is taken, so that nobody holds two.
    let tenant = state.service.tenant(actor.tenant_id).await?;
    let reading = state.service.reading(actor).await?;
    let mut seen = seen;
    seen.learn_channels(&reading).await?;
    Ok(Look {
        reading,
        query,
        seen,
        now: actor.now,
        tenant: tenant.map(|tenant| tenant.name),
        state,
        amenities: OnceCell::new(),
    })
}

/// The resource of this type and id, as far as it is shown here.
pub async fn find(kind: &'static ResourceType, id: Id, look: &Look<'_>) -> Result<Row, NoRecord> {
    let rows = rows::load(kind, &[id], look).await?;
    rows.into_iter().next().ok_or(NoRecord::Nothing)
}

/// A document with a resource, in all its languages.
pub fn document(state: &State, query: &Query, row: &Row) -> Value {
    let (base, locales) = (base(state), Locales::all());
    let address = Address {
        base: &base,
        path: "",
        query: "",
    };
    let view = View {
        query,
        address,
        locales: &locales,
    };
    json!({ "data": view.resource(row) })
}

/// The context of what belongs to this organization: an administration, or all of them.
pub fn context(tenant_id: Id, organization_id: Option<Id>) -> (&'static str, Id) {
    match organization_id.filter(|id| *id != tenant_id) {
        Some(id) => ("administration", id),
        None => ("organization", tenant_id),
    }
}
