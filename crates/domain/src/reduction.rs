//! Which of several discounts a stay gets, and what it takes off: the one place where that is decided, for
//! what is searched, shown beforehand, sold and changed.
//!
//! Of all discounts that are for a stay it gets the one that takes off the most. A discount may be wanted:
//! somebody asked for it by name, or with a token. Whoever wants one is told where none of those applies.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::{
    charge::{Discount, StayFacts},
    id::Id,
    money::{Money, MoneyError},
};

/// A discount, with what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// What gives it, such as a campaign.
    pub id: Id,
    /// Only for resources of this organization; none for all.
    pub organization_id: Option<Id>,
    /// Only for these resources; none for all.
    pub resources: Option<BTreeSet<Id>>,
    /// What is taken off, and when.
    pub discount: Discount,
    /// The day as of which it was booked, where that is not today: a stay that changes keeps a discount
    /// that could be had when it was booked.
    pub booked_on: Option<Date>,
    /// Whether somebody asked for it.
    pub wanted: bool,
}

impl Reduction {
    /// Whether it is for stays in this resource.
    #[must_use]
    pub fn is_for(&self, resource_id: Id, organization_id: Id) -> bool {
        let own = self.organization_id;
        let only = self.resources.as_ref();
        own.is_none_or(|own| own == organization_id)
            && only.is_none_or(|only| only.contains(&resource_id))
    }
}

/// The discounts that may be had, for stays in any resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reductions {
    /// All of them.
    pub all: Vec<Reduction>,
    /// Whether only stays are of interest that one of those gets which are wanted.
    pub only_wanted: bool,
}

impl Reductions {
    /// Those for stays in one resource.
    #[must_use]
    pub fn of(&self, resource_id: Id, organization_id: Id) -> Vec<&Reduction> {
        let all = self.all.iter();
        all.filter(|one| one.is_for(resource_id, organization_id))
            .collect()
    }

    /// What a stay in a resource gets that is booked today.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn best(
        &self,
        (resource_id, organization_id): (Id, Id),
        stay: &StayFacts,
        today: Date,
    ) -> Result<Best, MoneyError> {
        best(self.of(resource_id, organization_id), stay, today)
    }

    /// Whether a stay that gets this is of interest.
    #[must_use]
    pub fn admits(&self, best: &Best) -> bool {
        !self.only_wanted || best.has_wanted
    }
}

/// What a stay gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Best {
    /// What is taken off; none where nothing is.
    pub reduced: Option<Reduced>,
    /// Whether one of those that are wanted applies, be it the best one or not.
    pub has_wanted: bool,
}

/// What is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The reduction that does it.
    pub by: Id,
    /// How much, more than nothing.
    pub off: Money,
}

