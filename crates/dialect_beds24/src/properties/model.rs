//! A property and a room as stored maps of the wire, and back as patches of the use cases.
//!
//! What means something to the shared inventory has a place of its own there; all else travels
//! under this dialect's names in `extra`.

use std::collections::BTreeMap;

use domain::calendar::{StayRules, Strategy};
use domain::id::Id;
use domain::money::Currency;
use domain::rate::{Linking, PriceFor, RatePlan};
use domain::time::Zone;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use service::inventory::{
    Organization, OrganizationDetailsPatch, RatePlanRecord, ResourceDetailsPatch, Unit,
};
use service::patch::{ContactField, ContactPatch, ExtraPatch};
use service::properties::{PropertyPatch, RoomPatch, RoomView, UnitPatch};
use service::sale::Extra;

use crate::wire::booking_in::Fields;
use crate::wire::check::number_value;

/// The most units of a room that are shown one by one.
const MOST_UNITS_SHOWN: i64 = 999;

/// The fields of a property that have a place of their own.
const PROPERTY_FIELDS: [&str; 22] = [
    "id",
    "name",
    "currency",
    "address",
    "city",
    "state",
    "country",
    "postcode",
    "latitude",
    "longitude",
    "phone",
    "mobile",
    "fax",
    "email",
    "contactFirstName",
    "contactLastName",
    "checkInStart",
    "checkInEnd",
    "checkOutEnd",
    "refuseOverbooking",
    "timeZone",
    "roomTypes",
];

/// The fields of a room that have a place of their own.
const ROOM_FIELDS: [&str; 14] = [
    "id",
    "propertyId",
    "name",
    "qty",
    "maxPeople",
    "maxAdult",
    "maxChildren",
    "minPrice",
    "minStay",
    "maxStay",
    "restrictionStrategy",
    "units",
    "offers",
    "priceRules",
];

/// The fields of a price rule that have a place of their own.
const RULE_FIELDS: [&str; 11] = [
    "id",
    "name",
    "priceFor",
    "extraPerson",
    "extraChild",
    "minimumStay",
    "maximumStay",
    "offer",
    "minDaysUntilCheckin",
    "maxDaysUntilCheckin",
    "priceLinking",
];

const CONTACT: [(&str, ContactField); 11] = [
    ("address", ContactField::Address),
    ("city", ContactField::City),
    ("state", ContactField::Region),
    ("country", ContactField::CountryCode),
    ("postcode", ContactField::Postcode),
    ("phone", ContactField::Phone),
    ("mobile", ContactField::Mobile),
    ("fax", ContactField::Fax),
    ("email", ContactField::Email),
    ("contactFirstName", ContactField::FirstName),
    ("contactLastName", ContactField::LastName),
];

/// A property without its rooms.
pub fn property(organization: &Organization) -> Map<String, Value> {
    let details = &organization.details;
    let mut stored = from_extra(&details.extra);
    let mut contact = details.contact.clone();
    for (name, field) in CONTACT {
        stored.insert(name.into(), json!(*field.of(&mut contact)));
    }
    put(&mut stored, "id", json!(organization.id.get()));
    put(&mut stored, "name", json!(organization.name));
    put(&mut stored, "currency", json!(details.currency.code()));
    put(&mut stored, "checkInStart", json!(details.check_in_from));
    put(&mut stored, "checkInEnd", json!(details.check_in_to));
    put(&mut stored, "checkOutEnd", json!(details.check_out_to));
    put(&mut stored, "latitude", optional_number(details.latitude));
    put(&mut stored, "longitude", optional_number(details.longitude));
    put(
        &mut stored,
        "refuseOverbooking",
        json!(details.refuses_overbooking),
    );
    put(&mut stored, "timeZone", json!(details.zone.name()));
    let account = stored.entry("account").or_insert_with(|| json!({}));
    account["ownerId"] = json!(organization.tenant_id.get());
    stored
}

