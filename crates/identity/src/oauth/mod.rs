//! The OAuth 2.0 server, for every dialect: apps, their installations, consent, and tokens.
//!
//! A dialect mounts routes and names its [`Profile`]; everything else is decided here. A request's headers
//! and bytes go in, a whole [`Reply`] comes out, and no route needs to know the protocol:
//!
//! - [`OAuth::authorize`] and [`OAuth::decide`]: the authorization endpoint and its consent page;
//! - [`OAuth::token`], [`OAuth::revoke`], [`OAuth::introspect`]: what clients post to;
//! - [`OAuth::metadata`]: what clients can find out by themselves;
//! - [`OAuth::sign_in`], [`OAuth::sign_out`], [`OAuth::forgotten`], [`OAuth::new_password`]: people's own pages.
//!
//! Whatever changes state is one command in one transaction, which reads again what it relies on. Codes and
//! tokens are random, kept as their hash, and age by the clock of the tenant that they are for. An access
//! token ends up as the same [`crate::Caller`] as those of every other dialect.
//!
//! Start with [`OAuth`]; the decisions are in `docs/decisions/0012-oauth.md`.

mod access;
pub mod apps;
mod authorize;
mod body;
mod client_auth;
mod families;
mod forgotten;
pub mod installations;
mod introspect;
mod metadata;
pub mod pages;
mod parameters;
mod pkce;
mod profile;
mod reason;
mod redirect;
mod reply;
mod revoke;
mod scopes;
mod sign_in;
mod token;

use std::sync::Arc;

pub use access::AccessRefused;
pub use authorize::{
    AuthorizationError, AuthorizationRequest, BadAuthorization, Consent, DecisionRefused, Place,
    Untrusted,
};
pub use body::{BODY_BYTES, Posted};
pub use catalogue::oauth::{ChannelLink, Permission};
pub use parameters::{BadParameters, Parameters};
pub use pkce::{Challenge, challenge_of};
pub use profile::{BELOW, BadProfile, Paths, Profile};
pub use reason::Reason;
pub use redirect::BadRedirectUri;
pub use reply::Reply;
pub use sign_in::FORM_COOKIE;

use crate::Identity;

/// The OAuth 2.0 server of one dialect. Cheap to clone.
#[derive(Clone)]
pub struct OAuth {
    pub(crate) identity: Identity,
    pub(crate) profile: Arc<Profile>,
}

impl Identity {
    /// The OAuth 2.0 server of a dialect.
    #[must_use]
    pub fn oauth(&self, profile: Arc<Profile>) -> OAuth {
        OAuth {
            identity: self.clone(),
            profile,
        }
    }
}

impl OAuth {
    /// What the dialect says about itself.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The people who sign in.
    #[must_use]
    pub fn users(&self) -> crate::users::Users {
        self.identity.users()
    }
}
