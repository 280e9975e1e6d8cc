//! Sparse fieldsets: which fields of a type are shown.

use std::collections::BTreeMap;

use crate::error::{Code, Error};
use crate::resource::ResourceType;
use crate::schema::Schema;

/// The fields that were asked for, by type. A type that nobody names shows its default fields. Asking
/// leaves out all others, and may also widen: fields outside the default are shown when asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    asked: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Fields {
    /// Takes a `fields[type]` parameter; `inside` is what stands in its brackets.
    pub(crate) fn take(
        &mut self,
        schema: &Schema,
        inside: &[&str],
        value: &str,
    ) -> Result<(), Error> {
        let [name] = inside else {
            return Err(bad("Fields are asked for by fields[type]"));
        };
        let kind = schema.get(name);
        let kind = kind.ok_or_else(|| bad(format!("There is no type \"{name}\"")))?;
        let mut fields = Vec::new();
        for text in value.split(',').filter(|_| !value.is_empty()) {
            let field = field(kind, text.trim())?;
            fields.extend(field.filter(|field| !fields.contains(field)));
        }
        self.asked.insert(kind.name, fields);
        Ok(())
    }

    /// The fields of a type that were asked for; nothing if nobody asked.
    #[must_use]
    pub fn asked(&self, kind: &ResourceType) -> Option<&[&'static str]> {
        self.asked.get(kind.name).map(Vec::as_slice)
    }

    /// Each type with the fields that were asked for.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        self.asked
            .iter()
            .map(|(kind, fields)| (*kind, fields.as_slice()))
    }
}

/// The declared name of a field. `id` and `type` are no fields, are always shown, and may be named.
fn field(kind: &ResourceType, name: &str) -> Result<Option<&'static str>, Error> {
    let attribute = kind.attribute(name).filter(|attribute| attribute.readable);
    let attribute = attribute.map(|attribute| attribute.name);
    let relationship = kind
        .relationship(name)
        .map(|relationship| relationship.name);
    let known = attribute.or(relationship);
    let is_always_shown = matches!(name, "id" | "type");
    if known.is_none() && !is_always_shown {
        return Err(bad(format!("{} has no field \"{name}\"", kind.name)));
    }
    Ok(known)
}

fn bad(detail: impl Into<String>) -> Error {
    Error::new(Code::InvalidFieldset, detail)
}
