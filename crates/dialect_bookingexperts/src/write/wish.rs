//! What a request wants of its resources, each with the id that it has or gets.

use std::sync::Arc;

use domain::{id::Id, text::Localized};
use jiff::civil::Date;
use jsonapi::{Aim, Change, Draft, Errors, Link, Value};
use rust_decimal::Decimal;
use service::records::{Writable, Write, change};

use super::Planned;

/// A request's resources with their ids.
#[derive(Debug)]
pub struct Plan {
    change: Change,
    ids: Vec<Id>,
}

/// One resource of a request. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wish {
    plan: Arc<Plan>,
    index: usize,
}

impl Plan {
    /// Gives every new resource an id. What names an id that cannot exist is refused.
    ///
    /// # Errors
    /// 404 for each such id.
    pub fn new(change: Change, mut next: impl FnMut() -> Id) -> Result<Arc<Self>, Errors> {
        let mut errors = Errors::default();
        for draft in change.drafts() {
            for (name, links) in draft.relationships() {
                for link in links.as_slice() {
                    if let Link::To(identifier) = link
                        && identifier.id.parse::<Id>().is_err()
                    {
                        errors.push(draft.missing_link(name, identifier));
                    }
                }
            }
        }
        let ids = change.drafts().iter().map(|draft| match &draft.aim {
            Aim::Create => next(),
            // One that cannot be parsed cannot be found either, and neither can a new one.
            Aim::Update(id) => id.parse().unwrap_or_else(|_| next()),
        });
        let ids = ids.collect();
        errors.unless_any(Arc::new(Self { change, ids }))
    }

    /// The resource that the request is about.
    pub fn root(self: &Arc<Self>) -> Wish {
        Wish {
            plan: Arc::clone(self),
            index: 0,
        }
    }

    /// The id that a resource of the request has, or gets.
    pub fn id(&self, index: usize) -> Id {
        self.ids[index]
    }

    /// A resource of the request by its place.
    pub fn draft(&self, index: usize) -> &Draft {
        let drafts = self.change.drafts();
        drafts.get(index).unwrap_or_else(|| self.change.root())
    }
}

impl Wish {
    /// What the client wrote.
    pub fn draft(&self) -> &Draft {
        self.plan.draft(self.index)
    }

    /// The id that it has, or gets.
    pub fn id(&self) -> Id {
        self.plan.ids[self.index]
    }

    /// A write for this resource.
    pub fn plan(&self, write: Write) -> Planned {
        Planned {
            index: self.index,
            write,
        }
    }

    /// The write by which a stored row takes over what is mentioned of this resource.
    pub fn change<K: Writable>(
        &self,
        id: Id,
        take: impl Fn(&mut K, &Self) + Send + Sync + 'static,
    ) -> Planned {
        let taken = self.clone();
        self.plan(change(id, move |row| {
            take(row, &taken);
            Ok(())
        }))
    }

    /// The resources of the request that a relationship leads to.
    pub fn beside(&self, relationship: &str) -> Vec<Wish> {
        let links = self.draft().links(relationship);
        let links = links.map_or(&[][..], jsonapi::Links::as_slice);
        let drafts = links.iter().filter_map(|link| match link {
            Link::Draft(index) => Some(*index),
            Link::To(_) => None,
        });
        drafts
            .map(|index| Wish {
                plan: Arc::clone(&self.plan),
                index,
            })
            .collect()
    }

    /// Where a relationship shall lead; nothing if it is not mentioned.
    pub fn many(&self, relationship: &str) -> Option<Vec<Id>> {
        let links = self.draft().links(relationship)?.as_slice().iter();
        let ids = links.filter_map(|link| match link {
            Link::To(identifier) => identifier.id.parse().ok(),
            Link::Draft(index) => self.plan.ids.get(*index).copied(),
        });
        Some(ids.collect())
    }

    /// Sets where a relationship leads, if it is mentioned.
    pub fn link(&self, field: &mut Option<Id>, relationship: &str) {
        if let Some(ids) = self.many(relationship) {
            *field = ids.first().copied();
        }
    }

    /// Sets a text, if it is mentioned.
    pub fn text(&self, field: &mut String, name: &str) {
        if let Some(value) = self.draft().value(name) {
            value.as_text().unwrap_or_default().clone_into(field);
        }
    }

    /// Sets the languages of a text that are mentioned; null takes one out, and all of them where it stands
    /// for the whole.
    pub fn words(&self, field: &mut Localized, name: &str) {
        match self.draft().value(name) {
            None => {}
            Some(Value::Null) => *field = Localized::default(),
            Some(value) => {
                for (locale, words) in value.as_localized().unwrap_or_default() {
                    if let Ok(locale) = locale.parse() {
                        field.set(locale, words.as_text().map(str::to_owned));
                    }
                }
            }
        }
    }

    /// Sets a flag, if it is mentioned; none is false.
    pub fn flag(&self, field: &mut bool, name: &str) {
        if let Some(value) = self.draft().value(name) {
            *field = value.as_boolean().unwrap_or_default();
        }
    }

    /// Sets a number, if it is mentioned; none is zero.
    pub fn decimal(&self, field: &mut Decimal, name: &str) {
        if let Some(value) = self.draft().value(name) {
            *field = value.as_decimal().unwrap_or_default();
        }
    }

    /// Sets a whole number, if it is mentioned and not none.
    pub fn whole(&self, field: &mut i64, name: &str) {
        if let Some(number) = self.draft().value(name).and_then(Value::as_integer) {
            *field = number;
        }
    }

    /// Sets a day, if it is mentioned.
    pub fn day(&self, field: &mut Option<Date>, name: &str) {
        if let Some(value) = self.draft().value(name) {
            *field = value.as_date();
        }
    }
}
