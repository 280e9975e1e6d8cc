//! The query of a request, understood: page, order, fields, includes and filters.
//!
//! All that is wrong is said at once, and each error names its parameter. Parameters that JSON:API
//! does not know belong to the dialect, see [`Query::own`]; unknown ones are ignored, unless the rules
//! are strict.

use std::collections::HashSet;

use crate::error::{Code, Error, Errors};
use crate::fields::Fields;
use crate::filter::{Clause, Filter};
use crate::include::{Asking, Include};
use crate::page::Page;
use crate::parameters::{self, Parameter};
use crate::resource::ResourceType;
use crate::schema::Schema;
use crate::sort::Sort;

/// What an endpoint understands.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// All types.
    pub schema: &'a Schema,
    /// The type of the primary resources.
    pub kind: &'static ResourceType,
    /// Whether it answers with a list. A single resource has no page and no order: `sort` is an error
    /// there, and pages and filters are ignored, because generic clients send them everywhere.
    pub is_list: bool,
    /// JSON:API reserves all names of small letters only. Where this is set, those that are not
    /// among these are an error, and pages and filters are one where there is no list.
    pub strict: Option<&'a [&'a str]>,
}

impl<'a> Rules<'a> {
    /// For a list of resources of a type.
    #[must_use]
    pub fn list(schema: &'a Schema, kind: &'static ResourceType) -> Rules<'a> {
        Rules {
            schema,
            kind,
            is_list: true,
            strict: None,
        }
    }

    /// For one resource of a type: also after POST and PATCH.
    #[must_use]
    pub fn one(schema: &'a Schema, kind: &'static ResourceType) -> Rules<'a> {
        Rules {
            is_list: false,
            ..Rules::list(schema, kind)
        }
    }

    /// Refuses unknown parameters of small letters only, except these, as JSON:API asks of a server. A
    /// dialect whose clients send parameters that there are not has to leave it, as that of Booking
    /// Experts does.
    #[must_use]
    pub fn strictly(self, own: &'a [&'a str]) -> Rules<'a> {
        Rules {
            strict: Some(own),
            ..self
        }
    }
}

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The page.
    pub page: Page,
    /// The order.
    pub sort: Sort,
    /// The fields that are shown.
    pub fields: Fields,
    /// The related resources that come along; `None` if nobody asked, empty if asked for none.
    pub include: Option<Include>,
    /// Which resources are in the list.
    pub filter: Filter,
    own: Vec<(String, String)>,
}

