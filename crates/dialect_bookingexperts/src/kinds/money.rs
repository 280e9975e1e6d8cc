//! Invoices and what was paid.

use jsonapi::{Relationship, ResourceType};

use super::{ADMINISTRATION, CREATED_AT, UPDATED_AT, day, decimal, instant, localized, text};

/// An invoice.
pub static INVOICE: ResourceType = ResourceType::new("invoice")
    .scopes("invoice|read", "invoice|write")
    .attributes(&[
        text("invoice_nr").filterable(),
        day("invoiced_on")
            .writable_on_create()
            .filterable()
            .sortable(),
        day("due_on").writable(),
        decimal("foreign_total"),
        decimal("foreign_total_open"),
        text("foreign_currency"),
        text("memo").writable().between(0, 10_000),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("reservation", &["reservation"])
            .writable_on_create()
            .required()
            .filterable(),
        Relationship::to_one("customer", &["customer"]).writable(),
    ]);

/// Money that was received, or given back.
pub static PAYMENT: ResourceType = ResourceType::new("payment")
    .scopes("payment|read", "payment|write")
    .attributes(&[
        day("paid_at").required().filterable().sortable(),
        decimal("foreign_price")
            .required()
            .between(-100_000_000, 100_000_000),
        text("foreign_currency"),
        text("memo").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("invoice", &["invoice"])
            .required()
            .filterable(),
        Relationship::to_one("payment_method", &["payment_method"]).writable(),
        Relationship::to_one("payment_request", &["payment_request"]).writable(),
    ]);

/// A way to pay.
pub static PAYMENT_METHOD: ResourceType = ResourceType::new("payment_method")
    .scopes("payment_method|read", "payment_method|write")
    .attributes(&[
        localized("name").required().filterable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[ADMINISTRATION]);

/// Money asked for.
pub static PAYMENT_REQUEST: ResourceType = ResourceType::new("payment_request")
    .scopes("payment_request|read", "payment_request|write")
    .attributes(&[
        text("state").filterable(),
        decimal("amount")
            .writable_on_create()
            .between(0, 100_000_000),
        text("currency"),
        text("description").writable().between(0, 10_000),
        text("back_url").writable().between(0, 2_000),
        instant("expires_at").writable(),
        CREATED_AT,
        UPDATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("invoice", &["invoice"])
            .writable_on_create()
            .required()
            .filterable(),
        Relationship::to_one("payment_method", &["payment_method"]).writable(),
    ]);

/// What a payment provider said about a request.
pub static PAYMENT_RESULT: ResourceType = ResourceType::new("payment_result")
    .scopes("payment_result|read", "payment_result|write")
    .attributes(&[
        text("state")
            .required()
            .one_of(&[
                "open",
                "pending",
                "paid",
                "failed",
                "cancelled",
                "expired",
                "refunded",
            ])
            .filterable(),
        text("reference").writable().between(0, 200).filterable(),
        text("message").writable(),
        CREATED_AT,
    ])
    .relationships(&[
        ADMINISTRATION,
        Relationship::to_one("payment_request", &["payment_request"])
            .required()
            .filterable(),
    ]);
