//! What a request says of a reservation, in the words of the house.

use domain::{id::Id, party::AgeGroups};
use http_kit::Refusal;
use jiff::civil::Date;
use jsonapi::{Draft, Link, Links, Value};
use service::{
    records::{CampaignChoice, CampaignsAsked},
    sale::Extra,
};

use super::bad;
use crate::kinds::bookings::NOTED_FLAGS;
use crate::rows::bookings::{CHECKED_IN_ON, CHECKED_OUT_ON};

/// The relationships that name a unit; one thing under three names.
pub const UNIT_NAMES: [&str; 3] = ["inventory_object", "rentable_identity", "rentable"];

/// The relationships that name a rentable type.
pub const TYPE_NAMES: [&str; 2] = ["rentable_type", "category"];

/// The other relationships that lead to what is there already.
const LINK_NAMES: [&str; 5] = [
    "labels",
    "primary_package",
    "extra_packages",
    "cancellation_rule",
    "discount_campaign",
];

/// What a request says of a reservation. What is absent is not mentioned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// The first night.
    pub arrival: Option<Date>,
    /// The morning after the last night.
    pub departure: Option<Date>,
    /// Who comes.
    pub groups: Option<Vec<(Group, u16)>>,
    /// The rentable type, with the relationship that named it.
    pub resource: Option<(&'static str, Id)>,
    /// The unit, with the relationship that named it; none for any.
    pub unit: Option<(&'static str, Option<Id>)>,
    /// Whether it stays in the unit that it has.
    pub fixed: Option<bool>,
    /// On which day the guests came; none for not yet.
    pub checked_in: Option<Option<Date>>,
    /// On which day they left; none for not yet.
    pub checked_out: Option<Option<Date>>,
    /// What staff reads.
    pub note: Option<String>,
    /// What the caller calls it.
    pub key: Option<String>,
    /// For how many days it is an option.
    pub option_days: Option<i64>,
    /// What is noted and nothing acts upon.
    pub extra: Extra,
    /// Its labels.
    pub labels: Option<Vec<Id>>,
    /// Its main package.
    pub primary_package: Option<Option<Id>>,
    /// Its other packages.
    pub extra_packages: Option<Vec<Id>>,
    /// Under which rule it can be called off.
    pub cancellation_rule: Option<Option<Id>>,
    /// Of which campaign it gets the discount.
    pub campaign: Option<Option<Id>>,
    /// The token that the guest was given.
    pub token: Option<String>,
    /// Whether it says which cards and coupons the guest has.
    pub names_vouchers: bool,
}

/// A group of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// From the lowest age of a senior on.
    Seniors,
    /// Neither senior nor younger.
    Adults,
    /// Older than a child.
    Adolescents,
    /// Older than a baby.
    Children,
    /// The youngest.
    Babies,
    /// Animals.
    Pets,
}

/// The groups by their names.
pub const GROUPS: [(&str, Group); 6] = [
    ("seniors", Group::Seniors),
    ("adults", Group::Adults),
    ("adolescents", Group::Adolescents),
    ("children", Group::Children),
    ("babies", Group::Babies),
    ("pets", Group::Pets),
];

impl Group {
    /// The group among others.
    pub fn of(self, groups: &mut AgeGroups) -> &mut u16 {
        match self {
            Group::Seniors => &mut groups.seniors,
            Group::Adults => &mut groups.adults,
            Group::Adolescents => &mut groups.adolescents,
            Group::Children => &mut groups.children,
            Group::Babies => &mut groups.babies,
            Group::Pets => &mut groups.pets,
        }
    }
}

