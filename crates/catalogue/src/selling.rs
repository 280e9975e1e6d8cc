//! Where and on which terms stays are sold, and what goes with them: channels, master price lists, extras,
//! costs, packages, campaigns, cancellation rules. They stand in the table `content` with everything else
//! of [`crate::content`], which gives them out.

use domain::{
    charge::{CancellationStep, Charge, Discount},
    id::Id,
    money::Currency,
    price_list::Pricing,
    text::Localized,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    sale::Extra,
    shared::{
        Details, Invalid, check_name, check_named, check_plain, check_text, content, searched_in,
    },
};

/// Where bookings come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelDetails {
    /// Its name.
    pub name: String,
    /// The slug that its bookings carry; empty for the channel's id in digits.
    pub slug: String,
    /// How long a booking is held that nobody confirms, in minutes.
    pub hold_minutes: u32,
    /// How it prices.
    pub pricing: Pricing,
    /// By what the prices of the list are multiplied.
    pub price_factor: Decimal,
    /// The client through which it was made; only that one sees it among its own.
    pub client_id: Option<Id>,
    /// Whether all resources of its organization are sold there, and not only those that are linked.
    pub sells_everything: bool,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Default for ChannelDetails {
    fn default() -> Self {
        Self {
            name: String::new(),
            slug: String::new(),
            hold_minutes: 60,
            pricing: Pricing::Simple,
            price_factor: Decimal::ONE,
            client_id: None,
            sells_everything: false,
            extra: Extra::new(),
        }
    }
}

impl Details for ChannelDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.name);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_name("name", &self.name)?;
        if self.slug.len() > 64 {
            return Err(Invalid::new("slug", "at most 64 bytes"));
        }
        if !(1..=60 * 24 * 60).contains(&self.hold_minutes) {
            return Err(Invalid::new("hold_minutes", "1 minute to 60 days"));
        }
        if self.price_factor <= Decimal::ZERO || self.price_factor > Decimal::ONE_HUNDRED {
            return Err(Invalid::new("price_factor", "more than 0 and at most 100"));
        }
        Ok(())
    }
}

content!(
    /// Where bookings come from, and on which terms.
    Channel, "channel", ChannelDetails
);

impl Channel {
    /// The slug that its bookings carry.
    pub fn slug(&self) -> String {
        if self.details.slug.is_empty() {
            self.id.to_string()
        } else {
            self.details.slug.clone()
        }
    }
}

/// A master price list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PriceListDetails {
    /// Its name.
    pub name: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The client through which it was made.
    pub client_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Default for PriceListDetails {
    fn default() -> Self {
        Self {
            name: String::new(),
            currency: Currency::EUR,
            client_id: None,
            extra: Extra::new(),
        }
    }
}

impl Details for PriceListDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.name);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_name("name", &self.name)
    }
}

content!(
    /// A list of prices by night, or by arrival and length of stay; see [`crate::inventory::StoredPrice`].
    PriceList, "price_list", PriceListDetails
);

/// Something sold or charged beside a stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddOnDetails {
    /// Its name.
    pub name: Localized,
    /// What it is.
    pub description: Localized,
    /// What the guest is asked to write with it.
    pub memo_description: Localized,
    /// What it costs.
    pub charge: Charge,
    /// The VAT contained, percent.
    pub vat_rate: Decimal,
    /// How it is called on invoices.
    pub invoiced_as: String,
    /// Whether guests may choose it by themselves.
    pub selectable: bool,
    /// Whether it comes with every stay unless it is taken out.
    pub by_default: bool,
    /// Whether the guest has to confirm it.
    pub confirm_by_guest: bool,
    /// Whether the guest has to say how many.
    pub quantity_required: bool,
    /// Whether the guest has to write something with it.
    pub memo_required: bool,
    /// At most so many of it in one booking.
    pub maximum_quantity: Option<u32>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for AddOnDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        check_text("description", &self.description)?;
        check_text("memo_description", &self.memo_description)?;
        check_plain("invoiced_as", &self.invoiced_as)?;
        check_amount("charge", self.charge.amount)?;
        if !rises(self.charge.from, self.charge.until) {
            return Err(Invalid::new(
                "until",
                "a day that is not before the first one",
            ));
        }
        check_percent("vat_rate", self.vat_rate)
    }
}

