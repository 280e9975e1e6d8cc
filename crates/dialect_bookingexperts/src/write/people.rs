//! Customers, owners, guests, contracts, and work.

use domain::contact::Contact;
use jiff::Timestamp;
use jsonapi::Identifier;
use service::{
    customers::{Contractor, Customer, Owner, PersonDetails},
    kept::{Agreement, GuestMutation, GuestMutationDetails, Review, Todo},
    records::{Write, create, remove},
    sale::{Booking, Guest, Registration},
};

use super::{Stand, Wish, Writes, Written};
use crate::read::Shown;
use crate::rows::{bookings::BookingShown, operations as o, people as p, structure as s};

/// What is written of names and addresses.
fn contact(contact: &mut Contact, wish: &Wish) {
    for (field, name) in [
        (&mut contact.title, "title"),
        (&mut contact.first_name, "first_name"),
        (&mut contact.last_name, "last_name"),
        (&mut contact.company, "company"),
        (&mut contact.email, "email"),
        (&mut contact.phone, "phone"),
        (&mut contact.mobile, "mobile_phone"),
        (&mut contact.address, "address"),
        (&mut contact.postcode, "postal_code"),
        (&mut contact.city, "city"),
        (&mut contact.region, "province"),
        (&mut contact.country_code, "country_code"),
    ] {
        wish.text(field, name);
    }
}

fn person(details: &mut PersonDetails, wish: &Wish) {
    contact(&mut details.contact, wish);
    wish.text(&mut details.vat_number, "vat_number");
    wish.day(&mut details.born_on, "date_of_birth");
    if let Some(value) = wish.draft().value("language") {
        details.language = value.as_text().and_then(|locale| locale.parse().ok());
    }
}

/// Declares how a kind of people is written.
macro_rules! people {
    ($($shown:ty: $stored:ty;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] =
                &[("postcode", "postal_code"), ("mobile", "mobile_phone")];

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let mut row = <$stored>::new(wish.id(), PersonDetails::default());
                row.organization_id = stand.administration;
                person(&mut row.details, wish);
                Ok(Ok(vec![wish.plan(create(row))]))
            }

            async fn update(
                stored: &$stored,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                let take = |row: &mut $stored, wish: &Wish| person(&mut row.details, wish);
                Ok(Ok(vec![wish.change(stored.id, take)]))
            }

            fn remove(stored: &$stored) -> Option<Write> {
                Some(remove::<$stored>(stored.id))
            }
        }
    )* };
}

people! {
    p::CustomerShown: Customer;
    s::OwnerShown: Owner;
    s::ContractorShown: Contractor;
}

/// Word of guests who have become others, of a booking that is in the administration of the path.
impl Written for p::GuestMutationShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[("subject_id", "booking")];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let named = wish.many("booking");
        let (Some(administration), Some(id)) = (
            stand.administration,
            named.and_then(|ids| ids.first().copied()),
        ) else {
            return Ok(Err(super::not_so("created without a booking")));
        };
        let found = stand.look.reading.one::<Booking>(id).await?;
        let is_here = |row: &Booking| {
            row.organization_id == administration && BookingShown::keeps(row, &stand.look.seen)
        };
        if !found.as_ref().is_some_and(is_here) {
            let missing = Identifier::new("booking", id);
            return Ok(Err(wish.draft().missing_link("booking", &missing).into()));
        }
        let details = GuestMutationDetails {
            client_id: Some(stand.call.caller.client_id),
            ..GuestMutationDetails::default()
        };
        let mut row = GuestMutation::new(wish.id(), administration, details);
        row.subject_id = Some(id);
        Ok(Ok(vec![wish.plan(create(row))]))
    }
}

fn guest(row: &mut Guest, wish: &Wish) {
    contact(&mut row.contact, wish);
    let papers = &mut row.registration;
    wish.text(&mut papers.gender, "gender");
    wish.day(&mut papers.born_on, "date_of_birth");
    wish.text(&mut papers.municipality, "municipality");
    wish.text(&mut papers.document_type, "document_type");
    wish.text(&mut papers.document_number, "document_number");
    wish.day(&mut papers.document_issued_on, "document_issue_date");
    wish.text(&mut papers.visa_number, "visa_number");
}

