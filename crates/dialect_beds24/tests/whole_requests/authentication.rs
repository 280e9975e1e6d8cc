//! The chain of tokens.

use identity::{BEDS24_QUOTA, ROOMY_QUOTA};
use serde_json::{Value, json};

use crate::house::{EVERYTHING, in_every_house};

#[tokio::test]
async fn an_invite_code_is_exchanged_once_and_its_refresh_token_makes_tokens_without_changing() {
    in_every_house(|house| async move {
        let code = house.invite(&["read:bookings"], None, ROOMY_QUOTA).await;
        let headers = [("code", &*code), ("deviceName", "front desk")];
        let setup = house
            .ask("GET", "/beds24/v2/authentication/setup", &headers, "")
            .await;
        let body = setup.json();
        assert_eq!((setup.status, &body["expiresIn"]), (200, &json!(86_400)));
        let refresh = body["refreshToken"].as_str().unwrap().to_owned();

        let again = house
            .ask("GET", "/beds24/v2/authentication/setup", &headers, "")
            .await;
        assert_eq!(again.error(), (401, "Token not valid".into()));

        for _ in 0..2 {
            let path = "/beds24/v2/authentication/token";
            let made = house
                .ask("GET", path, &[("refreshToken", &*refresh)], "")
                .await;
            assert_eq!(made.status, 200, "{}", made.text());
            let token = made.json()["token"].as_str().unwrap().to_owned();
            assert_eq!(house.get_as(&token, "/bookings").await.status, 200);
        }

        let path = "/beds24/v2/authentication/token";
        let forgotten = house
            .ask("DELETE", path, &[("refreshToken", &*refresh)], "")
            .await;
        assert_eq!((forgotten.status, forgotten.body.len()), (200, 0));
        let gone = house
            .ask("GET", path, &[("refreshToken", &*refresh)], "")
            .await;
        assert_eq!(gone.error(), (401, "Token not valid".into()));
    })
    .await;
}

#[tokio::test]
async fn the_details_of_a_token_are_nested_as_the_vendor_nests_them() {
    in_every_house(|house| async move {
        let details = house.get("/authentication/details").await;
        assert_eq!(details.header("x-request-cost"), None);
        let body = details.json();
        assert_eq!(body["validToken"], true);
        assert_eq!(body["token"]["scopes"], json!(EVERYTHING));
        assert_eq!(body["token"]["ownerId"], house.tenant_id.get());
        assert_eq!(
            (&body["token"]["whiteListOnly"], &body["token"]["whiteList"]),
            (&json!(false), &json!([""]))
        );
        assert_eq!(body["token"]["onlyPropertyId"], Value::Null);
        assert!(body["diagnostics"]["requestIp"].is_string());
    })
    .await;
}

#[tokio::test]
async fn a_missing_scope_and_a_bad_token_are_answered_alike_and_before_anything_else() {
    in_every_house(|house| async move {
        let reader = house.token_for(&["read:bookings"]).await;
        let refused = (401, "Token not valid".to_owned());
        for token in ["", "nonsense", "a+b/c="] {
            assert_eq!(
                house
                    .get_as(token, "/bookings?arrivalFrom=wrong")
                    .await
                    .error(),
                refused
            );
        }
        assert_eq!(house.get_as(&reader, "/bookings").await.status, 200);
        for path in [
            "/properties",
            "/inventory/rooms/availability",
            "/inventory/rooms/offers",
        ] {
            assert_eq!(house.get_as(&reader, path).await.error(), refused, "{path}");
        }
        assert_eq!(
            house.post_as(&reader, "/bookings", json!({})).await.error(),
            refused
        );
        let bearer = [("authorization", "Bearer x")];
        assert_eq!(
            house
                .ask("GET", "/beds24/v2/bookings", &bearer, "")
                .await
                .error(),
            refused
        );
    })
    .await;
}

#[tokio::test]
async fn an_account_has_a_hundred_credits_in_five_minutes() {
    in_every_house(|house| async move {
        let code = house.invite(&["read:bookings"], None, BEDS24_QUOTA).await;
        let setup = house
            .ask(
                "GET",
                "/beds24/v2/authentication/setup",
                &[("code", &*code)],
                "",
            )
            .await;
        assert_eq!(setup.header("x-five-min-limit-remaining"), Some("99"));
        let token = setup.json()["token"].as_str().unwrap().to_owned();

        let bad = house.get_as(&token, "/bookings?arrivalFrom=wrong").await;
        assert_eq!((bad.status, bad.header("x-request-cost")), (400, None));
        for left in (0..99).rev() {
            let found = house.get_as(&token, "/bookings").await;
            assert_eq!(
                found.header("x-five-min-limit-remaining"),
                Some(&*left.to_string())
            );
            assert_eq!(found.header("x-request-cost"), Some("1"));
            assert_eq!(
                found.header("x-fivemincreditlimit-remaining"),
                Some(&*left.to_string())
            );
        }
        let refused = house.get_as(&token, "/bookings").await;
        assert_eq!(refused.error().0, 429);
        assert_eq!(refused.header("retry-after"), None);
        assert!(refused.header("x-five-min-limit-resets-in").is_some());

        house.clock.advance_ms(301_000);
        assert_eq!(house.get_as(&token, "/bookings").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn who_is_over_the_limit_causes_no_token() {
    in_every_house(|house| async move {
        let code = house.invite(&["read:bookings"], None, BEDS24_QUOTA).await;
        let headers = [("code", &*code)];
        let setup = house
            .ask("GET", "/beds24/v2/authentication/setup", &headers, "")
            .await
            .json();
        let token = setup["token"].as_str().unwrap();
        let headers = [("refreshToken", setup["refreshToken"].as_str().unwrap())];
        let mint = async || {
            house
                .ask("GET", "/beds24/v2/authentication/token", &headers, "")
                .await
        };
        let stored = async || {
            let tx = house.service.store().reader().await.unwrap();
            tx.query("SELECT COUNT(*) FROM token", &[]).await.unwrap()
        };
        assert_eq!(mint().await.header("x-request-cost"), Some("1"));
        for _ in 0..98 {
            assert_eq!(house.get_as(token, "/bookings").await.status, 200);
        }
        let before = stored().await;
        for _ in 0..2 {
            let refused = mint().await;
            assert_eq!(refused.error().0, 429);
            assert_eq!(refused.header("x-five-min-limit-remaining"), Some("0"));
        }
        assert_eq!(stored().await, before);
        house.clock.advance_ms(301_000);
        assert_eq!(mint().await.status, 200);
        assert_ne!(stored().await, before);
    })
    .await;
}
