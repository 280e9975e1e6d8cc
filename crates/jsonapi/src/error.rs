//! Errors: the closed list of codes, one error, and several of them as a body.
//!
//! An [`Error`] always has a status, a code, a title and a detail that a person can read, and says
//! where the mistake is: a pointer into the document, the name of a parameter, or of a header.
//! [`Errors`] collects all that is wrong with a request, so that it can be put right in one go.

use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value as Json, json};

use crate::limits;

macro_rules! codes {
    ($( $(#[doc = $doc:literal])* $name:ident, $word:literal, $status:ident, $title:literal; )*) => {
        /// What went wrong, as a word that programs can compare.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $( $(#[doc = $doc])* $name, )* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[ $( Code::$name, )* ];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Code::$name => $word, )* }
            }

            /// The HTTP status that it has unless somebody says otherwise.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $( Code::$name => StatusCode::$status, )* }
            }

            /// A short summary, the same at every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Code::$name => $title, )* }
            }
        }
    };
}

codes! {
    /// The app was halted.
    ApplicationHalted, "APPLICATION_HALTED", FORBIDDEN, "Application halted";
    /// The request does not go with what is there: another type or id, or something changed meanwhile.
    Conflict, "CONFLICT", CONFLICT, "Conflict";
    /// A path of `include` leads to a type that the caller may not read.
    ForbiddenInclude, "FORBIDDEN_INCLUDE", FORBIDDEN, "Forbidden include";
    /// The request says what it may not say: it sets what only the server sets, its body is no
    /// JSON:API document, or a parameter outside the standard families makes no sense.
    ForbiddenInput, "FORBIDDEN_INPUT", BAD_REQUEST, "Forbidden input";
    /// Our fault; the client may try again.
    InternalServerError, "INTERNAL_SERVER_ERROR", INTERNAL_SERVER_ERROR, "Internal server error";
    /// An attribute has a value that it cannot have.
    InvalidAttribute, "INVALID_ATTRIBUTE", UNPROCESSABLE_ENTITY, "Invalid attribute";
    /// A `fields[…]` parameter names something that is not there.
    InvalidFieldset, "INVALID_FIELDSET", BAD_REQUEST, "Invalid fieldset";
    /// A `filter[…]` parameter cannot be understood.
    InvalidFilter, "INVALID_FILTER", BAD_REQUEST, "Invalid filter";
    /// The `include` parameter names something that is not there.
    InvalidInclude, "INVALID_INCLUDE", BAD_REQUEST, "Invalid include";
    /// A `page[…]` parameter cannot be understood.
    InvalidPagination, "INVALID_PAGINATION", BAD_REQUEST, "Invalid pagination";
    /// A relationship has a shape (400) or a value (422) that it cannot have.
    InvalidRelationship, "INVALID_RELATIONSHIP", UNPROCESSABLE_ENTITY, "Invalid relationship";
    /// The `sort` parameter names something that cannot be sorted by.
    InvalidSorting, "INVALID_SORTING", BAD_REQUEST, "Invalid sorting";
    /// No credential, or one that is not valid.
    InvalidToken, "INVALID_TOKEN", UNAUTHORIZED, "Invalid token";
    /// The administration was not granted.
    NoAdministrationAccess, "NO_ADMINISTRATION_ACCESS", FORBIDDEN, "No access to the administration";
    /// The channel was not granted.
    NoChannelAccess, "NO_CHANNEL_ACCESS", FORBIDDEN, "No access to the channel";
    /// A scope is missing; the detail names those that would do.
    NoValidScope, "NO_VALID_SCOPE", FORBIDDEN, "No valid scope";
    /// Too many calls.
    RateLimited, "RATE_LIMITED", TOO_MANY_REQUESTS, "Rate limited";
    /// There is no such thing, or the caller may not know of it.
    ResourceNotFound, "RESOURCE_NOT_FOUND", NOT_FOUND, "Resource not found";
    /// The subscription was cancelled.
    SubscriptionCancelled, "SUBSCRIPTION_CANCELLED", FORBIDDEN, "Subscription cancelled";
    /// The document has an attribute that the type does not have.
    UnknownAttribute, "UNKNOWN_ATTRIBUTE", BAD_REQUEST, "Unknown attribute";
    /// The client accepts nothing that we can send.
    UnknownFormat, "UNKNOWN_FORMAT", NOT_ACCEPTABLE, "Unknown format";
    /// The document has a relationship that the type does not have.
    UnknownRelationship, "UNKNOWN_RELATIONSHIP", BAD_REQUEST, "Unknown relationship";
    /// A version that there is not.
    UnknownVersion, "UNKNOWN_VERSION", BAD_REQUEST, "Unknown version";
    /// The body has a media type that we do not read.
    UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
}

