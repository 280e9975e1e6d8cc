//! The rows of the table that write.

use http_kit::{Call, delete, patch, post};
use service::UseCase;

use super::{Gives, Served, pair};
use crate::read::Root;
use crate::rows::{content as c, money as m, operations as o, people, structure as s, units as u};
use crate::state::State;
use crate::write::{self, External, Maintenance, Written};

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
        c::RentableSegment => "rentable_segments";
        c::CategoryGroup => "category_groups";
        c::AmenityGroupShown => "amenity_groups";
        c::AmenityShown => "amenities";
        c::AmenityOptionShown => "amenity_options";
        c::ChannelShown => "channels";
        c::MasterPriceList => "master_price_lists";
        c::DiscountCampaign => "discount_campaigns";
        c::Extra => "extras";
        c::CostShown => "costs";
        c::PackageShown => "packages";
        c::CancellationRuleShown => "cancellation_rules";
        m::PaymentMethodShown => "payment_methods";
        people::CustomerShown => "customers";
        s::OwnerShown => "owners";
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
    all.extend(of_units());
    all.extend(all_three::<people::GuestShown>(
        "/administrations/{administration_id}/reservations/{reservation_id}/guests",
        "/administrations/{administration_id}/reservations/{reservation_id}/guests/{id}",
        Root::Below("reservation"),
    ));
    all.push(creating::<m::PaymentShown>(
        "/administrations/{administration_id}/payments",
        Root::Administration,
    ));
    all.push(creating::<m::PaymentResultShown>(
        "/administrations/{administration_id}/payment_results",
        Root::Administration,
    ));
    all
}

/// What a unit is called, and when it is taken without a guest.
fn of_units() -> Vec<Served> {
    let mut all = vec![
        changing::<u::InventoryObject>("/inventory_objects/{id}", Root::Whole),
        changing::<u::InventoryObject>(
            "/administrations/{administration_id}/inventory_objects/{id}",
            Root::Administration,
        ),
        changing::<u::RentableIdentity>("/rentable_identities/{id}", Root::Whole),
        changing::<u::RentableIdentity>(
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