/// What a property becomes: `merged` is the whole of it, `sent` names the fields that were sent.
pub fn property_patch(merged: &Map<String, Value>, sent: &Map<String, Value>) -> PropertyPatch {
    let fields = Fields(merged.clone());
    let wanted = |name: &str| sent.contains_key(name);
    let text = |name: &str| wanted(name).then(|| fields.text(name).unwrap_or_default());
    let time = |name: &str| text(name).filter(|time| !time.is_empty());
    let number = |name: &str| wanted(name).then(|| exact(merged.get(name)));
    let contact = CONTACT
        .iter()
        .filter_map(|(name, field)| Some((*field, text(name)?)));
    PropertyPatch {
        name: text("name"),
        details: OrganizationDetailsPatch {
            currency: text("currency").and_then(|code| currency(&code)),
            zone: text("timeZone").and_then(|name| Zone::new(&name).ok()),
            check_in_from: time("checkInStart"),
            check_in_to: time("checkInEnd"),
            check_out_to: time("checkOutEnd"),
            contact: ContactPatch(contact.collect()),
            latitude: number("latitude"),
            longitude: number("longitude"),
            refuses_overbooking: wanted("refuseOverbooking")
                .then(|| fields.is_set("refuseOverbooking")),
            extra: extra_patch(merged, sent, &PROPERTY_FIELDS),
            ..OrganizationDetailsPatch::default()
        },
    }
}

/// The currency of a code in capital letters.
pub fn currency(code: &str) -> Option<Currency> {
    Currency::from_code(&code.to_ascii_uppercase())
}

/// A room with its units, offers and price rules.
pub fn room(view: &RoomView) -> Map<String, Value> {
    let resource = &view.resource;
    let details = &resource.details;
    let mut stored = from_extra(&details.extra);
    put(&mut stored, "id", json!(resource.id.get()));
    put(
        &mut stored,
        "propertyId",
        json!(resource.organization_id.get()),
    );
    put(&mut stored, "name", json!(resource.name));
    put(&mut stored, "qty", json!(resource.quantity));
    put(&mut stored, "maxPeople", json!(details.max_people));
    put(&mut stored, "maxAdult", json!(details.max_adults));
    put(&mut stored, "maxChildren", json!(details.max_children));
    put(&mut stored, "minPrice", number_value(details.min_price));
    put(&mut stored, "minStay", json!(details.rules.min_stay));
    put(&mut stored, "maxStay", json!(details.rules.max_stay));
    let strategy = match details.rules.strategy {
        Strategy::FirstNight => "firstNight",
        Strategy::StayThrough => "stayThrough",
    };
    put(&mut stored, "restrictionStrategy", json!(strategy));
    put(&mut stored, "units", units(view));
    let offers = details
        .offers
        .iter()
        .map(|(number, extra)| with_key(extra, "offerId", i64::from(*number)));
    put(&mut stored, "offers", offers.collect());
    put(
        &mut stored,
        "priceRules",
        details.rate_plans.values().map(price_rule).collect(),
    );
    stored
}

fn units(view: &RoomView) -> Value {
    // Every unit has a row, most of which say nothing.
    let says_something = |unit: &&Unit| !unit.name.is_empty() || !unit.extra.is_empty();
    let named = view.units.iter().filter(says_something);
    let named: BTreeMap<i64, &Unit> = named.map(|unit| (unit.number, unit)).collect();
    let numbers = 1..=view.resource.quantity.min(MOST_UNITS_SHOWN);
    let units = numbers.map(|number| match named.get(&number) {
        Some(unit) => {
            let mut shown = with_key(&unit.extra, "id", number);
            shown["name"] = json!(unit.name);
            shown
        }
        None => json!({"id": number}),
    });
    units.collect()
}

