//! The rows of the table that write.

use http_kit::openapi::Parameter;
use http_kit::{Call, delete, patch, post};
use serde_json::json;
use service::UseCase;

use super::{Gives, Served, pair};
use crate::read::Root;
use crate::rows::{
    content as c, discounts as d, money as m, operations as o, people, structure as s, units as u,
};
use crate::state::State;
use crate::write::{self, Archived, External, Maintenance, Written};

fn creating<R: Written>(path: &'static str, root: Root) -> Served {
    let handler = move |state: State, call: Call| write::create::<R>(state, call, root);
    let endpoint = post(path, handler).needs(UseCase::Write(R::SUBJECT).needs());
    Served {
        endpoint: endpoint.cost(1.0).tag(R::KIND.name),
        path,
        kind: R::KIND,
        gives: Gives::Created,
    }
}

fn changing<R: Written>(path: &'static str, root: Root) -> Served {
    let handler = move |state: State, call: Call| write::update::<R>(state, call, root);
    let endpoint = patch(path, handler).needs(UseCase::Write(R::SUBJECT).needs());
    Served {
        endpoint: endpoint.cost(1.0).tag(R::KIND.name),
        path,
        kind: R::KIND,
        gives: Gives::Changed,
    }
}

fn removing<R: Written>(path: &'static str, root: Root) -> Served {
    let handler = move |state: State, call: Call| write::remove::<R>(state, call, root);
    let endpoint = delete(path, handler).needs(UseCase::Remove(R::SUBJECT).needs());
    Served {
        endpoint: endpoint.cost(1.0).tag(R::KIND.name),
        path,
        kind: R::KIND,
        gives: Gives::Removed,
    }
}

fn archiving<R: Archived>(path: &'static str, root: Root) -> Served {
    let handler = move |state: State, call: Call| write::archive::<R>(state, call, root);
    let endpoint = post(path, handler).needs(UseCase::Write(R::SUBJECT).needs());
    Served {
        endpoint: endpoint
            .cost(1.0)
            .tag(R::KIND.name)
            .summary("Puts a resource into the archive"),
        path,
        kind: R::KIND,
        gives: Gives::Done,
    }
}

fn all_three<R: Written>(list: &'static str, one: &'static str, root: Root) -> Vec<Served> {
    vec![
        creating::<R>(list, root),
        changing::<R>(one, root),
        removing::<R>(one, root),
    ]
}

/// Types that are written for all administrations at once, or below one.
macro_rules! anywhere {
    ($($shown:ty => $plural:literal;)*) => {{
        let mut all: Vec<Served> = Vec::new();
        $(
            all.extend(all_three::<$shown>(
                concat!("/", $plural),
                concat!("/", $plural, "/{id}"),
                Root::Whole,
            ));
            all.extend(below::<$shown>(
                concat!("/administrations/{administration_id}/", $plural),
                concat!("/administrations/{administration_id}/", $plural, "/{id}"),
            ));
        )*
        all
    }};
}

fn below<R: Written>(list: &'static str, one: &'static str) -> Vec<Served> {
    all_three::<R>(list, one, Root::Administration)
}

/// The rows of the table that write.
pub fn all() -> Vec<Served> {
    let mut all = anywhere! {
        c::LabelShown => "labels";
        c::RegionShown => "regions";
        c::CityShown => "cities";
        c::RentableSegment => "rentable_segments";
        c::CategoryGroup => "category_groups";
        c::AmenityGroupShown => "amenity_groups";
        c::AmenityShown => "amenities";
        c::AmenityOptionShown => "amenity_options";
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
        m::PaymentMethodShown => "payment_methods";
        o::MessageTemplateShown => "message_templates";
        people::CustomerShown => "customers";
        s::OwnerShown => "owners";
        s::ContractorShown => "contractors";
    };
    all.extend(all_three::<c::ApplicationCommandShown>(
        "/application_commands",
        "/application_commands/{id}",
        Root::Whole,
    ));
    all.extend(below::<s::AgreementShown>(
        "/administrations/{administration_id}/agreements",
        "/administrations/{administration_id}/agreements/{id}",
    ));
    all.extend(below::<o::TodoShown>(
        "/administrations/{administration_id}/todos",
        "/administrations/{administration_id}/todos/{id}",
    ));
    all.extend(of_types());
    all.extend(of_answers());
    all.extend(of_units());
    all.extend(all_three::<people::GuestShown>(
        "/administrations/{administration_id}/reservations/{reservation_id}/guests",
        "/administrations/{administration_id}/reservations/{reservation_id}/guests/{id}",
        Root::Below("reservation"),
    ));
    all.extend(below::<o::ReviewShown>(
        "/administrations/{administration_id}/reviews",
        "/administrations/{administration_id}/reviews/{id}",
    ));
    all.extend(of_money());
    all.extend(below::<s::ImageShown>(
        "/administrations/{administration_id}/images",
        "/administrations/{administration_id}/images/{id}",
    ));
    all.extend(all_three::<s::ImageShown>(
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/images",
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/images/{id}",
        Root::Below("rentable_type"),
    ));
    all.extend(all_three::<s::ImageShown>(
        "/administrations/{administration_id}/categories/{category_id}/images",
        "/administrations/{administration_id}/categories/{category_id}/images/{id}",
        Root::Below("category"),
    ));
    all.extend(all_three::<c::RentableTypeAmenity>(
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/amenities",
        "/administrations/{administration_id}/rentable_types/{rentable_type_id}/amenities/{id}",
        Root::Below("rentable_type"),
    ));
    all.extend(all_three::<c::CategoryAmenity>(
        "/administrations/{administration_id}/categories/{category_id}/amenities",
        "/administrations/{administration_id}/categories/{category_id}/amenities/{id}",
        Root::Below("category"),
    ));
    all.push(creating::<people::GuestMutationShown>(
        "/administrations/{administration_id}/guest_mutation_notifications",
        Root::Administration,
    ));
    all
}

