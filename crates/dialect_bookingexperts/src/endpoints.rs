//! The table of contents: every path of this dialect, and the type of resource that it shows.
//!
//! Every type stands over all administrations and below each one; what the vendor has in further places
//! stands there too. A type and its older name are two types over the same rows.

mod written;

use domain::access::Capability;
use http_kit::{Api, Call, Endpoint, Refusal, get};
use jsonapi::{Flaws, ResourceType};
use service::UseCase;
use service::records::Readable;

use crate::dialect::{BookingExperts, OtherVersion};
use crate::hooks::table;
use crate::kinds::{bookings, platform as platform_kinds, structure as structure_kinds};
use crate::read::{self, Root, Shown, contact, platform};
use crate::rows::{
    bookings as b, content as c, discounts as d, money as m, operations as o, orders, people,
    periods, structure as s, units as u,
};
use crate::sell::table::sold;
use crate::state::State;
use crate::{described, kinds};

/// What an endpoint answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Pages of a list.
    List,
    /// One resource.
    One,
    /// A resource that was created.
    Created,
    /// A resource that was changed.
    Changed,
    /// Nothing: the resource is gone.
    Removed,
    /// A resource to which something was done that has a path of its own.
    Done,
}

impl Gives {
    /// The method of such an endpoint.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Gives::List | Gives::One => "GET",
            Gives::Created | Gives::Done => "POST",
            Gives::Changed => "PATCH",
            Gives::Removed => "DELETE",
        }
    }

    /// Whether nothing is written.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Gives::List | Gives::One)
    }
}

/// One row of the table, with what it shows.
pub struct Served {
    /// The endpoint.
    pub endpoint: Endpoint<State>,
    /// Its path.
    pub path: &'static str,
    /// The type that it shows.
    pub kind: &'static ResourceType,
    /// What it answers with.
    pub gives: Gives,
}

/// A list and its single resources.
fn pair<R: Shown>(list: &'static str, one: &'static str, root: Root) -> Vec<Served> {
    let needs = UseCase::Find(<R::Stored as Readable>::SUBJECT).needs();
    let listing = get(list, move |state: State, call: Call| {
        read::list::<R>(state, call, root)
    });
    let showing = get(one, move |state: State, call: Call| {
        read::one::<R>(state, call, root)
    });
    vec![
        Served {
            endpoint: listing.needs(needs).cost(1.0).tag(R::KIND.name),
            path: list,
            kind: R::KIND,
            gives: Gives::List,
        },
        Served {
            endpoint: showing.needs(needs).cost(1.0).tag(R::KIND.name),
            path: one,
            kind: R::KIND,
            gives: Gives::One,
        },
    ]
}

/// A type over all administrations and below each one.
macro_rules! everywhere {
    ($($shown:ty => $plural:literal;)*) => {{
        let mut all: Vec<Served> = Vec::new();
        $(
            all.extend(pair::<$shown>(
                concat!("/", $plural),
                concat!("/", $plural, "/{id}"),
                Root::Whole,
            ));
            all.extend(pair::<$shown>(
                concat!("/administrations/{administration_id}/", $plural),
                concat!("/administrations/{administration_id}/", $plural, "/{id}"),
                Root::Administration,
            ));
        )*
        all
    }};
}

