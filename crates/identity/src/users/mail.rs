//! The mails with which passwords are set anew, on their way out.
//!
//! What waits is a row, written in the commit in which it was asked for, so nothing is lost by a kill. The
//! token is made when somebody sets out to mail it, and only its hash is written. A mail that could not be
//! posted is tried again with another token, until the row ends.

use async_trait::async_trait;
use catalogue::inventory::Organization;
use catalogue::people::{PasswordReset, User};
use domain::id::{Id, IdSource};
use domain::text::Locale;
use jiff::Timestamp;
use rand::CryptoRng;
use store::{ColdCommand, Condition, Tx};

use super::Users;
use crate::lifetimes;
use crate::secret::{Hash, Secret};

/// The most mails that are taken at a time.
const AT_A_TIME: u64 = 20;

/// Among how many properties of a tenant is looked for its languages.
const PROPERTIES_LOOKED_AT: u64 = 50;

/// A mail that lets its receiver set a password.
#[derive(Clone, Debug)]
pub struct ResetMail {
    /// The tenant in whose name it is sent.
    pub tenant_id: Id,
    /// The address.
    pub to: String,
    /// The name.
    pub name: String,
    /// The languages in which its receiver likes to read, best first, then those of the tenant; may be empty.
    pub languages: Vec<Locale>,
    /// What goes into the link. It is shown here and nowhere else.
    pub token: Secret,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// A mail that was not taken. It is tried again in a minute.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the mail was not taken: {0}")]
pub struct NotPosted(pub String);

/// Takes mails. The mail room implements it.
#[async_trait]
pub trait Postbox: Send + Sync {
    /// Takes a mail.
    ///
    /// # Errors
    /// When it has to be tried again.
    async fn post(&self, mail: ResetMail) -> Result<(), NotPosted>;
}

impl Users {
    /// Posts the mails that wait, and says how many. To be called every few seconds; several servers may do so
    /// at once, and each mail is taken by one of them.
    ///
    /// # Errors
    /// When the store cannot read or write.
    pub async fn post_waiting(
        &self,
        postbox: &dyn Postbox,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> store::Result<usize> {
        let mut posted = 0;
        for waiting in self.waiting(now).await? {
            let token = Secret::url_safe(rng);
            let names = (waiting.tenant_id, waiting.id);
            let claim = Claim {
                names,
                hash: token.hash(),
                now,
            };
            let Some(user) = self.identity.store().run(claim).await? else {
                continue;
            };
            let mut languages = waiting.languages;
            languages.extend(self.own_languages(waiting.tenant_id).await?);
            let mail = ResetMail {
                tenant_id: waiting.tenant_id,
                to: user.email,
                name: user.name,
                languages,
                token,
                expires_at: waiting.expires_at,
            };
            match postbox.post(mail).await {
                Ok(()) => {
                    self.identity.store().run(Mailed { names, now }).await?;
                    posted += 1;
                }
                Err(error) => tracing::warn!(%error, "a password's mail will be tried again"),
            }
        }
        Ok(posted)
    }

    async fn waiting(&self, now: Timestamp) -> store::Result<Vec<PasswordReset>> {
        let living = Condition::All(vec![
            Condition::Is("mailed_at", catalogue::Value::Null),
            Condition::From(
                "created_at",
                lifetimes::before(now, lifetimes::PASSWORD_RESET)
                    .as_millisecond()
                    .into(),
            ),
        ]);
        let tx = self.identity.store().reader().await?;
        // Whoever has not been tried comes first, so that what fails holds nobody up.
        let order = "COALESCE(tried_at, 0), created_at";
        tx.find::<PasswordReset>(&living, order, Some(AT_A_TIME), 0)
            .await
    }
}

impl Users {
    /// The languages of a tenant's properties, those of the oldest one first. They are looked up for the mail
    /// and not when it is asked for: how long the asking takes must not tell whether there is such an account.
    async fn own_languages(&self, tenant_id: Id) -> store::Result<Vec<Locale>> {
        let of_tenant = Condition::Is("tenant_id", tenant_id.into());
        let tx = self.identity.store().reader().await?;
        let oldest = tx
            .find::<Organization>(&of_tenant, "id", Some(PROPERTIES_LOOKED_AT), 0)
            .await?;
        let own = oldest.into_iter().flat_map(|one| one.details.locales);
        Ok(own.collect())
    }
}

/// Sets out to mail a token, if nobody else has just done so.
struct Claim {
    names: (Id, Id),
    hash: Hash,
    now: Timestamp,
}

impl ColdCommand for Claim {
    /// Who it is for.
    type Output = Option<User>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Option<User>> {
        let key = [self.names.0.into(), self.names.1.into()];
        let Some(mut reset) = tx.get_locked::<PasswordReset>(&key).await? else {
            return Ok(None);
        };
        let free_from = lifetimes::before(self.now, lifetimes::PASSWORD_RESET_CLAIM);
        let is_taken = reset.tried_at.is_some_and(|at| at > free_from);
        if is_taken || reset.mailed_at.is_some() || reset.expires_at <= self.now {
            return Ok(None);
        }
        reset.tried_at = Some(self.now);
        reset.hash = self.hash.to_vec();
        tx.update(&mut reset).await?;
        let user = tx.get::<User>(&[reset.user_id.into()]).await?;
        Ok(user.filter(|user| user.closed_at.is_none()))
    }
}

/// Writes down that a mail was posted.
struct Mailed {
    names: (Id, Id),
    now: Timestamp,
}

impl ColdCommand for Mailed {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<()> {
        let sql = "UPDATE password_reset SET mailed_at = $3 WHERE tenant_id = $1 AND id = $2";
        let cells = [
            self.names.0.into(),
            self.names.1.into(),
            self.now.as_millisecond().into(),
        ];
        tx.execute(sql, &cells).await?;
        Ok(())
    }
}
