//! The endpoint table: one list per dialect that reads as a table of contents.
//!
//! ```
//! use http_kit::{Answer, Call, Endpoint, PublicCall, Refusal, get, post};
//! use domain::access::capability;
//! # use http::StatusCode;
//! # async fn find(_: (), _: Call) -> Result<Answer, Refusal> { Ok(Answer::empty(StatusCode::OK)) }
//! # async fn write(_: (), _: Call) -> Result<Answer, Refusal> { Ok(Answer::empty(StatusCode::OK)) }
//! # async fn status(_: (), _: PublicCall) -> Result<Answer, Refusal> { Ok(Answer::empty(StatusCode::OK)) }
//! fn endpoints() -> Vec<Endpoint<()>> {
//!     vec![
//!         get("/bookings", find).needs(capability::BOOKINGS_READ).cost(1.0),
//!         post("/bookings", write).needs(capability::BOOKINGS_WRITE).cost_per_item(1.0, 0.1),
//!         get("/status", status).public(),
//!     ]
//! }
//! # assert_eq!(endpoints().len(), 3);
//! ```
//!
//! An endpoint becomes one only by saying who may call it:
//!
//! ```compile_fail
//! # use http_kit::{Answer, Call, Endpoint, Refusal, get};
//! # async fn find(_: (), _: Call) -> Result<Answer, Refusal> { unimplemented!() }
//! let endpoints: Vec<Endpoint<()>> = vec![get("/bookings", find)];
//! ```
//!
//! and a handler that needs an actor cannot be made public:
//!
//! ```compile_fail
//! # use http_kit::{Answer, Call, Endpoint, Refusal, get};
//! # async fn find(_: (), _: Call) -> Result<Answer, Refusal> { unimplemented!() }
//! let endpoints: Vec<Endpoint<()>> = vec![get("/bookings", find).public()];
//! ```

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use domain::access::Capability;
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::answer::Answer;
use crate::call::{Call, PublicCall};
use crate::cost::Cost;
use crate::handler::{self, Boxed, TakesCall};
use crate::limits;
use crate::openapi::{Body, Parameter};
use crate::refusal::Refusal;

/// Who may call an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, also without a credential.
    Public,
    /// Anybody with a valid credential.
    AnyCaller,
    /// Callers who hold all of these.
    Needs(Vec<Capability>),
}

/// An endpoint that has not yet said who may call it. It is no [`Endpoint`], so no table takes it.
#[must_use = "say who may call it: needs(..), any_caller() or public()"]
pub struct Draft<S, C> {
    method: Method,
    path: &'static str,
    handler: Boxed<S>,
    takes: PhantomData<fn(C)>,
}

/// Makes a schema in a generator.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One endpoint: a row of the table.
#[derive(Clone)]
pub struct Endpoint<S> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) handler: Boxed<S>,
    pub(crate) access: Access,
    pub(crate) cost: Cost,
    pub(crate) accepts_idempotency: bool,
    pub(crate) body_limit: usize,
    pub(crate) time_limit: Duration,
    pub(crate) described: Described,
}

/// What only the API document shows of an endpoint.
#[derive(Clone, Default)]
pub(crate) struct Described {
    pub(crate) summary: Option<&'static str>,
    pub(crate) tag: Option<&'static str>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) queries: Vec<SchemaOf>,
    /// Parameter objects that were made elsewhere.
    pub(crate) ready_parameters: Vec<Value>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<(u16, Option<Body>)>,
}

/// What the permission tests walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path's pattern, below the mount.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What a call costs.
    pub cost: Cost,
    /// Whether it takes idempotency keys.
    pub accepts_idempotency: bool,
}