/// Where the mistake is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON Pointer (RFC 6901) into the request document.
    Pointer(String),
    /// The name of a query parameter, decoded.
    Parameter(String),
    /// The name of a header.
    Header(&'static str),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The HTTP status of this error; a string on the wire.
    pub status: StatusCode,
    /// What went wrong, for programs.
    pub code: Code,
    /// What went wrong this time, for people. Clients show it.
    pub detail: String,
    /// Where.
    pub source: Option<Source>,
}

impl Error {
    /// An error with the usual status of its code.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Error {
        Error {
            status: code.status(),
            code,
            detail: detail.into(),
            source: None,
        }
    }

    /// At this place of the request document.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Error {
        self.source = Some(Source::Pointer(pointer.into()));
        self
    }

    /// In this parameter.
    #[must_use]
    pub fn in_parameter(mut self, name: impl Into<String>) -> Error {
        self.source = Some(Source::Parameter(name.into()));
        self
    }

    /// In this header.
    #[must_use]
    pub fn in_header(mut self, name: &'static str) -> Error {
        self.source = Some(Source::Header(name));
        self
    }

    /// With another status than its code usually has.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Error {
        self.status = status;
        self
    }

    /// The error object.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("status".into(), self.status.as_str().into());
        object.insert("code".into(), self.code.as_str().into());
        object.insert("title".into(), self.code.title().into());
        object.insert("detail".into(), self.detail.as_str().into());
        let source = self.source.as_ref().map(|source| match source {
            Source::Pointer(pointer) => json!({ "pointer": pointer }),
            Source::Parameter(name) => json!({ "parameter": name }),
            Source::Header(name) => json!({ "header": name }),
        });
        if let Some(source) = source {
            object.insert("source".into(), source);
        }
        Json::Object(object)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.as_str(), self.detail)
    }
}

/// All that is wrong with one request. Empty while nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// Adds one, unless it has been said already, or there are [`limits::ERRORS`] of them.
    pub fn push(&mut self, error: Error) {
        if self.0.len() < limits::ERRORS && !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// Keeps what went well, and collects what did not.
    pub fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Error> {
        self.0.iter()
    }

    /// The value, if nothing is wrong.
    ///
    /// # Errors
    /// Those collected.
    pub fn unless_any<T>(self, value: T) -> Result<T, Errors> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// The status of the whole answer: the one that all share, or the most general of their family.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        let mut statuses = self.0.iter().map(|error| error.status);
        let Some(first) = statuses.next() else {
            return StatusCode::INTERNAL_SERVER_ERROR;
        };
        if statuses.all(|status| status == first) {
            first
        } else if self.0.iter().any(|error| error.status.is_server_error()) {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        }
    }

    /// The body: `{"errors": […]}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let errors: Vec<Json> = self.0.iter().map(Error::to_json).collect();
        json!({ "errors": errors })
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors(vec![error])
    }
}

impl Extend<Error> for Errors {
    fn extend<I: IntoIterator<Item = Error>>(&mut self, errors: I) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(out, "{between}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// One more step of a JSON Pointer, escaped as RFC 6901 has it.
#[must_use]
pub fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_24_codes_and_no_two_are_the_same() {
        assert_eq!(Code::ALL.len(), 24);
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn the_status_is_a_string_and_every_error_has_a_detail_and_a_title() {
        let error = Error::new(Code::InvalidFilter, "No such field").in_parameter("filter[x]");
        assert_eq!(
            error.to_json(),
            json!({
                "status": "400", "code": "INVALID_FILTER", "title": "Invalid filter",
                "detail": "No such field", "source": { "parameter": "filter[x]" },
            })
        );
    }

    #[test]
    fn several_errors_have_the_most_general_status() {
        let with = |codes: &[Code]| {
            let mut errors = Errors::default();
            for (index, code) in codes.iter().enumerate() {
                errors.push(Error::new(*code, index.to_string()));
            }
            errors.status().as_u16()
        };
        assert_eq!(with(&[Code::InvalidAttribute, Code::InvalidAttribute]), 422);
        assert_eq!(with(&[Code::InvalidAttribute, Code::Conflict]), 400);
        assert_eq!(with(&[Code::Conflict, Code::InternalServerError]), 500);
    }

    #[test]
    fn the_same_error_is_said_once_and_a_flood_is_cut() {
        let mut errors = Errors::default();
        for index in 0..2_000 {
            errors.push(Error::new(Code::UnknownAttribute, (index / 2).to_string()));
        }
        assert_eq!(errors.iter().count(), limits::ERRORS);
        assert_eq!(
            errors.iter().nth(1).map(|error| error.detail.as_str()),
            Some("1")
        );
    }

    #[test]
    fn steps_of_a_pointer_are_escaped() {
        assert_eq!(
            step("/data/attributes", "a/b~c"),
            "/data/attributes/a~1b~0c"
        );
    }
}
