//! Money asked for and received: invoices with their numbers, payments, and what providers say.
//!
//! A payment of a booking is a line of the booking too, with the same id, so that the balance is the
//! same through every API. Only results move a request from state to state; each brings its money once.

use catalogue::{
    delivery::Mail,
    inventory::Organization,
    records::{
        Amount, Invoice, InvoiceDetails, Payment, PaymentDetails, PaymentRequest, PaymentResult,
    },
    sale::{Booking, Line, LineDetails, LineKind},
};
use domain::{
    id::Id,
    money::{Money, Rounding},
    payment::{Effect, RequestState},
    time::today,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use store::{
    Condition, Tx, Value,
    hot::{BookingChange, ChangeBooking, Overbooking, SubChange},
};

use super::{
    Readable,
    kinds::key,
    rows::{insert, locked, unknown, update},
    stays::{Stay, run},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, UseCase};

impl Write {
    /// Writes an invoice, which gets the next number of its organization. Invoices are never removed, so
    /// their numbers have no gaps.
    pub fn invoice(invoice: Invoice) -> Write {
        Write::new(WriteInvoice(invoice))
    }

    /// Writes an invoice over everything of a booking that is charged and on no invoice yet.
    pub fn invoice_of(new: NewInvoice) -> Write {
        Write::new(new)
    }

    /// Tells the guest by mail that a payment was received. A guest without an address is told nothing.
    pub fn payment_notice(payment_id: Id) -> Write {
        Write::new(TellOfPayment(payment_id))
    }

    /// Records a payment.
    pub fn payment(payment: Payment) -> Write {
        Write::new(RecordPayment(payment))
    }

    /// Records what a provider says about a request, which it moves to the result's state. Money that
    /// was received, or given back, is recorded as a payment on `paid_on`.
    pub fn payment_result(result: PaymentResult, paid_on: Date) -> Write {
        Write::new(RecordResult { result, paid_on })
    }
}

struct WriteInvoice(Invoice);

impl Step for WriteInvoice {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Invoice::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(self.write(tx, by))
    }
}

impl WriteInvoice {
    async fn write(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Stepped> {
        let mut invoice = self.0.clone();
        let Some(organization_id) = invoice.organization_id else {
            return Ok(Err(unknown("organization_id")));
        };
        // The organization is locked, so that no two invoices count the same ones before them.
        let key = key(by.tenant_id(), organization_id);
        if tx.get_locked::<Organization>(&key).await?.is_none() {
            return Ok(Err(unknown("organization_id")));
        }
        invoice.reference = (invoices_of(tx, by, organization_id).await? + 1).to_string();
        insert(tx, by, invoice).await
    }
}

/// An invoice over what a booking comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInvoice {
    /// Its id.
    pub id: Id,
    /// The organization of the booking.
    pub organization_id: Id,
    /// The booking.
    pub booking_id: Id,
    /// The day it is dated; none for today.
    pub on_day: Option<Date>,
    /// Until when it is to be paid.
    pub due_on: Option<Date>,
    /// Who pays it.
    pub customer_id: Option<Id>,
    /// What is written on it.
    pub memo: String,
}

impl Step for NewInvoice {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Invoice::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let invoice = match self.invoice(tx, by).await? {
                Ok(invoice) => invoice,
                Err(refusal) => return Ok(Err(refusal)),
            };
            WriteInvoice(invoice).write(tx, by).await
        })
    }
}

