//! The value of an attribute, typed: read from requests, handed over by stores, written to documents.

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::kind::Kind;
use crate::locale::Locales;
use crate::resource::Attribute;
use crate::written::ValueOut;

/// An amount in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Which currency, ISO 4217.
    pub currency: Currency,
    /// How much, in whole units of it.
    pub value: Decimal,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None.
    Null,
    /// Of [`Kind::Text`].
    Text(String),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Decimal`].
    Decimal(Decimal),
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Date`].
    Date(Date),
    /// Of [`Kind::DateTime`].
    DateTime(Timestamp),
    /// Of [`Kind::Money`].
    Money(Money),
    /// Of [`Kind::Object`]: members in order.
    Object(Vec<(String, Value)>),
    /// Of [`Kind::Array`].
    Array(Vec<Value>),
    /// Of a localized attribute: a value per locale.
    Localized(Vec<(String, Value)>),
    /// Of [`Kind::Json`].
    Json(Json),
}

impl Value {
    /// A text in some languages.
    pub fn localized<L, T>(texts: impl IntoIterator<Item = (L, T)>) -> Value
    where
        L: Into<String>,
        T: Into<Value>,
    {
        let pair = |(locale, text): (L, T)| (locale.into(), text.into());
        Value::Localized(texts.into_iter().map(pair).collect())
    }

    /// An object with these members.
    pub fn object<V: Into<Value>>(members: impl IntoIterator<Item = (&'static str, V)>) -> Value {
        let pair = |(name, value): (&'static str, V)| (name.to_owned(), value.into());
        Value::Object(members.into_iter().map(pair).collect())
    }

    /// The member of an object, or the text of a locale.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        let (Value::Object(members) | Value::Localized(members)) = self else {
            return None;
        };
        let found = members.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The decimal number, if it is one.
    #[must_use]
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// The flag, if it is one.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Value::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The date, if it is one.
    #[must_use]
    pub fn as_date(&self) -> Option<Date> {
        match self {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The instant, if it is one.
    #[must_use]
    pub fn as_instant(&self) -> Option<Timestamp> {
        match self {
            Value::DateTime(instant) => Some(*instant),
            _ => None,
        }
    }

    /// The amount, if it is one.
    #[must_use]
    pub fn as_money(&self) -> Option<Money> {
        match self {
            Value::Money(money) => Some(*money),
            _ => None,
        }
    }

    /// The items of a list, if it is one.
    #[must_use]
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The texts of all languages, if it is localized.
    #[must_use]
    pub fn as_localized(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Localized(texts) => Some(texts),
            _ => None,
        }
    }

    /// Whether it is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// As JSON; localized texts are limited to these locales.
    #[must_use]
    pub fn to_json(&self, locales: &Locales) -> Json {
        serde_json::to_value(ValueOut(self, locales)).unwrap_or_default()
    }

    /// Whether an attribute that is so declared can have this value.
    #[must_use]
    pub fn fits(&self, attribute: &Attribute) -> bool {
        match self {
            Value::Null => true,
            Value::Localized(texts) if attribute.localized => texts
                .iter()
                .all(|(_, text)| matches!(text, Value::Text(_) | Value::Null)),
            _ => !attribute.localized && self.is_of(attribute.kind),
        }
    }

    /// Whether it is of this kind, or null.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Value::Null, _)
            | (Value::Text(_), Kind::Text)
            | (Value::Integer(_), Kind::Integer)
            | (Value::Decimal(_), Kind::Decimal)
            | (Value::Boolean(_), Kind::Boolean)
            | (Value::Date(_), Kind::Date)
            | (Value::DateTime(_), Kind::DateTime)
            | (Value::Money(_), Kind::Money)
            | (Value::Json(_), Kind::Json) => true,
            (Value::Array(items), Kind::Array(item)) => {
                items.iter().all(|value| value.is_of(*item))
            }
            (Value::Object(values), Kind::Object(members)) => values.iter().all(|(name, value)| {
                let member = members.iter().find(|member| member.name == name);
                member.is_some_and(|member| value.is_of(member.kind))
            }),
            _ => false,
        }
    }
}

macro_rules! from {
    ($( $from:ty => |$value:ident| $to:expr; )*) => {
        $( impl From<$from> for Value { fn from($value: $from) -> Value { $to } } )*
    };
}

from! {
    &str => |value| Value::Text(value.to_owned());
    String => |value| Value::Text(value);
    i64 => |value| Value::Integer(value);
    i32 => |value| Value::Integer(value.into());
    u32 => |value| Value::Integer(value.into());
    Decimal => |value| Value::Decimal(value);
    bool => |value| Value::Boolean(value);
    Date => |value| Value::Date(value);
    Timestamp => |value| Value::DateTime(value);
    Money => |value| Value::Money(value);
    Json => |value| Value::Json(value);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::Array(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: impl Into<Value>) -> Json {
        value.into().to_json(&Locales::all())
    }

    #[test]
    fn values_are_written_as_the_dialect_spells_them() {
        let money = Money {
            currency: Currency::EUR,
            value: "12.50".parse().unwrap(),
        };
        assert_eq!(written(money), json!({"currency": "EUR", "value": "12.50"}));
        assert_eq!(written(jiff::civil::date(2027, 5, 7)), json!("2027-05-07"));
        let instant: Timestamp = "2027-05-07T15:00:00+02:00".parse().unwrap();
        assert_eq!(written(instant), json!("2027-05-07T13:00:00Z"));
        assert_eq!(written(None::<&str>), Json::Null);
        assert_eq!(written(vec!["a", "b"]), json!(["a", "b"]));
        let party = Value::object([("seniors", 0), ("adults", 2)]);
        assert_eq!(written(party).to_string(), r#"{"seniors":0,"adults":2}"#);
    }

    #[test]
    fn decimals_keep_their_digits() {
        let number: Decimal = "1234567890.1234567890".parse().unwrap();
        assert_eq!(written(number).to_string(), "1234567890.1234567890");
    }

    #[test]
    fn localized_texts_are_limited_to_what_was_asked_for() {
        let name = Value::localized([("en", "Lodge"), ("nl", "Huisje"), ("de", "Haus")]);
        let locales = Locales::of(["nl", "de"]);
        assert_eq!(
            name.to_json(&locales),
            json!({"nl": "Huisje", "de": "Haus"})
        );
        assert_eq!(name.member("en"), Some(&Value::from("Lodge")));
    }

    #[test]
    fn a_value_of_another_kind_does_not_fit() {
        let name = Attribute::new("name", Kind::Text);
        assert!(Value::from("a").fits(&name));
        assert!(Value::Null.fits(&name));
        assert!(!Value::from(1).fits(&name));
        assert!(!Value::localized([("en", "a")]).fits(&name));
        assert!(!Value::from("a").fits(&name.localized()));
        assert!(Value::localized([("en", "a")]).fits(&name.localized()));
    }
}
