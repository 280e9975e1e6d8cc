//! Pressing a button, and the secrets that the question is signed with.

use domain::id::Id;
use http::StatusCode;
use http_kit::{Answer, Call, Refusal};
use jiff::Timestamp;
use jsonapi::{Code, Draft, Error, Identifier, Link, ResourceType, Row, Rules};
use service::{
    content::ApplicationCommand,
    outgoing::{Rotation, ask::Question, target::Target},
    records,
};

use super::answer::{self, Wanted};
use super::payload::{Behind, words};
use crate::errors::{no_access, not_found, refusal, refused};
use crate::hooks::endpoints::{drawn, expected, kept_for};
use crate::hooks::{Told, signed};
use crate::kinds::{self, leaving::COMMAND_CALL, platform::APPLICATION_COMMAND};
use crate::read::{Shown, begin, by_ids, parse};
use crate::rows::content::ApplicationCommandShown;
use crate::state::State;

/// The command of the path.
async fn command(state: &State, call: &Call) -> Result<ApplicationCommand, Refusal> {
    let id: Id = call.path_value("id")?;
    let reading = state.service.reading(&call.actor).await.map_err(refused)?;
    let found = reading.one::<ApplicationCommand>(id).await;
    found
        .map_err(refused)?
        .ok_or_else(|| not_found(APPLICATION_COMMAND.name))
}

fn needs_writing(call: &Call) -> Result<(), Refusal> {
    let word = APPLICATION_COMMAND.write.into_iter();
    let word: Vec<&str> = word.collect();
    call.caller.needs_scope(&word).map_err(no_access)
}

/// Presses the button: asks the app, and answers with what it wants to happen. Whoever presses has to be
/// able to read what the command is about, and so has the app.
///
/// # Errors
/// The refusal; 502 where the app has not answered as it should.
pub async fn call(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_writing(&call)?;
    let query = parse(&call, &Rules::one(&state.schema, &COMMAND_CALL))?;
    let change = expected(&state, &COMMAND_CALL).create(&call.body);
    let change = change.map_err(refusal)?;
    let draft = change.root();
    let command = command(&state, &call).await?;
    let (kind, id) = record(draft, &command)?;
    let readable = words(kind);
    let readable: Vec<&str> = readable.iter().map(String::as_str).collect();
    if !readable.is_empty() {
        call.caller.needs_scope(&readable).map_err(no_access)?;
    }
    check_reach(&state, &call, (kind, id)).await?;
    let behind = Behind::of(&state, &command, &call.actor).await?;
    if !behind.may_read(kind) {
        return Err(conflict(format!(
            "The application has no word for resources of the type {}",
            kind.name
        )));
    }
    let body = behind.body(&state, &command, (kind, id), draft).await?;
    let wanted = ask(&state, &command, body.to_string().into_bytes()).await?;
    let (name, attribute, text) = wanted.parts();
    let row = Row::new(&COMMAND_CALL, state.service.new_id(&call.actor))
        .with("answer", name)
        .with(attribute, text)
        .to_one(
            "application_command",
            Some(Identifier::new(APPLICATION_COMMAND.name, command.id)),
        )
        .to_one("record", Some(Identifier::new(kind.name, id)));
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&row, StatusCode::CREATED).await
}

/// What the command is about: of the type that it is made for.
fn record(
    draft: &Draft,
    command: &ApplicationCommand,
) -> Result<(&'static ResourceType, Id), Refusal> {
    let links = draft.links("record").map(|links| links.as_slice());
    let Some([Link::To(to)]) = links else {
        return Err(refusal(draft.refuse_link("record", "One resource")));
    };
    if to.kind != command.details.context {
        let detail = format!("This command is about a {}", command.details.context);
        return Err(refusal(draft.refuse_link("record", detail)));
    }
    let kind = kinds::TYPES.iter().find(|kind| kind.name == to.kind);
    match (kind, to.id.parse()) {
        (Some(kind), Ok(id)) => Ok((kind, id)),
        _ => Err(refusal(draft.missing_link("record", to))),
    }
}