/// What a room becomes: `merged` is the whole of it, `sent` names the fields that were sent.
pub fn room_patch(
    merged: &Map<String, Value>,
    sent: &Map<String, Value>,
    exception_closes: bool,
) -> RoomPatch {
    let fields = Fields(merged.clone());
    let people = |name: &str| Some(count(merged.get(name)));
    RoomPatch {
        name: sent
            .contains_key("name")
            .then(|| fields.text("name").unwrap_or_default()),
        quantity: sent
            .contains_key("qty")
            .then(|| fields.whole("qty", 1))
            .flatten(),
        details: ResourceDetailsPatch {
            rules: Some(StayRules {
                strategy: match fields.text("restrictionStrategy").as_deref() {
                    Some("firstNight") => Strategy::FirstNight,
                    _ => Strategy::StayThrough,
                },
                min_stay: count(merged.get("minStay")),
                max_stay: count(merged.get("maxStay")),
                exception_closes,
            }),
            max_people: people("maxPeople"),
            max_adults: people("maxAdult"),
            max_children: people("maxChildren"),
            min_price: Some(fields.amount("minPrice").unwrap_or_default()),
            rate_plans: Some(rate_plans(merged)),
            offers: Some(offers(merged)),
            extra: extra_patch(merged, sent, &ROOM_FIELDS),
            ..ResourceDetailsPatch::default()
        },
    }
}

/// The units that are different now.
pub fn unit_patches(before: &Map<String, Value>, merged: &Map<String, Value>) -> Vec<UnitPatch> {
    let (was, now) = (by_id(before.get("units")), by_id(merged.get("units")));
    let mut patches = Vec::new();
    for (number, unit) in &now {
        let old = was.get(number);
        if old != Some(unit) {
            patches.push(unit_patch(*number, old.copied(), unit));
        }
    }
    let nothing = Map::new();
    let gone = was
        .iter()
        .filter(|(number, unit)| !now.contains_key(number) && unit.len() > 1);
    patches.extend(gone.map(|(number, unit)| unit_patch(*number, Some(unit), &nothing)));
    patches
}

fn unit_patch(
    number: i64,
    was: Option<&Map<String, Value>>,
    now: &Map<String, Value>,
) -> UnitPatch {
    let own = |name: &str| name == "id" || name == "name";
    let mut extra = Extra::new();
    for name in was
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !own(name))
    {
        extra.insert(name.clone(), Value::Null);
    }
    extra.extend(
        now.iter()
            .filter(|(name, _)| !own(name))
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let name = now.get("name").and_then(Value::as_str).unwrap_or_default();
    UnitPatch {
        number,
        name: Some(name.to_owned()),
        extra,
    }
}

fn by_id(units: Option<&Value>) -> BTreeMap<i64, &Map<String, Value>> {
    let units = units.and_then(Value::as_array).into_iter().flatten();
    units
        .filter_map(|unit| Some((unit.get("id")?.as_i64()?, unit.as_object()?)))
        .collect()
}

fn price_rule(record: &RatePlanRecord) -> Value {
    let plan = &record.plan;
    let mut rule = with_key(&record.extra, "id", i64::from(plan.number));
    rule["name"] = json!(plan.name);
    rule["priceFor"] = match plan.price_for {
        PriceFor::PerPerson => json!({"type": "perPerson"}),
        PriceFor::MaxCapacity => json!({"type": "maxCapacity"}),
        PriceFor::UpToPerson(people) => json!({"type": "upToPerson", "upToPersonValue": people}),
    };
    rule["extraPerson"] = number_value(plan.extra_person);
    rule["extraChild"] = number_value(plan.extra_child);
    rule["offer"] = json!(plan.offer);
    let bounds = [
        ("minimumStay", plan.min_stay),
        ("maximumStay", plan.max_stay),
        ("minDaysUntilCheckin", plan.min_days_until_check_in),
        ("maxDaysUntilCheckin", plan.max_days_until_check_in),
    ];
    for (name, bound) in bounds {
        rule[name] = json!(bound);
    }
    if let Some(linking) = &plan.linking {
        rule["priceLinking"] = json!({
            "roomId": linking.resource.get(),
            "priceId": linking.number,
            "offsetMultiplier": number_value(linking.multiplier),
            "offsetAmount": number_value(linking.amount),
        });
    }
    rule
}

