//! Lists and single resources, for every type in the same way.
//!
//! [`Shown`] says how what is stored becomes resources of a type; [`list`] and [`one`] answer requests
//! for them. Whatever an answer needs is read through one [`Look`]: a page, what its rows link to, and
//! what is included, each for all rows at once.

pub mod contact;
pub mod lookup;
pub mod platform;

use domain::access::capability;
use domain::id::Id;
use futures_util::future::try_join_all;
use http_kit::{Answer, Call, Refusal};
use jsonapi::{
    Address, Document, Loader, Locales, Query, ResourceType, Row, Rules, Schema, Test as Asked,
    View, ahead, included,
};
use service::{
    PageOf,
    content::{Amenity, Channel},
    inventory::Organization,
    records::{Direction, Field, Readable, Reading, Test},
    told,
};
use tokio::{sync::OnceCell, try_join};

pub use self::lookup::Lookup;
use crate::errors::{self, failed, no_access, not_found, refused};
use crate::{rows, scopes, seen::Seen, state::State};

/// A type of resource, and what is stored of it.
pub trait Shown: Send + Sync + 'static {
    /// What is stored.
    type Stored: Readable + Send + Sync;
    /// The type.
    const KIND: &'static ResourceType;

    /// What is stored and not of this type, or not for this caller, meets these not.
    fn narrowed(_: &Seen) -> Vec<Test<Self::Stored>> {
        Vec::new()
    }

    /// The same, asked of a row that was found by its id.
    fn keeps(_: &Self::Stored, _: &Seen) -> bool {
        true
    }

    /// What is sold through a channel, or came through it; nothing where a channel has none of it.
    fn in_channel(_: &Channel) -> Option<Test<Self::Stored>> {
        None
    }

    /// How a field is looked up that can be filtered or sorted by.
    fn lookup(name: &str) -> Option<Lookup<Self::Stored>>;

    /// What meets a filter of which [`Shown::lookup`] says that something is read first; nothing if this cannot
    /// be asked of it.
    fn looked_up(
        _: &str,
        _: &Asked,
        _: &Look<'_>,
    ) -> impl Future<Output = service::Result<Option<Test<Self::Stored>>>> + Send {
        async { Ok(None) }
    }

    /// Whether this administration has such a parent, for rows that stand below one in paths.
    fn stands_below(
        _: Id,
        _: Id,
        _: &Look<'_>,
    ) -> impl Future<Output = service::Result<bool>> + Send {
        async { Ok(true) }
    }

    /// Reads what hangs on rows with these ids, to be kept until they are shown: so that it need not wait for
    /// the rows, of which only the ids are known.
    fn hanging(_: &[Id], _: &Look<'_>) -> impl Future<Output = service::Result<()>> + Send {
        async { Ok(()) }
    }

    /// The resources, in the order of what is stored.
    fn show(
        stored: &[Self::Stored],
        look: &Look<'_>,
    ) -> impl Future<Output = service::Result<Vec<Row>>> + Send;

    /// A resource that is kept elsewhere.
    fn elsewhere(_: Id, _: &Look<'_>) -> impl Future<Output = service::Result<Option<Row>>> + Send {
        async { Ok(None) }
    }
}

/// One answer's look into the store.
pub struct Look<'a> {
    /// The connection.
    pub reading: Reading<'a>,
    /// What was asked for.
    pub query: &'a Query,
    /// What the caller is shown.
    pub seen: Seen,
    /// The tenant's clock.
    pub now: jiff::Timestamp,
    /// The tenant's name, where it may be included.
    pub tenant: Option<String>,
    /// The rooms, for what is read elsewhere.
    pub state: &'a State,
    /// All amenities, once a filter has read them; none where there are too many to be looked through.
    pub amenities: OnceCell<Option<Vec<Amenity>>>,
}

impl Look<'_> {
    /// Whether rows of this type have to say where a relationship leads.
    pub fn wants(&self, kind: &ResourceType, relationship: &str) -> bool {
        self.query.wants(kind, relationship)
    }

    /// Whether rows of this type bring along what a relationship leads to.
    pub fn includes(&self, kind: &ResourceType, relationship: &str) -> bool {
        let include = self.query.include.as_ref();
        include.is_some_and(|include| include.passes(kind, relationship))
    }

    /// Reads what is included of rows that do not say everything yet, as far as they say where it is, to be kept
    /// until it is shown.
    ///
    /// # Errors
    /// Those of the reading.
    pub async fn ahead(&self, kind: &ResourceType, rows: &[Row]) -> service::Result<()> {
        let Some(include) = &self.query.include else {
            return Ok(());
        };
        let linked = ahead(&self.state.schema, include, kind, rows).into_iter();
        let reading = linked.map(|(kind, ids)| async move {
            let ids: Vec<Id> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            rows::prepare(kind, &ids, self).await
        });
        try_join_all(reading).await.map(drop)
    }
}

