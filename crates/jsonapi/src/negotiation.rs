//! Media types: what may be sent to us, and what may be sent back.
//!
//! We always send [`MEDIA_TYPE`] without parameters, and read it as well as plain JSON, which many
//! clients of the dialect send. No extension is supported and every profile is ignored.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use mediatype::{MediaType, MediaTypeList};

use crate::error::{Code, Error};

/// The media type of every answer with a body.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// The `Vary` header of an answer with localized attributes.
pub const VARY: &str = "Accept, Accept-Language";

/// Whether the client takes what we send: [`MEDIA_TYPE`], plain JSON, or anything. A client that names
/// [`MEDIA_TYPE`] only with parameters is refused even if it takes other types, as JSON:API demands.
///
/// # Errors
/// [`Code::UnknownFormat`], 406.
pub fn check_accept(headers: &HeaderMap) -> Result<(), Error> {
    let values = headers.get_all(ACCEPT).iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<Range<'_>> = texts.iter().flat_map(|text| ranges(text)).collect();
    let is_absent =
        headers.get(ACCEPT).is_none() || texts.iter().all(|text| text.trim().is_empty());
    let named: Vec<&Range<'_>> = ranges.iter().filter(|range| range.is_ours()).collect();
    let is_accepted = if named.is_empty() {
        ranges
            .iter()
            .any(|range| range.is_wide() && range.is_wanted())
    } else {
        let mut named = named.iter();
        named.any(|range| range.has_no_foreign_parameter() && range.is_wanted())
    };
    if is_absent || is_accepted {
        return Ok(());
    }
    let detail = format!("Answers are {MEDIA_TYPE}, without parameters");
    Err(Error::new(Code::UnknownFormat, detail).in_header("Accept"))
}

/// Whether we can read a body. Requests without one may say what they like: generic clients send a
/// `Content-Type` with every GET.
///
/// # Errors
/// [`Code::UnsupportedMediaType`], 415.
pub fn check_content_type(headers: &HeaderMap, has_body: bool) -> Result<(), Error> {
    if !has_body {
        return Ok(());
    }
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let first = values.next().and_then(|value| value.to_str().ok());
    let is_read = match (first, values.next()) {
        (Some(text), None) => is_readable(text),
        _ => false,
    };
    if is_read {
        return Ok(());
    }
    let detail = format!("Send {MEDIA_TYPE} without parameters, or application/json in UTF-8");
    Err(Error::new(Code::UnsupportedMediaType, detail).in_header("Content-Type"))
}

fn is_readable(text: &str) -> bool {
    let Ok(media) = MediaType::parse(text) else {
        return false;
    };
    let range = Range { media };
    if range.is_ours() {
        return range.has_no_foreign_parameter();
    }
    let is_utf8 = |(name, value): &(mediatype::Name<'_>, mediatype::Value<'_>)| {
        let is_charset = name.as_str().eq_ignore_ascii_case("charset");
        !is_charset || value.unquoted_str().eq_ignore_ascii_case("utf-8")
    };
    range.is("application", "json", "") && range.media.params.iter().all(is_utf8)
}

/// One media type or range of them, with its parameters.
struct Range<'a> {
    media: MediaType<'a>,
}

/// The ranges of a header; those that nobody can read are left out.
fn ranges(text: &str) -> impl Iterator<Item = Range<'_>> {
    MediaTypeList::new(text).filter_map(|media| Some(Range { media: media.ok()? }))
}

