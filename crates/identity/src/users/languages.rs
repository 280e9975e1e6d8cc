//! The languages that a browser asks for.

use domain::text::Locale;
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The most languages that are kept of one request.
const MOST: usize = 8;

/// The longest header that is read, in bytes.
const LONGEST: usize = 1_024;

/// The languages of `Accept-Language`, best first, each once. What has a weight of 0 is not asked for, a star
/// says nothing, and what is no language is passed over: nobody is refused a page over this header.
#[must_use]
pub fn preferred(headers: &HeaderMap) -> Vec<Locale> {
    let lines = headers.get_all(ACCEPT_LANGUAGE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let ranges = lines
        .filter(|line| line.len() <= LONGEST)
        .flat_map(|line| line.split(','))
        .filter_map(weighed);
    let mut ranges: Vec<(Locale, u16)> = ranges.collect();
    // Of two with the same weight the one that is named first comes first.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let mut languages = Vec::new();
    for (language, _) in ranges {
        if languages.len() < MOST && !languages.contains(&language) {
            languages.push(language);
        }
    }
    languages
}

/// A language with its weight in thousandths.
fn weighed(range: &str) -> Option<(Locale, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?;
    // Of what has a script or a dialect the language is understood at least.
    let language = name.parse().or_else(|_| {
        let language = name.split('-').next().unwrap_or_default();
        language.parse()
    });
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    let weight = weight.map_or(Some(1_000), thousandths)?;
    let language = language.ok()?;
    (weight > 0).then_some((language, weight))
}

/// `0.7` in thousandths; none for what is no weight from 0 to 1.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_number = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match whole {
        "0" => 0,
        "1" => 1_000,
        _ => return None,
    };
    let rest: u16 = format!("{rest:0<3}").parse().ok().filter(|_| is_number)?;
    Some(whole + rest).filter(|weight| *weight <= 1_000)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_str(line).unwrap());
        }
        let languages = preferred(&headers);
        languages.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_best_comes_first_and_each_once() {
        assert_eq!(asked(&["de-AT, de;q=0.9, en;q=0.5"]), ["de-AT", "de", "en"]);
        assert_eq!(
            asked(&["en;q=0.2,DE;q=0.25", "de,fr;q=1.0"]),
            ["de", "fr", "en"]
        );
        assert_eq!(asked(&["zh-Hant-TW"]), ["zh"]);
    }

    #[test]
    fn what_is_not_asked_for_or_no_language_is_passed_over() {
        assert!(asked(&[]).is_empty());
        assert!(asked(&["*, de;q=0, en;q=2, fr;q=x, nl;q=0.1234, 12, ,;"]).is_empty());
        assert!(asked(&[&"de,".repeat(LONGEST)]).is_empty());
        let many = "aa,ab,ac,ad,ae,af,ag,ah,ai,aj";
        assert_eq!(asked(&[many]).len(), MOST);
    }
}
