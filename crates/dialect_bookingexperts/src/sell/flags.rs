//! What a request says behind the question mark.

use http_kit::Refusal;
use jsonapi::{Code, Error, Query};

use super::bad;

/// The flags of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It is firm at once.
    pub confirm: bool,
    /// It may begin before today.
    pub in_the_past: bool,
    /// It is refused where nobody sells it so shortly before.
    pub advance_notice: bool,
    /// It is refused where it is longer than what a search finds.
    pub longest_stay: bool,
    /// What becomes of the price of a reservation that changes.
    pub mode: Mode,
}

/// What becomes of the price of a reservation that changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is priced anew.
    #[default]
    CurrentPrices,
    /// It keeps what it was sold at.
    CurrentOrder,
}

/// How a flag is called, and what is said about it; for the API document.
pub const FLAGS: &[(&str, &str)] = &[
    (
        "confirm",
        "The reservation is confirmed and does not expire",
    ),
    (
        "allow_reservations_in_the_past",
        "The reservation may begin before today",
    ),
    (
        "validate_minimum_advance_notice",
        "Refuse a stay that is sold on no terms so shortly before its arrival",
    ),
    (
        "validate_length_of_stay_does_not_exceed_max_av_cache_length_of_stay",
        "Refuse a stay of more than 30 nights",
    ),
];

/// The words for [`Mode`].
pub const MODES: &[&str] = &["based_on_current_prices", "based_on_current_order"];

impl Flags {
    /// Reads them.
    ///
    /// # Errors
    /// A flag that is neither `true` nor `false`, or an unknown mode, by its name.
    pub fn read(query: &Query) -> Result<Self, Refusal> {
        let flag = |index: usize| flag(query, FLAGS[index].0);
        let mode = match query.own("order_update_mode") {
            None | Some("based_on_current_prices") => Mode::CurrentPrices,
            Some("based_on_current_order") => Mode::CurrentOrder,
            Some(_) => {
                let detail = format!("order_update_mode is one of {}", MODES.join(", "));
                return Err(bad_parameter("order_update_mode", detail));
            }
        };
        Ok(Self {
            confirm: flag(0)?,
            in_the_past: flag(1)?,
            advance_notice: flag(2)?,
            longest_stay: flag(3)?,
            mode,
        })
    }
}

/// A flag; false where it is not there.
pub fn flag(query: &Query, name: &str) -> Result<bool, Refusal> {
    match query.own(name) {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(bad_parameter(name, format!("{name} is true or false"))),
    }
}

/// The refusal of a parameter that is not one of JSON:API's.
pub fn bad_parameter(name: &str, detail: impl Into<String>) -> Refusal {
    bad(Error::new(Code::ForbiddenInput, detail).in_parameter(name))
}
