//! What a request says about an attribute, as a typed value. Numbers and flags may be written as
//! strings. Every mistake is reported where it stands.

use iso_currency::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde_json::{Map, Number, Value as Json};

use crate::error::{Code, Error, Errors, step};
use crate::kind::{Bounds, Kind, Member};
use crate::limits;
use crate::locale;
use crate::resource::Attribute;
use crate::spelling;
use crate::value::{Money, Value};

/// Reads the values of one request.
pub(crate) struct Coercion<'a> {
    /// The languages that there are; any if empty.
    pub locales: &'a [&'static str],
    /// Where mistakes go.
    pub errors: &'a mut Errors,
}

impl Coercion<'_> {
    /// The value of an attribute, or nothing if it makes no sense: then an error says why.
    pub fn attribute(&mut self, known: &Attribute, json: &Json, pointer: &str) -> Option<Value> {
        if json.is_null() && known.required {
            return self.wrong(pointer, format!("{} may not be null", known.name));
        }
        if json.is_null() {
            return Some(Value::Null);
        }
        if known.localized {
            return self.localized(known, json, pointer);
        }
        let value = self.value(known.kind, json, pointer)?;
        self.word(known, &value, pointer)?;
        self.within(known.bounds, &value, pointer)?;
        Some(value)
    }

    fn localized(&mut self, known: &Attribute, json: &Json, pointer: &str) -> Option<Value> {
        let Some(texts) = json.as_object() else {
            let detail = r#"Expected an object of texts by language, such as {"en": "Lodge"}"#;
            return self.wrong(pointer, detail);
        };
        let mut found = Vec::with_capacity(texts.len());
        for (name, json) in texts {
            let pointer = step(pointer, name);
            let Some(name) = self.locale(name, &pointer) else {
                continue;
            };
            let text = match json {
                Json::Null => Some(Value::Null),
                json => self.value(known.kind, json, &pointer),
            };
            if let Some(text) = text
                && self.within(known.bounds, &text, &pointer).is_some()
            {
                found.push((name, text));
            }
        }
        Some(Value::Localized(found))
    }

    fn locale(&mut self, name: &str, pointer: &str) -> Option<String> {
        let same = |locale: &&&str| locale.eq_ignore_ascii_case(name);
        if let Some(known) = self.locales.iter().find(same) {
            return Some((*known).to_owned());
        }
        if self.locales.is_empty() && locale::is_locale(name) {
            return Some(name.to_owned());
        }
        let detail = match self.locales {
            [] => "is no language".to_owned(),
            locales => format!("is none of: {}", locales.join(", ")),
        };
        self.wrong(pointer, format!("\"{}\" {detail}", shortened(name)))
    }

    fn value(&mut self, kind: Kind, json: &Json, pointer: &str) -> Option<Value> {
        let value = match (kind, json) {
            (Kind::Text, Json::String(text)) => return self.text(text, pointer),
            (Kind::Integer, Json::Number(number)) => integer(number).map(Value::Integer),
            (Kind::Integer, Json::String(text)) => spelling::integer(text).map(Value::Integer),
            (Kind::Decimal, Json::Number(number)) => decimal(number).map(Value::Decimal),
            (Kind::Decimal, Json::String(text)) => spelling::decimal(text).map(Value::Decimal),
            (Kind::Boolean, Json::Bool(flag)) => Some(Value::Boolean(*flag)),
            (Kind::Boolean, Json::String(text)) => spelling::boolean(text).map(Value::Boolean),
            (Kind::Date, Json::String(text)) => spelling::date(text).map(Value::Date),
            (Kind::DateTime, Json::String(text)) => spelling::instant(text).map(Value::DateTime),
            (Kind::Money, Json::Object(members)) => return self.money(members, pointer),
            (Kind::Object(known), Json::Object(members)) => {
                return self.object(known, members, pointer);
            }
            (Kind::Array(item), Json::Array(items)) => return self.array(*item, items, pointer),
            (Kind::Json, json) => return self.json(json, pointer),
            _ => None,
        };
        let value = value.filter(is_in_range);
        if value.is_none() {
            self.wrong(pointer, format!("Expected {}", kind.described()))
        } else {
            value
        }
    }

    fn text(&mut self, text: &str, pointer: &str) -> Option<Value> {
        if text.contains('\0') {
            return self.wrong(pointer, "The text has a null character");
        }
        if text.chars().count() > limits::TEXT_CHARACTERS {
            let most = limits::TEXT_CHARACTERS;
            return self.wrong(pointer, format!("Longer than {most} characters"));
        }
        Some(Value::Text(text.to_owned()))
    }

    fn money(&mut self, members: &Map<String, Json>, pointer: &str) -> Option<Value> {
        for name in members.keys().filter(|name| !is_of_money(name)) {
            self.unknown_member(name, pointer);
        }
        let code = members.get("currency").and_then(Json::as_str);
        let currency = code.and_then(Currency::from_code);
        let value = match members.get("value") {
            Some(Json::String(text)) => spelling::decimal(text),
            Some(Json::Number(number)) => decimal(number),
            _ => None,
        };
        let value = value.filter(|value| is_in_range(&Value::Decimal(*value)));
        if currency.is_none() {
            let detail = "Expected a currency of ISO 4217, such as EUR";
            self.wrong::<()>(&step(pointer, "currency"), detail);
        }
        if value.is_none() {
            let detail = r#"Expected a decimal number in a string, such as "12.50""#;
            self.wrong::<()>(&step(pointer, "value"), detail);
        }
        Some(Value::Money(Money {
            currency: currency?,
            value: value?,
        }))
    }

    fn object(
        &mut self,
        known: &[Member],
        members: &Map<String, Json>,
        pointer: &str,
    ) -> Option<Value> {
        let mut found = Vec::with_capacity(members.len());
        for (name, json) in members {
            let Some(member) = known.iter().find(|known| known.name == name) else {
                self.unknown_member(name, pointer);
                continue;
            };
            let pointer = step(pointer, name);
            let value = match json {
                // Said below, as if it were not there.
                Json::Null if member.required => None,
                Json::Null => Some(Value::Null),
                json => self.value(member.kind, json, &pointer),
            };
            if let Some(value) = value
                && self.within(member.bounds, &value, &pointer).is_some()
            {
                found.push((name.clone(), value));
            }
        }
        let is_set = |name| members.get(name).is_some_and(|json| !json.is_null());
        for member in known.iter().filter(|known| known.required) {
            if !is_set(member.name) {
                let place = step(pointer, member.name);
                self.wrong::<Value>(&place, format!("{} is missing", member.name));
            }
        }
        Some(Value::Object(found))
    }

    fn array(&mut self, item: Kind, items: &[Json], pointer: &str) -> Option<Value> {
        if items.len() > limits::ITEMS {
            let most = limits::ITEMS;
            return self.wrong(pointer, format!("More than {most} items"));
        }
        let mut found = Vec::with_capacity(items.len());
        for (index, json) in items.iter().enumerate() {
            found.extend(self.value(item, json, &format!("{pointer}/{index}")));
        }
        Some(Value::Array(found))
    }

    /// Databases have no place for the null character, however deep it stands.
    fn json(&mut self, json: &Json, pointer: &str) -> Option<Value> {
        if has_null_character(json) {
            return self.wrong(pointer, "A text has a null character");
        }
        Some(Value::Json(json.clone()))
    }

    fn word(&mut self, known: &Attribute, value: &Value, pointer: &str) -> Option<()> {
        match value {
            Value::Text(text) if !known.is_word(text) => {
                let detail = format!("Expected one of: {}", known.words.join(", "));
                self.wrong(pointer, detail)
            }
            _ => Some(()),
        }
    }

    fn within(&mut self, bounds: Option<Bounds>, value: &Value, pointer: &str) -> Option<()> {
        let Some(Bounds { least, most }) = bounds else {
            return Some(());
        };
        let (size, what) = match value {
            Value::Integer(number) => (Decimal::from(*number), "a number"),
            Value::Decimal(number) => (*number, "a number"),
            Value::Text(text) => (
                Decimal::from(text.chars().count()),
                "a text with characters",
            ),
            Value::Array(items) => (Decimal::from(items.len()), "a list with items"),
            _ => return Some(()),
        };
        if (Decimal::from(least)..=Decimal::from(most)).contains(&size) {
            return Some(());
        }
        self.wrong(pointer, format!("Expected {what} from {least} to {most}"))
    }

    fn unknown_member(&mut self, name: &str, pointer: &str) {
        let detail = format!("There is no member \"{}\"", shortened(name));
        self.wrong::<()>(&step(pointer, name), detail);
    }

    fn wrong<T>(&mut self, pointer: &str, detail: impl Into<String>) -> Option<T> {
        let error = Error::new(Code::InvalidAttribute, detail);
        self.errors.push(error.at(pointer));
        None
    }
}

