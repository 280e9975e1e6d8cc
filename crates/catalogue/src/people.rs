//! People who sign in: users, their places in tenants, sessions, and resets of passwords.

use catalogue_derive::Kind;
use domain::{access::Capabilities, id::Id, text::Locale};
use jiff::Timestamp;

/// A person who signs in. Like a client, a user stands outside the tenants; an [`Employee`] is the
/// place of a user in one.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "user")]
pub struct User {
    /// The user's id.
    #[column(key)]
    pub id: Id,
    /// The tenant that invited the user first, in whose name mail is sent.
    #[column]
    pub tenant_id: Id,
    /// The address, in lower case, by which the user signs in.
    #[column]
    pub email: String,
    /// When the account was made, real time.
    #[column]
    pub created_at: Timestamp,
    /// When the account was closed, real time.
    #[column]
    pub closed_at: Option<Timestamp>,
    /// Counts the changes.
    #[column]
    pub version: i64,
    /// The name.
    pub name: String,
    /// The password's hash as a PHC text; empty until one is set.
    pub password: Option<String>,
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "employee")]
pub struct Employee {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The user.
    #[column(key)]
    pub user_id: Id,
    /// When it was given, real time.
    #[column]
    pub created_at: Timestamp,
    /// What the user may do there.
    pub capabilities: Capabilities,
    /// The organizations it is limited to; none for the whole tenant.
    pub organizations: Option<Vec<Id>>,
}

/// A signed-in browser, found by the hash of what its cookie holds.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "session")]
pub struct Session {
    /// SHA-256 of the cookie's secret.
    #[column(key)]
    pub hash: Vec<u8>,
    /// Who signed in.
    #[column]
    pub user_id: Id,
    /// When, real time.
    #[column]
    pub created_at: Timestamp,
    /// When it was last used, real time, to some minutes.
    #[column]
    pub used_at: Timestamp,
}

/// A password that may be set anew, once, by whoever holds the token that was mailed. It is also the
/// mail that waits: the token is made when it is sent, so that nobody ever finds one here.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "password_reset")]
pub struct PasswordReset {
    /// The tenant in whose name the mail is sent.
    #[column(key)]
    pub tenant_id: Id,
    /// The reset's id.
    #[column(key)]
    pub id: Id,
    /// Whose password.
    #[column]
    pub user_id: Id,
    /// SHA-256 of the token that was mailed last; until then, of one that nobody has.
    #[column]
    pub hash: Vec<u8>,
    /// When it was asked for, real time.
    #[column]
    pub created_at: Timestamp,
    /// When the token stops working, real time.
    #[column]
    pub expires_at: Timestamp,
    /// When somebody last set out to mail it, real time.
    #[column]
    pub tried_at: Option<Timestamp>,
    /// When it was mailed, real time.
    #[column]
    pub mailed_at: Option<Timestamp>,
    /// The languages in which its user likes to read, best first; empty where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Locale>,
}
