//! Signing in and out, and who is signed in.

use catalogue::Value;
use catalogue::people::{Session, User};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use rand::CryptoRng;
use store::{ColdCommand, Condition, Tx};

use super::{Users, email_of, find, note};
use crate::lifetimes;
use crate::secret::{self, Hash, Secret};
use crate::{Denied, Occasion};

/// The most sessions of one user; the oldest ends when there is one more.
const MOST_SESSIONS: usize = 20;

/// Who is signed in, and with what.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What the session's cookie holds.
    pub secret: Secret,
    /// The user.
    pub user_id: Id,
    /// The user's name.
    pub name: String,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// No such account, or not its password. Which of both is not said.
    #[error("That is not the right email and password.")]
    Wrong,
    /// The form was made for another browser, or is too old.
    #[error("The form was too old. Please try again.")]
    ForeignForm,
    /// Too many trials.
    #[error("That was tried too often. Please wait {wait_s} seconds.")]
    Throttled {
        /// Seconds to wait.
        wait_s: u32,
    },
    /// It cannot be looked up just now.
    #[error("This cannot be done just now. Please try again in a moment.")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}

impl SignInRefused {
    pub(crate) fn unavailable(error: &store::Error) -> SignInRefused {
        let retry_after_s = match Denied::unavailable(error) {
            Denied::Unavailable { retry_after_s } => retry_after_s,
            _ => 5,
        };
        SignInRefused::Unavailable { retry_after_s }
    }

    pub(crate) const BUSY: SignInRefused = SignInRefused::Unavailable { retry_after_s: 2 };
}

impl Users {
    /// Signs a user in with a password. The session is a new one; that of `session_cookie`, which
    /// somebody else may have planted, ends.
    ///
    /// # Errors
    /// Why not.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        session_cookie: Option<&str>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<SignedIn, SignInRefused> {
        // What cannot be an address is tried like one that nobody has.
        let email = email_of(email).unwrap_or_default();
        let throttle = self.identity.throttle();
        throttle
            .admit(&email, occasion.remote_ip, occasion.now)
            .map_err(|wait_s| SignInRefused::Throttled { wait_s })?;
        let user = self.user_of(&email).await?;
        let stored = user.as_ref().and_then(|user| user.password.clone());
        let trial = self.identity.passwords().belongs(password, stored).await;
        let is_right = trial.map_err(|_| SignInRefused::BUSY)?;
        let user = user.filter(|_| is_right).ok_or(SignInRefused::Wrong)?;
        let signed_in = SignedIn {
            secret: Secret::url_safe(rng),
            user_id: user.id,
            name: user.name.clone(),
        };
        let command = StartSession {
            user,
            ends: session_cookie.map(secret::hash),
            hash: signed_in.secret.hash(),
            occasion: occasion.clone(),
        };
        let started = self.identity.store().run(command).await;
        if !started.map_err(|error| SignInRefused::unavailable(&error))? {
            return Err(SignInRefused::Wrong);
        }
        throttle.forgive(&email, occasion.remote_ip);
        Ok(signed_in)
    }

    async fn user_of(&self, email: &str) -> Result<Option<User>, SignInRefused> {
        let found = async {
            let mut tx = self.identity.store().reader().await?;
            find(&mut tx, email).await
        };
        let user = found
            .await
            .map_err(|error| SignInRefused::unavailable(&error))?;
        Ok(user.filter(|user| user.closed_at.is_none()))
    }

    /// Who is signed in with what a session's cookie holds.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn signed_in(&self, cookie: &str, now: Timestamp) -> store::Result<Option<SignedIn>> {
        let secret = Secret::of(cookie.to_owned());
        let hash = secret.hash();
        let tx = self.identity.store().reader().await?;
        let session = tx.get::<Session>(&[Value::Bytes(hash.to_vec())]).await?;
        let Some(session) = session.filter(|session| !has_ended(session, now)) else {
            return Ok(None);
        };
        let user = tx.get::<User>(&[session.user_id.into()]).await?;
        drop(tx);
        let Some(user) = user.filter(|user| user.closed_at.is_none()) else {
            return Ok(None);
        };
        if now.duration_since(session.used_at) >= lifetimes::SESSION_USE_NOTED_EVERY {
            self.note_session(hash, now).await;
        }
        Ok(Some(SignedIn {
            secret,
            user_id: user.id,
            name: user.name,
        }))
    }

    /// A use that cannot be written down does not fail the call; the next one tries again.
    async fn note_session(&self, hash: Hash, now: Timestamp) {
        if let Err(error) = self.identity.store().run(NoteSession { hash, now }).await {
            tracing::warn!(%error, "the use of a session was not written down");
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn sign_out(&self, cookie: &str) -> store::Result<()> {
        let hash = secret::hash(cookie);
        self.identity.store().run(EndSession { hash }).await
    }
}

fn has_ended(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.used_at) >= lifetimes::SESSION_IDLE
        || now.duration_since(session.created_at) >= lifetimes::SESSION
}

