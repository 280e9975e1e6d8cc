//! What comes along with an answer, and how often the store is asked for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::house::{House, in_every_house, stay};
use crate::reading::lists;
use crate::world::{ARRIVAL, World};

/// The types and ids of a list of resources or identifiers.
fn named(list: &Value) -> BTreeSet<(String, String)> {
    let one = |value: &Value| {
        let text = |member: &str| value[member].as_str().unwrap().to_owned();
        (text("type"), text("id"))
    };
    match list {
        Value::Array(list) => list.iter().map(one).collect(),
        Value::Null => BTreeSet::new(),
        single => [one(single)].into(),
    }
}

#[tokio::test]
async fn every_relationship_can_be_included_and_brings_what_it_leads_to() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        // Money that came by hand answers no request.
        let empty = BTreeSet::from(["payment.payment_request"]);
        let mut brought = 0;
        for (path, kind) in lists(&world) {
            for end in kind.relationships {
                let document = house.get(&format!("{path}?include={}", end.name)).await;
                let rows = document["data"].as_array().unwrap();
                let linked: BTreeSet<_> = rows
                    .iter()
                    .flat_map(|row| named(&row["relationships"][end.name]["data"]))
                    .collect();
                let included = named(&document["included"]);
                let name = format!("{}.{}", kind.name, end.name);
                assert_eq!(included, linked, "{path}?include={}", end.name);
                assert_eq!(
                    linked.is_empty(),
                    empty.contains(name.as_str()),
                    "{path}: {name}"
                );
                brought += 1;
            }
        }
        assert!(brought > 150, "{brought}");
    })
    .await;
}

#[tokio::test]
async fn included_is_there_even_when_nothing_is_in_it() {
    in_every_house(|house| async move {
        let document = house.get("/reservations?include=booking").await;
        assert_eq!(document["included"], serde_json::json!([]));
        let document = house.get("/reservations").await;
        assert!(document.get("included").is_none());
    })
    .await;
}

/// How often the store is asked for an answer.
async fn queries(house: &House, path: &str) -> (u64, Value) {
    let before = house.state.queries();
    let document = house.get(path).await;
    (house.state.queries() - before, document)
}

#[tokio::test]
async fn an_answer_asks_the_store_as_often_for_one_row_as_for_many() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for day in 1..40 {
            let arrival = ARRIVAL.checked_add(jiff::Span::new().days(day)).unwrap();
            let mut new = stay(world.room, arrival, arrival.tomorrow().unwrap());
            new.details.contact.email = format!("guest{day}@example.org");
            house.book(new).await;
        }
        let include = "booking.customer,booking.channel,order.extra_order_items.extra,\
                       order.main_order_items,inventory_object.labels,rentable_type.administration,\
                       category,labels,reservation_amenities.amenity.amenity_options,primary_package,\
                       cancellation_rule,administration";
        let path = |size| format!("/reservations?page[size]={size}&include={include}&sort=id");
        let (for_one, one) = queries(&house, &path(1)).await;
        let (for_many, many) = queries(&house, &path(40)).await;
        assert_eq!(many["data"].as_array().unwrap().len(), 40);
        assert!(one["included"].as_array().unwrap().len() > 10, "{one}");
        // Bookings without an account of a customer take one more question, however many they are.
        assert!(for_many <= for_one + 1, "{for_one} for one, {for_many} for forty");
        assert!(for_many <= 40, "{for_many}");
        for (path, _) in lists(&world) {
            let (asked, _) = queries(&house, &path).await;
            assert!(asked <= 8, "{path} asks {asked} times");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_of_thirty_reservations_with_five_includes_asks_a_bounded_number_of_times() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        for day in 1..35 {
            let arrival = ARRIVAL.checked_add(jiff::Span::new().days(day)).unwrap();
            house
                .book(stay(world.room, arrival, arrival.tomorrow().unwrap()))
                .await;
        }
        // The page that `prover bench` measures.
        let path = "/reservations?page[size]=30&sort=id\
                    &include=booking,order,rentable_type,inventory_object,administration";
        let (asked, page) = queries(&house, path).await;
        assert_eq!(page["data"].as_array().unwrap().len(), 30);
        let included = page["included"].as_array().unwrap();
        let kinds: BTreeSet<_> = included.iter().map(|row| row["type"].to_string()).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        assert!(asked <= 13, "{asked}");
    })
    .await;
}

#[tokio::test]
async fn a_booking_shows_all_its_reservations_and_the_customer_that_is_kept_in_it() {
    in_every_house(|house| async move {
        use service::bookings::GroupChoice;
        let (park, room) = house.parks[0];
        let mut new = stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap());
        new.details.contact.email = "vos@example.org".into();
        let master = house.book(new.clone()).await;
        new.group = GroupChoice::Join(master);
        let member = house.book(new).await;
        let path = format!("/administrations/{park}/bookings?include=reservations,customer");
        let document = house.get(&path).await;
        let rows = document["data"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{document}");
        let together = named(&rows[0]["relationships"]["reservations"]["data"]);
        let reservation = |id: domain::id::Id| ("reservation".to_owned(), id.to_string());
        assert_eq!(together, [reservation(master), reservation(member)].into());
        let included = document["included"].as_array().unwrap();
        let customer = included
            .iter()
            .find(|row| row["type"] == "customer")
            .unwrap();
        assert_eq!(customer["attributes"]["email"], "vos@example.org");
        assert_eq!(customer["id"], master.to_string());
        let own = house.get(&format!("/customers/{master}")).await;
        assert_eq!(own["data"], *customer);
        let of_booking = format!("/reservations?filter[booking]={master}");
        assert_eq!(
            house.get(&of_booking).await["meta"]["pagination"]["total_records"],
            2
        );
    })
    .await;
}
