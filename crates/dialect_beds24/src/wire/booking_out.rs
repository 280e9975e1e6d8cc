//! Writes a booking as the vendor does: seventy keys in the order of the live API, texts empty
//! rather than null, references null rather than 0.
//!
//! This is the hottest writer of the dialect (a page is a hundred of them), so it borrows what is
//! stored and writes it straight into the answer. A test holds its keys against the table.

use std::collections::BTreeMap;

use domain::booking::Status;
use domain::contact::Contact;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::booking::{api_source, channel_shown, status_word};
use super::parts::{Amount, GroupOut, InfoItemOut, Instant, InvoiceItemOut};

/// What a caller may see of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sees {
    /// Names, addresses and texts.
    pub personal: bool,
    /// Prices, invoice items and payment tokens.
    pub financial: bool,
}

/// A booking that goes out.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct BookingOut<'a> {
    pub sees: Sees,
    pub id: i64,
    pub master_id: Option<i64>,
    pub property_id: i64,
    pub room_id: i64,
    pub unit_id: Option<i64>,
    pub room_qty: i64,
    pub offer_id: u16,
    pub status: Status,
    pub opened: bool,
    pub arrival: Date,
    pub departure: Date,
    pub num_adult: u32,
    pub num_child: u32,
    pub contact: &'a Contact,
    pub arrival_time: &'a str,
    pub voucher: &'a str,
    pub comments: &'a str,
    pub notes: &'a str,
    pub message: &'a str,
    pub group_note: &'a str,
    pub lang: &'a str,
    pub reference: &'a str,
    pub channel: &'a str,
    pub api_reference: &'a str,
    pub invoicee_id: Option<i64>,
    pub booking_time: Timestamp,
    pub modified_time: Timestamp,
    pub cancel_time: Option<Timestamp>,
    pub price: Decimal,
    pub deposit: Decimal,
    pub tax: Decimal,
    pub commission: Decimal,
    pub rate_description: &'a str,
    /// The fields that only this dialect knows, under its own names.
    pub extra: &'a BTreeMap<String, Value>,
    /// Asked for: the group, or null where there is none.
    pub booking_group: Option<Option<GroupOut>>,
    pub invoice_items: Option<Vec<InvoiceItemOut<'a>>>,
    pub info_items: Option<Vec<InfoItemOut<'a>>>,
    pub guests: Option<Vec<Value>>,
    /// In the answer to a write: the parts that were made with it, by their key.
    pub new_parts: Vec<(&'static str, Vec<Value>)>,
}

const CUSTOM: [&str; 10] = [
    "custom1", "custom2", "custom3", "custom4", "custom5", "custom6", "custom7", "custom8",
    "custom9", "custom10",
];

impl Serialize for BookingOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write_stay(&mut map)?;
        if self.sees.personal {
            self.write_contact(&mut map)?;
        }
        self.write_texts(&mut map)?;
        self.write_marks(&mut map)?;
        self.write_source(&mut map)?;
        self.write_money(&mut map)?;
        self.write_asked(&mut map)?;
        map.end()
    }
}

