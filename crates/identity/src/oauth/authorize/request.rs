//! An authorization request: checked in the order in which its parts can be trusted.

use catalogue::access::Client;
use catalogue::oauth::App;

use crate::oauth::client_auth;
use crate::oauth::parameters::BadParameters;
use crate::oauth::pkce::{BadChallenge, Challenge};
use crate::oauth::{OAuth, Parameters, redirect, scopes};

/// The longest `state`; clients put whole URLs into it.
const LONGEST_STATE: usize = 4_000;

/// The parameters that a consent form carries, so that the request can be checked again.
pub(crate) const CARRIED: &[&str] = &[
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// An authorization request that may be answered.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    pub(crate) app: App,
    pub(crate) app_name: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) scopes: Vec<String>,
    carried: Vec<(String, String)>,
}

impl AuthorizationRequest {
    /// Its parameters, to be sent along with a form.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        self.carried.clone()
    }

    /// What the client is told when the request fails.
    pub(crate) fn answer_to(&self, error: AuthorizationError) -> Told {
        Told {
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            error,
        }
    }
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthorization {
    /// Shown to the user: it is not known who asks, or where the answer would go.
    #[error("{0}")]
    Untrusted(#[from] Untrusted),
    /// Sent to the client.
    #[error("{}", .0.error)]
    Told(Told),
}

/// An error with the place where it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// A registered redirect URI of the client.
    pub redirect_uri: String,
    /// What the client wants back.
    pub state: Option<String>,
    /// What is wrong.
    pub error: AuthorizationError,
}

/// Why a request is shown to the user and its browser sent nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Too long, too many, or `client_id` or `redirect_uri` given twice.
    #[error("The link cannot be used: {0}.")]
    Parameters(#[from] BadParameters),
    /// No `client_id`, or one of nobody.
    #[error("The link names no app that is known here.")]
    UnknownClient,
    /// No `redirect_uri`, or one that the app has not registered.
    #[error("The link leads back to an address that the app has not registered.")]
    UnknownRedirectUri,
    /// The store cannot answer just now.
    #[error("This cannot be done just now. Please try again in a moment.")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u32,
    },
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// A parameter that is given twice.
    #[error("{0}")]
    Parameters(BadParameters),
    /// There has to be a `response_type`.
    #[error("response_type is missing")]
    ResponseTypeMissing,
    /// Only codes are given out here, no tokens.
    #[error("response_type has to be code")]
    ResponseType,
    /// Answers stand in the query.
    #[error("response_mode has to be query")]
    ResponseMode,
    /// Requests inside of a signed object are not read.
    #[error("{0} is not supported")]
    RequestObject(&'static str),
    /// The challenge cannot be used.
    #[error("{0}")]
    Challenge(#[from] BadChallenge),
    /// A word that the app may not ask for.
    #[error("scope holds a word that this app may not ask for")]
    Scope,
    /// `state` is too long.
    #[error("state is too long")]
    State,
    /// The app was halted.
    #[error("the application was halted")]
    ApplicationHalted,
    /// The user said no.
    #[error("the request was denied")]
    Denied,
    /// The user may not allow as much.
    #[error("the user may not grant this")]
    BeyondUser,
}

impl AuthorizationError {
    /// The error code of RFC 6749, 4.1.2.1.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            AuthorizationError::Parameters(_)
            | AuthorizationError::ResponseTypeMissing
            | AuthorizationError::ResponseMode
            | AuthorizationError::Challenge(_)
            | AuthorizationError::State => "invalid_request",
            AuthorizationError::ResponseType => "unsupported_response_type",
            AuthorizationError::RequestObject("request") => "request_not_supported",
            AuthorizationError::RequestObject(_) => "request_uri_not_supported",
            AuthorizationError::Scope => "invalid_scope",
            AuthorizationError::ApplicationHalted => "unauthorized_client",
            AuthorizationError::Denied | AuthorizationError::BeyondUser => "access_denied",
        }
    }
}

