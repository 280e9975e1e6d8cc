//! The query as it stands in the address: decoded pairs, and names taken apart at their brackets.
//!
//! Brackets are understood raw and percent-encoded. A plus sign is a blank, as forms send it, so a
//! time offset in a filter has to be written `%2B02:00`, or better as `Z`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use crate::error::{Code, Error};
use crate::limits;

/// One decoded parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The whole name, `page[size]`.
    pub name: String,
    /// The value; nothing if its bytes are not UTF-8.
    pub value: Option<String>,
}

/// What stands in an address unescaped, beside letters and digits.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b':')
    .remove(b'!')
    .remove(b'*');

/// Takes a query apart. Names that are not UTF-8 are names that nobody knows, and are left out.
///
/// # Errors
/// More than [`limits::QUERY_BYTES`] or [`limits::PARAMETERS`].
pub fn parse(query: &str) -> Result<Vec<Parameter>, Error> {
    if query.len() > limits::QUERY_BYTES {
        let detail = format!("The query is longer than {} bytes", limits::QUERY_BYTES);
        return Err(Error::new(Code::ForbiddenInput, detail));
    }
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    if pairs.clone().count() > limits::PARAMETERS {
        let detail = format!("There are more than {} parameters", limits::PARAMETERS);
        return Err(Error::new(Code::ForbiddenInput, detail));
    }
    let parameter = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some(Parameter {
            name: String::from_utf8(bytes_of(name)).ok()?,
            value: String::from_utf8(bytes_of(value)).ok(),
        })
    };
    Ok(pairs.filter_map(parameter).collect())
}

fn bytes_of(text: &str) -> Vec<u8> {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode(spaced.as_bytes()).collect()
}

/// A name or value as it may stand in an address.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    percent_encode(bytes, ESCAPED).to_string()
}

/// The query, spelled so that it may stand in a link.
#[must_use]
pub fn escaped(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let escaped = |text: &str| escape(&bytes_of(text));
    let texts: Vec<String> = pairs
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{}={}", escaped(name), escaped(value)),
            None => escaped(pair),
        })
        .collect();
    texts.join("&")
}

/// The query with one parameter set to a value; all else stays, in its order, spelled so that it may
/// stand in a link.
#[must_use]
pub fn with_parameter(query: &str, name: &str, value: &str) -> String {
    let mut pairs: Vec<String> = Vec::new();
    let mut is_placed = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, old) = pair.split_once('=').unwrap_or((pair, ""));
        let key = bytes_of(key);
        let is_it = key == name.as_bytes();
        if is_it && is_placed {
            continue;
        }
        let new = if is_it {
            value.as_bytes().to_vec()
        } else {
            bytes_of(old)
        };
        is_placed |= is_it;
        pairs.push(format!("{}={}", escape(&key), escape(&new)));
    }
    if !is_placed {
        let pair = format!("{}={}", escape(name.as_bytes()), escape(value.as_bytes()));
        pairs.push(pair);
    }
    pairs.join("&")
}

/// What stands before the first bracket: the family of a name.
#[must_use]
pub fn family(name: &str) -> &str {
    name.split('[').next().unwrap_or_default()
}

/// What stands in the brackets of a name, one after another: `filter[a][b]` has `a`, `b`. Nothing if
/// the brackets do not close, or if there is anything beside them.
#[must_use]
pub fn brackets(name: &str) -> Option<Vec<&str>> {
    let mut rest = &name[family(name).len()..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
        if inside.is_empty() || inside.contains('[') {
            return None;
        }
        found.push(inside);
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, Option<String>)> {
        let pair = |parameter: Parameter| (parameter.name, parameter.value);
        parse(query).unwrap().into_iter().map(pair).collect()
    }

    #[test]
    fn square_brackets_are_accepted_raw_and_percent_encoded() {
        let raw = pairs("page[size]=5&filter[a|b]=x+y");
        assert_eq!(raw, pairs("page%5Bsize%5D=5&filter%5Ba%7Cb%5D=x%20y"));
        assert_eq!(raw[1], ("filter[a|b]".into(), Some("x y".into())));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_no_value_and_no_name() {
        assert_eq!(
            pairs("a=%ff&%ff=b&c=%e2%82%ac"),
            [("a".into(), None), ("c".into(), Some("€".into())),]
        );
    }

    #[test]
    fn a_query_has_a_limit() {
        assert!(parse(&"a".repeat(limits::QUERY_BYTES + 1)).is_err());
        assert!(parse(&"a=1&".repeat(limits::PARAMETERS + 1)).is_err());
        assert!(parse(&"a=1&".repeat(limits::PARAMETERS)).is_ok());
    }

    #[test]
    fn names_are_taken_apart_at_their_brackets() {
        assert_eq!(brackets("filter[a][b]"), Some(vec!["a", "b"]));
        assert_eq!(brackets("include"), Some(vec![]));
        for odd in [
            "filter[a",
            "filter[]",
            "filter[a]b",
            "filter[[a]]",
            "filter[a]]",
        ] {
            assert_eq!(brackets(odd), None, "{odd}");
        }
        assert_eq!(family("filter[a]"), "filter");
        assert_eq!(family("[a]"), "");
    }

    #[test]
    fn a_link_keeps_all_other_parameters() {
        assert_eq!(
            with_parameter("", "page[number]", "2"),
            "page%5Bnumber%5D=2"
        );
        assert_eq!(
            with_parameter(
                "filter[a|b]=!x..y&page[number]=7&q=a+b&odd=%ff&page[number]=8",
                "page[number]",
                "2"
            ),
            "filter%5Ba%7Cb%5D=!x..y&page%5Bnumber%5D=2&q=a%20b&odd=%FF"
        );
    }
}