/// What a stay that is booked today gets of discounts that are all for its resource: the one that takes off
/// the most, of equal ones that with the lowest id.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn best<'a>(
    those: impl IntoIterator<Item = &'a Reduction>,
    stay: &StayFacts,
    today: Date,
) -> Result<Best, MoneyError> {
    let mut best = Best::default();
    for one in those {
        let booked_on = one.booked_on.unwrap_or(today);
        if !one.discount.applies(stay, booked_on) {
            continue;
        }
        best.has_wanted |= one.wanted;
        let off = one.discount.of(stay, booked_on)?;
        let is_better = best
            .reduced
            .is_none_or(|known| (off.minor, known.by) > (known.off.minor, one.id));
        if off.minor > 0 && is_better {
            best.reduced = Some(Reduced { by: one.id, off });
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::{money::Currency, party::AgeGroups, testing::cases};

    const FIRST: Date = Date::constant(2027, 5, 7);
    const TODAY: Date = Date::constant(2027, 1, 1);

    fn id(number: i64) -> Id {
        Id::new(number).unwrap()
    }

    fn stay(minor: i64) -> StayFacts {
        StayFacts {
            arrival: FIRST,
            departure: Date::constant(2027, 5, 14),
            group: AgeGroups::default(),
            rent: Money::new(minor, Currency::EUR),
        }
    }

    fn percent(number: i64, percent: i64) -> Reduction {
        Reduction {
            id: id(number),
            organization_id: None,
            resources: None,
            discount: Discount {
                percent: percent.into(),
                ..Discount::default()
            },
            booked_on: None,
            wanted: false,
        }
    }

    fn of(all: Vec<Reduction>) -> Best {
        let all = Reductions {
            all,
            only_wanted: false,
        };
        all.best((id(1), id(2)), &stay(70_000), TODAY).unwrap()
    }

    #[test]
    fn a_discount_is_only_for_its_own_organization_and_resources() {
        let mut one = percent(9, 10);
        assert!(one.is_for(id(1), id(2)));
        one.organization_id = Some(id(2));
        assert!(one.is_for(id(1), id(2)) && !one.is_for(id(1), id(3)));
        one.resources = Some([id(4)].into());
        assert!(one.is_for(id(4), id(2)) && !one.is_for(id(1), id(2)));
        one.resources = Some(BTreeSet::new());
        assert!(
            !one.is_for(id(4), id(2)),
            "limited to what is gone, it is for nothing"
        );
        assert_eq!(of(vec![one]), Best::default());
    }

    #[test]
    fn a_discount_that_takes_nothing_off_applies_and_is_not_had() {
        let mut nothing = percent(9, 0);
        nothing.wanted = true;
        assert_eq!(
            of(vec![nothing]),
            Best {
                reduced: None,
                has_wanted: true
            }
        );
    }

    #[test]
    fn what_could_be_had_when_a_stay_was_booked_can_be_had_when_it_changes() {
        let mut early = percent(9, 10);
        early.discount.booked_until = Some(Date::constant(2026, 12, 1));
        assert_eq!(of(vec![early.clone()]), Best::default());
        early.booked_on = Some(Date::constant(2026, 11, 30));
        let off = Money::new(7_000, Currency::EUR);
        assert_eq!(of(vec![early]).reduced, Some(Reduced { by: id(9), off }));
    }

    #[test]
    fn whoever_wants_a_discount_is_told_whether_any_wanted_one_applies() {
        let mut wanted = percent(9, 10);
        wanted.wanted = true;
        let best = of(vec![percent(7, 20), wanted.clone()]);
        assert_eq!(best.reduced.map(|reduced| reduced.by), Some(id(7)));
        let only = Reductions {
            all: Vec::new(),
            only_wanted: true,
        };
        assert!(best.has_wanted && only.admits(&best));
        wanted.discount.min_nights = Some(8);
        let best = of(vec![percent(7, 20), wanted]);
        assert!(!best.has_wanted && !only.admits(&best));
        assert!(Reductions::default().admits(&best));
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn of_several_discounts_the_one_that_takes_off_most_counts_in_whatever_order_they_come(
            rent in 0..1_000_000_i64,
            known in prop::collection::vec((0..=100_i64, 0..50_000_i64), 0..6),
        ) {
            let mut all: Vec<Reduction> = (1..).zip(&known).map(|(number, (of_hundred, minor))| {
                let mut one = percent(number, *of_hundred);
                one.discount.amount = Decimal::new(*minor, 2);
                one
            }).collect();
            // By whole numbers, half a cent upwards: another way to the same sum.
            let off = |(of_hundred, minor): &(i64, i64)| ((rent * of_hundred + 50) / 100 + minor).min(rent);
            let most = known.iter().map(off).max().filter(|off| *off > 0);
            let first = known.iter().position(|one| Some(off(one)) == most);
            let wanted = most.zip(first).map(|(minor, place)| Reduced {
                by: id(place as i64 + 1),
                off: Money::new(minor, Currency::EUR),
            });
            let forwards = best(&all, &stay(rent), TODAY).unwrap();
            all.reverse();
            prop_assert_eq!(forwards, best(&all, &stay(rent), TODAY).unwrap());
            prop_assert_eq!(forwards.reduced, wanted);
        }
    }
}
