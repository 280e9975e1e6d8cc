//! Webhook endpoints as resources: made, listed, changed, given new secrets, and removed.

use domain::{access::Actor, id::Id};
use http::StatusCode;
use http_kit::{Answer, Call, Refusal};
use jiff::SignedDuration;
use jsonapi::{Change, Code, Draft, Error, Expected, ResourceType, Row, Rules, Value};
use service::{
    PageOf,
    outgoing::{
        self, Confirm, NewSubscription, Outgoing, Owner, Rotation, SubscriptionPatch,
        SubscriptionView, limits::SUBSCRIPTIONS, seal::Secret,
    },
};

use super::answer::done;
use super::{Told, names};
use crate::dialect::NAME;
use crate::errors::{no_access, not_found, refusal};
use crate::kinds::leaving::{CONFIRMATIONS, WEBHOOK_ENDPOINT};
use crate::read::parse;
use crate::rows::parts::text;
use crate::{scopes, state::State};

/// For how long the secrets before a new one go on, where nothing else is said.
const KEPT_HOURS: i64 = 24;

/// The longest that they go on: a month.
pub const MOST_KEPT_HOURS: i64 = 31 * 24;

/// The parameter that says so.
pub const KEEP_OLD_FOR: &str = "keep_old_for_hours";

/// All endpoints of an installation, oldest first. There are only so many.
pub async fn all(outgoing: &Outgoing, actor: &Actor) -> service::Result<Vec<SubscriptionView>> {
    let most = u32::try_from(SUBSCRIPTIONS).unwrap_or(u32::MAX);
    let found = outgoing.subscriptions(actor, PageOf::first(most)).await?;
    let own = found.rows.into_iter();
    // The house's own API keeps subscriptions in other formats.
    Ok(own
        .filter(|view| view.subscription.format == NAME)
        .collect())
}

/// An endpoint as a resource. Its secrets are never shown.
pub fn row(view: &SubscriptionView) -> Row {
    let (kept, health) = (&view.subscription, &view.health);
    let confirm = match kept.confirm {
        Confirm::WaitForSuccess => CONFIRMATIONS[0],
        Confirm::FireAndForget => CONFIRMATIONS[1],
    };
    let events = kept.events.iter().map(|name| Value::from(name.as_str()));
    let owner = kept.owner.as_ref();
    let off = kept.off.as_ref();
    let switched_off_at = off.map(|off| off.at);
    let updated_at = kept.changed_at.unwrap_or(kept.created_at);
    Row::new(&WEBHOOK_ENDPOINT, kept.id)
        .at(format!("/webhook_endpoints/{}", kept.id))
        .with("target_url", kept.target_url.as_str())
        .with("confirm_strategy", confirm)
        .with("events", Value::Array(events.collect()))
        .with("active", kept.active)
        .with(
            "owner_email",
            owner.map_or(Value::Null, |owner| text(&owner.email)),
        )
        .with(
            "owner_locale",
            owner.map_or(Value::Null, |owner| text(&owner.language)),
        )
        .with(
            "switched_off_reason",
            off.map_or(Value::Null, |off| text(&off.reason)),
        )
        .with("switched_off_at", switched_off_at)
        .with("failing_since", health.failing_since)
        .with("last_delivered_at", health.delivered_at)
        .with("last_failed_at", health.failed_at)
        .with("created_at", kept.created_at)
        .with(
            "updated_at",
            switched_off_at.map_or(updated_at, |off| off.max(updated_at)),
        )
}

/// An endpoint with the secret that was just given to it: this once.
fn with_secret(view: &SubscriptionView, secret: &Secret) -> Row {
    row(view).with_meta("secret", shown(secret).into())
}

/// A secret as it is shown, and as it signs: in letters.
fn shown(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.bytes()).into_owned()
}

/// Lists the endpoints of the calling installation.
///
/// # Errors
/// The refusal.
pub async fn list(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::list(&state.schema, &WEBHOOK_ENDPOINT))?;
    let found = done(all(&state.outside()?.outgoing, &call.actor).await)?;
    let mut rows: Vec<Row> = found.iter().map(row).collect();
    rows.retain(|row| query.filter.matches(row));
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.page(query.page.of(&rows), rows.len() as u64).await
}

/// Shows one.
///
/// # Errors
/// The refusal.
pub async fn show(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_ENDPOINT))?;
    let found = find(&state, &call).await?;
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.one(&row(&found)).await
}

