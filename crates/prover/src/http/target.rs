//! Where requests go: an address on this machine and a path prefix.

use std::net::SocketAddr;

use super::HttpError;

/// A base URL taken apart: `http://127.0.0.1:8080/beds24/v2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The socket to connect to. Always on loopback.
    pub address: SocketAddr,
    /// The path prefix, without a slash at its end; empty for the root.
    pub prefix: String,
}

impl Target {
    /// Reads a base URL. Only plain HTTP to a loopback address is accepted, because the
    /// prover makes load and must never be pointed at somebody else's server.
    pub fn parse(url: &str) -> Result<Self, HttpError> {
        let refuse = |why: &str| HttpError::BadTarget(format!("{url}: {why}"));
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| refuse("the prover speaks plain http:// only"))?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let numeric = host.replace("localhost", "127.0.0.1");
        let with_port = if numeric
            .rsplit(']')
            .next()
            .is_some_and(|end| end.contains(':'))
        {
            numeric
        } else {
            format!("{numeric}:80")
        };
        let address: SocketAddr = with_port
            .parse()
            .map_err(|_| refuse("expected an address such as 127.0.0.1:8080"))?;
        if !address.ip().is_loopback() {
            return Err(refuse("the prover talks to loopback addresses only"));
        }
        Ok(Self {
            address,
            prefix: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The same server with another path prefix.
    pub fn with_prefix(&self, prefix: &str) -> Self {
        Self {
            address: self.address,
            prefix: prefix.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_taken_apart() {
        let target = Target::parse("http://127.0.0.1:8080/beds24/v2/").unwrap();
        assert_eq!(target.address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(target.prefix, "/beds24/v2");
        assert_eq!(Target::parse("http://localhost:9").unwrap().prefix, "");
        assert_eq!(Target::parse("http://[::1]:9/a").unwrap().prefix, "/a");
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        assert!(Target::parse("http://192.0.2.1:80/").is_err());
        assert!(Target::parse("https://127.0.0.1/").is_err());
        assert!(Target::parse("http://example.com/").is_err());
    }
}
