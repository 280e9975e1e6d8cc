//! Which plans are sold to whoever names no offer.

use super::RatePlan;

/// What holds for an offer as a whole, whatever the plans under it say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OfferTerms {
    /// Whether it is made to anybody who did not ask for it by its number.
    pub is_made: bool,
    /// The fewest nights of a stay under it; none: its plans alone say.
    pub min_stay: Option<u16>,
}

impl Default for OfferTerms {
    fn default() -> Self {
        Self {
            is_made: true,
            min_stay: None,
        }
    }
}

/// The plans under which a resource is sold to whoever names no offer, in the order of `plans`: those
/// of an offer that is not made are left out, and the others want as many nights as their offer does
/// where that is more. `terms_of` is asked with the number of an offer.
#[must_use]
pub fn sold_plans<'a>(
    plans: impl IntoIterator<Item = &'a RatePlan>,
    terms_of: impl Fn(u8) -> OfferTerms,
) -> Vec<RatePlan> {
    let sold = plans.into_iter().filter_map(|plan| {
        let terms = terms_of(plan.offer);
        terms.is_made.then(|| RatePlan {
            min_stay: plan.min_stay.max(terms.min_stay),
            ..plan.clone()
        })
    });
    sold.collect()
}