/// The endpoint of the path, if it is the caller's and in this dialect's format.
async fn find(state: &State, call: &Call) -> Result<SubscriptionView, Refusal> {
    let id: Id = call.path_value("id")?;
    let outgoing = &state.outside()?.outgoing;
    let found = done(outgoing.subscription(&call.actor, id).await)?;
    found
        .filter(|view| view.subscription.format == NAME)
        .ok_or_else(|| not_found(WEBHOOK_ENDPOINT.name))
}

/// Makes one, and shows its secret.
///
/// # Errors
/// The refusal.
pub async fn create(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_ENDPOINT))?;
    let change = expected(&state, &WEBHOOK_ENDPOINT).create(&call.body);
    let change: Change = change.map_err(refusal)?;
    let draft = change.root();
    let secret = secret(draft)?;
    let new = NewSubscription {
        target_url: draft.text("target_url").unwrap_or_default().to_owned(),
        events: events(draft, &call)?.unwrap_or_default(),
        confirm: confirm(draft).unwrap_or_default(),
        format: NAME.to_owned(),
        owner: owner(draft, None)?.flatten(),
        secret: Some(match secret {
            Some(secret) => secret,
            None => drawn(&state)?,
        }),
    };
    let outgoing = &state.outside()?.outgoing;
    let made = done(outgoing.subscription_create(&call.actor, new).await)?;
    let (mut made, secret) = made.map_err(|refused| worded(draft, &refused))?;
    if draft.value("active") == Some(&Value::Boolean(false)) {
        let patch = SubscriptionPatch {
            active: Some(false),
            ..SubscriptionPatch::default()
        };
        let changing = outgoing.subscription_change(&call.actor, made.subscription.id, patch);
        made = done(changing.await)?.map_err(|refused| worded(draft, &refused))?;
    }
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&with_secret(&made, &secret), StatusCode::CREATED)
        .await
}

/// Changes one.
///
/// # Errors
/// The refusal.
pub async fn update(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_ENDPOINT))?;
    let id = call.path_parameter("id")?;
    let change = expected(&state, &WEBHOOK_ENDPOINT).update(id, &call.body);
    let change = change.map_err(refusal)?;
    let before = find(&state, &call).await?.subscription;
    let draft = change.root();
    let patch = SubscriptionPatch {
        target_url: draft.text("target_url").map(str::to_owned),
        events: events(draft, &call)?,
        confirm: confirm(draft),
        owner: owner(draft, before.owner.as_ref())?,
        active: draft.value("active").and_then(Value::as_boolean),
    };
    let outgoing = &state.outside()?.outgoing;
    let changing = outgoing.subscription_change(&call.actor, before.id, patch);
    let changed = done(changing.await)?.map_err(|refused| worded(draft, &refused))?;
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&row(&changed), StatusCode::OK).await
}

/// Gives one a new secret, and shows it. Those before it go on for as long as is said.
///
/// # Errors
/// The refusal.
pub async fn rotate_secret(state: State, call: Call) -> Result<Answer, Refusal> {
    let query = parse(&call, &Rules::one(&state.schema, &WEBHOOK_ENDPOINT))?;
    let keep_old_for = kept_for(&query)?;
    let id = find(&state, &call).await?.subscription.id;
    let outgoing = &state.outside()?.outgoing;
    let rotation = Rotation {
        secret: Some(drawn(&state)?),
        keep_old_for,
    };
    let rotated = done(
        outgoing
            .subscription_rotate(&call.actor, id, rotation)
            .await,
    )?;
    let (view, secret) = rotated.map_err(|_| not_found(WEBHOOK_ENDPOINT.name))?;
    let told = Told {
        state: &state,
        call: &call,
        query: &query,
    };
    told.written(&with_secret(&view, &secret), StatusCode::OK)
        .await
}

/// Removes one. What waits for it is dropped.
///
/// # Errors
/// The refusal.
pub async fn remove(state: State, call: Call) -> Result<Answer, Refusal> {
    let id = find(&state, &call).await?.subscription.id;
    let outgoing = &state.outside()?.outgoing;
    let removed = done(outgoing.subscription_remove(&call.actor, id).await)?;
    removed.map_err(|_| not_found(WEBHOOK_ENDPOINT.name))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// What a request body of this type may hold. Nothing comes along with it.
pub(crate) fn expected<'a>(state: &'a State, kind: &'static ResourceType) -> Expected<'a> {
    Expected {
        schema: &state.schema,
        kind,
        may_write: &|_| false,
    }
}

/// The secret that a client gives. It signs as it is written, so whoever has a client secret of the vendor's
/// kind can go on verifying with that.
fn secret(draft: &Draft) -> Result<Option<Secret>, Refusal> {
    let given = draft.text("secret").filter(|text| !text.is_empty());
    let Some(given) = given else { return Ok(None) };
    if given.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(Secret::new(given.as_bytes().to_vec())));
    }
    let detail = "A secret has 16 to 128 letters, digits and signs of ASCII, without spaces";
    Err(refusal(draft.refuse("secret", detail)))
}

