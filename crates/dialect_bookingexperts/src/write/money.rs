//! Payments, and what providers say about requests to pay.

use domain::{money::Currency, time::today};
use service::{
    inventory::Organization,
    kept::{Amount, Invoice, Payment, PaymentDetails, PaymentResult, PaymentResultDetails},
    records::Write,
};

use super::{Stand, Wish, Writes, Written, not_so};
use crate::rows::money as m;

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
        // Money is paid in the currency of its invoice; one that is not there is refused when it is written.
        let mut currency = Currency::EUR;
        if let Some(id) = row.parent_id {
            let invoice = stand.look.reading.one::<Invoice>(id).await?;
            currency = invoice.map_or(currency, |invoice| invoice.details.total.currency);
        }
        let mut value = rust_decimal::Decimal::ZERO;
        wish.decimal(&mut value, "foreign_price");
        row.details.amount = Amount { value, currency };
        Ok(Ok(vec![wish.plan(Write::payment(row))]))
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
