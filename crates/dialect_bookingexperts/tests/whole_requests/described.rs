//! What the table does not say of an endpoint: which word opens it, whose ids stand in it, and what a
//! good call sends. The walks over the whole table are made from this; an endpoint that is not described
//! here fails them, so a new endpoint is walked by being described.

use dialect_bookingexperts::endpoints::{Gives, Served, served};
use dialect_bookingexperts::kinds::{bookings, leaving, platform};
use dialect_bookingexperts::{api, scopes};
use http_kit::Row;
use jsonapi::ResourceType;

/// An id that nothing has.
pub const UNKNOWN: &str = "4503599627370497";

/// What is described of an endpoint.
pub struct Described {
    /// The method.
    pub method: String,
    /// The path's pattern.
    pub path: &'static str,
    /// The words of which one opens it; none where every app may call it.
    pub words: Vec<String>,
    /// The type that a request carries, where it carries a document.
    pub carries: Option<&'static ResourceType>,
    /// Parameters of the query in which ids stand, with the types of what they name.
    pub asks: Vec<(String, &'static str)>,
}

/// Every endpoint but the document, which is public.
pub fn all() -> Vec<Described> {
    let rows = api().unwrap().rows();
    let all = rows.iter().filter(|row| row.path != "/oas3.json");
    all.map(of).collect()
}

fn of(row: &Row) -> Described {
    let method = row.method.as_str();
    let is_it = |served: &Served| (served.gives.method(), served.path) == (method, row.path);
    let found = served().into_iter().find(is_it).map(of_served);
    let found = found.or_else(|| {
        let by_hand = selling().into_iter().chain(around());
        let mut by_hand = by_hand.filter(|known| known.method == method);
        by_hand.find(|known| known.path == row.path)
    });
    found.unwrap_or_else(|| panic!("{method} {} is new: describe it in described.rs", row.path))
}

fn of_served(served: Served) -> Described {
    let reads = served.gives.reads();
    let kind = served.kind;
    let filters = match served.gives {
        Gives::List => filters(kind),
        _ => Vec::new(),
    };
    Described {
        method: served.gives.method().to_owned(),
        path: served.path,
        words: match reads {
            true => scopes::reading(kind),
            false => scopes::writing(kind),
        },
        carries: matches!(served.gives, Gives::Created | Gives::Changed).then_some(kind),
        asks: filters,
    }
}

/// The filters of a list in which ids stand.
fn filters(kind: &ResourceType) -> Vec<(String, &'static str)> {
    let ends = kind.relationships.iter().filter(|end| end.filterable);
    let ends = ends.map(|end| (format!("filter[{}]", end.name), end.targets[0]));
    let own = kind
        .attribute("id")
        .is_none()
        .then(|| ("filter[id]".to_owned(), kind.name));
    own.into_iter().chain(ends).collect()
}

fn plain(method: &str, path: &'static str) -> Described {
    Described {
        method: method.to_owned(),
        path,
        words: Vec::new(),
        carries: None,
        asks: Vec::new(),
    }
}

/// What sells.
fn selling() -> Vec<Described> {
    let sells = |method: &str, path| Described {
        words: vec!["reservation|write".to_owned()],
        ..plain(method, path)
    };
    let carries = |method: &str, path| Described {
        carries: Some(&bookings::RESERVATION),
        ..sells(method, path)
    };
    let shows = |path, asks: &[(&str, &'static str)]| Described {
        words: vec!["availability|read".to_owned()],
        asks: asks
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
        ..plain("GET", path)
    };
    let mut all = vec![
        carries("POST", "/channels/{channel_id}/reservations"),
        carries("POST", "/channels/{channel_id}/reservations/preview"),
        sells("DELETE", "/channels/{channel_id}/reservations/{id}"),
        shows(
            "/availabilities",
            &[
                ("channel_ids", "channel"),
                ("filter[administration_ids]", "administration"),
                ("filter[rentable_type_ids]", "rentable_type"),
                ("filter[-rentable_type_ids]", "rentable_type"),
                ("filter[category_ids]", "rentable_type"),
                ("filter[-category_ids]", "rentable_type"),
                ("filter[rentable_segment_ids]", "rentable_segment"),
                ("filter[-rentable_segment_ids]", "rentable_segment"),
                ("filter[category_group_ids]", "rentable_segment"),
                ("filter[-category_group_ids]", "rentable_segment"),
                ("filter[amenity_ids]", "amenity"),
                ("filter[region_ids]", "region"),
                ("filter[-region_ids]", "region"),
                ("filter[inventory_object_id]", "inventory_object"),
                ("filter[discount_campaign_id]", "discount_campaign"),
            ],
        ),
        shows(
            "/channels/{channel_id}/rentable_types/{id}/availabilities",
            &[],
        ),
        shows("/channels/{channel_id}/categories/{id}/availabilities", &[]),
    ];
    all.extend([
        carries("PATCH", "/channels/{channel_id}/reservations/{id}"),
        carries("POST", "/channels/{channel_id}/reservations/{id}/preview"),
        sells("POST", "/channels/{channel_id}/reservations/{id}/confirm"),
        sells("POST", "/channels/{channel_id}/reservations/{id}/cancel"),
        carries(
            "PATCH",
            "/administrations/{administration_id}/reservations/{id}",
        ),
        carries(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/preview",
        ),
        sells(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/confirm",
        ),
        sells(
            "POST",
            "/administrations/{administration_id}/reservations/{id}/cancel",
        ),
    ]);
    all
}

/// Webhooks, which belong to whoever calls, and buttons.
fn around() -> Vec<Described> {
    let endpoint = Some(&leaving::WEBHOOK_ENDPOINT);
    let with = |method: &str, path, carries| Described {
        carries,
        ..plain(method, path)
    };
    let lists = |path, asks: &[(&str, &'static str)]| Described {
        asks: asks
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
        ..plain("GET", path)
    };
    let button = |path, carries| Described {
        words: vec!["application_command|write".to_owned()],
        ..with("POST", path, carries)
    };
    let of_endpoint = ("filter[webhook_endpoint]", "webhook_endpoint");
    vec![
        plain("GET", "/webhook_endpoints"),
        with("POST", "/webhook_endpoints", endpoint),
        plain("GET", "/webhook_endpoints/{id}"),
        with("PATCH", "/webhook_endpoints/{id}", endpoint),
        plain("DELETE", "/webhook_endpoints/{id}"),
        plain("POST", "/webhook_endpoints/{id}/rotate_secret"),
        lists(
            "/webhook_deliveries",
            &[of_endpoint, ("filter[resource_id]", "reservation")],
        ),
        plain("GET", "/webhook_deliveries/{id}"),
        plain("POST", "/webhook_deliveries/{id}/resend"),
        lists(
            "/webhook_attempts",
            &[
                of_endpoint,
                ("filter[webhook_delivery]", "webhook_delivery"),
            ],
        ),
        button(
            "/application_commands/{id}/calls",
            Some(&leaving::COMMAND_CALL),
        ),
        button("/application_commands/{id}/rotate_secret", None),
    ]
}

/// The names of a path's parameters.
pub fn parameters(pattern: &str) -> Vec<&str> {
    let parts = pattern.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn the_walks_know_every_endpoint_and_nothing_that_is_not_there() {
    let rows = api().unwrap().rows();
    assert_eq!(all().len(), rows.len() - 1);
    for known in selling().iter().chain(&around()) {
        let is_it = |row: &&Row| row.path == known.path && row.method.as_str() == known.method;
        assert!(
            rows.iter().any(|row| is_it(&row)),
            "{} {}",
            known.method,
            known.path
        );
    }
    assert_eq!(
        platform::APPLICATION_COMMAND.write,
        Some("application_command|write")
    );
}
