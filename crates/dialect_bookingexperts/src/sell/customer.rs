//! Who books: somebody new, somebody known, or somebody known of whom something has changed.
//!
//! The booking carries the name as well, so that every other API of the house shows it. Whoever may write
//! reservations and no customers has the customer kept in the reservation alone.

use domain::{contact::Contact, id::Id, text::Locale};
use http_kit::{Call, Refusal};
use jsonapi::{Aim, Change, Draft, Value};
use service::{
    Service,
    customers::{Customer, PersonDetails},
    patch::ContactField,
    records::{Write, change, create},
};

use super::bad;
use crate::errors::refused;
use crate::kinds::bookings::CUSTOMER;
use crate::read::Look;

/// Who books.
#[derive(Default)]
pub struct Booker {
    /// The account, if there is one.
    pub id: Option<Id>,
    /// What is written of the account.
    pub write: Option<Write>,
    /// Name and addresses.
    pub contact: Contact,
    /// The language that they read; empty if nobody said.
    pub language: String,
}

/// How attributes of a customer are called here.
const FIELDS: &[(&str, ContactField)] = &[
    ("title", ContactField::Title),
    ("first_name", ContactField::FirstName),
    ("last_name", ContactField::LastName),
    ("company", ContactField::Company),
    ("email", ContactField::Email),
    ("phone", ContactField::Phone),
    ("mobile_phone", ContactField::Mobile),
    ("address", ContactField::Address),
    ("postal_code", ContactField::Postcode),
    ("city", ContactField::City),
    ("province", ContactField::Region),
    ("country_code", ContactField::CountryCode),
];

/// Who books, by the booking of a request.
///
/// # Errors
/// 404 for a customer who is not there; 422 for a language that is none.
pub async fn booker(
    (service, call): (&Service, &Call),
    look: &Look<'_>,
    request: &Change,
    booking: &Draft,
    organization_id: Id,
) -> Result<Booker, Refusal> {
    let Some(draft) = request.sideposted(booking, "customer").next() else {
        let Some(id) = booking.linked_id("customer") else {
            return Ok(Booker::default());
        };
        let known = known(look, id).await?;
        let missing = || {
            let to = jsonapi::Identifier::new("customer", id);
            bad(booking.missing_link("customer", &to))
        };
        return Ok(Booker::account(known.ok_or_else(missing)?));
    };
    let said = Said::read(draft)?;
    if let Aim::Update(id) = &draft.aim {
        let known = known(look, id).await?;
        let missing = || {
            let to = jsonapi::Identifier::new("customer", id);
            bad(booking.missing_link("customer", &to))
        };
        let mut customer = known.ok_or_else(missing)?;
        said.write(&mut customer.details);
        let id = customer.id;
        let write = change::<Customer>(id, move |row| {
            said.write(&mut row.details);
            Ok(())
        });
        return Ok(Booker {
            write: Some(write),
            ..Booker::account(customer)
        });
    }
    let mut details = PersonDetails::default();
    said.write(&mut details);
    let id = service.new_id(&call.actor);
    let mut customer = Customer::new(id, details);
    // An account belongs to the administration where it was opened.
    customer.organization_id = Some(organization_id);
    let mut booker = Booker::account(customer.clone());
    let word = CUSTOMER.write.unwrap_or_default();
    if call.caller.needs_scope(&[word]).is_ok() {
        booker.write = Some(create(customer));
    } else {
        booker.id = None;
    }
    Ok(booker)
}

async fn known(look: &Look<'_>, id: &str) -> Result<Option<Customer>, Refusal> {
    let Ok(id) = id.parse::<Id>() else {
        return Ok(None);
    };
    look.reading.one::<Customer>(id).await.map_err(refused)
}

impl Booker {
    fn account(customer: Customer) -> Self {
        let language = customer.details.language.as_ref();
        Self {
            id: Some(customer.id),
            write: None,
            language: language.map_or_else(String::new, |locale| locale.language().to_owned()),
            contact: customer.details.contact,
        }
    }
}

/// What a request says of a person.
struct Said {
    fields: Vec<(ContactField, String)>,
    language: Option<Option<Locale>>,
    born_on: Option<Option<jiff::civil::Date>>,
    vat_number: Option<String>,
}

impl Said {
    fn read(draft: &Draft) -> Result<Self, Refusal> {
        let text = |name: &str| {
            let value = draft.value(name)?;
            Some(value.as_text().unwrap_or_default().to_owned())
        };
        let fields = FIELDS.iter();
        let fields = fields.filter_map(|(name, field)| Some((*field, text(name)?)));
        let language = match text("language").as_deref() {
            None => None,
            Some("") => Some(None),
            Some(word) => match word.parse::<Locale>() {
                Ok(locale) => Some(Some(locale)),
                Err(_) => {
                    let detail = "Expected a language such as en or de-AT";
                    return Err(bad(draft.refuse("language", detail)));
                }
            },
        };
        Ok(Self {
            fields: fields.collect(),
            language,
            born_on: draft.value("date_of_birth").map(Value::as_date),
            vat_number: text("vat_number"),
        })
    }

    fn write(&self, details: &mut PersonDetails) {
        for (field, text) in &self.fields {
            field.of(&mut details.contact).clone_from(text);
        }
        if let Some(language) = &self.language {
            details.language.clone_from(language);
        }
        if let Some(born_on) = self.born_on {
            details.born_on = born_on;
        }
        if let Some(number) = &self.vat_number {
            details.vat_number.clone_from(number);
        }
    }
}
