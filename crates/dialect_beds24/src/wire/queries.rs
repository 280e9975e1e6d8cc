//! What properties, rooms and their inventory can be asked: the parameters of each GET as plain
//! structs. Those of bookings stand in [`booking_query`](super::booking_query).

use jiff::civil::Date;

use super::query::{Reader, bad};
use domain::id::Id;
use http_kit::{BadParameter, Page, Problem};

/// The most rows of a page, as on the live API.
pub const PAGE_SIZE: u32 = 100;

/// The most nights that one call about dates may cover: a little over two years.
pub const MOST_DAYS: i64 = 800;

/// What properties and rooms are shown with.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Shown {
    /// Two-letter languages; `all` for every one.
    pub languages: Vec<&'static str>,
    pub property_texts: bool,
    pub room_texts: bool,
    pub offers: bool,
    pub price_rules: bool,
    pub upsell_items: bool,
    pub unit_details: bool,
}

/// The most people of either kind that an offer is asked for.
pub const MOST_PEOPLE: i64 = 99;

/// The words of `includeTexts`.
pub const TEXTS: &[&str] = &["all", "property", "roomType"];

/// The words of `includeLanguages`.
pub const LANGUAGES: &[&str] = &[
    "all", "en", "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hr", "he",
    "hu", "id", "is", "it", "ja", "ko", "lt", "mn", "my", "nl", "no", "pl", "pt", "ro", "ru", "sk",
    "sl", "sr", "sv", "th", "tr", "vi", "zh", "zt",
];

impl Shown {
    fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        let texts = query.choices("includeTexts", TEXTS)?;
        query.flag("includePictures")?;
        Ok(Self {
            languages: query.choices("includeLanguages", LANGUAGES)?,
            property_texts: texts.contains(&"all") || texts.contains(&"property"),
            room_texts: texts.contains(&"all") || texts.contains(&"roomType"),
            offers: query.flag("includeOffers")?,
            price_rules: query.flag("includePriceRules")?,
            upsell_items: query.flag("includeUpsellItems")?,
            unit_details: query.flag("includeUnitDetails")?,
        })
    }
}

/// GET /properties.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PropertiesQuery {
    pub ids: Vec<Id>,
    pub room_ids: Vec<Id>,
    pub all_rooms: bool,
    pub shown: Shown,
    pub page: Page,
}

impl PropertiesQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        Ok(Self {
            ids: query.ids("id")?,
            room_ids: query.ids("roomId")?,
            all_rooms: query.flag("includeAllRooms")?,
            shown: Shown::read(query)?,
            page: query.page(PAGE_SIZE)?,
        })
    }
}

/// GET /properties/rooms.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct RoomsQuery {
    pub ids: Vec<Id>,
    pub property_ids: Vec<Id>,
    pub shown: Shown,
    pub page: Page,
}

impl RoomsQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        Ok(Self {
            ids: query.ids("id")?,
            property_ids: query.ids("propertyId")?,
            shown: Shown::read(query)?,
            page: query.page(PAGE_SIZE)?,
        })
    }
}

/// Which rooms a call about the inventory means, and which page of them.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct RoomsAsked {
    pub room_ids: Vec<Id>,
    pub property_ids: Vec<Id>,
    pub page: Page,
}

impl RoomsAsked {
    fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        Ok(Self {
            room_ids: query.ids("roomId")?,
            property_ids: query.ids("propertyId")?,
            page: query.page(PAGE_SIZE)?,
        })
    }
}

/// GET /inventory/rooms/calendar.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct CalendarQuery {
    pub rooms: RoomsAsked,
    pub start: Date,
    /// The last day, included.
    pub end: Date,
    pub shown: super::calendar::CalendarShown,
}

impl CalendarQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form, a date missing, or a range that is no range.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        let start = query.required_day("startDate")?;
        let end = query.required_day("endDate")?;
        range(("startDate", start), ("endDate", end))?;
        let shown = super::calendar::CalendarShown {
            num_avail: query.flag("includeNumAvail")?,
            min_stay: query.flag("includeMinStay")?,
            max_stay: query.flag("includeMaxStay")?,
            multiplier: query.flag("includeMultiplier")?,
            override_: query.flag("includeOverride")?,
            prices: query.flag("includePrices")?,
            linked_prices: query.flag("includeLinkedPrices")?,
            channels: query.flag("includeChannels")?,
        };
        Ok(Self {
            rooms: RoomsAsked::read(query)?,
            start,
            end,
            shown,
        })
    }
}

/// GET /inventory/rooms/availability and /unitBookings.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct NightsQuery {
    pub rooms: RoomsAsked,
    /// The first night; today in the property's zone where none is given.
    pub start: Option<Date>,
    /// The last night, included; thirty nights in all where none is given.
    pub end: Option<Date>,
}

/// How many nights are shown where the caller names no end.
pub const DEFAULT_NIGHTS: i64 = 30;

