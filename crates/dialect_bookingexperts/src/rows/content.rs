//! What is declared once: amenities and their answers, segments, labels, channels, price lists, extras.

use jsonapi::{Identifier, ResourceType, Row, Test as Asked, Value};
use rust_decimal::Decimal;
use service::{
    PageOf,
    content::{
        AddOnDetails, Amenity, AmenityAnswer, AmenityGroup, AmenityKind, AmenityOption,
        ApplicationCommand, CancellationRule, Channel, City, Cost, ExtraItem, Label, Package,
        PeriodicCost, PriceList, Region, Segment,
    },
    inventory::StoredPrice,
    links::{AmenityValue, SoldIn},
    records::{Field, Query, Test},
};
use std::collections::HashMap;

use domain::{charge::Per, id::Id};

use super::{
    parts::{amount, begun, localized, many, text, to},
    plain,
    structure::has_type,
};
use crate::kinds::{platform, selling, structure};
use crate::read::{Look, Lookup, Shown};
use crate::seen::Seen;

plain! {
    /// Groups of amenities.
    AmenityGroupShown: AmenityGroup as structure::AMENITY_GROUP,
    ["name" => Search "search", "position" => Whole "position", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("position", row.position)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
}

plain! {
    /// Choices of amenities.
    AmenityOptionShown: AmenityOption as structure::AMENITY_OPTION,
    ["name" => Search "search", "position" => Whole "position", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id",
     "amenity" => Id "parent_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("position", row.position)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("amenity", to("amenity", row.parent_id))
}

/// Of a house with more amenities, none is found by what stands in no column.
const MOST_AMENITIES: u32 = 2_000;

async fn all_of_them(look: &Look<'_>) -> service::Result<Option<Vec<Amenity>>> {
    let all = Query::<Amenity>::new();
    let page = look
        .reading
        .page(&all, PageOf::first(MOST_AMENITIES))
        .await?;
    Ok((!page.more).then_some(page.rows))
}

/// Amenities.
pub struct AmenityShown;

impl Shown for AmenityShown {
    type Stored = Amenity;
    const KIND: &'static ResourceType = &structure::AMENITY;

    fn lookup(name: &str) -> Option<Lookup<Amenity>> {
        Some(match name {
            "name" => Lookup::Search(const { Field::new("search") }),
            "position" => Lookup::Whole(const { Field::new("position") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Shared(const { Field::new("organization_id") }),
            "amenity_group" => Lookup::Id(const { Field::new("parent_id") }),
            "type" | "semantic_amenity_type" => Lookup::Read,
            "amenity_options" => Lookup::Through(|ids| {
                let option = const { Field::<AmenityOption>::new("id") };
                let parent = const { Field::<AmenityOption>::new("parent_id") };
                let options = Test::one_of(option, ids);
                Test::among::<AmenityOption>(const { Field::new("id") }, parent, options)
            }),
            _ => return None,
        })
    }

    /// How an amenity is answered and what it means stand in no column. A house has some hundreds of them.
    async fn looked_up(
        name: &str,
        asked: &Asked,
        look: &Look<'_>,
    ) -> service::Result<Option<Test<Amenity>>> {
        let Some(all) = look.amenities.get_or_try_init(|| all_of_them(look)).await? else {
            return Ok(None);
        };
        let meets = |row: &&Amenity| match name {
            "type" => asked.holds_for(&amenity_type(row.details.kind).into()),
            _ => asked.holds_for(&text(&row.details.meaning)),
        };
        let ids = all.iter().filter(meets).map(|row| row.id);
        Ok(Some(Test::found(ids)))
    }

    async fn show(stored: &[Amenity], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let mut options: HashMap<Id, Vec<Id>> = HashMap::new();
        if look.wants(Self::KIND, "amenity_options") {
            let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
            let parent = const { Field::<AmenityOption>::new("parent_id") };
            let mut found = look.reading.of::<AmenityOption>(parent, &ids).await?;
            found.sort_by_key(|option| (option.position, option.id));
            for option in found {
                let Some(amenity) = option.parent_id else {
                    continue;
                };
                options.entry(amenity).or_default().push(option.id);
            }
        }
        let shown = stored.iter().map(|row| {
            let own = options.remove(&row.id).unwrap_or_default();
            begun(Self::KIND, row)
                .with("name", localized(&row.details.name))
                .with("type", amenity_type(row.details.kind))
                .with("position", row.position)
                .with("semantic_amenity_type", text(&row.details.meaning))
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("amenity_group", to("amenity_group", row.parent_id))
                .to_many("amenity_options", many("amenity_option", own))
        });
        Ok(shown.collect())
    }
}

/// How the vendor calls the kinds of amenities; one of the words is known, the others are ours.
pub fn amenity_type(kind: AmenityKind) -> &'static str {
    match kind {
        AmenityKind::YesNo => "Amenities::BooleanAmenity",
        AmenityKind::Number => "Amenities::NumericalAmenity",
        AmenityKind::Choice => "Amenities::MultipleChoiceAmenity",
    }
}

/// An answer as the vendor writes it: a text in every case.
fn answer(row: &AmenityValue) -> Value {
    match row.details.answer {
        None => Value::Null,
        Some(AmenityAnswer::There(there)) => there.to_string().into(),
        Some(AmenityAnswer::Number(number)) => number.normalize().to_string().into(),
        Some(AmenityAnswer::Option(id)) => id.to_string().into(),
    }
}

/// Declares the answers of one kind of subject.
macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident, $kind:expr, $subject:literal, $relationship:literal;)*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl Shown for $name {
            type Stored = AmenityValue;
            const KIND: &'static ResourceType = &$kind;

            fn narrowed(_: &Seen) -> Vec<Test<AmenityValue>> {
                vec![Test::is(const { Field::new("subject") }, $subject.to_owned())]
            }

            fn keeps(row: &AmenityValue, _: &Seen) -> bool {
                row.subject == $subject
            }

            fn lookup(name: &str) -> Option<Lookup<AmenityValue>> {
                if name == $relationship {
                    return Some(Lookup::Id(const { Field::new("from_id") }));
                }
                Some(match name {
                    "amenity" => Lookup::Id(const { Field::new("to_id") }),
                    "administration" => Lookup::Shared(const { Field::new("organization_id") }),
                    _ => return None,
                })
            }

            async fn stands_below(
                parent: Id,
                administration: Id,
                look: &Look<'_>,
            ) -> service::Result<bool> {
                has_type(administration, parent, look).await
            }

            async fn show(stored: &[AmenityValue], _: &Look<'_>) -> service::Result<Vec<Row>> {
                let shown = stored.iter().map(|row| {
                    begun(Self::KIND, row)
                        .with("value", answer(row))
                        .to_one($relationship, Some(Identifier::new($relationship, row.from_id)))
                        .to_one("amenity", Some(Identifier::new("amenity", row.to_id)))
                });
                Ok(shown.collect())
            }
        }
    )* };
}

