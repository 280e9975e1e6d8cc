//! What works: each flow from its beginning to a call.

use domain::access::capability;
use http::StatusCode;
use identity::oauth::AccessRefused;
use identity::users::csrf;
use jiff::SignedDuration;
use serde_json::json;
use testkit::stores;

use crate::house::*;

#[tokio::test]
async fn a_code_becomes_tokens_that_call_and_refresh() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let code = house.code(start()).await;
        let answered = house.token(&house.redemption(&code), after(30)).await;
        assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
        assert_eq!(answered.headers["cache-control"], "no-store");
        assert_eq!(answered.headers["content-type"], "application/json");
        let body = &answered.body;
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 7_200);
        assert_eq!(body["scope"], "reservation|read reservation|write");
        assert_eq!(body["created_at"], after(30).as_second());
        let (access, refresh) = answered.tokens();
        let caller = house.call(&access, after(31)).await.unwrap();
        assert_eq!(caller.tenant_id, house.hotel.tenant_id);
        assert!(caller.may(capability::BOOKINGS_WRITE));
        assert!(!caller.may(capability::ACCOUNTS_WRITE));
        assert_eq!(
            caller.organizations.as_deref(),
            Some([house.hotel.organization_id].as_slice())
        );
        let almost = after(30 + 7_199);
        assert!(house.call(&access, almost).await.is_ok());
        let ended = after(30 + 7_200);
        let refused = house.call(&access, ended).await.unwrap_err();
        assert_eq!(refused, AccessRefused::InvalidToken);
        let again = house.token(&house.refreshing(&refresh), ended).await;
        let (access, rotated) = again.tokens();
        assert_ne!(rotated, refresh, "{}", house.name);
        assert!(house.call(&access, ended).await.is_ok());
        fresh.finish().await;
    }
}

