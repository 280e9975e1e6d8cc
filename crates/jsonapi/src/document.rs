//! Documents: resources as they are sent.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::links::Address;
use crate::locale::Locales;
use crate::query::Query;
use crate::row::Row;
use crate::written::{ResourcesOut, Shapes};

/// Everything that decides how resources look.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was asked for.
    pub query: &'a Query,
    /// Where it was asked for.
    pub address: Address<'a>,
    /// The languages that are shown.
    pub locales: &'a Locales,
}

/// A document being put together. It is written by [`Serialize`].
#[derive(Clone, Debug)]
pub struct Document<'a> {
    view: View<'a>,
    data: Primary<'a>,
    included: Option<&'a [Row]>,
    links: Option<Json>,
    meta: Map<String, Json>,
}

#[derive(Clone, Copy, Debug)]
enum Primary<'a> {
    One(Option<&'a Row>),
    Many(&'a [Row]),
}

impl Primary<'_> {
    fn rows(&self) -> &[Row] {
        match self {
            Primary::One(one) => one.map_or(&[], std::slice::from_ref),
            Primary::Many(many) => many,
        }
    }
}

impl<'v> View<'v> {
    /// A document with one resource, or with none: then `data` is null.
    #[must_use]
    pub fn single<'a>(&self, row: Option<&'a Row>, included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        self.document(Primary::One(row), included)
    }

    /// A document with a resource that was just created or changed. Its `self` is that of the
    /// resource, because the address that was written to need not answer GET.
    #[must_use]
    pub fn written<'a>(&self, row: Option<&'a Row>, included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        let location = row.and_then(|row| self.location(row));
        Document {
            links: location.map(|url| json!({ "self": url })),
            ..self.single(row, included)
        }
    }

    /// A document with a page of a list that has `total` resources on all its pages.
    #[must_use]
    pub fn collection<'a>(&self, rows: &'a [Row], total: u64, included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        let page = self.query.page;
        let document = Document {
            links: Some(self.address.page_links(page, total)),
            ..self.whole(rows, included)
        };
        let pagination = json!({
            "total_records": total,
            "page": page.number,
            "size": page.size,
        });
        document.with_meta("pagination", pagination)
    }

    /// A document with a list that has no pages.
    #[must_use]
    pub fn whole<'a>(&self, rows: &'a [Row], included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        self.document(Primary::Many(rows), included)
    }

    /// A list that is short enough to stand on one page, with links that say so.
    #[must_use]
    pub fn on_one_page<'a>(&self, rows: &'a [Row], included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        let itself = self.address.link()["self"].clone();
        let links = json!({
            "self": itself.clone(),
            "first": itself.clone(),
            "prev": null,
            "next": null,
            "last": itself,
        });
        let document = Document {
            links: Some(links),
            ..self.whole(rows, included)
        };
        let pagination = json!({
            "total_records": rows.len(),
            "page": 1,
            "size": rows.len().max(1),
        });
        document.with_meta("pagination", pagination)
    }

    /// One resource object: also what webhooks carry.
    #[must_use]
    pub fn resource(&self, row: &Row) -> Json {
        let shapes = Shapes::of(std::iter::once(row), self);
        serde_json::to_value(shapes.out(row, self)).unwrap_or_default()
    }

    /// The URL of a resource, for the `Location` header: the same as its `links.self`.
    #[must_use]
    pub fn location(&self, row: &Row) -> Option<String> {
        Some(self.address.url(row.path.as_deref()?))
    }

    /// Whoever asked for includes gets `included`, even if it is empty; others do not.
    fn document<'a>(&self, data: Primary<'a>, included: &'a [Row]) -> Document<'a>
    where
        'v: 'a,
    {
        let is_asked = self.query.include.is_some();
        Document {
            view: *self,
            data,
            included: is_asked.then_some(included),
            links: Some(self.address.link()),
            meta: Map::new(),
        }
    }
}

impl Document<'_> {
    /// With a member of `meta`.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: Json) -> Self {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// The whole document as a tree.
    #[must_use]
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (view, included) = (&self.view, self.included.unwrap_or_default());
        let primary = self.data.rows();
        let shapes = &Shapes::of(primary.iter().chain(included), view);
        let list = |rows| ResourcesOut { rows, shapes, view };
        let mut object = to.serialize_map(None)?;
        match self.data {
            Primary::One(row) => {
                object.serialize_entry("data", &row.map(|row| shapes.out(row, view)))?;
            }
            Primary::Many(rows) => object.serialize_entry("data", &list(rows))?,
        }
        if self.included.is_some() {
            object.serialize_entry("included", &list(included))?;
        }
        if let Some(links) = &self.links {
            object.serialize_entry("links", links)?;
        }
        if !self.meta.is_empty() {
            object.serialize_entry("meta", &self.meta)?;
        }
        object.end()
    }
}