impl Query {
    /// Understands the text behind the question mark. `may_read` says whether the caller has the
    /// read scope of a type.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(
        rules: &Rules<'_>,
        text: &str,
        may_read: &dyn Fn(&ResourceType) -> bool,
    ) -> Result<Query, Errors> {
        let mut query = Query::default();
        let mut errors = Errors::default();
        let mut seen = HashSet::new();
        for parameter in parameters::parse(text)? {
            let result = query.take(rules, may_read, &parameter, &mut seen);
            if let Err(found) = result {
                let name = |error: Error| error.in_parameter(parameter.name.as_str());
                errors.extend(found.iter().cloned().map(name));
            }
        }
        errors.unless_any(query)
    }

    fn take(
        &mut self,
        rules: &Rules<'_>,
        may_read: &dyn Fn(&ResourceType) -> bool,
        parameter: &Parameter,
        seen: &mut HashSet<String>,
    ) -> Result<(), Errors> {
        let Some(family) = Family::of(&parameter.name) else {
            return Ok(self.take_own(rules, parameter)?);
        };
        let bad = |detail: &str| Error::new(family.code(), detail);
        if !family.is_for(rules) {
            return Err(bad("A single resource has no pages, order or filters").into());
        }
        if !rules.is_list && family.is_of_lists() {
            return Ok(());
        }
        if !seen.insert(parameter.name.to_lowercase()) {
            return Err(bad("The parameter is given more than once").into());
        }
        let value = parameter.value.as_deref();
        let value = value.ok_or_else(|| bad("The value is not valid UTF-8"))?;
        if value.contains('\0') {
            return Err(bad("The value has a null character").into());
        }
        let inside = parameters::brackets(&parameter.name);
        let inside = inside.ok_or_else(|| bad("The brackets of the name do not close"))?;
        match family {
            Family::Page => self.page.take(&inside, value)?,
            Family::Fields => self.fields.take(rules.schema, &inside, value)?,
            Family::Filter => {
                let clause = Clause::parse(rules.kind, &inside, value)?;
                self.filter.clauses.push(clause);
            }
            Family::Sort | Family::Include if !inside.is_empty() => {
                return Err(bad("The parameter has no brackets").into());
            }
            Family::Sort => self.sort = Sort::parse(rules.kind, value)?,
            Family::Include => {
                let asking = Asking {
                    schema: rules.schema,
                    kind: rules.kind,
                    may_read,
                };
                self.include = Some(Include::parse(&asking, value)?);
            }
        }
        Ok(())
    }

    fn take_own(&mut self, rules: &Rules<'_>, parameter: &Parameter) -> Result<(), Error> {
        let name = parameter.name.as_str();
        let bad = |detail: String| Error::new(Code::ForbiddenInput, detail);
        let is_reserved = name.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_refused = rules
            .strict
            .is_some_and(|own| is_reserved && !own.contains(&name));
        if is_refused {
            return Err(bad(format!("There is no parameter \"{name}\"")));
        }
        let value = parameter.value.clone();
        let value = value.ok_or_else(|| bad("The value is not valid UTF-8".to_owned()))?;
        self.own.push((name.to_owned(), value));
        Ok(())
    }

    /// The value of a parameter of the dialect's own; the last one, if there are several.
    #[must_use]
    pub fn own(&self, name: &str) -> Option<&str> {
        let last = self.own.iter().rev().find(|(known, _)| known == name);
        last.map(|(_, value)| value.as_str())
    }

    /// All parameters that JSON:API does not know, decoded, in order.
    pub fn own_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.own
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a field of a type is shown.
    #[must_use]
    pub fn shows(&self, kind: &ResourceType, field: &str) -> bool {
        match self.fields.asked(kind) {
            Some(asked) => asked.contains(&field),
            // Whatever is included must be linked to.
            None => kind.shows_by_default(field) || self.includes(kind, field),
        }
    }

    /// Whether a row of a type has to say where this relationship leads: it is shown or included.
    #[must_use]
    pub fn wants(&self, kind: &ResourceType, relationship: &str) -> bool {
        self.shows(kind, relationship) || self.includes(kind, relationship)
    }

    fn includes(&self, kind: &ResourceType, relationship: &str) -> bool {
        let include = self.include.as_ref();
        include.is_some_and(|include| include.passes(kind, relationship))
    }

    /// The query that asks for the same, percent-encoded, without the question mark.
    #[must_use]
    pub fn to_text(&self) -> String {
        let default = Page::default();
        let mut pairs: Vec<(String, String)> = Vec::new();
        if self.page.number != default.number {
            pairs.push(("page[number]".into(), self.page.number.to_string()));
        }
        if self.page.size != default.size {
            pairs.push(("page[size]".into(), self.page.size.to_string()));
        }
        if !self.sort.keys.is_empty() {
            pairs.push(("sort".into(), self.sort.to_text()));
        }
        for (kind, fields) in self.fields.iter() {
            pairs.push((format!("fields[{kind}]"), fields.join(",")));
        }
        if let Some(include) = &self.include {
            pairs.push(("include".into(), include.to_text()));
        }
        pairs.extend(self.filter.clauses.iter().map(Clause::to_pair));
        pairs.extend(self.own.iter().cloned());
        let escape = |text: &str| parameters::escape(text.as_bytes());
        let pair = |(name, value): &(String, String)| format!("{}={}", escape(name), escape(value));
        let texts: Vec<String> = pairs.iter().map(pair).collect();
        texts.join("&")
    }
}

/// The parameters that JSON:API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Page,
    Sort,
    Fields,
    Include,
    Filter,
}

impl Family {
    fn of(name: &str) -> Option<Family> {
        match parameters::family(name) {
            "page" => Some(Family::Page),
            "sort" => Some(Family::Sort),
            "fields" => Some(Family::Fields),
            "include" => Some(Family::Include),
            "filter" => Some(Family::Filter),
            _ => None,
        }
    }

    fn code(self) -> Code {
        match self {
            Family::Page => Code::InvalidPagination,
            Family::Sort => Code::InvalidSorting,
            Family::Fields => Code::InvalidFieldset,
            Family::Include => Code::InvalidInclude,
            Family::Filter => Code::InvalidFilter,
        }
    }

    fn is_of_lists(self) -> bool {
        matches!(self, Family::Page | Family::Sort | Family::Filter)
    }

    fn is_for(self, rules: &Rules<'_>) -> bool {
        let is_refused = self == Family::Sort || rules.strict.is_some();
        rules.is_list || !self.is_of_lists() || !is_refused
    }
}
