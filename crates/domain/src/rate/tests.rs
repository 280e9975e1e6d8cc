use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::calendar::CalendarDay;
use crate::money::{Currency, Money};
use crate::party::{Party, Room};
use crate::testing::cases;
use crate::time::Date;

type Book = BTreeMap<Id, Sheet>;

fn id(number: i64) -> Id {
    Id::new(number).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The day of June 2026 with this number.
fn june(day: i8) -> Date {
    date(2026, 6, day)
}

/// A book in which resource 1 has these prices, by plan number and for the days from 1 June on.
fn book(prices: &[(u8, &[&str])]) -> Book {
    let mut sheet = Sheet::default();
    for (number, nights) in prices {
        for (day, price) in (1..).zip(*nights) {
            let entry = sheet
                .days
                .entry(june(day))
                .or_insert_with(|| CalendarDay::new(june(day)));
            entry.prices.insert(*number, decimal(price));
        }
    }
    BTreeMap::from([(id(1), sheet)])
}

fn pricing(book: &Book) -> Pricing<'_, Book> {
    let room = Room {
        people: Some(6),
        ..Room::default()
    };
    Pricing {
        resource: id(1),
        room,
        currency: Currency::EUR,
        book,
    }
}

/// A stay from 1 June for so many nights, asked for on 22 May.
fn wanted(nights: i8, party: Party) -> Wanted {
    Wanted {
        arrival: june(1),
        departure: june(1 + nights),
        party,
        today: date(2026, 5, 22),
    }
}

const TWO: Party = Party::new(2, 0);

fn total(book: &Book, plan: &RatePlan, wanted: &Wanted) -> Result<i64, NoPrice> {
    quote(&pricing(book), plan, wanted).map(|quote| quote.total.minor)
}

#[test]
fn a_stay_costs_the_sum_of_its_nights() {
    let book = book(&[(1, &["100", "110.50", "120"])]);
    let quote = quote(&pricing(&book), &RatePlan::new(1), &wanted(3, TWO)).unwrap();
    assert_eq!(quote.total, Money::new(33_050, Currency::EUR));
    let nights: Vec<i64> = quote.nights.iter().map(|night| night.price.minor).collect();
    assert_eq!(nights, [10_000, 11_050, 12_000]);
    assert_eq!(quote.nights[2].night, june(3));
}

#[test]
fn the_multiplier_of_a_day_changes_that_night_only_and_not_the_extras() {
    let mut book = book(&[(1, &["100", "100"])]);
    let sheet = book.get_mut(&id(1)).unwrap();
    sheet.days.get_mut(&june(2)).unwrap().multiplier = Some(decimal("1.5"));
    let extra = RatePlan {
        price_for: PriceFor::UpToPerson(2),
        extra_person: decimal("10"),
        ..RatePlan::new(1)
    };
    assert_eq!(
        total(&book, &extra, &wanted(2, Party::new(3, 0))),
        Ok(27_000)
    );
}

#[test]
fn a_night_without_a_price_has_no_quote() {
    let book = book(&[(1, &["100", "100"]), (2, &["90"])]);
    let missing = NoPrice::NotSet { night: june(3) };
    assert_eq!(
        total(&book, &RatePlan::new(1), &wanted(3, TWO)),
        Err(missing)
    );
    let missing = NoPrice::NotSet { night: june(2) };
    assert_eq!(
        total(&book, &RatePlan::new(2), &wanted(2, TWO)),
        Err(missing)
    );
}

#[test]
fn a_price_per_person_is_paid_by_each_and_by_children_as_the_plan_says() {
    let book = book(&[(1, &["40"])]);
    let plan = RatePlan {
        price_for: PriceFor::PerPerson,
        ..RatePlan::new(1)
    };
    assert_eq!(total(&book, &plan, &wanted(1, TWO)), Ok(8_000));
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(2, 1))),
        Ok(12_000)
    );
    let cheaper = RatePlan {
        extra_child: decimal("15"),
        ..plan
    };
    assert_eq!(
        total(&book, &cheaper, &wanted(1, Party::new(2, 2))),
        Ok(11_000)
    );
}

