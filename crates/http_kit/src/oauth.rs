//! The OAuth 2.0 server of a dialect as routes: the token endpoint and its sisters, the pages for people, and the
//! metadata.
//!
//! Nothing is decided here: [`identity::oauth`] takes headers and bytes and gives whole answers. The endpoints
//! stand in a table like a dialect's own, so they have the same limits, log and request ids. They are all
//! public: whoever calls says who they are in the request itself, or in a cookie.
//!
//! ```text
//! GET  {issuer}/oauth/authorize       sign-in or consent page       POST  the consent
//! POST {issuer}/oauth/sign_in, {issuer}/oauth/sign_out
//! GET  {issuer}/oauth/forgotten, {issuer}/oauth/new_password       POST  their forms
//! POST {issuer}/oauth/token, {issuer}/oauth/revoke, {issuer}/oauth/introspect
//! GET  /.well-known/oauth-authorization-server{path of the issuer}, and below the issuer
//! ```
//!
//! Start with [`router`].

use std::sync::Arc;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use identity::Occasion;
use identity::oauth::{BELOW, BODY_BYTES, OAuth, Paths, Posted, Reply};
use identity::users::SignedIn;
use parking_lot::Mutex;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::call::PublicCall;
use crate::caller::Credential;
use crate::dialect::Dialect;
use crate::endpoint::{Endpoint, get, post};
use crate::refusal::Refusal;
use crate::router::{Api, Mount};
use crate::serve::Kit;

/// Where clients look for the metadata (RFC 8414).
pub const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub struct State {
    oauth: OAuth,
    random: Arc<Mutex<ChaCha20Rng>>,
}

impl State {
    /// The OAuth 2.0 server of a dialect. All its secrets follow from the seed, which the server draws and
    /// nobody else knows. Others may use the same seed: this one's stream is its own.
    #[must_use]
    pub fn new(oauth: OAuth, seed: [u8; 32]) -> State {
        let mut own = Sha256::new();
        own.update(b"oauth\0");
        own.update(oauth.profile().issuer.as_bytes());
        own.update(seed);
        State {
            oauth,
            random: Arc::new(Mutex::new(ChaCha20Rng::from_seed(own.finalize().into()))),
        }
    }

    /// Randomness for one call.
    fn random(&self) -> ChaCha20Rng {
        let mut seed = [0; 32];
        self.random.lock().fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    }
}

/// The routes of a dialect's OAuth 2.0 server, where its issuer says.
///
/// # Panics
/// When the profile has two endpoints at one path.
pub fn router(state: &State, kit: &Arc<Kit>) -> axum::Router {
    let profile = state.oauth.profile();
    let name = profile.dialect;
    let (origin, path) = split(&profile.issuer);
    let below = Mount::new(origin, &format!("{path}{BELOW}"));
    let endpoints = Api::new(Words(name), endpoints(&profile.paths));
    let mut known = vec![Mount::new(origin, &format!("{WELL_KNOWN}{path}"))];
    if !path.is_empty() {
        known.push(Mount::new(origin, &format!("{path}{WELL_KNOWN}")));
    }
    let metadata = Api::new(Words(name), vec![get("", metadata).public()]);
    endpoints
        .router(state, kit, &[below])
        .merge(metadata.router(state, kit, &known))
}

/// Scheme and host, and what follows them.
fn split(issuer: &str) -> (&str, &str) {
    let host_at = issuer.find("://").map_or(0, |at| at + 3);
    let path_at = issuer[host_at..].find('/');
    issuer.split_at(path_at.map_or(issuer.len(), |at| host_at + at))
}

/// The table. A path is what follows the part that all have in common.
fn endpoints(paths: &Paths) -> Vec<Endpoint<State>> {
    let at = |path: &'static str| path.strip_prefix(BELOW).unwrap_or(path);
    let table = vec![
        get(at(paths.authorize), authorize).public(),
        post(at(paths.authorize), decide).public(),
        post(at(paths.sign_in), sign_in).public(),
        post(at(paths.sign_out), sign_out).public(),
        get(at(paths.forgotten), forgotten_page).public(),
        post(at(paths.forgotten), forgotten).public(),
        get(at(paths.new_password), new_password_page).public(),
        post(at(paths.new_password), new_password).public(),
        post(at(paths.token), token).public(),
        post(at(paths.revoke), revoke).public(),
        post(at(paths.introspect), introspect).public(),
    ];
    let bounded = |endpoint: Endpoint<State>| endpoint.body_limit(BODY_BYTES);
    table.into_iter().map(bounded).collect()
}

async fn authorize(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let signed_in = signed_in(&state, &call).await?;
    let query = call.raw_query();
    let mut random = state.random();
    let answering = state
        .oauth
        .authorize(query, signed_in.as_ref(), &mut random);
    Ok(answer(answering.await))
}

async fn decide(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let signed_in = signed_in(&state, &call).await?;
    let occasion = occasion(&call);
    let mut random = state.random();
    let signed_in = signed_in.as_ref();
    let answering = state
        .oauth
        .decide(&call.body, signed_in, &occasion, &mut random);
    Ok(answer(answering.await))
}

