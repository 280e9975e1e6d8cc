//! Reads a [`Shape`] from the text of a table.
//!
//! One line is one field: its name, its type, its limits, its marks and its default.
//! What is indented by two more spaces stands inside the object or list above it.
//!
//! ```text
//! set meals = none breakfast dinner
//! name            text 100
//! sellPriority    whole? 1..100
//! price           number 0..99999999.99 @financial
//! meal            choice &meals = breakfast
//! templates       object
//!   template[1..8]  text
//! units           list id
//!   id            whole 1..
//! ```
//!
//! `?` after a type makes `null` a value of its own; `name[1..8]` stands for eight fields, `a|b` for two;
//! `list id` tells the elements apart by `id`; `@word` sets a mark.
//! The tables are compiled in, so an error in one is an error in this crate: it is found by
//! the test that reads them all, and [`read`] names the line.

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Value;

use super::shape::{Field, Kind, LONGEST_TEXT, Marks, Shape};

type Sets = HashMap<String, Arc<[String]>>;

/// Reads the text of a table.
///
/// # Errors
/// The line that could not be read, and why.
pub fn read(text: &str) -> Result<Shape, String> {
    let mut sets = Sets::from([("quarters".to_owned(), quarters())]);
    let mut lines = Vec::new();
    for line in text.lines() {
        let bare = line.trim_end();
        if bare.is_empty() || bare.trim_start().starts_with('#') {
            continue;
        }
        if let Some(set) = bare.strip_prefix("set ") {
            let (name, words) = set
                .split_once('=')
                .ok_or_else(|| format!("no '=' in: {bare}"))?;
            sets.insert(name.trim().to_owned(), words_of(words));
        } else {
            let indent = bare.len() - bare.trim_start().len();
            lines.push((indent / 2, bare.trim_start()));
        }
    }
    let mut rest = lines.as_slice();
    let shape = read_level(&mut rest, 0, &sets)?;
    match rest.first() {
        None => Ok(shape),
        Some((_, line)) => Err(format!("stands too deep: {line}")),
    }
}

fn read_level(rest: &mut &[(usize, &str)], depth: usize, sets: &Sets) -> Result<Shape, String> {
    let mut fields = Vec::new();
    while let Some((at, line)) = rest.first().copied() {
        if at != depth {
            break;
        }
        *rest = &rest[1..];
        let inside = Arc::new(read_level(rest, depth + 1, sets)?);
        let (name, definition) = line
            .split_once(' ')
            .ok_or_else(|| format!("no type in: {line}"))?;
        for name in names(name)? {
            fields.push(
                read_field(name, definition, &inside, sets)
                    .map_err(|why| format!("{why} in: {line}"))?,
            );
        }
    }
    Ok(Shape::new(fields))
}

fn read_field(
    name: String,
    definition: &str,
    inside: &Arc<Shape>,
    sets: &Sets,
) -> Result<Field, String> {
    let (definition, default) = match definition.split_once(" = ") {
        Some((before, text)) => (before, Some(read_default(text.trim())?)),
        None => (definition, None),
    };
    let mut marks = Marks::default();
    let mut words = Vec::new();
    for word in definition.split_whitespace() {
        match word.strip_prefix('@') {
            Some(mark) => set_mark(&mut marks, mark)?,
            None => words.push(word),
        }
    }
    let (kind_word, limits) = words.split_first().ok_or("no type")?;
    let nullable = kind_word.ends_with('?');
    let kind = read_kind(kind_word.trim_end_matches('?'), limits, inside, sets)?;
    let default = default.unwrap_or_else(|| {
        if nullable {
            Value::Null
        } else {
            kind.natural_default()
        }
    });
    Ok(Field {
        name,
        kind,
        nullable,
        default,
        marks,
    })
}

fn read_kind(
    word: &str,
    limits: &[&str],
    inside: &Arc<Shape>,
    sets: &Sets,
) -> Result<Kind, String> {
    let limit = limits.first().copied();
    Ok(match word {
        "text" => {
            let (least, most) = text_limits(limit)?;
            Kind::Text { least, most }
        }
        "whole" => {
            let (least, most) = ends(limit)?;
            Kind::Whole {
                least: parse(least)?.unwrap_or(i64::MIN),
                most: parse(most)?.unwrap_or(i64::MAX),
            }
        }
        "number" => {
            let (least, most) = ends(limit)?;
            Kind::Number {
                least: parse(least)?.unwrap_or(Decimal::MIN),
                most: parse(most)?.unwrap_or(Decimal::MAX),
            }
        }
        "flag" => Kind::Flag,
        "day" => Kind::Day,
        "instant" => Kind::Instant,
        "colour" => Kind::Colour,
        "letters" => Kind::TwoLetters,
        "wholes" => Kind::Wholes,
        "words" => Kind::Words,
        "wordlists" => Kind::WordLists,
        "object" => Kind::Object(Arc::clone(inside)),
        "table" => Kind::Table(Arc::clone(inside)),
        "list" => Kind::List {
            key: limit.map(str::to_owned),
            shape: Arc::clone(inside),
        },
        "choice" => Kind::Choice(match limit.and_then(|word| word.strip_prefix('&')) {
            Some(set) => sets
                .get(set)
                .cloned()
                .ok_or_else(|| format!("no set {set}"))?,
            None => limits.iter().map(|word| (*word).to_owned()).collect(),
        }),
        other => return Err(format!("no type {other}")),
    })
}

