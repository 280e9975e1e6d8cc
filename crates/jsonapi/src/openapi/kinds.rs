//! Values as schemas: as they are written, as a request may spell them, as a filter may name them.

use iso_currency::Currency;
use serde_json::{Map, Value as Json, json};

use crate::kind::{Bounds, Kind, Member};
use crate::limits;
use crate::resource::Attribute;
use crate::schema::Schema;

/// A date of the Gregorian calendar as part of a pattern, leap years included: the year 2000 was one, 1900 was not.
pub const DATE: &str = "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])\
    |(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))\
    |(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";

const TIME: &str = "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z";
const INTEGER: &str = "-?[0-9]{1,18}";
const DECIMAL: &str = r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?";
const DECIMAL_ID: &str = "[0-9]{1,100}";
const ANY_ID: &str = "[0-9A-Za-z_-]{1,100}";
const NO_NULL_CHARACTER: &str = "^[^\\u0000]*$";

/// The id of a resource.
pub fn id(is_opaque: bool) -> Json {
    json!({ "type": "string", "pattern": format!("^{}$", id_pattern(is_opaque)) })
}

/// An attribute as it is written: null where there is no value.
pub fn outgoing(schema: &Schema, attribute: &Attribute) -> Json {
    let value = written(attribute.kind);
    nullable(if attribute.localized {
        localized(schema, nullable(value))
    } else {
        value
    })
}

/// An attribute as a request may spell it.
pub fn incoming(schema: &Schema, attribute: &Attribute) -> Json {
    let value = if attribute.words.is_empty() {
        let mut value = spelled(attribute.kind, attribute.bounds);
        if let Some(shape) = attribute.shape {
            let text = match attribute.kind {
                Kind::Array(_) => &mut value["items"],
                _ => &mut value,
            };
            text["pattern"] = shape.into();
        }
        value
    } else {
        json!({ "type": "string", "enum": attribute.words })
    };
    let value = if attribute.localized {
        localized(schema, nullable(value))
    } else {
        value
    };
    if attribute.required {
        value
    } else {
        nullable(value)
    }
}

fn localized(schema: &Schema, text: Json) -> Json {
    let names = match schema.locales() {
        [] => json!({ "pattern": "^[a-z]{2,3}(?:-[0-9A-Za-z]{2,8})*$" }),
        locales => json!({ "enum": locales }),
    };
    json!({ "type": "object", "propertyNames": names, "additionalProperties": text })
}

