//! Documents: resources as they are sent.

use serde_json::{Map, Value as Json, json};

use crate::links::Address;
use crate::locale::Locales;
use crate::query::Query;
use crate::resource::Relationship;
use crate::row::{Identifier, Linkage, Row};

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

/// A document being put together.
#[derive(Clone, Debug)]
pub struct Document {
    data: Json,
    included: Option<Vec<Json>>,
    links: Option<Json>,
    meta: Map<String, Json>,
}

impl View<'_> {
    /// A document with one resource, or with none: then `data` is null.
    #[must_use]
    pub fn single(&self, row: Option<&Row>, included: &[Row]) -> Document {
        Document {
            data: row.map_or(Json::Null, |row| self.resource(row)),
            included: self.included(included),
            links: Some(self.address.link()),
            meta: Map::new(),
        }
    }

    /// A document with a resource that was just created or changed. Its `self` is that of the
    /// resource, because the address that was written to need not answer GET.
    #[must_use]
    pub fn written(&self, row: &Row, included: &[Row]) -> Document {
        Document {
            links: self.location(row).map(|url| json!({ "self": url })),
            ..self.single(Some(row), included)
        }
    }

    /// A document with a page of a list that has `total` resources on all its pages.
    #[must_use]
    pub fn collection(&self, rows: &[Row], total: u64, included: &[Row]) -> Document {
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
    pub fn whole(&self, rows: &[Row], included: &[Row]) -> Document {
        Document {
            data: rows.iter().map(|row| self.resource(row)).collect(),
            included: self.included(included),
            links: Some(self.address.link()),
            meta: Map::new(),
        }
    }

    /// A list that is short enough to stand on one page, with links that say so.
    #[must_use]
    pub fn on_one_page(&self, rows: &[Row], included: &[Row]) -> Document {
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
        let mut object = Map::new();
        object.insert("type".into(), row.kind.name.into());
        object.insert("id".into(), row.id.as_str().into());
        let attributes = self.attributes(row);
        if !attributes.is_empty() {
            object.insert("attributes".into(), Json::Object(attributes));
        }
        let relationships = self.relationships(row);
        if !relationships.is_empty() {
            object.insert("relationships".into(), Json::Object(relationships));
        }
        let links = self.links(row);
        if !links.is_empty() {
            object.insert("links".into(), Json::Object(links));
        }
        if !row.meta().is_empty() {
            object.insert("meta".into(), Json::Object(row.meta().clone()));
        }
        Json::Object(object)
    }

    /// The URL of a resource, for the `Location` header: the same as its `links.self`.
    #[must_use]
    pub fn location(&self, row: &Row) -> Option<String> {
        Some(self.address.url(row.path.as_deref()?))
    }

    /// Whoever asked for includes gets `included`, even if it is empty; others do not.
    fn included(&self, rows: &[Row]) -> Option<Vec<Json>> {
        let is_asked = self.query.include.is_some();
        is_asked.then(|| rows.iter().map(|row| self.resource(row)).collect())
    }

    fn attributes(&self, row: &Row) -> Map<String, Json> {
        let shown = row.kind.attributes.iter();
        let shown = shown.filter(|known| known.readable && self.query.shows(row.kind, known.name));
        let pair = |name: &'static str| {
            let value = row.value(name).to_json(self.locales);
            (name.to_owned(), value)
        };
        shown.map(|attribute| pair(attribute.name)).collect()
    }

    fn relationships(&self, row: &Row) -> Map<String, Json> {
        let shown = row.kind.relationships.iter();
        let shown = shown.filter(|known| self.query.shows(row.kind, known.name));
        let pair = |known: &Relationship| (known.name.to_owned(), self.relationship(row, known));
        shown.map(pair).collect()
    }

    /// The linkage is always there: null or an empty list where it leads nowhere.
    fn relationship(&self, row: &Row, known: &Relationship) -> Json {
        let mut object = Map::new();
        let path = row.related_path(known.name).filter(|_| known.related);
        if let Some(path) = path {
            object.insert(
                "links".into(),
                json!({ "related": self.address.url(&path) }),
            );
        }
        let linkage = match row.linkage(known.name) {
            Some(Linkage::Many(many)) => many.iter().map(identifier).collect(),
            Some(Linkage::One(Some(one))) => identifier(one),
            Some(Linkage::One(None)) => Json::Null,
            None if known.many => json!([]),
            None => Json::Null,
        };
        object.insert("data".into(), linkage);
        Json::Object(object)
    }

    fn links(&self, row: &Row) -> Map<String, Json> {
        let own = self
            .location(row)
            .map(|url| ("self".to_owned(), url.into()));
        let others = row.links().iter();
        let others = others.map(|(name, url)| ((*name).to_owned(), url.as_str().into()));
        own.into_iter().chain(others).collect()
    }
}

fn identifier(identifier: &Identifier) -> Json {
    json!({ "type": identifier.kind, "id": identifier.id })
}

impl Document {
    /// With a member of `meta`.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: Json) -> Document {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// The whole document.
    #[must_use]
    pub fn into_json(self) -> Json {
        let mut object = Map::new();
        object.insert("data".into(), self.data);
        if let Some(included) = self.included {
            object.insert("included".into(), Json::Array(included));
        }
        if let Some(links) = self.links {
            object.insert("links".into(), links);
        }
        if !self.meta.is_empty() {
            object.insert("meta".into(), Json::Object(self.meta));
        }
        Json::Object(object)
    }
}