impl Range<'_> {
    fn is(&self, main: &str, sub: &str, suffix: &str) -> bool {
        let own = self.media.suffix.map_or("", |suffix| suffix.as_str());
        self.media.ty.as_str().eq_ignore_ascii_case(main)
            && self.media.subty.as_str().eq_ignore_ascii_case(sub)
            && own.eq_ignore_ascii_case(suffix)
    }

    fn is_ours(&self) -> bool {
        self.is("application", "vnd.api", "json")
    }

    fn is_wide(&self) -> bool {
        self.is("*", "*", "")
            || self.is("application", "*", "")
            || self.is("application", "json", "")
    }

    /// An extension would change what the document means, and we know none; a profile changes
    /// nothing.
    fn has_no_foreign_parameter(&self) -> bool {
        let mut names = self.media.params.iter().map(|(name, _)| name.as_str());
        names.all(|name| name.eq_ignore_ascii_case("q") || name.eq_ignore_ascii_case("profile"))
    }

    fn is_wanted(&self) -> bool {
        let mut parameters = self.media.params.iter();
        let weight = parameters.find(|(name, _)| name.as_str().eq_ignore_ascii_case("q"));
        let weight = weight.and_then(|(_, value)| value.as_str().parse::<f32>().ok());
        weight.is_none_or(|weight| weight > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), value.parse().unwrap());
        }
        headers
    }

    fn accept(values: &[&str]) -> u16 {
        let result = check_accept(&headers(ACCEPT, values));
        result.map_or_else(|error| error.status.as_u16(), |()| 200)
    }

    fn content_type(values: &[&str]) -> u16 {
        let result = check_content_type(&headers(CONTENT_TYPE, values), true);
        result.map_or_else(|error| error.status.as_u16(), |()| 200)
    }

    #[test]
    fn accept_may_be_missing_or_anything() {
        assert_eq!(accept(&[]), 200);
        for value in [
            "*/*",
            "",
            "application/*",
            "application/json",
            "application/json; charset=utf-8",
            "application/vnd.api+json",
            "Application/Vnd.API+JSON",
            "text/html, */*;q=0.8",
            "text/html, image/gif, *; q=.2, */*; q=.2",
            "application/json, text/plain, */*",
        ] {
            assert_eq!(accept(&[value]), 200, "{value}");
        }
        assert_eq!(accept(&["text/html", "application/json"]), 200);
    }

    #[test]
    fn accept_with_foreign_parameters_on_every_instance_is_406() {
        for value in [
            "application/vnd.api+json; charset=utf-8",
            "application/vnd.api+json; version=1, application/vnd.api+json; charset=utf-8",
            "application/vnd.api+json; charset=utf-8, */*",
        ] {
            assert_eq!(accept(&[value]), 406, "{value}");
        }
        let one_is_plain =
            "application/vnd.api+json; charset=utf-8, application/vnd.api+json;q=0.5";
        assert_eq!(accept(&[one_is_plain]), 200);
    }

    #[test]
    fn accept_with_unsupported_extensions_is_406_and_profiles_are_ignored() {
        assert_eq!(
            accept(&[r#"application/vnd.api+json; ext="https://example.com/x""#]),
            406
        );
        assert_eq!(
            accept(&[r#"application/vnd.api+json; profile="https://example.com/x""#]),
            200
        );
    }

    #[test]
    fn accept_of_other_formats_or_with_no_weight_is_406() {
        for value in [
            "text/csv",
            "application/vnd.api+json;q=0",
            "application/json;q=0",
            "*/*;q=0.0",
            "nonsense",
        ] {
            assert_eq!(accept(&[value]), 406, "{value}");
        }
    }

    #[test]
    fn both_json_types_are_read() {
        for value in [
            "application/vnd.api+json",
            "application/json",
            "application/json; charset=UTF-8",
            r#"application/json; charset="utf-8""#,
            r#"application/vnd.api+json; profile="https://example.com/x""#,
        ] {
            assert_eq!(content_type(&[value]), 200, "{value}");
        }
    }

    #[test]
    fn a_parameter_on_our_type_and_every_other_type_is_415() {
        for value in [
            "application/vnd.api+json; charset=utf-8",
            r#"application/vnd.api+json; ext="https://example.com/x""#,
            "application/json; charset=latin1",
            "application/x-www-form-urlencoded",
            "text/plain",
            "nonsense",
            "",
        ] {
            assert_eq!(content_type(&[value]), 415, "{value}");
        }
        assert_eq!(content_type(&[]), 415);
        assert_eq!(content_type(&["application/json", "text/plain"]), 415);
    }

    #[test]
    fn a_content_type_without_a_body_is_tolerated() {
        let odd = headers(CONTENT_TYPE, &["application/vnd.api+json; charset=utf-8"]);
        assert_eq!(check_content_type(&odd, false), Ok(()));
    }
}