impl OAuth {
    /// Checks a request: first who asks and where the answer goes, then everything else.
    ///
    /// # Errors
    /// Why it is not answered, and to whom that is told.
    pub async fn request(
        &self,
        parameters: &Parameters,
    ) -> Result<AuthorizationRequest, BadAuthorization> {
        let client_id = one(parameters, "client_id")?.ok_or(Untrusted::UnknownClient)?;
        let redirect_uri = one(parameters, "redirect_uri")?;
        let found = self.app_with_name(client_id).await;
        let (app, app_name) = found
            .map_err(|error| unavailable(&error))?
            .ok_or(Untrusted::UnknownClient)?;
        let redirect_uri = redirect_uri
            .filter(|asked| app.redirect_uris.iter().any(|known| known == asked))
            .ok_or(Untrusted::UnknownRedirectUri)?;
        // From here on the client is told. A state that is given twice is no state.
        let state = parameters.one("state").ok().flatten();
        let told = |error| {
            BadAuthorization::Told(Told {
                redirect_uri: redirect_uri.to_owned(),
                state: state
                    .filter(|state| state.len() <= LONGEST_STATE)
                    .map(str::to_owned),
                error,
            })
        };
        let (challenge, scopes) = checked(parameters, &app).map_err(told)?;
        Ok(AuthorizationRequest {
            redirect_uri: redirect_uri.to_owned(),
            state: state.map(str::to_owned),
            challenge,
            scopes,
            carried: parameters.only(CARRIED),
            app,
            app_name,
        })
    }

    /// A request that starts here and not with the client, as when an app is installed from a list of apps.
    /// The code is sent to the app's first redirect URI, without a `state`.
    ///
    /// # Errors
    /// When there is no such app, it has no redirect URI, or it is public: without a challenge of its own
    /// nothing would bind the code to it.
    pub async fn installation_link(&self, client_id: &str) -> Result<String, Untrusted> {
        let found = self.app_with_name(client_id).await;
        let (app, _) = found
            .map_err(|error| unavailable(&error))?
            .ok_or(Untrusted::UnknownClient)?;
        let redirect_uri = app
            .redirect_uris
            .first()
            .ok_or(Untrusted::UnknownRedirectUri)?;
        if !app.confidential {
            return Err(Untrusted::UnknownClient);
        }
        let asked = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri.as_str()),
        ];
        let place = self.profile.url(self.profile.paths.authorize);
        Ok(redirect::with_answer(&place, &asked))
    }

    async fn app_with_name(&self, client_id: &str) -> store::Result<Option<(App, String)>> {
        let mut tx = self.identity.store().reader().await?;
        let Some(app) = client_auth::find(&mut tx, self.profile.dialect, client_id).await? else {
            return Ok(None);
        };
        let client = tx.get::<Client>(&[app.id.into()]).await?;
        Ok(client.map(|client| (app, client.name)))
    }

    /// Where a client is told an error: its redirect URI, with the error, its state, and who tells it.
    pub(crate) fn error_place(&self, told: &Told) -> String {
        let description = told.error.to_string();
        let mut answer = vec![
            ("error", told.error.code()),
            ("error_description", description.as_str()),
        ];
        answer.extend(told.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", &self.profile.issuer));
        redirect::with_answer(&told.redirect_uri, &answer)
    }
}

fn one<'p>(parameters: &'p Parameters, name: &'static str) -> Result<Option<&'p str>, Untrusted> {
    Ok(parameters.one(name)?)
}

pub(crate) fn unavailable(error: &store::Error) -> Untrusted {
    match crate::oauth::Reason::unavailable(error) {
        crate::oauth::Reason::Unavailable { retry_after_s } => {
            Untrusted::Unavailable { retry_after_s }
        }
        _ => Untrusted::Unavailable { retry_after_s: 5 },
    }
}

/// Everything but who asks and where the answer goes.
fn checked(
    parameters: &Parameters,
    app: &App,
) -> Result<(Option<Challenge>, Vec<String>), AuthorizationError> {
    let one = |name| parameters.one(name).map_err(AuthorizationError::Parameters);
    if one("state")?.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(AuthorizationError::State);
    }
    if app.halted_at.is_some() {
        return Err(AuthorizationError::ApplicationHalted);
    }
    for unread in ["request", "request_uri"] {
        if one(unread)?.is_some() {
            return Err(AuthorizationError::RequestObject(unread));
        }
    }
    match one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(AuthorizationError::ResponseType),
        None => return Err(AuthorizationError::ResponseTypeMissing),
    }
    if one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(AuthorizationError::ResponseMode);
    }
    let challenge = Challenge::asked(
        one("code_challenge")?,
        one("code_challenge_method")?,
        !app.confidential,
    )?;
    Ok((challenge, asked_scopes(one("scope")?, app)?))
}

/// The words that are asked for; all that the app has where none is named.
fn asked_scopes(scope: Option<&str>, app: &App) -> Result<Vec<String>, AuthorizationError> {
    let allowed = scopes::words_of(app);
    let asked = match scope {
        Some(scope) => scopes::asked(scope, &allowed).ok_or(AuthorizationError::Scope)?,
        None => Vec::new(),
    };
    let asked = if asked.is_empty() {
        allowed.into_iter().map(str::to_owned).collect()
    } else {
        asked
    };
    if asked.is_empty() {
        return Err(AuthorizationError::Scope);
    }
    Ok(asked)
}