/// An amount in major units that no sum over a stay can overflow.
pub(crate) fn check_amount(field: &'static str, amount: Decimal) -> Result<(), Invalid> {
    if amount.abs() > Decimal::from(100_000_000) {
        return Err(Invalid::new(field, "an amount up to 100 million"));
    }
    Ok(())
}

/// A share of something.
pub(crate) fn check_percent(field: &'static str, percent: Decimal) -> Result<(), Invalid> {
    if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
        return Err(Invalid::new(field, "a number from 0 to 100"));
    }
    Ok(())
}

content!(
    /// An extra: something that a guest takes with a stay.
    ExtraItem, "extra", AddOnDetails
);

content!(
    /// A cost: something that comes with a stay whether the guest wants it or not.
    Cost, "cost", AddOnDetails
);

content!(
    /// A cost that comes with the nights of a part of the year; which ones, its charge says.
    PeriodicCost, "periodic_cost", AddOnDetails
);

content!(
    /// A package: extras and costs at one price; its parts are linked to it.
    Package, "package", AddOnDetails
);

/// A discount for those who book what the operator wants to sell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CampaignDetails {
    /// Its name.
    pub name: Localized,
    /// What it is.
    pub description: Localized,
    /// What is taken off, and when.
    pub discount: Discount,
    /// The word without which nobody gets the discount, in any case; empty where everybody does.
    pub token: String,
    /// Whether it is only for the resources that are linked to it, and not for all of its organization.
    pub limited: bool,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for CampaignDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        check_text("description", &self.description)?;
        check_token("token", &self.token)?;
        check_discount(&self.discount)
    }
}

/// A word that guests are given to type in.
pub(crate) fn check_token(field: &'static str, token: &str) -> Result<(), Invalid> {
    let is_odd = |one: char| one.is_control() || one.is_whitespace();
    if token.chars().count() > 64 || token.chars().any(is_odd) {
        return Err(Invalid::new(field, "at most 64 characters without spaces"));
    }
    Ok(())
}

/// Whether a stretch of days has any; one without an end has.
fn rises(from: Option<Date>, until: Option<Date>) -> bool {
    from.zip(until).is_none_or(|(from, until)| from <= until)
}

fn check_discount(discount: &Discount) -> Result<(), Invalid> {
    check_percent("percent", discount.percent)?;
    check_amount("amount", discount.amount)?;
    if discount.amount < Decimal::ZERO {
        return Err(Invalid::new("amount", "an amount that is not below zero"));
    }
    if discount
        .min_nights
        .is_some_and(|nights| !(1..=366).contains(&nights))
    {
        return Err(Invalid::new("min_nights", "a number from 1 to 366"));
    }
    if !rises(discount.arrives_from, discount.arrives_until) {
        return Err(Invalid::new(
            "arrives_until",
            "a day that is not before the first one",
        ));
    }
    if !rises(discount.booked_from, discount.booked_until) {
        return Err(Invalid::new(
            "booked_until",
            "a day that is not before the first one",
        ));
    }
    Ok(())
}

content!(
    /// A discount campaign; the resources that it is limited to are linked to it.
    Campaign, "campaign", CampaignDetails
);

/// What a guest has that takes something off.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoucherDetails {
    /// Its name.
    pub name: Localized,
    /// What stands on it, in any case.
    pub code: String,
    /// What is taken off, and when.
    pub discount: Discount,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for VoucherDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.code);
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_text("name", &self.name)?;
        check_name("code", &self.code)?;
        check_token("code", &self.code)?;
        check_discount(&self.discount)
    }
}

content!(
    /// A discount card: whoever has it gets something off, as often as they come.
    DiscountCard, "discount_card", VoucherDetails
);

content!(
    /// A coupon: whoever tells its code gets something off.
    Coupon, "coupon", VoucherDetails
);

/// What calling off costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CancellationRuleDetails {
    /// Its name.
    pub name: Localized,
    /// What it says, in words.
    pub description: Localized,
    /// From when on it costs how much.
    pub steps: Vec<CancellationStep>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for CancellationRuleDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        check_text("description", &self.description)?;
        if self.steps.len() > 50 {
            return Err(Invalid::new("steps", "at most 50 steps"));
        }
        self.steps
            .iter()
            .try_for_each(|step| check_percent("steps", step.percent))
    }
}

content!(
    /// A cancellation rule.
    CancellationRule, "cancellation_rule", CancellationRuleDetails
);