async fn sign_in(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let (form, session) = (state.oauth.form_cookie(), state.oauth.session_cookie());
    let occasion = occasion(&call);
    let mut random = state.random();
    let answering = state.oauth.sign_in(
        &call.body,
        form.read(&call.headers),
        session.read(&call.headers),
        &occasion,
        &mut random,
    );
    Ok(answer(answering.await))
}

async fn sign_out(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let session = state.oauth.session_cookie();
    let answering = state
        .oauth
        .sign_out(&call.body, session.read(&call.headers));
    Ok(answer(answering.await))
}

async fn forgotten_page(state: State, _: PublicCall) -> Result<Answer, Refusal> {
    Ok(answer(state.oauth.forgotten_page()))
}

async fn forgotten(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let occasion = occasion(&call);
    let mut random = state.random();
    let (body, headers) = (&call.body, &call.headers);
    let answering = state.oauth.forgotten(body, headers, &occasion, &mut random);
    Ok(answer(answering.await))
}

async fn new_password_page(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    Ok(answer(state.oauth.new_password_page(call.raw_query())))
}

async fn new_password(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let occasion = occasion(&call);
    let mut random = state.random();
    let answering = state.oauth.new_password(&call.body, &occasion, &mut random);
    Ok(answer(answering.await))
}

async fn token(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let occasion = occasion(&call);
    let mut random = state.random();
    let posted = posted(&call);
    let answering = state.oauth.token(&posted, &occasion, &mut random);
    Ok(answer(answering.await))
}

async fn revoke(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let occasion = occasion(&call);
    let posted = posted(&call);
    Ok(answer(state.oauth.revoke(&posted, &occasion).await))
}

async fn introspect(state: State, call: PublicCall) -> Result<Answer, Refusal> {
    let occasion = occasion(&call);
    let posted = posted(&call);
    Ok(answer(state.oauth.introspect(&posted, &occasion).await))
}

async fn metadata(state: State, _: PublicCall) -> Result<Answer, Refusal> {
    Ok(answer(state.oauth.metadata()))
}

fn posted(call: &PublicCall) -> Posted<'_> {
    Posted {
        headers: &call.headers,
        body: call.body.clone(),
    }
}

fn occasion(call: &PublicCall) -> Occasion {
    Occasion {
        now: call.now,
        remote_ip: call.remote_ip,
        request_id: call.request_id.as_str().into(),
    }
}

/// Who is signed in in this browser.
async fn signed_in(state: &State, call: &PublicCall) -> Result<Option<SignedIn>, Refusal> {
    let cookie = state.oauth.session_cookie();
    let Some(value) = cookie.read(&call.headers) else {
        return Ok(None);
    };
    let found = state.oauth.users().signed_in(value, call.now).await;
    found.map_err(|error| Refusal::from(identity::Denied::unavailable(&error)))
}

fn answer(reply: Reply) -> Answer {
    let (parts, body) = reply.into_parts();
    let mut answer = Answer::empty(parts.status).with_body(body);
    answer.headers = parts.headers;
    answer
}

/// The kit's own refusals in the words of RFC 6749.
struct Words(&'static str);

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl Dialect for Words {
    fn name(&self) -> &'static str {
        self.0
    }

    fn credential<'request>(&self, _: &'request HeaderMap) -> Option<Credential<'request>> {
        None
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        refuse(refusal)
    }
}

/// A refusal in the words of RFC 6749, as all routes of this module word it; also for whoever refuses before
/// a route was found.
#[must_use]
pub fn refuse(refusal: &Refusal) -> Answer {
    let (status, error, description) = worded(refusal);
    let body = ErrorBody {
        error,
        error_description: &description,
    };
    let answer = Answer::json(status, &body).unwrap_or_else(|_| Answer::empty(status));
    let answer = answer.header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match refusal {
        Refusal::WrongMethod { allowed } => answer.allow(allowed),
        Refusal::Busy { retry_after_s } => answer.retry_after(*retry_after_s),
        _ => answer,
    }
}

fn worded(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let (status, description) = match refusal {
        Refusal::NoSuchRoute | Refusal::NotFound => {
            (StatusCode::NOT_FOUND, "there is nothing here".to_owned())
        }
        Refusal::Blocked => {
            let blocked = "calls from this IP address are blocked".to_owned();
            return (StatusCode::FORBIDDEN, "access_denied", blocked);
        }
        Refusal::WrongMethod { .. } => (
            StatusCode::METHOD_NOT_ALLOWED,
            "this is not done by this method".to_owned(),
        ),
        Refusal::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body has at most {limit} bytes"),
        ),
        Refusal::Parameter(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
        Refusal::Body(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
        Refusal::Busy { .. } | Refusal::OverQuota(_) | Refusal::TimedOut => {
            let again = "the server is busy; try again in a moment".to_owned();
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                again,
            );
        }
        Refusal::Internal(_) => {
            let ours = "something failed on our side".to_owned();
            return (StatusCode::INTERNAL_SERVER_ERROR, "server_error", ours);
        }
        _ => (
            StatusCode::BAD_REQUEST,
            "the request cannot be used".to_owned(),
        ),
    };
    (status, "invalid_request", description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_an_origin_and_perhaps_a_path() {
        assert_eq!(
            split("https://book.example/bookingexperts"),
            ("https://book.example", "/bookingexperts")
        );
        assert_eq!(
            split("http://api.example:8080"),
            ("http://api.example:8080", "")
        );
    }
}
