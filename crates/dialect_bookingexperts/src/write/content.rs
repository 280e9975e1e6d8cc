//! What is declared once: labels, segments, amenities, channels, extras, costs, packages, campaigns, rules,
//! ways to pay, buttons of apps.

use domain::{charge::Discount, price_list::Pricing};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use service::{
    content::{
        AddOnDetails, Amenity, AmenityGroup, AmenityKind, AmenityOption, ApplicationCommand,
        Campaign, CancellationRule, Channel, City, Cost, Coupon, DiscountCard, ExtraItem, Label,
        Medium, MessageTemplate, Package, PaymentMethod, PeriodicCost, Region, Segment,
        VoucherDetails,
    },
    links::{LimitedTo, SoldIn},
    records::{Linking, Write, create, remove},
};

use super::{Stand, Wish, Writes, Written};
use crate::rows::{content as c, discounts as d, money as m, operations as o};

/// Declares how a type is written whose row says everything itself.
macro_rules! content {
    ($($shown:ty: $stored:ty, $(own $own:ident,)? names $names:expr,
      |$row:ident, $wish:ident| $take:expr;)*) => { $(
        impl $shown {
            /// Takes over what is mentioned.
            fn take($row: &mut $stored, $wish: &Wish) {
                $take
            }
        }

        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] = &$names;

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let mut row = <$stored>::new(wish.id(), Default::default());
                row.organization_id = stand.administration;
                $(row.details.$own = Some(stand.call.caller.client_id);)?
                Self::take(&mut row, wish);
                Ok(Ok(vec![wish.plan(create(row))]))
            }

            async fn update(
                stored: &$stored,
                wish: &Wish,
                _: &mut Stand<'_, '_>,
            ) -> service::Result<Writes> {
                Ok(Ok(vec![wish.change(stored.id, Self::take)]))
            }

            fn remove(stored: &$stored) -> Option<Write> {
                Some(remove::<$stored>(stored.id))
            }
        }
    )* };
}

content! {
    c::LabelShown: Label, names [("colour", "color")], |row, wish| {
        wish.text(&mut row.details.name, "name");
        wish.text(&mut row.details.colour, "color");
    };
    c::RentableSegment: Segment, names [], |row, wish| segment(row, wish);
    c::CategoryGroup: Segment, names [], |row, wish| segment(row, wish);
    c::RegionShown: Region, names [], |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.words(&mut row.details.description, "description");
        wish.whole(&mut row.position, "position");
    };
    c::CityShown: City, names [("parent_id", "region")], |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.words(&mut row.details.description, "description");
        wish.whole(&mut row.position, "position");
        wish.link(&mut row.parent_id, "region");
    };
    c::AmenityGroupShown: AmenityGroup, names [], |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.whole(&mut row.position, "position");
    };
    c::AmenityShown: Amenity, names [("parent_id", "amenity_group"), ("meaning", "semantic_amenity_type")],
    |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.whole(&mut row.position, "position");
        wish.text(&mut row.details.meaning, "semantic_amenity_type");
        wish.link(&mut row.parent_id, "amenity_group");
        if let Some(word) = wish.draft().text("type") {
            row.details.kind = amenity_kind(word);
        }
    };
    c::AmenityOptionShown: AmenityOption, names [("parent_id", "amenity")], |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.whole(&mut row.position, "position");
        wish.link(&mut row.parent_id, "amenity");
    };
    d::DiscountCardShown: DiscountCard, names OF_VOUCHERS, |row, wish| {
        voucher(&mut row.details, wish);
    };
    d::CouponShown: Coupon, names OF_VOUCHERS, |row, wish| voucher(&mut row.details, wish);
    c::CancellationRuleShown: CancellationRule, names [], |row, wish| {
        wish.words(&mut row.details.name, "name");
        wish.words(&mut row.details.description, "description");
    };
    c::Extra: ExtraItem, names [("charge", "price")], |row, wish| {
        add_on(&mut row.details, wish, "extra_type");
        wish.words(&mut row.details.memo_description, "memo_description");
        wish.flag(&mut row.details.selectable, "selectable");
        wish.flag(&mut row.details.confirm_by_guest, "confirm_by_guest");
        wish.flag(&mut row.details.quantity_required, "quantity_required");
        wish.flag(&mut row.details.memo_required, "memo_required");
        if let Some(value) = wish.draft().value("maximum_quantity") {
            row.details.maximum_quantity = value.as_integer().and_then(|most| most.to_u32());
        }
    };
    c::CostShown: Cost, names [("charge", "price")], |row, wish| {
        add_on(&mut row.details, wish, "cost_type");
    };
    c::PeriodicCostShown: PeriodicCost, names [("charge", "price"), ("until", "end_date")],
    |row, wish| {
        add_on(&mut row.details, wish, "cost_type");
        let charge = &mut row.details.charge;
        wish.day(&mut charge.from, "start_date");
        if let Some(value) = wish.draft().value("end_date") {
            // Ends are the day after the last one, here as everywhere in this dialect.
            charge.until = value.as_date().and_then(|end| end.yesterday().ok());
        }
    };
    c::PackageShown: Package, names [("charge", "price")], |row, wish| {
        add_on(&mut row.details, wish, "package_type");
    };
}

