//! Metadata (RFC 8414): what a client can find out by itself.

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, PRAGMA};
use serde::Serialize;

use super::OAuth;
use super::reply::{self, Reply, put};

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes_supported: &'a [String],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

const WITH_SECRET: [&str; 2] = ["client_secret_basic", "client_secret_post"];
const WITH_OR_WITHOUT: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// How long a client may keep it.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

impl OAuth {
    /// Answers a GET of the metadata.
    #[must_use]
    pub fn metadata(&self) -> Reply {
        let profile = self.profile();
        let paths = &profile.paths;
        let metadata = Metadata {
            issuer: &profile.issuer,
            authorization_endpoint: profile.url(paths.authorize),
            token_endpoint: profile.url(paths.token),
            revocation_endpoint: profile.url(paths.revoke),
            introspection_endpoint: profile.url(paths.introspect),
            scopes_supported: &profile.scopes,
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
            token_endpoint_auth_methods_supported: WITH_OR_WITHOUT,
            revocation_endpoint_auth_methods_supported: WITH_OR_WITHOUT,
            introspection_endpoint_auth_methods_supported: WITH_SECRET,
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
        };
        let mut reply = reply::json(StatusCode::OK, &metadata);
        reply.headers_mut().remove(PRAGMA);
        put(&mut reply, CACHE_CONTROL, KEPT);
        reply
    }
}
