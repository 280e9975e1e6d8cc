//! The calendar of rooms on the wire: ranges of equal days, both ends included.
//!
//! Reading merges what equals its neighbour; writing takes ranges apart from what may not be
//! written: days in the past and beyond two years are left out with a warning, the rest is done.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::calendar::compress;
use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::booking_in::Fields;
use super::check::{Problem, check};
use super::element::{Element, Remark, expectation};
use super::parts::Amount;
use super::shape::Shape;
use super::shape_text;

/// What is attempted with an item, in the vendor's words.
pub const WRITE_CALENDAR: &str = "process inventory rooms calendar";

/// How far ahead a calendar may be written.
const MONTHS_AHEAD: i64 = 24;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    shape_text::read(include_str!("tables/calendar.txt"))
        .expect("the table of calendar fields is read by a test")
});

/// The fields of a calendar item.
pub fn shape() -> &'static Shape {
    &SHAPE
}

/// Which values of a day were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CalendarShown {
    pub num_avail: bool,
    pub min_stay: bool,
    pub max_stay: bool,
    pub multiplier: bool,
    pub override_: bool,
    pub prices: bool,
    pub linked_prices: bool,
    pub channels: bool,
}

impl CalendarShown {
    /// Whether anything at all was asked for; without it a calendar is empty.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// The values of one day, or of a range of equal days. What is none is not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DayOut {
    pub num_avail: Option<i64>,
    pub min_stay: Option<u16>,
    pub max_stay: Option<u16>,
    pub multiplier: Option<Decimal>,
    pub override_: Option<&'static str>,
    pub prices: BTreeMap<u8, Decimal>,
    /// The most bookings of a channel, by slug.
    pub channels: Option<BTreeMap<String, Option<i64>>>,
}

/// A range of equal days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryOut {
    from: Date,
    to: Date,
    values: DayOut,
}

/// Merges days, given in order, into ranges.
pub fn entries(days: impl IntoIterator<Item = (Date, DayOut)>) -> Vec<EntryOut> {
    compress(days)
        .into_iter()
        .map(|(from, to, values)| EntryOut { from, to, values })
        .collect()
}

impl Serialize for EntryOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("from", &self.from)?;
        map.serialize_entry("to", &self.to)?;
        let values = &self.values;
        write(&mut map, "numAvail", values.num_avail)?;
        write(&mut map, "minStay", values.min_stay)?;
        write(&mut map, "maxStay", values.max_stay)?;
        write(&mut map, "multiplier", values.multiplier.map(Amount))?;
        write(&mut map, "override", values.override_)?;
        for (number, price) in &values.prices {
            map.serialize_entry(&format!("price{number}"), &Amount(*price))?;
        }
        if let Some(channels) = &values.channels {
            let limits = channels
                .iter()
                .map(|(slug, limit)| (slug, BTreeMap::from([("maxBookings", limit)])));
            map.serialize_entry("channels", &limits.collect::<BTreeMap<_, _>>())?;
        }
        map.end()
    }
}

fn write<M: SerializeMap>(
    map: &mut M,
    name: &str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

/// A room with its days.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RoomCalendarOut {
    pub room_id: i64,
    pub property_id: i64,
    pub name: String,
    pub calendar: Vec<EntryOut>,
}

/// An item of POST /inventory/rooms/calendar.
#[derive(Debug, PartialEq)]
pub struct CalendarIn {
    /// Whose calendar.
    pub room_id: i64,
    /// What to write, in the order sent: a later range goes over an earlier one.
    pub ranges: Vec<RangeIn>,
}

/// Days that get the same values.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeIn {
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// What they get: checked fields without the days.
    pub fields: Fields,
}

/// The marks that an override sets on a day; all others are taken off it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Override {
    pub closed: bool,
    pub no_check_in: bool,
    pub no_check_out: bool,
    pub exception: bool,
}

impl Override {
    /// What the vendor's word means; an unknown word cannot come out of a check.
    pub fn meant(word: &str) -> Self {
        let none = Self::default();
        match word {
            "blackout" => Self {
                closed: true,
                ..none
            },
            "exception" => Self {
                exception: true,
                ..none
            },
            "noCheckIn" => Self {
                no_check_in: true,
                ..none
            },
            "noCheckOut" => Self {
                no_check_out: true,
                ..none
            },
            "noCheckInOrCheckOut" => Self {
                no_check_in: true,
                no_check_out: true,
                ..none
            },
            _ => none,
        }
    }

    /// The vendor's word. It has one word a day, so the strongest mark is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self { closed: true, .. } => "blackout",
            Self {
                no_check_in: true,
                no_check_out: true,
                ..
            } => "noCheckInOrCheckOut",
            Self {
                no_check_in: true, ..
            } => "noCheckIn",
            Self {
                no_check_out: true, ..
            } => "noCheckOut",
            Self {
                exception: true, ..
            } => "exception",
            _ => "none",
        }
    }
}

