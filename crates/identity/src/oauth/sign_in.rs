//! Signing in on the way to consent: the form, and what comes of it.
//!
//! The form goes back to the authorization endpoint and nowhere else: it carries the parameters of the
//! request, never an address. It is bound to its browser by a cookie of its own, so that nobody can sign a
//! stranger's browser in with an account of theirs.

use http::header::{HeaderValue, SET_COOKIE};
use rand::CryptoRng;

use super::authorize::CARRIED;
use super::{OAuth, Parameters, Reply, pages, redirect, reply};
use crate::Occasion;
use crate::secret::Secret;
use crate::users::{SignInRefused, cookie, csrf};

/// The cookie that binds the sign-in form to its browser.
pub const FORM_COOKIE: &str = "tabard_form";

const PURPOSE: &str = "sign in";

/// The purpose of the form that signs out.
pub(crate) const SIGN_OUT: &str = "sign out";

impl OAuth {
    /// The sign-in page, which leads back to an authorization request.
    pub(crate) fn sign_in_page(
        &self,
        carried: &[(String, String)],
        wrong: Option<&SignInRefused>,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let browser = Secret::url_safe(rng);
        let mut hidden = carried.to_vec();
        let token = csrf::token(&browser, PURPOSE);
        hidden.push((csrf::FIELD.to_owned(), token));
        let action = self.profile.url(self.profile.paths.sign_in);
        let forgotten = self.profile.url(self.profile.paths.forgotten);
        let mut page = pages::sign_in(&action, &hidden, &forgotten, wrong);
        if let Some(wrong) = wrong {
            pages::refuse(&mut page, wrong);
        }
        set_cookie(&mut page, &self.form_cookie().set(browser.reveal()));
        page
    }

    /// Answers a POST of the sign-in form: with the way back to the request and a session, or with the
    /// form again.
    ///
    /// `form_cookie` and `session_cookie` are what the request's cookies of these names hold.
    pub async fn sign_in(
        &self,
        form: &[u8],
        form_cookie: Option<&str>,
        session_cookie: Option<&str>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        let form = match Parameters::parse(form) {
            Ok(form) => form,
            Err(bad) => return pages::wrong(&bad.to_string()),
        };
        let carried = form.only(CARRIED);
        let one = |name| form.one(name).ok().flatten().unwrap_or_default().to_owned();
        let browser = Secret::of(form_cookie.unwrap_or_default().to_owned());
        if form_cookie.is_none() || !csrf::belongs(&browser, PURPOSE, &one(csrf::FIELD)) {
            let foreign = SignInRefused::ForeignForm;
            return self.sign_in_page(&carried, Some(&foreign), rng);
        }
        let users = self.identity.users();
        let signed_in = users
            .sign_in(
                &one("email"),
                &one("password"),
                session_cookie,
                occasion,
                rng,
            )
            .await;
        match signed_in {
            Ok(signed_in) => self.signed_in(&carried, signed_in.secret.reveal()),
            Err(refused) => self.sign_in_page(&carried, Some(&refused), rng),
        }
    }

    /// Answers a POST of the sign-out form: the session ends, and the way leads back to the request, where
    /// somebody else may sign in.
    pub async fn sign_out(&self, form: &[u8], session_cookie: Option<&str>) -> Reply {
        let form = match Parameters::parse(form) {
            Ok(form) => form,
            Err(bad) => return pages::wrong(&bad.to_string()),
        };
        let session = Secret::of(session_cookie.unwrap_or_default().to_owned());
        let token = form.one(csrf::FIELD).ok().flatten().unwrap_or_default();
        if !csrf::belongs(&session, SIGN_OUT, token) {
            return pages::wrong(&SignInRefused::ForeignForm.to_string());
        }
        if let Err(error) = self.identity.users().sign_out(session.reveal()).await {
            return pages::unavailable(&error);
        }
        let mut reply = self.back(&form.only(CARRIED));
        set_cookie(&mut reply, &self.session_cookie().clear());
        reply
    }

    fn signed_in(&self, carried: &[(String, String)], session: &str) -> Reply {
        let mut reply = self.back(carried);
        set_cookie(&mut reply, &self.session_cookie().set(session));
        set_cookie(&mut reply, &self.form_cookie().clear());
        reply
    }

    /// The way back to an authorization request.
    fn back(&self, carried: &[(String, String)]) -> Reply {
        let place = self.profile.url(self.profile.paths.authorize);
        let pairs: Vec<(&str, &str)> = carried
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let place = if pairs.is_empty() {
            place
        } else {
            redirect::with_answer(&place, &pairs)
        };
        reply::see_other(&place)
    }

    /// The cookie that holds a session.
    #[must_use]
    pub fn session_cookie(&self) -> cookie::Cookie {
        cookie::Cookie::session(self.profile.issuer.starts_with("https:"))
    }

    /// The cookie that binds the sign-in form to its browser.
    #[must_use]
    pub fn form_cookie(&self) -> cookie::Cookie {
        cookie::Cookie::new(FORM_COOKIE, self.profile.issuer.starts_with("https:"))
    }
}

fn set_cookie(reply: &mut Reply, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        reply.headers_mut().append(SET_COOKIE, value);
    }
}