#[tokio::test]
async fn the_answer_names_its_server_and_gives_the_state_back() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        let form = house.consent(&house.request(), &signed_in);
        let reply = house.decide(&form, &signed_in, start()).await;
        assert_eq!(reply.status(), StatusCode::SEE_OTHER);
        let answer = answer_of(&reply);
        assert_eq!(answer.get("state"), Some("xyz &="));
        assert_eq!(answer.get("iss"), Some(ISSUER));
        let location = reply.headers()["location"].to_str().unwrap();
        assert!(location.starts_with("https://client.example/cb?code="));
        let denied = form.set("decision", "deny");
        let denied = answer_of(&house.decide(&denied, &signed_in, start()).await);
        assert_eq!(denied.get("error"), Some("access_denied"));
        assert_eq!(denied.get("iss"), Some(ISSUER));
        assert_eq!(denied.get("state"), Some("xyz &="));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn an_app_without_a_state_gets_none_back() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let link = house.oauth.installation_link(&house.app.client_id).await;
        let link = link.unwrap();
        let query = link.split_once('?').unwrap().1;
        let request = Pairs(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        );
        let signed_in = house.signed_in(start()).await;
        let form = house.consent(&request, &signed_in);
        let answer = answer_of(&house.decide(&form, &signed_in, start()).await);
        assert_eq!(answer.get("state"), None);
        let code = answer.get("code").unwrap();
        let redemption = house.redemption(code).without("code_verifier");
        let answered = house.token(&redemption, start()).await;
        assert_eq!(answered.status, StatusCode::OK);
        assert!(
            house
                .oauth
                .installation_link(&house.public.client_id)
                .await
                .is_err()
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn every_way_to_send_credentials_is_understood() {
    use base64::Engine;
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (id, secret) = (
            &house.app.client_id,
            house.app.client_secret.as_ref().unwrap().reveal(),
        );
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        let basic = format!("Basic {basic}");
        let made = house
            .oauth
            .install_own(house.vendor.tenant_id, house.app.app_id, None, &at(start()))
            .await;
        made.unwrap().unwrap();
        let multipart = format!(
            "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n\
             --x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\n{id}\r\n\
             --x\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n{secret}\r\n--x--\r\n"
        );
        let json =
            json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let ways = [
            (form, FORM, None),
            (multipart, "multipart/form-data; boundary=x", None),
            (json.to_string(), "application/json; charset=utf-8", None),
            (
                "grant_type=client_credentials".to_owned(),
                FORM,
                Some(basic.as_str()),
            ),
        ];
        for (body, media_type, authorization) in ways {
            let answered = house
                .post(body.into_bytes(), media_type, authorization, start())
                .await;
            assert_eq!(answered.status, StatusCode::OK, "{media_type} {answered:?}");
            assert!(answered.body.get("refresh_token").is_none());
            let caller = house.call(&answered.text("access_token"), start()).await;
            let caller = caller.unwrap();
            assert_eq!(caller.tenant_id, house.vendor.tenant_id);
            assert!(caller.may(capability::BOOKINGS_WRITE));
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_token_may_ask_for_less_and_its_refresh_token_keeps_all() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (_, refresh) = house.tokens(start()).await;
        let less = house.refreshing(&refresh).with("scope", "reservation|read");
        let answered = house.token(&less, start()).await;
        assert_eq!(answered.text("scope"), "reservation|read");
        let (access, refresh) = answered.tokens();
        let caller = house.call(&access, start()).await.unwrap();
        assert!(!caller.may(capability::BOOKINGS_WRITE));
        assert!(matches!(
            caller.needs_scope(&["reservation|write"]),
            Err(AccessRefused::ScopeMissing { .. })
        ));
        let all = house.token(&house.refreshing(&refresh), start()).await;
        assert_eq!(all.text("scope"), "reservation|read reservation|write");
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_public_app_proves_itself_by_its_challenge_alone_and_always_rotates() {
    for fresh in stores().await {
        let mut house = House::new(&fresh).await;
        let mut profile = profile();
        profile.rotates = false;
        house.oauth = house.identity.oauth(profile.into());
        let request = house.request().set("client_id", &house.public.client_id);
        let code = house.code_for(&request, start()).await;
        let redemption = house
            .redemption(&code)
            .without("client_secret")
            .set("client_id", &house.public.client_id);
        let (_, refresh) = house.token(&redemption, start()).await.tokens();
        let refreshing = house
            .refreshing(&refresh)
            .without("client_secret")
            .set("client_id", &house.public.client_id);
        let (_, rotated) = house.token(&refreshing, start()).await.tokens();
        assert_ne!(rotated, refresh);
        let (_, confidential) = house.tokens(start()).await;
        for _ in 0..3 {
            let again = house.token(&house.refreshing(&confidential), start()).await;
            assert_eq!(again.text("refresh_token"), confidential);
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_replayed_code_takes_back_all_that_came_from_it_and_nothing_else() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (kept, kept_refresh) = house.tokens(start()).await;
        let code = house.code(start()).await;
        let first = house.token(&house.redemption(&code), start()).await;
        let (access, refresh) = first.tokens();
        let second = house.token(&house.refreshing(&refresh), start()).await;
        let (access_2, refresh_2) = second.tokens();
        // Whoever has the code and not the right verifier holds a copy all the same.
        let replay = house
            .redemption(&code)
            .set("code_verifier", &VERIFIER.replace('d', "e"));
        let replayed = house.token(&replay, after(3_000)).await;
        assert_eq!(replayed.error(), (400, "invalid_grant".to_owned()));
        for token in [&access, &access_2] {
            let refused = house.call(token, start()).await.unwrap_err();
            assert_eq!(refused, AccessRefused::InvalidToken, "{}", house.name);
        }
        let refused = house.token(&house.refreshing(&refresh_2), start()).await;
        assert_eq!(refused.error().1, "invalid_grant");
        assert!(house.call(&kept, start()).await.is_ok());
        let again = house.token(&house.refreshing(&kept_refresh), start()).await;
        assert_eq!(again.status, StatusCode::OK);
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_used_refresh_token_takes_its_family_back() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (access, refresh) = house.tokens(start()).await;
        let (access_2, refresh_2) = house
            .token(&house.refreshing(&refresh), start())
            .await
            .tokens();
        let reused = house.token(&house.refreshing(&refresh), start()).await;
        assert_eq!(reused.error(), (400, "invalid_grant".to_owned()));
        for token in [&access, &access_2] {
            assert!(house.call(token, start()).await.is_err());
        }
        let refused = house.token(&house.refreshing(&refresh_2), start()).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
        fresh.finish().await;
    }
}

#[tokio::test]
async fn each_hotel_has_a_code_and_an_installation_of_its_own() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let second = testkit::Scene::new(&fresh.store).await;
        let users = house.identity.users();
        let everything = domain::access::Capabilities::everything(domain::access::Reach::Tenant);
        let employed = users
            .employ(
                second.tenant_id,
                house.user_id,
                everything,
                None,
                &at(start()),
            )
            .await;
        employed.unwrap().unwrap();
        let signed_in = house.signed_in(start()).await;
        let first_form = house.consent(&house.request(), &signed_in);
        let tenant = second.tenant_id.to_string();
        // The other hotel's box stays ticked; only the picked hotel counts.
        let second_form = first_form.clone().set("tenant", &tenant).with(
            "organization",
            &format!("{tenant}:{}", second.organization_id),
        );
        let mut callers = Vec::new();
        for form in [first_form, second_form] {
            let answer = answer_of(&house.decide(&form, &signed_in, start()).await);
            let redemption = house.redemption(answer.get("code").unwrap());
            let (access, _) = house.token(&redemption, start()).await.tokens();
            callers.push(house.call(&access, start()).await.unwrap());
        }
        assert_eq!(callers[0].tenant_id, house.hotel.tenant_id);
        assert_eq!(callers[1].tenant_id, second.tenant_id);
        assert_ne!(callers[0].grant_id, callers[1].grant_id);
        assert_eq!(
            callers[1].organizations.as_deref(),
            Some([second.organization_id].as_slice())
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn tokens_can_be_given_back_and_asked_about() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (access, refresh) = house.tokens(start()).await;
        let about = |token: &str| house.authenticated(Pairs::of(&[("token", token)]));
        let known = house.introspect(&about(&access), after(10)).await;
        assert_eq!(known.body["active"], true, "{known:?}");
        assert_eq!(known.body["scope"], "reservation|read reservation|write");
        assert_eq!(known.body["client_id"], house.app.client_id.as_str());
        assert_eq!(known.body["exp"], after(7_200).as_second());
        assert_eq!(known.body["iss"], ISSUER);
        let known = house.introspect(&about(&refresh), after(10)).await;
        assert_eq!(known.body["active"], true);
        let (second, _) = house.tokens(start()).await;
        let revoked = house.revoke(&about(&second), start()).await;
        assert_eq!(revoked.status, StatusCode::OK);
        assert!(house.call(&second, start()).await.is_err());
        assert!(house.call(&access, start()).await.is_ok());
        let revoked = house.revoke(&about(&refresh), start()).await;
        assert_eq!(revoked.status, StatusCode::OK);
        assert!(house.call(&access, start()).await.is_err(), "its family");
        for gone in [&access, &refresh, &second] {
            let inactive = house.introspect(&about(gone), start()).await;
            assert_eq!(inactive.body, json!({ "active": false }));
            let again = house.revoke(&about(gone), start()).await;
            assert_eq!(again.status, StatusCode::OK, "gone is gone");
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn tokens_age_by_the_clock_of_their_tenant() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (access, refresh) = house.tokens(start()).await;
        let day_90 = SignedDuration::from_hours(90 * 24);
        assert!(house.call(&access, start()).await.is_ok());
        let late = house
            .token(&house.refreshing(&refresh), start() + day_90)
            .await;
        assert_eq!(late.error().1, "invalid_grant");
        let in_time = start() + day_90 - SignedDuration::from_secs(1);
        let in_time = house.token(&house.refreshing(&refresh), in_time).await;
        assert_eq!(
            in_time.status,
            StatusCode::OK,
            "an ended token was not used up"
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn the_consent_page_says_who_asks_for_what_and_runs_nothing() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let signed_in = house.signed_in(start()).await;
        let query = house.request().encoded();
        let page = house
            .oauth
            .authorize(&query, Some(&signed_in), &mut rng())
            .await;
        assert_eq!(page.status(), StatusCode::OK);
        let body = page.body();
        assert!(
            body.contains("Channel &lt;b&gt;manager&lt;/b&gt;"),
            "{body}"
        );
        assert!(!body.contains("<b>") && !body.contains("<script"));
        assert!(body.contains("reservation|read in words"));
        assert!(body.contains("https://client.example"));
        assert!(body.contains(&format!(
            "{}:{}",
            house.hotel.tenant_id, house.hotel.organization_id
        )));
        let token = csrf::token(&signed_in.secret, "consent");
        assert!(body.contains(&token));
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.contains("form-action 'self' https://client.example;"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.headers()["x-frame-options"], "DENY");
        assert_eq!(page.headers()["cache-control"], "no-store");
        fresh.finish().await;
    }
}

#[tokio::test]
async fn the_metadata_is_true() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let metadata: serde_json::Value =
            serde_json::from_str(house.oauth.metadata().body()).unwrap();
        assert_eq!(metadata["issuer"], ISSUER);
        assert_eq!(metadata["token_endpoint"], format!("{ISSUER}/oauth/token"));
        assert_eq!(
            metadata["code_challenge_methods_supported"],
            json!(["S256"])
        );
        assert_eq!(
            metadata["authorization_response_iss_parameter_supported"],
            true
        );
        fresh.finish().await;
    }
}

#[tokio::test]
async fn an_installation_keeps_its_newest_thousand_access_tokens() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        let (tenant_id, app_id) = (house.vendor.tenant_id, house.app.app_id);
        let own = house
            .oauth
            .install_own(tenant_id, app_id, None, &at(start()))
            .await;
        own.unwrap().unwrap();
        let form = house.authenticated(Pairs::of(&[("grant_type", "client_credentials")]));
        let first = house.token(&form, start()).await.text("access_token");
        let more = (0..999).map(|_| house.token(&form, after(1)));
        let more = futures_util::future::join_all(more).await;
        assert!(house.call(&first, after(20)).await.is_ok());
        let last = house.token(&form, after(2)).await.text("access_token");
        let late = after(40);
        assert!(house.call(&first, late).await.is_err(), "{}", house.name);
        assert!(house.call(&last, late).await.is_ok());
        for kept in more.iter().take(3) {
            assert!(house.call(&kept.text("access_token"), late).await.is_ok());
        }
        fresh.finish().await;
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    for fresh in stores().await {
        let house = House::new(&fresh).await;
        // An attacker who strips the challenge from the request gets a code that the client cannot use.
        let stripped = house
            .request()
            .without("code_challenge")
            .without("code_challenge_method");
        let code = house.code_for(&stripped, start()).await;
        let refused = house.token(&house.redemption(&code), start()).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
        fresh.finish().await;
    }
}