fn set_mark(marks: &mut Marks, word: &str) -> Result<(), String> {
    let mark = match word {
        "fatal" => &mut marks.fatal,
        "read" => &mut marks.read_only,
        "write" => &mut marks.write_only,
        "personal" => &mut marks.personal,
        "financial" => &mut marks.financial,
        "request" => &mut marks.on_request,
        "sparse" => &mut marks.sparse,
        other => return Err(format!("no mark {other}")),
    };
    *mark = true;
    Ok(())
}

fn read_default(text: &str) -> Result<Value, String> {
    let first = text.chars().next().unwrap_or('"');
    if first.is_ascii_digit()
        || "-\"[{".contains(first)
        || ["true", "false", "null"].contains(&text)
    {
        serde_json::from_str(text).map_err(|why| why.to_string())
    } else {
        Ok(Value::from(text))
    }
}

fn text_limits(limit: Option<&str>) -> Result<(usize, usize), String> {
    match limit {
        None => Ok((0, LONGEST_TEXT)),
        Some(range) if range.contains("..") => {
            let (least, most) = ends(Some(range))?;
            Ok((
                parse(least)?.unwrap_or(0),
                parse(most)?.unwrap_or(LONGEST_TEXT),
            ))
        }
        Some(most) => Ok((0, parse(most)?.unwrap_or(LONGEST_TEXT))),
    }
}

fn ends(limit: Option<&str>) -> Result<(&str, &str), String> {
    match limit {
        None => Ok(("", "")),
        Some(range) => range
            .split_once("..")
            .ok_or_else(|| format!("no '..' in {range}")),
    }
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<Option<T>, String> {
    match text {
        "" => Ok(None),
        some => some
            .parse()
            .map(Some)
            .map_err(|_| format!("not a number: {some}")),
    }
}

fn names(text: &str) -> Result<Vec<String>, String> {
    if text.contains('|') {
        return Ok(text.split('|').map(str::to_owned).collect());
    }
    let Some((stem, range)) = text.split_once('[') else {
        return Ok(vec![text.to_owned()]);
    };
    let (first, last) = ends(Some(range.trim_end_matches(']')))?;
    let (first, last): (u32, u32) = (parse(first)?.unwrap_or(1), parse(last)?.unwrap_or(1));
    Ok((first..=last)
        .map(|number| format!("{stem}{number}"))
        .collect())
}

fn words_of(text: &str) -> Arc<[String]> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Every quarter of an hour of a day, from 00:00 to 24:00.
fn quarters() -> Arc<[String]> {
    (0..=96)
        .map(|quarter| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_into_fields_with_limits_marks_and_defaults() {
        let shape = read(
            "set meals = none breakfast\nname text 100\nrank whole? 1..100\nmeal choice &meals = breakfast\n\
             parts object\n  part[1..3] number 0..9.5 @financial\nunits list id\n  id whole 1..\n",
        )
        .unwrap();
        let names: Vec<&str> = shape.fields().iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["name", "rank", "meal", "parts", "units"]);
        assert_eq!(shape.field("rank").unwrap().default, Value::Null);
        assert_eq!(shape.field("meal").unwrap().default, "breakfast");
        let part = shape.inner("parts").unwrap().field("part3").unwrap();
        assert!(part.marks.financial);
        assert_eq!(part.kind.expected(), "a number from 0 to 9.5");
        assert!(
            matches!(&shape.field("units").unwrap().kind, Kind::List { key: Some(key), .. } if key == "id")
        );
    }

    #[test]
    fn a_mistake_in_a_table_is_named_with_its_line() {
        assert_eq!(
            read("name letter").unwrap_err(),
            "no type letter in: name letter"
        );
        assert_eq!(
            read("name text\n    deep text").unwrap_err(),
            "stands too deep: deep text"
        );
    }
}
