//! One element of the array that answers a write: what became of one item.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::check::Problem;

/// A sentence about an item or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What was attempted: `new booking`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// Which item or subitem it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Which field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Remark {
    /// A remark on what was attempted.
    pub fn on(action: &'static str) -> Self {
        Self {
            action: Some(action),
            ..Self::default()
        }
    }

    /// The same, about this item.
    pub fn id(mut self, id: i64) -> Self {
        self.id = Some(id);
        self
    }

    /// The same, about this field.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with these words.
    pub fn says(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

/// What became of one item. Empty parts are left out, and the parts stand in the vendor's order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Element {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Box<Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Remark>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Remark>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    info: Vec<Remark>,
}

impl Element {
    /// An element about which nothing is said yet: a success.
    pub fn new() -> Self {
        Self {
            success: true,
            ..Self::default()
        }
    }

    /// An element that says one error.
    pub fn refused(remark: Remark) -> Self {
        let mut element = Self::new();
        element.error(remark);
        element
    }

    /// Shows what was made. It is written at once, because it is the largest part of the answer and
    /// nobody looks into it again.
    pub fn made(&mut self, item: &impl Serialize) {
        self.new = to_raw_value(item).ok();
    }

    /// Shows what was changed.
    pub fn changed(&mut self, fields: Map<String, Value>) {
        self.modified = Some(Box::new(Value::Object(fields)));
    }

    /// Says what failed.
    pub fn error(&mut self, remark: Remark) {
        self.success = false;
        self.errors.push(remark);
    }

    /// Says what was left out although the rest was done. Measured answers say `success: false`
    /// with warnings alone, so a warning ends the success too.
    pub fn warn(&mut self, remark: Remark) {
        self.success = false;
        self.warnings.push(remark);
    }

    /// Says something that changes no verdict.
    pub fn inform(&mut self, remark: Remark) {
        self.info.push(remark);
    }

    /// Whether everything that was asked for was done.
    pub fn is_success(&self) -> bool {
        self.success
    }

    /// Whether an error was said.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Says all problems of an item: the fatal ones as errors, the others as warnings.
    pub fn problems(&mut self, action: &'static str, problems: Vec<Problem>) {
        for problem in problems {
            let remark = Remark::on(action)
                .field(problem.path)
                .says(expectation(&problem.expected));
            if problem.fatal {
                self.error(remark)
            } else {
                self.warn(remark)
            }
        }
    }
}

/// The vendor's word, and what it does not say: what would have been right.
pub fn expectation(expected: &str) -> String {
    format!("invalid, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refused_booking_reads_as_the_vendor_writes_it() {
        let element = Element::refused(Remark::on("new booking").field("arrival").says("invalid"));
        assert_eq!(
            serde_json::to_string(&element).unwrap(),
            r#"{"success":false,"errors":[{"action":"new booking","field":"arrival","message":"invalid"}]}"#
        );
    }

    #[test]
    fn a_made_booking_comes_with_its_id_twice_and_no_empty_parts() {
        let mut element = Element::new();
        element.inform(Remark::on("new booking").id(90_923_575));
        element.made(&json!({"id": 90_923_575}));
        assert_eq!(
            serde_json::to_string(&element).unwrap(),
            r#"{"success":true,"new":{"id":90923575},"info":[{"action":"new booking","id":90923575}]}"#
        );
    }

    #[test]
    fn a_warning_ends_the_success_although_something_changed() {
        let mut element = Element::new();
        element.changed(Map::from_iter([("roomId".to_owned(), json!(1))]));
        element.warn(
            Remark::default()
                .field("webhooks_additionalData")
                .says("Invalid"),
        );
        assert_eq!(
            serde_json::to_string(&element).unwrap(),
            r#"{"success":false,"modified":{"roomId":1},"warnings":[{"field":"webhooks_additionalData","message":"Invalid"}]}"#
        );
    }
}