macro_rules! methods {
    ($($name:ident = $method:literal),+ $(,)?) => {$(
        #[doc = concat!("An endpoint of the method ", $method, ". The path is axum's: `/bookings/{id}`.")]
        pub fn $name<S, C, F, Fut, E>(path: &'static str, handler: F) -> Draft<S, C>
        where
            S: Send + 'static,
            C: TakesCall,
            F: Fn(S, C) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<Answer, E>> + Send + 'static,
            E: Into<Refusal>,
        {
            let method = Method::from_bytes($method.as_bytes()).expect("a method's name is a token");
            Draft { method, path, handler: handler::boxed(handler), takes: PhantomData }
        }
    )+};
}

methods! {
    get = "GET",
    post = "POST",
    put = "PUT",
    patch = "PATCH",
    delete = "DELETE",
    link = "LINK",
    unlink = "UNLINK",
}

impl<S> Draft<S, Call> {
    /// Callers need this capability.
    pub fn needs(self, capability: Capability) -> Endpoint<S> {
        self.decided(Access::Needs(vec![capability]))
    }

    /// Callers need all of these capabilities.
    pub fn needs_all(self, capabilities: impl Into<Vec<Capability>>) -> Endpoint<S> {
        self.decided(Access::Needs(capabilities.into()))
    }

    /// Any valid credential will do.
    pub fn any_caller(self) -> Endpoint<S> {
        self.decided(Access::AnyCaller)
    }
}

impl<S> Draft<S, PublicCall> {
    /// No credential is needed, and none is looked up.
    pub fn public(self) -> Endpoint<S> {
        self.decided(Access::Public)
    }
}

impl<S, C> Draft<S, C> {
    fn decided(self, access: Access) -> Endpoint<S> {
        Endpoint {
            method: self.method,
            path: self.path,
            handler: self.handler,
            access,
            cost: Cost::default(),
            accepts_idempotency: false,
            body_limit: limits::BODY_BYTES,
            time_limit: limits::REQUEST_TIME,
            described: Described::default(),
        }
    }
}

impl<S> Endpoint<S> {
    /// Each call costs so many credits.
    #[must_use]
    pub fn cost(self, credits: f64) -> Endpoint<S> {
        self.cost_per_item(credits, 0.0)
    }

    /// Each call costs so many credits, and so many more for each item of the array in its body.
    #[must_use]
    pub fn cost_per_item(mut self, credits: f64, per_item: f64) -> Endpoint<S> {
        self.cost = Cost::new(credits, per_item);
        self
    }

    /// Takes `Idempotency-Key`.
    #[must_use]
    pub fn accepts_idempotency(mut self) -> Endpoint<S> {
        self.accepts_idempotency = true;
        self
    }

    /// Takes bodies of so many bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Endpoint<S> {
        self.body_limit = bytes;
        self
    }

    /// Has so much time.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Endpoint<S> {
        self.time_limit = limit;
        self
    }

    /// What it does, in one line.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Endpoint<S> {
        self.described.summary = Some(summary);
        self
    }

    /// The group under which the document lists it.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Endpoint<S> {
        self.described.tag = Some(tag);
        self
    }

    /// A parameter of path, query or header.
    #[must_use]
    pub fn param(mut self, parameter: Parameter) -> Endpoint<S> {
        self.described.parameters.push(parameter);
        self
    }

    /// The fields of a struct as query parameters; a field that is a list may be repeated.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Endpoint<S> {
        self.described.queries.push(T::json_schema);
        self
    }

    /// What the body is.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Endpoint<S> {
        self.described.body = Some(Body::Type(SchemaGenerator::subschema_for::<T>));
        self
    }

    /// What the body is, as a schema that was made elsewhere. It may refer to
    /// [`crate::openapi::Document::schemas`].
    #[must_use]
    pub fn body_schema(mut self, schema: Value) -> Endpoint<S> {
        self.described.body = Some(Body::Schema(schema));
        self
    }

    /// Parameters as whole parameter objects of OpenAPI that were made elsewhere. One that stands in
    /// the path takes the place of the plain text that the document assumes.
    #[must_use]
    pub fn parameter_objects(mut self, parameters: impl IntoIterator<Item = Value>) -> Endpoint<S> {
        self.described.ready_parameters.extend(parameters);
        self
    }

    /// What is answered with this status.
    #[must_use]
    pub fn answer<T: JsonSchema>(mut self, status: u16) -> Endpoint<S> {
        let schema: SchemaOf = SchemaGenerator::subschema_for::<T>;
        let schema = Body::Type(schema);
        self.described.answers.push((status, Some(schema)));
        self
    }

    /// What is answered with this status, as a schema that was made elsewhere. It may refer to
    /// [`crate::openapi::Document::schemas`].
    #[must_use]
    pub fn answer_schema(mut self, status: u16, schema: Value) -> Endpoint<S> {
        let schema = Body::Schema(schema);
        self.described.answers.push((status, Some(schema)));
        self
    }

    /// That this status is answered without a body.
    #[must_use]
    pub fn answer_empty(mut self, status: u16) -> Endpoint<S> {
        self.described.answers.push((status, None));
        self
    }

    /// The row that tests walk.
    #[must_use]
    pub fn row(&self) -> Row {
        Row {
            method: self.method.clone(),
            path: self.path,
            access: self.access.clone(),
            cost: self.cost,
            accepts_idempotency: self.accepts_idempotency,
        }
    }
}
