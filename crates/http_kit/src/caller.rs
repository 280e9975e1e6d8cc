//! What this crate needs of identity: a presented credential turned into a [`Caller`], or refused.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use identity::Identity;
pub use identity::{Caller, Denied, Quota};
use jiff::Timestamp;

/// A credential as it stood in the request. Its text appears in no log and no `Debug` output.
#[derive(Clone)]
pub struct Credential<'request> {
    /// The dialect in which it was presented; a credential of one is nothing in another.
    pub dialect: &'static str,
    /// What the dialect says it is, such as `token` or `api_key`.
    pub kind: &'static str,
    /// The secret itself.
    pub text: Cow<'request, str>,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("dialect", &self.dialect)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Looks credentials up. `identity` implements it with a cache in front of the store.
#[async_trait::async_trait]
pub trait Callers: Send + Sync + 'static {
    /// The caller behind the credential, valid now (by the real clock) and from this address.
    async fn resolve(
        &self,
        presented: &Credential<'_>,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied>;
}

#[async_trait::async_trait]
impl Callers for Identity {
    async fn resolve(
        &self,
        presented: &Credential<'_>,
        remote_ip: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Denied> {
        Identity::resolve(self, presented.dialect, &presented.text, remote_ip, now).await
    }
}
