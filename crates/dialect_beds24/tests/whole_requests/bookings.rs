//! Bookings made, changed, cancelled and removed.

use serde_json::{Value, json};

use crate::house::{House, in_every_house, stay, with};

async fn one(house: &House, id: i64) -> Value {
    house.rows(&format!("/bookings?id={id}&includeInvoiceItems=true&includeInfoItems=true&includeBookingGroup=true")).await.remove(0)
}

fn id(element: &Value) -> i64 {
    element["new"]["id"]
        .as_i64()
        .unwrap_or_else(|| panic!("nothing new: {element}"))
}

#[tokio::test]
async fn a_new_booking_is_echoed_with_its_id_and_found_again_as_it_was_echoed() {
    in_every_house(|house| async move {
        let (property, room) = house.property(2).await;
        let element = house
            .book(with(
                stay(room, "2026-12-01", "2026-12-04"),
                json!({"price": "310.50", "custom3": "x"}),
            ))
            .await;
        let new = &element["new"];
        assert_eq!(element["success"], true, "{element}");
        assert_eq!(
            element["info"],
            json!([{"action": "new booking", "id": new["id"]}])
        );
        for (name, value) in [
            ("propertyId", json!(property)),
            ("roomId", json!(room)),
            ("unitId", json!(1)),
            ("roomQty", json!(1)),
            ("status", json!("confirmed")),
            ("arrival", json!("2026-12-01")),
            ("departure", json!("2026-12-04")),
            ("numAdult", json!(2)),
            ("lastName", json!("Guest")),
            ("price", json!(310.5)),
            ("custom3", json!("x")),
            ("masterId", Value::Null),
            ("channel", json!("direct")),
            ("referer", json!("API")),
        ] {
            assert_eq!(new[name], value, "{name}");
        }
        assert_eq!(new.as_object().unwrap().len(), 70);
        assert_eq!(
            &house.rows(&format!("/bookings?id={}", id(&element))).await[0],
            new
        );
    })
    .await;
}

#[tokio::test]
async fn bad_items_are_errors_at_their_place_and_good_ones_go_on() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let reply = house
            .post(
                "/bookings",
                json!([
                    stay(room, "2026-12-01", "2026-12-02"),
                    {"roomId": room, "departure": "2026-12-02"},
                    7,
                    stay(room + 1, "2026-12-01", "2026-12-02"),
                    stay(room, "2026-12-02", "2026-12-01"),
                    {"id": 99, "status": "cancelled"},
                    stay(room, "2026-12-01", "2026-12-02"),
                ]),
            )
            .await;
        assert_eq!(reply.status, 201);
        let elements = reply.json();
        let success: Vec<bool> = elements
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["success"].as_bool().unwrap())
            .collect();
        assert_eq!(success, [true, false, false, false, false, false, true]);
        assert_eq!(
            elements[1]["errors"],
            json!([{"action": "new booking", "field": "arrival", "message": "invalid"}])
        );
        assert_eq!(
            elements[3]["errors"],
            json!([{"action": "new booking", "field": "roomId", "message": "not found"}])
        );
        assert_eq!(
            elements[5]["errors"],
            json!([{"action": "modify booking", "field": "id", "message": "not found"}])
        );
        assert_eq!(house.rows("/bookings").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn half_a_surrogate_pair_spoils_its_own_item_only() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let good = stay(room, "2026-12-01", "2026-12-02").to_string();
        let body = format!("[{},{good}]", good.replace("Guest", "\\ud800"));
        let headers = [("token", house.token.as_str())];
        let elements = house
            .ask("POST", "/beds24/v2/bookings", &headers, body)
            .await
            .json();
        assert_eq!(
            (&elements[0]["success"], &elements[1]["success"]),
            (&json!(false), &json!(true)),
            "{elements}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_shows_what_is_different_and_leaves_the_rest() {
    in_every_house(|house| async move {
        let (_, room) = house.property(2).await;
        let made = house
            .book(with(
                stay(room, "2026-12-01", "2026-12-02"),
                json!({"firstName": "Ada", "custom1": "a"}),
            ))
            .await;
        let id = id(&made);
        let element = house
            .book(json!({"id": id, "lastName": "Other", "custom2": "b", "departure": "2026-12-03"}))
            .await;
        assert_eq!(
            element,
            json!({"success": true, "modified":
                {"id": id, "departure": "2026-12-03", "lastName": "Other", "custom2": "b"}})
        );
        let booking = one(&house, id).await;
        assert_eq!(
            (
                &booking["firstName"],
                &booking["custom1"],
                &booking["numAdult"]
            ),
            (&json!("Ada"), &json!("a"), &json!(2))
        );
        let same = house.book(json!({"id": id, "lastName": "Other"})).await;
        assert_eq!(same, json!({"success": true, "modified": {"id": id}}));
    })
    .await;
}

#[tokio::test]
async fn cancelling_frees_the_room_hides_the_booking_and_leaves_its_cancel_time_empty() {
    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let checked = |item| with(item, json!({"actions": {"checkAvailability": true}}));
        let made = house.book(checked(stay(room, "2026-12-01", "2026-12-02"))).await;
        let id = id(&made);
        let full = house.book(checked(stay(room, "2026-12-01", "2026-12-02"))).await;
        assert_eq!(
            full,
            json!({"success": false, "errors": [{"action": "new booking", "field": "roomId", "message": "not available"}]})
        );
        let cancelled = house.book(json!({"id": id, "status": "cancelled"})).await;
        assert_eq!(cancelled["modified"]["status"], "cancelled");
        assert!(house.rows("/bookings").await.is_empty());
        assert_eq!(house.rows("/bookings?status=cancelled").await.len(), 1);
        let found = one(&house, id).await;
        assert_eq!((&found["status"], &found["cancelTime"]), (&json!("cancelled"), &Value::Null));
        assert_eq!(house.book(checked(stay(room, "2026-12-01", "2026-12-02"))).await["success"], true);
    })
    .await;
}

