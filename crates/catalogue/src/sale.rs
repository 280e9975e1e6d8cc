//! What is sold: bookings with their lines, notes and guests.

pub mod changes;

use std::collections::BTreeMap;

use catalogue_derive::Kind;
use domain::{
    booking::Status,
    contact::Contact,
    id::Id,
    party::{AgeGroups, Party},
};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::patch::{ContactPatch, ExtraPatch, PartyPatch, patched};

/// Attributes that only one dialect knows, under that dialect's own names.
pub type Extra = BTreeMap<String, serde_json::Value>;

patched! {
    compact
    /// The parts of a booking that do not take capacity: who comes, what it costs, what was said.
    pub struct BookingDetails,
    /// A change of [`BookingDetails`].
    BookingDetailsPatch {
        /// Who stays.
        pub party: Party as PartyPatch,
        /// Who stays, by age, where that is known; nobody where only the party is.
        pub ages: AgeGroups,
        /// Who booked.
        pub contact: Contact as ContactPatch,
        /// The price of the whole stay in the property's currency, major units.
        pub price: Decimal,
        /// The part of the price asked for in advance.
        pub deposit: Decimal,
        /// The tax contained in the price.
        pub tax: Decimal,
        /// What the channel keeps.
        pub commission: Decimal,
        /// How the price came about, in words.
        pub rate_description: String,
        /// The number of the offer that was taken; 0 for none.
        pub offer_number: u16,
        /// What the guest wrote.
        pub comments: String,
        /// What staff wrote for themselves.
        pub notes: String,
        /// A message that travels with the booking.
        pub message: String,
        /// A remark on the whole group.
        pub group_note: Option<String>,
        /// The guest's language, two letters or empty.
        pub language: String,
        /// When the guest expects to arrive, in words.
        pub arrival_time: String,
        /// The voucher code that was used.
        pub voucher: String,
        /// The channel's own reference.
        pub reference: String,
        /// The customer who pays instead of the guest.
        pub customer_id: Option<Id>,
        /// Attributes of one dialect.
        pub extra: Extra as ExtraPatch,
    }
}

impl BookingDetails {
    /// Who stays, by age. Where somebody who knows only parties has written another one since, that
    /// party counts.
    pub fn groups(&self) -> AgeGroups {
        if self.ages.party() == self.party {
            self.ages
        } else {
            self.party.into()
        }
    }
}

/// A booking: one party, one resource, one stay.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "booking")]
pub struct Booking {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The booking's id.
    #[column(key)]
    pub id: Id,
    /// The organization (property) that the resource belongs to.
    #[column]
    pub organization_id: Id,
    /// The resource (room type) taken.
    #[column]
    pub resource_id: Id,
    /// The master booking of the group, itself included; none for a booking on its own.
    #[column]
    pub group_id: Option<Id>,
    /// Where the booking stands.
    #[column]
    pub status: Status,
    /// Whether staff has looked at it.
    #[column]
    pub opened: bool,
    /// The first night.
    #[column]
    pub arrival_on: Date,
    /// The morning after the last night.
    #[column]
    pub departure_on: Date,
    /// When capacity is taken from: noon local time on arrival for a stay.
    #[column]
    pub starts_at: Timestamp,
    /// When capacity is free again.
    #[column]
    pub ends_at: Timestamp,
    /// When the booking was made, by the tenant's clock.
    #[column]
    pub created_at: Timestamp,
    /// When it was last changed, by the tenant's clock.
    #[column]
    pub changed_at: Timestamp,
    /// The slug of the channel it came through, such as `direct`.
    #[column]
    pub channel: String,
    /// The reference of the system it came from.
    #[column]
    pub external_reference: String,
    /// What a search looks through, in lower case.
    #[column]
    pub search: String,
    /// Counts the writes.
    #[column]
    pub version: i64,
    /// How many units or places it takes.
    pub quantity: i64,
    /// When it was cancelled, where the cancelling dialect records that.
    pub cancelled_at: Option<Timestamp>,
    /// When a hold or an option lapses.
    pub held_until: Option<Timestamp>,
    /// Everything that takes no capacity.
    pub details: BookingDetails,
}