#[test]
fn a_price_for_everybody_covers_whom_the_room_admits_and_nobody_more() {
    let book = book(&[(1, &["100"])]);
    let plan = RatePlan {
        extra_person: decimal("10"),
        ..RatePlan::new(1)
    };
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(4, 2))),
        Ok(10_000)
    );
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(5, 2))),
        Err(NoPrice::OtherParty)
    );
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::default())),
        Err(NoPrice::OtherParty)
    );
}

#[test]
fn beyond_its_number_a_plan_charges_extra_people_with_adults_placed_first() {
    let book = book(&[(1, &["100"])]);
    let plan = RatePlan {
        price_for: PriceFor::UpToPerson(2),
        extra_person: decimal("30"),
        extra_child: decimal("12.5"),
        ..RatePlan::new(1)
    };
    assert_eq!(total(&book, &plan, &wanted(1, TWO)), Ok(10_000));
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(1, 1))),
        Ok(10_000)
    );
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(3, 2))),
        Ok(15_500)
    );
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(1, 2))),
        Ok(11_250)
    );
}

#[test]
fn without_a_price_for_extra_people_a_plan_is_not_sold_to_them() {
    let book = book(&[(1, &["100"])]);
    let plan = RatePlan {
        price_for: PriceFor::UpToPerson(2),
        ..RatePlan::new(1)
    };
    assert_eq!(
        total(&book, &plan, &wanted(1, Party::new(3, 0))),
        Err(NoPrice::OtherParty)
    );
    let adults_pay = RatePlan {
        extra_person: decimal("30"),
        ..plan.clone()
    };
    assert_eq!(
        total(&book, &adults_pay, &wanted(1, Party::new(2, 1))),
        Ok(13_000)
    );
    let children_pay = RatePlan {
        extra_child: decimal("10"),
        ..plan
    };
    assert_eq!(
        total(&book, &children_pay, &wanted(1, Party::new(2, 1))),
        Ok(11_000)
    );
    let adults = total(&book, &children_pay, &wanted(1, Party::new(3, 0)));
    assert_eq!(adults, Err(NoPrice::OtherParty));
}

#[test]
fn a_plan_is_sold_within_its_bounds_only() {
    let book = book(&[(1, &["100"; 9])]);
    let stay = RatePlan {
        min_stay: Some(2),
        max_stay: Some(3),
        ..RatePlan::new(1)
    };
    assert_eq!(
        total(&book, &stay, &wanted(1, TWO)),
        Err(NoPrice::TooShort(2))
    );
    assert_eq!(total(&book, &stay, &wanted(2, TWO)), Ok(20_000));
    assert_eq!(total(&book, &stay, &wanted(3, TWO)), Ok(30_000));
    assert_eq!(
        total(&book, &stay, &wanted(4, TWO)),
        Err(NoPrice::TooLong(3))
    );

    let days = |fewest, most| RatePlan {
        min_days_until_check_in: Some(fewest),
        max_days_until_check_in: Some(most),
        ..RatePlan::new(1)
    };
    assert_eq!(total(&book, &days(10, 10), &wanted(1, TWO)), Ok(10_000));
    assert_eq!(
        total(&book, &days(11, 99), &wanted(1, TWO)),
        Err(NoPrice::TooLate(11))
    );
    assert_eq!(
        total(&book, &days(0, 9), &wanted(1, TWO)),
        Err(NoPrice::TooEarly(9))
    );
}

#[test]
fn a_linked_plan_takes_the_other_price_times_its_multiplier_plus_its_amount() {
    let mut book = book(&[]);
    let mut other = CalendarDay::new(june(1));
    other.prices.insert(3, decimal("200"));
    other.multiplier = Some(decimal("10"));
    let days = BTreeMap::from([(june(1), other)]);
    book.insert(
        id(2),
        Sheet {
            days,
            plans: vec![RatePlan::new(3)],
        },
    );

    let link = |multiplier: &str, amount: &str| Linking {
        resource: id(2),
        number: 3,
        multiplier: decimal(multiplier),
        amount: decimal(amount),
    };
    let plan = RatePlan {
        linking: Some(link("0.9", "-5")),
        ..RatePlan::new(1)
    };
    assert_eq!(total(&book, &plan, &wanted(1, TWO)), Ok(17_500));
    let below = RatePlan {
        linking: Some(link("0.1", "-50")),
        ..RatePlan::new(1)
    };
    let none = NoPrice::NotSet { night: june(1) };
    assert_eq!(total(&book, &below, &wanted(1, TWO)), Err(none));
}

