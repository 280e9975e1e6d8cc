//! Every list and every resource of the table: what they show, how they are filtered, sorted and cut.

use std::collections::{BTreeMap, BTreeSet};

use dialect_bookingexperts::endpoints::{Gives, Served, served};
use dialect_bookingexperts::kinds;
use jsonapi::{Kind, ResourceType};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::house::{House, ids, in_every_house, stay};
use crate::world::{ARRIVAL, World};

/// The lists of the table, with their paths.
pub fn lists(world: &World) -> Vec<(String, &'static ResourceType)> {
    let is_list = |served: &Served| served.gives == Gives::List;
    let lists = served().into_iter().filter(is_list);
    lists
        .map(|served| (world.path(served.path), served.kind))
        .collect()
}

/// Percent-encoded for a query.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The schemas of the served document. Each is compiled once: that takes longer than many answers.
struct Schemas {
    components: Value,
    compiled: BTreeMap<String, Validator>,
}

impl Schemas {
    async fn served(house: &House) -> Self {
        let mut document = house.get_as(&house.key, "/oas3.json").await.json();
        Self {
            components: document["components"].take(),
            compiled: BTreeMap::new(),
        }
    }

    fn errors(&mut self, document: &Value, name: String) -> Vec<String> {
        let components = &self.components;
        let validator = self.compiled.entry(name).or_insert_with_key(|name| {
            let path = format!("#/components/schemas/{name}");
            jsonschema::validator_for(&json!({"$ref": path, "components": components})).unwrap()
        });
        let errors = validator.iter_errors(document);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

#[tokio::test]
async fn every_list_shows_what_is_there_and_every_link_in_it_answers() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let mut schemas = Schemas::served(&house).await;
        for (path, kind) in lists(&world) {
            let document = house.get(&path).await;
            let rows = document["data"].as_array().unwrap();
            assert!(!rows.is_empty(), "{path} shows nothing");
            let name = jsonapi::openapi::name(kind, jsonapi::openapi::Shape::List);
            assert_eq!(schemas.errors(&document, name), [""; 0], "{path}");
            let pages = &document["meta"]["pagination"];
            assert_eq!(
                (&pages["page"], &pages["size"]),
                (&json!(1), &json!(30)),
                "{path}"
            );
            let total = pages["total_records"].as_u64().unwrap();
            assert_eq!(total.min(30), rows.len() as u64, "{path}");
            for link in ["self", "first", "prev", "next", "last"] {
                assert!(document["links"].get(link).is_some(), "{path}: {link}");
            }
            for row in rows {
                assert_eq!(row["type"], kind.name, "{path}");
                assert!(row["id"].is_string(), "{path}");
                answers_itself(&house, row, kind, &mut schemas).await;
                let id = row["id"].as_str().unwrap();
                let one = house.get(&format!("{path}/{id}")).await;
                assert_eq!(one["data"], *row, "{path}/{id}");
            }
        }
    })
    .await;
}

async fn answers_itself(house: &House, row: &Value, kind: &ResourceType, schemas: &mut Schemas) {
    let Some(link) = row["links"]["self"].as_str() else {
        return;
    };
    let path = link.strip_prefix("https://book.example/bookingexperts/v3");
    let document = house.get(path.unwrap()).await;
    assert_eq!(document["data"], *row, "{link}");
    let name = jsonapi::openapi::name(kind, jsonapi::openapi::Shape::Document);
    assert_eq!(schemas.errors(&document, name), [""; 0], "{link}");
}

