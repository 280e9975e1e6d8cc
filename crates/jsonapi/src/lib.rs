//! A JSON:API engine: types of resources declared as data, and from them everything that JSON:API
//! asks of a server.
//!
//! - **In:** [`Query`] is page, order, fields, includes and filters of a request, typed and checked
//!   against the declarations; [`Expected`] reads request documents into a [`Change`], with what is
//!   sideposted. All that is wrong with a request is said at once, as [`Errors`].
//! - **Out:** a dialect hands over [`Row`]s; [`included`] finds what comes along, with one question
//!   per type and level; a [`View`] writes the document.
//! - **Around:** media types ([`check_accept`], [`check_content_type`]), languages ([`Locales`]), and
//!   [`openapi`], the schemas that follow from the declarations.
//!
//! It is pure: no I/O, no clock, no HTTP but the names of headers and statuses. It knows no dialect;
//! where it had to choose, it follows the Booking Experts API, and the choice is documented where it
//! is made.
//!
//! A type, and the answer to a request for a list of it:
//!
//! ```
//! use http::HeaderMap;
//! use jsonapi::{
//!     Address, Attribute, Errors, Failure, Identifier, Kind, Loader, Locales, Query, Relationship,
//!     ResourceType, Row, Rules, Schema, Value, View, check_accept, included,
//! };
//!
//! static ROOM: ResourceType = ResourceType::new("room")
//!     .readable_with("room|read")
//!     .attributes(&[
//!         Attribute::new("name", Kind::Text).localized().filterable(),
//!         Attribute::new("beds", Kind::Integer).filterable().sortable(),
//!     ])
//!     .relationships(&[Relationship::to_one("park", &["park"]).filterable()]);
//! static PARK: ResourceType =
//!     ResourceType::new("park").attributes(&[Attribute::new("name", Kind::Text)]);
//!
//! /// Whoever can read rows by their ids: here a list, elsewhere a use case.
//! struct Parks;
//!
//! impl Loader for Parks {
//!     type Error = std::convert::Infallible;
//!     async fn load(&self, kind: &'static ResourceType, ids: &[String]) -> Result<Vec<Row>, Self::Error> {
//!         Ok(ids.iter().map(|id| Row::new(kind, id).with("name", "Dunes")).collect())
//!     }
//! }
//!
//! async fn rooms(schema: &Schema, headers: &HeaderMap, text: &str) -> Result<serde_json::Value, Errors> {
//!     check_accept(headers)?;
//!     let may_read = |kind: &ResourceType| kind.read.is_none_or(|scope| scope == "room|read");
//!     let query = Query::parse(&Rules::list(schema, &ROOM), text, &may_read)?;
//!     // A real dialect narrows its lookup by `query.filter`, and lets the store count and cut.
//!     let mut rows = vec![
//!         Row::new(&ROOM, 7)
//!             .at("/rooms/7")
//!             .with("name", Value::localized([("en", "Lodge"), ("nl", "Huisje")]))
//!             .with("beds", 4)
//!             .to_one("park", Some(Identifier::new("park", 1))),
//!     ];
//!     rows.retain(|row| query.filter.matches(row));
//!     query.sort.sort(&mut rows);
//!     let page = query.page.of(&rows);
//!     let related = match included(schema, page, query.include.as_ref(), &Parks).await {
//!         Ok(related) => related,
//!         Err(Failure::TooMany(error)) => return Err(error.into()),
//!         Err(Failure::Loader(never)) => match never {},
//!     };
//!     let locales = Locales::asked(headers, schema.locales(), None);
//!     let address = Address { base: "https://tabard.example/v3", path: "/rooms", query: text };
//!     let view = View { query: &query, address, locales: &locales };
//!     Ok(view.collection(page, rows.len() as u64, &related).to_json())
//! }
//!
//! # let schema = Schema::new(&[&ROOM, &PARK]).unwrap().with_locales(&["en", "nl"]);
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # let answer = |text: &str| runtime.block_on(rooms(&schema, &HeaderMap::new(), text));
//! let document = answer("filter[beds]=2..4&sort=-beds&include=park").unwrap();
//! assert_eq!(document["data"][0]["attributes"]["name"]["en"], "Lodge");
//! assert_eq!(document["included"][0]["type"], "park");
//! assert_eq!(document["meta"]["pagination"]["total_records"], 1);
//! let errors = answer("sort=name&page[size]=0").unwrap_err();
//! assert_eq!(errors.status(), 400);
//! assert_eq!(errors.iter().count(), 2);
//! ```

mod change;
mod coerce;
mod document;
mod error;
mod fields;
mod filter;
mod include;
mod kind;
pub mod limits;
mod links;
mod locale;
mod matching;
mod negotiation;
pub mod openapi;
mod page;
mod parameters;
mod query;
mod request;
mod resolve;
mod resource;
mod row;
mod schema;
mod sidepost;
mod sort;
pub mod spelling;
mod value;
mod written;

pub use change::{Aim, Change, Draft, Link, Links};
pub use document::{Document, View};
pub use error::{Code, Error, Errors, Source, step};
pub use fields::Fields;
pub use filter::{Clause, Condition, Field, Filter, Term, Test};
pub use include::{Branch, Include};
pub use kind::{Bounds, Kind, Member};
pub use links::Address;
pub use locale::Locales;
pub use negotiation::{MEDIA_TYPE, VARY, check_accept, check_content_type};
pub use page::Page;
pub use query::{Query, Rules};
pub use request::Expected;
pub use resolve::{Failure, Loader, ahead, included};
pub use resource::{Attribute, Relationship, ResourceType, Write};
pub use row::{Identifier, Linkage, Row, RowFlaw, compare_ids, is_decimal, is_id};
pub use schema::{Flaw, Flaws, Schema, flaws};
pub use sort::{Sort, SortBy, SortKey};
pub use value::{Money, Value};
