//! Everything that identity can do, as one handle.

use std::net::IpAddr;
use std::sync::Arc;

use domain::id::Id;
use jiff::{SignedDuration, Timestamp};
use rand::CryptoRng;
use store::Store;

use crate::Quota;
use crate::cache::Cache;
use crate::caller::Caller;
use crate::commands::give::GiveGrant;
use crate::commands::mint::MintAccess;
use crate::commands::move_clock::{ClockMove, ClockRefused, MoveClock, MovedClock};
use crate::commands::note_use::NoteUse;
use crate::commands::redeem::RedeemInvite;
use crate::commands::revoke::{ForgetRefresh, RevokeGrant};
use crate::denied::Denied;
use crate::grant::NewGrant;
use crate::lifetimes;
use crate::lookup;
use crate::secret::{self, Secret, TokenKind};
use crate::users::{PasswordCost, Passwords, Throttle};

/// Clients, grants, tokens and clocks over a store. Cheap to clone. The `now` of every method is the real
/// clock; tokens age by their tenant's.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    store: Store,
    cache: Cache,
    passwords: Passwords,
    throttle: Throttle,
}

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a caller may be believed without asking the store again. What this process changes counts at
    /// once; this bounds what it may not know of, when several servers share one PostgreSQL.
    pub max_age: SignedDuration,
    /// What it costs to try a password.
    pub password_cost: PasswordCost,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_age: SignedDuration::from_secs(10),
            password_cost: PasswordCost::default(),
        }
    }
}

/// Fresh secrets for a client.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The access token.
    pub token: Secret,
    /// Seconds that it lives.
    pub expires_in_s: i64,
    /// The refresh token, where a new one was made.
    pub refresh_token: Option<Secret>,
    /// The grant they stand for.
    pub grant_id: Id,
    /// Its quota, from which minting is paid.
    pub quota: Quota,
}

