//! What a server started with `--demo` writes about its demo tenant.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// The file `demo.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Demo {
    /// The server's public address.
    pub url: String,
    /// Credentials and ids for the Beds24 dialect.
    pub beds24: DemoBeds24,
    /// Credentials and ids for the Booking Experts dialect; none where a server does not
    /// speak it.
    #[serde(default)]
    pub bookingexperts: Option<DemoBookingExperts>,
    /// The house's own API.
    pub tabard: DemoHouse,
}

/// The Beds24 part of `demo.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct DemoBeds24 {
    /// Where the dialect is mounted.
    pub base_url: String,
    /// An invite code that may be exchanged once.
    pub invite_code: String,
    /// Makes access tokens.
    pub refresh_token: String,
    /// An access token with room for a load test.
    pub token: String,
    /// The demo property.
    pub property_id: i64,
    /// Its rooms.
    pub room_ids: Vec<i64>,
    /// An access token with the vendor's own rate limit.
    pub limited_token: String,
}

/// The Booking Experts part of `demo.json`. Ids are texts, as in that API.
#[derive(Debug, Clone, Deserialize)]
pub struct DemoBookingExperts {
    /// Where the dialect is mounted.
    pub base_url: String,
    /// An API key with room for a load test.
    pub api_key: String,
    /// The demo property.
    pub administration_id: String,
    /// The channel that sells it.
    pub channel_id: String,
    /// Its rooms: the same as Beds24's.
    pub rentable_type_ids: Vec<String>,
}

/// The part of `demo.json` about the house's own API.
#[derive(Debug, Clone, Deserialize)]
pub struct DemoHouse {
    /// The demo's tenant.
    pub tenant_id: i64,
}

impl Demo {
    /// Reads `demo.json`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not what a demo server writes", path.display()))
    }
}