#[tokio::test]
async fn without_a_check_a_full_room_is_overbooked_unless_the_property_refuses_that() {
    in_every_house(|house| async move {
        let (property, room) = house.property(1).await;
        for _ in 0..2 {
            assert_eq!(house.book(stay(room, "2026-12-01", "2026-12-02")).await["success"], true);
        }
        let path = format!("/inventory/rooms/calendar?roomId={room}&startDate=2026-12-01&endDate=2026-12-01&includeNumAvail=true");
        assert_eq!(house.rows(&path).await[0]["calendar"][0]["numAvail"], -1);

        let rule = house.write("/properties", json!([{"id": property, "refuseOverbooking": true}])).await;
        assert_eq!(rule[0], json!({"success": true, "modified": {"refuseOverbooking": true}}));
        let refused = house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        assert_eq!(refused["errors"][0]["message"], "not available", "{refused}");
    })
    .await;
}

#[tokio::test]
async fn parts_are_added_changed_and_deleted_by_their_ids() {
    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let made = house.book(with(stay(room, "2026-12-01", "2026-12-02"), json!({
            "invoiceItems": [{"type": "charge", "description": "Room", "qty": 2, "amount": 50.25},
                {"type": "payment", "amount": 30}],
            "infoItems": [{"code": "CHECKIN", "text": "late"}],
        }))).await;
        let id = id(&made);
        let items = made["new"]["invoiceItems"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["description"]), (2, &json!("Room")));
        let booking = one(&house, id).await;
        let line = &booking["invoiceItems"][0];
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "bookingId", "type", "subType", "description", "status", "qty", "amount", "lineTotal",
            "vatRate", "invoiceeId", "invoiceId", "createdBy", "createTime"]);
        assert_eq!((&line["lineTotal"], &line["bookingId"], &line["subType"]), (&json!(100.5), &json!(id), &json!(7)));

        let (charge, payment) = (line["id"].clone(), booking["invoiceItems"][1]["id"].clone());
        let info = booking["infoItems"][0]["id"].clone();
        let element = house.book(json!({"id": id,
            "invoiceItems": [{"id": charge, "qty": 1}, {"id": payment}, {"type": "charge", "amount": 5}],
            "infoItems": [{"id": info, "text": "early"}, {"code": "NEW", "text": "n"}, {"id": 7, "text": "x"}]})).await;
        assert_eq!(element["success"], false);
        assert_eq!(element["errors"], json!([{"action": "modify info item", "id": 7, "field": "id", "message": "not found"}]));
        assert_eq!(element["modified"]["invoiceItems"], json!([{"id": charge, "qty": 1}]));
        assert_eq!(element["modified"]["infoItems"], json!([{"id": info, "text": "early"}]));
        assert_eq!(element["info"], json!([{"action": "delete invoice item", "id": payment}]));
        assert_eq!(element["new"]["infoItems"][0]["code"], "NEW");

        let booking = one(&house, id).await;
        let texts = |name: &str, field: &str| -> Vec<Value> {
            booking[name].as_array().unwrap().iter().map(|item| item[field].clone()).collect()
        };
        assert_eq!(texts("invoiceItems", "lineTotal"), [json!(50.25), json!(5)]);
        assert_eq!(texts("infoItems", "text"), [json!("early"), json!("n")]);
        house.book(json!({"id": id, "actions": {"deleteInvoice": true}})).await;
        assert_eq!(one(&house, id).await["invoiceItems"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_valid_booking_with_a_bad_part_is_made_without_it() {
    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let item = with(
            stay(room, "2026-12-01", "2026-12-02"),
            json!({"infoItems": [7, {"code": "OK"}], "email": ["x"]}),
        );
        let element = house.book(item).await;
        assert_eq!(element["success"], false);
        assert_eq!(element["warnings"].as_array().unwrap().len(), 2);
        let booking = one(&house, id(&element)).await;
        assert_eq!(
            (&booking["infoItems"][0]["code"], &booking["email"]),
            (&json!("OK"), &json!(""))
        );
    })
    .await;
}

