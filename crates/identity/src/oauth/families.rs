//! Families of tokens: everything that comes from one code.
//!
//! A refresh token has two halves. The *selector* is the same in all refresh tokens of a family and finds it;
//! the *verifier* is new in each, and only the newest is kept. Whoever presents the right selector with
//! another verifier holds a token that was used before, so the family is taken back (RFC 9700, 4.14). Used
//! tokens need not be kept for that, however often a client refreshes.

use catalogue::access::Token;
use catalogue::oauth::{AuthorizationCode, TokenFamily};
use domain::id::Id;
use jiff::Timestamp;
use rand::CryptoRng;
use store::{Condition, Tx, Value};

use crate::lifetimes;
use crate::secret::{self, Hash, Secret};

/// Stands between the halves.
const BETWEEN: char = '.';

/// Characters of each half.
const HALF: usize = 43;

/// A new refresh token in its halves.
pub(crate) struct Halves {
    pub(crate) selector: String,
    pub(crate) verifier: String,
}

impl Halves {
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Halves {
        Halves {
            selector: Secret::url_safe(rng).reveal().to_owned(),
            verifier: Secret::url_safe(rng).reveal().to_owned(),
        }
    }

    /// The halves of a refresh token, if it has the shape of one. One that was cut short on its way is no
    /// replay of anything.
    pub(crate) fn of(presented: &str) -> Option<Halves> {
        let (selector, verifier) = presented.split_once(BETWEEN)?;
        let is_half = |text: &str| {
            text.len() == HALF
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        (is_half(selector) && is_half(verifier)).then(|| Halves {
            selector: selector.to_owned(),
            verifier: verifier.to_owned(),
        })
    }

    pub(crate) fn token(&self) -> Secret {
        Secret::of(format!("{}{BETWEEN}{}", self.selector, self.verifier))
    }

    pub(crate) fn selector_hash(&self) -> Hash {
        secret::hash(&self.selector)
    }

    pub(crate) fn verifier_hash(&self) -> Hash {
        secret::hash(&self.verifier)
    }
}

/// The family of a refresh token by its selector.
pub(crate) async fn find(tx: &mut Tx, selector: &Hash) -> store::Result<Option<TokenFamily>> {
    let by_selector = Condition::Is("selector", Value::Bytes(selector.to_vec()));
    Ok(tx
        .find::<TokenFamily>(&by_selector, "", Some(1), 0)
        .await?
        .pop())
}

/// The same, and nobody else changes it before this transaction has ended.
pub(crate) async fn find_locked(
    tx: &mut Tx,
    selector: &Hash,
) -> store::Result<Option<TokenFamily>> {
    match find(tx, selector).await? {
        Some(family) => tx.get_locked::<TokenFamily>(&[family.id.into()]).await,
        None => Ok(None),
    }
}

/// Takes a family back, with the access tokens that came from it.
pub(crate) async fn revoke(
    tx: &mut Tx,
    family_id: Id,
    grant_id: Id,
    tenant_now: Timestamp,
) -> store::Result<()> {
    let key = [Value::from(family_id)];
    if let Some(mut family) = tx.get_locked::<TokenFamily>(&key).await? {
        family.revoked_at = family.revoked_at.or(Some(tenant_now));
        tx.update(&mut family).await?;
    }
    let of_grant = Condition::Is("grant_id", grant_id.into());
    let tokens = tx.find::<Token>(&of_grant, "", None, 0).await?;
    let of_family = tokens
        .into_iter()
        .filter(|token| token.family_id == Some(family_id));
    let keys: Vec<_> = of_family
        .map(|token| vec![Value::Bytes(token.hash)])
        .collect();
    tx.remove::<Token>(&keys).await?;
    Ok(())
}

/// Takes back all families of a grant, every token of it, and the codes that nobody has used.
pub(crate) async fn revoke_all(
    tx: &mut Tx,
    grant_id: Id,
    tenant_now: Timestamp,
) -> store::Result<()> {
    let sql = "UPDATE token_family SET revoked_at = $2 WHERE grant_id = $1 AND revoked_at IS NULL";
    let cells = [grant_id.into(), tenant_now.as_millisecond().into()];
    tx.execute(sql, &cells).await?;
    tx.execute("DELETE FROM token WHERE grant_id = $1", &[grant_id.into()])
        .await?;
    let unused = "DELETE FROM authorization_code WHERE grant_id = $1 AND redeemed_at IS NULL";
    tx.execute(unused, &[grant_id.into()]).await?;
    Ok(())
}

/// Forgets the codes and families of a grant that ended long enough ago that nobody replays them.
pub(crate) async fn forget_old(
    tx: &mut Tx,
    grant_id: Id,
    refresh_unused: jiff::SignedDuration,
    tenant_now: Timestamp,
) -> store::Result<()> {
    let remembered_from = lifetimes::before(tenant_now, lifetimes::OAUTH_REMEMBERED);
    let unused_from = lifetimes::before(remembered_from, refresh_unused);
    let of_grant = Condition::Is("grant_id", grant_id.into());
    let codes = tx.find::<AuthorizationCode>(&of_grant, "", None, 0).await?;
    let families = tx.find::<TokenFamily>(&of_grant, "", None, 0).await?;
    let is_over = |family: &TokenFamily| {
        family.used_at < unused_from || family.revoked_at.is_some_and(|at| at < remembered_from)
    };
    let over: Vec<Id> = families
        .iter()
        .filter(|family| is_over(family))
        .map(|family| family.id)
        .collect();
    let keys: Vec<_> = over.iter().map(|id| vec![Value::from(*id)]).collect();
    tx.remove::<TokenFamily>(&keys).await?;
    // A used code is kept as long as its family lives, so that a late replay is still one.
    let lives = |id: Id| families.iter().any(|family| family.id == id) && !over.contains(&id);
    let ended = codes
        .into_iter()
        .filter(|code| code.expires_at < remembered_from && !lives(code.family_id));
    let keys: Vec<_> = ended.map(|code| vec![Value::Bytes(code.hash)]).collect();
    tx.remove::<AuthorizationCode>(&keys).await?;
    Ok(())
}