impl BookingOut<'_> {
    fn write_stay<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("masterId", &self.master_id)?;
        map.serialize_entry("propertyId", &self.property_id)?;
        map.serialize_entry("roomId", &self.room_id)?;
        map.serialize_entry("unitId", &self.unit_id)?;
        map.serialize_entry("roomQty", &self.room_qty)?;
        map.serialize_entry("offerId", &self.offer_id)?;
        map.serialize_entry("status", status_word(self.status, self.opened))?;
        self.write_extra(map, "subStatus", "none")?;
        map.serialize_entry("arrival", &self.arrival)?;
        map.serialize_entry("departure", &self.departure)?;
        map.serialize_entry("numAdult", &self.num_adult)?;
        map.serialize_entry("numChild", &self.num_child)
    }

    fn write_contact<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let contact = self.contact;
        map.serialize_entry("title", &contact.title)?;
        map.serialize_entry("firstName", &contact.first_name)?;
        map.serialize_entry("lastName", &contact.last_name)?;
        map.serialize_entry("email", &contact.email)?;
        map.serialize_entry("phone", &contact.phone)?;
        map.serialize_entry("mobile", &contact.mobile)?;
        map.serialize_entry("fax", &contact.fax)?;
        map.serialize_entry("company", &contact.company)?;
        map.serialize_entry("address", &contact.address)?;
        map.serialize_entry("city", &contact.city)?;
        map.serialize_entry("state", &contact.region)?;
        map.serialize_entry("postcode", &contact.postcode)?;
        map.serialize_entry("country", &contact.country)?;
        map.serialize_entry(
            "country2",
            &Some(&contact.country_code).filter(|code| !code.is_empty()),
        )
    }

    fn write_texts<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("arrivalTime", self.arrival_time)?;
        map.serialize_entry("voucher", self.voucher)?;
        if self.sees.personal {
            map.serialize_entry("comments", self.comments)?;
            map.serialize_entry("notes", self.notes)?;
            map.serialize_entry("message", self.message)?;
            map.serialize_entry("groupNote", self.group_note)?;
        }
        CUSTOM
            .iter()
            .try_for_each(|name| self.write_extra(map, name, ""))
    }

    fn write_marks<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.write_extra(map, "flagColor", "")?;
        self.write_extra(map, "flagText", "")?;
        self.write_extra(map, "statusCode", 0)?;
        map.serialize_entry("lang", self.lang)?;
        self.write_extra(map, "referer", "API")?;
        self.write_extra(map, "refererEditable", "")?;
        map.serialize_entry("reference", self.reference)
    }

    fn write_source<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let channel = channel_shown(self.channel);
        let (number, name) = api_source(channel);
        map.serialize_entry("channel", channel)?;
        map.serialize_entry("apiSourceId", &number)?;
        map.serialize_entry("apiSource", name)?;
        map.serialize_entry("apiReference", self.api_reference)?;
        self.write_extra(map, "allowChannelUpdate", "all")?;
        self.write_extra(map, "allowAutoAction", "enable")?;
        self.write_extra(map, "allowReview", "default")?;
        match self.extra.get("allowCancellation") {
            Some(Value::Object(rule)) if rule.contains_key("type") => {
                map.serialize_entry("allowCancellation", rule)?
            }
            _ => map.serialize_entry("allowCancellation", &json!({"type": "propertyDefault"}))?,
        }
        map.serialize_entry("invoiceeId", &self.invoicee_id)?;
        map.serialize_entry("bookingTime", &Instant(self.booking_time))?;
        map.serialize_entry("modifiedTime", &Instant(self.modified_time))?;
        map.serialize_entry("cancelTime", &self.cancel_time.map(Instant))
    }

    fn write_money<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if self.sees.financial {
            map.serialize_entry("price", &Amount(self.price))?;
            map.serialize_entry("deposit", &Amount(self.deposit))?;
            map.serialize_entry("tax", &Amount(self.tax))?;
            map.serialize_entry("commission", &Amount(self.commission))?;
        }
        map.serialize_entry("rateDescription", self.rate_description)?;
        if self.sees.financial {
            self.write_extra(map, "stripeToken", None::<()>)?;
            self.write_extra(map, "pcibookingToken", None::<()>)?;
        }
        self.write_extra(map, "apiMessage", "")
    }

    fn write_asked<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(group) = &self.booking_group {
            map.serialize_entry("bookingGroup", group)?;
        }
        if let Some(items) = self.invoice_items.as_ref().filter(|_| self.sees.financial) {
            map.serialize_entry("invoiceItems", items)?;
        }
        if let Some(items) = &self.info_items {
            map.serialize_entry("infoItems", items)?;
        }
        if let Some(guests) = self.guests.as_ref().filter(|_| self.sees.personal) {
            map.serialize_entry("guests", guests)?;
        }
        self.new_parts
            .iter()
            .try_for_each(|(key, parts)| map.serialize_entry(*key, parts))
    }

    fn write_extra<M: SerializeMap>(
        &self,
        map: &mut M,
        name: &str,
        default: impl Serialize,
    ) -> Result<(), M::Error> {
        match self.extra.get(name).filter(|value| !value.is_null()) {
            Some(value) => map.serialize_entry(name, value),
            None => map.serialize_entry(name, &default),
        }
    }

    /// The booking as an object, for the `new` of an answer and to tell two states apart.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }
}