/// Whether the one who presses could read the record.
async fn check_reach(
    state: &State,
    call: &Call,
    (kind, id): (&'static ResourceType, Id),
) -> Result<(), Refusal> {
    if kind.name == "subscription" {
        return Ok(());
    }
    let query = parse_plain(state, kind)?;
    let look = begin(state, call, &query).await?;
    let found = crate::rows::load(kind, &[id], &look).await;
    if found.map_err(refused)?.is_empty() {
        return Err(not_found(kind.name));
    }
    Ok(())
}

fn parse_plain(state: &State, kind: &'static ResourceType) -> Result<jsonapi::Query, Refusal> {
    let rules = Rules::one(&state.schema, kind);
    jsonapi::Query::parse(&rules, "", &|_| true).map_err(refusal)
}

fn conflict(detail: impl Into<String>) -> Refusal {
    refusal(Error::new(Code::Conflict, detail))
}

/// Asks the app.
async fn ask(
    state: &State,
    command: &ApplicationCommand,
    body: Vec<u8>,
) -> Result<Wanted, Refusal> {
    let outside = state.outside()?;
    let details = &command.details;
    if details.method != "post" {
        return Err(conflict(
            "Commands are called with post; this one has another http_method",
        ));
    }
    let rules = outside.outgoing.rules();
    let target = Target::parse(&details.target_url, rules)
        .map_err(|bad| conflict(format!("The command's target_url cannot be called: {bad}")))?;
    let now: Timestamp = outside.outgoing.now();
    let owner = (command.tenant_id, command.id);
    let secrets = outside.outgoing.open_secrets(owner, &details.secrets, now);
    if secrets.is_empty() {
        return Err(conflict(
            "The command has no secret to be signed with: POST …/rotate_secret gives it one",
        ));
    }
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(signed(&body, &secrets, &outside.environment));
    let question = Question {
        target,
        headers,
        body,
    };
    let answered = outside.ask.ask(question).await;
    let read = answered
        .map_err(|none| none.to_string())
        .and_then(|answer| answer::read(&answer, rules.allow_http));
    read.map_err(|why| {
        let detail = format!("The application could not be asked: {why}");
        let error = Error::new(Code::InternalServerError, detail);
        refusal(error.with_status(StatusCode::BAD_GATEWAY))
    })
}

/// Gives a command a new secret, and shows it. Those before it go on for as long as is said.
///
/// # Errors
/// The refusal.
pub async fn rotate_secret(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_writing(&call)?;
    let query = parse(&call, &Rules::one(&state.schema, &APPLICATION_COMMAND))?;
    let keep_old_for = kept_for(&query)?;
    let command = command(&state, &call).await?;
    let mut actor = call.actor.clone();
    match command.details.client_id {
        // An app may do so with its own command, however few administrations it was granted.
        Some(owner) if owner == call.caller.client_id => actor.organizations = None,
        // Another app's secret is that app's affair.
        Some(_) => return Err(not_found(APPLICATION_COMMAND.name)),
        None => {}
    }
    let rotation = Rotation {
        secret: Some(drawn(&state)?),
        keep_old_for,
    };
    let owner = (command.tenant_id, command.id);
    let made = state.outside()?.outgoing.new_secret(owner, rotation);
    let (succession, secret) =
        made.map_err(|_| Refusal::internal("a secret that was drawn is refused"))?;
    let write = records::change::<ApplicationCommand>(command.id, move |row| {
        succession.apply(&mut row.details.secrets);
        Ok(())
    });
    let written = state.service.write_one(&actor, write).await;
    written
        .map_err(refused)?
        .map_err(|_| not_found(APPLICATION_COMMAND.name))?;
    let look = begin(&state, &call, &query).await?;
    let rows = by_ids::<ApplicationCommandShown>(&[command.id], &look).await;
    drop(look);
    let row = rows.map_err(refused)?.into_iter().next();
    let row = row.ok_or_else(|| not_found(ApplicationCommandShown::KIND.name))?;
    let secret = String::from_utf8_lossy(secret.bytes()).into_owned();
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&row.with_meta("secret", secret.into()), StatusCode::OK)
        .await
}