fn amenity_kind(word: &str) -> AmenityKind {
    let mut kinds = [AmenityKind::Number, AmenityKind::Choice].into_iter();
    kinds
        .find(|kind| c::amenity_type(*kind) == word)
        .unwrap_or(AmenityKind::YesNo)
}

fn add_on(details: &mut AddOnDetails, wish: &Wish, type_name: &str) {
    wish.words(&mut details.name, "name");
    wish.words(&mut details.description, "description");
    wish.text(&mut details.invoiced_as, "invoiced_as");
    wish.decimal(&mut details.charge.amount, "price");
    if let Some(word) = wish.draft().text(type_name) {
        let per = c::CHARGED.iter().find(|(_, known)| *known == word);
        details.charge.per = per.map_or(details.charge.per, |(per, _)| *per);
    }
}

// These belong to the app that makes them.
content! {
    m::PaymentMethodShown: PaymentMethod, own client_id, names [], |row, wish| {
        wish.words(&mut row.details.name, "name");
    };
    o::MessageTemplateShown: MessageTemplate, own client_id, names [], |row, wish| {
        let details = &mut row.details;
        wish.words(&mut details.name, "name");
        wish.words(&mut details.subject, "subject");
        wish.words(&mut details.body, "body");
        match wish.draft().text("medium") {
            Some("email") => details.medium = Medium::Email,
            Some("internal") => details.medium = Medium::Internal,
            _ => {}
        }
    };
    c::ApplicationCommandShown: ApplicationCommand, own client_id,
    names [("context", "context_model"), ("method", "http_method"), ("enabled_when", "enabled_script")],
    |row, wish| {
        let details = &mut row.details;
        wish.text(&mut details.identifier, "identifier");
        wish.words(&mut details.name, "name");
        wish.words(&mut details.description, "description");
        wish.text(&mut details.context, "context_model");
        wish.text(&mut details.method, "http_method");
        wish.text(&mut details.target_url, "target_url");
        wish.text(&mut details.enabled_when, "enabled_script");
    };
}

/// A channel sells all rentable types of its administration until somebody says which.
impl Written for c::ChannelShown {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("hold_minutes", "temporary_booking_validity_in_hours"),
        ("to_id", "rentable_types"),
    ];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let mut row = Channel::new(wish.id(), Default::default());
        row.organization_id = stand.administration;
        row.details.client_id = Some(stand.call.caller.client_id);
        row.details.sells_everything = true;
        channel(&mut row, wish);
        let mut writes = vec![wish.plan(create(row))];
        writes.extend(sold(wish).map(|write| wish.plan(write)));
        Ok(Ok(writes))
    }

    async fn update(
        stored: &Channel,
        wish: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let mut writes = vec![wish.change(stored.id, channel)];
        writes.extend(sold(wish).map(|write| wish.plan(write)));
        Ok(Ok(writes))
    }

    fn remove(stored: &Channel) -> Option<Write> {
        Some(remove::<Channel>(stored.id))
    }
}

