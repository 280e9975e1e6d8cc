//! Apps that organizations install, what was allowed to them, and the codes and families of tokens
//! that follow from it.
//!
//! An app is a client with credentials of its own; it shares its id with its client's row. An
//! installation joins it to a tenant and shares its id with its grant, which says what is allowed.

use catalogue_derive::Kind;
use domain::{access::Capabilities, id::Id};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::QuotaRule;

/// A scope word of a dialect, with what it opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permission {
    /// The dialect's word, without blanks.
    pub word: String,
    /// What it opens, as the consent page says it.
    pub about: String,
    /// What it opens, as use cases see it.
    pub capabilities: Capabilities,
}

/// A registered client application.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "app")]
pub struct App {
    /// The app's id, which is its client's.
    #[column(key)]
    pub id: Id,
    /// The tenant that registered it.
    #[column]
    pub tenant_id: Id,
    /// The dialect it speaks.
    #[column]
    pub dialect: String,
    /// The `client_id` of OAuth 2.0.
    #[column]
    pub public_id: String,
    /// When it was registered, real time.
    #[column]
    pub created_at: Timestamp,
    /// When it was halted, real time; empty while it is active.
    #[column]
    pub halted_at: Option<Timestamp>,
    /// Counts the changes.
    #[column]
    pub version: i64,
    /// Whether it can keep a secret.
    pub confidential: bool,
    /// Where codes may be sent; compared byte by byte.
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub permissions: Vec<Permission>,
    /// How much each of its installations may ask for.
    pub quota: QuotaRule,
}

impl App {
    /// What an installation may do today, of what was granted to it: words that the app no longer has are
    /// gone. One that follows the app has all of them.
    pub fn in_force<'a>(
        &'a self,
        follows_app: bool,
        granted: &'a [String],
    ) -> impl Iterator<Item = &'a Permission> {
        let is_granted = move |one: &&Permission| follows_app || granted.contains(&one.word);
        self.permissions.iter().filter(is_granted)
    }
}

/// A secret of an app. Several are valid while one is being replaced.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "app_secret")]
pub struct AppSecret {
    /// The secret's id.
    #[column(key)]
    pub id: Id,
    /// The app.
    #[column]
    pub app_id: Id,
    /// SHA-256 of the secret.
    #[column]
    pub hash: Vec<u8>,
    /// When it was made, real time.
    #[column]
    pub created_at: Timestamp,
    /// When it stops working, real time; empty as long as nobody has said.
    #[column]
    pub ends_at: Option<Timestamp>,
}

/// A channel through which an app sells for an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLink {
    /// The organization.
    pub organization_id: Id,
    /// Its channel.
    pub channel_id: Id,
}

/// An app in a tenant.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "installation")]
pub struct Installation {
    /// The tenant that installed it.
    #[column(key)]
    pub tenant_id: Id,
    /// The installation's id, which is its grant's.
    #[column(key)]
    pub id: Id,
    /// The app.
    #[column]
    pub app_id: Id,
    /// `own` for keys of one's own, which follow the app's permissions at once, or `consent`.
    #[column]
    pub how: String,
    /// When it was installed, the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it was cancelled, the tenant's clock.
    #[column]
    pub cancelled_at: Option<Timestamp>,
    /// Counts the changes.
    #[column]
    pub version: i64,
    /// Who consented last; empty for keys of one's own.
    pub user_id: Option<Id>,
    /// The channels that were granted.
    pub channels: Vec<ChannelLink>,
}

impl Installation {
    /// The word of an installation by keys of one's own.
    pub const OWN: &'static str = "own";

    /// Whether it has every permission that its app has, at once and without anybody's consent.
    pub fn follows_app(&self) -> bool {
        self.how == Self::OWN
    }
}

/// An authorization code, kept as its hash, also for a while after it was used.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "authorization_code")]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    #[column(key)]
    pub hash: Vec<u8>,
    /// The tenant that consented.
    #[column]
    pub tenant_id: Id,
    /// The installation's grant.
    #[column]
    pub grant_id: Id,
    /// The family of the tokens that are made from it.
    #[column]
    pub family_id: Id,
    /// When it was made, the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it stops working, the tenant's clock.
    #[column]
    pub expires_at: Timestamp,
    /// When it was used, the tenant's clock.
    #[column]
    pub redeemed_at: Option<Timestamp>,
    /// The app it was made for.
    pub app_id: Id,
    /// Who consented.
    pub user_id: Id,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The challenge it answers to (PKCE, S256).
    pub challenge: Option<String>,
    /// What was consented to.
    pub scopes: Vec<String>,
}

/// All tokens that come from one code: what a replay takes back together.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "token_family")]
pub struct TokenFamily {
    /// The family's id.
    #[column(key)]
    pub id: Id,
    /// The tenant.
    #[column]
    pub tenant_id: Id,
    /// The installation's grant.
    #[column]
    pub grant_id: Id,
    /// SHA-256 of the part that all refresh tokens of the family have in common.
    #[column]
    pub selector: Vec<u8>,
    /// SHA-256 of the part that only the newest refresh token has.
    #[column]
    pub verifier: Vec<u8>,
    /// When the code was redeemed, the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it was refreshed last, the tenant's clock.
    #[column]
    pub used_at: Timestamp,
    /// When it was taken back, the tenant's clock.
    #[column]
    pub revoked_at: Option<Timestamp>,
    /// What was consented to.
    pub scopes: Vec<String>,
}
