//! What goes around a list, and the object that says that a whole call was refused.

use serde::Serialize;

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListOut<T> {
    success: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    count: usize,
    pages: PagesOut,
    data: Vec<T>,
}

/// Whether there is more, and where.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PagesOut {
    next_page_exists: bool,
    next_page_link: Option<String>,
}

impl<T> ListOut<T> {
    /// A page with rows of that type; `next` is the address of the next page, where there is one.
    pub fn new(kind: &'static str, data: Vec<T>, next: Option<String>) -> Self {
        let pages = PagesOut {
            next_page_exists: next.is_some(),
            next_page_link: next,
        };
        Self {
            success: true,
            kind,
            count: data.len(),
            pages,
            data,
        }
    }
}

/// A whole call that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorOut {
    success: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    code: u16,
    error: String,
}

impl ErrorOut {
    /// A refusal with this HTTP status and sentence.
    pub fn new(code: u16, error: impl Into<String>) -> Self {
        Self {
            success: false,
            kind: "error",
            code,
            error: error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_keys_in_the_order_of_the_live_api() {
        let last = ListOut::new("booking", vec![1, 2], None);
        assert_eq!(
            serde_json::to_string(&last).unwrap(),
            r#"{"success":true,"type":"booking","count":2,"pages":{"nextPageExists":false,"nextPageLink":null},"data":[1,2]}"#
        );
        let first = ListOut::new(
            "room",
            vec![0; 0],
            Some("https://x/v2/bookings?page=2".into()),
        );
        assert_eq!(
            serde_json::to_string(&first).unwrap(),
            r#"{"success":true,"type":"room","count":0,"pages":{"nextPageExists":true,"nextPageLink":"https://x/v2/bookings?page=2"},"data":[]}"#
        );
    }

    #[test]
    fn an_error_is_an_object_with_its_status() {
        assert_eq!(
            serde_json::to_string(&ErrorOut::new(400, "Request body must be an array")).unwrap(),
            r#"{"success":false,"type":"error","code":400,"error":"Request body must be an array"}"#
        );
    }
}