#[tokio::test]
async fn every_filter_finds_what_has_its_value_and_its_opposite_does_not() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let mut tried = 0;
        for (path, kind) in lists(&world) {
            let row = house.get(&path).await["data"][0].clone();
            let id = row["id"].as_str().unwrap().to_owned();
            let mut asked = vec![("id".to_owned(), id.clone()), ("ID".to_owned(), id.clone())];
            for attribute in kind.attributes.iter().filter(|known| known.filterable) {
                asked.extend(
                    text_of(&row["attributes"][attribute.name])
                        .map(|text| (attribute.name.to_owned(), text)),
                );
            }
            for end in kind.relationships.iter().filter(|known| known.filterable) {
                let data = &row["relationships"][end.name]["data"];
                let linked = data.get("id").or_else(|| data[0].get("id"));
                let linked = linked.and_then(Value::as_str);
                asked.extend(linked.map(|id| (end.name.to_owned(), id.to_owned())));
            }
            for (name, value) in asked {
                tried += 1;
                let query = format!("{path}?filter[{name}]={}", encoded(&value));
                let found = ids(&house.get(&query).await);
                assert!(found.contains(&id), "{query} finds {found:?}, not {id}");
                let query = format!("{path}?filter[{name}]=!{}", encoded(&value));
                let found = ids(&house.get(&query).await);
                assert!(!found.contains(&id), "{query} finds {id}");
            }
        }
        assert!(tried > 300, "{tried}");
    })
    .await;
}

#[tokio::test]
async fn every_text_is_found_by_a_part_of_it_in_any_case_and_two_dots_are_no_mistake() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let mut tried = 0;
        for (path, kind) in lists(&world) {
            let row = house.get(&path).await["data"][0].clone();
            let id = row["id"].as_str().unwrap().to_owned();
            let texts = kind.attributes.iter();
            for known in texts.filter(|known| known.filterable && known.kind == Kind::Text) {
                let name = known.name;
                house.get(&format!("{path}?filter[{name}]=a..b")).await;
                house.get(&format!("{path}?filter[{name}]=!..")).await;
                let Some(text) = text_of(&row["attributes"][name]) else {
                    continue;
                };
                tried += 1;
                let part: String = text.to_uppercase().chars().skip(1).collect();
                let query = format!("{path}?filter[{name}]=~{}", encoded(&part));
                let found = ids(&house.get(&query).await);
                // A booking that was given no number is found by its whole id.
                let goes_by_id = name == "booking_nr" && text == id;
                assert_eq!(
                    found.contains(&id),
                    !goes_by_id,
                    "{query} finds {found:?}, not {id}"
                );
                let query = format!("{path}?filter[{name}]=~{}", encoded("no such text"));
                assert!(
                    !ids(&house.get(&query).await).contains(&id),
                    "{query} finds {id}"
                );
            }
        }
        assert!(tried > 20, "{tried}");
    })
    .await;
}

/// A value as a filter spells it; nothing for null and for what has no one value.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(locales) => Some(locales.get("en")?.as_str()?.to_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn every_order_is_kept_in_both_directions() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for days in [3, 1, 2] {
            let arrival = ARRIVAL.checked_add(jiff::Span::new().days(days)).unwrap();
            house.clock.advance_ms(60_000);
            let mut new = stay(world.room, arrival, arrival.tomorrow().unwrap());
            new.channel = "site".into();
            house.book(new).await;
        }
        let mut ordered = 0;
        for (path, kind) in lists(&world) {
            let sortable = kind.attributes.iter().filter(|known| known.sortable);
            let names = sortable.map(|known| known.name).chain(["id"]);
            for name in names {
                let up = house
                    .get(&format!("{path}?page[size]=100&sort={name}"))
                    .await;
                let down = house
                    .get(&format!("{path}?page[size]=100&sort=-{name}"))
                    .await;
                let value = |row: &Value| match name {
                    "id" => json!(row["id"].as_str().unwrap().parse::<i64>().unwrap()),
                    name => row["attributes"][name].clone(),
                };
                let all = |document: &Value| -> Vec<Value> {
                    document["data"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(value)
                        .collect()
                };
                let (up, mut down) = (all(&up), all(&down));
                down.reverse();
                assert_eq!(up, down, "{path} by {name}");
                let rising = up.windows(2).all(|pair| at_most(&pair[0], &pair[1]));
                assert!(rising, "{path} by {name}: {up:?}");
                ordered += usize::from(up.len() > 1);
            }
        }
        assert!(ordered > 20, "{ordered}");
    })
    .await;
}

fn at_most(one: &Value, other: &Value) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one <= other,
        _ => one.as_str() <= other.as_str(),
    }
}

