//! Where a browser may be sent: what may be registered, and how an answer is added to it.
//!
//! Comparison is by bytes, so nothing is normalized: what was registered is what has to be asked for. A
//! registered URI is looked at once, when it is registered.

use url::Url;

use super::parameters::encode;

/// The longest redirect URI.
const LONGEST: usize = 2_000;

/// The most redirect URIs of an app.
pub(crate) const MOST: usize = 50;

/// A redirect URI that may not be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirectUri {
    /// It is no absolute URI, or has blanks, control characters or backslashes.
    #[error("{0:?} is no absolute URI")]
    NotAbsolute(String),
    /// An answer is added to the query, and what follows `#` never reaches a server.
    #[error("{0:?} has a fragment")]
    Fragment(String),
    /// Names before `@` are there to look like another host.
    #[error("{0:?} has a user name")]
    UserName(String),
    /// Unencrypted, and not the own computer.
    #[error("{0:?} has to be https; http is for the own computer only")]
    NotEncrypted(String),
    /// The scheme runs code, reads files, or belongs to nobody. Those of apps on a device have a dot.
    #[error("{0:?} has a scheme that no app can own")]
    Scheme(String),
    /// A pattern would match what nobody has thought of.
    #[error("{0:?} has a wildcard")]
    Wildcard(String),
    /// It would be a second answer.
    #[error("{0:?} has a parameter that belongs to the answer")]
    AnswerParameter(String),
    /// There are too many, or none where one is needed.
    #[error("an app has at most {MOST} redirect URIs")]
    TooMany,
}

/// The parameters of an answer; a redirect URI that has one already would carry two.
const OF_AN_ANSWER: &[&str] = &["code", "state", "iss", "error", "error_description"];

/// Whether an app may register this.
///
/// # Errors
/// Why not.
pub(crate) fn check(uri: &str) -> Result<(), BadRedirectUri> {
    let owned = || uri.to_owned();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let url = match Url::parse(uri) {
        Ok(url) if uri.len() <= LONGEST && uri.bytes().all(is_plain) => url,
        _ => return Err(BadRedirectUri::NotAbsolute(owned())),
    };
    if uri.contains('#') {
        return Err(BadRedirectUri::Fragment(owned()));
    }
    if uri.contains('*') {
        return Err(BadRedirectUri::Wildcard(owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadRedirectUri::UserName(owned()));
    }
    match url.scheme() {
        "https" if url.host_str().is_some_and(|host| !host.is_empty()) => {}
        "http" if is_own_computer(&url) => {}
        "http" => return Err(BadRedirectUri::NotEncrypted(owned())),
        scheme if scheme.contains('.') => {}
        _ => return Err(BadRedirectUri::Scheme(owned())),
    }
    if url
        .query_pairs()
        .any(|(name, _)| OF_AN_ANSWER.contains(&&*name))
    {
        return Err(BadRedirectUri::AnswerParameter(owned()));
    }
    Ok(())
}

fn is_own_computer(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A registered URI with an answer added to its query.
pub(crate) fn with_answer(uri: &str, answer: &[(&str, &str)]) -> String {
    let answer = encode(answer.iter().copied());
    match uri.split_once('?') {
        None => format!("{uri}?{answer}"),
        Some((_, "")) => format!("{uri}{answer}"),
        Some(_) => format!("{uri}&{answer}"),
    }
}

/// What a content security policy calls the place where a form may end: browsers look at redirects too.
pub(crate) fn source_of(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        scheme @ ("https" | "http") => Some(match url.port() {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }),
        scheme => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_added_to_whatever_query_there_is() {
        let answer = [("code", "a b"), ("state", "&code=x#")];
        let added = "code=a+b&state=%26code%3Dx%23";
        for (uri, expected) in [
            (
                "https://a.example/cb",
                format!("https://a.example/cb?{added}"),
            ),
            (
                "https://a.example/cb?",
                format!("https://a.example/cb?{added}"),
            ),
            (
                "https://a.example/cb?x=1",
                format!("https://a.example/cb?x=1&{added}"),
            ),
        ] {
            assert_eq!(with_answer(uri, &answer), expected);
        }
    }

    #[test]
    fn a_form_may_end_where_the_answer_goes_and_nowhere_else() {
        let source = |uri| source_of(uri).unwrap();
        assert_eq!(source("https://a.example/cb?x=1"), "https://a.example");
        assert_eq!(source("http://127.0.0.1:8080/cb"), "http://127.0.0.1:8080");
        assert_eq!(source("com.example.app:/cb"), "com.example.app:");
    }
}
