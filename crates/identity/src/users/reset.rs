//! A forgotten password: asked for, and set anew.

use catalogue::people::PasswordReset;
use domain::id::{Id, IdSource};
use domain::text::Locale;
use rand::CryptoRng;
use store::{ColdCommand, Condition, Tx};

use super::accounts::ResetPassword;
use super::{SignInRefused, UserRefused, Users, email_of, find, note};
use crate::Occasion;
use crate::lifetimes;
use crate::secret::{self, Hash, Secret};

/// The most mails that one user has on the way at a time.
const MOST_WAITING: u64 = 3;

/// Why a password is not set anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResetRefused {
    /// No such token, or it has ended or was used.
    #[error("The link has ended or was used before. Please ask for a new one.")]
    Token,
    /// What may not be a password, or cannot be hashed just now.
    #[error("{0}")]
    User(#[from] UserRefused),
    /// Too many requests, or the store cannot answer.
    #[error("{0}")]
    NotNow(#[from] SignInRefused),
}

impl Users {
    /// Asks for a mail with which the password can be set anew. Nobody is told whether there is such an account.
    /// It is written in one of these languages, the best first; where there are no words in any of them, in that
    /// of the tenant in whose name it is sent.
    ///
    /// # Errors
    /// When it was asked too often, or the store cannot write.
    pub async fn ask_reset(
        &self,
        email: &str,
        languages: Vec<Locale>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<(), SignInRefused> {
        let email = email_of(email).unwrap_or_default();
        let account = format!("reset {email}");
        self.identity
            .throttle()
            .admit(&account, occasion.remote_ip, occasion.now)
            .map_err(|wait_s| SignInRefused::Throttled { wait_s })?;
        // Nobody has this token: the one that is mailed is made when it is.
        let nobodys = Secret::url_safe(rng).hash();
        let command = AskReset {
            email,
            languages,
            nobodys,
            occasion: occasion.clone(),
        };
        let asked = self.identity.store().run(command).await;
        asked.map_err(|error| SignInRefused::unavailable(&error))
    }

    /// Sets a password anew with the token that was mailed. The token works once; all sessions of the user end.
    ///
    /// # Errors
    /// Why not. A password that may not be one does not use the token up.
    pub async fn reset_password(
        &self,
        token: &str,
        password: &str,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ResetRefused> {
        if !self.is_reset_token(token, occasion).await? {
            return Err(ResetRefused::Token);
        }
        let command = ResetPassword {
            hash: secret::hash(token),
            password: self.hashed(password, rng).await?,
            occasion: occasion.clone(),
        };
        let reset = self.identity.store().run(command).await;
        let was_good = reset.map_err(|error| SignInRefused::unavailable(&error))?;
        was_good.then_some(()).ok_or(ResetRefused::Token)
    }

    /// Whether a token may be used. Whoever guesses never comes as far as hashing a password.
    async fn is_reset_token(
        &self,
        token: &str,
        occasion: &Occasion,
    ) -> Result<bool, SignInRefused> {
        let by_hash = Condition::Is(
            "hash",
            catalogue::Value::Bytes(secret::hash(token).to_vec()),
        );
        let found = async {
            let tx = self.identity.store().reader().await?;
            tx.find::<PasswordReset>(&by_hash, "", Some(1), 0).await
        };
        let found = found
            .await
            .map_err(|error| SignInRefused::unavailable(&error))?;
        Ok(found
            .first()
            .is_some_and(|reset| occasion.now < reset.expires_at))
    }
}

/// Takes back all that a user could set a password with.
pub(super) async fn forget_resets(tx: &mut Tx, user_id: Id) -> store::Result<()> {
    let sql = "DELETE FROM password_reset WHERE user_id = $1";
    tx.execute(sql, &[user_id.into()]).await?;
    Ok(())
}

struct AskReset {
    email: String,
    languages: Vec<Locale>,
    nobodys: Hash,
    occasion: Occasion,
}

impl ColdCommand for AskReset {
    type Output = ();

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<()> {
        let now = self.occasion.now;
        let user = find(tx, &self.email).await?;
        let Some(user) = user.filter(|user| user.closed_at.is_none()) else {
            return Ok(());
        };
        let sql = "DELETE FROM password_reset WHERE user_id = $1 AND expires_at <= $2";
        tx.execute(sql, &[user.id.into(), now.as_millisecond().into()])
            .await?;
        let of_user = Condition::Is("user_id", user.id.into());
        let waiting = tx
            .find::<PasswordReset>(&of_user, "", Some(MOST_WAITING), 0)
            .await?;
        if waiting.len() as u64 >= MOST_WAITING {
            return Ok(());
        }
        let id = ids.next(now);
        tx.insert(&[PasswordReset {
            tenant_id: user.tenant_id,
            id,
            user_id: user.id,
            hash: self.nobodys.to_vec(),
            created_at: now,
            expires_at: lifetimes::after(now, lifetimes::PASSWORD_RESET),
            tried_at: None,
            mailed_at: None,
            languages: self.languages.clone(),
        }])
        .await?;
        let event = "user.password_reset_asked";
        note(tx, ids, &self.occasion, user.tenant_id, user.id, event).await
    }
}
