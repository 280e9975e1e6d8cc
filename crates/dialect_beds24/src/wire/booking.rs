//! The words of a booking on the wire: its fields, its statuses and its sources.
//!
//! What comes in is read by [`booking_in`](super::booking_in), what goes out is written by
//! [`booking_out`](super::booking_out).

use std::sync::LazyLock;

use domain::booking::Status;

use super::shape::{Kind, Shape};
use super::shape_text;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    shape_text::read(include_str!("tables/booking.txt"))
        .expect("the table of booking fields is read by a test")
});

/// The fields of a booking.
pub fn shape() -> &'static Shape {
    &SHAPE
}

/// The slug of a booking that came through no channel.
pub const DIRECT: &str = "direct";

/// The slugs of all channels that a booking may come from.
pub fn channels() -> &'static [&'static str] {
    static SLUGS: LazyLock<Vec<&str>> =
        LazyLock::new(|| match shape().field("channel").map(|field| &field.kind) {
            Some(Kind::Choice(words)) => words.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        });
    &SLUGS
}

/// The slug under which a booking of a channel is shown. A channel of another dialect has no slug
/// here; to this one it is a direct booking.
pub fn channel_shown(channel: &str) -> &str {
    if channels().contains(&channel) {
        channel
    } else {
        DIRECT
    }
}

/// The fields that mean something to this dialect alone. They are kept under these names.
pub const EXTRA: [&str; 23] = [
    "subStatus",
    "custom1",
    "custom2",
    "custom3",
    "custom4",
    "custom5",
    "custom6",
    "custom7",
    "custom8",
    "custom9",
    "custom10",
    "flagColor",
    "flagText",
    "statusCode",
    "referer",
    "refererEditable",
    "allowChannelUpdate",
    "allowAutoAction",
    "allowReview",
    "allowCancellation",
    "stripeToken",
    "pcibookingToken",
    "apiMessage",
];

/// The vendor's word for where a booking stands; a confirmed one is `new` until staff opened it.
pub fn status_word(status: Status, opened: bool) -> &'static str {
    match status {
        Status::Inquiry => "inquiry",
        Status::Requested | Status::Held | Status::Optional => "request",
        Status::Confirmed if !opened => "new",
        Status::Confirmed | Status::InHouse | Status::Completed => "confirmed",
        Status::Cancelled | Status::Expired | Status::Refused => "cancelled",
        Status::Blocked => "black",
    }
}

/// What the vendor's word makes of a booking: its status, and whether staff has opened it.
pub fn status_meant(word: &str) -> Option<(Status, bool)> {
    Some(match word {
        "confirmed" => (Status::Confirmed, true),
        "new" => (Status::Confirmed, false),
        "request" => (Status::Requested, true),
        "cancelled" => (Status::Cancelled, true),
        "black" => (Status::Blocked, true),
        "inquiry" => (Status::Inquiry, true),
        _ => return None,
    })
}

/// All that a status word finds: status, and whether opened where that tells words apart.
pub fn statuses_found(word: &str) -> &'static [(Status, Option<bool>)] {
    match word {
        "confirmed" => &[
            (Status::Confirmed, Some(true)),
            (Status::InHouse, None),
            (Status::Completed, None),
        ],
        "new" => &[(Status::Confirmed, Some(false))],
        "request" => &[
            (Status::Requested, None),
            (Status::Held, None),
            (Status::Optional, None),
        ],
        "cancelled" => &[
            (Status::Cancelled, None),
            (Status::Expired, None),
            (Status::Refused, None),
        ],
        "black" => &[(Status::Blocked, None)],
        "inquiry" => &[(Status::Inquiry, None)],
        _ => &[],
    }
}

/// The vendor's number and name of a channel. Slugs that have no number of their own are shown
/// with 0, as direct bookings are.
pub fn api_source(channel: &str) -> (i64, &str) {
    match channel {
        DIRECT => (0, "Direct"),
        "bookingpage" => (1, "Booking page"),
        "bookitconz" => (2, "Bookit.co.nz"),
        "airbnbical" => (10, "Airbnb iCal"),
        "flipkey" => (12, "FlipKey"),
        "guestlinkcouk" => (13, "GuestLink"),
        "expedia" => (14, "Expedia"),
        "agoda" => (17, "Agoda"),
        "booking" => (19, "Booking.com"),
        "icalimport1" => (21, "iCal import 1"),
        "tablethotels" => (23, "Tablet Hotels"),
        "hostelworld" => (24, "Hostelworld"),
        "bedandbreakfasteu" => (27, "BedandBreakfast.eu"),
        "icalimport2" => (28, "iCal import 2"),
        "icalimport3" => (29, "iCal import 3"),
        "vrbo" => (30, "Vrbo"),
        "bedandbreakfastnl" => (31, "BedandBreakfast.nl"),
        "atraveode" => (32, "Atraveo"),
        "feratel" => (33, "Feratel"),
        "lastminute" => (35, "lastminute.com"),
        "hotelbeds" => (36, "Hotelbeds"),
        "vrboical" => (40, "Vrbo iCal"),
        "ota" => (42, "OTA"),
        "hostelinternational" => (44, "Hostelling International"),
        "airbnb" => (46, "Airbnb.com"),
        "tomastravel" => (50, "Tomas Travel"),
        "ostrovokru" => (51, "Ostrovok.ru"),
        "trip" => (53, "Trip.com"),
        "tripadvisorrentals" => (55, "TripAdvisor Rentals"),
        "traveloka" => (56, "Traveloka"),
        "hrs" => (57, "HRS"),
        "googleads" => (58, "Google Ads"),
        "despegar" => (59, "Despegar"),
        "vacationstay" => (63, "Vacation Stay"),
        "hostelsclub" => (64, "HostelsClub"),
        "edreamsodigeo" => (66, "eDreams ODIGEO"),
        "jomres" => (72, "Jomres"),
        "goibibo" => (73, "Goibibo"),
        "travia" => (76, "Travia"),
        "hometogo" => (78, "HomeToGo"),
        "googlecal" => (80, "Google Calendar"),
        "traumferienwohnungen" => (83, "Traum-Ferienwohnungen"),
        "tiket" => (86, "Tiket.com"),
        "marriott" => (87, "Marriott"),
        other => (0, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::booking_query::STATUSES;

    #[test]
    fn every_status_has_a_word_and_is_found_by_it() {
        for status in Status::ALL {
            for opened in [true, false] {
                let word = status_word(status, opened);
                let found = statuses_found(word).iter();
                let hits = found
                    .filter(|(s, o)| *s == status && o.is_none_or(|o| o == opened))
                    .count();
                assert_eq!(hits, 1, "{status} opened {opened} is shown as {word}");
            }
        }
    }

    #[test]
    fn what_is_written_with_a_word_is_shown_with_it() {
        for word in STATUSES {
            let (status, opened) = status_meant(word).unwrap();
            assert_eq!(status_word(status, opened), word);
        }
        assert_eq!(status_meant("bogus"), None);
    }

    #[test]
    fn a_booking_has_seventy_fields_without_what_is_shown_on_request() {
        let shown = shape()
            .fields()
            .iter()
            .filter(|field| !field.marks.on_request && !field.marks.write_only);
        assert_eq!(shown.count(), 70);
        assert!(channels().len() > 50);
    }
}