fn rate_plans(merged: &Map<String, Value>) -> BTreeMap<u8, RatePlanRecord> {
    let rules = merged
        .get("priceRules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let records = rules.filter_map(Value::as_object).filter_map(rate_plan);
    records.map(|record| (record.plan.number, record)).collect()
}

fn rate_plan(rule: &Map<String, Value>) -> Option<RatePlanRecord> {
    let fields = Fields(rule.clone());
    let number = fields.whole::<u8>("id", 0).filter(|number| *number > 0)?;
    let price_for = rule.get("priceFor");
    let part = |name: &str| price_for.and_then(|part| part.get(name));
    let plan = RatePlan {
        name: fields.text("name").unwrap_or_default(),
        price_for: match part("type").and_then(Value::as_str) {
            Some("perPerson") => PriceFor::PerPerson,
            Some("upToPerson") => PriceFor::UpToPerson(count(part("upToPersonValue")).unwrap_or(1)),
            _ => PriceFor::MaxCapacity,
        },
        extra_person: fields.amount("extraPerson").unwrap_or_default(),
        extra_child: fields.amount("extraChild").unwrap_or_default(),
        min_stay: count(rule.get("minimumStay")),
        max_stay: count(rule.get("maximumStay")),
        offer: fields.whole("offer", 1).unwrap_or(1),
        min_days_until_check_in: count(rule.get("minDaysUntilCheckin")),
        max_days_until_check_in: count(rule.get("maxDaysUntilCheckin")),
        linking: rule.get("priceLinking").and_then(linking),
        ..RatePlan::new(number)
    };
    Some(RatePlanRecord {
        plan,
        extra: rest(rule, &RULE_FIELDS),
    })
}

fn linking(link: &Value) -> Option<Linking> {
    Some(Linking {
        resource: Id::new(link.get("roomId")?.as_i64()?)?,
        number: u8::try_from(link.get("priceId")?.as_i64()?).ok()?,
        multiplier: exact(link.get("offsetMultiplier")).unwrap_or(Decimal::ONE),
        amount: exact(link.get("offsetAmount")).unwrap_or_default(),
    })
}

fn offers(merged: &Map<String, Value>) -> BTreeMap<u16, Extra> {
    let offers = merged
        .get("offers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let numbered = offers.filter_map(Value::as_object).filter_map(|offer| {
        let number = u16::try_from(offer.get("offerId")?.as_i64()?).ok()?;
        Some((number, rest(offer, &["offerId"])))
    });
    numbered.collect()
}

/// Numbers 1, 2, …: the rate plan that every new room has, because the API cannot add one.
pub fn first_price_rule() -> Value {
    json!([{"id": 1}])
}

fn from_extra(extra: &Extra) -> Map<String, Value> {
    extra
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn with_key(extra: &Extra, key: &str, number: i64) -> Value {
    let mut shown = Map::new();
    shown.insert(key.into(), json!(number));
    shown.extend(from_extra(extra));
    Value::Object(shown)
}

fn rest(element: &Map<String, Value>, own: &[&str]) -> Extra {
    let rest = element
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()));
    rest.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The fields that were sent and have no place of their own, each as a whole.
fn extra_patch(merged: &Map<String, Value>, sent: &Map<String, Value>, own: &[&str]) -> ExtraPatch {
    let names = sent.keys().filter(|name| !own.contains(&name.as_str()));
    ExtraPatch(
        names
            .map(|name| {
                (
                    name.clone(),
                    merged.get(name).cloned().unwrap_or(Value::Null),
                )
            })
            .collect(),
    )
}

fn put(stored: &mut Map<String, Value>, name: &str, value: Value) {
    stored.insert(name.into(), value);
}

fn count(value: Option<&Value>) -> Option<u16> {
    value
        .and_then(Value::as_i64)
        .and_then(|whole| u16::try_from(whole).ok())
}

fn exact(value: Option<&Value>) -> Option<Decimal> {
    value.and_then(crate::wire::check::decimal)
}

fn optional_number(number: Option<Decimal>) -> Value {
    number.map_or(Value::Null, number_value)
}