#[test]
fn links_are_followed_to_their_end_and_rings_are_noticed() {
    let link = |number| {
        let (multiplier, amount) = (decimal("2"), decimal("1"));
        Some(Linking {
            resource: id(1),
            number,
            multiplier,
            amount,
        })
    };
    let mut book = book(&[(3, &["10"])]);
    let first = RatePlan {
        linking: link(2),
        ..RatePlan::new(1)
    };
    let second = RatePlan {
        linking: link(3),
        ..RatePlan::new(2)
    };
    let ring = RatePlan {
        linking: link(4),
        ..RatePlan::new(4)
    };
    let plans = vec![first.clone(), second, RatePlan::new(3), ring.clone()];
    book.get_mut(&id(1)).unwrap().plans = plans;
    assert_eq!(total(&book, &first, &wanted(1, TWO)), Ok(4_300));
    assert_eq!(
        total(&book, &ring, &wanted(1, TWO)),
        Err(NoPrice::TooManyLinks)
    );
}

#[test]
fn every_offer_is_sold_at_its_cheapest_plan_that_has_all_prices() {
    let book = book(&[
        (1, &["100", "100"]),
        (2, &["90"]),
        (3, &["95", "95"]),
        (4, &["95", "95"]),
    ]);
    let plan = |number, offer| RatePlan {
        offer,
        ..RatePlan::new(number)
    };
    let plans = [
        plan(1, 1),
        plan(2, 1),
        plan(4, 1),
        plan(3, 1),
        plan(1, 2),
        plan(2, 3),
    ];
    let best = cheapest_of_each_offer(&pricing(&book), &plans, &wanted(2, TWO));
    let found: Vec<(u8, u8, i64)> = best
        .values()
        .map(|quote| (quote.offer, quote.plan, quote.total.minor))
        .collect();
    assert_eq!(found, [(1, 3, 19_000), (2, 1, 20_000)]);
    for (offer, quote) in best {
        assert_eq!(
            cheapest(&pricing(&book), &plans, offer, &wanted(2, TWO)),
            Ok(quote)
        );
    }
    let missing = cheapest(&pricing(&book), &plans, 3, &wanted(2, TWO));
    assert_eq!(missing, Err(NoPrice::NotSet { night: june(2) }));
    assert_eq!(
        cheapest(&pricing(&book), &plans, 9, &wanted(2, TWO)),
        Err(NoPrice::NoPlan)
    );
}

#[test]
fn a_price_beyond_all_bounds_is_an_error_and_not_a_panic() {
    let mut book = book(&[(1, &["79228162514264337593543950335"])]);
    assert_eq!(
        total(&book, &RatePlan::new(1), &wanted(1, TWO)),
        Err(NoPrice::TooLarge)
    );
    let day = book
        .get_mut(&id(1))
        .unwrap()
        .days
        .get_mut(&june(1))
        .unwrap();
    day.multiplier = Some(Decimal::MAX);
    assert_eq!(
        total(&book, &RatePlan::new(1), &wanted(1, TWO)),
        Err(NoPrice::TooLarge)
    );
}

#[test]
fn a_stay_of_no_night_or_of_centuries_has_no_price() {
    let book = book(&[]);
    let mut asked = wanted(0, TWO);
    assert_eq!(
        total(&book, &RatePlan::new(1), &asked),
        Err(NoPrice::NotAStay)
    );
    asked.departure = Date::MAX;
    assert_eq!(
        total(&book, &RatePlan::new(1), &asked),
        Err(NoPrice::NotAStay)
    );
}

