//! What GET /bookings can be asked.

use jiff::Timestamp;
use jiff::civil::Date;

use super::booking::channels;
use super::queries::PAGE_SIZE;
use super::query::Reader;
use domain::id::Id;
use http_kit::{BadParameter, Page};

/// The words of a booking's status, in the vendor's order.
pub const STATUSES: [&str; 6] = [
    "confirmed",
    "request",
    "new",
    "cancelled",
    "black",
    "inquiry",
];

/// The words of the day's views on bookings.
pub const FILTERS: [&str; 4] = ["arrivals", "departures", "new", "current"];

/// Names whose presence says which bookings are wanted, so that the default window of
/// upcoming stays does not apply.
const NARROWING: [&str; 15] = [
    "id",
    "masterId",
    "apiReference",
    "searchString",
    "filter",
    "arrival",
    "arrivalFrom",
    "arrivalTo",
    "departure",
    "departureFrom",
    "departureTo",
    "bookingTimeFrom",
    "bookingTimeTo",
    "modifiedFrom",
    "modifiedTo",
];

/// A range of dates, both ends included, either of them open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

impl Days {
    /// Reads `name`, `nameFrom` and `nameTo`; where both an exact day and a range are given,
    /// all of them must hold.
    fn read(query: Reader<'_>, name: &str) -> Result<Self, BadParameter> {
        let exact = query.day(name)?;
        let from = query.day(&format!("{name}From"))?;
        let to = query.day(&format!("{name}To"))?;
        let later = [exact, from].into_iter().flatten().max();
        let earlier = [exact, to].into_iter().flatten().min();
        Ok(Self {
            from: later,
            to: earlier,
        })
    }
}

/// A range of instants, both ends included, either of them open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Instants {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The last instant.
    pub to: Option<Timestamp>,
}

impl Instants {
    fn read(query: Reader<'_>, name: &str) -> Result<Self, BadParameter> {
        Ok(Self {
            from: query.instant(&format!("{name}From"))?,
            to: query.instant_end(&format!("{name}To"))?,
        })
    }
}

/// GET /bookings.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct BookingsQuery {
    pub filter: Option<&'static str>,
    pub property_ids: Vec<Id>,
    pub room_ids: Vec<Id>,
    pub ids: Vec<Id>,
    pub master_ids: Vec<Id>,
    pub api_references: Vec<String>,
    pub channel: Option<&'static str>,
    pub arrival: Days,
    pub departure: Days,
    pub booking_time: Instants,
    pub modified: Instants,
    pub search: Option<String>,
    pub include_invoice_items: bool,
    pub include_info_items: bool,
    pub include_guests: bool,
    pub include_booking_group: bool,
    /// The status words asked for, or those that the other parameters mean.
    pub statuses: Vec<&'static str>,
    /// Only stays that have not ended before today: the vendor's default window.
    pub upcoming: bool,
    pub page: Page,
}

impl BookingsQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        let filter = query.choice("filter", &FILTERS)?;
        let ids = query.ids("id")?;
        let asked = query.choices("status", &STATUSES)?;
        let statuses = match (asked.as_slice(), filter) {
            ([], Some(_)) => vec!["confirmed", "new", "request"],
            ([], None) if !ids.is_empty() => STATUSES.to_vec(),
            ([], None) => STATUSES
                .into_iter()
                .filter(|word| *word != "cancelled")
                .collect(),
            (asked, _) => asked.to_vec(),
        };
        Ok(Self {
            filter,
            property_ids: query.ids("propertyId")?,
            room_ids: query.ids("roomId")?,
            ids,
            master_ids: query.ids("masterId")?,
            api_references: query.texts("apiReference")?,
            channel: query.choice("channel", channels())?,
            arrival: Days::read(query, "arrival")?,
            departure: Days::read(query, "departure")?,
            booking_time: Instants::read(query, "bookingTime")?,
            modified: Instants::read(query, "modified")?,
            search: query.text("searchString")?,
            include_invoice_items: query.flag("includeInvoiceItems")?,
            include_info_items: query.flag("includeInfoItems")?,
            include_guests: query.flag("includeGuests")?,
            include_booking_group: query.flag("includeBookingGroup")?,
            statuses,
            upcoming: !query.has_any(&NARROWING),
            page: query.page(PAGE_SIZE)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_kit::Query;
    use jiff::civil::date;

    fn bookings(raw: &str) -> BookingsQuery {
        BookingsQuery::read(Reader(&Query::parse(raw).unwrap())).unwrap()
    }

    #[test]
    fn cancelled_bookings_are_hidden_unless_a_status_or_an_id_asks_for_them() {
        assert_eq!(
            bookings("").statuses,
            ["confirmed", "request", "new", "black", "inquiry"]
        );
        assert_eq!(bookings("includeCancelled=true").statuses.len(), 5);
        assert_eq!(bookings("status=cancelled").statuses, ["cancelled"]);
        assert!(bookings("id=5").statuses.contains(&"cancelled"));
        assert_eq!(
            bookings("filter=current").statuses,
            ["confirmed", "new", "request"]
        );
        assert_eq!(bookings("filter=current&status=black").statuses, ["black"]);
    }

    #[test]
    fn the_window_of_upcoming_stays_ends_when_the_caller_narrows() {
        for wide in [
            "",
            "status=new",
            "propertyId=1",
            "roomId=2",
            "includeGuests=true",
            "arrivalFrom=",
        ] {
            assert!(bookings(wide).upcoming, "{wide}");
        }
        for narrow in [
            "id=1",
            "modifiedFrom=2020-01-01",
            "arrivalTo=2020-01-01",
            "apiReference=x",
            "filter=new",
        ] {
            assert!(!bookings(narrow).upcoming, "{narrow}");
        }
    }

    #[test]
    fn an_exact_day_and_a_range_hold_together() {
        let asked =
            bookings("arrival=2026-05-03&arrivalFrom=2026-05-01&arrivalTo=2026-05-02").arrival;
        assert_eq!(
            asked,
            Days {
                from: Some(date(2026, 5, 3)),
                to: Some(date(2026, 5, 2))
            }
        );
    }
}
