//! What a handler sees of its request.

use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use domain::access::Actor;
use domain::id::Id;
use http::{HeaderMap, Method, Uri};
use identity::{Caller, Quota};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::net::IpAddr;

use crate::caller::{Credential, Denied};
use crate::cost::{Cost, Credits};
use crate::idempotency::Idempotency;
use crate::json::{self, Shape};
use crate::limits;
use crate::meters::Reading;
use crate::page;
use crate::query::Query;
use crate::refusal::{BadBody, Refusal};
use crate::router::Mount;
use crate::serve::Kit;

/// The request, whoever sent it. Both kinds of call lead here by `Deref`.
#[derive(Clone)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Its path and query, as they came in.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole; empty where the method has none.
    pub body: Bytes,
    /// Where it comes from.
    pub remote_ip: IpAddr,
    /// The real clock when it came in. Use cases take [`Actor::now`], the tenant's clock, instead.
    pub now: Timestamp,
    /// Its name in logs and on the answer.
    pub request_id: String,
    /// Where the dialect stands that answers it.
    pub mount: Arc<Mount>,
    /// What the endpoint costs.
    pub cost: Cost,
    /// The pipeline's shared parts.
    pub kit: Arc<Kit>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) shape: Option<Shape>,
}

/// A call by a caller who holds every capability that the endpoint needs.
#[derive(Clone)]
pub struct Call {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The same, as use cases see it.
    pub actor: Actor,
    /// The idempotency key, where one was sent to an endpoint that accepts them. The handler hands it to the
    /// use case, so that the answer is stored in the commit of the change.
    pub idempotency: Option<Idempotency>,
    asked: Asked,
}

/// A call to a public endpoint. Nobody was looked up; a handler that wants to can do so itself.
#[derive(Clone)]
pub struct PublicCall {
    asked: Asked,
}

impl Deref for Call {
    type Target = Asked;
    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl Deref for PublicCall {
    type Target = Asked;
    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl Asked {
    /// The query.
    ///
    /// # Errors
    /// Too many parameters, or bytes that are not UTF-8.
    pub fn query(&self) -> Result<Query<'_>, Refusal> {
        Ok(Query::parse(self.raw_query())?)
    }

    /// The query as it was spelled, without its question mark.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// [`Refusal::Internal`] when the endpoint's path has no such parameter; a mistake of ours.
    pub fn path_parameter(&self, name: &str) -> Result<&str, Refusal> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Refusal::internal(format_args!("the path has no parameter {name}")))
    }

    /// A parameter of the path, parsed; what does not parse cannot exist, so it is not found.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn path_value<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.path_parameter(name)?
            .parse()
            .map_err(|_| Refusal::NotFound)
    }

    /// The whole body as one value.
    ///
    /// # Errors
    /// [`Refusal::Body`], which says what is wrong and where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        self.shape()?;
        Ok(serde_json::from_slice(&self.body).map_err(|error| bad_json(&error))?)
    }

    /// The items of a body that is an array, each still as text, so that one bad item spoils no other.
    ///
    /// # Errors
    /// [`Refusal::Body`] when the body as a whole is no JSON array, or too long a one.
    pub fn items(&self, limit: usize) -> Result<Vec<&RawValue>, Refusal> {
        if self.shape()?.items > limit {
            return Err(BadBody::TooManyItems(limit).into());
        }
        let items: Result<Vec<&RawValue>, _> = serde_json::from_slice(&self.body);
        Ok(items.map_err(|error| self.bad_array(&error))?)
    }

    /// A link to this very request with one query parameter changed, from the public base URL.
    #[must_use]
    pub fn link_with(&self, parameter: &str, value: &str) -> String {
        let query = page::with_parameter(self.raw_query(), parameter, value);
        format!("{}{}?{query}", self.mount.origin, self.uri.path())
    }

    /// A link to another path of this dialect, from the public base URL. The path begins with a slash.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{}{path}", self.mount.origin, self.mount.prefix)
    }

    /// The text of a header, if it is there and plain.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the look over the body found; it is taken once, before anything is parsed.
    fn shape(&self) -> Result<Shape, BadBody> {
        match self.shape {
            Some(shape) => Ok(shape),
            None => json::look_over(&self.body, limits::JSON_DEPTH),
        }
    }

    /// Tells a body that is JSON but no array from one that is no JSON.
    fn bad_array(&self, error: &serde_json::Error) -> BadBody {
        match serde_json::from_slice::<&RawValue>(&self.body) {
            Ok(_) => BadBody::NotAnArray,
            Err(_) => bad_json(error),
        }
    }
}

fn bad_json(error: &serde_json::Error) -> BadBody {
    if error.is_data() {
        return BadBody::WrongShape(error.to_string());
    }
    BadBody::NotJson {
        line: error.line(),
        column: error.column(),
    }
}

impl Call {
    pub(crate) fn new(asked: Asked, caller: Arc<Caller>, idempotency: Option<Idempotency>) -> Call {
        let actor = caller.actor(asked.now, asked.request_id.clone());
        Call {
            caller,
            actor,
            idempotency,
            asked,
        }
    }
}

impl PublicCall {
    pub(crate) fn new(asked: Asked) -> PublicCall {
        PublicCall { asked }
    }

    /// Looks a caller up by a credential that the handler found.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub async fn resolve(&self, presented: &Credential<'_>) -> Result<Arc<Caller>, Denied> {
        let resolving = self
            .kit
            .callers
            .resolve(presented, self.remote_ip, self.now);
        resolving.await
    }

    /// Takes the endpoint's cost from a grant's quota; hand the reading to [`crate::Answer::metered`].
    ///
    /// # Errors
    /// [`Refusal::OverQuota`].
    pub fn charge(&self, grant_id: Id, quota: Quota) -> Result<Reading, Refusal> {
        let admitted = self
            .kit
            .meters
            .admit(grant_id, quota, self.cost.base, self.now);
        admitted.map_err(Refusal::OverQuota)
    }

    /// Gives back what [`PublicCall::charge`] took: for a handler whose work came to nothing after that.
    pub fn give_back(&self, grant_id: Id, quota: Quota) {
        let back = Credits::ZERO - self.cost.base;
        let meters = &self.kit.meters;
        meters.adjust(grant_id, quota, back, Credits::ZERO, self.now);
    }
}