impl Attribute {
    fn is_word(&self, text: &str) -> bool {
        self.words.is_empty() || self.words.contains(&text)
    }
}

fn is_of_money(name: &str) -> bool {
    matches!(name, "currency" | "value")
}

/// A whole number; `2.0` is one too, as JSON Schema has it.
fn integer(number: &Number) -> Option<i64> {
    let whole = || {
        let decimal = decimal(number)?;
        decimal.is_integer().then(|| decimal.to_i64())?
    };
    number.as_i64().or_else(whole)
}

/// A decimal number with all its digits, also if it is written with an exponent.
fn decimal(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    let exact = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
    exact.ok().or_else(|| Decimal::from_f64(number.as_f64()?))
}

fn is_in_range(value: &Value) -> bool {
    match value {
        Value::Decimal(number) => number.abs() <= Decimal::from(limits::DECIMAL),
        _ => true,
    }
}

fn has_null_character(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_null_character),
        Json::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_null_character(value)),
        _ => false,
    }
}

/// So much of a text from outside as a sentence bears.
fn shortened(text: &str) -> String {
    text.chars().take(limits::ID_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(known: Attribute, json: Json) -> Result<Value, Vec<String>> {
        let mut errors = Errors::default();
        let mut coercion = Coercion {
            locales: &["en", "de-AT"],
            errors: &mut errors,
        };
        let value = coercion.attribute(&known, &json, "/a");
        let told = |error: &Error| error.to_json()["source"]["pointer"].to_string();
        if errors.is_empty() {
            Ok(value.unwrap())
        } else {
            Err(errors.iter().map(told).collect())
        }
    }

    fn is_fine(kind: Kind, json: Json, expected: impl Into<Value>) {
        let attribute = Attribute::new("a", kind);
        assert_eq!(read(attribute, json.clone()), Ok(expected.into()), "{json}");
    }

    fn is_wrong(kind: Kind, json: Json) {
        let attribute = Attribute::new("a", kind);
        assert!(read(attribute, json.clone()).is_err(), "{json}");
    }

    #[test]
    fn numbers_and_flags_may_be_strings() {
        is_fine(Kind::Integer, json!("12"), 12);
        is_fine(Kind::Integer, json!(-12), -12);
        is_fine(Kind::Integer, json!(2.0), 2);
        is_fine(Kind::Boolean, json!("true"), true);
        is_fine(Kind::Boolean, json!(false), false);
        let number: Decimal = "12.50".parse().unwrap();
        is_fine(Kind::Decimal, json!("12.50"), number);
        is_fine(Kind::Decimal, json!(12.5), number);
        is_fine(Kind::Decimal, json!(1e-300), Decimal::ZERO);
    }

    #[test]
    fn every_kind_refuses_what_it_is_not() {
        for odd in [
            json!("1.5"),
            json!(1.5),
            json!(""),
            json!(true),
            json!([1]),
            json!("９"),
        ] {
            is_wrong(Kind::Integer, odd);
        }
        is_wrong(
            Kind::Integer,
            serde_json::from_str("9223372036854775808").unwrap(),
        );
        for odd in [json!("yes"), json!(1), json!("TRUE")] {
            is_wrong(Kind::Boolean, odd);
        }
        for odd in [
            json!("1e3"),
            json!(1e16),
            json!("1000000000000000"),
            json!({}),
        ] {
            is_wrong(Kind::Decimal, odd);
        }
        for odd in [
            json!("2027-02-30"),
            json!(20_270_228),
            json!("2027-02-28T00:00:00Z"),
        ] {
            is_wrong(Kind::Date, odd);
        }
        is_wrong(Kind::DateTime, json!("2027-02-28"));
        for odd in [
            json!(1),
            json!("a\u{0}b"),
            json!({}),
            json!("x".repeat(65_537)),
        ] {
            is_wrong(Kind::Text, odd);
        }
        is_wrong(Kind::Json, json!({ "a": ["\u{0}"] }));
        is_wrong(Kind::Array(&Kind::Integer), json!([1, null]));
        is_wrong(
            Kind::Array(&Kind::Integer),
            json!(vec![1; limits::ITEMS + 1]),
        );
    }

    #[test]
    fn money_is_a_currency_and_a_decimal_string() {
        let money = Money {
            currency: Currency::EUR,
            value: "12.50".parse().unwrap(),
        };
        is_fine(
            Kind::Money,
            json!({ "currency": "EUR", "value": "12.50" }),
            money,
        );
        is_fine(
            Kind::Money,
            json!({ "currency": "EUR", "value": 12.50 }),
            money,
        );
        let odd = json!({ "currency": "XYQ", "value": "many", "more": 1 });
        let pointers = read(Attribute::new("a", Kind::Money), odd).unwrap_err();
        assert_eq!(
            pointers,
            [r#""/a/more""#, r#""/a/currency""#, r#""/a/value""#]
        );
        is_wrong(Kind::Money, json!("12.50"));
    }

    #[test]
    fn every_mistake_inside_an_object_is_reported_at_its_place() {
        const PARTY: Kind = Kind::Object(&[
            Member::new("adults", Kind::Integer).between(0, 99),
            Member::new("note", Kind::Text),
        ]);
        is_fine(
            PARTY,
            json!({ "adults": "2" }),
            Value::object([("adults", 2)]),
        );
        let odd = json!({ "adults": 100, "note": 1, "a/b": 1 });
        let pointers = read(Attribute::new("a", PARTY), odd).unwrap_err();
        assert_eq!(pointers, [r#""/a/adults""#, r#""/a/note""#, r#""/a/a~1b""#]);
    }

    #[test]
    fn what_an_object_has_to_have_is_missed_at_its_place() {
        const GAP: Kind = Kind::Object(&[
            Member::new("name", Kind::Text).between(1, 5).required(),
            Member::new("value", Kind::Text),
        ]);
        is_fine(GAP, json!({ "name": "a" }), Value::object([("name", "a")]));
        let gaps = Attribute::new("a", Kind::Array(&GAP));
        let odd = json!([{ "name": "a" }, { "value": "b" }, { "name": null }, { "name": "" }]);
        let pointers = read(gaps, odd).unwrap_err();
        let expected = [r#""/a/1/name""#, r#""/a/2/name""#, r#""/a/3/name""#];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn localized_texts_come_by_language_and_in_languages_that_there_are() {
        let name = Attribute::new("a", Kind::Text).localized().between(1, 5);
        let given = json!({ "EN": "Lodge", "de-AT": null });
        let expected = vec![
            ("en".to_owned(), "Lodge".into()),
            ("de-AT".to_owned(), Value::Null),
        ];
        assert_eq!(read(name, given), Ok(Value::Localized(expected)));
        let odd = json!({ "fr": "Gîte", "en": 1, "de-AT": "Häuschen" });
        let expected = [r#""/a/fr""#, r#""/a/en""#, r#""/a/de-AT""#];
        assert_eq!(read(name, odd).unwrap_err(), expected);
        assert!(read(name, json!("Lodge")).is_err());
    }

    #[test]
    fn null_clears_what_is_not_required_and_words_are_a_closed_list() {
        let gender = Attribute::new("a", Kind::Text).one_of(&["male", "female", "other"]);
        assert_eq!(read(gender, json!(null)), Ok(Value::Null));
        assert_eq!(read(gender, json!("other")), Ok("other".into()));
        assert!(read(gender, json!("Other")).is_err());
        assert!(read(gender.required(), json!(null)).is_err());
    }

    #[test]
    fn bounds_count_values_characters_and_items() {
        let number = Attribute::new("a", Kind::Integer).between(-1, 3);
        assert!(read(number, json!(3)).is_ok() && read(number, json!("-2")).is_err());
        let text = Attribute::new("a", Kind::Text).between(1, 3);
        assert!(read(text, json!("äöü")).is_ok() && read(text, json!("")).is_err());
        let list = Attribute::new("a", Kind::Array(&Kind::Text)).between(0, 1);
        assert!(read(list, json!(["a"])).is_ok() && read(list, json!(["a", "b"])).is_err());
    }
}
