//! Cells of rows: the three types that both engines share, and how Rust types become them.
//!
//! Booleans are 0 and 1, instants are Unix milliseconds, dates are days since 1970-01-01, and
//! enumerations are words. So one SQL text compares and sorts the same on either engine.

use domain::{booking::Status, id::Id};
use jiff::{Timestamp, ToSpan, civil::Date};

/// One row, in the order of its table's columns or of a query's select list.
pub type Row = Vec<Value>;

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A 64-bit integer.
    Int,
    /// UTF-8 text.
    Text,
    /// Raw bytes.
    Bytes,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// UTF-8 text.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What the cell holds, for messages; never its content.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "empty",
            Value::Int(_) => "this number",
            Value::Text(_) => "this text",
            Value::Bytes(_) => "these bytes",
        }
    }
}

/// A Rust type that fits one cell.
pub trait ColumnValue: Sized {
    /// The type of its column.
    const KIND: ColumnKind;
    /// The cell for this value.
    fn to_value(&self) -> Value;
    /// The value of a cell; `None` when the cell holds something else.
    fn from_value(value: Value) -> Option<Self>;
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<Id> for Value {
    fn from(value: Id) -> Self {
        Value::Int(value.get())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl ColumnValue for i64 {
    const KIND: ColumnKind = ColumnKind::Int;
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl ColumnValue for bool {
    const KIND: ColumnKind = ColumnKind::Int;
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(|value| value != 0)
    }
}

impl ColumnValue for String {
    const KIND: ColumnKind = ColumnKind::Text;
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl ColumnValue for Vec<u8> {
    const KIND: ColumnKind = ColumnKind::Bytes;
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => Some(value),
            _ => None,
        }
    }
}

impl ColumnValue for Id {
    const KIND: ColumnKind = ColumnKind::Int;
    fn to_value(&self) -> Value {
        Value::Int(self.get())
    }
    fn from_value(value: Value) -> Option<Self> {
        Id::new(i64::from_value(value)?)
    }
}

impl ColumnValue for Timestamp {
    const KIND: ColumnKind = ColumnKind::Int;
    fn to_value(&self) -> Value {
        Value::Int(self.as_millisecond())
    }
    fn from_value(value: Value) -> Option<Self> {
        Timestamp::from_millisecond(i64::from_value(value)?).ok()
    }
}

impl ColumnValue for Date {
    const KIND: ColumnKind = ColumnKind::Int;
    fn to_value(&self) -> Value {
        Value::Int(day_number(*self))
    }
    fn from_value(value: Value) -> Option<Self> {
        from_day_number(i64::from_value(value)?)
    }
}

impl ColumnValue for Status {
    const KIND: ColumnKind = ColumnKind::Text;
    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
    fn from_value(value: Value) -> Option<Self> {
        String::from_value(value)?.parse().ok()
    }
}

impl<T: ColumnValue> ColumnValue for Option<T> {
    const KIND: ColumnKind = T::KIND;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ColumnValue::to_value)
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days from 1970-01-01 to `date`; negative before it.
pub fn day_number(date: Date) -> i64 {
    i64::from(date.since(EPOCH).map_or(0, |span| span.get_days()))
}

/// The date that is `days` days after 1970-01-01; `None` outside the years -9999 to 9999.
pub fn from_day_number(days: i64) -> Option<Date> {
    EPOCH.checked_add(i32::try_from(days).ok()?.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_survives_its_day_number() {
        for date in [
            Date::constant(1969, 12, 31),
            Date::constant(2026, 2, 28),
            Date::constant(9999, 12, 31),
        ] {
            assert_eq!(from_day_number(day_number(date)), Some(date));
        }
        assert_eq!(day_number(Date::constant(1970, 1, 2)), 1);
    }

    #[test]
    fn a_cell_of_another_type_is_refused() {
        assert_eq!(i64::from_value(Value::from("7")), None);
        assert_eq!(Option::<Id>::from_value(Value::Null), Some(None));
        assert_eq!(Id::from_value(Value::Int(0)), None);
    }
}
