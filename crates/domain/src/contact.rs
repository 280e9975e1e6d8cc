//! How to name and reach a person: a guest who stays, or a customer who books and pays.
//!
//! Plain text as people typed it, always data and never markup. All of it is personal data: what may
//! not be shown is left out by whoever renders it, and [`Contact::erase`] empties it for good.

use serde::{Deserialize, Serialize};

/// Name and addresses of a person. Every field may be empty; lengths are limited where they come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Form of address, such as `Dr.`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Given names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Family name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_name: String,
    /// Mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Telephone number as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Mobile number as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mobile: String,
    /// Fax number as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fax: String,
    /// Company or institution.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// Street and number, may have several lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Town.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// State, province or canton.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Postal code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postcode: String,
    /// Country as written, in any language.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// Country in two letters (ISO 3166-1), or empty when not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country_code: String,
}

impl Contact {
    /// First and last name with one blank between them, or the one that there is.
    #[must_use]
    pub fn full_name(&self) -> String {
        let names = [self.first_name.trim(), self.last_name.trim()];
        let given: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        given.join(" ")
    }

    /// Whether nothing is known of this person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Contact::default()
    }

    /// Forgets everything.
    pub fn erase(&mut self) {
        *self = Contact::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_has_no_stray_blanks() {
        let mut contact = Contact {
            first_name: " Ada ".into(),
            ..Contact::default()
        };
        assert_eq!(contact.full_name(), "Ada");
        contact.last_name = "Lovelace".into();
        assert_eq!(contact.full_name(), "Ada Lovelace");
        assert_eq!(Contact::default().full_name(), "");
    }

    #[test]
    fn missing_fields_read_as_empty_text() {
        let contact: Contact = serde_json::from_str(r#"{"last_name":"Okoro"}"#).unwrap();
        assert_eq!(contact.last_name, "Okoro");
        assert_eq!(contact.email, "");
    }

    #[test]
    fn an_erased_contact_is_empty() {
        let mut contact = Contact {
            email: "a@example.org".into(),
            ..Contact::default()
        };
        contact.erase();
        assert!(contact.is_empty());
    }
}
