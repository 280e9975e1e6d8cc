//! Answers with resources that are no rows of the catalogue: endpoints, their log, and calls of commands.

use domain::{access::Actor, id::Id};
use http::{HeaderValue, StatusCode, header};
use http_kit::{Answer, Call, Refusal};
use jsonapi::{Address, Document, Loader, Locales, Query, ResourceType, Row, View, included};
use service::outgoing::{DeliveryFilter, Outgoing};
use service::{Error, PageOf};

use super::{endpoints, log};
use crate::errors::{self, failed, refused};
use crate::state::State;

/// Everything that an answer is written from.
pub struct Told<'a> {
    /// The rooms.
    pub state: &'a State,
    /// The call.
    pub call: &'a Call,
    /// What was asked for.
    pub query: &'a Query,
}

impl Told<'_> {
    /// Answers with a page of a list.
    pub async fn page(&self, rows: &[Row], total: u64) -> Result<Answer, Refusal> {
        self.write(rows, |view, rows, related| {
            view.collection(rows, total, related)
        })
        .await
    }

    /// Answers with one resource that stood there already.
    pub async fn one(&self, row: &Row) -> Result<Answer, Refusal> {
        let rows = std::slice::from_ref(row);
        self.write(rows, |view, rows, related| {
            view.single(rows.first(), related)
        })
        .await
    }

    /// Answers with one that was written; where it is new and stands somewhere, that is said too.
    pub async fn written(&self, row: &Row, status: StatusCode) -> Result<Answer, Refusal> {
        let mut location = None;
        let rows = std::slice::from_ref(row);
        let writing = self.write(rows, |view, rows, related| {
            location = rows.first().and_then(|row| view.location(row));
            view.written(rows.first(), related)
        });
        let mut answer = writing.await?;
        answer.status = status;
        let location = location.filter(|_| status == StatusCode::CREATED);
        Ok(
            match location.and_then(|url| HeaderValue::try_from(url).ok()) {
                Some(url) => answer.header(header::LOCATION, url),
                None => answer,
            },
        )
    }

    async fn write(
        &self,
        rows: &[Row],
        document: impl for<'d> FnOnce(View<'d>, &'d [Row], &'d [Row]) -> Document<'d>,
    ) -> Result<Answer, Refusal> {
        let schema = &self.state.schema;
        let loading = Loading {
            outgoing: &self.state.outside()?.outgoing,
            actor: &self.call.actor,
        };
        let include = self.query.include.as_ref();
        let related = included(schema, rows, include, &loading).await;
        let related = related.map_err(failed)?;
        let locales = Locales::asked(&self.call.headers, schema.locales(), None);
        let base = self.call.link("");
        let path = self.call.uri.path();
        let path = path.strip_prefix(self.call.mount.prefix.as_str());
        let address = Address {
            base: &base,
            path: path.unwrap_or_default(),
            query: self.call.raw_query(),
        };
        let view = View {
            query: self.query,
            address,
            locales: &locales,
        };
        errors::resources(&document(view, rows, &related))
    }
}

/// Reads what is included.
struct Loading<'a> {
    outgoing: &'a Outgoing,
    actor: &'a Actor,
}

impl Loader for Loading<'_> {
    type Error = Error;

    async fn load(&self, kind: &'static ResourceType, ids: &[String]) -> Result<Vec<Row>, Error> {
        let ids: Vec<Id> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        match kind.name {
            "webhook_endpoint" => {
                let mut all = endpoints::all(self.outgoing, self.actor).await?;
                all.retain(|view| ids.contains(&view.subscription.id));
                Ok(all.iter().map(endpoints::row).collect())
            }
            "webhook_delivery" => {
                let most = u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1);
                let filter = DeliveryFilter {
                    ids,
                    ..DeliveryFilter::default()
                };
                let page = self
                    .outgoing
                    .deliveries(self.actor, &filter, PageOf::first(most));
                Ok(page.await?.rows.iter().map(log::delivery).collect())
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The page of a query as use cases take it.
pub fn page_of(query: &Query) -> PageOf {
    PageOf {
        number: query.page.number,
        size: query.page.size,
    }
}

/// A use case's answer, whose error is a refusal of the call.
pub fn done<T>(result: service::Result<T>) -> Result<T, Refusal> {
    result.map_err(refused)
}