#[tokio::test]
async fn a_group_is_made_in_one_call_joined_by_id_and_left_with_null() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let grouped = |item| with(item, json!({"actions": {"makeGroup": true}}));
        let elements = house
            .write(
                "/bookings",
                json!([
                    grouped(stay(room, "2026-12-01", "2026-12-02")),
                    stay(room, "2026-12-01", "2026-12-02"),
                    grouped(stay(room, "2026-12-01", "2026-12-02")),
                ]),
            )
            .await;
        let ids: Vec<i64> = elements.iter().map(id).collect();
        assert_eq!(
            elements[0]["new"]["masterId"], elements[2]["new"]["masterId"],
            "{elements:?}"
        );
        assert_eq!(elements[1]["new"]["masterId"], Value::Null);
        let joined = house.book(json!({"id": ids[1], "masterId": ids[0]})).await;
        assert_eq!(joined["modified"]["masterId"], ids[0]);
        let group = one(&house, ids[2]).await["bookingGroup"].clone();
        assert_eq!(group, json!({"master": ids[0], "ids": ids}));
        house.book(json!({"id": ids[1], "masterId": null})).await;
        assert_eq!(one(&house, ids[1]).await["bookingGroup"], Value::Null);
        assert_eq!(
            house
                .rows(&format!("/bookings?masterId={}", ids[0]))
                .await
                .len(),
            2
        );
        let unknown = house.book(json!({"id": ids[1], "masterId": 12345})).await;
        assert_eq!(unknown["errors"][0]["field"], "masterId");
    })
    .await;
}

#[tokio::test]
async fn a_booking_moves_to_another_room_by_id_and_room_id() {
    in_every_house(|house| async move {
        let (property, room) = house.property(1).await;
        let other = house
            .write(
                "/properties",
                json!([{"id": property, "roomTypes": [{"name": "Suite"}]}]),
            )
            .await;
        let other = other[0]["new"]["roomTypes"][0]["id"].as_i64().unwrap();
        let made = house.book(stay(room, "2026-12-01", "2026-12-02")).await;
        let moved = house.book(json!({"id": id(&made), "roomId": other})).await;
        assert_eq!(moved["modified"]["roomId"], other, "{moved}");
        let free = house
            .book(with(
                stay(room, "2026-12-01", "2026-12-02"),
                json!({"actions": {"checkAvailability": true}}),
            ))
            .await;
        assert_eq!(free["success"], true);
    })
    .await;
}

#[tokio::test]
async fn deleting_removes_for_good_and_needs_its_own_scope() {
    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let id = id(&house.book(stay(room, "2026-12-01", "2026-12-02")).await);
        let writer = house.token_for(&["read:bookings", "write:bookings"]).await;
        let path = format!("/beds24/v2/bookings?id={id}&id=77");
        assert_eq!(house.ask("DELETE", &path, &[("token", &writer)], "").await.error().0, 401);
        let removed = house.delete(&format!("/bookings?id={id}&id=77")).await;
        assert_eq!(removed.status, 201);
        assert_eq!(removed.json(), json!([
            {"success": true, "info": [{"action": "delete booking", "id": id}]},
            {"success": false, "errors": [{"action": "delete booking", "id": 77, "field": "id", "message": "not found"}]},
        ]));
        assert!(house.rows(&format!("/bookings?id={id}")).await.is_empty());
        assert_eq!(house.delete("/bookings").await.error().0, 400);
    })
    .await;
}

