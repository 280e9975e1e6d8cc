//! What is taken off: campaigns, cards and coupons.

use std::collections::HashMap;

use domain::id::Id;
use jsonapi::{ResourceType, Row};
use service::{
    content::{Campaign, Coupon, DiscountCard, VoucherDetails},
    links::LimitedTo,
    records::{Field, Readable},
    sale::{Line, LineItem},
};

use super::parts::{amount, begun, localized, many, text, to};
use crate::kinds::selling::{self, COUPON, DISCOUNT_CARD};
use crate::read::{Look, Lookup, Shown};

/// Discount campaigns.
pub struct DiscountCampaign;

impl Shown for DiscountCampaign {
    type Stored = Campaign;
    const KIND: &'static ResourceType = &selling::DISCOUNT_CAMPAIGN;

    fn lookup(name: &str) -> Option<Lookup<Campaign>> {
        Some(match name {
            "name" => Lookup::Search(const { Field::new("search") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Shared(const { Field::new("organization_id") }),
            _ => return None,
        })
    }

    async fn show(stored: &[Campaign], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let mut limits = HashMap::new();
        if look.wants(Self::KIND, "rentable_types") {
            let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
            limits = look.reading.linked::<LimitedTo>(&ids).await?;
        }
        // A token is as good as the discount, so it is shown only to those who give them out.
        let shows_tokens = look.seen.may_write(Self::KIND);
        let shown = stored.iter().map(|row| {
            let own = limits.remove(&row.id).unwrap_or_default();
            campaign(row, shows_tokens).to_many("rentable_types", many("rentable_type", own))
        });
        Ok(shown.collect())
    }
}

fn campaign(row: &Campaign, shows_tokens: bool) -> Row {
    let details = &row.details;
    let discount = &details.discount;
    let token = if shows_tokens { &*details.token } else { "" };
    begun(&selling::DISCOUNT_CAMPAIGN, row)
        .with("name", localized(&details.name))
        .with("description", localized(&details.description))
        .with("percentage", amount(discount.percent))
        .with("amount", amount(discount.amount))
        .with("minimum_length_of_stay", discount.min_nights.map(i64::from))
        .with("start_date_from", discount.arrives_from)
        .with("start_date_until", discount.arrives_until)
        .with("booked_from", discount.booked_from)
        .with("booked_until", discount.booked_until)
        .with("needs_promotion_token", !details.token.is_empty())
        .with("promotion_token", text(token))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

/// Declares cards of one kind, which all say the same.
macro_rules! vouchers {
    ($($(#[$doc:meta])* $name:ident: $stored:ty as $kind:expr;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = $stored;
            const KIND: &'static ResourceType = &$kind;

            fn lookup(name: &str) -> Option<Lookup<$stored>> {
                // Not by what is searched for: codes stand there too.
                Some(match name {
                    "created_at" => Lookup::Instant(const { Field::new("created_at") }),
                    "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
                    "administration" => Lookup::Shared(const { Field::new("organization_id") }),
                    _ => return None,
                })
            }

            async fn show(stored: &[$stored], look: &Look<'_>) -> service::Result<Vec<Row>> {
                // A code is as good as the discount, so it is shown only to those who give them out.
                let shows_codes = look.seen.may_write(Self::KIND);
                let shown = stored.iter().map(|row| {
                    voucher(begun(Self::KIND, row), &row.details, shows_codes)
                        .with("created_at", row.created_at)
                        .with("updated_at", row.changed_at)
                        .to_one("administration", to("administration", row.organization_id))
                });
                Ok(shown.collect())
            }
        }
    )* };
}

vouchers! {
    /// Discount cards.
    DiscountCardShown: DiscountCard as DISCOUNT_CARD;
    /// Coupons.
    CouponShown: Coupon as COUPON;
}

fn voucher(row: Row, details: &VoucherDetails, shows_code: bool) -> Row {
    let discount = &details.discount;
    let code = if shows_code { &*details.code } else { "" };
    row.with("name", localized(&details.name))
        .with("code", text(code))
        .with("percentage", amount(discount.percent))
        .with("amount", amount(discount.amount))
        .with("minimum_length_of_stay", discount.min_nights.map(i64::from))
        .with("valid_from", discount.arrives_from)
        .with("valid_until", discount.arrives_until)
}

/// The campaign that a line is the discount of.
pub fn campaign_of(line: &Line) -> Option<Id> {
    let details = &line.details;
    details
        .product_id
        .filter(|_| details.item == LineItem::Discount)
}

/// The card or coupon that a line is for.
pub fn voucher_of(line: &Line) -> Option<Id> {
    let details = &line.details;
    details
        .product_id
        .filter(|_| details.item == LineItem::Card)
}

/// A kind of cards.
pub trait Voucher: Readable + Send + Sync {
    /// The type that it is shown as.
    const KIND: &'static ResourceType;
    /// The relationship that names them.
    const NAME: &'static str;

    /// What it says.
    fn details(&self) -> &VoucherDetails;
}

impl Voucher for DiscountCard {
    const KIND: &'static ResourceType = &DISCOUNT_CARD;
    const NAME: &'static str = "discount_cards";

    fn details(&self) -> &VoucherDetails {
        &self.details
    }
}

impl Voucher for Coupon {
    const KIND: &'static ResourceType = &COUPON;
    const NAME: &'static str = "coupons";

    fn details(&self) -> &VoucherDetails {
        &self.details
    }
}
