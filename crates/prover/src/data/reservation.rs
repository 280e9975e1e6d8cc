//! One row of the file: who asked for what, when, and what became of it.

use anyhow::{Context as _, bail};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde::Deserialize;

/// The data set, compressed; see `data/README.md` for its origin and licence.
const COMPRESSED: &[u8] = include_bytes!("../../data/hotel_bookings.csv.xz");

/// One of the two hotels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hotel {
    /// The hotel in the city.
    City,
    /// The resort.
    Resort,
}

impl Hotel {
    /// Both, in the order in which their properties are made.
    pub const ALL: [Self; 2] = [Self::City, Self::Resort];

    /// Its name in the replay.
    pub fn name(self) -> &'static str {
        match self {
            Self::City => "City Hotel",
            Self::Resort => "Resort Hotel",
        }
    }
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The guests came and left again.
    Kept,
    /// It was cancelled on that date.
    Cancelled(Date),
    /// Nobody came; noticed on that date.
    NoShow(Date),
}

/// A reservation.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The row's number in the file, from 0. Also the order of reservations that were
    /// made on the same day.
    pub row: usize,
    /// Which hotel.
    pub hotel: Hotel,
    /// The day on which it was made.
    pub made_on: Date,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night; equal to the arrival for day use.
    pub departure: Date,
    /// Adults.
    pub adults: i64,
    /// Children and babies.
    pub children: i64,
    /// The room type that was asked for.
    pub reserved_type: char,
    /// The room type that was given.
    pub assigned_type: char,
    /// How often it was changed before the stay.
    pub changes: u32,
    /// Two or three letters, or nothing.
    pub country: String,
    /// Price of a night.
    pub daily_rate: f64,
    /// What became of it.
    pub fate: Fate,
}

impl Reservation {
    /// How many nights. Day use has none, and cannot be booked through a dialect in
    /// which one departs after one arrives: the replay leaves it out and says how many.
    pub fn nights(&self) -> i64 {
        i64::from((self.departure - self.arrival).get_days())
    }

    /// The nights one by one.
    pub fn each_night(&self) -> impl Iterator<Item = Date> + use<> {
        let departure = self.departure;
        self.arrival
            .series(1.day())
            .take_while(move |night| *night < departure)
    }

    /// Price of the whole stay in cents, rounded.
    pub fn price_cents(&self) -> i64 {
        (self.daily_rate * 100.0).round() as i64 * self.nights()
    }
}

/// The columns of the file that the replay uses.
#[derive(Deserialize)]
struct Row {
    hotel: String,
    lead_time: i64,
    arrival_date_year: i16,
    arrival_date_month: String,
    arrival_date_day_of_month: i8,
    stays_in_weekend_nights: i64,
    stays_in_week_nights: i64,
    adults: String,
    children: String,
    babies: String,
    country: String,
    reserved_room_type: String,
    assigned_room_type: String,
    booking_changes: u32,
    adr: f64,
    reservation_status: String,
    reservation_status_date: String,
}

/// Unpacks and reads the whole file.
pub fn read_reservations() -> anyhow::Result<Vec<Reservation>> {
    let unpacked = liblzma::read::XzDecoder::new(COMPRESSED);
    csv::Reader::from_reader(unpacked)
        .deserialize::<Row>()
        .enumerate()
        .map(|(number, row)| {
            let row = row.with_context(|| format!("row {number} of the data set"))?;
            reservation(number, &row).with_context(|| format!("row {number} of the data set"))
        })
        .collect()
}

fn reservation(number: usize, row: &Row) -> anyhow::Result<Reservation> {
    let month = month_number(&row.arrival_date_month)?;
    let arrival = Date::new(row.arrival_date_year, month, row.arrival_date_day_of_month)?;
    let nights = row.stays_in_weekend_nights + row.stays_in_week_nights;
    let status_on = status_date(&row.reservation_status_date)?;
    Ok(Reservation {
        row: number,
        hotel: match row.hotel.as_str() {
            "City Hotel" => Hotel::City,
            "Resort Hotel" => Hotel::Resort,
            other => bail!("an unknown hotel: {other}"),
        },
        made_on: arrival.checked_sub(row.lead_time.days())?,
        arrival,
        departure: arrival.checked_add(nights.days())?,
        adults: count(&row.adults),
        children: count(&row.children) + count(&row.babies),
        reserved_type: one_letter(&row.reserved_room_type)?,
        assigned_type: one_letter(&row.assigned_room_type)?,
        changes: row.booking_changes,
        country: if row.country == "NULL" {
            String::new()
        } else {
            row.country.clone()
        },
        daily_rate: row.adr,
        fate: match row.reservation_status.as_str() {
            "Check-Out" => Fate::Kept,
            "Canceled" => Fate::Cancelled(status_on),
            "No-Show" => Fate::NoShow(status_on),
            other => bail!("an unknown status: {other}"),
        },
    })
}

fn month_number(name: &str) -> anyhow::Result<i8> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let position = MONTHS.iter().position(|month| *month == name);
    let position = position.with_context(|| format!("an unknown month: {name}"))?;
    Ok(i8::try_from(position + 1)?)
}

/// Dates of the status stand as month/day/year.
fn status_date(text: &str) -> anyhow::Result<Date> {
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts[..] else {
        bail!("expected month/day/year, got {text}");
    };
    Date::new(year.parse()?, month.parse()?, day.parse()?)
        .with_context(|| format!("a date that does not exist: {text}"))
}

/// A count of people; four rows say "NA" for children, which is read as none.
fn count(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

fn one_letter(text: &str) -> anyhow::Result<char> {
    let mut letters = text.trim().chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(letter),
        _ => bail!("expected a room type of one letter, got {text:?}"),
    }
}

/// The first day on which anything happens.
pub fn first_day(reservations: &[Reservation]) -> Date {
    let first = reservations
        .iter()
        .map(|reservation| reservation.made_on)
        .min();
    first.unwrap_or_else(|| date(2013, 1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_of_the_file_are_read() {
        let reservations = read_reservations().unwrap();
        assert_eq!(reservations.len(), 14_938);
        let kept = reservations
            .iter()
            .filter(|row| row.fate == Fate::Kept)
            .count();
        let no_shows = reservations
            .iter()
            .filter(|row| matches!(row.fate, Fate::NoShow(_)))
            .count();
        assert_eq!((kept, no_shows), (6_938, 207));
        let day_use = reservations.iter().filter(|row| row.nights() == 0).count();
        assert_eq!(day_use, 90);
    }

    #[test]
    fn nobody_cancels_before_having_booked() {
        for row in read_reservations().unwrap() {
            if let Fate::Cancelled(on) = row.fate {
                assert!(row.made_on <= on && on <= row.arrival, "{row:?}");
            }
        }
    }

    #[test]
    fn the_first_row_is_read_as_it_stands() {
        let reservations = read_reservations().unwrap();
        let first = &reservations[2];
        assert_eq!(first.hotel, Hotel::Resort);
        assert_eq!((first.reserved_type, first.assigned_type), ('A', 'C'));
        assert_eq!(first.made_on, date(2015, 6, 24));
        assert_eq!(
            (first.arrival, first.departure),
            (date(2015, 7, 1), date(2015, 7, 2))
        );
        assert_eq!(first.price_cents(), 7_500);
        assert_eq!(first_day(&reservations), date(2013, 6, 24));
    }
}
