//! Bookings: found, made, changed, cancelled, deleted.
//!
//! [`find`] reads, [`write`] makes and changes (with [`translate`] between the wire and the use
//! cases and [`render`] on the way back), [`delete`] removes.

mod delete;
mod find;
mod render;
mod translate;
mod write;

pub use self::{delete::delete, find::find, render::refusal, write::write};

use domain::access::{Actor, capability};
use service::{bookings::BookingView, sale};

use crate::wire::booking_out::{BookingOut, Sees};
use crate::wire::parts::{Amount, InfoItemOut, Instant, InvoiceItemOut};

/// What a caller is shown of bookings.
fn sees_reading(actor: &Actor) -> Sees {
    Sees {
        personal: actor.may(capability::BOOKINGS_PERSONAL_READ),
        financial: actor.may(capability::BOOKINGS_FINANCIAL_READ),
    }
}

/// What a caller may write of bookings.
fn sees_writing(actor: &Actor) -> Sees {
    Sees {
        personal: actor.may(capability::BOOKINGS_PERSONAL_WRITE),
        financial: actor.may(capability::BOOKINGS_FINANCIAL_WRITE),
    }
}

/// A booking as it goes out, without anything that is shown on request only.
fn show(view: &BookingView, sees: Sees) -> BookingOut<'_> {
    let booking = &view.booking;
    let details = &booking.details;
    let party = details.party;
    BookingOut {
        sees,
        id: booking.id.get(),
        master_id: booking.group_id.map(|id| id.get()),
        property_id: booking.organization_id.get(),
        room_id: booking.resource_id.get(),
        unit_id: view.units.first().copied(),
        room_qty: booking.quantity,
        offer_id: details.offer_number,
        status: booking.status,
        opened: booking.opened,
        arrival: booking.arrival_on,
        departure: booking.departure_on,
        num_adult: u32::from(party.adults),
        num_child: u32::from(party.children) + u32::from(party.infants),
        contact: &details.contact,
        arrival_time: &details.arrival_time,
        voucher: &details.voucher,
        comments: &details.comments,
        notes: &details.notes,
        message: &details.message,
        group_note: details.group_note.as_deref().unwrap_or_default(),
        lang: &details.language,
        reference: &details.reference,
        channel: &booking.channel,
        api_reference: &booking.external_reference,
        invoicee_id: details.customer_id.map(|id| id.get()),
        booking_time: booking.created_at,
        modified_time: booking.changed_at,
        cancel_time: booking.cancelled_at,
        price: details.price,
        deposit: details.deposit,
        tax: details.tax,
        commission: details.commission,
        rate_description: &details.rate_description,
        extra: &details.extra,
        booking_group: None,
        invoice_items: None,
        info_items: None,
        guests: None,
        new_parts: Vec::new(),
    }
}

fn show_line(line: &sale::Line) -> InvoiceItemOut<'_> {
    let details = &line.details;
    InvoiceItemOut {
        id: line.id.get(),
        booking_id: line.booking_id.get(),
        kind: match details.kind {
            sale::LineKind::Charge => "charge",
            sale::LineKind::Payment => "payment",
        },
        sub_type: details.sub_type,
        description: &details.description,
        status: &details.status,
        qty: details.quantity,
        amount: Amount(details.amount),
        line_total: Amount(details.amount.saturating_mul(details.quantity.into())),
        vat_rate: Amount(details.vat_rate),
        invoicee_id: details.customer_id.map(|id| id.get()),
        invoice_id: details.invoice_number,
        created_by: details.created_by,
        create_time: Instant(line.created_at),
    }
}

fn show_note(note: &sale::Note) -> InfoItemOut<'_> {
    InfoItemOut {
        id: note.id.get(),
        booking_id: note.booking_id.get(),
        create_time: Instant(note.created_at),
        code: &note.details.code,
        text: &note.details.text,
    }
}
