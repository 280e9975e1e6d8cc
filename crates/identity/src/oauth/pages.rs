//! The pages that people see: sign-in, consent, and what went wrong.
//!
//! Every text goes through the template, which escapes it. A page loads nothing, runs no script, can be shown in
//! no frame, and is kept by nobody.

use http::StatusCode;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::authorize::Consent;
use super::reply::{self, Reply, put};
use crate::users::{SHORTEST_PASSWORD, SignInRefused};

/// The only style there is. It is part of the page, so the policy names its digest.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;\
color:#1c1c1c;background:#fff}h1{font-size:1.4rem}fieldset{border:1px solid #ccc;border-radius:6px;margin:1rem 0}\
label{display:block;margin:.4rem 0}input[type=email],input[type=password]{width:100%;padding:.5rem;box-sizing:\
border-box}button{padding:.6rem 1.2rem;margin:.5rem .5rem .5rem 0;border-radius:6px;border:1px solid #888;\
background:#f4f4f4;font:inherit}.wrong{color:#a40000}.small{color:#555;font-size:.9rem}";

/// The consent page.
#[must_use]
pub fn consent(consent: &Consent) -> Reply {
    let title = format!("Allow {}?", consent.app_name);
    let body = html! {
        h1 { "Allow " strong { (consent.app_name) } " to use your account?" }
        p.small { "Signed in as " (consent.user_name) ". You will be sent back to " (consent.leads_to) "." }
        p { "It asks to:" }
        ul {
            @for (word, about) in &consent.scopes {
                li { (about) " " code.small { (word) } }
            }
        }
        form method="post" action=(consent.sign_out.0) {
            @for (name, value) in &consent.sign_out.1 {
                input type="hidden" name=(name) value=(value);
            }
            button.small type="submit" { "Use another account" }
        }
        form method="post" action=(consent.action) {
            @for (name, value) in &consent.hidden {
                input type="hidden" name=(name) value=(value);
            }
            @if consent.places.is_empty() {
                p.wrong { "You may not install apps in any organization." }
            }
            @for (index, place) in consent.places.iter().enumerate() {
                fieldset {
                    legend {
                        label {
                            input type="radio" name="tenant" value=(place.tenant_id) checked[index == 0];
                            " " (place.name)
                        }
                    }
                    @for (id, name) in &place.organizations {
                        label {
                            input type="checkbox" name="organization" value={ (place.tenant_id) ":" (id) };
                            " " (name)
                        }
                    }
                }
            }
            @if !consent.places.is_empty() {
                button type="submit" name="decision" value="allow" { "Allow" }
            }
            button type="submit" name="decision" value="deny" { "Do not allow" }
        }
    };
    page(StatusCode::OK, &title, &body, Some(&consent.leads_to))
}

/// The sign-in page.
pub(crate) fn sign_in(
    action: &str,
    hidden: &[(String, String)],
    forgotten: &str,
    wrong: Option<&SignInRefused>,
) -> Reply {
    let body = html! {
        h1 { "Sign in" }
        @if let Some(wrong) = wrong {
            p.wrong role="alert" { (wrong.to_string()) }
        }
        form method="post" action=(action) {
            @for (name, value) in hidden {
                input type="hidden" name=(name) value=(value);
            }
            label { "Email" input type="email" name="email" autocomplete="username" required; }
            label {
                "Password"
                input type="password" name="password" autocomplete="current-password" required;
            }
            button type="submit" { "Sign in" }
        }
        p.small { a href=(forgotten) { "Forgotten your password?" } }
    };
    page(StatusCode::OK, "Sign in", &body, None)
}

/// Says on a page why somebody is not signed in: by its status, and by when to come back.
pub(crate) fn refuse(page: &mut Reply, refused: &SignInRefused) {
    let (status, wait_s) = match refused {
        SignInRefused::Throttled { wait_s } => (StatusCode::TOO_MANY_REQUESTS, Some(*wait_s)),
        SignInRefused::Unavailable { retry_after_s } => {
            (StatusCode::SERVICE_UNAVAILABLE, Some(*retry_after_s))
        }
        SignInRefused::Wrong | SignInRefused::ForeignForm => {
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
    };
    *page.status_mut() = status;
    if let Some(wait_s) = wait_s {
        put(page, RETRY_AFTER, HeaderValue::from(wait_s));
    }
}

/// The page on which a mail is asked for with which a password can be set anew.
pub(crate) fn forgotten(action: &str, wrong: Option<&str>) -> Reply {
    let body = html! {
        h1 { "Set a new password" }
        @if let Some(wrong) = wrong {
            p.wrong role="alert" { (wrong) }
        }
        form method="post" action=(action) {
            label { "Email" input type="email" name="email" autocomplete="username" required; }
            button type="submit" { "Send me a link" }
        }
    };
    page(StatusCode::OK, "Set a new password", &body, None)
}

/// The page on which a new password is typed.
pub(crate) fn new_password(action: &str, token: &str, wrong: Option<&str>) -> Reply {
    let body = html! {
        h1 { "Set a new password" }
        @if let Some(wrong) = wrong {
            p.wrong role="alert" { (wrong) }
        }
        form method="post" action=(action) {
            input type="hidden" name="token" value=(token);
            label {
                "New password, " (SHORTEST_PASSWORD) " characters or more"
                input type="password" name="password" autocomplete="new-password" minlength=(SHORTEST_PASSWORD) required;
            }
            button type="submit" { "Set it" }
        }
    };
    page(StatusCode::OK, "Set a new password", &body, None)
}

/// Something was done.
pub(crate) fn done(title: &str, sentence: &str) -> Reply {
    message(StatusCode::OK, title, sentence)
}

/// What went wrong, where no client can be told.
pub(crate) fn wrong(sentence: &str) -> Reply {
    message(StatusCode::BAD_REQUEST, "This cannot be done", sentence)
}

/// The house is busy.
pub(crate) fn busy(sentence: &str) -> Reply {
    message(
        StatusCode::SERVICE_UNAVAILABLE,
        "Please try again",
        sentence,
    )
}

/// The store cannot answer. The details go to the log.
pub(crate) fn unavailable(error: &store::Error) -> Reply {
    tracing::warn!(%error, "a page could not be made");
    busy("This cannot be done just now. Please try again in a moment.")
}

fn message(status: StatusCode, title: &str, sentence: &str) -> Reply {
    let body = html! {
        h1 { (title) }
        p { (sentence) }
    };
    page(status, title, &body, None)
}

/// A whole page. `ends_at` is where its form may lead besides this house: browsers hold a form's redirects
/// against the policy too.
fn page(status: StatusCode, title: &str, body: &Markup, ends_at: Option<&str>) -> Reply {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    let mut reply = reply::empty(status);
    *reply.body_mut() = whole.into_string();
    let plain = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in plain {
        put(&mut reply, name, HeaderValue::from_static(value));
    }
    put(&mut reply, CONTENT_SECURITY_POLICY, policy(ends_at));
    reply
}

/// The content security policy. A source that could end the directive is left out.
fn policy(ends_at: Option<&str>) -> HeaderValue {
    let is_source = |source: &&str| {
        !source.is_empty() && !source.contains(|c: char| c.is_whitespace() || c == ';' || c == ',')
    };
    let ends_at = ends_at.filter(is_source).unwrap_or_default();
    let text = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self' {ends_at}; frame-ancestors 'none'; \
         base-uri 'none'",
        digest(STYLE)
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| {
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
    })
}

fn digest(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()))
}
