//! Payments, and what providers say about requests to pay.

use domain::{id::Id, payment::RequestState, time::today};
use jsonapi::{Code, Error, Errors, Identifier, Query};
use service::{
    inventory::Organization,
    kept::{
        Amount, Invoice, Payment, PaymentDetails, PaymentRequest, PaymentRequestDetails,
        PaymentResult, PaymentResultDetails,
    },
    records::{NewInvoice, Write, create},
};

use super::{Stand, Wish, Writes, Written, not_so};
use crate::rows::money as m;

/// The invoice that a request names, in this administration.
async fn invoice_here(
    wish: &Wish,
    administration: Id,
    stand: &mut Stand<'_, '_>,
) -> service::Result<Result<Invoice, Errors>> {
    let draft = wish.draft();
    let Some(id) = wish.many("invoice").and_then(|ids| ids.first().copied()) else {
        let detail = "invoice is missing";
        return Ok(Err(draft.refuse_link("invoice", detail).into()));
    };
    let found = stand.look.reading.one::<Invoice>(id).await?;
    let found = found.filter(|invoice| invoice.organization_id == Some(administration));
    Ok(found.ok_or_else(|| {
        let to = Identifier::new("invoice", id);
        draft.missing_link("invoice", &to).into()
    }))
}

impl Written for m::InvoiceShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("subject_id", "reservation"),
        ("customer_id", "customer"),
        ("total", "reservation"),
    ];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let reservation = wish
            .many("reservation")
            .and_then(|ids| ids.first().copied());
        let (Some(organization_id), Some(booking_id)) = (stand.administration, reservation) else {
            return Ok(Err(not_so("created")));
        };
        let mut new = NewInvoice {
            id: wish.id(),
            organization_id,
            booking_id,
            on_day: None,
            due_on: None,
            customer_id: None,
            memo: String::new(),
        };
        wish.day(&mut new.on_day, "invoiced_on");
        wish.day(&mut new.due_on, "due_on");
        wish.link(&mut new.customer_id, "customer");
        wish.text(&mut new.memo, "memo");
        Ok(Ok(vec![wish.plan(Write::invoice_of(new))]))
    }

    async fn update(
        stored: &Invoice,
        wish: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let take = |row: &mut Invoice, wish: &Wish| {
            wish.day(&mut row.details.due_on, "due_on");
            wish.link(&mut row.details.customer_id, "customer");
            wish.text(&mut row.details.memo, "memo");
        };
        Ok(Ok(vec![wish.change(stored.id, take)]))
    }
}

fn asked(row: &mut PaymentRequest, wish: &Wish) {
    let details = &mut row.details;
    wish.text(&mut details.description, "description");
    wish.text(&mut details.return_url, "back_url");
    wish.link(&mut details.method_id, "payment_method");
    if let Some(value) = wish.draft().value("expires_at") {
        details.expires_at = value.as_instant();
    }
}

impl Written for m::PaymentRequestShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("parent_id", "invoice"),
        ("method_id", "payment_method"),
        ("return_url", "back_url"),
    ];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let Some(administration) = stand.administration else {
            return Ok(Err(not_so("created")));
        };
        let invoice = match invoice_here(wish, administration, stand).await? {
            Ok(invoice) => invoice,
            Err(errors) => return Ok(Err(errors)),
        };
        let details = PaymentRequestDetails::default();
        let mut row = PaymentRequest::new(wish.id(), administration, details);
        row.parent_id = Some(invoice.id);
        row.subject_id = invoice.subject_id;
        row.state = RequestState::default().as_str().to_owned();
        let Amount { value, currency } = invoice.details.total;
        let mut value = value.saturating_sub(
            m::paid(&[invoice.id], stand.look)
                .await?
                .remove(&invoice.id)
                .unwrap_or_default(),
        );
        // What is still open is asked for, unless somebody says how much.
        if wish
            .draft()
            .value("amount")
            .is_some_and(|amount| !amount.is_null())
        {
            wish.decimal(&mut value, "amount");
        }
        row.details.amount = Amount { value, currency };
        asked(&mut row, wish);
        Ok(Ok(vec![wish.plan(create(row))]))
    }

    async fn update(
        stored: &PaymentRequest,
        wish: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        Ok(Ok(vec![wish.change(stored.id, asked)]))
    }
}

/// Whether the guest is told of a payment.
fn is_told(query: &Query) -> Result<bool, Errors> {
    match query.own(SEND_NOTIFICATION) {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => {
            let detail = "send_notification is true or false";
            let error = Error::new(Code::ForbiddenInput, detail);
            Err(error.in_parameter(SEND_NOTIFICATION).into())
        }
    }
}

/// The flag of payments that are to be told of.
pub const SEND_NOTIFICATION: &str = "send_notification";

impl Written for m::PaymentShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("parent_id", "invoice"),
        ("amount", "foreign_price"),
        ("method_id", "payment_method"),
        ("request_id", "payment_request"),
        ("on_day", "paid_at"),
    ];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let Some(administration) = stand.administration else {
            return Ok(Err(not_so("created")));
        };
        let mut row = Payment::new(wish.id(), administration, PaymentDetails::default());
        wish.link(&mut row.parent_id, "invoice");
        wish.link(&mut row.details.method_id, "payment_method");
        wish.link(&mut row.details.request_id, "payment_request");
        wish.day(&mut row.on_day, "paid_at");
        wish.text(&mut row.details.memo, "memo");
        let invoice = match invoice_here(wish, administration, stand).await? {
            Ok(invoice) => invoice,
            Err(errors) => return Ok(Err(errors)),
        };
        let is_told = match is_told(stand.look.query) {
            Ok(is_told) => is_told,
            Err(errors) => return Ok(Err(errors)),
        };
        // Money is paid in the currency of its invoice.
        let currency = invoice.details.total.currency;
        let mut value = rust_decimal::Decimal::ZERO;
        wish.decimal(&mut value, "foreign_price");
        row.details.amount = Amount { value, currency };
        let mut writes = vec![wish.plan(Write::payment(row))];
        if is_told {
            writes.push(wish.plan(Write::payment_notice(wish.id())));
        }
        Ok(Ok(writes))
    }
}

impl Written for m::PaymentResultShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[("parent_id", "payment_request")];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let Some(administration) = stand.administration else {
            return Ok(Err(not_so("created")));
        };
        let details = PaymentResultDetails::default();
        let mut row = PaymentResult::new(wish.id(), administration, details);
        wish.link(&mut row.parent_id, "payment_request");
        wish.text(&mut row.state, "state");
        wish.text(&mut row.reference, "reference");
        wish.text(&mut row.details.message, "message");
        let place = stand
            .look
            .reading
            .one::<Organization>(administration)
            .await?;
        let now = stand.look.now;
        let paid_on = match place {
            Some(place) => today(&place.details.zone, now),
            None => now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        Ok(Ok(vec![wish.plan(Write::payment_result(row, paid_on))]))
    }
}
