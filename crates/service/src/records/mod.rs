//! The kinds that are read and written in one way: content, units, channels, price lists, people, orders,
//! payments, messages, operations.
//!
//! [`kinds`] is the table: what each kind is about, whom it belongs to, what is told of it. [`query`]
//! says what is asked of a list and [`reading`] answers it. A change is a document of [`Write`]s, done
//! together or not at all ([`writing`]); most of them are rows ([`rows`]), and those that need more have
//! steps of their own beside.

mod answers;
mod blocks;
mod campaigns;
pub mod kinds;
mod links;
mod messages;
mod payments;
mod places;
mod prices;
pub mod query;
pub mod reading;
mod rows;
pub(crate) mod stays;
mod unit_count;
mod unit_reach;
mod units;
pub mod writing;

pub use self::{
    answers::Answering,
    blocks::{BlockPatch, CHANNEL as BLOCK_CHANNEL, NewBlock},
    campaigns::{CampaignChoice, CampaignsAsked, MOST_CAMPAIGNS},
    kinds::{Events, Home, May, Readable, Writable},
    links::{Linked, Linking},
    messages::{KEPT, NewMessage},
    payments::NewInvoice,
    places::RoomWish,
    prices::{MOST_PRICES, NewPrice, StayAsked},
    query::{Direction, Field, Query, Test},
    reading::{Lodging, Reading},
    rows::{change, create, put, remove},
    unit_count::NewUnit,
    writing::{Refused, Write},
};
pub(crate) use self::{
    rows::unlink,
    units::{MOST_NUMBERED, new_unit},
};
