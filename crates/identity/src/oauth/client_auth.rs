//! Who posts to the token endpoint: exactly one way to say so, in a header or in the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::oauth::{App, AppSecret};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use store::{Condition, Tx};

use super::parameters::{BadParameters, Parameters};
use super::reason::Reason;
use crate::secret;

/// The most secrets of an app that are looked at.
pub(crate) const MOST_SECRETS: usize = 10;

/// What a client presents.
#[derive(PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) client_id: String,
    /// None for a client that says that it has none.
    pub(crate) secret: Option<String>,
}

/// What a request presents.
///
/// # Errors
/// When it presents nothing, more than one thing, or something that cannot be read.
pub(crate) fn presented(headers: &HeaderMap, body: &Parameters) -> Result<Presented, Reason> {
    for unknown in ["client_assertion", "client_assertion_type"] {
        if body.all(unknown).next().is_some() {
            return Err(Reason::UnknownAuthentication);
        }
    }
    let client_id = body.one("client_id")?;
    // A secret that is there and empty is a secret, and a wrong one.
    let mut secrets = body.all("client_secret");
    let secret = secrets.next();
    if secrets.next().is_some() {
        return Err(BadParameters::Repeated("client_secret").into());
    }
    let Some(basic) = basic(headers)? else {
        let client_id = client_id.ok_or(Reason::NotAuthenticated)?.to_owned();
        let secret = secret.map(str::to_owned);
        return Ok(Presented { client_id, secret });
    };
    if secret.is_some() || client_id.is_some_and(|named| named != basic.client_id) {
        return Err(Reason::TwoAuthentications);
    }
    Ok(basic)
}

/// What `Authorization: Basic` says, where there is such a header.
fn basic(headers: &HeaderMap) -> Result<Option<Presented>, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Reason::TwoAuthentications);
    }
    let value = value.to_str().map_err(|_| Reason::UnknownAuthentication)?;
    let (scheme, encoded) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Reason::UnknownAuthentication);
    }
    let decoded = STANDARD.decode(encoded.trim()).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let (client_id, secret) = text
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .ok_or(Reason::WrongClient)?;
    Ok(Some(Presented {
        client_id: decoded_of(client_id),
        secret: Some(decoded_of(secret)),
    }))
}

/// RFC 6749, 2.3.1: both are form-encoded before they are joined. Ours look the same either way.
fn decoded_of(encoded: &str) -> String {
    let pair = format!("v={}", encoded.replace('&', "%26"));
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The app that presents itself, which may be halted.
///
/// # Errors
/// Inside, why it is not believed. An unknown client, a wrong secret, and a secret of a client that has none
/// all look the same.
pub(crate) async fn authenticate(
    tx: &mut Tx,
    dialect: &str,
    presented: &Presented,
    now: Timestamp,
) -> store::Result<Result<App, Reason>> {
    let app = find(tx, dialect, &presented.client_id).await?;
    let secrets = match &app {
        Some(app) => secrets_of(tx, app, now).await?,
        None => Vec::new(),
    };
    let Some(secret) = &presented.secret else {
        return Ok(match app {
            Some(app) if !app.confidential => Ok(app),
            Some(_) => Err(Reason::NotAuthenticated),
            None => Err(Reason::WrongClient),
        });
    };
    let is_known = knows(&secrets, secret);
    Ok(app
        .filter(|app| app.confidential && is_known)
        .ok_or(Reason::WrongClient))
}

/// Whether a secret is one of these. All are compared, whichever it is.
fn knows(secrets: &[AppSecret], presented: &str) -> bool {
    let hash = secret::hash(presented);
    let compared = secrets.iter().map(|known| secret::same(&known.hash, &hash));
    compared.fold(false, |any, one| any | one)
}

/// The app of a dialect with this `client_id`.
pub(crate) async fn find(
    tx: &mut Tx,
    dialect: &str,
    client_id: &str,
) -> store::Result<Option<App>> {
    let named = Condition::Is("public_id", client_id.into());
    let app = tx.find::<App>(&named, "", Some(1), 0).await?.pop();
    Ok(app.filter(|app| app.dialect == dialect))
}

/// The secrets of an app that are valid now, by the real clock.
pub(crate) async fn secrets_of(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
) -> store::Result<Vec<AppSecret>> {
    let of_app = Condition::Is("app_id", app.id.into());
    let mut secrets = tx
        .find::<AppSecret>(&of_app, "id DESC", Some(MOST_SECRETS as u64), 0)
        .await?;
    secrets.retain(|secret| secret.ends_at.is_none_or(|end| now < end));
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn read(values: &[&str], body: &str) -> Result<(String, Option<String>), Reason> {
        let body = Parameters::parse(body.as_bytes()).unwrap();
        let presented = presented(&headers(values), &body)?;
        Ok((presented.client_id, presented.secret))
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_client_says_who_it_is_in_the_header_or_in_the_body() {
        let both = ("app".to_owned(), Some("s:e c".to_owned()));
        assert_eq!(read(&[&basic_of("app:s%3Ae+c")], ""), Ok(both.clone()));
        assert_eq!(
            read(&[&basic_of("app:s:e%20c")], "client_id=app"),
            Ok(both.clone())
        );
        assert_eq!(read(&[], "client_id=app&client_secret=s%3Ae%20c"), Ok(both));
        assert_eq!(read(&[], "client_id=app"), Ok(("app".to_owned(), None)));
    }

    #[test]
    fn anything_else_is_refused() {
        let basic = basic_of("app:secret");
        let cases: &[(&[&str], &str, Reason)] = &[
            (&[], "", Reason::NotAuthenticated),
            (
                &[&basic],
                "client_secret=secret",
                Reason::TwoAuthentications,
            ),
            (&[&basic], "client_secret=", Reason::TwoAuthentications),
            (&[&basic], "client_id=other", Reason::TwoAuthentications),
            (&[&basic, &basic], "", Reason::TwoAuthentications),
            (
                &["Bearer x"],
                "client_id=app",
                Reason::UnknownAuthentication,
            ),
            (&["Basic"], "", Reason::WrongClient),
            (&["Basic %%%"], "", Reason::WrongClient),
            (&[&basic_of("no colon")], "", Reason::WrongClient),
            (
                &[],
                "client_id=app&client_assertion=x",
                Reason::UnknownAuthentication,
            ),
            (
                &[],
                "client_id=app&client_secret=a&client_secret=b",
                BadParameters::Repeated("client_secret").into(),
            ),
        ];
        for (values, body, reason) in cases {
            assert_eq!(read(values, body), Err(reason.clone()), "{values:?} {body}");
        }
    }
}