impl Booking {
    /// The text that searches look through: guest, email and references, in lower case.
    pub fn search_text(&self) -> String {
        let contact = &self.details.contact;
        let words = [
            &contact.first_name,
            &contact.last_name,
            &contact.email,
            &self.external_reference,
            &self.details.reference,
        ];
        let mut text = String::with_capacity(64);
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.to_lowercase());
        }
        text
    }
}

/// Whether a line asks for money or records money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Something to pay for.
    #[default]
    Charge,
    /// Money received, or returned when negative.
    Payment,
}

/// What a line is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineItem {
    /// Nobody said.
    #[default]
    Other,
    /// The nights, and what belongs to them.
    Main,
    /// An extra that the guest takes.
    Extra,
    /// A cost that comes with the stay.
    Cost,
    /// A package.
    Package,
    /// Something that a campaign takes off.
    Discount,
    /// Something that a card or a coupon of the guest takes off.
    Card,
}

patched! {
    compact
    /// What a line says.
    pub struct LineDetails,
    /// A change of [`LineDetails`].
    LineDetailsPatch {
        /// Charge or payment.
        pub kind: LineKind,
        /// A finer kind, numbered by the dialect that made the line.
        pub sub_type: u16,
        /// What it is for.
        pub description: String,
        /// A label.
        pub status: String,
        /// How many; may be negative.
        pub quantity: i64,
        /// The amount of one, major units of the property's currency.
        pub amount: Decimal,
        /// The VAT contained, percent.
        pub vat_rate: Decimal,
        /// The customer who is billed, if not the guest.
        pub customer_id: Option<Id>,
        /// The account that made the line.
        pub created_by: Option<i64>,
        /// The invoice number once one was assigned.
        pub invoice_number: Option<i64>,
        /// What it is a line for.
        pub item: LineItem,
        /// The extra, cost, package, campaign, card or coupon that it comes from.
        pub product_id: Option<Id>,
        /// What the guest wrote with it.
        pub memo: String,
    }
}

/// A charge or a payment on a booking.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "line")]
pub struct Line {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The line's id.
    #[column(key)]
    pub id: Id,
    /// The booking it belongs to.
    #[column]
    pub booking_id: Id,
    /// When it was made.
    #[column]
    pub created_at: Timestamp,
    /// What it says.
    pub details: LineDetails,
}

patched! {
    compact
    /// What a note says.
    pub struct NoteDetails,
    /// A change of [`NoteDetails`].
    NoteDetailsPatch {
        /// The code by which programs find the note.
        pub code: String,
        /// The text.
        pub text: String,
    }
}

/// A coded remark on a booking.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "note")]
pub struct Note {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The note's id.
    #[column(key)]
    pub id: Id,
    /// The booking it belongs to.
    #[column]
    pub booking_id: Id,
    /// When it was made.
    #[column]
    pub created_at: Timestamp,
    /// What it says.
    pub details: NoteDetails,
}

/// A person who stays.
#[derive(Clone, Debug, PartialEq, Kind)]
#[kind(table = "guest")]
pub struct Guest {
    /// The tenant.
    #[column(key)]
    pub tenant_id: Id,
    /// The guest's id.
    #[column(key)]
    pub id: Id,
    /// The booking they stay on.
    #[column]
    pub booking_id: Id,
    /// When they were added.
    #[column]
    pub created_at: Timestamp,
    /// Name and address.
    pub contact: Contact,
    /// A remark.
    pub note: String,
    /// What the law wants to know of them.
    #[serde(default)]
    pub registration: Registration,
    /// Attributes of one dialect.
    pub extra: Extra,
}

/// What the law wants to know of a person who stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// `male`, `female`, `other`, or empty.
    pub gender: String,
    /// When they were born.
    pub born_on: Option<Date>,
    /// Their municipality.
    pub municipality: String,
    /// What kind of document they showed.
    pub document_type: String,
    /// Its number.
    pub document_number: String,
    /// When it was issued.
    pub document_issued_on: Option<Date>,
    /// The number of their visa.
    pub visa_number: String,
}