/// A campaign is for all rentable types of its administration until somebody says for which.
impl Written for d::DiscountCampaign {
    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("percent", "percentage"),
        ("min_nights", "minimum_length_of_stay"),
        ("arrives_until", "start_date_until"),
        ("token", "promotion_token"),
        ("to_id", "rentable_types"),
    ];

    async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
        let mut row = Campaign::new(wish.id(), Default::default());
        row.organization_id = stand.administration;
        campaign(&mut row, wish);
        let mut writes = vec![wish.plan(create(row))];
        writes.extend(limits(wish).map(|write| wish.plan(write)));
        Ok(Ok(writes))
    }

    async fn update(
        stored: &Campaign,
        wish: &Wish,
        _: &mut Stand<'_, '_>,
    ) -> service::Result<Writes> {
        let mut writes = vec![wish.change(stored.id, campaign)];
        writes.extend(limits(wish).map(|write| wish.plan(write)));
        Ok(Ok(writes))
    }

    fn remove(stored: &Campaign) -> Option<Write> {
        Some(remove::<Campaign>(stored.id))
    }
}

fn campaign(row: &mut Campaign, wish: &Wish) {
    let details = &mut row.details;
    wish.words(&mut details.name, "name");
    wish.words(&mut details.description, "description");
    wish.text(&mut details.token, "promotion_token");
    let discount = &mut details.discount;
    wish.decimal(&mut discount.percent, "percentage");
    wish.decimal(&mut discount.amount, "amount");
    wish.day(&mut discount.arrives_from, "start_date_from");
    wish.day(&mut discount.arrives_until, "start_date_until");
    wish.day(&mut discount.booked_from, "booked_from");
    wish.day(&mut discount.booked_until, "booked_until");
    least_nights(discount, wish);
    if let Some(types) = wish.many("rentable_types") {
        details.limited = !types.is_empty();
    }
}

fn least_nights(discount: &mut Discount, wish: &Wish) {
    if let Some(value) = wish.draft().value("minimum_length_of_stay") {
        // What is no number of nights is too many, and refused when it is checked.
        let nights = value.as_integer();
        discount.min_nights = nights.map(|nights| nights.to_u16().unwrap_or(u16::MAX));
    }
}

/// How cards call what is stored of them.
const OF_VOUCHERS: [(&str, &str); 4] = [
    ("percent", "percentage"),
    ("min_nights", "minimum_length_of_stay"),
    ("arrives_from", "valid_from"),
    ("arrives_until", "valid_until"),
];

fn voucher(details: &mut VoucherDetails, wish: &Wish) {
    wish.words(&mut details.name, "name");
    wish.text(&mut details.code, "code");
    let discount = &mut details.discount;
    wish.decimal(&mut discount.percent, "percentage");
    wish.decimal(&mut discount.amount, "amount");
    wish.day(&mut discount.arrives_from, "valid_from");
    wish.day(&mut discount.arrives_until, "valid_until");
    least_nights(discount, wish);
}

fn limits(wish: &Wish) -> Option<Write> {
    let types = wish.many("rentable_types")?;
    Some(Linking::plain("campaign", wish.id(), types).write::<LimitedTo>())
}

fn segment(row: &mut Segment, wish: &Wish) {
    wish.words(&mut row.details.name, "name");
    wish.words(&mut row.details.description, "description");
    wish.whole(&mut row.position, "position");
}

fn channel(row: &mut Channel, wish: &Wish) {
    let details = &mut row.details;
    wish.text(&mut details.name, "name");
    if wish
        .draft()
        .value("price_factor")
        .is_some_and(|value| !value.is_null())
    {
        wish.decimal(&mut details.price_factor, "price_factor");
    }
    let hours = wish.draft().value("temporary_booking_validity_in_hours");
    if let Some(hours) = hours.and_then(jsonapi::Value::as_decimal) {
        // What is no number of minutes is too long, and refused when it is checked.
        let minutes = (hours * Decimal::from(60)).round().to_u32();
        details.hold_minutes = minutes.unwrap_or(u32::MAX);
    }
    match wish.draft().text("pricing") {
        Some("simple") => details.pricing = Pricing::Simple,
        Some("complex") => details.pricing = Pricing::Complex,
        _ => {}
    }
    if wish.many("rentable_types").is_some() {
        details.sells_everything = false;
    }
}

fn sold(wish: &Wish) -> Option<Write> {
    let types = wish.many("rentable_types")?;
    Some(Linking::plain("channel", wish.id(), types).write::<SoldIn>())
}
