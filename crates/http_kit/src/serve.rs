//! The way of one request, as one function: request id, caller, capability, quota, body, idempotency,
//! handler, and on the way back the dialect's words, the meter's headers and the log.
//!
//! A credential is judged before anything that the client sent is: who may not call learns nothing about
//! the request. Authorization is made again, from the service's own table, in every use case.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use bytes::Bytes;
use domain::id::IdSource;
use futures_util::FutureExt;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Method};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use identity::Caller;
use ipnet::IpNet;
use jiff::Timestamp;
use tracing::Instrument;

use crate::access_log::{Ended, EndpointLog};
use crate::answer::Answer;
use crate::call::Asked;
use crate::caller::{Callers, Denied};
use crate::clock::{Clock, Stopwatch};
use crate::cost::{Cost, Credits};
use crate::endpoint::{Access, Endpoint};
use crate::handler::Arrived;
use crate::idempotency::{Claim, Idempotency, RunningKeys, StoredAnswers};
use crate::json;
use crate::limits;
use crate::meters::{Meters, Reading};
use crate::refusal::{BadBody, Cause, Refusal};
use crate::remote::{self, Proxies};
use crate::request_id;
use crate::router::Route;

/// What all requests of the process share.
pub struct Kit {
    /// The real clock.
    pub clock: Arc<dyn Clock>,
    /// Turns credentials into callers.
    pub callers: Arc<dyn Callers>,
    /// Finds answers to calls that were made before.
    pub answers: Arc<dyn StoredAnswers>,
    /// Makes request ids.
    pub ids: Arc<IdSource>,
    /// The proxies whose forwarded addresses are believed.
    pub proxies: Proxies,
    /// Addresses from which nothing is taken.
    pub blocked: Vec<IpNet>,
    /// What each grant has used.
    pub meters: Meters,
    /// The idempotency keys of calls that are running.
    pub running: RunningKeys,
}

impl Kit {
    /// A kit that believes no proxy and has counted nothing yet.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        callers: Arc<dyn Callers>,
        answers: Arc<dyn StoredAnswers>,
        ids: Arc<IdSource>,
    ) -> Kit {
        Kit {
            clock,
            callers,
            answers,
            ids,
            proxies: Proxies::default(),
            blocked: Vec::new(),
            meters: Meters::default(),
            running: RunningKeys::default(),
        }
    }
}

