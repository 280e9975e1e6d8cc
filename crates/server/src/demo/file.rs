//! `demo.json`: where the demo stands and how to get in.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Its name in the data directory.
const NAME: &str = "demo.json";

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
pub struct File {
    /// The server's address.
    pub url: String,
    /// For clients of Beds24.
    pub beds24: Beds24,
    /// For clients of Booking Experts; none in what an earlier version wrote.
    #[serde(default)]
    pub bookingexperts: Option<BookingExperts>,
    /// For the house's own API.
    pub tabard: House,
}

/// Credentials and ids for clients of Beds24.
#[derive(Clone, Serialize, Deserialize)]
pub struct Beds24 {
    /// Where the dialect stands.
    pub base_url: String,
    /// An invite code that can be exchanged once.
    pub invite_code: String,
    /// The refresh token behind `token`.
    pub refresh_token: String,
    /// An access token with room for a load test.
    pub token: String,
    /// The demo's property.
    pub property_id: i64,
    /// Its rooms.
    pub room_ids: Vec<i64>,
    /// An access token with the vendor's own limit.
    pub limited_token: String,
    /// The refresh token behind `limited_token`.
    #[serde(default)]
    pub limited_refresh_token: String,
}

/// Credentials and ids for clients of Booking Experts. Ids are texts, as in that API.
#[derive(Clone, Serialize, Deserialize)]
pub struct BookingExperts {
    /// Where the dialect stands.
    pub base_url: String,
    /// An API key with room for a load test.
    pub api_key: String,
    /// An API key with the vendor's own limit.
    pub limited_api_key: String,
    /// The app's own name in OAuth 2.0.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where its codes may be sent.
    pub redirect_uri: String,
    /// Where an organization consents.
    pub authorize_url: String,
    /// Where codes become tokens.
    pub token_url: String,
    /// The demo's property.
    pub administration_id: String,
    /// The channel that the app may sell through.
    pub channel_id: String,
    /// The property's rooms.
    pub rentable_type_ids: Vec<String>,
}

/// Where the house's own API stands.
#[derive(Clone, Serialize, Deserialize)]
pub struct House {
    /// Its address.
    pub base_url: String,
    /// The demo's tenant, for `tabard export --tenant`.
    pub tenant_id: i64,
}

impl File {
    /// Reads it from a data directory.
    ///
    /// # Errors
    /// When it is not there or not readable.
    pub fn read(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(NAME);
        let text = fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} is not what the demo writes", path.display()))
    }

    /// Writes it into a data directory, whole or not at all, for its owner's eyes only.
    pub(super) fn write(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(NAME);
        let partial = data.join(format!("{NAME}.partial"));
        let failed = || format!("can't write {}", path.display());
        fs::create_dir_all(data).with_context(failed)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut out = options.open(&partial).with_context(failed)?;
        // One that was left over from before may have had other rights.
        out.set_permissions(fs::Permissions::from_mode(0o600))
            .with_context(failed)?;
        let text = serde_json::to_string_pretty(self)?;
        out.write_all(text.as_bytes()).with_context(failed)?;
        out.write_all(b"\n").with_context(failed)?;
        out.sync_all().with_context(failed)?;
        fs::rename(&partial, &path).with_context(failed)
    }
}