fn written(kind: Kind) -> Json {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Integer => json!({ "type": "integer", "format": "int64" }),
        Kind::Decimal => json!({ "type": "number" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::DateTime => json!({ "type": "string", "format": "date-time" }),
        Kind::Money => json!({
            "type": "object",
            "required": ["currency", "value"],
            "properties": {
                "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
                "value": { "type": "string", "pattern": r"^-?[0-9]+(?:\.[0-9]+)?$" },
            },
            "additionalProperties": false,
        }),
        Kind::Object(members) => object(members, &|member| nullable(written(member.kind))),
        Kind::Array(item) => json!({ "type": "array", "items": written(*item) }),
        Kind::Json => json!({}),
    }
}

fn object(members: &[Member], describe: &dyn Fn(&Member) -> Json) -> Json {
    let pair = |member: &Member| (member.name.to_owned(), describe(member));
    let properties: Map<String, Json> = members.iter().map(pair).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn spelled(kind: Kind, bounds: Option<Bounds>) -> Json {
    match kind {
        Kind::Text => {
            let bounds = bounds.unwrap_or(Bounds {
                least: 0,
                most: i64::MAX,
            });
            let most = usize::try_from(bounds.most).unwrap_or(usize::MAX);
            json!({
                "type": "string",
                "minLength": bounds.least.max(0),
                "maxLength": most.min(limits::TEXT_CHARACTERS),
                "pattern": NO_NULL_CHARACTER,
            })
        }
        Kind::Integer => numbers("integer", INTEGER, bounds, (i64::MIN, i64::MAX)),
        Kind::Decimal => numbers(
            "number",
            DECIMAL,
            bounds,
            (-limits::DECIMAL, limits::DECIMAL),
        ),
        Kind::Boolean => json!({ "enum": [true, false, "true", "false"] }),
        Kind::Money => json!({
            "type": "object",
            "required": ["currency", "value"],
            "properties": {
                "currency": { "type": "string", "enum": currencies() },
                "value": numbers("number", DECIMAL, None, (-limits::DECIMAL, limits::DECIMAL)),
            },
            "additionalProperties": false,
        }),
        Kind::Object(members) => {
            let mut described = object(members, &|member| {
                let value = spelled(member.kind, member.bounds);
                if member.required {
                    value
                } else {
                    nullable(value)
                }
            });
            let required = members.iter().filter(|member| member.required);
            let required: Vec<&str> = required.map(|member| member.name).collect();
            if !required.is_empty() {
                described["required"] = json!(required);
            }
            described
        }
        Kind::Array(item) => {
            let bounds = bounds.unwrap_or(Bounds {
                least: 0,
                most: i64::MAX,
            });
            let most = usize::try_from(bounds.most).unwrap_or(usize::MAX);
            json!({
                "type": "array",
                "items": spelled(*item, None),
                "minItems": bounds.least.max(0),
                "maxItems": most.min(limits::ITEMS),
            })
        }
        Kind::Date | Kind::DateTime | Kind::Json => written(kind),
    }
}

/// A number, or a string that spells one. Where the bounds are such that no short pattern says which
/// strings are within them, only the number is described; the strings are understood all the same.
fn numbers(kind: &str, pattern: &str, bounds: Option<Bounds>, widest: (i64, i64)) -> Json {
    let (least, most) = bounds.map_or(widest, |bounds| (bounds.least, bounds.most));
    let number = json!({ "type": kind, "minimum": least, "maximum": most });
    let pattern = match bounds {
        None => Some(pattern.to_owned()),
        Some(Bounds { least: 0, most }) if kind == "integer" => Some(up_to(most)),
        Some(Bounds { least: 1, most }) if kind == "integer" => {
            Some(format!("(?!0$)(?:{})", up_to(most)))
        }
        Some(Bounds { least, most }) if kind == "number" && most > 0 => decimals(least, most),
        Some(_) => None,
    };
    match pattern {
        Some(pattern) => json!({
            "anyOf": [number, { "type": "string", "pattern": format!("^(?:{pattern})$") }],
        }),
        None => number,
    }
}

/// The decimal numbers from 0 to this one, or from its opposite to it.
fn decimals(least: i64, most: i64) -> Option<String> {
    let sign = match least {
        0 => "",
        least if least == -most => "-?",
        _ => return None,
    };
    let below = up_to(most - 1);
    Some(format!(
        r"{sign}(?:(?:{below})(?:\.[0-9]{{1,10}})?|{most}(?:\.0{{1,10}})?)"
    ))
}

/// The whole numbers from 0 to this one, as part of a pattern: the shorter ones, then digit by digit those
/// that are as long and smaller, then itself.
#[must_use]
pub fn up_to(most: i64) -> String {
    let digits = most.max(0).to_string();
    let mut any: Vec<String> = match digits.len() {
        1 => Vec::new(),
        2 => vec!["[0-9]".to_owned()],
        length => vec![
            "[0-9]".to_owned(),
            format!("[1-9][0-9]{{1,{}}}", length - 2),
        ],
    };
    for (place, digit) in digits.bytes().enumerate() {
        let lowest = if place == 0 && digits.len() > 1 {
            b'1'
        } else {
            b'0'
        };
        if digit > lowest {
            let range = format!("[{}-{}]", char::from(lowest), char::from(digit - 1));
            let rest = digits.len() - place - 1;
            any.push(format!("{}{range}[0-9]{{{rest}}}", &digits[..place]));
        }
    }
    any.push(digits);
    any.join("|")
}

/// Every code that ISO 4217 gives out, found by trying: the library has no list.
#[must_use]
pub fn currencies() -> Vec<String> {
    let letters = || 'A'..='Z';
    let pairs = letters().flat_map(|one| letters().map(move |two| [one, two]));
    let codes = pairs.flat_map(|[one, two]| letters().map(move |last| [one, two, last]));
    let codes = codes.map(String::from_iter);
    codes
        .filter(|code| Currency::from_code(code).is_some())
        .collect()
}

/// The value of a filter.
pub fn filter(kind: Kind) -> Json {
    let term = match kind {
        Kind::Array(item) => return filter(*item),
        Kind::Text | Kind::Object(_) | Kind::Json => {
            return json!({
                "type": "string",
                "maxLength": limits::FILTER_CHARACTERS,
                "pattern": NO_NULL_CHARACTER,
            });
        }
        Kind::Boolean => return listed("true|false"),
        Kind::Integer => INTEGER.to_owned(),
        Kind::Decimal | Kind::Money => DECIMAL.to_owned(),
        Kind::Date => DATE.to_owned(),
        Kind::DateTime => format!("{DATE}(?:{TIME})?"),
    };
    ranged(&term)
}

/// The value of a filter by id.
pub fn filter_by_id(is_opaque: bool) -> Json {
    ranged(id_pattern(is_opaque))
}

/// The value of a filter by what a relationship leads to.
pub fn filter_by_link(names_ids: bool) -> Json {
    if names_ids {
        filter_pattern(&format!("^!?{ANY_ID}(?:,{ANY_ID})*$"))
    } else {
        listed(ANY_ID)
    }
}

fn id_pattern(is_opaque: bool) -> &'static str {
    if is_opaque { ANY_ID } else { DECIMAL_ID }
}

fn listed(term: &str) -> Json {
    filter_pattern(&format!("^!?(?:{term})?(?:,(?:{term})?)*$"))
}

fn ranged(term: &str) -> Json {
    let list = format!("(?:{term})?(?:,(?:{term})?)*");
    filter_pattern(&format!(r"^!?(?:{list}|(?:{term})?\.\.(?:{term})?)$"))
}

fn filter_pattern(pattern: &str) -> Json {
    json!({ "type": "string", "maxLength": limits::FILTER_CHARACTERS, "pattern": pattern })
}

/// The same, or null. A schema that allows anything allows null already.
fn nullable(schema: Json) -> Json {
    let is_open = schema.as_object().is_some_and(Map::is_empty);
    match schema {
        schema if is_open => schema,
        Json::Object(mut members) if members.get("type").is_some_and(Json::is_string) => {
            let kind = members.get("type").cloned().unwrap_or_default();
            members.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Json::Array(words)) = members.get_mut("enum") {
                words.push(Json::Null);
            }
            Json::Object(members)
        }
        schema => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spelling;

    fn accepts(schema: &Json, value: &Json) -> bool {
        jsonschema::draft202012::is_valid(schema, value)
    }

    #[test]
    fn the_pattern_of_dates_knows_exactly_the_dates_that_there_are() {
        let schema = filter(Kind::Date);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for year in [0, 1, 4, 1900, 1999, 2000, 2024, 2027, 2100, 2400, 9999] {
            for month in 0..=13 {
                for day in 0..=32 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let is_date = spelling::date(&text).is_some();
                    assert_eq!(validator.is_valid(&json!(text)), is_date, "{text}");
                }
            }
        }
    }

    #[test]
    fn the_pattern_of_filters_knows_lists_ranges_and_negations() {
        let schema = filter(Kind::Integer);
        for fine in [
            "", "1", "-1", "1,2", "1,", ",", "1..2", "1..", "..2", "..", "!1..2", "!",
        ] {
            assert!(accepts(&schema, &json!(fine)), "{fine}");
        }
        for odd in ["a", "~1", "1...2", "1..2,3", "!!1", " 1", "1-2", "1\n"] {
            assert!(!accepts(&schema, &json!(odd)), "{odd}");
        }
        assert!(!accepts(&filter(Kind::Boolean), &json!("true..false")));
    }

    #[test]
    fn the_pattern_of_bounded_numbers_knows_exactly_those_within_the_bounds() {
        for most in [0, 1, 5, 9, 10, 19, 20, 99, 100, 101, 250, 999, 1_000] {
            for least in [0, 1] {
                let bounds = Some(Bounds { least, most });
                let validator =
                    jsonschema::draft202012::new(&spelled(Kind::Integer, bounds)).unwrap();
                for number in 0..=1_100 {
                    let is_within = (least..=most).contains(&number);
                    let text = json!(number.to_string());
                    assert_eq!(validator.is_valid(&text), is_within, "{text} of {most}");
                }
            }
        }
    }

    #[test]
    fn the_pattern_of_bounded_decimals_knows_exactly_those_within_the_bounds() {
        for (least, most) in [(0, 100), (-100, 100), (0, 1_440)] {
            let bounds = Some(Bounds { least, most });
            let validator = jsonschema::draft202012::new(&spelled(Kind::Decimal, bounds)).unwrap();
            for tenths in -15_000..=15_000 {
                let number = rust_decimal::Decimal::new(tenths, 1);
                let is_within = (least * 10..=most * 10).contains(&tenths);
                let text = json!(number.to_string());
                assert_eq!(validator.is_valid(&text), is_within, "{text} of {most}");
            }
        }
    }

    #[test]
    fn a_filter_that_has_to_name_ids_cannot_ask_for_none() {
        let schema = filter_by_link(true);
        for fine in ["1", "!1", "1,2", "a_b-c"] {
            assert!(accepts(&schema, &json!(fine)), "{fine}");
        }
        for odd in ["", "!", "1,", ",1", "~1", "1..2"] {
            assert!(!accepts(&schema, &json!(odd)), "{odd}");
        }
    }

    #[test]
    fn currencies_are_those_of_iso_4217() {
        let codes = currencies();
        for code in ["EUR", "USD", "JPY", "CHF"] {
            assert!(codes.contains(&code.to_owned()), "{code}");
        }
        assert!(codes.len() > 150 && !codes.contains(&"ABC".to_owned()));
    }

    #[test]
    fn null_is_added_once_and_words_stay_a_closed_list() {
        let word = nullable(json!({ "type": "string", "enum": ["a"] }));
        assert!(accepts(&word, &Json::Null) && accepts(&word, &json!("a")));
        assert!(!accepts(&word, &json!("b")));
        assert_eq!(nullable(json!({})), json!({}));
        let number = nullable(spelled(Kind::Integer, None));
        assert!(accepts(&number, &Json::Null) && accepts(&number, &json!("12")));
    }
}