fn places() -> Vec<Served> {
    let mut all =
        pair::<s::Administration>("/administrations", "/administrations/{id}", Root::Whole);
    all.extend(everywhere! {
        c::RegionShown => "regions";
        c::CityShown => "cities";
        c::AmenityShown => "amenities";
        c::AmenityGroupShown => "amenity_groups";
        c::AmenityOptionShown => "amenity_options";
        c::AdministrationAmenity => "administration_amenities";
        c::RentableTypeAmenity => "rentable_type_amenities";
        c::CategoryAmenity => "category_amenities";
        c::RentableAmenity => "rentable_amenities";
        c::ReservationAmenity => "reservation_amenities";
        c::RentableSegment => "rentable_segments";
        c::CategoryGroup => "category_groups";
        s::RentableType => "rentable_types";
        s::Category => "categories";
        s::ImageShown => "images";
        u::InventoryObject => "inventory_objects";
        u::RentableIdentity => "rentable_identities";
        u::Rentable => "rentables";
        c::LabelShown => "labels";
        s::OwnerShown => "owners";
        s::ContractorShown => "contractors";
        s::AgreementShown => "agreements";
    });
    all.extend(pair::<s::ImageShown>(
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/images",
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/images/{id}",
        Root::Below("rentable_type"),
    ));
    all.extend(pair::<s::ImageShown>(
        "/administrations/{administration_id}/categories/{category_id}/images",
        "/administrations/{administration_id}/categories/{category_id}/images/{id}",
        Root::Below("category"),
    ));
    all.extend(pair::<c::RentableTypeAmenity>(
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/amenities",
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/amenities/{id}",
        Root::Below("rentable_type"),
    ));
    all.extend(pair::<c::CategoryAmenity>(
        "/administrations/{administration_id}/categories/{category_id}/amenities",
        "/administrations/{administration_id}/categories/{category_id}/amenities/{id}",
        Root::Below("category"),
    ));
    all.extend(pair::<s::RentableType>(
        "/channels/{channel_id}/rentable_types",
        "/channels/{channel_id}/rentable_types/{id}",
        Root::Channel,
    ));
    all.extend(pair::<s::Category>(
        "/channels/{channel_id}/categories",
        "/channels/{channel_id}/categories/{id}",
        Root::Channel,
    ));
    all
}

fn selling() -> Vec<Served> {
    let mut all = everywhere! {
        c::ChannelShown => "channels";
        c::MasterPriceList => "master_price_lists";
        d::DiscountCampaign => "discount_campaigns";
        d::DiscountCardShown => "discount_cards";
        d::CouponShown => "coupons";
        c::Extra => "extras";
        c::CostShown => "costs";
        c::PeriodicCostShown => "periodic_costs";
        c::PackageShown => "packages";
        c::CancellationRuleShown => "cancellation_rules";
    };
    let prices = Root::Below("master_price_list");
    all.extend(pair::<orders::SimplePrice>(
        "/administrations/{administration_id}/master_price_lists/{master_price_list_id}/simple_prices",
        "/administrations/{administration_id}/master_price_lists/{master_price_list_id}/simple_prices/{id}",
        prices,
    ));
    all.extend(pair::<orders::ComplexPrice>(
        "/administrations/{administration_id}/master_price_lists/{master_price_list_id}/complex_prices",
        "/administrations/{administration_id}/master_price_lists/{master_price_list_id}/complex_prices/{id}",
        prices,
    ));
    all
}

fn booked() -> Vec<Served> {
    let mut all = everywhere! {
        b::Reservation => "reservations";
        b::BookingShown => "bookings";
        orders::OrderShown => "orders";
        people::CustomerShown => "customers";
        people::GuestShown => "guests";
        periods::AgendaPeriod => "agenda_periods";
    };
    all.extend(pair::<b::Reservation>(
        "/channels/{channel_id}/reservations",
        "/channels/{channel_id}/reservations/{id}",
        Root::Channel,
    ));
    all.extend(pair::<people::GuestShown>(
        "/administrations/{administration_id}/reservations/{reservation_id}/guests",
        "/administrations/{administration_id}/reservations/{reservation_id}/guests/{id}",
        Root::Below("reservation"),
    ));
    let needs = UseCase::Find(<service::customers::Customer as Readable>::SUBJECT).needs();
    let search = "/contacts/search/first";
    all.push(Served {
        endpoint: get(search, contact::first)
            .needs(needs)
            .cost(1.0)
            .tag("contact")
            .summary("Finds a customer by mail address or telephone number"),
        path: search,
        kind: &bookings::CONTACT,
        gives: Gives::One,
    });
    all
}

