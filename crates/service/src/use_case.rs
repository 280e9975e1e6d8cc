//! The one table of who may do what.

use domain::access::{Actor, Area, Capability, Facet, Verb, capability as c};

use crate::{Error, Result};

/// Something a caller can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UseCase {
    /// Find bookings; personal and financial parts are shown to those who may read them.
    FindBookings,
    /// Make and change bookings.
    WriteBookings,
    /// Write a guest's name and address.
    WriteBookingPersons,
    /// Write prices, charges and payments.
    WriteBookingFinances,
    /// Remove bookings.
    RemoveBookings,
    /// Find properties, rooms and their units.
    FindProperties,
    /// Make and change properties and rooms.
    WriteProperties,
    /// Remove properties and rooms.
    RemoveProperties,
    /// Read calendars, availability, offers and the occupancy of units.
    ReadCalendar,
    /// Search for stays that can be booked, with their prices.
    SearchStays,
    /// Look up the resources whose calendars are to be changed, with the zones of their nights.
    FindCalendarResources,
    /// Change calendars.
    WriteCalendar,
    /// Read the tenant's journal.
    ReadJournal,
    /// Find what is about a subject.
    Find(Subject),
    /// Make and change what is about a subject.
    Write(Subject),
    /// Remove what is about a subject.
    Remove(Subject),
}

/// What the kinds are about that are read and written in one way; see [`crate::records`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Organizations and their resources.
    Places,
    /// Physical pieces of resources.
    Units,
    /// What is declared once: amenities, labels, extras, costs, packages, campaigns, rules.
    Content,
    /// Where bookings come from.
    Channels,
    /// Master price lists and their prices.
    Prices,
    /// Blocks of units' calendars.
    Blocks,
    /// Bookings and orders.
    Bookings,
    /// Lines of bookings.
    Money,
    /// People who stay.
    Guests,
    /// People who book, pay and own, and contracts with them.
    Customers,
    /// Invoices, payments, requests and results, and ways to pay.
    Payments,
    /// Messages and their templates.
    Messages,
    /// Work, and what guests thought.
    Operations,
    /// What the tenant says about itself, and the commands of its clients.
    Account,
}

impl Subject {
    /// All of them.
    pub const ALL: [Subject; 14] = [
        Subject::Places,
        Subject::Units,
        Subject::Content,
        Subject::Channels,
        Subject::Prices,
        Subject::Blocks,
        Subject::Bookings,
        Subject::Money,
        Subject::Guests,
        Subject::Customers,
        Subject::Payments,
        Subject::Messages,
        Subject::Operations,
        Subject::Account,
    ];

    /// The capability that it takes to do this to it.
    const fn needs(self, verb: Verb) -> Capability {
        let (area, facet) = match self {
            Subject::Places | Subject::Units | Subject::Content | Subject::Operations => {
                (Area::Properties, Facet::Basic)
            }
            Subject::Channels => (Area::Channels, Facet::Basic),
            Subject::Prices => (Area::Properties, Facet::Financial),
            Subject::Blocks => (Area::Calendar, Facet::Basic),
            Subject::Bookings => (Area::Bookings, Facet::Basic),
            Subject::Money => (Area::Bookings, Facet::Financial),
            Subject::Guests => (Area::Bookings, Facet::Personal),
            Subject::Customers => (Area::Customers, Facet::Personal),
            Subject::Payments => (Area::Payments, Facet::Basic),
            Subject::Messages => (Area::Messages, Facet::Basic),
            Subject::Account => (Area::Accounts, Facet::Basic),
        };
        Capability::new(area, facet, verb)
    }
}

/// The use cases that have names of their own.
const NAMED: [UseCase; 13] = [
    UseCase::FindBookings,
    UseCase::WriteBookings,
    UseCase::WriteBookingPersons,
    UseCase::WriteBookingFinances,
    UseCase::RemoveBookings,
    UseCase::FindProperties,
    UseCase::WriteProperties,
    UseCase::RemoveProperties,
    UseCase::ReadCalendar,
    UseCase::SearchStays,
    UseCase::FindCalendarResources,
    UseCase::WriteCalendar,
    UseCase::ReadJournal,
];

impl UseCase {
    /// All of them, for tests that walk the table.
    pub const ALL: [UseCase; NAMED.len() + 3 * Subject::ALL.len()] = {
        let mut all = [UseCase::FindBookings; NAMED.len() + 3 * Subject::ALL.len()];
        let mut index = 0;
        while index < NAMED.len() {
            all[index] = NAMED[index];
            index += 1;
        }
        let mut number = 0;
        while number < Subject::ALL.len() {
            let subject = Subject::ALL[number];
            all[index] = UseCase::Find(subject);
            all[index + 1] = UseCase::Write(subject);
            all[index + 2] = UseCase::Remove(subject);
            index += 3;
            number += 1;
        }
        all
    };

    /// The capability it needs.
    pub const fn needs(self) -> Capability {
        match self {
            UseCase::FindBookings => c::BOOKINGS_READ,
            UseCase::WriteBookings => c::BOOKINGS_WRITE,
            UseCase::WriteBookingPersons => c::BOOKINGS_PERSONAL_WRITE,
            UseCase::WriteBookingFinances => c::BOOKINGS_FINANCIAL_WRITE,
            UseCase::RemoveBookings => c::BOOKINGS_DELETE,
            UseCase::FindProperties => c::PROPERTIES_READ,
            UseCase::WriteProperties => c::PROPERTIES_WRITE,
            UseCase::RemoveProperties => c::PROPERTIES_DELETE,
            UseCase::ReadCalendar | UseCase::SearchStays => c::INVENTORY_READ,
            // Whoever writes a calendar need not be allowed to read it, or the property it belongs to.
            UseCase::FindCalendarResources | UseCase::WriteCalendar => c::INVENTORY_WRITE,
            UseCase::ReadJournal => c::ACCOUNTS_READ,
            UseCase::Find(subject) => subject.needs(Verb::Read),
            UseCase::Write(subject) => subject.needs(Verb::Write),
            UseCase::Remove(subject) => subject.needs(Verb::Delete),
        }
    }

    /// Lets the caller through, or names what is missing.
    pub(crate) fn authorize(self, actor: &Actor) -> Result<()> {
        if actor.may(self.needs()) {
            Ok(())
        } else {
            Err(Error::Forbidden(self.needs()))
        }
    }
}
