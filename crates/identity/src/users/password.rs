//! Passwords: hashed with argon2id, on threads that may block, so many at a time and no more.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::CryptoRng;
use tokio::sync::Semaphore;

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;

/// The most bytes of a password: far more than anybody types, and nothing that costs memory.
pub const LONGEST_PASSWORD: usize = 1_024;

/// Bytes of salt, as RFC 9106 recommends.
const SALT: usize = 16;

/// What it costs to try a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory of one trial, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Trials that run at once; each takes a processor for some hundredths of a second.
    pub at_once: usize,
    /// Trials that may wait for their turn. Whoever comes then is told to come back.
    pub waiting: usize,
}

impl Default for PasswordCost {
    /// 19 MiB and two passes, OWASP's figures for argon2id. Two trials at once take 38 MiB and leave the
    /// other processors to bookings; 64 that wait are done in about a second.
    fn default() -> PasswordCost {
        PasswordCost {
            memory_kib: 19_456,
            passes: 2,
            at_once: 2,
            waiting: 64,
        }
    }
}

/// Hashes and tries passwords.
pub(crate) struct Passwords {
    cost: PasswordCost,
    /// One permit for each trial that runs or waits.
    queue: Semaphore,
    /// One permit for each trial that runs.
    running: Semaphore,
}

/// There are too many trials already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooBusy;

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Passwords {
        let at_once = cost.at_once.max(1);
        Passwords {
            cost,
            queue: Semaphore::new(at_once + cost.waiting),
            running: Semaphore::new(at_once),
        }
    }

    /// The hash of a new password, as a PHC text.
    pub(crate) async fn hash(
        &self,
        password: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<String, TooBusy> {
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        let (password, hasher) = (password.to_owned(), hasher(self.cost));
        self.run(move || {
            let hashed = hasher?.hash_password_with_salt(password.as_bytes(), &salt);
            hashed.ok().map(|hash| hash.to_string())
        })
        .await?
        .ok_or(TooBusy)
    }

    /// Whether a password belongs to a hash. Where there is no hash this takes as long as if there were one,
    /// so that nobody learns who has an account.
    pub(crate) async fn belongs(
        &self,
        password: &str,
        stored: Option<String>,
    ) -> Result<bool, TooBusy> {
        if password.len() > LONGEST_PASSWORD {
            return Ok(false);
        }
        let (password, cost) = (password.to_owned(), self.cost);
        self.run(move || {
            let parsed = stored
                .as_deref()
                .and_then(|text| PasswordHash::new(text).ok());
            let hasher = hasher(cost);
            match (hasher, parsed) {
                (Some(hasher), Some(hash)) => {
                    hasher.verify_password(password.as_bytes(), &hash).is_ok()
                }
                (Some(hasher), None) => {
                    let hashed: Result<PasswordHash, _> =
                        hasher.hash_password_with_salt(password.as_bytes(), &[0; SALT]);
                    drop(hashed);
                    false
                }
                (None, _) => false,
            }
        })
        .await
    }

    /// Runs a trial on a thread that may block.
    async fn run<T: Send + 'static>(
        &self,
        trial: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TooBusy> {
        let _queued = self.queue.try_acquire().map_err(|_| TooBusy)?;
        let _running = self.running.acquire().await.map_err(|_| TooBusy)?;
        tokio::task::spawn_blocking(trial)
            .await
            .map_err(|_| TooBusy)
    }
}

/// None where somebody has set a cost that argon2 does not take.
fn hasher(cost: PasswordCost) -> Option<Argon2<'static>> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 16,
        passes: 1,
        at_once: 1,
        waiting: 1,
    };

    #[tokio::test]
    async fn a_password_belongs_to_its_hash_and_to_no_other() {
        let passwords = Passwords::new(CHEAP);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let hash = passwords.hash("correct horse", &mut rng).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=16,t=1,p=1$"), "{hash}");
        let again = passwords.hash("correct horse", &mut rng).await.unwrap();
        assert_ne!(hash, again, "each has a salt of its own");
        assert_eq!(
            passwords.belongs("correct horse", Some(hash.clone())).await,
            Ok(true)
        );
        assert_eq!(
            passwords.belongs("correct hors", Some(hash)).await,
            Ok(false)
        );
        assert_eq!(passwords.belongs("", None).await, Ok(false));
        assert_eq!(
            passwords.belongs("x", Some("rubbish".into())).await,
            Ok(false)
        );
        let long = "a".repeat(LONGEST_PASSWORD + 1);
        assert_eq!(passwords.belongs(&long, None).await, Ok(false));
    }

    #[tokio::test]
    async fn hashes_of_another_cost_are_still_read() {
        let dear = Passwords::new(PasswordCost { passes: 3, ..CHEAP });
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let hash = dear.hash("correct horse", &mut rng).await.unwrap();
        let cheap = Passwords::new(CHEAP);
        assert_eq!(cheap.belongs("correct horse", Some(hash)).await, Ok(true));
    }

    #[tokio::test]
    async fn more_than_may_wait_are_sent_away() {
        let passwords = Passwords::new(CHEAP);
        let trials = (0..8).map(|_| passwords.belongs("guess", None));
        let answers = futures_util::future::join_all(trials).await;
        let tried = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(tried, 2, "one that runs and one that waits");
    }
}