impl NewInvoice {
    async fn invoice(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Result<Invoice, Refusal>> {
        let of = key(by.tenant_id(), self.organization_id);
        // Two invoices over the same lines would each count the other's: one after the other.
        let organization = match tx.get_locked::<Organization>(&of).await? {
            Some(organization) if by.stamp.reaches(organization.id) => organization,
            _ => return Ok(Err(unknown("organization_id"))),
        };
        let of = key(by.tenant_id(), self.booking_id);
        let booking = tx.get::<Booking>(&of).await?;
        let is_here = |booking: &Booking| booking.organization_id == organization.id;
        let Some(booking) = booking.filter(is_here) else {
            return Ok(Err(unknown("subject_id")));
        };
        let open = open_lines(tx, by, booking.id).await?;
        let value = match &open {
            Open::Lines(lines) => lines.iter().fold(Decimal::ZERO, |sum, line| {
                let details = &line.details;
                sum.saturating_add(details.amount.saturating_mul(details.quantity.into()))
            }),
            Open::Price => booking.details.price,
            Open::Nothing => {
                return Ok(Err(Refusal::Invalid {
                    field: "subject_id",
                    expected: "something to pay that is on no invoice yet".to_owned(),
                }));
            }
        };
        let currency = organization.details.currency;
        let details = InvoiceDetails {
            total: Amount { value, currency },
            customer_id: self.customer_id,
            line_ids: match open {
                Open::Lines(lines) => lines.into_iter().map(|line| line.id).collect(),
                _ => Vec::new(),
            },
            due_on: self.due_on,
            memo: self.memo.clone(),
            ..InvoiceDetails::default()
        };
        let mut invoice = Invoice::new(self.id, organization.id, details);
        invoice.subject_id = Some(booking.id);
        let today = today(&organization.details.zone, by.stamp.now);
        invoice.on_day = Some(self.on_day.unwrap_or(today));
        Ok(Ok(invoice))
    }
}

/// What of a booking is on no invoice yet.
enum Open {
    /// These lines.
    Lines(Vec<Line>),
    /// Its price, which nobody wrote lines for.
    Price,
    /// Nothing.
    Nothing,
}

async fn open_lines(tx: &mut Tx, by: &By<'_>, booking_id: Id) -> store::Result<Open> {
    let of_booking = |column| {
        Condition::All(vec![
            Condition::Is("tenant_id", by.tenant_id().into()),
            Condition::Is(column, booking_id.into()),
        ])
    };
    let mut lines = tx
        .find::<Line>(&of_booking("booking_id"), "id", None, 0)
        .await?;
    lines.retain(|line| line.details.kind == LineKind::Charge);
    let invoices = tx
        .find::<Invoice>(&of_booking("subject_id"), "id", None, 0)
        .await?;
    let before = lines.len();
    lines.retain(|line| {
        let has = |invoice: &Invoice| invoice.details.line_ids.contains(&line.id);
        !invoices.iter().any(has)
    });
    Ok(match (lines.is_empty(), before, invoices.is_empty()) {
        (false, _, _) => Open::Lines(lines),
        (true, 0, true) => Open::Price,
        _ => Open::Nothing,
    })
}

struct TellOfPayment(Id);

impl Step for TellOfPayment {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Payment::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let tenant_id = by.tenant_id();
            let Some(payment) = tx.get::<Payment>(&key(tenant_id, self.0)).await? else {
                return Ok(Err(unknown("id")));
            };
            let booking = match payment.subject_id {
                Some(id) => tx.get::<Booking>(&key(tenant_id, id)).await?,
                None => None,
            };
            let place = match payment.organization_id {
                Some(id) => tx.get::<Organization>(&key(tenant_id, id)).await?,
                None => None,
            };
            if let (Some(booking), Some(place)) = (booking, place)
                && !booking.details.contact.email.is_empty()
            {
                let mail = receipt(by, &payment, &booking, &place);
                tx.insert(std::slice::from_ref(&mail)).await?;
            }
            Ok(Ok(payment.id))
        })
    }
}

/// The mail that tells of a payment.
fn receipt(by: &By<'_>, payment: &Payment, booking: &Booking, place: &Organization) -> Mail {
    let contact = &booking.details.contact;
    let Amount { value, currency } = payment.details.amount;
    let amount = Money::from_decimal(value, currency, Rounding::HalfUp)
        .map_or(value, |money| money.to_decimal());
    let paid_on = payment
        .on_day
        .map_or_else(String::new, |day| day.to_string());
    let mut mail = Mail::new(
        by.tenant_id(),
        by.new_id(),
        by.stamp.now,
        &contact.email,
        "payment_received",
    )
    .in_language(&booking.details.language)
    .with("name", contact.full_name())
    .with("amount", format!("{amount} {}", currency.code()))
    .with("paid_on", paid_on)
    .with("place", place.name.as_str());
    mail.to_name = contact.full_name();
    // Mail leaves by real time, and a tenant's clock may be ahead of it.
    mail.next_at = jiff::Timestamp::UNIX_EPOCH;
    mail
}

async fn invoices_of(tx: &mut Tx, by: &By<'_>, organization_id: Id) -> store::Result<i64> {
    let sql = "SELECT count(*) FROM record WHERE tenant_id = $1 AND kind = 'invoice' AND organization_id = $2";
    let rows = tx
        .query(sql, &[by.tenant_id().into(), organization_id.into()])
        .await?;
    Ok(match rows.first().and_then(|row| row.first()) {
        Some(Value::Int(count)) => *count,
        _ => 0,
    })
}

struct RecordPayment(Payment);

impl Step for RecordPayment {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Payment::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(record(tx, by, self.0.clone()))
    }
}

