//! Which stays are there? An index over resources, days and prices that answers in milliseconds.
//!
//! The index is derived: whoever keeps it reads the ledger and the calendars, makes an [`Entry`] of each
//! resource, and puts it into an [`Index`]. [`Index::search`] then finds stays that fit a [`Query`], with
//! the price that [`domain::rate`] would quote, sorted and cut as the caller wishes. It decides nothing: a
//! booking is judged under its lane's lock, and whoever books what was found here may still come late.
//!
//! A night is sold where capacity and limit leave one, because units are re-packed inside a lane: one free
//! in every night is one free for the whole stay. So the ledger's part of a resource is one bit a day.
//!
//! Pure, like `domain`: no clock, no I/O. Start at [`Index`], then [`Query`]; the walk over a resource's
//! days is in `scan.rs`, what is kept of it in `entry.rs`.

mod answer;
mod attributes;
mod bits;
mod entry;
mod index;
mod listed;
mod prices;
mod query;
#[cfg(feature = "sample")]
pub mod sample;
mod scan;
mod select;
mod sort;

pub use self::{
    answer::{Effort, Found, Hit},
    attributes::{Amenity, AmenityValue, AmenityWanted, Attributes, Count, CountWanted},
    bits::DAYS,
    entry::{Entry, Resource, Terms},
    index::Index,
    listed::Listed,
    query::{
        BadQuery, Choice, DateRange, HORIZON_DAYS, Limited, Limiter, MOST_LENGTHS_AND_DAYS,
        MOST_NIGHTS, MOST_SHOWN, MOST_STAYS, Query, Reach, Weekdays,
    },
    sort::{MOST_SORTERS, Sort, Sorter},
};
