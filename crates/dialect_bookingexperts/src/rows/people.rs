//! Customers, and guests.

use std::collections::HashSet;

use domain::id::Id;
use jsonapi::{Identifier, ResourceType, Row};
use service::{
    PageOf,
    customers::{Customer, Order},
    kept::GuestMutation,
    records::{Field, Query, Test},
    sale::{Booking, Guest},
};

use super::{
    bookings::{booking_of, is_reserved},
    parts::{begun, path, person, text, to},
};
use crate::kinds::{bookings as kinds, bookings::CUSTOMER};
use crate::read::{Look, Lookup, Shown};
use crate::seen::Seen;

fn customer(row: Row, customer: &Customer) -> Row {
    let details = &customer.details;
    let language = details.language.as_ref();
    named(row, &details.contact)
        .with("language", language.map(|language| language.as_str()))
        .with("vat_number", text(&details.vat_number))
        .with("date_of_birth", details.born_on)
        .with("created_at", customer.created_at)
        .with("updated_at", customer.changed_at)
}

fn named(row: Row, contact: &domain::contact::Contact) -> Row {
    person(row, contact)
        .with("title", text(&contact.title))
        .with("company", text(&contact.company))
        .with("mobile_phone", text(&contact.mobile))
        .with("province", text(&contact.region))
}

fn customers_by(name: &str) -> Option<Lookup<Customer>> {
    Some(match name {
        "email" => Lookup::Email(const { Field::new("email") }),
        "created_at" => Lookup::Instant(const { Field::new("created_at") }),
        "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
        "administration" => Lookup::Shared(const { Field::new("organization_id") }),
        _ => return None,
    })
}

/// Customers.
pub struct CustomerShown;

impl Shown for CustomerShown {
    type Stored = Customer;
    const KIND: &'static ResourceType = &CUSTOMER;

    fn narrowed(seen: &Seen) -> Vec<Test<Customer>> {
        if !seen.restricts(Self::KIND) {
            return Vec::new();
        }
        let own = Test::among::<Booking>(
            const { Field::<Order>::new("id") },
            const { Field::new("id") },
            seen.own_bookings(),
        );
        let paid = const { Field::<Order>::new("customer_id") };
        vec![Test::among::<Order>(const { Field::new("id") }, paid, own)]
    }

    fn lookup(name: &str) -> Option<Lookup<Customer>> {
        customers_by(name)
    }

    async fn show(stored: &[Customer], _: &Look<'_>) -> service::Result<Vec<Row>> {
        let shown = stored
            .iter()
            .map(|row| customer(begun(Self::KIND, row), row));
        Ok(shown.collect())
    }

    async fn elsewhere(id: Id, look: &Look<'_>) -> service::Result<Option<Row>> {
        Ok(kept_in_bookings(&[id], look).await?.pop())
    }
}

/// Customers by their ids, be it those of their bookings. Whoever asks has come by a booking that the
/// caller sees.
pub async fn customers(ids: &[Id], look: &Look<'_>) -> service::Result<Vec<Row>> {
    let stored = customers_within(ids, look).await?;
    let mut rows = CustomerShown::show(&stored, look).await?;
    let known: HashSet<Id> = stored.iter().map(|row| row.id).collect();
    let missing: Vec<Id> = ids
        .iter()
        .copied()
        .filter(|id| !known.contains(id))
        .collect();
    if !missing.is_empty() {
        rows.extend(kept_in_bookings(&missing, look).await?);
    }
    Ok(rows)
}

/// Stored customers by their ids; those of the app's own channels, where the caller sees no others.
async fn customers_within(ids: &[Id], look: &Look<'_>) -> service::Result<Vec<Customer>> {
    let narrowed = CustomerShown::narrowed(&look.seen);
    if narrowed.is_empty() {
        return look.reading.by_ids::<Customer>(ids).await;
    }
    let mut query = Query::new().meets(Test::one_of(
        const { Field::<Customer>::new("id") },
        ids.iter().copied(),
    ));
    for test in narrowed {
        query = query.meets(test);
    }
    let all = u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1);
    Ok(look.reading.page(&query, PageOf::first(all)).await?.rows)
}