#[tokio::test]
async fn a_call_with_a_key_happens_once_and_is_answered_with_the_same_bytes() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let body = json!([stay(room, "2026-12-01", "2026-12-02"), {"roomId": room}]).to_string();
        let headers = [("token", house.token.as_str()), ("idempotency-key", "k1")];
        let first = house
            .ask("POST", "/beds24/v2/bookings", &headers, body.clone())
            .await;
        let again = house
            .ask("POST", "/beds24/v2/bookings", &headers, body)
            .await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let other = house
            .ask("POST", "/beds24/v2/bookings", &headers, "[]")
            .await;
        assert_eq!(other.error().0, 422);
        assert_eq!(house.rows("/bookings").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_token_without_sub_scopes_neither_sees_nor_writes_persons_and_prices() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let plain = house.token_for(&["all:bookings"]).await;
        let item = with(
            stay(room, "2026-12-01", "2026-12-02"),
            json!({"price": 5, "invoiceItems": [{"amount": 5}]}),
        );
        let element = house
            .post_as(&plain, "/bookings", json!([item]))
            .await
            .json()[0]
            .clone();
        assert_eq!(
            element["warnings"].as_array().unwrap().len(),
            3,
            "{element}"
        );
        let id = id(&element);
        for hidden in ["lastName", "email", "comments", "price", "stripeToken"] {
            assert!(
                !element["new"].as_object().unwrap().contains_key(hidden),
                "{hidden}"
            );
        }
        let stored = one(&house, id).await;
        assert_eq!(
            (&stored["lastName"], &stored["invoiceItems"]),
            (&json!(""), &json!([]))
        );
        let rows = house
            .get_as(
                &plain,
                &format!("/bookings?id={id}&includeGuests=true&includeInvoiceItems=true"),
            )
            .await;
        let row = rows.json()["data"][0].clone();
        assert!(!row.as_object().unwrap().contains_key("guests"), "{row}");
        assert!(!row.as_object().unwrap().contains_key("invoiceItems"));
    })
    .await;
}

#[tokio::test]
async fn another_tenants_rooms_and_bookings_are_answered_like_none_at_all() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let id = id(&house.book(stay(room, "2026-12-01", "2026-12-02")).await);
        let stranger = house.stranger().await;
        let told = |path: String| {
            let (house, stranger) = (std::sync::Arc::clone(&house), stranger.clone());
            async move { house.get_as(&stranger, &path).await.text() }
        };
        assert_eq!(
            told(format!("/bookings?id={id}")).await,
            told("/bookings?id=77".into()).await
        );
        assert_eq!(
            told(format!("/bookings?roomId={room}")).await,
            told("/bookings?roomId=77".into()).await
        );
        let write = |item: Value| {
            let (house, stranger) = (std::sync::Arc::clone(&house), stranger.clone());
            async move {
                house
                    .post_as(&stranger, "/bookings", json!([item]))
                    .await
                    .text()
            }
        };
        assert_eq!(
            write(json!({"id": id, "lastName": "Mine"})).await,
            write(json!({"id": 77, "lastName": "Mine"})).await
        );
        assert_eq!(
            write(stay(room, "2026-12-01", "2026-12-02")).await,
            write(stay(77, "2026-12-01", "2026-12-02")).await
        );
        assert_eq!(one(&house, id).await["lastName"], "Guest");
    })
    .await;
}

#[tokio::test]
async fn a_charge_is_made_from_the_price_where_that_is_asked_for() {
    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let item = with(stay(room, "2026-12-01", "2026-12-02"), json!({"price": 80,
            "invoiceItems": [{"type": "payment", "amount": 20}], "actions": {"autoInvoiceItemCharge": true}}));
        let made = house.book(item).await;
        let items = made["new"]["invoiceItems"].as_array().unwrap();
        assert_eq!((items.len(), &items[1]["amount"], &items[1]["type"]), (2, &json!(80), &json!("charge")), "{made}");
        assert_eq!(one(&house, id(&made)).await["invoiceItems"][1]["lineTotal"], 80);
    })
    .await;
}

#[tokio::test]
async fn a_unit_that_is_asked_for_is_given_and_one_that_there_is_none_of_refused() {
    in_every_house(|house| async move {
        let (_, room) = house.property(2).await;
        let in_unit = |unit: i64| {
            with(
                stay(room, "2026-12-01", "2026-12-02"),
                json!({"unitId": unit}),
            )
        };
        assert_eq!(house.book(in_unit(2)).await["new"]["unitId"], 2);
        let refused = house.book(in_unit(3)).await;
        assert_eq!(
            refused["errors"],
            json!([{"action": "new booking", "field": "unitId",
            "message": "invalid, expected a number from 1 to 2"}])
        );
        let taken = house.book(in_unit(2)).await;
        assert_eq!(
            (&taken["success"], &taken["warnings"][0]["field"]),
            (&json!(false), &json!("unitId")),
            "{taken}"
        );
    })
    .await;
}

