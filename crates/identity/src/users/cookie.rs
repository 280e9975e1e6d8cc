//! The cookies of the house: never readable by scripts, never sent along with a stranger's POST.

use http::HeaderMap;
use http::header::COOKIE;

/// The cookie that holds a session.
const SESSION: &str = "tabard_session";

/// What a browser demands of a cookie with this prefix: encrypted, for this host alone, for all paths. So
/// nobody on a neighbouring host can plant one.
const HOST_ONLY: &str = "__Host-";

/// A cookie of this house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    is_secure: bool,
}

impl Cookie {
    /// A cookie; over https it is sent back over https only, and its name says so.
    #[must_use]
    pub fn new(name: &str, is_secure: bool) -> Cookie {
        let prefix = if is_secure { HOST_ONLY } else { "" };
        Cookie {
            name: format!("{prefix}{name}"),
            is_secure,
        }
    }

    /// The cookie that holds a session.
    #[must_use]
    pub fn session(is_secure: bool) -> Cookie {
        Cookie::new(SESSION, is_secure)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `Set-Cookie` says to set it, until the browser ends. The value needs no escaping.
    #[must_use]
    pub fn set(&self, value: &str) -> String {
        self.with(value, "")
    }

    /// What `Set-Cookie` says to remove it.
    #[must_use]
    pub fn clear(&self) -> String {
        self.with("", "; Max-Age=0")
    }

    fn with(&self, value: &str, life: &str) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{life}",
            self.name
        )
    }

    /// Its value in a request. Where there are two of its name nobody knows who has planted which, so there
    /// is none.
    #[must_use]
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let lines = headers.get_all(COOKIE).iter();
        let mut values = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let value = values.next()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites_posts() {
        assert_eq!(
            Cookie::session(true).set("abc"),
            "__Host-tabard_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookie::session(false).clear(),
            "tabard_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_cookie_is_read_where_it_is_there_once() {
        let cookie = Cookie::new("a", false);
        assert_eq!(cookie.read(&headers(&["b=1; a=x=y"])), Some("x=y"));
        assert_eq!(cookie.read(&headers(&["b=1", "a=2"])), Some("2"));
        assert_eq!(cookie.read(&headers(&["a=1; a=1"])), None);
        assert_eq!(cookie.read(&headers(&["a=1", "a=2"])), None);
        assert_eq!(cookie.read(&headers(&["a="])), None);
        assert_eq!(cookie.read(&headers(&["aa=1"])), None);
    }
}
