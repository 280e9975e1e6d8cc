//! Creates, changes and removes resources: a whole request document in one transaction, or nothing of it.
//!
//! [`Written`] says by which writes a type comes to be, changes and goes; [`create`], [`update`] and
//! [`remove`] read the request, carry the writes out and answer with what stands there afterwards.

mod answers;
mod content;
mod images;
mod messages;
mod money;
mod people;
mod periods;
mod places;
mod prices;
mod refusals;
mod units;
mod wish;

use domain::id::Id;
use http::{HeaderValue, StatusCode, header};
use http_kit::{Answer, Call, Refusal};
use jsonapi::{Change, Code, Error, Errors, Expected, Query, ResourceType, Rules};
use service::{
    Subject,
    records::{Readable, Write},
};

pub(crate) use self::answers::to as answer_to;
pub use self::money::SEND_NOTIFICATION;
pub use self::periods::{External, Maintenance};
pub use self::wish::{Plan, Wish};
use crate::errors::{no_access, not_found, refusal, refused};
use crate::read::{Look, Place, Root, Shown, Writing, begin, by_ids, find, narrow, parse};
use crate::{scopes, state::State};

/// A write, with the resource of the request that it is for.
pub struct Planned {
    /// Its place in the request.
    pub index: usize,
    /// What is done.
    pub write: Write,
}

/// What comes of a wish: writes in order, that of the primary resource first; or all that is wrong with it.
pub type Writes = Result<Vec<Planned>, Errors>;

/// Where something new shall stand.
pub struct Stand<'a, 'look> {
    /// A look at what is there already.
    pub look: &'a Look<'look>,
    /// The call.
    pub call: &'a Call,
    /// The administration of the path.
    pub administration: Option<Id>,
    /// What stands before it in the path.
    pub parent: Option<Id>,
}

impl<'a, 'look> Stand<'a, 'look> {
    fn at<K>(look: &'a Look<'look>, call: &'a Call, place: &Place<K>) -> Self {
        Self {
            look,
            call,
            administration: place.administration,
            parent: place.parent,
        }
    }
}

/// A type that can be written.
pub trait Written: Shown {
    /// The fields of what is stored that the vendor calls otherwise.
    const NAMES: &'static [(&'static str, &'static str)] = &[];

    /// What it is about, for the table of who may do what.
    const SUBJECT: Subject = <Self::Stored as Readable>::SUBJECT;

    /// The writes by which one comes to be.
    fn create(
        _: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> impl Future<Output = service::Result<Writes>> + Send {
        async { Ok(Err(not_so("created"))) }
    }

    /// The writes by which one becomes as it is wished.
    fn update(
        _: &Self::Stored,
        _: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> impl Future<Output = service::Result<Writes>> + Send {
        async { Ok(Err(not_so("changed"))) }
    }

    /// The write by which one goes.
    fn remove(_: &Self::Stored) -> Option<Write> {
        None
    }
}

/// A type that can be put into the archive by a call of its own.
pub trait Archived: Written {
    /// The write by which one goes there. One that is there already stays as it is.
    fn archive(stored: &Self::Stored, now: jiff::Timestamp) -> Write;
}

fn not_so(what: &str) -> Errors {
    let detail = format!("This type cannot be {what} here");
    Error::new(Code::ForbiddenInput, detail).into()
}

/// Creates a resource, and answers 201 with it.
///
/// # Errors
/// The refusal.
pub async fn create<R: Written>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&state, &call)?;
    let change = expecting::<R>(&state, &call, |expected| expected.create(&call.body))?;
    let plan = Plan::new(change, || state.service.new_id(&call.actor)).map_err(refusal)?;
    let (writes, locale) = {
        let look = begin(&state, &call, &query).await?;
        let place = narrow::<R>(root, &call, &look).await?;
        let mut stand = Stand::at(&look, &call, &place);
        let writes = R::create(&plan.root(), &mut stand).await;
        (writes.map_err(refused)?.map_err(refusal)?, place.locale)
    };
    let id = carry_out::<R>(&state, &call, &plan, writes).await?;
    answer::<R>(&state, &call, &query, (id, locale), StatusCode::CREATED).await
}

/// Changes a resource, and answers 200 with it.
///
/// # Errors
/// The refusal.
pub async fn update<R: Written>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&state, &call)?;
    let id = call.path_parameter("id")?;
    let change = expecting::<R>(&state, &call, |expected| expected.update(id, &call.body))?;
    let plan = Plan::new(change, || state.service.new_id(&call.actor)).map_err(refusal)?;
    let (writes, locale) = {
        let look = begin(&state, &call, &query).await?;
        let (stored, place) = there::<R>(&call, root, &look).await?;
        let mut stand = Stand::at(&look, &call, &place);
        let writes = R::update(&stored, &plan.root(), &mut stand).await;
        (writes.map_err(refused)?.map_err(refusal)?, place.locale)
    };
    carry_out::<R>(&state, &call, &plan, writes).await?;
    let id = plan.root().id();
    answer::<R>(&state, &call, &query, (id, locale), StatusCode::OK).await
}

