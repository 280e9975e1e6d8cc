//! The parameters of the query, as OpenAPI parameter objects.

use serde_json::{Value as Json, json};

use super::kinds;
use crate::kind::Kind;
use crate::limits;
use crate::query::Rules;
use crate::resource::{Relationship, ResourceType};
use crate::schema::Schema;

/// Steps of the paths of `include` that are listed by name; deeper ones are understood as well.
const LISTED_STEPS: usize = 2;

/// The parameters that an endpoint with these rules understands, beside those of its own.
#[must_use]
pub fn query(rules: &Rules<'_>) -> Vec<Json> {
    let mut found = Vec::new();
    if rules.is_list {
        found.push(number("page[number]", limits::PAGE_NUMBER, 1));
        found.push(number(
            "page[size]",
            limits::PAGE_SIZE_MOST,
            limits::PAGE_SIZE,
        ));
        found.push(sort(rules.kind));
    }
    let paths = paths(rules.schema, rules.kind, LISTED_STEPS);
    if !paths.is_empty() {
        let about = "Related resources that come along, as paths of relationships.";
        found.push(list("include", &paths, Some(limits::INCLUDE_PATHS), about));
    }
    for kind in shown(rules.schema, rules.kind) {
        found.push(fields(kind));
    }
    if rules.is_list {
        found.extend(filters(rules.kind));
    }
    found
}

/// The header that limits localized attributes.
#[must_use]
pub fn accept_language() -> Json {
    json!({
        "name": "Accept-Language",
        "in": "header",
        "required": false,
        "description": "The languages of localized attributes, separated by commas.",
        "schema": { "type": "string" },
    })
}

fn number(name: &str, most: u32, default: u32) -> Json {
    parameter(
        name,
        "",
        json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default }),
    )
}

fn sort(kind: &ResourceType) -> Json {
    let sortable = kind.attributes.iter().filter(|known| known.sortable);
    let names = ["id"].into_iter().chain(sortable.map(|known| known.name));
    let both = names.flat_map(|name| [name.to_owned(), format!("-{name}")]);
    let words: Vec<String> = both.collect();
    let about = "The order, descending after a minus sign.";
    list("sort", &words, Some(limits::SORT_KEYS), about)
}

fn fields(kind: &'static ResourceType) -> Json {
    let attributes = kind.attributes.iter().filter(|known| known.readable);
    let attributes = attributes.map(|known| known.name.to_owned());
    let relationships = kind.relationships.iter().map(|known| known.name.to_owned());
    let words: Vec<String> = attributes.chain(relationships).collect();
    let about = "The only fields that are shown of this type.";
    list(&format!("fields[{}]", kind.name), &words, None, about)
}

fn filters(kind: &'static ResourceType) -> Vec<Json> {
    let named = |name: &str, schema: Json| parameter(&format!("filter[{name}]"), "", schema);
    let mut found = vec![named("id", kinds::filter_by_id(kind.opaque_ids))];
    for known in kind.attributes.iter().filter(|known| known.filterable) {
        match known.kind {
            Kind::Object(members) => {
                let members = members.iter().filter(|member| member.kind.is_scalar());
                found.extend(members.map(|member| {
                    let name = format!("{}][{}", known.name, member.name);
                    named(&name, kinds::filter(member.kind))
                }));
            }
            kind => found.push(named(known.name, kinds::filter(kind))),
        }
    }
    let links = kind.relationships.iter().filter(|known| known.filterable);
    let by_link = |known: &Relationship| kinds::filter_by_link(known.filter_names_ids);
    found.extend(links.map(|known| named(known.name, by_link(known))));
    found
}

/// The type itself, and those that are one step away.
fn shown(schema: &Schema, kind: &'static ResourceType) -> Vec<&'static ResourceType> {
    let near = includable(kind).flat_map(|known| schema.targets(known));
    let mut found: Vec<&'static ResourceType> = Vec::new();
    for kind in [kind].into_iter().chain(near) {
        if !found.contains(&kind) {
            found.push(kind);
        }
    }
    // A type without fields has nothing to choose from.
    found.retain(|kind| !kind.attributes.is_empty() || !kind.relationships.is_empty());
    found
}

fn paths(schema: &Schema, kind: &'static ResourceType, steps: usize) -> Vec<String> {
    let mut found = Vec::new();
    for known in includable(kind) {
        found.push(known.name.to_owned());
        if steps > 1 {
            let targets = schema.targets(known);
            let further = targets.flat_map(|target| paths(schema, target, steps - 1));
            found.extend(further.map(|path| format!("{}.{path}", known.name)));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn includable(kind: &'static ResourceType) -> impl Iterator<Item = &'static Relationship> {
    let relationships: &'static [Relationship] = kind.relationships;
    relationships.iter().filter(|known| known.includable)
}

fn list(name: &str, words: &[String], most: Option<usize>, about: &str) -> Json {
    let mut schema = json!({ "type": "array", "items": { "enum": words } });
    if let Some(most) = most {
        schema["maxItems"] = most.into();
    }
    let mut parameter = parameter(name, about, schema);
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    parameter
}

fn parameter(name: &str, about: &str, schema: Json) -> Json {
    let mut found = json!({ "name": name, "in": "query", "required": false });
    if !about.is_empty() {
        found["description"] = about.into();
    }
    found["schema"] = schema;
    found
}
