use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::testing::cases;

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn parts_add_up_to_the_whole_and_differ_by_at_most_one_cent(minor in any::<i64>(), parts in 1..60_u32) {
        let split = euros(minor).split(parts);
        prop_assert_eq!(split.len(), parts as usize);
        let sum: i128 = split.iter().map(|part| i128::from(part.minor)).sum();
        prop_assert_eq!(sum, i128::from(minor));
        let largest = split.iter().map(|part| i128::from(part.minor)).max().unwrap();
        let smallest = split.iter().map(|part| i128::from(part.minor)).min().unwrap();
        prop_assert!(largest - smallest <= 1);
    }

    #[test]
    fn weighted_parts_add_up_and_are_within_a_cent_of_their_share(
        minor in any::<i64>(), weights in vec(0..1_000_u32, 1..20),
    ) {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let Some(split) = euros(minor).split_by(&weights) else {
            prop_assert_eq!(total, 0);
            return Ok(());
        };
        let sum: i128 = split.iter().map(|part| i128::from(part.minor)).sum();
        prop_assert_eq!(sum, i128::from(minor));
        for (part, weight) in split.iter().zip(&weights) {
            let share = i128::from(minor) * i128::from(*weight);
            prop_assert!((i128::from(part.minor) * total - share).abs() < total);
        }
    }

    #[test]
    fn money_survives_the_way_through_major_units(minor in any::<i64>()) {
        for currency in [Currency::EUR, Currency::JPY, Currency::KWD] {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::from_decimal_exact(money.to_decimal(), currency), Ok(money));
        }
    }

    #[test]
    fn what_is_added_can_be_taken_away(left in any::<i64>(), right in any::<i64>()) {
        match euros(left).plus(euros(right)) {
            Ok(sum) => prop_assert_eq!(sum.minus(euros(right)), Ok(euros(left))),
            Err(error) => prop_assert_eq!(error, MoneyError::TooLarge),
        }
    }
}

#[test]
fn each_currency_has_its_own_number_of_digits() {
    assert_eq!(euros(1_234).to_string(), "12.34 EUR");
    assert_eq!(Money::new(1_234, Currency::JPY).to_string(), "1234 JPY");
    assert_eq!(Money::new(1_234, Currency::KWD).to_string(), "1.234 KWD");
}

#[test]
fn digits_that_the_currency_lacks_are_refused_unless_rounding_was_asked_for() {
    let exact = Money::from_decimal_exact(decimal("12.345"), Currency::EUR);
    assert_eq!(
        exact,
        Err(MoneyError::TooPrecise {
            currency: Currency::EUR
        })
    );
    assert_eq!(
        Money::from_decimal_exact(decimal("12.340"), Currency::EUR),
        Ok(euros(1_234))
    );
}

#[test]
fn a_half_is_rounded_as_stated() {
    let rounded = |text: &str, rounding| {
        Money::from_decimal(decimal(text), Currency::EUR, rounding)
            .unwrap()
            .minor
    };
    assert_eq!(rounded("0.125", Rounding::HalfUp), 13);
    assert_eq!(rounded("-0.125", Rounding::HalfUp), -13);
    assert_eq!(rounded("0.125", Rounding::HalfEven), 12);
    assert_eq!(rounded("0.129", Rounding::Down), 12);
    assert_eq!(rounded("0.121", Rounding::Up), 13);
    assert_eq!(
        euros(1_000).percent(decimal("19"), Rounding::HalfUp),
        Ok(euros(190))
    );
    assert_eq!(
        euros(1).percent(decimal("50"), Rounding::HalfUp),
        Ok(euros(1))
    );
}

#[test]
fn gross_amounts_contain_their_tax() {
    assert_eq!(
        euros(11_900).contained_tax(decimal("19"), Rounding::HalfUp),
        Ok(euros(1_900))
    );
    assert_eq!(
        euros(11_900).contained_tax(Decimal::ZERO, Rounding::HalfUp),
        Ok(euros(0))
    );
    let senseless = euros(1).contained_tax(decimal("-100"), Rounding::HalfUp);
    assert_eq!(senseless, Err(MoneyError::TooLarge));
}

#[test]
fn amounts_beyond_all_bounds_are_errors() {
    assert_eq!(euros(i64::MAX).plus(euros(1)), Err(MoneyError::TooLarge));
    assert_eq!(euros(i64::MIN).negated(), Err(MoneyError::TooLarge));
    assert_eq!(euros(i64::MAX).times(2), Err(MoneyError::TooLarge));
    let far = Money::from_decimal(Decimal::MAX, Currency::EUR, Rounding::Down);
    assert_eq!(far, Err(MoneyError::TooLarge));
}

#[test]
fn currencies_are_never_mixed() {
    let error = euros(1).plus(Money::new(1, Currency::USD));
    let expected = MoneyError::OtherCurrency {
        left: Currency::EUR,
        right: Currency::USD,
    };
    assert_eq!(error, Err(expected));
}

#[test]
fn no_parts_are_an_empty_list() {
    assert!(euros(100).split(0).is_empty());
    assert_eq!(euros(-100).split(3), [euros(-34), euros(-33), euros(-33)]);
}

#[test]
fn money_is_minor_units_and_a_code_in_json() {
    let text = serde_json::to_string(&euros(1_234)).unwrap();
    assert_eq!(text, r#"{"minor":1234,"currency":"EUR"}"#);
    assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), euros(1_234));
}
