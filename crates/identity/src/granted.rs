//! The grants of a tenant as its operator sees them: who holds them, since when, and for how long still.

use std::collections::HashMap;

use catalogue::ColumnKind::Int;
use catalogue::Value;
use catalogue::access::{Client, Grant, Tenant, Token};
use domain::id::Id;
use jiff::Timestamp;
use store::{Condition, Tx};

use crate::Identity;
use crate::lifetimes;
use crate::secret::TokenKind;

/// How many grants are read at once.
const PAGE: u64 = 500;

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has come yet, and its invite code is still good.
    Invited,
    /// Somebody holds a token that is still good.
    Held,
    /// Everything that stood for it has ended by itself.
    Ended,
    /// It was taken back, by its tenant or by its own client.
    TakenBack,
}

/// A grant as its tenant sees it. All moments are by the tenant's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// Its id, which callers carry and the request log names.
    pub id: Id,
    /// The client's name, as the operator gave it.
    pub client_name: String,
    /// The device's name, as the client itself gave it; empty where it gave none.
    pub device_name: String,
    /// The dialect's words for what it allows.
    pub scopes: Vec<String>,
    /// The organizations it is limited to; `None` for the whole tenant.
    pub organizations: Option<Vec<Id>>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When its holder last fetched a token; with a long-life token, when it last called, to the hour. `None`
    /// where nobody has come, or nothing is left that could tell.
    pub seen_at: Option<Timestamp>,
    /// When the last token or code that stands for it ends, if it is not used before. `None` where nothing
    /// stands for it, or what does has no end.
    pub ends_at: Option<Timestamp>,
    /// Where it stands.
    pub standing: Standing,
}

impl Identity {
    /// The grants that a tenant has given in a dialect whose clients come by codes and tokens of their own, in
    /// the order in which they were given. `None` where there is no such tenant.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn granted(
        &self,
        tenant_id: Id,
        dialect: &str,
        now: Timestamp,
    ) -> store::Result<Option<Vec<Granted>>> {
        let tx = self.store().reader().await?;
        let Some(tenant) = tx.get::<Tenant>(&[tenant_id.into()]).await? else {
            return Ok(None);
        };
        let tenant_now = lifetimes::tenant_now(now, tenant.clock_offset_ms);
        let mut granted = Vec::new();
        let mut after = Value::Int(0);
        loop {
            let grants = page(&tx, tenant_id, dialect, after).await?;
            let Some(last) = grants.last() else {
                return Ok(Some(granted));
            };
            after = Value::Int(last.id.get() + 1);
            granted.extend(views(&tx, grants, tenant_now).await?);
        }
    }
}

/// The next grants, from this id on.
async fn page(tx: &Tx, tenant_id: Id, dialect: &str, from: Value) -> store::Result<Vec<Grant>> {
    let condition = Condition::All(vec![
        Condition::Is("tenant_id", tenant_id.into()),
        Condition::Is("dialect", dialect.into()),
        Condition::From("id", from),
    ]);
    tx.find::<Grant>(&condition, "id", Some(PAGE), 0).await
}

async fn views(tx: &Tx, grants: Vec<Grant>, tenant_now: Timestamp) -> store::Result<Vec<Granted>> {
    let keys: Vec<_> = grants
        .iter()
        .map(|grant| vec![grant.client_id.into()])
        .collect();
    let clients = tx.find_each::<Client>(&[("id", Int)], &keys).await?;
    let names: HashMap<Id, String> = clients
        .into_iter()
        .map(|client| (client.id, client.name))
        .collect();
    let keys: Vec<_> = grants.iter().map(|grant| vec![grant.id.into()]).collect();
    let mut tokens: HashMap<Id, Vec<Token>> = HashMap::new();
    for token in tx.find_each::<Token>(&[("grant_id", Int)], &keys).await? {
        tokens.entry(token.grant_id).or_default().push(token);
    }
    let view = |grant: Grant| {
        let name = names.get(&grant.client_id).cloned().unwrap_or_default();
        let tokens = tokens.remove(&grant.id).unwrap_or_default();
        Granted::new(grant, name, &tokens, tenant_now)
    };
    Ok(grants.into_iter().map(view).collect())
}

impl Granted {
    fn new(grant: Grant, client_name: String, tokens: &[Token], tenant_now: Timestamp) -> Granted {
        let tokens: Vec<(TokenKind, &Token)> = tokens
            .iter()
            .filter_map(|token| Some((TokenKind::from_word(&token.kind)?, token)))
            .collect();
        let ends = tokens.iter().map(|(kind, token)| ends_at(*kind, token));
        Granted {
            seen_at: tokens
                .iter()
                .filter_map(|(kind, token)| seen_at(*kind, token))
                .max(),
            // One that has no end outlasts all others.
            ends_at: ends
                .map(|end| end.unwrap_or(Timestamp::MAX))
                .max()
                .filter(|end| *end < Timestamp::MAX),
            standing: standing(&grant, &tokens, tenant_now),
            id: grant.id,
            client_name,
            device_name: grant.device_name,
            scopes: grant.scopes,
            organizations: grant.organizations,
            created_at: grant.created_at,
        }
    }
}

fn ends_at(kind: TokenKind, token: &Token) -> Option<Timestamp> {
    let by_kind = || lifetimes::end(kind, token.created_at, token.used_at);
    token.expires_at.or_else(by_kind)
}

/// When a token was last fetched or used by its holder. Codes and long-life tokens are made by the operator,
/// so their making tells nothing of the holder.
fn seen_at(kind: TokenKind, token: &Token) -> Option<Timestamp> {
    match kind {
        TokenKind::Access | TokenKind::Refresh => token.used_at.max(Some(token.created_at)),
        TokenKind::Invite | TokenKind::LongLife | TokenKind::ApiKey => token.used_at,
    }
}

fn standing(grant: &Grant, tokens: &[(TokenKind, &Token)], tenant_now: Timestamp) -> Standing {
    let is_good =
        |kind: TokenKind, token: &Token| ends_at(kind, token).is_none_or(|end| tenant_now < end);
    let mut good = tokens
        .iter()
        .filter(|(kind, token)| is_good(*kind, token))
        .map(|(kind, _)| *kind)
        .peekable();
    if grant.revoked_at.is_some() {
        Standing::TakenBack
    } else if good.peek().is_none() {
        Standing::Ended
    } else if good.all(|kind| kind == TokenKind::Invite) {
        Standing::Invited
    } else {
        Standing::Held
    }
}
