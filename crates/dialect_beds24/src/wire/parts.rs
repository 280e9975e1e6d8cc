//! What a booking is made of on the wire: amounts, instants, groups, invoice items and info items.

use std::fmt;

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde::ser::Serializer;

/// The bookings that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct GroupOut {
    pub master: i64,
    pub ids: Vec<i64>,
}

/// A charge or a payment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct InvoiceItemOut<'a> {
    pub id: i64,
    pub booking_id: i64,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub sub_type: u16,
    pub description: &'a str,
    pub status: &'a str,
    pub qty: i64,
    pub amount: Amount,
    pub line_total: Amount,
    pub vat_rate: Amount,
    pub invoicee_id: Option<i64>,
    pub invoice_id: Option<i64>,
    pub created_by: Option<i64>,
    pub create_time: Instant,
}

/// A coded remark.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct InfoItemOut<'a> {
    pub id: i64,
    pub booking_id: i64,
    pub create_time: Instant,
    pub code: &'a str,
    pub text: &'a str,
}

/// An amount rounded to cents, away from zero at the half.
pub fn cents(exact: Decimal) -> Decimal {
    exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// A decimal as a JSON number without trailing zeros: `0`, `713`, `34843.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bare = self.0.normalize();
        match i64::try_from(bare.mantissa()) {
            Ok(whole) if bare.scale() == 0 => serializer.serialize_i64(whole),
            // Up to 2^53 and fifteen decimals the quotient is the nearest double, and the shortest
            // text that reads back as it is the decimal itself.
            Ok(mantissa) if mantissa.unsigned_abs() < 1 << 53 && bare.scale() <= 15 => {
                serializer.serialize_f64(mantissa as f64 / 10_f64.powi(bare.scale() as i32))
            }
            _ => super::check::number_value(bare).serialize(serializer),
        }
    }
}

/// An instant to the second, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::tz::Offset::UTC.to_datetime(self.0);
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_the_shortest_decimal() {
        for (minor, scale, text) in [
            (0, 2, "0"),
            (71_300, 2, "713"),
            (1, 2, "0.01"),
            (-999, 2, "-9.99"),
            (9_999_999_999, 2, "99999999.99"),
        ] {
            assert_eq!(
                serde_json::to_string(&Amount(Decimal::new(minor, scale))).unwrap(),
                text
            );
        }
    }
}