/// What a change changed: the id and every field that is different now. The time of the change
/// itself is left out, because it says nothing that the answer does not.
pub fn changed_fields(before: &BookingOut<'_>, after: &BookingOut<'_>) -> Map<String, Value> {
    let was = before.to_map();
    let mut changed = Map::new();
    changed.insert("id".into(), Value::from(after.id));
    for (name, now) in after.to_map() {
        if name != "modifiedTime" && was.get(&name) != Some(&now) {
            changed.insert(name, now);
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::booking::shape;
    use jiff::civil::date;

    const ALL: Sees = Sees {
        personal: true,
        financial: true,
    };

    fn with<T>(
        extra: &BTreeMap<String, Value>,
        sees: Sees,
        test: impl FnOnce(BookingOut<'_>) -> T,
    ) -> T {
        let contact = Contact {
            last_name: "Guest".into(),
            ..Contact::default()
        };
        let at: Timestamp = "2026-05-01T08:30:00.5Z".parse().unwrap();
        test(BookingOut {
            sees,
            id: 90_923_575,
            master_id: None,
            property_id: 7,
            room_id: 8,
            unit_id: Some(1),
            room_qty: 1,
            offer_id: 0,
            status: Status::Confirmed,
            opened: true,
            arrival: date(2026, 6, 1),
            departure: date(2026, 6, 3),
            num_adult: 2,
            num_child: 0,
            contact: &contact,
            arrival_time: "",
            voucher: "",
            comments: "",
            notes: "",
            message: "",
            group_note: "",
            lang: "",
            reference: "",
            channel: "direct",
            api_reference: "",
            invoicee_id: None,
            booking_time: at,
            modified_time: at,
            cancel_time: None,
            price: Decimal::new(3_484_320, 2),
            deposit: Decimal::ZERO,
            tax: Decimal::ZERO,
            commission: Decimal::ZERO,
            rate_description: "",
            extra,
            booking_group: None,
            invoice_items: None,
            info_items: None,
            guests: None,
            new_parts: Vec::new(),
        })
    }

    #[test]
    fn a_booking_shows_the_seventy_keys_of_the_table_in_its_order_and_with_its_defaults() {
        let shown = with(&BTreeMap::new(), ALL, |booking| booking.to_map());
        let fields = shape()
            .fields()
            .iter()
            .filter(|f| !f.marks.on_request && !f.marks.write_only);
        assert!(fields.clone().map(|field| &field.name).eq(shown.keys()));
        let varying = [
            "id",
            "propertyId",
            "roomId",
            "unitId",
            "arrival",
            "departure",
            "numAdult",
            "lastName",
            "bookingTime",
            "modifiedTime",
            "price",
            "allowCancellation",
        ];
        for field in fields.filter(|field| !varying.contains(&&*field.name)) {
            assert_eq!(shown[&field.name], field.default, "{}", field.name);
        }
    }

    #[test]
    fn nulls_texts_and_numbers_are_written_as_the_live_api_does() {
        let text = with(&BTreeMap::new(), ALL, |booking| {
            serde_json::to_string(&booking).unwrap()
        });
        for part in [
            r#"{"id":90923575,"masterId":null,"propertyId":7"#,
            r#""subStatus":"none","arrival":"2026-06-01","departure":"2026-06-03""#,
            r#""country":"","country2":null,"arrivalTime":"","#,
            r#""referer":"API","refererEditable":"","reference":"","channel":"direct","apiSourceId":0,"apiSource":"Direct""#,
            r#""allowCancellation":{"type":"propertyDefault"},"invoiceeId":null,"bookingTime":"2026-05-01T08:30:00Z""#,
            r#""cancelTime":null,"price":34843.2,"deposit":0,"tax":0,"commission":0,"rateDescription":"""#,
            r#""stripeToken":null,"pcibookingToken":null,"apiMessage":""}"#,
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn what_a_caller_may_not_see_has_no_key() {
        let none = Sees {
            personal: false,
            financial: false,
        };
        let shown = with(&BTreeMap::new(), none, |booking| {
            BookingOut {
                invoice_items: Some(vec![]),
                guests: Some(vec![]),
                ..booking
            }
            .to_map()
        });
        for field in shape()
            .fields()
            .iter()
            .filter(|f| f.marks.personal || f.marks.financial)
        {
            assert!(!shown.contains_key(&field.name), "{}", field.name);
        }
        let hidden = shape()
            .fields()
            .iter()
            .filter(|f| (f.marks.personal || f.marks.financial) && !f.marks.on_request);
        assert_eq!(shown.len() + hidden.count(), 70);
    }

    #[test]
    fn what_only_this_dialect_knows_is_shown_as_it_was_stored() {
        let extra = BTreeMap::from([
            ("custom3".to_owned(), json!("x")),
            ("subStatus".to_owned(), json!("noShow")),
        ]);
        let shown = with(&extra, ALL, |booking| booking.to_map());
        assert_eq!(
            (&shown["custom3"], &shown["subStatus"]),
            (&json!("x"), &json!("noShow"))
        );
    }

    #[test]
    fn a_change_shows_the_id_and_what_is_different() {
        let before = with(&BTreeMap::new(), ALL, |booking| {
            let at = "2026-05-02T00:00:00Z".parse().unwrap();
            let after = BookingOut {
                status: Status::Cancelled,
                modified_time: at,
                ..booking.clone()
            };
            changed_fields(&booking, &after)
        });
        assert_eq!(
            Value::Object(before),
            json!({"id": 90923575, "status": "cancelled"})
        );
    }
}