/// A secret nobody can foresee, in letters, so that it can be shown and signs as it is shown.
pub(crate) fn drawn(state: &State) -> Result<Secret, Refusal> {
    let outgoing = &state.outside()?.outgoing;
    let words: Vec<String> = (0..4)
        .map(|_| format!("{:016x}", outgoing.chance()))
        .collect();
    Ok(Secret::new(words.concat().into_bytes()))
}

/// For how long the secrets before a new one go on.
pub(crate) fn kept_for(query: &jsonapi::Query) -> Result<SignedDuration, Refusal> {
    let Some(text) = query.own(KEEP_OLD_FOR) else {
        return Ok(SignedDuration::from_hours(KEPT_HOURS));
    };
    let hours: Option<i64> = text.parse().ok();
    let hours = hours.filter(|hours| (0..=MOST_KEPT_HOURS).contains(hours));
    let hours = hours.ok_or_else(|| {
        let detail = format!("A whole number of hours from 0 to {MOST_KEPT_HOURS}");
        refusal(Error::new(Code::ForbiddenInput, detail).in_parameter(KEEP_OLD_FOR))
    })?;
    Ok(SignedDuration::from_hours(hours))
}

/// The events of a request, each of which the caller has to have the word for.
fn events(draft: &Draft, call: &Call) -> Result<Option<Vec<String>>, Refusal> {
    let Some(given) = draft.value("events") else {
        return Ok(None);
    };
    let mut events: Vec<String> = Vec::new();
    for name in given.as_items().unwrap_or_default() {
        let name = names::normal(name.as_text().unwrap_or_default());
        let Some((kind, _)) = names::parse(&name) else {
            let detail = format!("No event is called {name:?}. Names are resource:verb");
            return Err(refusal(draft.refuse("events", detail)));
        };
        let words = scopes::reading(kind);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if !words.is_empty() {
            call.caller.needs_scope(&words).map_err(no_access)?;
        }
        if !events.contains(&name) {
            events.push(name);
        }
    }
    Ok(Some(events))
}

fn confirm(draft: &Draft) -> Option<Confirm> {
    let word = draft.text("confirm_strategy")?;
    Some(if word == CONFIRMATIONS[1] {
        Confirm::FireAndForget
    } else {
        Confirm::WaitForSuccess
    })
}

/// Whom to write to when the endpoint is switched off: the outer none leaves it as it was.
fn owner(draft: &Draft, before: Option<&Owner>) -> Result<Option<Option<Owner>>, Refusal> {
    let given = draft.value("owner_email");
    let email = match given {
        Some(given) => given.as_text(),
        None => before.map(|owner| owner.email.as_str()),
    };
    let Some(email) = email.filter(|email| !email.is_empty()) else {
        return Ok(given.map(|_| None));
    };
    let parts = email.split_once('@');
    let is_address = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !is_address
        || email
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err(refusal(
            draft.refuse("owner_email", "It is no mail address"),
        ));
    }
    let language = draft.text("owner_locale");
    let language = language.or_else(|| before.map(|owner| owner.language.as_str()));
    Ok(Some(Some(Owner {
        email: email.to_owned(),
        language: language.unwrap_or("en").to_owned(),
    })))
}

/// Why an endpoint is not so, at the attribute that is to blame.
fn worded(draft: &Draft, refused: &outgoing::Refusal) -> Refusal {
    use outgoing::Refusal as Why;
    let detail = refused.to_string();
    match refused {
        Why::UnknownSubscription | Why::UnknownDelivery => not_found(WEBHOOK_ENDPOINT.name),
        Why::BadTarget(_) => refusal(draft.refuse("target_url", detail)),
        Why::BadSecret => refusal(draft.refuse("secret", detail)),
        Why::UnknownEvent(_) | Why::NoEvents => refusal(draft.refuse("events", detail)),
        Why::TooMany { .. } => {
            let error = Error::new(Code::ForbiddenInput, detail);
            refusal(error.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Why::SwitchedOff => refusal(Error::new(Code::Conflict, detail)),
        Why::UnknownFormat => Refusal::internal("this dialect's format is not known"),
    }
}