impl Kit {
    fn blocks(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.blocked
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// What the log and the meter need of a request after its handler has taken it.
struct Seen {
    method: Method,
    request_id: String,
    remote_ip: IpAddr,
    now: Timestamp,
}

/// What is learned about a request on its way.
#[derive(Default)]
struct Learned {
    caller: Option<Arc<Caller>>,
    charged: Credits,
    reading: Option<Reading>,
    bytes_in: usize,
}

type PathParameters = Result<Vec<(String, String)>, Refusal>;

/// Answers one request.
pub(crate) async fn serve<S: Clone + Send + Sync + 'static>(
    route: &Route<S>,
    request: Request,
) -> axum::response::Response {
    let watch = Stopwatch::start();
    let (mut parts, body) = request.into_parts();
    let parameters = path_parameters(route, &mut parts).await;
    let asked = arrived(route, parts);
    let seen = Seen {
        method: asked.method.clone(),
        request_id: asked.request_id.clone(),
        remote_ip: asked.remote_ip,
        now: asked.now,
    };
    let mut learned = Learned::default();
    let (log, outcome) = match route.find(&seen.method) {
        _ if route.kit.blocks(seen.remote_ip) => (&route.unanswered, Err(Refusal::Blocked)),
        None => (&route.unanswered, Err(unanswered(route))),
        Some((endpoint, log)) => {
            let id = &seen.request_id;
            let span = tracing::info_span!("request", request_id = id, endpoint = log.pattern());
            let passing = pass(route, endpoint, asked, parameters, body, &mut learned);
            let timed = tokio::time::timeout(endpoint.time_limit, passing.instrument(span));
            (log, timed.await.unwrap_or(Err(Refusal::TimedOut)))
        }
    };
    let (mut answer, cause) = worded(route, outcome);
    settle(route, &mut answer, &learned, seen.now);
    finish(log, answer, cause, &seen, &learned, watch)
}

/// The request as handlers see it, still without its body and path parameters.
fn arrived<S>(route: &Route<S>, parts: Parts) -> Asked {
    let kit = &route.kit;
    let now = kit.clock.now();
    let peer = remote::peer(&parts.extensions);
    Asked {
        remote_ip: kit.proxies.caller_address(peer, &parts.headers),
        request_id: request_id::accept_or_make(&parts.headers, &kit.ids, now),
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body: Bytes::new(),
        now,
        mount: Arc::clone(&route.mount),
        cost: Cost::default(),
        kit: Arc::clone(kit),
        parameters: Vec::new(),
        shape: None,
    }
}

fn unanswered<S>(route: &Route<S>) -> Refusal {
    if route.methods.is_empty() {
        return Refusal::NoSuchRoute;
    }
    Refusal::WrongMethod {
        allowed: route.methods.clone(),
    }
}

/// Everything between the request id and the answer, in order; the first refusal ends it.
async fn pass<S: Clone + Send + Sync + 'static>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    mut asked: Asked,
    parameters: PathParameters,
    body: Body,
    learned: &mut Learned,
) -> Result<Answer, Refusal> {
    asked.cost = endpoint.cost;
    let caller = resolve(route, endpoint, &asked).await?;
    learned.caller.clone_from(&caller);
    if let Some(caller) = &caller {
        admit(route, endpoint, caller, &asked, learned)?;
    }
    asked.parameters = parameters?;
    route.dialect.check_media(&asked)?;
    asked.body = read_body(body, &asked, endpoint.body_limit).await?;
    learned.bytes_in = asked.body.len();
    if let Some(caller) = &caller {
        charge_items(route, endpoint, caller, &mut asked, learned)?;
    }
    let idempotency = idempotency_of(endpoint, &asked)?;
    let arrived = Arrived {
        asked,
        caller,
        idempotency,
    };
    match (&arrived.caller, &arrived.idempotency) {
        (Some(caller), Some(key)) => {
            let claim = route.kit.running.claim(caller.grant_id, &key.key)?;
            if let Some(stored) = route.kit.answers.find(caller, &key.key).await? {
                return stored.replay(key);
            }
            run_to_its_end(route, endpoint, arrived, claim).await
        }
        _ => run(route, endpoint, arrived).await,
    }
}

fn idempotency_of<S>(
    endpoint: &Endpoint<S>,
    asked: &Asked,
) -> Result<Option<Idempotency>, Refusal> {
    if !endpoint.accepts_idempotency {
        return Ok(None);
    }
    let path_and_query = asked.uri.path_and_query().map_or("/", |both| both.as_str());
    Idempotency::read(&asked.headers, &asked.method, path_and_query, &asked.body)
}

/// The caller, with every capability that the endpoint needs; `None` on a public endpoint.
async fn resolve<S>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    asked: &Asked,
) -> Result<Option<Arc<Caller>>, Refusal> {
    if endpoint.access == Access::Public {
        return Ok(None);
    }
    let credential = route.dialect.credential(&asked.headers);
    let credential = credential.ok_or(Refusal::NotSignedIn)?;
    if credential.text.len() > limits::CREDENTIAL_CHARACTERS {
        return Err(Denied::Unknown.into());
    }
    let resolving = route
        .kit
        .callers
        .resolve(&credential, asked.remote_ip, asked.now);
    let caller = resolving.await?;
    if let Access::Needs(capabilities) = &endpoint.access {
        let lacking = capabilities.iter().find(|needed| !caller.may(**needed));
        if let Some(&needs) = lacking {
            return Err(Refusal::Forbidden { needs });
        }
    }
    Ok(Some(caller))
}

fn admit<S>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    caller: &Caller,
    asked: &Asked,
    learned: &mut Learned,
) -> Result<(), Refusal> {
    let cost = endpoint.cost.base;
    if cost == Credits::ZERO {
        return Ok(());
    }
    let meters = &route.kit.meters;
    let admitted = meters.admit(caller.grant_id, caller.quota, cost, asked.now);
    learned.reading = Some(admitted.map_err(Refusal::OverQuota)?);
    learned.charged = cost;
    Ok(())
}

