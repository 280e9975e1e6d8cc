//! What is declared once and referred to by others: what places have, what goes with a stay, where it is
//! sold, and the words that are sent. All of it stands in the table `content`.

use std::collections::BTreeMap;

use domain::{contact::Contact, id::Id, party::AgeBorders, text::Localized};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    Kind, Table,
    delivery::SealedSecret,
    sale::Extra,
    shared::{
        Details, Invalid, Reference, check_name, check_named, check_plain, check_text, content,
        searched_in,
    },
};

pub use crate::selling::{
    AddOnDetails, Campaign, CampaignDetails, CancellationRule, CancellationRuleDetails, Channel,
    ChannelDetails, Cost, Coupon, DiscountCard, ExtraItem, Package, PeriodicCost, PriceList,
    PriceListDetails, VoucherDetails,
};
pub(crate) use crate::selling::{check_amount, check_percent};

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
    /// A stretch of land by which guests search; organizations are linked to theirs.
    Region, "region", NamedDetails
);

content!(
    /// A town, whose parent is its region; organizations are linked to theirs.
    City, "city", NamedDetails
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

/// What a picture is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageDetails {
    /// Where it is.
    pub url: String,
    /// What it shows.
    pub caption: Localized,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for ImageDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        searched_in(&self.caption, look);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_text("caption", &self.caption)?;
        check_address("url", &self.url)
    }
}

/// An address in the web. Where it leads is for those to judge who go there.
fn check_address(field: &'static str, url: &str) -> Result<(), Invalid> {
    let http = url.strip_prefix("http://");
    let rest = url.strip_prefix("https://").or(http);
    let is_odd = |one: char| one.is_control() || one.is_whitespace();
    if url.len() > 2_000 || rest.is_none_or(str::is_empty) || url.chars().any(is_odd) {
        return Err(Invalid::new(field, "an https:// address"));
    }
    Ok(())
}

content!(
    /// A picture of a resource, which is its parent; the best one has the lowest position.
    Image, "image", ImageDetails
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
        let is_colour = digits.is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
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
                domain::template::names(words)
                    .map_err(|bad| Invalid::new(field, bad.to_string()))?;
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
    /// The secrets that its calls are signed with, oldest first.
    pub secrets: Vec<SealedSecret>,
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
        // Where the address leads, and whether http is good enough, is judged when it is called; what is
        // none is refused here.
        let http = self.target_url.strip_prefix("http://");
        let rest = self.target_url.strip_prefix("https://").or(http);
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
            Err(Invalid::new(
                "ages",
                "borders that rise from babies to seniors",
            ))
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
    <Region as Kind>::TABLE,
    <City as Kind>::TABLE,
    <AmenityOption as Kind>::TABLE,
    <Amenity as Kind>::TABLE,
    <Label as Kind>::TABLE,
    <Image as Kind>::TABLE,
    <Channel as Kind>::TABLE,
    <PriceList as Kind>::TABLE,
    <ExtraItem as Kind>::TABLE,
    <Cost as Kind>::TABLE,
    <PeriodicCost as Kind>::TABLE,
    <Package as Kind>::TABLE,
    <Campaign as Kind>::TABLE,
    <DiscountCard as Kind>::TABLE,
    <Coupon as Kind>::TABLE,
    <CancellationRule as Kind>::TABLE,
    <PaymentMethod as Kind>::TABLE,
    <MessageTemplate as Kind>::TABLE,
    <ApplicationCommand as Kind>::TABLE,
    <TenantProfile as Kind>::TABLE,
];