answers! {
    /// Answers of administrations.
    AdministrationAmenity, structure::ADMINISTRATION_AMENITY, "organization", "administration";
    /// Answers of rentable types.
    RentableTypeAmenity, structure::RENTABLE_TYPE_AMENITY, "resource", "rentable_type";
    /// The same under the older name of rentable types.
    CategoryAmenity, structure::CATEGORY_AMENITY, "resource", "category";
    /// Answers of units.
    RentableAmenity, structure::RENTABLE_AMENITY, "unit", "rentable";
    /// What was asked for with reservations.
    ReservationAmenity, structure::RESERVATION_AMENITY, "booking", "reservation";
}

plain! {
    /// Regions.
    RegionShown: Region as structure::REGION,
    ["name" => Search "search", "position" => Whole "position", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("description", localized(&row.details.description))
        .with("position", row.position)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
}

plain! {
    /// Towns.
    CityShown: City as structure::CITY,
    ["name" => Search "search", "position" => Whole "position", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id",
     "region" => Id "parent_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("description", localized(&row.details.description))
        .with("position", row.position)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("region", to("region", row.parent_id))
}

/// Declares a type under both of its names.
macro_rules! segments {
    ($($(#[$doc:meta])* $name:ident, $kind:expr;)*) => { $(
        plain! {
            $(#[$doc])*
            $name: Segment as $kind,
            ["name" => Search "search", "position" => Whole "position",
             "created_at" => Instant "created_at", "updated_at" => Instant "changed_at",
             "administration" => Shared "organization_id"],
            |row, begun| begun
                .with("name", localized(&row.details.name))
                .with("description", localized(&row.details.description))
                .with("position", row.position)
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
        }
    )* };
}

segments! {
    /// Segments.
    RentableSegment, structure::RENTABLE_SEGMENT;
    /// Segments under their older name.
    CategoryGroup, structure::CATEGORY_GROUP;
}

plain! {
    /// Labels.
    LabelShown: Label as structure::LABEL,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", row.details.name.as_str())
        .with("color", text(&row.details.colour))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
}

/// Channels.
pub struct ChannelShown;

impl Shown for ChannelShown {
    type Stored = Channel;
    const KIND: &'static ResourceType = &selling::CHANNEL;

    fn lookup(name: &str) -> Option<Lookup<Channel>> {
        Some(match name {
            "name" => Lookup::Search(const { Field::new("search") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Id(const { Field::new("organization_id") }),
            _ => return None,
        })
    }

    async fn show(stored: &[Channel], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let mut sold = HashMap::new();
        if look.wants(Self::KIND, "rentable_types") {
            let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
            sold = look.reading.linked::<SoldIn>(&ids).await?;
        }
        let shown = stored.iter().map(|row| {
            let details = &row.details;
            let hours = Decimal::from(details.hold_minutes) / Decimal::from(60);
            let pricing = match details.pricing {
                domain::price_list::Pricing::Simple => "simple",
                domain::price_list::Pricing::Complex => "complex",
            };
            let own = sold.remove(&row.id).unwrap_or_default();
            begun(Self::KIND, row)
                .with("name", details.name.as_str())
                .with("temporary_booking_validity_in_hours", amount(hours))
                .with("pricing", pricing)
                .with("price_factor", amount(details.price_factor))
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_many("rentable_types", many("rentable_type", own))
        });
        Ok(shown.collect())
    }
}

/// Master price lists.
pub struct MasterPriceList;

impl Shown for MasterPriceList {
    type Stored = PriceList;
    const KIND: &'static ResourceType = &selling::MASTER_PRICE_LIST;

    fn lookup(name: &str) -> Option<Lookup<PriceList>> {
        Some(match name {
            "name" => Lookup::Search(const { Field::new("search") }),
            "created_at" => Lookup::Instant(const { Field::new("created_at") }),
            "updated_at" => Lookup::Instant(const { Field::new("changed_at") }),
            "administration" => Lookup::Shared(const { Field::new("organization_id") }),
            _ => return None,
        })
    }

    async fn show(stored: &[PriceList], look: &Look<'_>) -> service::Result<Vec<Row>> {
        let mut prices: HashMap<(Id, bool), Vec<Id>> = HashMap::new();
        let wanted = ["simple_prices", "complex_prices"];
        if wanted.iter().any(|name| look.wants(Self::KIND, name)) {
            let ids: Vec<Id> = stored.iter().map(|row| row.id).collect();
            let list = const { Field::<StoredPrice>::new("list_id") };
            for price in look.reading.of::<StoredPrice>(list, &ids).await? {
                let of_stays = price.nights > 0;
                prices
                    .entry((price.list_id, of_stays))
                    .or_default()
                    .push(price.id);
            }
        }
        let shown = stored.iter().map(|row| {
            let mut own = |of_stays| prices.remove(&(row.id, of_stays)).unwrap_or_default();
            begun(Self::KIND, row)
                .with("name", row.details.name.as_str())
                .with("currency", row.details.currency.code())
                .with("created_at", row.created_at)
                .with("updated_at", row.changed_at)
                .to_one("administration", to("administration", row.organization_id))
                .to_many("simple_prices", many("simple_price", own(false)))
                .to_many("complex_prices", many("complex_price", own(true)))
        });
        Ok(shown.collect())
    }
}

plain! {
    /// Cancellation rules.
    CancellationRuleShown: CancellationRule as selling::CANCELLATION_RULE,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("name", localized(&row.details.name))
        .with("description", localized(&row.details.description))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

/// For what something is charged, as the vendor's settings call it.
pub const CHARGED: [(Per, &str); 7] = [
    (Per::Stay, "per_stay"),
    (Per::Night, "per_night"),
    (Per::Person, "per_person"),
    (Per::PersonNight, "per_person_per_night"),
    (Per::Piece, "per_piece"),
    (Per::PieceNight, "per_piece_per_night"),
    (Per::PercentOfRent, "percentage_of_rent"),
];

fn charged_per(details: &AddOnDetails) -> Option<&'static str> {
    let mut known = CHARGED.iter();
    let known = known.find(|(per, _)| *per == details.charge.per);
    known.map(|(_, word)| *word)
}

fn add_on(row: Row, details: &AddOnDetails) -> Row {
    row.with("name", localized(&details.name))
        .with("description", localized(&details.description))
        .with("price", amount(details.charge.amount))
}

plain! {
    /// Extras.
    Extra: ExtraItem as selling::EXTRA,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| add_on(begun, &row.details)
        .with("memo_description", localized(&row.details.memo_description))
        .with("invoiced_as", text(&row.details.invoiced_as))
        .with("selectable", row.details.selectable)
        .with("confirm_by_guest", row.details.confirm_by_guest)
        .with("extra_type", charged_per(&row.details))
        .with("quantity_required", row.details.quantity_required)
        .with("memo_required", row.details.memo_required)
        .with("maximum_quantity", row.details.maximum_quantity)
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

plain! {
    /// Costs.
    CostShown: Cost as selling::COST,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| add_on(begun, &row.details)
        .with("invoiced_as", text(&row.details.invoiced_as))
        .with("cost_type", charged_per(&row.details))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

plain! {
    /// Costs of a part of the year.
    PeriodicCostShown: PeriodicCost as selling::PERIODIC_COST,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| add_on(begun, &row.details)
        .with("invoiced_as", text(&row.details.invoiced_as))
        .with("cost_type", charged_per(&row.details))
        .with("start_date", row.details.charge.from)
        .with("end_date", row.details.charge.until.and_then(|last| last.tomorrow().ok()))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

plain! {
    /// Packages.
    PackageShown: Package as selling::PACKAGE,
    ["name" => Search "search", "created_at" => Instant "created_at",
     "updated_at" => Instant "changed_at", "administration" => Shared "organization_id"],
    |row, begun| add_on(begun, &row.details)
        .with("package_type", charged_per(&row.details))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
        .to_one("administration", to("administration", row.organization_id))
}

plain! {
    /// Buttons of apps.
    ApplicationCommandShown: ApplicationCommand as platform::APPLICATION_COMMAND,
    ["created_at" => Instant "created_at", "updated_at" => Instant "changed_at",
     "administration" => Shared "organization_id"],
    |row, begun| begun
        .with("identifier", row.details.identifier.as_str())
        .with("name", localized(&row.details.name))
        .with("description", localized(&row.details.description))
        .with("context_model", row.details.context.as_str())
        .with("http_method", row.details.method.as_str())
        .with("target_url", row.details.target_url.as_str())
        .with("enabled_script", text(&row.details.enabled_when))
        .with("created_at", row.created_at)
        .with("updated_at", row.changed_at)
}
