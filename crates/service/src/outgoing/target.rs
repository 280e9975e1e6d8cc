//! Where something is sent: a URL that may be one.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Position, Url};

use super::{addresses, limits::URL_BYTES};

/// What the server's configuration says about targets.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Whether `http` is good enough; without it only `https` is.
    pub allow_http: bool,
    /// Networks that may be connected to although they are not public.
    pub allowed_networks: Vec<IpNet>,
}

/// Why a URL can't be a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is no URL.
    #[error("it is not an absolute URL")]
    NotAUrl,
    /// It is longer than a target may be.
    #[error("it is longer than {URL_BYTES} bytes")]
    TooLong,
    /// Its scheme is not spoken.
    #[error("its scheme must be https")]
    Scheme,
    /// It carries a user name or a password.
    #[error("it must not contain a user name or password")]
    UserInfo,
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// Its port is not for the web.
    #[error("port {0} is not allowed: use 443, 80, or one above 1023")]
    Port(u16),
    /// Its address may not be connected to.
    #[error("its address is {0}")]
    Address(&'static str),
}

/// A URL that something may be sent to, as far as the URL itself tells: what its name leads to is
/// checked when connecting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host<String>,
    port: u16,
}

impl Target {
    /// Reads a target.
    ///
    /// # Errors
    /// [`BadTarget`] says what is wrong with it.
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, BadTarget> {
        if text.len() > URL_BYTES {
            return Err(BadTarget::TooLong);
        }
        let url = Url::parse(text).map_err(|_| BadTarget::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if rules.allow_http => {}
            _ => return Err(BadTarget::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadTarget::UserInfo);
        }
        let host = url.host().ok_or(BadTarget::NoHost)?.to_owned();
        let port = url.port_or_known_default().ok_or(BadTarget::NoHost)?;
        if port < 1024 && port != 443 && port != 80 {
            return Err(BadTarget::Port(port));
        }
        let target = Self { url, host, port };
        let refused = target
            .address()
            .and_then(|address| addresses::refused(address, &rules.allowed_networks));
        match refused {
            Some(why) => Err(BadTarget::Address(why)),
            None => Ok(target),
        }
    }

    /// The address, where the URL names one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// The name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What stands in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// What stands in the request line.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// The whole, for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, BadTarget> {
        Target::parse(text, &Rules::default())
    }

    #[test]
    fn a_target_is_https_without_user_on_a_port_of_the_web() {
        let target = parse("https://hooks.example.org:8443/a/b?c=d#e").unwrap();
        assert_eq!(target.authority(), "hooks.example.org:8443");
        assert_eq!(target.path_and_query(), "/a/b?c=d");
        assert_eq!((target.port(), target.is_https()), (8443, true));
        assert_eq!(parse("https://example.org").unwrap().path_and_query(), "/");
        for (text, expected) in [
            ("", BadTarget::NotAUrl),
            ("/hook", BadTarget::NotAUrl),
            ("example.org/hook", BadTarget::NotAUrl),
            ("https://", BadTarget::NotAUrl),
            ("https://exa mple.org/", BadTarget::NotAUrl),
            ("http://example.org/", BadTarget::Scheme),
            ("ftp://example.org/", BadTarget::Scheme),
            ("file:///etc/passwd", BadTarget::Scheme),
            ("gopher://example.org/", BadTarget::Scheme),
            ("https://user@example.org/", BadTarget::UserInfo),
            ("https://user:secret@example.org/", BadTarget::UserInfo),
            ("https://:secret@example.org/", BadTarget::UserInfo),
            ("https://example.org:22/", BadTarget::Port(22)),
            ("https://example.org:25/", BadTarget::Port(25)),
            ("https://example.org:0/", BadTarget::Port(0)),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        let long = format!("https://example.org/{}", "a".repeat(URL_BYTES));
        assert_eq!(parse(&long), Err(BadTarget::TooLong));
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "0x7f.0x0.0x0.0x1",
            "017700000001",
            "127.0.0.1.",
            "127%2e0%2e0%2e1",
            "127。0。0。1",
            "１２７.0.0.1",
            "①②⑦.0.0.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "012.1.2.3",
            "0xa.1.2.3",
            "167838211",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "192.168.257",
            "172.16.1",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:a00:1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
            "[::127.0.0.1]",
        ] {
            let parsed = parse(&format!("https://{host}/"));
            assert!(
                matches!(parsed, Err(BadTarget::Address(_))),
                "{host}: {parsed:?}"
            );
        }
    }

    #[test]
    fn what_the_configuration_allows_is_allowed() {
        let rules = Rules {
            allow_http: true,
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        };
        assert!(Target::parse("http://127.0.0.1:9000/", &rules).is_ok());
        let other = Target::parse("http://10.0.0.1:9000/", &rules);
        assert_eq!(other, Err(BadTarget::Address("private")));
    }
}
