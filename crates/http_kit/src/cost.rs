//! What a call costs, in thousandths of a credit, so that ten times 0.1 is 1.

use std::fmt;
use std::ops::{Add, Sub};

/// An amount of credits. Kept in thousandths; printed as the shortest decimal text: `1`, `97.6`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credits(i64);

impl Credits {
    /// Nothing.
    pub const ZERO: Credits = Credits(0);

    /// From thousandths of a credit.
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Credits {
        Credits(thousandths)
    }

    /// From whole credits.
    #[must_use]
    pub const fn whole(credits: u32) -> Credits {
        Credits(credits as i64 * 1_000)
    }

    /// The amount in thousandths of a credit.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Whole credits, rounded down, never below 0; for headers that print integers.
    #[must_use]
    pub const fn floor(self) -> u32 {
        let whole = self.0 / 1_000;
        if whole < 0 {
            0
        } else if whole > u32::MAX as i64 {
            u32::MAX
        } else {
            whole as u32
        }
    }

    /// The same, or zero when it is negative.
    #[must_use]
    pub const fn or_zero(self) -> Credits {
        if self.0 < 0 { Credits(0) } else { self }
    }

    /// So many times as much.
    #[must_use]
    pub const fn times(self, count: usize) -> Credits {
        Credits(self.0.saturating_mul(count as i64))
    }

    /// From the decimal figure that an endpoint table spells, rounded to thousandths.
    fn from_decimal(credits: f64) -> Credits {
        Credits((credits * 1_000.0).round() as i64)
    }
}

impl Add for Credits {
    type Output = Credits;
    fn add(self, other: Credits) -> Credits {
        Credits(self.0.saturating_add(other.0))
    }
}

impl Sub for Credits {
    type Output = Credits;
    fn sub(self, other: Credits) -> Credits {
        Credits(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let (whole, rest) = (self.0.unsigned_abs() / 1_000, self.0.unsigned_abs() % 1_000);
        write!(f, "{whole}")?;
        if rest > 0 {
            let digits = format!("{rest:03}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// What one endpoint takes from its caller's quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// For the call itself.
    pub base: Credits,
    /// For each item of a batch.
    pub per_item: Credits,
}

impl Cost {
    /// A cost from decimal figures.
    #[must_use]
    pub fn new(base: f64, per_item: f64) -> Cost {
        Cost {
            base: Credits::from_decimal(base),
            per_item: Credits::from_decimal(per_item),
        }
    }

    /// What a call with this many items costs.
    #[must_use]
    pub fn of(self, items: usize) -> Credits {
        self.base + self.per_item.times(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_exact_and_print_as_short_decimals() {
        assert_eq!(
            (Credits::whole(100) - Cost::new(1.0, 0.1).of(14)).to_string(),
            "97.6"
        );
        assert_eq!(Cost::new(1.0, 0.1).of(1).to_string(), "1.1");
        assert_eq!(Cost::new(0.25, 0.0).of(3).to_string(), "0.25");
        assert_eq!(Credits::whole(300).to_string(), "300");
        assert_eq!(Credits::from_thousandths(-50).to_string(), "-0.05");
        assert_eq!(Credits::from_thousandths(-50).floor(), 0);
    }
}
