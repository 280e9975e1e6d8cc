//! Calls that are malformed as a whole, and how lists are wrapped.

use serde_json::{Value, json};

use crate::house::{in_every_house, stay};

#[tokio::test]
async fn a_body_that_is_no_array_of_json_is_refused_as_a_whole() {
    in_every_house(|house| async move {
        let path = "/beds24/v2/bookings";
        let headers = [("token", house.token.as_str())];
        for (body, words) in [
            (b"{}".to_vec(), "Request body must be an array"),
            (b"7".to_vec(), "Request body must be an array"),
            (b"\"x\"".to_vec(), "Request body must be an array"),
            (b"".to_vec(), "not valid JSON"),
            (b"[{]".to_vec(), "not valid JSON"),
            (b"[\xff]".to_vec(), "not valid UTF-8"),
            ([vec![b'['; 1000], vec![b']'; 1000]].concat(), "nested"),
            (
                format!("[{}{{}}]", "{},".repeat(10_000)).into_bytes(),
                "10000",
            ),
        ] {
            let refused = house.ask("POST", path, &headers, body).await;
            let (status, error) = refused.error();
            assert!(
                status == 400 && error.contains(words),
                "{error} instead of {words}"
            );
        }
        let big = house
            .ask("POST", path, &headers, vec![b' '; 100_000_000])
            .await;
        assert_eq!(big.error().0, 413);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_path_is_answered_as_live_and_both_prefixes_lead_to_the_same() {
    in_every_house(|house| async move {
        let refused = house.get("/bookings/123").await.error();
        assert_eq!(refused, (500, "Could not process request".into()));
        let token = [("token", house.token.as_str())];
        let found = house
            .ask("GET", "/beds24/api/v2/bookings", &token, "")
            .await;
        assert_eq!(found.json()["type"], "booking");
    })
    .await;
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name_and_unknown_ones_passed_over() {
    in_every_house(|house| async move {
        for (query, words) in [
            (
                "arrivalFrom=2026-13-01",
                "Parameter arrivalFrom is in an invalid format. Expected format: YYYY-MM-DD",
            ),
            ("status=new,confirmed", "Parameter status"),
            ("status=bogus", "Parameter status"),
            ("filter=all", "Parameter filter"),
            ("channel=bogus", "Parameter channel"),
            ("roomId=abc", "Parameter roomId"),
            ("page=0", "Parameter page"),
            ("includeGuests=maybe", "Parameter includeGuests"),
            ("modifiedFrom=yesterday", "Parameter modifiedFrom"),
        ] {
            let (status, error) = house.get(&format!("/bookings?{query}")).await.error();
            assert!(
                status == 400 && error.starts_with(words),
                "{query}: {error}"
            );
        }
        for query in [
            "includeCancelled=1",
            "roomId[]=7",
            "status[0]=bogus",
            "foo=bar",
            "arrivalFrom=",
        ] {
            assert_eq!(
                house.get(&format!("/bookings?{query}")).await.status,
                200,
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_comes_in_pages_that_are_linked_with_all_their_filters() {
    in_every_house(|house| async move {
        let (_, room) = house.property(9).await;
        let items: Vec<Value> = (0..5)
            .map(|_| stay(room, "2026-12-01", "2026-12-02"))
            .collect();
        house.write("/bookings", json!(items)).await;

        let first = house.get("/bookings?status=confirmed&limit=2").await.json();
        assert_eq!(
            (&first["success"], &first["type"], &first["count"]),
            (&json!(true), &json!("booking"), &json!(2))
        );
        assert_eq!(
            first["pages"],
            json!({"nextPageExists": true, "nextPageLink":
                "https://book.example/beds24/v2/bookings?status=confirmed&limit=2&page=2"})
        );
        let mut seen = Vec::new();
        for page in 1..=3 {
            let rows = house.rows(&format!("/bookings?limit=2&page={page}")).await;
            seen.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 5);
        let last = house.get("/bookings?limit=2&page=3").await.json();
        assert_eq!(
            last["pages"],
            json!({"nextPageExists": false, "nextPageLink": null})
        );
    })
    .await;
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    in_every_house(|house| async move {
        let document = house
            .ask("GET", "/beds24/v2/openapi.json", &[], "")
            .await
            .json();
        assert_eq!(document["openapi"], "3.1.0");
        assert!(document["paths"]["/bookings"]["post"].is_object());
    })
    .await;
}

/// Calls with one parameter each, and whether it is taken, as the schema of the parameter says.
fn promised(name: &str, schema: &Value) -> Vec<(String, bool)> {
    let schema = schema.get("items").unwrap_or(schema);
    let mut calls = Vec::new();
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().map(|word| (word.as_str().unwrap(), true));
        calls.extend(
            words
                .chain([("bogus", false)])
                .map(|(word, is_taken)| (format!("{name}={word}"), is_taken)),
        );
    }
    for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
        if let Some(bound) = schema[bound].as_i64() {
            calls.push((format!("{name}={bound}"), true));
            calls.push((format!("{name}={}", bound + beyond), false));
        }
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        let text = "x".repeat(usize::try_from(most).unwrap());
        calls.push((format!("{name}={text}"), true));
        calls.push((format!("{name}={text}x"), false));
    }
    calls
}

#[tokio::test]
async fn what_the_document_says_of_parameters_is_what_is_taken() {
    in_every_house(|house| async move {
        let document = house
            .ask("GET", "/beds24/v2/openapi.json", &[], "")
            .await
            .json();
        let mut tried = 0;
        for (path, required) in [
            ("/bookings", ""),
            ("/properties", ""),
            ("/properties/rooms", ""),
            ("/inventory/rooms/availability", ""),
            ("/inventory/rooms/unitBookings", ""),
            (
                "/inventory/rooms/calendar",
                "&startDate=2026-12-01&endDate=2026-12-01",
            ),
            (
                "/inventory/rooms/offers",
                "&arrival=2026-12-01&departure=2026-12-02",
            ),
        ] {
            let parameters = document["paths"][path]["get"]["parameters"].as_array();
            for parameter in parameters.unwrap() {
                let name = parameter["name"].as_str().unwrap();
                let adults = if name == "numAdults" {
                    ""
                } else {
                    "&numAdults=2"
                };
                for (asked, is_taken) in promised(name, &parameter["schema"]) {
                    let call = format!("{path}?{asked}{required}{adults}");
                    let reply = house.get(&call).await;
                    let expected = if is_taken { 200 } else { 400 };
                    assert_eq!(reply.status, expected, "{call}: {}", reply.text());
                    tried += 1;
                }
            }
        }
        assert!(tried > 200, "only {tried} calls");
    })
    .await;
}
