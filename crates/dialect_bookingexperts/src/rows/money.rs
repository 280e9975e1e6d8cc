//! Invoices and payments.

use std::collections::HashMap;

use domain::id::Id;
use jsonapi::{ResourceType, Row};
use rust_decimal::Decimal;
use service::{
    content::PaymentMethod,
    kept::{Invoice, Payment, PaymentRequest, PaymentResult},
    records::Field,
};

use super::{
    parts::{amount, begun, localized, text, to},
    plain,
};
use crate::kinds::money;
use crate::read::{Look, Lookup, Shown};

/// What was paid of invoices, by invoice.
pub async fn paid(ids: &[Id], look: &Look<'_>) -> service::Result<HashMap<Id, Decimal>> {
    let mut paid: HashMap<Id, Decimal> = HashMap::new();
    let parent = const { Field::<Payment>::new("parent_id") };
    for payment in look.reading.of::<Payment>(parent, ids).await? {
        if let Some(invoice) = payment.parent_id {
            let sum = paid.entry(invoice).or_default();
            *sum = sum.saturating_add(payment.details.amount.value);
        }
    }
    Ok(paid)
}

/// Invoices.
pub struct InvoiceShown;

impl Shown for InvoiceShown {
    type Stored = Invoice;
    const KIND: &'static ResourceType = &money::INVOICE;

    fn lookup(name: &str) -> Option<Lookup<Invoice>> {
        Some(match name {
            "invoice_nr" => Lookup::Text(const { Field::new("reference") }),
            "invoiced_on" => Lookup::Day(const { Field::new("on_day") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Id(const { Field::new("organization_id") }),
            "reservation" => Lookup::Id(const { Field::new("subject_id") }),
            _ => return None,
        })
    }

    async fn show(stored: &[Invoice], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let mut known: HashMap<Id, Decimal> = HashMap::new();
        if look.query.shows(Self::KIND, "foreign_total_open") {
            let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
            known = paid(&ids, look).await?;
        }
        let shown = stored.iter().map(|row| {
            let total = row.details.total;
            let open = total
                .value
                .saturating_sub(known.get(&row.id).copied().unwrap_or_default());
            begun(Self::KIND, row)
                .with("invoice_nr", text(&row.reference))
                .with("invoiced_on", row.on_day)
                .with("due_on", row.details.due_on)
                .with("foreign_total", amount(total.value))
                .with("foreign_total_open", amount(open))
                .with("foreign_currency", total.currency.code())
                .with("memo", text(&row.details.memo))
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_one("reservation", to("reservation", row.subject_id))
                .to_one("customer", to("customer", row.details.customer_id))
        });
        Ok(shown.collect())
    }
}

plain! {
    /// Payments.
    PaymentShown: Payment as money::PAYMENT,
    ["paid_at" => Day "on_day", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Id "organization_id",
     "invoice" => Id "parent_id"],
    |row, begun| begun
        .with("paid_at", row.on_day)
        .with("foreign_price", amount(row.details.amount.value))
        .with("foreign_currency", row.details.amount.currency.code())
        .with("memo", text(&row.details.memo))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("invoice", to("invoice", row.parent_id))
        .to_one("payment_method", to("payment_method", row.details.method_id))
        .to_one("payment_request", to("payment_request", row.details.request_id))
}

plain! {
    /// Ways to pay.
    PaymentMethodShown: PaymentMethod as money::PAYMENT_METHOD,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

plain! {
    /// Requests to pay.
    PaymentRequestShown: PaymentRequest as money::PAYMENT_REQUEST,
    ["state" => Text "state", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Id "organization_id",
     "invoice" => Id "parent_id"],
    |row, begun| begun
        .with("state", row.request_state().as_str())
        .with("amount", amount(row.details.amount.value))
        .with("currency", row.details.amount.currency.code())
        .with("description", text(&row.details.description))
        .with("back_url", text(&row.details.return_url))
        .with("expires_at", row.details.expires_at)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("invoice", to("invoice", row.parent_id))
        .to_one("payment_method", to("payment_method", row.details.method_id))
}

plain! {
    /// What payment providers said.
    PaymentResultShown: PaymentResult as money::PAYMENT_RESULT,
    ["state" => Text "state", "reference" => Text "reference", "created_at" => Instant "created_at",
     "administration" => Id "organization_id", "payment_request" => Id "parent_id"],
    |row, begun| begun
        .with("state", text(&row.state))
        .with("reference", text(&row.reference))
        .with("message", text(&row.details.message))
        .with("created_at", row.created_at)
        .to_one("administration", to("administration", row.organization_id))
        .to_one("payment_request", to("payment_request", row.parent_id))
}
