//! What differs from dialect to dialect.

use jiff::SignedDuration;
use url::Url;

use crate::lifetimes;

/// What a dialect's OAuth 2.0 is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The dialect, such as `bookingexperts`.
    pub dialect: &'static str,
    /// The public base URL, without a slash at its end. It names the server (RFC 8414, RFC 9207).
    pub issuer: String,
    /// Where the endpoints stand below it.
    pub paths: Paths,
    /// How long access tokens live.
    pub access_life: SignedDuration,
    /// How long codes live: one to ten minutes.
    pub code_life: SignedDuration,
    /// How long a refresh token lives that is not used.
    pub refresh_unused: SignedDuration,
    /// Whether each refresh gives a new refresh token and ends the old one. Tokens of public clients
    /// rotate in any case.
    pub rotates: bool,
    /// The dialect's scope words, to be listed in the metadata.
    pub scopes: Vec<String>,
}

/// What all endpoints' paths begin with.
pub const BELOW: &str = "/oauth";

/// Where the endpoints stand, below the issuer; each begins with [`BELOW`] and a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The authorization endpoint.
    pub authorize: &'static str,
    /// The token endpoint.
    pub token: &'static str,
    /// Revocation.
    pub revoke: &'static str,
    /// Introspection.
    pub introspect: &'static str,
    /// Where the sign-in form is posted to.
    pub sign_in: &'static str,
    /// Where the sign-out form is posted to.
    pub sign_out: &'static str,
    /// Where a mail is asked for with which a password can be set anew.
    pub forgotten: &'static str,
    /// Where the link in that mail leads.
    pub new_password: &'static str,
}

impl Default for Paths {
    fn default() -> Paths {
        Paths {
            authorize: "/oauth/authorize",
            token: "/oauth/token",
            revoke: "/oauth/revoke",
            introspect: "/oauth/introspect",
            sign_in: "/oauth/sign_in",
            sign_out: "/oauth/sign_out",
            forgotten: "/oauth/forgotten",
            new_password: "/oauth/new_password",
        }
    }
}

impl Paths {
    fn check(&self) -> Result<(), BadProfile> {
        let all = [
            self.authorize,
            self.token,
            self.revoke,
            self.introspect,
            self.sign_in,
            self.sign_out,
            self.forgotten,
            self.new_password,
        ];
        for (index, path) in all.into_iter().enumerate() {
            let rest = path.strip_prefix(BELOW).unwrap_or_default();
            if !rest.starts_with('/')
                || rest.contains(['{', '?', '#'])
                || all[..index].contains(&path)
            {
                return Err(BadProfile::Path(path));
            }
        }
        Ok(())
    }
}

/// A profile that would not be safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// The issuer has to be a plain http or https URL.
    #[error("{0} can't be an issuer: it has to be an http or https URL without query or fragment")]
    Issuer(String),
    /// Codes live for one to ten minutes.
    #[error("a code lives for 60 to 600 seconds, not for {0}")]
    CodeLife(i64),
    /// The endpoints stand together, and each at a path of its own.
    #[error("{0} has to begin with {BELOW}/, and may be there once only")]
    Path(&'static str),
    /// Tokens live for some time.
    #[error("tokens have to live for a second at least")]
    TokenLife,
}

impl Profile {
    /// A profile with the usual paths and lives, and refresh tokens that rotate.
    ///
    /// # Errors
    /// When the issuer is no URL that could be one.
    pub fn new(dialect: &'static str, issuer: &str) -> Result<Profile, BadProfile> {
        let profile = Profile {
            dialect,
            issuer: issuer.trim_end_matches('/').to_owned(),
            paths: Paths::default(),
            access_life: lifetimes::OAUTH_ACCESS,
            code_life: lifetimes::OAUTH_CODE,
            refresh_unused: lifetimes::OAUTH_REFRESH_UNUSED,
            rotates: true,
            scopes: Vec::new(),
        };
        profile.check()?;
        Ok(profile)
    }

    /// To be called after changing one.
    ///
    /// # Errors
    /// The first thing that would not be safe.
    pub fn check(&self) -> Result<(), BadProfile> {
        let is_plain = |url: Url| {
            matches!(url.scheme(), "https" | "http")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        };
        if !Url::parse(&self.issuer).is_ok_and(is_plain) {
            return Err(BadProfile::Issuer(self.issuer.clone()));
        }
        self.paths.check()?;
        if !(60..=600).contains(&self.code_life.as_secs()) {
            return Err(BadProfile::CodeLife(self.code_life.as_secs()));
        }
        if self.access_life.as_secs() < 1 || self.refresh_unused.as_secs() < 1 {
            return Err(BadProfile::TokenLife);
        }
        Ok(())
    }

    /// The whole URL of a path below the issuer.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}