#[tokio::test]
async fn confirmed_sent_to_a_guest_who_is_in_house_or_has_left_changes_nothing_of_the_status() {
    use domain::access::{Actor, Capabilities, Reach};
    use domain::booking::Status;
    use service::bookings::{BookingChange, BookingPatch, BookingWrite};

    in_every_house(|house| async move {
        let (_, room) = house.property(1).await;
        let id = id(&house.book(stay(room, "2026-12-01", "2026-12-02")).await);
        let client = domain::id::Id::new(1).unwrap();
        let actor = Actor {
            tenant_id: house.tenant_id,
            client_id: client,
            grant_id: client,
            capabilities: std::sync::Arc::new(Capabilities::everything(Reach::Tenant)),
            organizations: None,
            now: house.clock.now(),
            request_id: "test".into(),
        };
        let change = async |change: BookingChange| {
            let patch = BookingPatch {
                id: domain::id::Id::new(id).unwrap(),
                change,
                lines: Vec::new(),
                notes: Vec::new(),
                remove_lines: false,
                check_availability: false,
                announce: false,
            };
            let items = vec![BookingWrite::Change(Box::new(patch))];
            let written = house.service.bookings().write(&actor, items, None).await;
            match written.unwrap() {
                service::once::WriteAnswer::Fresh(mut outcomes) => {
                    outcomes.remove(0).result.unwrap().after.booking.status
                }
                answer => panic!("there is no key: {answer:?}"),
            }
        };
        for status in [Status::InHouse, Status::Completed] {
            let sent = BookingChange {
                status: Some(status),
                ..BookingChange::default()
            };
            assert_eq!(change(sent).await, status);
            let element = house
                .write(
                    "/bookings",
                    json!([{"id": id, "status": "confirmed", "notes": status.as_str()}]),
                )
                .await
                .remove(0);
            assert_eq!(element["success"], true, "{element}");
            assert_eq!(element["modified"].get("status"), None, "{element}");
            assert_eq!(change(BookingChange::default()).await, status);
        }
    })
    .await;
}

#[tokio::test]
async fn actions_that_are_not_carried_out_are_said_beside_what_was_done() {
    in_every_house(|house| async move {
        let (_, room) = house.property(3).await;
        let with_actions = |actions| {
            let item = stay(room, "2026-12-01", "2026-12-02");
            with(item, json!({"actions": actions}))
        };
        let remark = |action: &str, name: &str| {
            json!({"action": action, "field": format!("actions_{name}"),
                "message": "not carried out by this server"})
        };
        let made = house
            .book(with_actions(
                json!({"notifyGuest": true, "notifyHost": true}),
            ))
            .await;
        assert_eq!(
            (&made["success"], made.get("errors"), made.get("warnings")),
            (&json!(true), None, None)
        );
        let names = ["notifyGuest", "notifyHost"];
        let info = names.map(|name| remark("new booking", name));
        assert_eq!(made["info"].as_array().unwrap()[..2], info);
        // The first free unit is assigned whatever an item says of it.
        for (assigns, unit) in [(true, 2), (false, 3)] {
            let item = with_actions(json!({"assignBooking": assigns, "notifyGuest": false}));
            let element = house.book(item).await;
            assert_eq!(
                (&element["success"], &element["new"]["unitId"]),
                (&json!(true), &json!(unit)),
                "{element}"
            );
        }

        let id = id(&made);
        let names = ["assignInvoiceNumber", "assignInvoiceNumberInvoicee"];
        let numbers = json!({"id": id, "voucher": "V1",
            "actions": {"assignInvoiceNumber": true, "assignInvoiceNumberInvoicee": 7}});
        assert_eq!(
            house.book(numbers.clone()).await,
            json!({"success": false, "modified": {"id": id, "voucher": "V1"},
                "warnings": names.map(|name| remark("modify booking", name))})
        );
        let clerk = house.token_for(&["all:bookings"]).await;
        let said = house.post_as(&clerk, "/bookings", json!([numbers])).await;
        let said = said.json()[0]["warnings"].clone();
        assert_eq!(said.as_array().map(Vec::len), Some(2), "{said}");
        assert!(
            said[0]["message"]
                .as_str()
                .unwrap()
                .ends_with("write:bookings-financial"),
            "{said}"
        );
    })
    .await;
}