/// Records a payment, and adds it to the lines of its booking.
async fn record(tx: &mut Tx, by: &By<'_>, mut payment: Payment) -> store::Result<Stepped> {
    if payment.subject_id.is_none() {
        payment.subject_id = match payment.parent_id {
            Some(id) => tx
                .get::<Invoice>(&key(by.tenant_id(), id))
                .await?
                // One that the caller may not know of is refused by its own name, like one that is not there.
                .filter(|invoice| by.may_write(invoice.organization_id))
                .and_then(|invoice| invoice.subject_id),
            None => None,
        };
    }
    let booking_id = payment.subject_id;
    let amount = payment.details.amount;
    let line = Line {
        tenant_id: by.tenant_id(),
        id: payment.id,
        booking_id: booking_id.unwrap_or(payment.id),
        created_at: by.stamp.now,
        details: LineDetails {
            kind: LineKind::Payment,
            description: payment.details.memo.clone(),
            quantity: 1,
            amount: amount.value,
            ..LineDetails::default()
        },
    };
    let id = match insert(tx, by, payment).await? {
        Ok(id) => id,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(booking_id) = booking_id else {
        return Ok(Ok(id));
    };
    if let Some(refusal) = other_currency(tx, by, booking_id, amount.currency).await? {
        return Ok(Err(refusal));
    }
    let added = Stay::Change(Box::new(ChangeBooking {
        booking_id,
        change: BookingChange::default(),
        lines: vec![SubChange::Add(line)],
        notes: Vec::new(),
        remove_lines: false,
        overbooking: Overbooking::Mark,
        event_id: by.new_id(),
        announce: true,
    }));
    Ok(run(tx, by, &added).await?.map(|_| id))
}

/// Lines are in the currency of their property, and nothing is converted.
async fn other_currency(
    tx: &mut Tx,
    by: &By<'_>,
    booking_id: Id,
    currency: domain::money::Currency,
) -> store::Result<Option<Refusal>> {
    let Some(booking) = tx.get::<Booking>(&key(by.tenant_id(), booking_id)).await? else {
        return Ok(Some(unknown("subject_id")));
    };
    let of = key(by.tenant_id(), booking.organization_id);
    let organization = tx.get::<Organization>(&of).await?;
    let known = organization.map(|organization| organization.details.currency);
    Ok(match known {
        Some(known) if known == currency => None,
        Some(known) => Some(Refusal::Invalid {
            field: "amount",
            expected: format!("an amount in {}", known.code()),
        }),
        None => Some(unknown("subject_id")),
    })
}

struct RecordResult {
    result: PaymentResult,
    paid_on: Date,
}

impl Step for RecordResult {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(PaymentResult::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(async move {
            let (Some(request_id), Some(to)) = (
                self.result.parent_id,
                RequestState::from_word(&self.result.state),
            ) else {
                return Ok(Err(Refusal::Invalid {
                    field: "state",
                    expected: "a state of a request, and the request".to_owned(),
                }));
            };
            let request = match locked::<PaymentRequest>(tx, by, request_id).await? {
                Ok(request) => request,
                Err(_) => return Ok(Err(unknown("parent_id"))),
            };
            let effect = match request.request_state().step(to) {
                Ok(effect) => effect,
                Err(refused) => {
                    return Ok(Err(Refusal::Invalid {
                        field: "state",
                        expected: format!("another state: {refused}"),
                    }));
                }
            };
            let mut result = self.result.clone();
            result.organization_id = request.organization_id;
            let id = match insert(tx, by, result).await? {
                Ok(id) => id,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(refusal) = self.move_money(tx, by, &request, effect).await? {
                return Ok(Err(refusal));
            }
            let mut moved = request.clone();
            moved.state = to.as_str().to_owned();
            Ok(update(tx, by, &request, moved).await?.map(|_| id))
        })
    }
}

impl RecordResult {
    async fn move_money(
        &self,
        tx: &mut Tx,
        by: &By<'_>,
        request: &PaymentRequest,
        effect: Effect,
    ) -> store::Result<Option<Refusal>> {
        let mut amount = request.details.amount;
        match effect {
            Effect::None => return Ok(None),
            Effect::Receive => {}
            Effect::Return => amount.value = -amount.value,
        }
        let Some(organization_id) = request.organization_id else {
            return Ok(Some(unknown("organization_id")));
        };
        let details = PaymentDetails {
            amount,
            method_id: request.details.method_id,
            request_id: Some(request.id),
            memo: request.details.description.clone(),
            ..PaymentDetails::default()
        };
        let mut payment = Payment::new(by.new_id(), organization_id, details);
        payment.parent_id = request.parent_id;
        payment.subject_id = request.subject_id;
        payment.on_day = Some(self.paid_on);
        Ok(record(tx, by, payment).await?.err())
    }
}