impl NightsQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form, or a range that is no range.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        let (start, end) = (query.day("startDate")?, query.day("endDate")?);
        if let (Some(start), Some(end)) = (start, end) {
            range(("startDate", start), ("endDate", end))?;
        }
        Ok(Self {
            rooms: RoomsAsked::read(query)?,
            start,
            end,
        })
    }

    /// The nights meant, when today is that day.
    ///
    /// # Errors
    /// An end that lies before the start, or too far behind it.
    pub fn nights(&self, today: Date) -> Result<(Date, Date), BadParameter> {
        let start = self
            .start
            .unwrap_or_else(|| self.end.map_or(today, |end| end.min(today)));
        let more = jiff::Span::new().days(DEFAULT_NIGHTS - 1);
        let end = self.end.unwrap_or_else(|| start.saturating_add(more));
        range(("startDate", start), ("endDate", end))?;
        Ok((start, end))
    }
}

/// GET /inventory/rooms/offers.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct OffersQuery {
    pub rooms: RoomsAsked,
    pub offer_ids: Vec<Id>,
    pub arrival: Date,
    pub departure: Date,
    pub adults: u16,
    pub children: u16,
}

impl OffersQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A value in a wrong form, a required one missing, or a stay without a night.
    pub fn read(query: Reader<'_>) -> Result<Self, BadParameter> {
        let arrival = query.required_day("arrival")?;
        let departure = query.required_day("departure")?;
        if departure <= arrival {
            return Err(bad(
                "departure",
                Problem::Other("must be after parameter arrival"),
            ));
        }
        range(("arrival", arrival), ("departure", departure))?;
        query.texts("includeTexts")?;
        query.text("agentCode")?;
        let count = |whole| u16::try_from(whole).unwrap_or(u16::MAX);
        Ok(Self {
            rooms: RoomsAsked::read(query)?,
            offer_ids: query.ids("offerId")?,
            arrival,
            departure,
            adults: count(
                query
                    .0
                    .required("numAdults", query.whole("numAdults", 0, MOST_PEOPLE)?)?,
            ),
            children: count(query.whole("numChildren", 0, MOST_PEOPLE)?.unwrap_or(0)),
        })
    }
}

fn range(start: (&str, Date), end: (&str, Date)) -> Result<(), BadParameter> {
    if end.1 < start.1 {
        return Err(bad(end.0, Problem::Other("must not be before the start")));
    }
    let days = start
        .1
        .until(end.1)
        .map_or(i64::MAX, |span| i64::from(span.get_days()));
    if days >= MOST_DAYS {
        return Err(bad(
            end.0,
            Problem::Other("must be less than 800 days after the start"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_kit::Query;
    use jiff::civil::date;

    #[test]
    fn offers_need_a_night_and_adults() {
        let read = |raw: &str| OffersQuery::read(Reader(&Query::parse(raw).unwrap()));
        let said = |raw: &str| read(raw).unwrap_err().to_string();
        assert_eq!(
            read("arrival=2026-05-01&departure=2026-05-03&numAdults=2")
                .unwrap()
                .adults,
            2
        );
        assert_eq!(
            said("departure=2026-05-03&numAdults=2"),
            "Parameter arrival is required"
        );
        assert_eq!(
            said("arrival=2026-05-01&departure=2026-05-03"),
            "Parameter numAdults is required"
        );
        assert!(
            said("arrival=2026-05-03&departure=2026-05-03&numAdults=2").contains("must be after")
        );
        assert!(said("arrival=2026-05-03&departure=2126-05-03&numAdults=2").contains("800 days"));
    }

    #[test]
    fn nights_start_today_and_last_a_month_where_nothing_is_said() {
        let nights = |raw: &str| {
            NightsQuery::read(Reader(&Query::parse(raw).unwrap()))
                .unwrap()
                .nights(date(2026, 5, 1))
        };
        assert_eq!(nights(""), Ok((date(2026, 5, 1), date(2026, 5, 30))));
        assert_eq!(
            nights("startDate=2026-06-01"),
            Ok((date(2026, 6, 1), date(2026, 6, 30)))
        );
        assert_eq!(
            nights("endDate=2026-05-02"),
            Ok((date(2026, 5, 1), date(2026, 5, 2)))
        );
        assert_eq!(
            nights("endDate=2026-04-02"),
            Ok((date(2026, 4, 2), date(2026, 4, 2)))
        );
    }

    #[test]
    fn a_calendar_needs_both_ends_in_order() {
        let read = |raw: &str| {
            CalendarQuery::read(Reader(&Query::parse(raw).unwrap())).map_err(|why| why.to_string())
        };
        assert!(
            read("startDate=2026-05-01&endDate=2026-05-01&includePrices=true")
                .unwrap()
                .shown
                .prices
        );
        assert_eq!(
            read("startDate=2026-05-01").unwrap_err(),
            "Parameter endDate is required"
        );
        assert!(
            read("startDate=2026-05-02&endDate=2026-05-01")
                .unwrap_err()
                .contains("endDate")
        );
    }
}
