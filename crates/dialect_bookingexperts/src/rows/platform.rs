//! The organization and what it granted.

use domain::{id::Id, text::Locale};
use identity::oauth::installations::Installed;
use jsonapi::{Identifier, Row};
use service::{content::TenantProfile, inventory::Organization};

use super::parts::{number, text, to};
use crate::kinds::LOCALES;
use crate::kinds::platform::{ADMINISTRATION_SUBSCRIPTION, SUBSCRIPTION};
use crate::kinds::structure::ORGANIZATION;
use crate::read::Look;

/// The organization; one that has said nothing about itself has its name and the usual borders of ages.
pub fn organization(id: Id, name: &str, profile: Option<&TenantProfile>) -> Row {
    let usual = Default::default();
    let details = profile.map_or(&usual, |profile| &profile.details);
    let contact = &details.contact;
    Row::new(&ORGANIZATION, id)
        .at("/organization")
        .with("name", name)
        .with("website", text(&details.website))
        .with("country_code", text(&contact.country_code))
        .with("phone", text(&contact.phone))
        .with("email", text(&contact.email))
        .with("weekend_behavior", text(&details.weekend))
        .with("max_baby_age", number(details.ages.max_baby))
        .with("max_child_age", number(details.ages.max_child))
        .with("max_adolescent_age", number(details.ages.max_adolescent))
        .with("min_senior_age", number(details.ages.min_senior))
}

/// The caller's own organization, if it is asked for.
pub async fn organizations(ids: &[Id], look: &Look<'_>) -> service::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for id in ids {
        // There is one organization for a caller, so this goes round once.
        let profile = look.reading.one::<TenantProfile>(*id).await?;
        if let Some(name) = &look.tenant {
            rows.push(organization(*id, name, profile.as_ref()));
        }
    }
    Ok(rows)
}

/// The installation of an app, with the administrations that it was granted.
pub fn subscription(tenant_id: Id, installed: &Installed, granted: &[Id]) -> Row {
    let granted = granted.iter();
    let granted = granted.map(|id| Identifier::new("administration_subscription", id));
    let updated_at = installed.cancelled_at.unwrap_or(installed.created_at);
    Row::new(&SUBSCRIPTION, installed.id)
        .at("/subscription")
        .with(
            "authorized",
            installed.cancelled_at.is_none() && !installed.needs_consent,
        )
        .with("created_at", installed.created_at)
        .with("updated_at", updated_at)
        .to_one(
            "organization",
            Some(Identifier::new("organization", tenant_id)),
        )
        .to_many("administration_subscriptions", granted.collect())
}

/// The language in which those are spoken to who have installed the app: the first one of their first
/// administration that has said any, in the order in which administrations were made; English where none has.
pub fn locale_of(mut places: Vec<Organization>) -> &'static str {
    places.sort_by_key(|place| place.id);
    let mut spoken = places.iter().flat_map(|place| &place.details.locales);
    let known = |locale: &Locale| {
        let mut known = LOCALES.iter().copied();
        let exact = known.find(|known| *known == locale.as_str());
        exact.or_else(|| {
            LOCALES
                .iter()
                .copied()
                .find(|known| *known == locale.language())
        })
    };
    spoken.find_map(known).unwrap_or("en")
}

/// The administrations that the app was granted, each with its channel.
pub fn administration_subscriptions(ids: &[Id], look: &Look<'_>) -> Vec<Row> {
    let granted = ids.iter().filter_map(|id| {
        let channel = look.seen.granted(*id)?;
        let row = Row::new(&ADMINISTRATION_SUBSCRIPTION, id)
            .to_one(
                "administration",
                Some(Identifier::new("administration", id)),
            )
            .to_one("channel", to("channel", channel));
        Some(row)
    });
    granted.collect()
}
