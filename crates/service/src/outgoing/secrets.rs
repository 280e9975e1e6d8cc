//! Secrets of whatever signs what it sends: they are sealed for their owner, and several are valid while
//! one takes the place of another.

use catalogue::delivery::SealedSecret;
use domain::id::Id;
use jiff::{SignedDuration, Timestamp};

use super::{Outgoing, Refusal, Rotation, seal::Secret, subscriptions::rotate};

/// A new secret, sealed, and how long those before it go on.
#[derive(Clone, Debug)]
pub struct Succession {
    sealed: SealedSecret,
    old_ends_at: Timestamp,
}

impl Succession {
    /// Puts the new secret behind the others, of which only a few stay valid.
    pub fn apply(&self, secrets: &mut Vec<SealedSecret>) {
        rotate(
            secrets,
            &self.sealed,
            self.old_ends_at,
            self.sealed.created_at,
        );
    }
}

impl Outgoing {
    /// A new secret for `(tenant, what signs with it)`, to be put behind those before it in the
    /// transaction that keeps them. The secret itself is shown once.
    ///
    /// # Errors
    /// [`Refusal::BadSecret`] for a given one that is too short or too long.
    pub fn new_secret(
        &self,
        owner: (Id, Id),
        rotation: Rotation,
    ) -> Result<(Succession, Secret), Refusal> {
        let secret = self.secret(rotation.secret)?;
        let now = self.now();
        let keep = rotation.keep_old_for.max(SignedDuration::ZERO);
        let succession = Succession {
            sealed: self.sealed(owner, &secret, now),
            old_ends_at: now.checked_add(keep).unwrap_or(Timestamp::MAX),
        };
        Ok((succession, secret))
    }

    /// The secrets among these that sign now, oldest first.
    pub fn open_secrets(
        &self,
        owner: (Id, Id),
        secrets: &[SealedSecret],
        now: Timestamp,
    ) -> Vec<Secret> {
        let valid = secrets
            .iter()
            .filter(|secret| secret.ends_at.is_none_or(|ends_at| ends_at > now));
        let open = |secret: &SealedSecret| match self.0.key.open(owner, &secret.sealed) {
            Ok(secret) => Some(secret),
            Err(error) => {
                tracing::error!(%error, owner = %owner.1, "a secret can't be used");
                None
            }
        };
        valid.filter_map(open).collect()
    }
}
