//! The one table of who may do what.

use domain::access::{Actor, Capability, capability as c};

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
}

impl UseCase {
    /// All of them, for tests that walk the table.
    pub const ALL: [UseCase; 13] = [
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