/// What is read where it is wanted, and nothing elsewhere; so that all that an answer wants can be asked for at
/// once.
///
/// # Errors
/// Those of the reading.
pub async fn when<T: Default>(
    wanted: bool,
    reading: impl Future<Output = service::Result<T>>,
) -> service::Result<T> {
    if wanted {
        reading.await
    } else {
        Ok(T::default())
    }
}

/// Under which path a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Over all administrations that were granted.
    Whole,
    /// `/administrations/{administration_id}`.
    Administration,
    /// `/channels/{channel_id}`.
    Channel,
    /// `/administrations/{administration_id}/…/{…_id}`, with this relationship to what stands before.
    Below(&'static str),
}

/// Answers with a page of a list.
///
/// # Errors
/// The refusal.
pub async fn list<R: Shown>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&call, &Rules::list(&state.schema, R::KIND))?;
    let look = begin(&state, &call, &query).await?;
    let place = narrow::<R>(root, &call, &look).await?;
    let mut wanted = service::records::Query::new();
    for test in place.tests {
        wanted = wanted.meets(test);
    }
    for clause in &query.filter.clauses {
        wanted = wanted.meets(lookup::clause::<R>(clause, &look).await?);
    }
    for key in &query.sort.keys {
        let direction = if key.descending {
            Direction::Descending
        } else {
            Direction::Ascending
        };
        let field = lookup::order::<R>(key.by.name());
        let unsorted = || Refusal::internal("a sortable field has no column");
        wanted = wanted.by(field.ok_or_else(unsorted)?, direction);
    }
    let page = PageOf {
        number: query.page.number,
        size: query.page.size,
    };
    // The rows are asked for first, so that they are put together while the store counts.
    let shown = async {
        let page = look.reading.page(&wanted, page).await?;
        R::show(&page.rows, &look).await
    };
    let (found, total) = try_join!(shown, look.reading.count(&wanted)).map_err(refused)?;
    let writing = Writing {
        state: &state,
        call: &call,
        query: &query,
        locale: place.locale,
    };
    writing
        .answer(look, &found, |view, rows, related| {
            view.collection(rows, total, related)
        })
        .await
}

/// Answers with one resource.
///
/// # Errors
/// The refusal.
pub async fn one<R: Shown>(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = understand::<R>(&call, &Rules::one(&state.schema, R::KIND))?;
    let id: Id = call.path_value("id")?;
    let look = begin(&state, &call, &query).await?;
    let place = narrow::<R>(root, &call, &look).await?;
    let stored = find::<R>(id, place.tests, &look).await?;
    let stored: Vec<R::Stored> = stored.into_iter().collect();
    let found = R::show(&stored, &look).await.map_err(refused)?;
    let found = match found.into_iter().next() {
        Some(row) => Some(row),
        None if root == Root::Whole => R::elsewhere(id, &look).await.map_err(refused)?,
        None => None,
    };
    let found = found.ok_or_else(|| not_found(R::KIND.name))?;
    let writing = Writing {
        state: &state,
        call: &call,
        query: &query,
        locale: place.locale,
    };
    let primary = std::slice::from_ref(&found);
    writing
        .answer(look, primary, |view, rows, related| {
            view.single(rows.first(), related)
        })
        .await
}

/// What is stored under an id and meets all of these.
pub(crate) async fn find<R: Shown>(
    id: Id,
    tests: Vec<Test<R::Stored>>,
    look: &Look<'_>,
) -> Result<Option<R::Stored>, Refusal> {
    let mut wanted = service::records::Query::new();
    for test in tests {
        wanted = wanted.meets(test);
    }
    wanted = wanted.meets(Test::is(const { Field::new("id") }, id));
    let page = look.reading.page(&wanted, PageOf::first(1)).await;
    Ok(page.map_err(refused)?.rows.into_iter().next())
}