/// Adds what the items of the body cost, once it is known how many they are.
fn charge_items<S>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    caller: &Caller,
    asked: &mut Asked,
    learned: &mut Learned,
) -> Result<(), Refusal> {
    if endpoint.cost.per_item == Credits::ZERO {
        return Ok(());
    }
    let shape = json::look_over(&asked.body, limits::JSON_DEPTH)?;
    asked.shape = Some(shape);
    let whole = endpoint.cost.of(shape.items);
    let more = whole - learned.charged;
    let meters = &route.kit.meters;
    let reading = meters.adjust(caller.grant_id, caller.quota, more, whole, asked.now);
    learned.reading = Some(reading);
    learned.charged = whole;
    Ok(())
}

/// What stands in the path's braces; bytes that are no text lead nowhere.
async fn path_parameters<S>(route: &Route<S>, parts: &mut Parts) -> PathParameters {
    if !route.has_parameters {
        return Ok(Vec::new());
    }
    let found = RawPathParams::from_request_parts(parts, &()).await;
    let found = found.map_err(|_| Refusal::NotFound)?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(found.iter().map(owned).collect())
}

/// The whole body, never more than the limit. A length that is announced too long is refused unread.
async fn read_body(body: Body, asked: &Asked, limit: usize) -> Result<Bytes, Refusal> {
    if matches!(asked.method, Method::GET | Method::HEAD) {
        return Ok(Bytes::new());
    }
    let announced = asked.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Refusal::TooLarge { limit });
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge { limit }),
        Err(_) => Err(BadBody::Unreadable.into()),
    }
}

async fn run<S: Clone>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    arrived: Arrived,
) -> Result<Answer, Refusal> {
    let running = (endpoint.handler)(route.state.clone(), arrived);
    let ended = AssertUnwindSafe(running).catch_unwind().await;
    ended.unwrap_or_else(|_| Err(Refusal::internal("the handler panicked")))
}

/// Runs a call that carries an idempotency key as a task of its own, so that a client who hangs up leaves no
/// half-run call behind whose key is free again.
async fn run_to_its_end<S: Clone>(
    route: &Route<S>,
    endpoint: &Endpoint<S>,
    arrived: Arrived,
    claim: Claim,
) -> Result<Answer, Refusal> {
    let running = (endpoint.handler)(route.state.clone(), arrived);
    let task = async move {
        let _claim = claim;
        running.await
    };
    let ended = tokio::spawn(task.in_current_span()).await;
    ended.unwrap_or_else(|_| Err(Refusal::internal("the handler panicked")))
}

/// The outcome in the dialect's words, and the cause for the log where there is one.
fn worded<S>(route: &Route<S>, outcome: Result<Answer, Refusal>) -> (Answer, Option<Cause>) {
    let refusal = match outcome {
        Ok(answer) => return (answer, None),
        Err(Refusal::Answered(answer)) => return (*answer, None),
        Err(refusal) => refusal,
    };
    let mut answer = route.dialect.refuse(&refusal);
    match refusal {
        Refusal::OverQuota(reading) => {
            answer.reading = Some(reading);
            (answer, None)
        }
        Refusal::Internal(cause) => (answer, Some(cause)),
        _ => (answer, None),
    }
}

/// Gives back what a refused call has cost, and prints the meter on the others.
fn settle<S>(route: &Route<S>, answer: &mut Answer, learned: &Learned, now: Timestamp) {
    if let (Some(caller), true) = (&learned.caller, learned.charged > Credits::ZERO)
        && route.dialect.refunds(answer.status)
    {
        let back = Credits::ZERO - learned.charged;
        let meters = &route.kit.meters;
        meters.adjust(caller.grant_id, caller.quota, back, Credits::ZERO, now);
        return;
    }
    if let Some(reading) = answer.reading.take().or(learned.reading) {
        route.dialect.print_meter(&reading, &mut answer.headers);
    }
}

fn finish(
    log: &EndpointLog,
    mut answer: Answer,
    cause: Option<Cause>,
    seen: &Seen,
    learned: &Learned,
    watch: Stopwatch,
) -> axum::response::Response {
    if let Ok(id) = HeaderValue::try_from(&seen.request_id) {
        answer.headers.insert(request_id::HEADER, id);
    }
    log.write(&Ended {
        method: &seen.method,
        request_id: &seen.request_id,
        caller: learned.caller.as_ref(),
        remote_ip: seen.remote_ip,
        status: answer.status,
        duration: watch.elapsed(),
        bytes_in: learned.bytes_in,
        bytes_out: answer.body.len(),
        cause: cause.as_ref().map(|cause| cause.0.as_str()),
    });
    answer.into_response()
}
