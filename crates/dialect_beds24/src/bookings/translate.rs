//! An item of the wire as the use cases know it.

use domain::booking::Status;
use domain::id::Id;
use service::bookings::write::{BookingWrite, GroupChoice, ItemWrite, NewBooking, UnitChoice};
use service::bookings::{BookingChange, BookingPatch};
use service::patch::{ContactField, ContactPatch, ExtraPatch, PartyPatch};
use service::sale::{
    BookingDetails, BookingDetailsPatch, LineDetails, LineDetailsPatch, LineKind, NoteDetails,
    NoteDetailsPatch,
};

use crate::wire::booking::{DIRECT, EXTRA, status_meant, statuses_found};
use crate::wire::booking_in::{BookingIn, Fields, SubItemIn};

/// The sub-types that the vendor gives to what an API adds.
const CHARGE_BY_API: u16 = 7;
const PAYMENT_BY_API: u16 = 204;

/// Turns a checked item into a write.
pub fn booking(item: &BookingIn) -> Option<BookingWrite> {
    match item.id {
        None => new_booking(item).map(|new| BookingWrite::Create(Box::new(new))),
        Some(id) => change(item, Id::new(id)?).map(|patch| BookingWrite::Change(Box::new(patch))),
    }
}

fn new_booking(item: &BookingIn) -> Option<NewBooking> {
    let fields = &item.fields;
    let status = fields.text("status").and_then(|word| status_meant(&word));
    let (status, opened) = status.or_else(|| status_meant("confirmed"))?;
    Some(NewBooking {
        resource_id: id_in(fields, "roomId")?,
        arrival: fields.day("arrival")?,
        departure: fields.day("departure")?,
        quantity: fields.whole("roomQty", 1).unwrap_or(1),
        unit: fields
            .whole_or_null("unitId")
            .flatten()
            .map_or(UnitChoice::Any, UnitChoice::Number),
        status,
        opened,
        held_until: None,
        group: match id_in(fields, "masterId") {
            Some(master) => GroupChoice::Join(master),
            None if item.actions.make_group => GroupChoice::Together,
            None => GroupChoice::Alone,
        },
        channel: fields.text("channel").unwrap_or_else(|| DIRECT.into()),
        external_reference: fields.text("apiReference").unwrap_or_default(),
        price_given: fields.0.contains_key("price"),
        details: details(fields),
        lines: added(&item.invoice_items, new_line),
        notes: added(&item.info_items, new_note),
        check_availability: item.actions.check_availability,
        charge_price: item.actions.auto_invoice_item_charge,
        announce: item.actions.allow_webhooks,
    })
}

fn details(fields: &Fields) -> BookingDetails {
    let mut details = BookingDetails::default();
    details_patch(fields).apply(&mut details);
    details
}

fn change(item: &BookingIn, id: Id) -> Option<BookingPatch> {
    let fields = &item.fields;
    let word = fields.text("status");
    let status = word.as_deref().and_then(status_meant);
    Some(BookingPatch {
        id,
        change: BookingChange {
            resource_id: id_in(fields, "roomId"),
            arrival: fields.day("arrival"),
            departure: fields.day("departure"),
            quantity: fields.whole("roomQty", 1),
            unit: fields
                .whole_or_null("unitId")
                .map(|unit| unit.map_or(UnitChoice::Unassigned, UnitChoice::Number)),
            status: status.map(|(status, _)| status),
            // Whoever sends back the word that was shown means no change.
            stays: word.as_deref().map(covered).unwrap_or_default(),
            only_from: Vec::new(),
            only_version: None,
            opened: status.map(|(_, opened)| opened),
            held_until: None,
            group: match fields.whole_or_null("masterId") {
                Some(Some(master)) => Some(GroupChoice::Join(Id::new(master)?)),
                Some(None) => Some(GroupChoice::Alone),
                None => item.actions.make_group.then_some(GroupChoice::Together),
            },
            channel: fields.text("channel"),
            external_reference: fields.text("apiReference"),
            // The live API leaves the time of a cancellation empty when an API cancels.
            records_cancellation: false,
            details: details_patch(fields),
        },
        lines: item
            .invoice_items
            .iter()
            .filter_map(|item| sub_item(item, new_line, line_patch))
            .collect(),
        notes: item
            .info_items
            .iter()
            .filter_map(|item| sub_item(item, new_note, note_patch))
            .collect(),
        remove_lines: item.actions.delete_invoice,
        check_availability: item.actions.check_availability,
        announce: item.actions.allow_webhooks,
    })
}

/// The states that are shown by a word.
fn covered(word: &str) -> Vec<Status> {
    let found = statuses_found(word).iter();
    found.map(|(status, _)| *status).collect()
}