impl Wish {
    /// Reads the reservation of a request.
    pub fn read(draft: &Draft) -> Self {
        let date = |name: &str| draft.value(name).and_then(Value::as_date);
        let day = |name: &str| Some(draft.value(name)?.as_date());
        let words = |name: &str| {
            let value = draft.value(name)?;
            Some(value.as_text().unwrap_or_default().to_owned())
        };
        Self {
            arrival: date("start_date"),
            departure: date("end_date"),
            groups: draft.value("guest_group").map(groups),
            resource: TYPE_NAMES
                .into_iter()
                .find_map(|name| Some((name, one(draft, name)??))),
            unit: UNIT_NAMES
                .into_iter()
                .find_map(|name| Some((name, one(draft, name)?))),
            fixed: draft
                .value("fixed_rentable")
                .map(|value| value.as_boolean() == Some(true)),
            checked_in: day(CHECKED_IN_ON),
            checked_out: day(CHECKED_OUT_ON),
            note: words("note"),
            key: words("remote_reservation_key"),
            option_days: draft.value("option_validity").and_then(Value::as_integer),
            extra: noted(draft),
            labels: draft.links("labels").map(ids),
            primary_package: one(draft, "primary_package"),
            extra_packages: draft.links("extra_packages").map(ids),
            cancellation_rule: one(draft, "cancellation_rule"),
            campaign: one(draft, "discount_campaign"),
            token: words("promotion_token"),
            names_vouchers: ["discount_cards", "coupons"]
                .iter()
                .any(|name| draft.links(name).is_some()),
        }
    }

    /// Which campaigns it asks for, where it had this one already.
    pub fn campaigns(&self, had: Option<(Id, Date)>) -> CampaignsAsked {
        CampaignsAsked {
            choice: match self.campaign {
                None => CampaignChoice::Best,
                Some(None) => CampaignChoice::None,
                Some(Some(id)) => CampaignChoice::Only(id),
            },
            token: self.token.clone().unwrap_or_default(),
            had,
        }
    }

    /// Whether it says anything of what is taken off the price.
    pub fn is_about_discounts(&self) -> bool {
        self.campaign.is_some() || self.token.is_some() || self.names_vouchers
    }

    /// Whether it says anything of where, when and with whom somebody stays, by which a stay is priced.
    pub fn is_about_the_stay(&self) -> bool {
        self.arrival.is_some()
            || self.departure.is_some()
            || self.groups.is_some()
            || self.resource.is_some()
            || self.is_about_discounts()
    }

    /// Who comes, where it was these before. Who is not mentioned stays as they were.
    pub fn groups_after(&self, before: AgeGroups) -> AgeGroups {
        let mut after = before;
        for (group, number) in self.groups.iter().flatten() {
            *group.of(&mut after) = *number;
        }
        after
    }
}

/// Refuses links to what cannot exist, since an id that is none would be read as no link at all.
///
/// # Errors
/// 404 for the first of them.
pub fn lead_somewhere(draft: &Draft) -> Result<(), Refusal> {
    let names = TYPE_NAMES.iter().chain(&UNIT_NAMES).chain(&LINK_NAMES);
    for name in names {
        let links = draft.links(name);
        let links = links.map(Links::as_slice).unwrap_or_default().iter();
        for link in links {
            if let Link::To(to) = link
                && id_of(link).is_none()
            {
                return Err(bad(draft.missing_link(name, to)));
            }
        }
    }
    Ok(())
}

/// The relationship to a rentable type that a request empties, if it does.
pub fn cleared_type(draft: &Draft) -> Option<&'static str> {
    let is_empty = |name: &&str| one(draft, name) == Some(None);
    TYPE_NAMES.into_iter().find(is_empty)
}

fn groups(value: &Value) -> Vec<(Group, u16)> {
    let number = |name: &str| u16::try_from(value.member(name)?.as_integer()?).ok();
    let mentioned = GROUPS
        .into_iter()
        .filter_map(|(name, group)| Some((group, number(name)?)));
    mentioned.collect()
}

/// Where a to-one relationship shall lead, if it is mentioned.
fn one(draft: &Draft, name: &str) -> Option<Option<Id>> {
    let links = draft.links(name)?;
    Some(links.as_slice().iter().find_map(id_of))
}

fn ids(links: &Links) -> Vec<Id> {
    links.as_slice().iter().filter_map(id_of).collect()
}

fn id_of(link: &Link) -> Option<Id> {
    match link {
        Link::To(to) => to.id.parse().ok(),
        Link::Draft(_) => None,
    }
}

/// What is noted under the vendor's own names.
fn noted(draft: &Draft) -> Extra {
    let flags = NOTED_FLAGS.iter().filter_map(|name| {
        let flag = draft.value(name)?.as_boolean();
        Some(((*name).to_owned(), flag.into()))
    });
    let texts = ["access_code", "stay_reason"];
    let texts = texts.into_iter().filter_map(|name| {
        let text = draft.value(name)?.as_text();
        Some((name.to_owned(), text.into()))
    });
    flags.chain(texts).collect()
}