/// Ends all sessions of a user.
pub(crate) async fn end_all(tx: &mut Tx, user_id: Id) -> store::Result<()> {
    let sql = "DELETE FROM session WHERE user_id = $1";
    tx.execute(sql, &[user_id.into()]).await?;
    Ok(())
}

struct StartSession {
    /// As the password was tried.
    user: User,
    ends: Option<Hash>,
    hash: Hash,
    occasion: Occasion,
}

impl ColdCommand for StartSession {
    /// Whether the account is still the one whose password was tried.
    type Output = bool;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<bool> {
        let user = tx.get_locked::<User>(&[self.user.id.into()]).await?;
        let is_same = user
            .as_ref()
            .is_some_and(|user| user.closed_at.is_none() && user.password == self.user.password);
        if !is_same {
            return Ok(false);
        }
        self.make_room(tx).await?;
        tx.insert(&[Session {
            hash: self.hash.to_vec(),
            user_id: self.user.id,
            created_at: self.occasion.now,
            used_at: self.occasion.now,
        }])
        .await?;
        let (tenant_id, user_id) = (self.user.tenant_id, self.user.id);
        note(
            tx,
            ids,
            &self.occasion,
            tenant_id,
            user_id,
            "user.signed_in",
        )
        .await?;
        Ok(true)
    }
}

impl StartSession {
    /// Removes the session that this one replaces, those that have ended, and those that are too many.
    async fn make_room(&self, tx: &mut Tx) -> store::Result<()> {
        let of_user = Condition::Is("user_id", self.user.id.into());
        let sessions = tx
            .find::<Session>(&of_user, "created_at DESC", None, 0)
            .await?;
        let mut kept = 0;
        let mut gone: Vec<_> = sessions
            .into_iter()
            .filter(|session| {
                kept += usize::from(!has_ended(session, self.occasion.now));
                has_ended(session, self.occasion.now) || kept >= MOST_SESSIONS
            })
            .map(|session| vec![Value::Bytes(session.hash)])
            .collect();
        gone.extend(self.ends.map(|hash| vec![Value::Bytes(hash.to_vec())]));
        tx.remove::<Session>(&gone).await?;
        Ok(())
    }
}

struct NoteSession {
    hash: Hash,
    now: Timestamp,
}

impl ColdCommand for NoteSession {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<()> {
        let sql = "UPDATE session SET used_at = $2 WHERE hash = $1 AND used_at < $2";
        let cells = [
            Value::Bytes(self.hash.to_vec()),
            self.now.as_millisecond().into(),
        ];
        tx.execute(sql, &cells).await?;
        Ok(())
    }
}

struct EndSession {
    hash: Hash,
}

impl ColdCommand for EndSession {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<()> {
        let key = vec![Value::Bytes(self.hash.to_vec())];
        tx.remove::<Session>(&[key]).await?;
        Ok(())
    }
}
