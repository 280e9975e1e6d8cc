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
