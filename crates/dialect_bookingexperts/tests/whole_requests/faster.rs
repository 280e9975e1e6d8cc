//! Changes that meet: whoever was slower is told so, and nothing is written twice.

use jiff::civil::date;
use serde_json::{Value, json};
use service::bookings::UnitChoice;

use crate::house::{House, Reply, in_every_house, stay};
use crate::shop::{Shop, changed, error, id};

const INCLUDE: &str = "include=order.main_order_items";

/// How many items of the reservation's order are called so.
async fn items(house: &House, shop: &Shop, id: &str, name: &str) -> usize {
    let document = house.get(&shop.at(&format!("/{id}?{INCLUDE}"))).await;
    let included = document["included"].as_array().unwrap();
    let items = included
        .iter()
        .filter(|row| row["type"] == "main_order_item");
    items
        .filter(|row| row["attributes"]["name"] == name)
        .count()
}

/// Sends the same change twice at once. One of them is done; the other is too, after it, or is told that
/// somebody was faster.
async fn twice_at_once(house: &House, shop: &Shop, id: &str, document: &Value) {
    let path = shop.at(&format!("/{id}"));
    let (one, other) = tokio::join!(
        house.send("PATCH", &path, document),
        house.send("PATCH", &path, document),
    );
    let replies = [one, other];
    assert!(replies.iter().any(|reply| reply.status == 200));
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(
            reply.code(),
            (409, "CONFLICT".to_owned()),
            "{}",
            reply.json()
        );
    }
}

#[tokio::test]
async fn two_changes_at_once_charge_nothing_twice() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 1).await;
        let attributes =
            json!({ "name": { "en": "Dinner" }, "package_type": "per_stay", "price": 30 });
        let document = json!({ "data": { "type": "package", "attributes": attributes } });
        let path = format!("/administrations/{}/packages", shop.park);
        let dinner = house.send("POST", &path, &document).await.json();
        let with_dinner = json!({
            "primary_package": { "data": { "type": "package", "id": id(&dinner) } },
        });
        for day in [1, 5, 9, 13] {
            let (start, end) = (
                format!("2027-06-{day:02}"),
                format!("2027-06-{:02}", day + 2),
            );
            let made = shop.reserve(&house, &start, &end, "?confirm=true").await;
            let made = id(&made);
            let package = changed(made, json!({}), with_dinner.clone());
            twice_at_once(&house, &shop, made, &package).await;
            assert_eq!(items(&house, &shop, made, "Dinner").await, 1);

            let longer = json!({ "end_date": format!("2027-06-{:02}", day + 3) });
            let longer = changed(made, longer, json!({}));
            twice_at_once(&house, &shop, made, &longer).await;
            for name in ["Cabin", "Dinner"] {
                assert_eq!(items(&house, &shop, made, name).await, 1, "{name}");
            }
        }
    })
    .await;
}

/// What a refusal says, and of what.
fn reason(reply: &Reply) -> (String, String) {
    let (status, code, place) = error(reply);
    assert_eq!((status, code.as_str()), (409, "CONFLICT"));
    let detail = reply.json()["errors"][0]["detail"].clone();
    (detail.as_str().unwrap().to_owned(), place)
}

#[tokio::test]
async fn who_cannot_keep_their_unit_is_told_so_as_long_as_others_are_free() {
    in_every_house(|house| async move {
        let shop = Shop::new(&house, 2).await;
        let mut wanted = shop.wanted("2027-06-01", "2027-06-02");
        wanted["data"]["attributes"]["fixed_rentable"] = json!(true);
        let path = shop.at("?confirm=true");
        let made = house.send("POST", &path, &wanted).await.json();
        let units = crate::world::units(&house, shop.room).await;
        let own = &made["data"]["relationships"]["inventory_object"]["data"]["id"];
        let number = if *own == units[0].to_string() { 1 } else { 2 };
        let mut other = stay(shop.room, date(2027, 6, 2), date(2027, 6, 4));
        other.unit = UnitChoice::Number(number);
        house.book(other).await;

        let path = shop.at(&format!("/{}", id(&made)));
        let longer = changed(id(&made), json!({ "end_date": "2027-06-03" }), json!({}));
        let replies = async || {
            let preview = format!("{path}/preview");
            [
                reason(&house.send("POST", &preview, &longer).await),
                reason(&house.send("PATCH", &path, &longer).await),
            ]
        };
        for (detail, place) in replies().await {
            assert_eq!(detail, "The unit is taken during these dates");
            assert_eq!(place, "/data/relationships/inventory_object");
        }
        house
            .book(stay(shop.room, date(2027, 6, 2), date(2027, 6, 4)))
            .await;
        for (detail, place) in replies().await {
            assert_eq!(detail, "Nothing is free for these dates");
            assert_eq!(place, "/data");
        }
    })
    .await;
}