fn around() -> Vec<Served> {
    let mut all = everywhere! {
        m::InvoiceShown => "invoices";
        m::PaymentShown => "payments";
        m::PaymentMethodShown => "payment_methods";
        m::PaymentRequestShown => "payment_requests";
        m::PaymentResultShown => "payment_results";
        o::TodoShown => "todos";
        o::ReviewShown => "reviews";
        o::MessageTemplateShown => "message_templates";
        o::MessageShown => "messages";
        o::InternalMessageShown => "internal_messages";
    };
    all.extend(pair::<c::ApplicationCommandShown>(
        "/application_commands",
        "/application_commands/{id}",
        Root::Whole,
    ));
    all.push(Served {
        endpoint: get("/organization", platform::organization)
            .needs(ACCOUNT)
            .cost(1.0)
            .tag("organization")
            .summary("Shows the organization that has installed the application"),
        path: "/organization",
        kind: &structure_kinds::ORGANIZATION,
        gives: Gives::One,
    });
    all.push(Served {
        endpoint: get("/subscription", platform::subscription)
            .any_caller()
            .cost(1.0)
            .tag("subscription")
            .summary("Shows the installation that is calling"),
        path: "/subscription",
        kind: &platform_kinds::SUBSCRIPTION,
        gives: Gives::One,
    });
    all
}

const ACCOUNT: Capability =
    UseCase::Find(<service::content::TenantProfile as Readable>::SUBJECT).needs();

/// Every path, with what it shows.
pub fn served() -> Vec<Served> {
    let groups = [places(), selling(), booked(), around(), written::all()];
    groups.into_iter().flatten().collect()
}

/// All endpoints.
pub fn endpoints() -> Vec<Endpoint<State>> {
    let served = served().into_iter().map(|served| served.endpoint);
    let leaving = table::all().into_iter().map(|row| row.endpoint);
    let sold = sold().into_iter().map(|sold| sold.endpoint);
    served.chain(leaving).chain(sold).collect()
}

/// The dialect with its table, serving its own document at `/oas3.json`.
///
/// # Errors
/// When the declarations contradict each other; a mistake of ours that a test finds first.
pub fn api() -> Result<Api<State>, Refusal> {
    let document = document().map_err(Refusal::internal)?;
    Api::new(BookingExperts, endpoints()).serving("/oas3.json", &document)
}

/// What answers at the paths of other versions, [`OTHER_VERSIONS`](crate::dialect::OTHER_VERSIONS).
pub fn other_versions() -> Api<State> {
    Api::new(OtherVersion, Vec::new())
}

/// The OpenAPI document of the table.
///
/// # Errors
/// When the declarations contradict each other; a mistake of ours that a test finds first.
pub fn document() -> Result<serde_json::Value, Flaws> {
    let (served, leaving, sold) = (served(), table::all(), sold());
    Ok(described::document(
        &kinds::schema()?,
        &served,
        &leaving,
        &sold,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plurals_of_the_table_are_those_of_links() {
        for served in served() {
            let plural = kinds::plural(served.kind);
            let is_single = matches!(
                served.kind.name,
                "organization" | "subscription" | "contact" | "agenda_period"
            );
            let path = served.path.trim_end_matches("/archive");
            let path = path.trim_end_matches("/{id}");
            // Below what they are answers of, answers need no longer name.
            let is_answer =
                served.kind.name.ends_with("_amenity") && path.ends_with("_id}/amenities");
            let is_plural = is_answer || path.ends_with(&format!("/{plural}"));
            assert!(is_single || is_plural, "{path}");
        }
    }

    #[test]
    fn the_document_has_every_path_and_whatever_it_refers_to() {
        let written = document().unwrap();
        let paths = written["paths"].as_object().unwrap();
        for served in served() {
            let method = served.gives.method().to_lowercase();
            assert!(paths[served.path][method].is_object(), "{}", served.path);
        }
        let text = written.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(written.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
