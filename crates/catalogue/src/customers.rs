//! People who book and pay, and people whom units belong to. They stand in the table `person`.

use domain::{contact::Contact, id::Id, text::Locale};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    sale::Extra,
    shared::{Details, Invalid, check_plain, person},
};

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonDetails {
    /// Name, addresses and numbers.
    pub contact: Contact,
    /// The language they read.
    pub language: Option<Locale>,
    /// When they were born.
    pub born_on: Option<Date>,
    /// The number under which the taxman knows them, for invoices.
    pub vat_number: String,
    /// What staff wrote about them.
    pub notes: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for PersonDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        let contact = &self.contact;
        let pieces = [
            &contact.first_name,
            &contact.last_name,
            &contact.company,
            &contact.email,
        ];
        pieces.into_iter().for_each(|piece| look(piece));
    }

    fn check(&self) -> Result<(), Invalid> {
        let contact = &self.contact;
        let fields = [
            ("first_name", &contact.first_name),
            ("last_name", &contact.last_name),
            ("phone", &contact.phone),
            ("mobile", &contact.mobile),
            ("company", &contact.company),
            ("city", &contact.city),
            ("postcode", &contact.postcode),
        ];
        if let Some((field, _)) = fields.into_iter().find(|(_, text)| text.len() > 1_000) {
            return Err(Invalid::new(field, "at most 1000 bytes"));
        }
        check_plain("address", &contact.address)?;
        check_plain("notes", &self.notes)?;
        check_email(&contact.email)?;
        check_country(&contact.country_code)
    }
}

/// A mail address, or nothing. What is between the two sides of the `@` is for those to judge who send.
pub(crate) fn check_email(email: &str) -> Result<(), Invalid> {
    let sides = email.rsplit_once('@');
    let is_address = sides.is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace)
    });
    if email.is_empty() || (is_address && email.len() <= 254) {
        return Ok(());
    }
    Err(Invalid::new("email", "a mail address, or nothing"))
}

/// A country in two letters, or nothing.
pub(crate) fn check_country(code: &str) -> Result<(), Invalid> {
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if code.is_empty() || is_code {
        return Ok(());
    }
    Err(Invalid::new("country_code", "two letters, or nothing"))
}

/// A mail address as it is searched for: in lower case, without blanks around it.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A telephone number as it is searched for: digits only, without the zeros or the plus of a call from
/// abroad, so that `+49 30 123`, `0049 30-123` are one number. A number without a country stays as it is.
pub fn phone_key(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let from_abroad = phone.trim_start().starts_with('+');
    match digits.strip_prefix("00") {
        Some(rest) if !from_abroad => rest.to_owned(),
        _ => digits,
    }
}

person!(
    /// Who books and pays.
    Customer, "customer", PersonDetails
);

person!(
    /// Who owns units that others let for them.
    Owner, "owner", PersonDetails
);

person!(
    /// Who does work that others pay for.
    Contractor, "contractor", PersonDetails
);

/// A booking's money and words as a whole: what was bought together, under the id of its master booking.
/// A booking that nobody said more about has no row.
#[derive(Clone, Debug, PartialEq, catalogue_derive::Kind)]
#[kind(table = "order")]
pub struct Order {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The id of the master booking: of the booking itself where it stands alone.
    #[column(key)]
    pub id: Id,
    /// The organization of the master booking.
    #[column]
    pub organization_id: Option<Id>,
    /// The number that people say on the telephone; empty for none.
    #[column]
    pub reference: String,
    /// What the system calls it that it came from; empty for nothing.
    #[column]
    pub external_reference: String,
    /// Who books and pays.
    #[column]
    pub customer_id: Option<Id>,
    /// The owner who books their own unit.
    #[column]
    pub owner_id: Option<Id>,
    /// The channel it came through.
    #[column]
    pub channel_id: Option<Id>,
    /// When it was first confirmed.
    #[column]
    pub confirmed_at: Option<jiff::Timestamp>,
    /// When it was made, by the tenant's clock.
    #[column]
    pub created_at: jiff::Timestamp,
    /// When it was last changed, by the tenant's clock.
    #[column]
    pub changed_at: jiff::Timestamp,
    /// Counts the writes.
    #[column]
    pub version: i64,
    /// Everything else.
    pub details: OrderDetails,
}

impl Order {
    /// The order of a master booking, that is stamped when it is written.
    pub fn new(id: Id, organization_id: Id) -> Self {
        Self {
            tenant_id: id,
            id,
            organization_id: Some(organization_id),
            reference: String::new(),
            external_reference: String::new(),
            customer_id: None,
            owner_id: None,
            channel_id: None,
            confirmed_at: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            changed_at: jiff::Timestamp::UNIX_EPOCH,
            version: 1,
            details: OrderDetails::default(),
        }
    }
}

/// What else an order says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderDetails {
    /// Under which rule it can be called off.
    pub cancellation_rule_id: Option<Id>,
    /// The campaign that took something off.
    pub campaign_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for OrderDetails {
    fn references(&self) -> Vec<crate::shared::Reference> {
        use crate::{
            content::{Campaign, CancellationRule},
            shared::Reference,
        };
        let rule = self.cancellation_rule_id;
        let rule = rule.map(|id| Reference::to::<CancellationRule>("cancellation_rule_id", id));
        let campaign = self.campaign_id;
        let campaign = campaign.map(|id| Reference::to::<Campaign>("campaign_id", id));
        rule.into_iter().chain(campaign).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_key_however_it_is_written() {
        for written in [
            "+49 30 123-45",
            "0049 30 12345",
            "+49 (30) 123 45",
            "493012345",
        ] {
            assert_eq!(phone_key(written), "493012345", "{written}");
        }
        assert_eq!(phone_key("030 12345"), "03012345");
        assert_eq!(phone_key("—"), "");
        assert_eq!(email_key(" Ada@Example.ORG "), "ada@example.org");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for good in ["", "a@b", "o'neill+x@sub.example.org"] {
            assert_eq!(check_email(good), Ok(()), "{good}");
        }
        for bad in ["a", "@b", "a@", "a b@c", "a@b\n"] {
            assert!(check_email(bad).is_err(), "{bad:?}");
        }
        assert!(check_country("DEU").is_err());
        assert_eq!(check_country("de"), Ok(()));
    }
}
