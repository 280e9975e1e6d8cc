//! From one table: the router.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::Request;
use http::Method;
use tower::service_fn;

use crate::access_log::EndpointLog;
use crate::answer::Answer;
use crate::call::PublicCall;
use crate::dialect::Dialect;
use crate::endpoint::{Endpoint, Row, get};
use crate::openapi::{self, Document};
use crate::refusal::Refusal;
use crate::serve::{self, Kit};

/// Where a dialect stands. It may stand in several places at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Scheme and host of the public base URL, without a slash at the end.
    pub origin: String,
    /// What precedes the table's paths; empty on a host name of its own.
    pub prefix: String,
}

impl Mount {
    /// A mount, from the public base URL and a prefix such as `/beds24/v2`.
    #[must_use]
    pub fn new(origin: &str, prefix: &str) -> Mount {
        Mount {
            origin: origin.trim_end_matches('/').to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
        }
    }
}

/// A dialect with its table: what the router, the document and the tests are made from.
pub struct Api<S> {
    dialect: Arc<dyn Dialect>,
    endpoints: Vec<Endpoint<S>>,
}

/// One path of the router, with the endpoints of its methods.
pub(crate) struct Route<S> {
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) kit: Arc<Kit>,
    pub(crate) mount: Arc<Mount>,
    pub(crate) state: S,
    pub(crate) methods: Vec<Method>,
    pub(crate) endpoints: Vec<(Endpoint<S>, EndpointLog)>,
    /// For what no endpoint answers: unknown paths and methods.
    pub(crate) unanswered: EndpointLog,
    pub(crate) has_parameters: bool,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// A dialect and its table.
    ///
    /// # Panics
    /// When the table has two endpoints of the same method and path.
    #[must_use]
    pub fn new(dialect: impl Dialect, endpoints: Vec<Endpoint<S>>) -> Api<S> {
        for (index, endpoint) in endpoints.iter().enumerate() {
            let twice = endpoints[..index]
                .iter()
                .any(|other| other.method == endpoint.method && other.path == endpoint.path);
            assert!(
                !twice,
                "{} {} stands twice in the table",
                endpoint.method, endpoint.path
            );
        }
        Api {
            dialect: Arc::new(dialect),
            endpoints,
        }
    }

    /// The same, which also serves its own API document at this path. The document does not list the path.
    ///
    /// # Errors
    /// When the document has no JSON form.
    pub fn serving_document(self, path: &'static str, about: &Document) -> Result<Api<S>, Refusal> {
        let document = self.document(about);
        self.serving(path, &document)
    }

    /// The same, which also serves this document at this path, for a dialect that has more to say than its
    /// table does.
    ///
    /// # Errors
    /// When the document has no JSON form.
    pub fn serving(
        mut self,
        path: &'static str,
        document: &serde_json::Value,
    ) -> Result<Api<S>, Refusal> {
        let answer = Answer::json(http::StatusCode::OK, document)?;
        let handler = move |_: S, _: PublicCall| {
            let answer = answer.clone();
            async move { Ok::<Answer, Refusal>(answer) }
        };
        self.endpoints.push(get(path, handler).public());
        Ok(self)
    }

    /// The OpenAPI 3.1 document of the table; the same table gives the same bytes.
    ///
    /// # Panics
    /// When a schema that was made elsewhere has the name of a type that is another one.
    #[must_use]
    pub fn document(&self, about: &Document) -> serde_json::Value {
        openapi::document(self.dialect.name(), about, &self.endpoints)
    }

    /// The rows that tests walk.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.endpoints.iter().map(Endpoint::row).collect()
    }

    /// The router, with the table under each mount. Unknown paths below a mount get the dialect's answer.
    ///
    /// # Panics
    /// When two paths of the table contradict each other.
    pub fn router(&self, state: &S, kit: &Arc<Kit>, mounts: &[Mount]) -> axum::Router {
        let mut router = axum::Router::new();
        for mount in mounts {
            let mount = Arc::new(mount.clone());
            for (path, endpoints) in self.by_path() {
                let route = self.route(path, &endpoints, state, kit, &mount);
                router = add(router, &format!("{}{path}", mount.prefix), route);
            }
            for rest in ["", "/", "/{*rest}"] {
                let path = format!("{}{rest}", mount.prefix);
                if !path.is_empty() && !self.endpoints.iter().any(|known| known.path == rest) {
                    let route = self.route(path.as_str(), &[], state, kit, &mount);
                    router = add(router, &path, route);
                }
            }
        }
        router
    }

    fn by_path(&self) -> BTreeMap<&'static str, Vec<&Endpoint<S>>> {
        let mut paths: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for endpoint in &self.endpoints {
            paths.entry(endpoint.path).or_default().push(endpoint);
        }
        paths
    }

    fn route(
        &self,
        path: &str,
        endpoints: &[&Endpoint<S>],
        state: &S,
        kit: &Arc<Kit>,
        mount: &Arc<Mount>,
    ) -> Route<S> {
        let dialect = self.dialect.name();
        let logged = |endpoint: &&Endpoint<S>| {
            let log = EndpointLog::new(dialect, endpoint.method.as_str(), path.to_owned());
            ((*endpoint).clone(), log)
        };
        let unanswered = if endpoints.is_empty() {
            "unknown"
        } else {
            path
        };
        Route {
            dialect: Arc::clone(&self.dialect),
            kit: Arc::clone(kit),
            mount: Arc::clone(mount),
            state: state.clone(),
            methods: endpoints
                .iter()
                .map(|endpoint| endpoint.method.clone())
                .collect(),
            endpoints: endpoints.iter().map(logged).collect(),
            unanswered: EndpointLog::new(dialect, "other", unanswered.to_owned()),
            has_parameters: mount.prefix.contains('{') || path.contains('{'),
        }
    }
}

impl<S> Route<S> {
    /// The endpoint of a method; `HEAD` is answered like `GET`, and the server leaves the body out.
    pub(crate) fn find(&self, method: &Method) -> Option<&(Endpoint<S>, EndpointLog)> {
        let of = |wanted: &Method| {
            self.endpoints
                .iter()
                .find(|(endpoint, _)| endpoint.method == *wanted)
        };
        of(method).or_else(|| of(&Method::GET).filter(|_| method == Method::HEAD))
    }
}

fn add<S: Clone + Send + Sync + 'static>(
    router: axum::Router,
    path: &str,
    route: Route<S>,
) -> axum::Router {
    let route = Arc::new(route);
    let service = service_fn(move |request: Request| {
        let route = Arc::clone(&route);
        async move { Ok::<_, Infallible>(serve::serve(&route, request).await) }
    });
    router.route_service(path, service)
}
