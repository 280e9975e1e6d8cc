//! Who calls: tenants, clients, grants and tokens.

use catalogue_derive::Kind;
use domain::{access::Capabilities, id::Id};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The isolation boundary: one root organization and all below it.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "tenant")]
pub struct Tenant {
    /// The tenant's id.
    #[column(key)]
    pub id: Id,
    /// Its name.
    #[column]
    pub name: String,
    /// Whether it is a sandbox, whose clock its clients may move.
    #[column]
    pub sandbox: bool,
    /// How far its clock is ahead of real time, milliseconds; always 0 outside a sandbox.
    #[column]
    pub clock_offset_ms: i64,
    /// When it was made, real time.
    #[column]
    pub created_at: Timestamp,
}

/// A program that calls: marketplace, vendor, app, module or key. It lives outside the tenants.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "client")]
pub struct Client {
    /// The client's id.
    #[column(key)]
    pub id: Id,
    /// Its name.
    #[column]
    pub name: String,
    /// When it was made, real time.
    #[column]
    pub created_at: Timestamp,
}

/// How much a grant may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuotaRule {
    /// So many credits in each window, all back at its end.
    Window {
        /// Credits in a window.
        credits: u32,
        /// Length of a window, seconds.
        window_s: u32,
    },
    /// A bucket that holds so much and drains steadily.
    Bucket {
        /// What the bucket holds.
        size: u32,
        /// How long one unit takes to drain, milliseconds.
        drain_ms: u32,
    },
}

/// What a client may do for a tenant.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "grant")]
pub struct Grant {
    /// The grant's id.
    #[column(key)]
    pub id: Id,
    /// The tenant.
    #[column]
    pub tenant_id: Id,
    /// The client.
    #[column]
    pub client_id: Id,
    /// The dialect it was given for, such as `beds24`.
    #[column]
    pub dialect: String,
    /// When it was given, the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it was taken back.
    #[column]
    pub revoked_at: Option<Timestamp>,
    /// What it allows.
    pub capabilities: Capabilities,
    /// The dialect's own words for that.
    pub scopes: Vec<String>,
    /// The organizations it is limited to; none for the whole tenant.
    pub organizations: Option<Vec<Id>>,
    /// Addresses or networks it may be used from; empty for any.
    pub allow_list: Vec<String>,
    /// How much it may ask for.
    pub quota: QuotaRule,
    /// The name of the device or program that holds it.
    pub device_name: String,
    /// Whether properties linked from other accounts are included.
    pub linked_properties: bool,
}

/// A secret that stands for a grant, kept as its hash.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "token")]
pub struct Token {
    /// SHA-256 of the secret.
    #[column(key)]
    pub hash: Vec<u8>,
    /// The tenant.
    #[column]
    pub tenant_id: Id,
    /// The grant it stands for.
    #[column]
    pub grant_id: Id,
    /// `access`, `refresh`, `invite`, `long_life` or `api_key`.
    #[column]
    pub kind: String,
    /// When it was made, the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it stops working, the tenant's clock.
    #[column]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, the tenant's clock, to the hour.
    #[column]
    pub used_at: Option<Timestamp>,
    /// The family that it is taken back with, where it comes from an authorization code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_id: Option<Id>,
    /// The words it is limited to; none for all of its grant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}
