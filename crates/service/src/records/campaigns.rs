//! The discount campaigns that stays may get, for [`domain::reduction`] to choose among.

use std::collections::BTreeSet;

use catalogue::{content::Campaign, links::LimitedTo};
use domain::{
    id::Id,
    reduction::{Reduction, Reductions},
};
use jiff::civil::Date;

use super::{
    Reading,
    query::{Direction, Field, Query},
};
use crate::{PageOf, Result};

/// So many campaigns may be under way at once; of more the newest count.
pub const MOST_CAMPAIGNS: u32 = 1_000;

/// Which campaigns somebody would like to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignsAsked {
    /// Of which one the discount is wanted.
    pub choice: CampaignChoice,
    /// The token that was handed to the guest; empty for none.
    pub token: String,
    /// The campaign that a stay has got already, which needs no token any more, with the day on which it
    /// was booked.
    pub had: Option<(Id, Date)>,
}

/// Of which campaign the discount is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CampaignChoice {
    /// Of the one that takes off the most.
    #[default]
    Best,
    /// Of this one, or none.
    Only(Id),
    /// Of none.
    None,
}

impl CampaignsAsked {
    /// Whether a campaign may be had, and if so whether somebody asked for it.
    fn admits(&self, campaign: &Campaign) -> Option<bool> {
        let token = &campaign.details.token;
        let given = self.token.trim();
        let is_told = !given.is_empty() && token.to_lowercase() == given.to_lowercase();
        let is_had = self.had.is_some_and(|(id, _)| id == campaign.id);
        if !(token.is_empty() || is_told || is_had) {
            return None;
        }
        match self.choice {
            CampaignChoice::None => None,
            CampaignChoice::Best => Some(is_told),
            CampaignChoice::Only(id) => (id == campaign.id).then_some(true),
        }
    }

    fn names_one(&self) -> bool {
        matches!(self.choice, CampaignChoice::Only(_)) || !self.token.trim().is_empty()
    }
}

impl Reading<'_> {
    /// The campaigns whose discounts may be had: those that need no token, and those whose token is there.
    /// Three queries.
    ///
    /// # Errors
    /// As [`Reading::page`].
    pub async fn campaigns(&self, asked: &CampaignsAsked) -> Result<Reductions> {
        let only_wanted = asked.names_one();
        if asked.choice == CampaignChoice::None {
            let all = Vec::new();
            return Ok(Reductions { all, only_wanted });
        }
        let newest = (const { Field::new("id") }, Direction::Descending);
        let query = Query::<Campaign>::new().by(newest.0, newest.1);
        let page = self.page(&query, PageOf::first(MOST_CAMPAIGNS)).await?;
        let mut found = page.rows;
        let named = match asked.choice {
            CampaignChoice::Only(id) => Some(id),
            _ => None,
        };
        let named = named.into_iter().chain(asked.had.map(|(id, _)| id));
        let absent = named.filter(|id| !found.iter().any(|known| known.id == *id));
        let absent: Vec<Id> = absent.collect();
        found.extend(self.by_ids::<Campaign>(&absent).await?);
        let offered = found.into_iter();
        let offered = offered.filter_map(|one| Some((asked.admits(&one)?, one)));
        let offered: Vec<(bool, Campaign)> = offered.collect();
        let limited = offered.iter();
        let limited = limited.filter(|(_, campaign)| campaign.details.limited);
        let limited: Vec<Id> = limited.map(|(_, campaign)| campaign.id).collect();
        let mut limits = self.linked::<LimitedTo>(&limited).await?;
        let all = offered.into_iter().map(|(wanted, campaign)| Reduction {
            id: campaign.id,
            organization_id: campaign.organization_id,
            resources: campaign
                .details
                .limited
                .then(|| limits.remove(&campaign.id).unwrap_or_default())
                .map(BTreeSet::from_iter),
            discount: campaign.details.discount,
            booked_on: asked
                .had
                .filter(|(id, _)| *id == campaign.id)
                .map(|(_, day)| day),
            wanted,
        });
        Ok(Reductions {
            all: all.collect(),
            only_wanted,
        })
    }
}