#[tokio::test]
async fn a_sparse_fieldset_shows_exactly_its_fields_and_widens_what_is_usually_shown() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for (path, kind) in lists(&world) {
            let attributes = kind.attributes.iter().filter(|known| known.readable);
            let names: Vec<&str> = attributes.map(|known| known.name).collect();
            let ends: Vec<&str> = kind.relationships.iter().map(|known| known.name).collect();
            let fields = [names.clone(), ends.clone()].concat().join(",");
            let all = house
                .get(&format!("{path}?fields[{}]={fields}", kind.name))
                .await;
            let row = &all["data"][0];
            let shown = |member: &str| -> BTreeSet<String> {
                let members = row[member].as_object().into_iter().flatten();
                members.map(|(name, _)| name.clone()).collect()
            };
            let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(shown("attributes"), set(&names), "{path}");
            assert_eq!(shown("relationships"), set(&ends), "{path}");
            let none = house.get(&format!("{path}?fields[{}]=", kind.name)).await;
            let row = &none["data"][0];
            assert!(
                row.get("attributes").is_none_or(|some| some == &json!({})),
                "{row}"
            );
            assert!(
                row.get("relationships")
                    .is_none_or(|some| some == &json!({})),
                "{row}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_and_end() {
    in_every_house(|house| async move {
        let (park, room) = house.parks[0];
        for day in 1..=5 {
            let arrival = jiff::civil::date(2027, 5, day);
            house
                .book(stay(room, arrival, arrival.tomorrow().unwrap()))
                .await;
        }
        let mut path = format!("/administrations/{park}/reservations?page[size]=2&sort=start_date");
        let mut seen = Vec::new();
        for page in 1..=3 {
            let document = house.get(&path).await;
            seen.extend(ids(&document));
            let pages = &document["meta"]["pagination"];
            assert_eq!(pages, &json!({"total_records": 5, "page": page, "size": 2}));
            let next = &document["links"]["next"];
            assert_eq!(next.is_null(), page == 3, "{next}");
            if let Some(next) = next.as_str() {
                path = next
                    .strip_prefix("https://book.example/bookingexperts/v3")
                    .unwrap()
                    .into();
            }
        }
        let each: BTreeSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), each.len()), (5, 5));
        let beyond = house.get("/reservations?page[number]=9").await;
        assert_eq!(beyond["data"], json!([]));
        assert!(beyond["links"]["prev"].is_string() || beyond["links"]["prev"].is_null());
    })
    .await;
}

