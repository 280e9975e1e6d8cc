//! The routers: one for all, and one for each host name of its own; and in whose words each refuses what it
//! has no time for.

use std::sync::Arc;

use axum::{Router, body::Body, response::IntoResponse as _};
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_kit::{Answer, Refusal};
use tower::Service as _;

use crate::house_api;

/// Words a refusal.
type Refuse = fn(&Refusal) -> Answer;

/// The routers: one for all, and one for each host name of its own. Cheap to clone.
#[derive(Clone)]
pub struct Routers {
    shared: Site,
    hosts: Arc<Vec<(String, Site)>>,
}

/// What stands on a host.
#[derive(Clone)]
struct Site {
    router: Router,
    /// Who words refusals, by what paths begin with.
    words: Arc<Vec<(String, Refuse)>>,
}

impl Routers {
    /// One router for everybody.
    pub fn new(shared: Router) -> Self {
        Self {
            shared: Site {
                router: shared,
                words: Arc::default(),
            },
            hosts: Arc::default(),
        }
    }

    /// Answers more paths on every host that has no router of its own.
    #[must_use]
    pub fn with(mut self, more: Router) -> Self {
        self.shared.router = self.shared.router.merge(more);
        self
    }

    /// Refuses in these words what is asked below these prefixes, on every host that has no router of its own.
    /// Of several prefixes of a path the longest counts; below none the house's own words are used.
    #[must_use]
    pub(crate) fn worded(mut self, prefixes: &[&str], refuse: Refuse) -> Self {
        let prefixes = prefixes.iter().map(|prefix| ((*prefix).to_owned(), refuse));
        Arc::make_mut(&mut self.shared.words).extend(prefixes);
        self
    }

    /// Answers more paths on a host name of its own: those that `more` answers on every host.
    pub(crate) fn add_host(&mut self, host: &str, more: Routers) {
        let hosts = Arc::make_mut(&mut self.hosts);
        let name = host.to_lowercase();
        let more = more.shared;
        if let Some((_, known)) = hosts.iter_mut().find(|(known, _)| *known == name) {
            known.router = std::mem::take(&mut known.router).merge(more.router);
            Arc::make_mut(&mut known.words).extend(more.words.iter().cloned());
            return;
        }
        let router = more.router.fallback(|| async { not_found() });
        let words = more.words;
        hosts.push((name, Site { router, words }));
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let mut router = self.site(request.uri(), request.headers()).router.clone();
        match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Refuses a request that no router is asked for, in the words of whom it was meant for.
    pub(crate) fn refuse(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        refusal: &Refusal,
    ) -> Response<Body> {
        let refuse = self.site(uri, headers).words_for(uri.path());
        let answer = refuse(refusal);
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    fn site(&self, uri: &Uri, headers: &HeaderMap) -> &Site {
        if self.hosts.is_empty() {
            return &self.shared;
        }
        let named = uri.host().or_else(|| host(headers));
        let own = named.and_then(|named| {
            let mut hosts = self.hosts.iter();
            hosts.find(|(host, _)| host.eq_ignore_ascii_case(named))
        });
        own.map_or(&self.shared, |(_, site)| site)
    }
}

impl Site {
    fn words_for(&self, path: &str) -> Refuse {
        let is_below = |prefix: &str| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let known = self.words.iter().filter(|(prefix, _)| is_below(prefix));
        let longest = known.max_by_key(|(prefix, _)| prefix.len());
        longest.map_or(house_api::refuse as Refuse, |(_, refuse)| *refuse)
    }
}

/// The name in the `Host` header, without its port.
fn host(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::HOST)?.to_str().ok()?;
    Some(text.rsplit_once(':').map_or(text, |(name, _)| name))
}

/// The answer where nothing stands.
pub(crate) fn not_found() -> Response<Body> {
    let body = r#"{"error":{"code":"not_found","message":"There is nothing at this address. APIs stand under /beds24/v2, /bookingexperts/v3 and /tabard/v1."}}"#;
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::NOT_FOUND, json, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(status: u16) -> Answer {
        Answer::empty(StatusCode::from_u16(status).unwrap())
    }

    /// Who words what is asked there; the house answers 503.
    fn asked(routers: &Routers, host: &str, path: &str) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        let refusal = Refusal::Busy { retry_after_s: 1 };
        let answer = routers.refuse(&path.parse().unwrap(), &headers, &refusal);
        answer.status().as_u16()
    }

    #[test]
    fn a_path_is_refused_in_the_words_of_the_longest_prefix_on_its_host() {
        let mut routers = Routers::new(Router::new())
            .worded(&["/toy", "/plaything"], |_| says(501))
            .worded(&["/toy/oauth"], |_| says(502));
        let alone = Routers::new(Router::new()).worded(&[""], |_| says(505));
        routers.add_host("toy.test", alone);
        let more = Routers::new(Router::new()).worded(&["/v2"], |_| says(506));
        routers.add_host("TOY.test", more);
        for (host, path, expected) in [
            ("any.test", "/toy", 501),
            ("any.test", "/toy/v1/bookings?page=2", 501),
            ("any.test", "/plaything/x", 501),
            ("any.test", "/toy/oauth/token", 502),
            ("any.test", "/toys", 503),
            ("any.test", "/", 503),
            ("any.test", "/health/ready", 503),
            ("toy.test", "/toy", 505),
            ("Toy.Test:8080", "/", 505),
            ("toy.test", "/v2/bookings", 506),
            ("toy.test", "/v20", 505),
        ] {
            assert_eq!(asked(&routers, host, path), expected, "{host}{path}");
        }
    }
}