/// A resource before a change of its row and after it, as an event notes them; none where it notes none.
///
/// # Errors
/// Those of the reading.
pub async fn sides<R: Shown>(
    id: Id,
    facts: &serde_json::Value,
    look: &Look<'_>,
) -> service::Result<Option<[Row; 2]>> {
    if !told::is_of::<R::Stored>(facts) {
        return Ok(None);
    }
    let stored = look.reading.one::<R::Stored>(id).await?;
    let sides = stored.and_then(|stored| told::sides(&stored, facts));
    let Some([old, new]) = sides else {
        return Ok(None);
    };
    // One after the other: what hangs on a row is shown with the first that has its id.
    let (mut old, mut new) = (R::show(&[old], look).await?, R::show(&[new], look).await?);
    Ok(old.pop().zip(new.pop()).map(Into::into))
}

/// Checks the caller's words and reads the query.
fn understand<R: Shown>(call: &Call, rules: &Rules<'_>) -> Result<Query, Refusal> {
    needs_word(call, R::KIND)?;
    parse(call, rules)
}

/// Refuses whoever may not read a type.
pub(crate) fn needs_word(call: &Call, kind: &ResourceType) -> Result<(), Refusal> {
    let words = scopes::reading(kind);
    if words.is_empty() {
        return Ok(());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    call.caller.needs_scope(&words).map_err(no_access)
}

/// Reads the query of a call.
pub(crate) fn parse(call: &Call, rules: &Rules<'_>) -> Result<Query, Refusal> {
    let seen = Seen::by(call);
    let may_read = |kind: &ResourceType| seen.may_read(kind);
    Query::parse(rules, call.raw_query(), &may_read).map_err(errors::refusal)
}

/// Opens the one look of an answer.
pub(crate) async fn begin<'a>(
    state: &'a State,
    call: &'a Call,
    query: &'a Query,
) -> Result<Look<'a>, Refusal> {
    let reading = state.service.reading(&call.actor).await.map_err(refused)?;
    let mut seen = Seen::by(call);
    seen.learn_channels(&reading).await.map_err(refused)?;
    Ok(Look {
        reading,
        query,
        seen,
        now: call.actor.now,
        tenant: None,
        state,
        amenities: OnceCell::new(),
    })
}

/// What a path says of the rows below it.
pub(crate) struct Place<K> {
    /// What they meet.
    pub tests: Vec<Test<K>>,
    /// The administration's own language.
    pub locale: Option<String>,
    /// The administration.
    pub administration: Option<Id>,
    /// What stands between the administration and them.
    pub parent: Option<Id>,
}

pub(crate) async fn narrow<R: Shown>(
    root: Root,
    call: &Call,
    look: &Look<'_>,
) -> Result<Place<R::Stored>, Refusal> {
    let mut place = Place {
        tests: R::narrowed(&look.seen),
        locale: None,
        administration: None,
        parent: None,
    };
    match root {
        Root::Whole => {}
        Root::Administration => {
            place.enter_administration::<R>(call, look).await?;
        }
        Root::Channel => {
            let channel = channel(call, look).await?;
            let test = R::in_channel(&channel);
            let test = test.ok_or_else(|| Refusal::internal("a channel has none of these"))?;
            place.tests.push(test);
        }
        Root::Below(parent) => {
            place.enter_administration::<R>(call, look).await?;
            let id = call.path_value(&format!("{parent}_id"))?;
            let administration = place.administration.unwrap_or(id);
            let is_there = R::stands_below(id, administration, look).await;
            if !is_there.map_err(refused)? {
                return Err(not_found(parent));
            }
            place.tests.push(of::<R>(parent, id)?);
            place.parent = Some(id);
        }
    }
    Ok(place)
}

impl<K: Readable> Place<K> {
    async fn enter_administration<R: Shown<Stored = K>>(
        &mut self,
        call: &Call,
        look: &Look<'_>,
    ) -> Result<(), Refusal> {
        let id: Id = call.path_value("administration_id")?;
        call.caller.needs_organization(id).map_err(no_access)?;
        self.tests.push(of::<R>("administration", id)?);
        self.administration = Some(id);
        // Whoever may not read administrations need not learn which ones there are.
        if call.actor.may(capability::PROPERTIES_READ) {
            let found = look
                .reading
                .one::<Organization>(id)
                .await
                .map_err(refused)?;
            let found = found.ok_or_else(|| not_found("administration"))?;
            let own = found.details.locales.first();
            self.locale = own.map(|locale| locale.as_str().to_owned());
        }
        Ok(())
    }
}

/// Rows whose relationship leads to this one.
fn of<R: Shown>(relationship: &str, id: Id) -> Result<Test<R::Stored>, Refusal> {
    match R::lookup(relationship) {
        Some(Lookup::Id(field)) => Ok(Test::is(field, id)),
        Some(Lookup::Shared(field)) => Ok(Test::any([
            Test::is(field, id),
            Test::is(field, None::<Id>),
        ])),
        Some(Lookup::Through(ends_at)) => Ok(ends_at(vec![id])),
        _ => Err(Refusal::internal("a path has no column")),
    }
}

