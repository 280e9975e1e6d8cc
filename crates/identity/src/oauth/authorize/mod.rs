//! The authorization endpoint: a request is checked, its user asked, and a code sent.
//!
//! Who asks and where the answer goes is settled first ([`request`]); as long as it is not, nobody is sent
//! anywhere and the user reads what is wrong. The consent form carries the whole request back, and
//! everything in it is checked again, so nothing in a form is believed. What is then decided is written by one
//! command ([`issue`]), which looks at app, user and organizations once more.

mod consent;
mod decide;
mod issue;
mod request;

pub use consent::{Consent, Place};
pub use decide::DecisionRefused;
pub(crate) use request::CARRIED;
pub use request::{AuthorizationError, AuthorizationRequest, BadAuthorization, Untrusted};

use super::{OAuth, Parameters, Reply, pages, reply};
use crate::Occasion;
use crate::users::SignedIn;

use rand::CryptoRng;

impl OAuth {
    /// Answers a GET of the authorization endpoint: with the consent page; with the sign-in page when nobody
    /// is signed in; with an error sent to the client, or shown where the client is not known.
    pub async fn authorize(
        &self,
        query: &str,
        signed_in: Option<&SignedIn>,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let query = match Parameters::parse(query.as_bytes()) {
            Ok(query) => query,
            Err(bad) => return pages::wrong(&Untrusted::Parameters(bad).to_string()),
        };
        let request = match self.request(&query).await {
            Ok(request) => request,
            Err(bad) => return self.bad(&bad),
        };
        let Some(signed_in) = signed_in else {
            return self.sign_in_page(&request.carried(), None, rng);
        };
        match self.consent(&request, signed_in).await {
            Ok(consent) => pages::consent(&consent),
            Err(error) => pages::unavailable(&error),
        }
    }

    /// Answers a POST of the consent form: with a code sent to the client, or an error, or the sign-in page
    /// when the session has ended meanwhile.
    pub async fn decide(
        &self,
        form: &[u8],
        signed_in: Option<&SignedIn>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let form = match Parameters::parse(form) {
            Ok(form) => form,
            Err(bad) => return pages::wrong(&Untrusted::Parameters(bad).to_string()),
        };
        let request = match self.request(&form).await {
            Ok(request) => request,
            Err(bad) => return self.bad(&bad),
        };
        let Some(signed_in) = signed_in else {
            return self.sign_in_page(&request.carried(), None, rng);
        };
        match self
            .decided(&form, &request, signed_in, occasion, rng)
            .await
        {
            Ok(place) => reply::see_other(&place),
            Err(DecisionRefused::Authorization(error)) => {
                reply::see_other(&self.error_place(&request.answer_to(error)))
            }
            Err(refused) => pages::wrong(&refused.to_string()),
        }
    }

    fn bad(&self, bad: &BadAuthorization) -> Reply {
        tracing::info!(%bad, "an authorization request was refused");
        match bad {
            BadAuthorization::Untrusted(Untrusted::Unavailable { .. }) => {
                pages::busy(&bad.to_string())
            }
            BadAuthorization::Untrusted(untrusted) => pages::wrong(&untrusted.to_string()),
            BadAuthorization::Told(told) => reply::see_other(&self.error_place(told)),
        }
    }
}
