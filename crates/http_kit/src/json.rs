//! A look over a JSON body before it is parsed: is it UTF-8, how deep does it go, how many items has it?
//!
//! It reads each byte once, allocates nothing and recurses never, so a hostile body costs what an honest one
//! does. It is no validator: what is not JSON at all is left for the parser to name.

use crate::refusal::BadBody;

/// What the look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Items of the outermost array; 1 when the body is anything else.
    pub items: usize,
}

/// Looks the body over.
///
/// # Errors
/// [`BadBody::NotUtf8`] and [`BadBody::TooDeep`].
pub fn look_over(body: &[u8], depth_limit: usize) -> Result<Shape, BadBody> {
    let text = std::str::from_utf8(body).map_err(|_| BadBody::NotUtf8)?;
    let bytes = text.as_bytes().trim_ascii();
    let separators = separators_outside_strings(bytes, depth_limit)?;
    let items = match bytes {
        [b'[', inside @ .., b']'] if inside.trim_ascii().is_empty() => 0,
        [b'[', ..] => separators + 1,
        _ => 1,
    };
    Ok(Shape { items })
}

/// Counts the commas of the outermost level, and refuses nesting beyond the limit.
fn separators_outside_strings(bytes: &[u8], depth_limit: usize) -> Result<usize, BadBody> {
    let (mut depth, mut separators, mut at) = (0_usize, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1),
            b'[' | b'{' => {
                depth += 1;
                if depth > depth_limit {
                    return Err(BadBody::TooDeep(depth_limit));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => separators += 1,
            _ => {}
        }
        at += 1;
    }
    Ok(separators)
}

/// The position of the closing quote, or of the end where there is none.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn items_of_the_outermost_array_are_counted() {
        let items = |text: &str| look_over(text.as_bytes(), 64).unwrap().items;
        assert_eq!(items("[]"), 0);
        assert_eq!(items(" [ ] "), 0);
        assert_eq!(items("[1]"), 1);
        assert_eq!(items(r#"[{"a":[1,2],"b":",]"}, "x\",y" ,3]"#), 3);
        assert_eq!(items(r#"{"a":1,"b":2}"#), 1);
        assert_eq!(items(""), 1);
        assert_eq!(items("["), 1);
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused_and_brackets_in_strings_are_not_nesting() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(look_over(nested(64).as_bytes(), 64).is_ok());
        assert_eq!(
            look_over(nested(65).as_bytes(), 64),
            Err(BadBody::TooDeep(64))
        );
        assert_eq!(
            look_over(&b"[".repeat(1_000_000), 64),
            Err(BadBody::TooDeep(64))
        );
        let quoted = format!("[\"{}\"]", "[".repeat(1_000));
        assert!(look_over(quoted.as_bytes(), 64).is_ok());
        assert_eq!(look_over(b"[\"\xff\"]", 64), Err(BadBody::NotUtf8));
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_over_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = look_over(&bytes, 8);
        }

        #[test]
        fn any_array_has_as_many_items_as_the_parser_finds(
            texts in proptest::collection::vec(proptest::collection::vec(".*", 0..4), 0..6)
        ) {
            let body = serde_json::to_vec(&texts).unwrap();
            prop_assert_eq!(look_over(&body, 8).unwrap().items, texts.len());
        }
    }
}