/// Removes a resource, and answers 204.
///
/// # Errors
/// The refusal.
pub async fn remove<R: Written>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&state, &call)?;
    let stored = {
        let look = begin(&state, &call, &query).await?;
        there::<R>(&call, root, &look).await?.0
    };
    let write = R::remove(&stored).ok_or_else(|| refusal(not_so("removed")))?;
    let written = state.service.write_one(&call.actor, write).await;
    match written.map_err(refused)? {
        Ok(_) => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        Err(why) => Err(refusal(refusals::of_removal(R::KIND, &why))),
    }
}

/// Puts a resource into the archive, and answers 200 with it.
///
/// # Errors
/// The refusal; 409 where somebody stands against it.
pub async fn archive<R: Archived>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&state, &call)?;
    let id: Id = call.path_value("id")?;
    let (write, locale) = {
        let look = begin(&state, &call, &query).await?;
        let (stored, place) = there::<R>(&call, root, &look).await?;
        (R::archive(&stored, look.now), place.locale)
    };
    let written = state.service.write_one(&call.actor, write).await;
    match written.map_err(refused)? {
        Ok(_) => answer::<R>(&state, &call, &query, (id, locale), StatusCode::OK).await,
        Err(why) => Err(refusal(refusals::of_removal(R::KIND, &why))),
    }
}

/// Checks the caller's words and reads the query.
fn understand<R: Written>(state: &State, call: &Call) -> Result<Query, Refusal> {
    let words = scopes::writing(R::KIND);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    call.caller.needs_scope(&words).map_err(no_access)?;
    parse(call, &Rules::one(&state.schema, R::KIND))
}

/// Reads the body.
fn expecting<R: Written>(
    state: &State,
    call: &Call,
    read: impl FnOnce(Expected<'_>) -> Result<Change, Errors>,
) -> Result<Change, Refusal> {
    let may_write = |kind: &ResourceType| {
        let words = scopes::writing(kind);
        words
            .iter()
            .any(|word| call.caller.scopes.iter().any(|own| own == word))
    };
    let expected = Expected {
        schema: &state.schema,
        kind: R::KIND,
        may_write: &may_write,
    };
    read(expected).map_err(refusal)
}

/// What stands at the path.
async fn there<R: Written>(
    call: &Call,
    root: Root,
    look: &Look<'_>,
) -> Result<(R::Stored, Place<R::Stored>), Refusal> {
    let mut place = narrow::<R>(root, call, look).await?;
    let tests = std::mem::take(&mut place.tests);
    let found = find::<R>(call.path_value("id")?, tests, look).await?;
    let found = found.ok_or_else(|| not_found(R::KIND.name))?;
    Ok((found, place))
}

/// Does all of it, or nothing; the id of what was written for the primary resource.
async fn carry_out<R: Written>(
    state: &State,
    call: &Call,
    plan: &Plan,
    planned: Vec<Planned>,
) -> Result<Id, Refusal> {
    let (mut places, mut writes) = (Vec::new(), Vec::new());
    for Planned { index, write } in planned {
        places.push(index);
        writes.push(write);
    }
    let written = state.service.write_all(&call.actor, writes).await;
    match written.map_err(refused)? {
        Ok(ids) => {
            let own = places.iter().position(|index| *index == 0);
            let id = own.and_then(|own| ids.get(own)).copied();
            Ok(id.unwrap_or_else(|| plan.id(0)))
        }
        Err(why) => {
            let index = places.get(why.index).copied().unwrap_or_default();
            let draft = plan.draft(index);
            Err(refusal(refusals::of_draft(draft, R::NAMES, &why.refusal)))
        }
    }
}

/// What stands there now, in its administration's own language too.
async fn answer<R: Written>(
    state: &State,
    call: &Call,
    query: &Query,
    (id, locale): (Id, Option<String>),
    status: StatusCode,
) -> Result<Answer, Refusal> {
    let look = begin(state, call, query).await?;
    let rows = by_ids::<R>(&[id], &look).await.map_err(refused)?;
    let row = rows.into_iter().next();
    let row = row.ok_or_else(|| Refusal::internal("what was written cannot be read"))?;
    let writing = Writing {
        state,
        call,
        query,
        locale,
    };
    let mut location = None;
    let primary = std::slice::from_ref(&row);
    let answered = writing.answer(look, primary, |view, rows, related| {
        location = rows.first().and_then(|row| view.location(row));
        view.written(rows.first(), related)
    });
    let mut answered = answered.await?;
    answered.status = status;
    let location = location.filter(|_| status == StatusCode::CREATED);
    match location.and_then(|location| HeaderValue::try_from(location).ok()) {
        Some(location) => Ok(answered.header(header::LOCATION, location)),
        None => Ok(answered),
    }
}