fn details_patch(fields: &Fields) -> BookingDetailsPatch {
    BookingDetailsPatch {
        party: party(fields),
        contact: contact(fields),
        price: fields.amount("price"),
        deposit: fields.amount("deposit"),
        tax: fields.amount("tax"),
        commission: fields.amount("commission"),
        rate_description: fields.text("rateDescription"),
        offer_number: fields.whole("offerId", 0),
        comments: fields.text("comments"),
        notes: fields.text("notes"),
        message: fields.text("message"),
        group_note: fields
            .0
            .get("groupNote")
            .map(|note| note.as_str().map(str::to_owned)),
        language: fields.text("lang"),
        arrival_time: fields.text("arrivalTime"),
        voucher: fields.text("voucher"),
        reference: fields.text("reference"),
        customer_id: fields
            .whole_or_null("invoiceeId")
            .map(|id| id.and_then(Id::new)),
        extra: extra(fields),
        ..BookingDetailsPatch::default()
    }
}

fn party(fields: &Fields) -> PartyPatch {
    let children = fields.whole("numChild", 0);
    PartyPatch {
        adults: fields.whole("numAdult", 0),
        children,
        // This dialect shows infants among the children, so a number of children is all of them.
        infants: children.map(|_| 0),
    }
}

fn contact(fields: &Fields) -> ContactPatch {
    let sent = CONTACT
        .iter()
        .filter_map(|(name, field)| Some((*field, fields.text(name)?)));
    ContactPatch(sent.collect())
}

const CONTACT: [(&str, ContactField); 14] = [
    ("title", ContactField::Title),
    ("firstName", ContactField::FirstName),
    ("lastName", ContactField::LastName),
    ("email", ContactField::Email),
    ("phone", ContactField::Phone),
    ("mobile", ContactField::Mobile),
    ("fax", ContactField::Fax),
    ("company", ContactField::Company),
    ("address", ContactField::Address),
    ("city", ContactField::City),
    ("state", ContactField::Region),
    ("postcode", ContactField::Postcode),
    ("country", ContactField::Country),
    ("country2", ContactField::CountryCode),
];

/// The fields that only this dialect knows, under its own names; null takes one away.
fn extra(fields: &Fields) -> ExtraPatch {
    let known = EXTRA
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), fields.0.get(*name)?.clone())));
    ExtraPatch(known.collect())
}

fn id_in(fields: &Fields, name: &str) -> Option<Id> {
    fields.whole_or_null(name).flatten().and_then(Id::new)
}

fn added<T>(items: &[SubItemIn], new: impl Fn(&Fields) -> T) -> Vec<T> {
    let fresh = items.iter().filter_map(|item| match item {
        SubItemIn::Add(fields) => Some(new(fields)),
        // A booking that is not there yet has no parts to change.
        SubItemIn::Change(..) | SubItemIn::Delete(_) => None,
    });
    fresh.collect()
}

fn sub_item<N, P>(
    item: &SubItemIn,
    new: impl Fn(&Fields) -> N,
    patch: impl Fn(&Fields) -> P,
) -> Option<ItemWrite<N, P>> {
    Some(match item {
        SubItemIn::Add(fields) => ItemWrite::Add(new(fields)),
        SubItemIn::Change(id, fields) => ItemWrite::Change(Id::new(*id)?, patch(fields)),
        SubItemIn::Delete(id) => ItemWrite::Remove(Id::new(*id)?),
    })
}

fn new_line(fields: &Fields) -> LineDetails {
    let mut line = LineDetails {
        quantity: 1,
        ..LineDetails::default()
    };
    line_patch(fields).apply(&mut line);
    line.sub_type = match line.kind {
        LineKind::Charge => CHARGE_BY_API,
        LineKind::Payment => PAYMENT_BY_API,
    };
    line
}

fn line_patch(fields: &Fields) -> LineDetailsPatch {
    let kind = fields.text("type").map(|word| match &*word {
        "payment" => LineKind::Payment,
        _ => LineKind::Charge,
    });
    LineDetailsPatch {
        kind,
        sub_type: None,
        description: fields.text("description"),
        status: fields.text("status"),
        quantity: fields.whole("qty", 1),
        amount: fields.amount("amount"),
        vat_rate: fields.amount("vatRate"),
        customer_id: fields
            .whole_or_null("invoiceeId")
            .map(|id| id.and_then(Id::new)),
        created_by: fields.whole_or_null("createdBy"),
        invoice_number: None,
        ..LineDetailsPatch::default()
    }
}

fn new_note(fields: &Fields) -> NoteDetails {
    let mut note = NoteDetails::default();
    note_patch(fields).apply(&mut note);
    note
}

fn note_patch(fields: &Fields) -> NoteDetailsPatch {
    NoteDetailsPatch {
        code: fields.text("code"),
        text: fields.text("text"),
    }
}
