//! What identity writes: one file per command. Each takes the real clock and new secrets' hashes as fields, so
//! that it can be run again.

pub(crate) mod give;
pub(crate) mod mint;
pub(crate) mod move_clock;
pub(crate) mod note_use;
pub(crate) mod redeem;
pub(crate) mod revoke;

use catalogue::Value;
use catalogue::access::Token;
use domain::id::Id;
use jiff::Timestamp;
use store::Tx;

use crate::lifetimes;
use crate::lookup::Found;
use crate::secret::{Hash, TokenKind};

/// A token's row.
pub(crate) fn token(
    hash: Hash,
    kind: TokenKind,
    tenant_id: Id,
    grant_id: Id,
    created_at: Timestamp,
) -> Token {
    let ends_by_itself = matches!(kind, TokenKind::Access | TokenKind::Invite);
    let end = lifetimes::end(kind, created_at, None);
    Token {
        hash: hash.to_vec(),
        tenant_id,
        grant_id,
        kind: kind.as_str().to_owned(),
        created_at,
        expires_at: end.filter(|_| ends_by_itself),
        used_at: None,
        family_id: None,
        scopes: None,
    }
}

/// Keeps a grant's row from being written by anybody else until the commit, on either engine.
pub(crate) async fn lock_grant(tx: &mut Tx, grant_id: Id) -> store::Result<()> {
    let sql = "UPDATE \"grant\" SET tenant_id = tenant_id WHERE id = $1";
    tx.execute(sql, &[grant_id.into()]).await?;
    Ok(())
}

/// Writes a new access token, and removes the grant's expired ones, so that they do not pile up.
async fn add_access(tx: &mut Tx, found: &Found, hash: Hash, now: Timestamp) -> store::Result<()> {
    let tenant_now = found.tenant_now(now);
    let (tenant_id, grant_id) = (found.tenant.id, found.grant.id);
    remove_ended(tx, grant_id, tenant_now).await?;
    let access = token(hash, TokenKind::Access, tenant_id, grant_id, tenant_now);
    tx.insert(&[access]).await
}

/// Removes the access tokens of a grant that have ended, so that they do not pile up.
pub(crate) async fn remove_ended(
    tx: &mut Tx,
    grant_id: Id,
    tenant_now: Timestamp,
) -> store::Result<()> {
    let sql = "DELETE FROM token WHERE grant_id = $1 AND kind = $2 AND expires_at <= $3";
    let expired: [Value; 3] = [
        grant_id.into(),
        TokenKind::Access.as_str().into(),
        tenant_now.as_millisecond().into(),
    ];
    tx.execute(sql, &expired).await?;
    Ok(())
}

/// Writes down that a token was used.
async fn note_use(tx: &mut Tx, found: &Found, now: Timestamp) -> store::Result<()> {
    let mut token = found.token.clone();
    token.used_at = Some(found.tenant_now(now));
    tx.update(&mut token).await
}