impl CalendarIn {
    /// Reads an item; what is wrong is said in `element`. An item without a room is none.
    pub fn read(item: &Value, element: &mut Element) -> Option<Self> {
        let Some(sent) = item.as_object() else {
            element.error(Remark::on(WRITE_CALENDAR).says(expectation("an object")));
            return None;
        };
        let mut problems = Vec::new();
        let mut taken = check(shape(), sent, &mut problems);
        let room_id = taken.get("roomId").and_then(Value::as_i64);
        if room_id.is_none() && problems.iter().all(|problem| problem.path != "roomId") {
            element.error(Remark::on(WRITE_CALENDAR).field("roomId").says("invalid"));
        }
        // The days of a range have a sentence of their own.
        problems.retain(|problem| !is_day(problem));
        element.problems(WRITE_CALENDAR, problems);
        let ranges = match taken.shift_remove("calendar") {
            Some(Value::Array(ranges)) => ranges,
            _ => Vec::new(),
        };
        let ranges = ranges
            .into_iter()
            .filter_map(|range| RangeIn::read(range, element))
            .collect();
        room_id.map(|room_id| Self { room_id, ranges })
    }
}

fn is_day(problem: &Problem) -> bool {
    matches!(&*problem.path, "calendar_from" | "calendar_to")
}

impl RangeIn {
    fn read(range: Value, element: &mut Element) -> Option<Self> {
        let Value::Object(fields) = range else {
            return None;
        };
        let mut fields = Fields(fields);
        let days = (fields.day("from"), fields.day("to"));
        fields.take(&["from", "to"]);
        match days {
            (Some(from), Some(to)) if from <= to => Some(Self { from, to, fields }),
            _ => {
                element.warn(
                    Remark::on(WRITE_CALENDAR)
                        .field("calendar")
                        .says("invalid dates"),
                );
                None
            }
        }
    }

    /// What may be written of the range when today is that day: a range that reaches beyond two
    /// years is dropped whole, one that begins in the past begins today. Each is said in `element`.
    pub fn clip(mut self, today: Date, element: &mut Element) -> Option<Self> {
        let last = today.saturating_add(MONTHS_AHEAD.months());
        if self.to > last {
            element.warn(
                Remark::on(WRITE_CALENDAR)
                    .field("calendar")
                    .says("invalid dates"),
            );
            return None;
        }
        if self.from < today {
            for name in self.fields.0.keys() {
                let days = format!(
                    "invalid dates, {} to {} is in the past",
                    self.from,
                    self.to.min(yesterday(today))
                );
                element.warn(Remark::on(WRITE_CALENDAR).field(name).says(days));
            }
            self.from = today;
        }
        (self.from <= self.to).then_some(self)
    }

    /// How many days the range has.
    pub fn days(&self) -> usize {
        self.from.until(self.to).map_or(usize::MAX, |span| {
            usize::try_from(span.get_days()).unwrap_or(0) + 1
        })
    }

    /// The prices that are set or, with none, taken away, by the number of their rule.
    pub fn prices(&self) -> BTreeMap<u8, Option<Decimal>> {
        let mut prices = BTreeMap::new();
        for number in 1..=16 {
            let name = format!("price{number}");
            if let Some(value) = self.fields.0.get(&name) {
                prices.insert(
                    number,
                    (!value.is_null())
                        .then(|| self.fields.amount(&name))
                        .flatten(),
                );
            }
        }
        prices
    }

    /// The range as the answer shows it, with the values that were written.
    pub fn written(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("from".into(), Value::from(self.from.to_string()));
        shown.insert("to".into(), Value::from(self.to.to_string()));
        shown.extend(self.fields.0.clone());
        Value::Object(shown)
    }
}