#[tokio::test]
async fn filters_understand_the_whole_grammar() {
    in_every_house(|house| async move {
        let (_, room) = house.parks[0];
        let mut made = Vec::new();
        for (day, key) in [(1, "A-1"), (2, "a-2"), (3, "B")] {
            let arrival = jiff::civil::date(2027, 5, day);
            let mut new = stay(room, arrival, arrival.tomorrow().unwrap());
            new.external_reference = key.into();
            made.push(house.book(new).await.to_string());
        }
        let all = |which: &[usize]| -> Vec<String> {
            which.iter().map(|index| made[*index].clone()).collect()
        };
        for (filter, expected) in [
            ("filter[start_date]=2027-05-01", &[0][..]),
            ("filter[start_date]=2027-05-01..2027-05-02", &[0, 1]),
            ("filter[start_date]=2027-05-02..", &[1, 2]),
            ("filter[start_date]=!2027-05-01..2027-05-02", &[2]),
            ("filter[start_date]=2027-05-01,2027-05-03", &[0, 2]),
            ("filter[start_date|end_date]=2027-05-02", &[0, 1]),
            ("filter[remote_reservation_key]=B", &[2]),
            (
                "filter[remote_reservation_key]=!B&filter[start_date]=..2027-05-01",
                &[0],
            ),
            ("filter[state]=confirmed", &[0, 1, 2]),
            ("filter[state]=cancelled,expired", &[]),
            ("filter%5Bstart_date%5D=2027-05-01", &[0]),
            ("channelIds=7&start_date=1999-01-01", &[0, 1, 2]),
        ] {
            let found = house.get(&format!("/reservations?sort=id&{filter}")).await;
            assert_eq!(ids(&found), all(expected), "{filter}");
        }
        for (query, code) in [
            ("filter[colour]=red", "INVALID_FILTER"),
            ("filter[start_date]=soon", "INVALID_FILTER"),
            ("filter[start_date]=~2027", "INVALID_FILTER"),
            ("sort=guest_name", "INVALID_SORTING"),
            ("page[size]=101", "INVALID_PAGINATION"),
            ("page[number]=0", "INVALID_PAGINATION"),
            ("fields[reservation]=colour", "INVALID_FIELDSET"),
            ("fields[unicorn]=colour", "INVALID_FIELDSET"),
            ("include=unicorn", "INVALID_INCLUDE"),
        ] {
            let reply = house
                .get_as(&house.key, &format!("/reservations?{query}"))
                .await;
            assert_eq!(reply.code(), (400, code.to_owned()), "{query}");
            let error = &reply.json()["errors"][0];
            assert_eq!(error["status"], "400");
            assert!(
                error["title"].is_string() && error["detail"].is_string(),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn accept_language_limits_the_languages_of_localized_attributes() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let path = format!("/bookingexperts/v3/rentable_types/{}", world.room);
        for (asked, expected) in [
            (None, json!({"en": "Lodge"})),
            (Some("de"), json!({"de": "Hütte"})),
            (Some("de,en"), json!({"de": "Hütte", "en": "Lodge"})),
        ] {
            let mut headers = vec![("x-api-key", house.key.as_str())];
            headers.extend(asked.map(|locales| ("accept-language", locales)));
            let reply = house.ask("GET", &path, &headers).await;
            assert_eq!(
                reply.json()["data"]["attributes"]["name"],
                expected,
                "{asked:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_contact_search_finds_a_customer_or_nobody() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for query in [
            "email=ADA@example.org",
            "email=ada@example.org&phone=%2B31%2020%201234567",
        ] {
            let found = house.get(&format!("/contacts/search/first?{query}")).await;
            assert_eq!(found["data"]["id"], world.customer.to_string(), "{query}");
            assert_eq!(found["data"]["type"], "contact");
        }
        for query in [
            "",
            "?email=nobody@example.org",
            "?email=ada@example.org&phone=1",
        ] {
            let reply = house
                .get_as(&house.key, &format!("/contacts/search/first{query}"))
                .await;
            assert_eq!(
                reply.code(),
                (404, "RESOURCE_NOT_FOUND".to_owned()),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_of_ids_may_end_at_numbers_that_are_no_ids() {
    in_every_house(|house| async move {
        World::new(&house).await;
        let total = |query: String| {
            let house = &house;
            async move {
                let found = house.get(&format!("/labels?filter[id]={query}")).await;
                found["meta"]["pagination"]["total_records"]
                    .as_u64()
                    .unwrap()
            }
        };
        let all = total("1..".to_owned()).await;
        assert!(all > 0);
        let great = "9".repeat(60);
        assert_eq!(total(format!("..{great}")).await, all);
        assert_eq!(total(format!("0..{great}")).await, all);
        assert_eq!(total(format!("007..{great}")).await, all);
        assert_eq!(total(format!("{great}..")).await, 0);
        assert_eq!(total("..0".to_owned()).await, 0);
        assert_eq!(total(format!("!{great}..")).await, all);
    })
    .await;
}

#[tokio::test]
async fn the_day_of_an_instant_may_be_none_or_the_last_day_there_is() {
    in_every_house(|house| async move {
        World::new(&house).await;
        let total = |query: &'static str| {
            let house = &house;
            async move {
                let path = format!("/reservations?filter[created_at_date]={query}");
                let found = house.get(&path).await;
                found["meta"]["pagination"]["total_records"]
                    .as_u64()
                    .unwrap()
            }
        };
        let all = total("..").await;
        assert!(all > 0);
        assert_eq!(total("").await, 0);
        assert_eq!(total("!").await, all);
        assert_eq!(total(",9999-12-31").await, 0);
        assert_eq!(total("..9999-12-31").await, all);
    })
    .await;
}

#[test]
fn every_type_of_the_table_is_declared() {
    for served in served() {
        assert!(kinds::TYPES.contains(&served.kind), "{}", served.path);
    }
}
