//! What an app answers when its button was pressed: exactly one of four things.

use http::Uri;
use serde_json::Value;
use service::outgoing::ask;

/// The longest text that is shown to people, in characters.
const MOST_TEXT: usize = 2_000;

/// The longest address, in bytes.
const MOST_URL: usize = 2_048;

/// What an app wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The person is sent there.
    Redirect(String),
    /// This is shown inside the page.
    Iframe(String),
    /// All is well, and this is said.
    Notice(String),
    /// Something went wrong, and this is said.
    Alert(String),
}

impl Wanted {
    /// The name of what it is, the attribute that it stands in, and its text.
    pub fn parts(&self) -> (&'static str, &'static str, &str) {
        match self {
            Self::Redirect(url) => ("redirect", "redirect_url", url),
            Self::Iframe(url) => ("iframe", "iframe_url", url),
            Self::Notice(text) => ("notice", "notice", text),
            Self::Alert(text) => ("alert", "alert", text),
        }
    }
}

/// Reads an answer. Addresses have to be `https`, and `http` only where webhooks may go there too:
/// whatever else a browser would follow, such as a script, is refused.
///
/// # Errors
/// What is wrong with the answer, in words.
pub fn read(answer: &ask::Answer, allow_http: bool) -> Result<Wanted, String> {
    if !(200..300).contains(&answer.status) {
        return Err(format!("it answered with the status {}", answer.status));
    }
    if !answer.is_whole {
        return Err("its answer was too long, or too slow".to_owned());
    }
    let body: Value =
        serde_json::from_slice(&answer.body).map_err(|_| "its answer is no JSON".to_owned())?;
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    let names = ["redirect_url", "iframe_url", "notice", "alert"];
    let mut present = names.iter().filter_map(|name| Some((*name, given(name)?)));
    let (Some((name, value)), None) = (present.next(), present.next()) else {
        return Err(format!(
            "its answer has to hold exactly one of {}",
            names.join(", ")
        ));
    };
    let text = value.as_str().unwrap_or_default().trim();
    match name {
        "redirect_url" => Ok(Wanted::Redirect(address(name, text, allow_http)?)),
        "iframe_url" => Ok(Wanted::Iframe(address(name, text, allow_http)?)),
        "notice" => Ok(Wanted::Notice(words(name, text)?)),
        _ => Ok(Wanted::Alert(words(name, text)?)),
    }
}

fn address(name: &str, text: &str, allow_http: bool) -> Result<String, String> {
    let uri: Option<Uri> = text.parse().ok().filter(|_| text.len() <= MOST_URL);
    let is_spoken = |uri: &Uri| match uri.scheme_str() {
        Some("https") => true,
        Some("http") => allow_http,
        _ => false,
    };
    let names_host = |uri: &Uri| {
        let authority = uri.authority();
        // A name or password in an address hides where it leads.
        authority.is_some_and(|host| !host.as_str().contains('@') && !host.host().is_empty())
    };
    match uri.filter(|uri| is_spoken(uri) && names_host(uri)) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("its {name} is no https address")),
    }
}

fn words(name: &str, text: &str) -> Result<String, String> {
    let is_long = text.chars().count() > MOST_TEXT;
    let is_odd = text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n');
    if text.is_empty() || is_long || is_odd {
        return Err(format!(
            "its {name} is no text of 1 to {MOST_TEXT} characters"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> Result<Wanted, String> {
        let answer = ask::Answer {
            status: 200,
            body: body.as_bytes().to_vec(),
            is_whole: true,
        };
        read(&answer, false)
    }

    #[test]
    fn exactly_one_of_four_is_an_answer() {
        let url = "https://app.example/x?y=1".to_owned();
        let redirect = answered(r#"{"redirect_url": "https://app.example/x?y=1", "alert": null}"#);
        assert_eq!(redirect, Ok(Wanted::Redirect(url.clone())));
        let iframe = answered(r#"{"iframe_url": "https://app.example/x?y=1"}"#);
        assert_eq!(iframe, Ok(Wanted::Iframe(url)));
        let notice = answered(r#"{"notice": "Opened"}"#);
        assert_eq!(notice, Ok(Wanted::Notice("Opened".to_owned())));
        let alert = answered(r#"{"alert": "No lock", "more": 1}"#);
        assert_eq!(alert, Ok(Wanted::Alert("No lock".to_owned())));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"notice": "a", "alert": "b"}"#,
            r#"{"notice": 5}"#,
            r#"{"notice": " "}"#,
        ] {
            assert!(answered(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_browser_is_sent_nowhere_but_to_https() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//app.example",
            "/here",
            "http://app.example/",
            "https://me:secret@app.example/",
            "https://",
        ] {
            let body = serde_json::json!({ "redirect_url": bad }).to_string();
            assert!(answered(&body).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_status_and_a_torn_answer_are_none() {
        let of = |status: u16, is_whole: bool| {
            let body = br#"{"notice": "x"}"#.to_vec();
            let answer = ask::Answer {
                status,
                body,
                is_whole,
            };
            read(&answer, false)
        };
        assert!(of(302, true).is_err());
        assert!(of(500, true).is_err());
        assert!(of(200, false).is_err());
        assert!(of(201, true).is_ok());
    }
}
