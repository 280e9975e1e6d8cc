//! The pages for a forgotten password: asking for a mail, and setting another one.
//!
//! Neither form needs a token of its own: the first does nothing for whoever sends it, and the second carries
//! the mailed one.

use http::{HeaderMap, StatusCode};
use rand::CryptoRng;

use super::{OAuth, Parameters, Reply, pages};
use crate::Occasion;
use crate::users::{ResetRefused, preferred};

const ASKED: &str = "If there is an account with this address, a mail with a link is on its way. The link is good for \
                     an hour.";
const SET: &str =
    "Your password was set. You are signed out everywhere; please sign in with the new one.";

impl OAuth {
    /// Answers a GET: the form that asks for a mail.
    #[must_use]
    pub fn forgotten_page(&self) -> Reply {
        pages::forgotten(&self.profile.url(self.profile.paths.forgotten), None)
    }

    /// Answers a POST of that form. Whether there is such an account is not said. The mail is written in a
    /// language that the request's headers ask for.
    pub async fn forgotten(
        &self,
        form: &[u8],
        headers: &HeaderMap,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let form = match Parameters::parse(form) {
            Ok(form) => form,
            Err(bad) => return pages::wrong(&bad.to_string()),
        };
        let email = form.one("email").ok().flatten().unwrap_or_default();
        let (users, languages) = (self.identity.users(), preferred(headers));
        match users.ask_reset(email, languages, occasion, rng).await {
            Ok(()) => pages::done("Look into your mail", ASKED),
            Err(refused) => {
                let action = self.profile.url(self.profile.paths.forgotten);
                let mut page = pages::forgotten(&action, Some(&refused.to_string()));
                pages::refuse(&mut page, &refused);
                page
            }
        }
    }

    /// Answers a GET of the link in the mail: the form for the new password.
    #[must_use]
    pub fn new_password_page(&self, query: &str) -> Reply {
        let token = Parameters::parse(query.as_bytes());
        let token = token.as_ref().map(|query| query.one("token"));
        match token {
            Ok(Ok(Some(token))) => {
                let action = self.profile.url(self.profile.paths.new_password);
                pages::new_password(&action, token, None)
            }
            _ => pages::wrong(&ResetRefused::Token.to_string()),
        }
    }

    /// Answers a POST of that form.
    pub async fn new_password(
        &self,
        form: &[u8],
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let form = match Parameters::parse(form) {
            Ok(form) => form,
            Err(bad) => return pages::wrong(&bad.to_string()),
        };
        let one = |name| form.one(name).ok().flatten().unwrap_or_default();
        let (token, password) = (one("token"), one("password"));
        let users = self.identity.users();
        match users.reset_password(token, password, occasion, rng).await {
            Ok(()) => pages::done("Done", SET),
            Err(ResetRefused::Token) => pages::wrong(&ResetRefused::Token.to_string()),
            Err(refused) => {
                let action = self.profile.url(self.profile.paths.new_password);
                let mut page = pages::new_password(&action, token, Some(&refused.to_string()));
                match &refused {
                    ResetRefused::NotNow(not_now) => pages::refuse(&mut page, not_now),
                    _ => *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY,
                }
                page
            }
        }
    }

    /// The link that a mail carries.
    #[must_use]
    pub fn new_password_link(&self, mail: &crate::users::ResetMail) -> String {
        let place = self.profile.url(self.profile.paths.new_password);
        super::redirect::with_answer(&place, &[("token", mail.token.reveal())])
    }
}
