//! What is declared once and referred to by others: what places have, what goes with a stay, where it is
//! sold, and the words that are sent. All of it stands in the table `content`.

use std::collections::BTreeMap;

use domain::{
    charge::{CancellationStep, Charge, Discount},
    contact::Contact,
    id::Id,
    money::Currency,
    party::AgeBorders,
    price_list::Pricing,
    text::Localized,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    Kind, Table,
    sale::Extra,
    shared::{
        Details, Invalid, Reference, check_name, check_named, check_plain, check_text, content,
        searched_in,
    },
};

/// Something with a name and a description in several languages, and no more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedDetails {
    /// Its name.
    pub name: Localized,
    /// What it is.
    pub description: Localized,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for NamedDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        check_text("description", &self.description)
    }
}

content!(
    /// A group of amenities, such as everything about the kitchen.
    AmenityGroup, "amenity_group", NamedDetails
);

content!(
    /// A group of resources by which guests search, such as all tents.
    Segment, "segment", NamedDetails
);

content!(
    /// One choice of an amenity with several; its parent is the amenity.
    AmenityOption, "amenity_option", NamedDetails
);

/// How an amenity is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmenityKind {
    /// It is there or not.
    #[default]
    YesNo,
    /// With a number.
    Number,
    /// With one of its options.
    Choice,
}

/// What an amenity is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AmenityDetails {
    /// Its name.
    pub name: Localized,
    /// How it is answered.
    pub kind: AmenityKind,
    /// The word by which programs know what it means, such as `wifi`; empty for none.
    pub meaning: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for AmenityDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        check_plain("meaning", &self.meaning)
    }
}

content!(
    /// Something that a place, a resource, a unit or a booking may have; its parent is its group.
    Amenity, "amenity", AmenityDetails
);

/// What a label is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabelDetails {
    /// Its name.
    pub name: String,
    /// Its colour as `#rrggbb`; empty for none.
    pub colour: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for LabelDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.name);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_name("name", &self.name)?;
        let digits = self.colour.strip_prefix('#');
        let is_colour = digits
            .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if self.colour.is_empty() || is_colour {
            Ok(())
        } else {
            Err(Invalid::new("colour", "a colour such as #1f77b4"))
        }
    }
}

content!(
    /// A word that staff puts on units and bookings.
    Label, "label", LabelDetails
);

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
        check_amount("discount", self.discount.amount)?;
        check_percent("discount", self.discount.percent)
    }
}

content!(
    /// A discount campaign; the resources that it is limited to are linked to it.
    Campaign, "campaign", CampaignDetails
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

/// How guests can pay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentMethodDetails {
    /// Its name.
    pub name: Localized,
    /// The client that carries out its payments; none for what staff records by hand.
    pub client_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for PaymentMethodDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)
    }
}

content!(
    /// A way to pay.
    PaymentMethod, "payment_method", PaymentMethodDetails
);

/// How a message leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// By mail.
    #[default]
    Email,
    /// As a text message.
    Sms,
    /// It stays in the house, for staff.
    Internal,
}

/// Words with gaps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageTemplateDetails {
    /// Its name, for staff.
    pub name: Localized,
    /// The subject, with gaps; see [`domain::template`].
    pub subject: Localized,
    /// The text, with gaps.
    pub body: Localized,
    /// How it leaves.
    pub medium: Medium,
    /// The variables that its owner fills in, with what they mean.
    pub variables: BTreeMap<String, Localized>,
    /// The client that it belongs to.
    pub client_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for MessageTemplateDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_named("name", &self.name)?;
        for (field, text) in [("subject", &self.subject), ("body", &self.body)] {
            check_text(field, text)?;
            for (_, words) in text.iter() {
                domain::template::names(words).map_err(|bad| Invalid::new(field, bad.to_string()))?;
            }
        }
        Ok(())
    }
}

content!(
    /// A message template.
    MessageTemplate, "message_template", MessageTemplateDetails
);

/// A button of a client inside the house.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandDetails {
    /// The word by which its client knows it.
    pub identifier: String,
    /// Its name.
    pub name: Localized,
    /// What it does.
    pub description: Localized,
    /// What it is about: `booking`, `organization`, `subscription`, ….
    pub context: String,
    /// The HTTP method of the call.
    pub method: String,
    /// Where the call goes.
    pub target_url: String,
    /// When it can be used, in the words of its dialect.
    pub enabled_when: String,
    /// The client that it belongs to.
    pub client_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for CommandDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.identifier);
        searched_in(&self.name, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_name("identifier", &self.identifier)?;
        check_named("name", &self.name)?;
        check_text("description", &self.description)?;
        check_name("context", &self.context)?;
        check_plain("enabled_when", &self.enabled_when)?;
        if !["get", "post", "put", "patch", "delete"].contains(&self.method.as_str()) {
            return Err(Invalid::new("method", "get, post, put, patch or delete"));
        }
        // Where the address leads is judged when it is called; what is none is refused here.
        let rest = self.target_url.strip_prefix("https://");
        if self.target_url.len() > 2_000 || rest.is_none_or(str::is_empty) {
            return Err(Invalid::new("target_url", "an https:// address"));
        }
        Ok(())
    }
}

content!(
    /// An application command.
    ApplicationCommand, "application_command", CommandDetails
);

/// What is the same in all of a tenant's organizations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantProfileDetails {
    /// Its address, telephone and mail; the country is `contact.country_code`.
    pub contact: Contact,
    /// Its address in the web.
    pub website: String,
    /// Which age belongs to which group of guests.
    pub ages: AgeBorders,
    /// How weekends are sold, in the words of its dialect.
    pub weekend: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for TenantProfileDetails {
    fn check(&self) -> Result<(), Invalid> {
        check_plain("website", &self.website)?;
        crate::customers::check_email(&self.contact.email)?;
        crate::customers::check_country(&self.contact.country_code)?;
        if self.ages.is_rising() {
            Ok(())
        } else {
            Err(Invalid::new("ages", "borders that rise from babies to seniors"))
        }
    }
}

content!(
    /// What a tenant says about itself, under the tenant's own id. One that said nothing has none.
    TenantProfile, "tenant_profile", TenantProfileDetails
);

/// An answer to an amenity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmenityAnswer {
    /// It is there, or not.
    There(bool),
    /// So many, so far, so large.
    Number(Decimal),
    /// This option.
    Option(Id),
}

/// What a link says beside what it links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkDetails {
    /// The answer to an amenity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AmenityAnswer>,
    /// How many of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// Attributes of one dialect.
    #[serde(skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}

impl Details for LinkDetails {
    fn references(&self) -> Vec<Reference> {
        match self.answer {
            Some(AmenityAnswer::Option(id)) => vec![Reference::to::<AmenityOption>("answer", id)],
            _ => Vec::new(),
        }
    }
}

/// The tables of all kinds of this file, which are one and the same.
pub const TABLES: &[&Table] = &[
    <AmenityGroup as Kind>::TABLE,
    <Segment as Kind>::TABLE,
    <AmenityOption as Kind>::TABLE,
    <Amenity as Kind>::TABLE,
    <Label as Kind>::TABLE,
    <Channel as Kind>::TABLE,
    <PriceList as Kind>::TABLE,
    <ExtraItem as Kind>::TABLE,
    <Cost as Kind>::TABLE,
    <Package as Kind>::TABLE,
    <Campaign as Kind>::TABLE,
    <CancellationRule as Kind>::TABLE,
    <PaymentMethod as Kind>::TABLE,
    <MessageTemplate as Kind>::TABLE,
    <ApplicationCommand as Kind>::TABLE,
    <TenantProfile as Kind>::TABLE,
];