async fn kept_in_bookings(ids: &[Id], look: &Look<'_>) -> service::Result<Vec<Row>> {
    if !look.seen.personal {
        return Ok(Vec::new());
    }
    let mut stored = look.reading.by_ids::<Booking>(ids).await?;
    stored.retain(|row| booking_of(row) == row.id && is_reserved(&CUSTOMER, row, &look.seen));
    let shown = stored.iter().map(|row| {
        // It is the tenant's, so that it stands where it can be read without knowing the booking.
        let at = path(&CUSTOMER, None, row.id);
        named(Row::new(&CUSTOMER, row.id).at(at), &row.details.contact)
            .with("language", text(&row.details.language))
            .with("created_at", row.created_at)
            .with("updated_at", row.changed_at)
    });
    Ok(shown.collect())
}

/// Customers as the search over all administrations shows them.
pub struct Contact;

impl Shown for Contact {
    type Stored = Customer;
    const KIND: &'static ResourceType = &kinds::CONTACT;

    fn lookup(name: &str) -> Option<Lookup<Customer>> {
        customers_by(name)
    }

    async fn show(stored: &[Customer], _: &Look<'_>) -> service::Result<Vec<Row>> {
        let shown = stored
            .iter()
            .map(|row| customer(Row::new(Self::KIND, row.id), row));
        Ok(shown.collect())
    }
}

/// Bookings of an administration that guests stay on.
fn of_administrations(ids: Vec<Id>) -> Test<Guest> {
    Test::among::<Booking>(
        const { Field::new("booking_id") },
        const { Field::new("id") },
        Test::one_of(const { Field::new("organization_id") }, ids),
    )
}

/// Guests.
pub struct GuestShown;

impl Shown for GuestShown {
    type Stored = Guest;
    const KIND: &'static ResourceType = &kinds::GUEST;

    fn lookup(name: &str) -> Option<Lookup<Guest>> {
        Some(match name {
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "reservation" => Lookup::Id(const { Field::new("booking_id") }),
            "administration" => Lookup::Through(of_administrations),
            _ => return None,
        })
    }

    async fn stands_below(
        reservation: Id,
        administration: Id,
        look: &Look<'_>,
    ) -> service::Result<bool> {
        let found = look.reading.one::<Booking>(reservation).await?;
        Ok(found.is_some_and(|row| {
            row.organization_id == administration
                && is_reserved(&kinds::RESERVATION, &row, &look.seen)
        }))
    }

    async fn show(stored: &[Guest], _: &Look<'_>) -> service::Result<Vec<Row>> {
        let shown = stored.iter().map(|row| {
            let papers = &row.registration;
            person(begun(Self::KIND, row), &row.contact)
                .with("province", text(&row.contact.region))
                .with("gender", text(&papers.gender))
                .with("date_of_birth", papers.born_on)
                .with("municipality", text(&papers.municipality))
                .with("document_type", text(&papers.document_type))
                .with("document_number", text(&papers.document_number))
                .with("document_issue_date", papers.document_issued_on)
                .with("visa_number", text(&papers.visa_number))
                .with("created_at", row.created_at)
                .to_one(
                    "reservation",
                    Some(Identifier::new("reservation", row.booking_id)),
                )
        });
        Ok(shown.collect())
    }
}

/// Words that guests have become others. They are told, and not read.
pub struct GuestMutationShown;

impl Shown for GuestMutationShown {
    type Stored = GuestMutation;
    const KIND: &'static ResourceType = &kinds::GUEST_MUTATION_NOTIFICATION;

    fn lookup(name: &str) -> Option<Lookup<GuestMutation>> {
        match name {
            "administration" => Some(Lookup::Id(const { Field::new("organization_id") })),
            _ => None,
        }
    }

    async fn show(stored: &[GuestMutation], _: &Look<'_>) -> service::Result<Vec<Row>> {
        let shown = stored.iter().map(|row| {
            begun(Self::KIND, row)
                .nowhere()
                .with("created_at", row.created_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_one("booking", to("booking", row.subject_id))
        });
        Ok(shown.collect())
    }
}
