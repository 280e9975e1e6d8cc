//! Values as people spell them: one strict spelling each, for filters and for strings in requests.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// Digits of a decimal number; more than fits into one.
const DIGITS: usize = 40;

/// Characters of an instant; nanoseconds and an offset fit.
const INSTANT: usize = 40;

/// A whole number such as `-12`.
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// A decimal number such as `-12.50`: digits on both sides of the point.
pub fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_plain = [whole, part]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if is_plain && text.len() <= DIGITS {
        Decimal::from_str_exact(text).ok()
    } else {
        None
    }
}

/// `true` or `false`.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A date, `YYYY-MM-DD` and nothing else.
pub fn date(text: &str) -> Option<Date> {
    let shape = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let is_plain = text.len() == 10 && text.bytes().enumerate().all(shape);
    if is_plain { text.parse().ok() } else { None }
}

/// An instant with its offset, such as `2027-05-07T15:00:00Z`.
pub fn instant(text: &str) -> Option<Timestamp> {
    let is_plain = text.len() <= INSTANT && !text.contains('[');
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_one_spelling() {
        assert_eq!(integer("-12"), Some(-12));
        for odd in [
            "",
            "-",
            "+1",
            "1.0",
            " 1",
            "1_0",
            "99999999999999999999",
            "--1",
        ] {
            assert_eq!(integer(odd), None, "{odd}");
        }
        assert_eq!(decimal("12.50").unwrap().to_string(), "12.50");
        assert_eq!(decimal("-3").unwrap().to_string(), "-3");
        for odd in ["", ".5", "5.", "1e3", "1_0", "+1", "1.2.3", "--1", "NaN"] {
            assert_eq!(decimal(odd), None, "{odd}");
        }
        assert_eq!(decimal(&"9".repeat(35)), None);
        assert!(date("2027-02-28").is_some());
        for odd in [
            "2027-02-30",
            "2027-2-28",
            "20270228",
            "2027-02-28T00:00",
            "２027-02-2",
        ] {
            assert_eq!(date(odd), None, "{odd}");
        }
        assert_eq!(
            instant("2027-05-07T15:00:00+02:00"),
            instant("2027-05-07T13:00:00Z")
        );
        for odd in ["2027-05-07", "2027-05-07T15:00:00", "noon"] {
            assert_eq!(instant(odd), None, "{odd}");
        }
        assert_eq!(boolean("True"), None);
    }
}