impl Written for p::GuestShown {
    const NAMES: &'static [(&'static str, &'static str)] =
        &[("postcode", "postal_code"), ("booking_id", "reservation")];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let Some(booking_id) = stand.parent else {
            return Ok(Err(super::not_so("created")));
        };
        let mut row = Guest {
            tenant_id: stand.call.actor.tenant_id,
            id: wish.id(),
            booking_id,
            created_at: Timestamp::UNIX_EPOCH,
            contact: Contact::default(),
            note: String::new(),
            registration: Registration::default(),
            extra: Default::default(),
        };
        guest(&mut row, wish);
        Ok(Ok(vec![wish.plan(create(row))]))
    }

    async fn update(stored: &Guest, wish: &Wish, _: &mut Stand<'_, '_>) -> service::Result<Writes> {
        Ok(Ok(vec![wish.change(stored.id, guest)]))
    }

    fn remove(stored: &Guest) -> Option<Write> {
        Some(remove::<Guest>(stored.id))
    }
}

/// Declares how a record of an administration is written.
macro_rules! records {
    ($($shown:ty: $stored:ty, names $names:expr, |$row:ident, $wish:ident| $take:expr;)*) => { $(
        impl $shown {
            /// Takes over what is mentioned.
            fn take($row: &mut $stored, $wish: &Wish) {
                $take
            }
        }

        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] = &$names;

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let Some(administration) = stand.administration else {
                    return Ok(Err(super::not_so("created")));
                };
                let mut row = <$stored>::new(wish.id(), administration, Default::default());
                Self::take(&mut row, wish);
                Ok(Ok(vec![wish.plan(create(row))]))
            }

            async fn update(
                stored: &$stored,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                Ok(Ok(vec![wish.change(stored.id, Self::take)]))
            }

            fn remove(stored: &$stored) -> Option<Write> {
                Some(remove::<$stored>(stored.id))
            }
        }
    )* };
}

records! {
    s::AgreementShown: Agreement,
    names [("parent_id", "inventory_object"), ("owner_id", "owner"), ("on_day", "start_date")],
    |row, wish| {
        wish.text(&mut row.details.name, "name");
        wish.day(&mut row.on_day, "start_date");
        wish.day(&mut row.details.until, "end_date");
        wish.decimal(&mut row.details.share, "share");
        wish.link(&mut row.details.owner_id, "owner");
        wish.link(&mut row.parent_id, "rentable_identity");
        wish.link(&mut row.parent_id, "inventory_object");
    };
    o::ReviewShown: Review,
    names [("subject_id", "reservation"), ("parent_id", "rentable_type"), ("resource_id", "rentable_type")],
    |row, wish| {
        wish.decimal(&mut row.details.score, "score");
        wish.text(&mut row.details.text, "text");
        wish.text(&mut row.details.answer, "answer");
        wish.link(&mut row.subject_id, "reservation");
        wish.link(&mut row.details.resource_id, "rentable_type");
        row.parent_id = row.details.resource_id;
    };
    o::TodoShown: Todo,
    names [("subject_id", "reservation"), ("unit_id", "inventory_object")],
    |row, wish| {
        wish.text(&mut row.details.title, "title");
        wish.text(&mut row.details.description, "description");
        wish.text(&mut row.details.assigned_to, "assigned_to");
        wish.day(&mut row.on_day, "due_on");
        wish.link(&mut row.subject_id, "reservation");
        wish.link(&mut row.details.unit_id, "inventory_object");
        if let Some(state) = wish.draft().text("state") {
            state.clone_into(&mut row.state);
        } else if row.state.is_empty() {
            "open".clone_into(&mut row.state);
        }
        if let Some(value) = wish.draft().value("done_at") {
            row.details.done_at = value.as_instant();
        }
    };
}