fn yesterday(today: Date) -> Date {
    today.yesterday().unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn read(item: Value) -> (Option<CalendarIn>, Value) {
        let mut element = Element::new();
        let taken = CalendarIn::read(&item, &mut element);
        (taken, serde_json::to_value(element).unwrap())
    }

    fn clipped(from: &str, to: &str) -> (Option<(String, String)>, Value) {
        let mut element = Element::new();
        let range = RangeIn {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            fields: Fields(Map::from_iter([("minStay".to_owned(), json!(2))])),
        };
        let range = range.clip(date(2026, 5, 10), &mut element);
        (
            range.map(|range| (range.from.to_string(), range.to.to_string())),
            serde_json::to_value(element).unwrap(),
        )
    }

    #[test]
    fn equal_neighbours_are_one_range_with_both_ends_included() {
        let day = |min| DayOut {
            min_stay: Some(min),
            ..DayOut::default()
        };
        let days = [(1, 2), (2, 2), (3, 1), (5, 1)].map(|(at, min)| (date(2026, 5, at), day(min)));
        assert_eq!(
            serde_json::to_value(entries(days)).unwrap(),
            json!([
                {"from": "2026-05-01", "to": "2026-05-02", "minStay": 2},
                {"from": "2026-05-03", "to": "2026-05-03", "minStay": 1},
                {"from": "2026-05-05", "to": "2026-05-05", "minStay": 1},
            ])
        );
    }

    #[test]
    fn an_entry_has_its_values_in_the_order_of_the_wire() {
        let day = DayOut {
            num_avail: Some(-1),
            min_stay: Some(1),
            max_stay: Some(365),
            multiplier: Some(Decimal::ONE),
            override_: Some("none"),
            prices: BTreeMap::from([(1, Decimal::new(9950, 2)), (12, Decimal::new(80, 0))]),
            channels: Some(BTreeMap::from([("booking".to_owned(), Some(2))])),
        };
        assert_eq!(
            serde_json::to_string(&entries([(date(2026, 5, 1), day)])).unwrap(),
            r#"[{"from":"2026-05-01","to":"2026-05-01","numAvail":-1,"minStay":1,"maxStay":365,"multiplier":1,"override":"none","price1":99.5,"price12":80,"channels":{"booking":{"maxBookings":2}}}]"#
        );
    }

    #[test]
    fn every_override_word_reads_back_as_itself() {
        for word in [
            "none",
            "blackout",
            "exception",
            "noCheckIn",
            "noCheckOut",
            "noCheckInOrCheckOut",
        ] {
            assert_eq!(Override::meant(word).word(), word);
        }
    }

    #[test]
    fn a_range_with_values_and_nulls_is_read_with_three_states() {
        let (taken, said) = read(json!({"roomId": "8", "calendar": [
            {"from": "2026-05-10", "to": "2026-05-12", "numAvail": null, "minStay": "2", "price1": 99.5, "price2": null, "bogus": 1}]}));
        assert_eq!(said, json!({"success": true}));
        let taken = taken.unwrap();
        let range = &taken.ranges[0];
        assert_eq!((taken.room_id, range.days()), (8, 3));
        assert_eq!(range.fields.whole_or_null("numAvail"), Some(None));
        assert_eq!(range.fields.whole_or_null("maxStay"), None);
        assert_eq!(
            range.prices(),
            BTreeMap::from([(1, Some(Decimal::new(9950, 2))), (2, None)])
        );
        assert_eq!(range.written()["from"], "2026-05-10");
    }

    #[test]
    fn bad_values_and_bad_dates_are_warnings_and_the_rest_is_taken() {
        let (taken, said) = read(json!({"roomId": 8, "calendar": [
            {"from": "2026-05-10", "to": "2026-05-09", "minStay": 1},
            {"from": "2026-05-32", "to": "2026-05-09", "minStay": 1},
            {"from": "2026-05-10", "to": "2026-05-10", "minStay": 0, "override": "closed"}, 7]}));
        assert_eq!(taken.unwrap().ranges.len(), 1);
        let fields: Vec<_> = said["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["field"].clone())
            .collect();
        assert_eq!(
            fields,
            [
                "calendar_minStay",
                "calendar_override",
                "calendar",
                "calendar",
                "calendar"
            ]
        );
    }

    #[test]
    fn an_item_without_a_room_is_refused() {
        for item in [
            json!({}),
            json!({"roomId": null}),
            json!({"roomId": "x"}),
            json!(5),
        ] {
            let (taken, said) = read(item);
            assert_eq!(
                (taken, said["errors"].as_array().map(Vec::len)),
                (None, Some(1))
            );
        }
    }

    #[test]
    fn past_days_are_left_out_with_one_warning_per_value() {
        let (range, said) = clipped("2026-05-01", "2026-05-12");
        assert_eq!(range, Some(("2026-05-10".into(), "2026-05-12".into())));
        assert_eq!(
            said["warnings"][0]["action"],
            "process inventory rooms calendar"
        );
        assert_eq!(said["warnings"][0]["field"], "minStay");
        assert_eq!(clipped("2026-05-01", "2026-05-09").0, None);
    }

    #[test]
    fn a_range_beyond_two_years_is_dropped_whole() {
        assert!(clipped("2026-05-10", "2028-05-10").0.is_some());
        let (range, said) = clipped("2026-05-10", "2028-05-11");
        assert_eq!(range, None);
        assert_eq!(said["warnings"][0]["message"], "invalid dates");
    }
}