/// What is asked for and paid, and the words that are sent. None of it is ever removed.
fn of_money() -> Vec<Served> {
    let here = Root::Administration;
    let flag = json!({ "type": "boolean", "default": false });
    let flag = Parameter::query(write::SEND_NOTIFICATION, flag)
        .about("Tells the guest by mail that the payment was received");
    let mut paying =
        creating::<m::PaymentShown>("/administrations/{administration_id}/payments", here);
    paying.endpoint = paying.endpoint.param(flag);
    vec![
        paying,
        creating::<m::PaymentResultShown>(
            "/administrations/{administration_id}/payment_results",
            here,
        ),
        creating::<m::InvoiceShown>("/administrations/{administration_id}/invoices", here),
        changing::<m::InvoiceShown>("/administrations/{administration_id}/invoices/{id}", here),
        creating::<m::PaymentRequestShown>(
            "/administrations/{administration_id}/payment_requests",
            here,
        ),
        changing::<m::PaymentRequestShown>(
            "/administrations/{administration_id}/payment_requests/{id}",
            here,
        ),
        creating::<o::MessageShown>("/administrations/{administration_id}/messages", here),
        creating::<o::InternalMessageShown>(
            "/administrations/{administration_id}/internal_messages",
            here,
        ),
    ]
}

/// A type below its administration and over all of them, with what puts it into the archive.
macro_rules! archived {
    ($($shown:ty => $plural:literal;)*) => {{
        let mut all: Vec<Served> = Vec::new();
        $(
            let list = concat!("/administrations/{administration_id}/", $plural);
            all.push(creating::<$shown>(list, Root::Administration));
            let one = concat!("/administrations/{administration_id}/", $plural, "/{id}");
            all.push(changing::<$shown>(one, Root::Administration));
            all.push(changing::<$shown>(concat!("/", $plural, "/{id}"), Root::Whole));
            let archive = concat!("/administrations/{administration_id}/", $plural, "/{id}/archive");
            all.push(archiving::<$shown>(archive, Root::Administration));
            let archive = concat!("/", $plural, "/{id}/archive");
            all.push(archiving::<$shown>(archive, Root::Whole));
        )*
        all
    }};
}

/// Administrations, and what they let.
fn of_types() -> Vec<Served> {
    let mut all = archived! {
        s::RentableType => "rentable_types";
        s::Category => "categories";
        u::InventoryObject => "inventory_objects";
        u::RentableIdentity => "rentable_identities";
    };
    all.push(changing::<s::Administration>(
        "/administrations/{id}",
        Root::Whole,
    ));
    all
}

/// Answers to amenities, below the administration of whoever answers.
fn of_answers() -> Vec<Served> {
    macro_rules! answers {
        ($($shown:ty => $plural:literal;)*) => { [$(
            below::<$shown>(
                concat!("/administrations/{administration_id}/", $plural),
                concat!("/administrations/{administration_id}/", $plural, "/{id}"),
            ),
        )*] };
    }
    let all = answers! {
        c::AdministrationAmenity => "administration_amenities";
        c::RentableTypeAmenity => "rentable_type_amenities";
        c::CategoryAmenity => "category_amenities";
        c::RentableAmenity => "rentable_amenities";
        c::ReservationAmenity => "reservation_amenities";
    };
    all.into_iter().flatten().collect()
}

/// Units that go for good, and when units are taken without a guest.
fn of_units() -> Vec<Served> {
    let mut all = vec![
        removing::<u::InventoryObject>("/inventory_objects/{id}", Root::Whole),
        removing::<u::InventoryObject>(
            "/administrations/{administration_id}/inventory_objects/{id}",
            Root::Administration,
        ),
        removing::<u::RentableIdentity>("/rentable_identities/{id}", Root::Whole),
        removing::<u::RentableIdentity>(
            "/administrations/{administration_id}/rentable_identities/{id}",
            Root::Administration,
        ),
    ];
    let maintenance = "/administrations/{administration_id}/maintenance_agenda_periods";
    let one = "/administrations/{administration_id}/maintenance_agenda_periods/{id}";
    all.extend(pair::<Maintenance>(maintenance, one, Root::Administration));
    all.extend(below::<Maintenance>(maintenance, one));
    let external = "/administrations/{administration_id}/external_blocked_agenda_periods";
    let one = "/administrations/{administration_id}/external_blocked_agenda_periods/{id}";
    all.extend(pair::<External>(external, one, Root::Administration));
    all.extend(below::<External>(external, one));
    all
}
