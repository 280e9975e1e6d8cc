//! Bookings: made, changed, found, removed.
//!
//! [`write`] is the one way in for everything that takes capacity for a guest: each item becomes
//! one hot command, all of a call travel together and are committed once, and each is answered by
//! itself. [`find`] reads. The types in this file are what both speak.

pub mod find;
mod preview;
mod remove;
pub mod write;

use catalogue::sale::{Booking, Guest, Line, Note};
use domain::id::Id;

use crate::Service;

pub use self::{
    find::{
        BookingFilter, BookingInclude, ChannelChoice, DayRange, InstantRange, OnDay, StatusChoice,
    },
    write::{
        BookingChange, BookingOutcome, BookingPatch, BookingWrite, GroupChoice, ItemOutcome,
        ItemWrite, NewBooking, UnitChoice, Written,
    },
};

/// The use cases of bookings.
pub struct Bookings<'a> {
    pub(crate) service: &'a Service,
}

impl Service {
    /// The use cases of bookings.
    pub fn bookings(&self) -> Bookings<'_> {
        Bookings { service: self }
    }
}

/// A booking with what was asked for beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingView {
    /// The booking.
    pub booking: Booking,
    /// Its units by number, ascending; empty while none is assigned.
    pub units: Vec<i64>,
    /// Whether it was taken beyond capacity.
    pub overbooked: bool,
    /// Its lines, if they were asked for, oldest first.
    pub lines: Vec<Line>,
    /// Its notes, if they were asked for, oldest first.
    pub notes: Vec<Note>,
    /// Its guests, if they were asked for, oldest first.
    pub guests: Vec<Guest>,
    /// Its group, if that was asked for and there is one.
    pub group: Option<GroupView>,
}

impl BookingView {
    pub(crate) fn of(state: store::hot::BookingState) -> Self {
        Self {
            booking: state.booking,
            units: state.units,
            overbooked: state.overbooked,
            lines: Vec::new(),
            notes: Vec::new(),
            guests: Vec::new(),
            group: None,
        }
    }
}

/// The bookings of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// The first of them, by which the group is known.
    pub master: Id,
    /// All of them, ascending.
    pub ids: Vec<Id>,
}