impl Identity {
    /// Identity over a store.
    #[must_use]
    pub fn new(store: Store, settings: Settings) -> Identity {
        Identity(Arc::new(Inner {
            store,
            cache: Cache::new(settings.max_age),
            passwords: Passwords::new(settings.password_cost),
            throttle: Throttle::new(),
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// What is known of this grant, client or tenant has to be read again.
    pub(crate) fn note_change(&self, id: Id) {
        self.0.cache.note_change(id);
    }

    /// Makes a client with a grant, and the invite code for it. `None` where there is no such tenant.
    ///
    /// # Errors
    /// When the store cannot write, or an entry of the allow list is no network.
    pub async fn invite(
        &self,
        grant: NewGrant,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Option<(Id, Secret)>> {
        self.give(grant, TokenKind::Invite, now, Secret::random(rng))
            .await
    }

    /// Makes a client with a grant that can only read, and a long-life token for it. `None` where there is
    /// no such tenant.
    ///
    /// # Errors
    /// When the store cannot write, or an entry of the allow list is no network.
    pub async fn long_life_token(
        &self,
        grant: NewGrant,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Option<(Id, Secret)>> {
        self.give(
            grant.reading_only(),
            TokenKind::LongLife,
            now,
            Secret::random(rng),
        )
        .await
    }

    async fn give(
        &self,
        grant: NewGrant,
        kind: TokenKind,
        now: Timestamp,
        secret: Secret,
    ) -> store::Result<Option<(Id, Secret)>> {
        grant
            .check()
            .map_err(|bad| store::Error::Refused(bad.to_string()))?;
        let hash = secret.hash();
        let command = GiveGrant {
            grant,
            kind,
            hash,
            now,
        };
        let grant_id = self.0.store.run(command).await?;
        Ok(grant_id.map(|grant_id| (grant_id, secret)))
    }

    /// Exchanges an invite code, once, for a refresh token and a first access token.
    ///
    /// # Errors
    /// Why the code was not accepted.
    pub async fn redeem_invite(
        &self,
        dialect: &'static str,
        code: &str,
        device_name: Option<&str>,
        remote_ip: IpAddr,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Minted, Denied> {
        let (refresh, access) = (Secret::random(rng), Secret::random(rng));
        let command = RedeemInvite {
            dialect,
            code: secret::hash(code),
            device_name: device_name.map(str::to_owned),
            refresh: refresh.hash(),
            access: access.hash(),
            remote_ip: Some(remote_ip),
            now,
        };
        let redeemed = self.0.store.run(command).await;
        let (grant_id, quota) = redeemed.map_err(|error| Denied::unavailable(&error))??;
        Ok(Minted::new(access, Some(refresh), grant_id, quota))
    }

    /// Mints an access token. The refresh token stays as it is and lives on.
    ///
    /// # Errors
    /// Why the refresh token was not accepted.
    pub async fn refresh(
        &self,
        dialect: &'static str,
        refresh_token: &str,
        remote_ip: IpAddr,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Minted, Denied> {
        let access = Secret::random(rng);
        let command = MintAccess {
            dialect,
            refresh: secret::hash(refresh_token),
            access: access.hash(),
            remote_ip: Some(remote_ip),
            now,
        };
        let minted = self.0.store.run(command).await;
        let (grant_id, quota) = minted.map_err(|error| Denied::unavailable(&error))??;
        Ok(Minted::new(access, None, grant_id, quota))
    }

    /// The grant that a refresh token stands for, and its quota: who pays for a token is known before one is
    /// minted. Nothing is written.
    ///
    /// # Errors
    /// Why the refresh token was not accepted.
    pub async fn refreshes(
        &self,
        dialect: &'static str,
        refresh_token: &str,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<(Id, Quota), Denied> {
        let hash = secret::hash(refresh_token);
        let looking = async {
            let mut tx = self.0.store.reader().await?;
            lookup::find(&mut tx, dialect, &hash).await
        };
        let found = looking
            .await
            .map_err(|error| Denied::unavailable(&error))??;
        found.check(TokenKind::Refresh, Some(remote_ip), now)?;
        Ok((found.grant.id, found.grant.quota))
    }

    /// Ends the grant of a refresh token, with all its tokens, at once.
    ///
    /// # Errors
    /// Why the refresh token was not accepted.
    pub async fn forget(
        &self,
        dialect: &'static str,
        refresh_token: &str,
        now: Timestamp,
    ) -> Result<(), Denied> {
        let refresh = secret::hash(refresh_token);
        let command = ForgetRefresh {
            dialect,
            refresh,
            now,
        };
        let forgotten = self.0.store.run(command).await;
        let grant_id = forgotten.map_err(|error| Denied::unavailable(&error))??;
        self.0.cache.note_change(grant_id);
        Ok(())
    }

    /// Ends a grant of a tenant, with all its tokens, at once. Says whether there was such a grant.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn revoke(&self, tenant_id: Id, grant_id: Id, now: Timestamp) -> store::Result<bool> {
        let command = RevokeGrant {
            tenant_id,
            grant_id,
            now,
        };
        let revoked = self.0.store.run(command).await?;
        self.0.cache.note_change(grant_id);
        Ok(revoked)
    }

    /// Moves the clock of a sandbox tenant. The caller has to have authorized it.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the clock was not moved.
    pub async fn move_clock(
        &self,
        tenant_id: Id,
        to: ClockMove,
        now: Timestamp,
    ) -> store::Result<Result<MovedClock, ClockRefused>> {
        let command = MoveClock { tenant_id, to, now };
        let moved = self.0.store.run(command).await?;
        self.0.cache.note_change(tenant_id);
        Ok(moved)
    }

    /// The caller behind an access or long-life token. On the request path: a caller that was seen lately
    /// costs one hash and no reading.
    ///
    /// # Errors
    /// Why the token was not accepted.
    pub async fn resolve(
        &self,
        dialect: &'static str,
        token: &str,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        let caller = self.known(dialect, token, remote_ip, now).await?;
        if caller.expired(now) {
            return Err(Denied::Expired);
        }
        Ok(caller)
    }

    /// Like [`Identity::resolve`], but of a sandbox also the caller whose token has ended by its clock, since
    /// only moving the clock brings it back. Whoever lets such a caller do anything else asks
    /// [`Caller::expired`] first.
    ///
    /// # Errors
    /// Why the token was not accepted.
    pub async fn resolve_for_clock(
        &self,
        dialect: &'static str,
        token: &str,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        let caller = self.known(dialect, token, remote_ip, now).await?;
        if caller.expired(now) && !caller.sandbox {
            return Err(Denied::Expired);
        }
        Ok(caller)
    }

    /// The caller behind a token, who may call from this address; it may have ended.
    async fn known(
        &self,
        dialect: &'static str,
        token: &str,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        let hash = secret::hash(token);
        let caller = match self.0.cache.get(dialect, &hash, now) {
            Some(caller) => caller,
            None => self.look_up(dialect, hash, now).await?,
        };
        if !caller.allows_address(remote_ip) {
            return Err(Denied::WrongAddress);
        }
        Ok(caller)
    }

    async fn look_up(
        &self,
        dialect: &'static str,
        hash: secret::Hash,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        let reading = self.0.cache.begin();
        let read = self.read(dialect, &hash, now).await;
        let (caller, note_use) = read.map_err(|error| Denied::unavailable(&error))??;
        let caller = Arc::new(caller);
        self.0
            .cache
            .put(reading, dialect, hash, Arc::clone(&caller), now);
        if note_use && !caller.expired(now) {
            self.note_use(dialect, hash, now).await;
        }
        Ok(caller)
    }

    async fn read(
        &self,
        dialect: &str,
        hash: &secret::Hash,
        now: Timestamp,
    ) -> store::Result<Result<(Caller, bool), Denied>> {
        let mut tx = self.0.store.reader().await?;
        let found = match lookup::find(&mut tx, dialect, hash).await? {
            Ok(found) if found.kind.calls() => found,
            Ok(_) => return Ok(Err(Denied::Unknown)),
            Err(denied) => return Ok(Err(denied)),
        };
        let note_use = found.use_is_worth_noting(now);
        let caller = found.caller(&mut tx).await?;
        Ok(caller.map(|caller| (caller, note_use)))
    }

    /// A use that cannot be written down does not fail the call; the next one tries again.
    async fn note_use(&self, dialect: &'static str, hash: secret::Hash, now: Timestamp) {
        let command = NoteUse { dialect, hash, now };
        if let Err(error) = self.0.store.run(command).await {
            tracing::warn!(%error, "the use of a token was not written down");
        }
    }
}

impl Minted {
    fn new(token: Secret, refresh_token: Option<Secret>, grant_id: Id, quota: Quota) -> Minted {
        Minted {
            token,
            expires_in_s: lifetimes::ACCESS.as_secs(),
            refresh_token,
            grant_id,
            quota,
        }
    }
}