#[test]
fn a_plan_reads_back_from_json_with_its_defaults() {
    let plan: RatePlan = serde_json::from_str(r#"{"number":4}"#).unwrap();
    assert_eq!(plan, RatePlan::new(4));
    let up_to = RatePlan {
        price_for: PriceFor::UpToPerson(3),
        ..plan
    };
    let json = serde_json::to_string(&up_to).unwrap();
    assert_eq!(serde_json::from_str::<RatePlan>(&json).unwrap(), up_to);
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn nights_add_up_to_the_total_in_every_currency(
        cents in vec(0..1_000_000_i64, 1..25), multiplier in 10..10_000_i64,
        adults in 1..5_u16, children in 0..2_u16, per_person in any::<bool>(),
    ) {
        let mut sheet = Sheet::default();
        for (offset, cents) in (0..).zip(&cents) {
            let mut day = CalendarDay::new(june(1 + offset));
            day.prices.insert(1, Decimal::new(*cents, 2));
            day.multiplier = Some(Decimal::new(multiplier, 2));
            sheet.days.insert(day.day, day);
        }
        let book = BTreeMap::from([(id(1), sheet)]);
        let price_for = if per_person { PriceFor::PerPerson } else { PriceFor::UpToPerson(2) };
        let extra_person = Decimal::new(1_333, 2);
        let plan = RatePlan { price_for, extra_person, ..RatePlan::new(1) };
        for currency in [Currency::EUR, Currency::JPY, Currency::KWD] {
            let pricing = Pricing { currency, ..pricing(&book) };
            let wanted = wanted(cents.len() as i8, Party::new(adults, children));
            let quote = quote(&pricing, &plan, &wanted).unwrap();
            let sum = Money::sum(currency, quote.nights.iter().map(|night| night.price)).unwrap();
            prop_assert_eq!(sum, quote.total);
            prop_assert_eq!(quote.nights.len(), cents.len());
        }
    }

    #[test]
    fn the_cheapest_is_never_dearer_than_any_plan_of_its_offer(
        prices in vec(1..500_i64, 1..16), offers in vec(1..4_u8, 16),
    ) {
        let mut day = CalendarDay::new(june(1));
        let mut plans = Vec::new();
        for (number, price) in (1..).zip(&prices) {
            day.prices.insert(number, Decimal::from(*price));
            plans.push(RatePlan { offer: offers[usize::from(number) - 1], ..RatePlan::new(number) });
        }
        let sheet = Sheet { days: BTreeMap::from([(june(1), day)]), plans: Vec::new() };
        let book = BTreeMap::from([(id(1), sheet)]);
        let best = cheapest_of_each_offer(&pricing(&book), &plans, &wanted(1, TWO));
        for plan in &plans {
            let quote = quote(&pricing(&book), plan, &wanted(1, TWO)).unwrap();
            prop_assert!(best[&plan.offer].total.minor <= quote.total.minor);
        }
    }
}

#[test]
fn plans_of_offers_that_are_not_made_are_not_sold_and_offers_want_nights_of_their_own() {
    let plan = |number, offer, min_stay| RatePlan {
        offer,
        min_stay,
        ..RatePlan::new(number)
    };
    let plans = [
        plan(1, 1, None),
        plan(2, 2, None),
        plan(3, 3, None),
        plan(4, 3, Some(2)),
        plan(5, 3, Some(7)),
    ];
    let sold = sold_plans(&plans, |offer| match offer {
        2 => OfferTerms {
            is_made: false,
            min_stay: None,
        },
        3 => OfferTerms {
            min_stay: Some(4),
            ..OfferTerms::default()
        },
        _ => OfferTerms::default(),
    });
    let of_three = [(3, Some(4)), (4, Some(4)), (5, Some(7))];
    let expected = of_three.map(|(number, min_stay)| plan(number, 3, min_stay));
    assert_eq!(sold[0], plans[0]);
    assert_eq!(sold[1..], expected);

    // The cheapest is the cheapest of those that are sold.
    let book = book(&[(1, &["100"]), (2, &["90"]), (3, &["80"])]);
    let quotes = cheapest_of_each_offer(&pricing(&book), &sold, &wanted(1, TWO));
    let totals: Vec<(u8, i64)> = quotes
        .iter()
        .map(|(offer, quote)| (*offer, quote.total.minor))
        .collect();
    assert_eq!(totals, [(1, 10_000)]);
}