/// The channel of the path, if it was granted to the app or made by it.
pub(crate) async fn channel(call: &Call, look: &Look<'_>) -> Result<Channel, Refusal> {
    let id: Id = call.path_value("channel_id")?;
    let caller = &call.caller;
    let found = look.reading.one::<Channel>(id).await.map_err(refused)?;
    let is_own = |channel: &Channel| channel.details.client_id == Some(caller.client_id);
    // The key of the whole organization has all its channels, until it is given one.
    let is_whole = caller.organizations.is_none() && caller.channels.is_empty();
    match (caller.needs_channel(id), found) {
        (Ok(()), Some(channel)) => Ok(channel),
        (Err(_), Some(channel)) if is_whole || is_own(&channel) => Ok(channel),
        (Err(refused), _) if !is_whole => Err(no_access(refused)),
        _ => Err(not_found("channel")),
    }
}

/// Everything that an answer is written from.
pub(crate) struct Writing<'a> {
    /// The rooms.
    pub state: &'a State,
    /// The call.
    pub call: &'a Call,
    /// What was asked for.
    pub query: &'a Query,
    /// The administration's own language.
    pub locale: Option<String>,
}

impl Writing<'_> {
    /// Reads what is included, and writes the document.
    pub async fn answer(
        &self,
        look: Look<'_>,
        primary: &[Row],
        document: impl for<'d> FnOnce(View<'d>, &'d [Row], &'d [Row]) -> Document<'d>,
    ) -> Result<Answer, Refusal> {
        self.answer_with(look, primary, Vec::new(), document).await
    }

    /// The same, where some of what may be included is stored nowhere.
    pub async fn answer_with(
        &self,
        look: Look<'_>,
        primary: &[Row],
        given: Vec<Row>,
        document: impl for<'d> FnOnce(View<'d>, &'d [Row], &'d [Row]) -> Document<'d>,
    ) -> Result<Answer, Refusal> {
        let schema: &Schema = &self.state.schema;
        let loading = Loading { look, given };
        let include = self.query.include.as_ref();
        let related = included(schema, primary, include, &loading).await;
        let queries = loading.look.reading.queries();
        self.state.count_queries(queries);
        let related = related.map_err(failed)?;
        let own = self.locale.as_deref();
        let locales = Locales::asked(&self.call.headers, schema.locales(), own);
        let base = self.call.link("");
        let path = self.call.uri.path();
        let path = path.strip_prefix(self.call.mount.prefix.as_str());
        let view = View {
            query: self.query,
            address: Address {
                base: &base,
                path: path.unwrap_or_default(),
                query: self.call.raw_query(),
            },
            locales: &locales,
        };
        errors::resources(&document(view, primary, &related))
    }
}

/// Reads what is included through the same look.
struct Loading<'a> {
    look: Look<'a>,
    given: Vec<Row>,
}

impl Loader for Loading<'_> {
    type Error = service::Error;

    async fn load(
        &self,
        kind: &'static ResourceType,
        ids: &[String],
    ) -> Result<Vec<Row>, service::Error> {
        let is_given = |id: &String| {
            let mut given = self.given.iter();
            given.find(|row| row.kind == kind && row.id == *id)
        };
        let mut found: Vec<Row> = ids.iter().filter_map(is_given).cloned().collect();
        let missing = ids.iter().filter(|id| is_given(id).is_none());
        let missing: Vec<Id> = missing.filter_map(|id| id.parse().ok()).collect();
        if !missing.is_empty() {
            found.extend(rows::load(kind, &missing, &self.look).await?);
        }
        Ok(found)
    }
}

/// Reads what resources of a type are shown from, to be kept until they are.
pub(crate) async fn prepare<R: Shown>(ids: &[Id], look: &Look<'_>) -> service::Result<()> {
    let rows = look.reading.ahead::<R::Stored>(ids);
    try_join!(rows, R::hanging(ids, look)).map(drop)
}

/// Resources of a type by their ids.
pub(crate) async fn by_ids<R: Shown>(ids: &[Id], look: &Look<'_>) -> service::Result<Vec<Row>> {
    prepare::<R>(ids, look).await?;
    let mut stored = look.reading.by_ids::<R::Stored>(ids).await?;
    stored.retain(|row| R::keeps(row, &look.seen));
    R::show(&stored, look).await
}
