//! Buttons of apps: who may press them, what the app is asked, and what it may answer.

use domain::id::Id;
use domain::text::{Locale, Localized};
use identity::ROOMY_QUOTA;
use serde_json::{Value, json};
use service::content::{ApplicationCommand, CommandDetails};
use service::outgoing::ask::Question;
use service::outgoing::sign::sign_sha256;
use service::records::create;

use crate::house::{House, in_every_house, stay};
use crate::world::{ARRIVAL, World};

/// A button of an app.
async fn button(house: &House, app_id: Option<Id>, context: &str, method: &str) -> Id {
    let id = house.service.new_id(&house.actor);
    let details = CommandDetails {
        identifier: "settings".into(),
        name: Localized::of(Locale::english(), "Settings"),
        context: context.into(),
        method: method.into(),
        target_url: "https://app.example/button".into(),
        client_id: app_id,
        ..CommandDetails::default()
    };
    house
        .write(vec![create(ApplicationCommand::new(id, details))])
        .await;
    id
}

fn press(kind: &str, id: impl ToString) -> Value {
    json!({ "data": {
        "type": "application_command_call",
        "attributes": { "back_url": "https://hotel.example/" },
        "relationships": { "record": { "data": { "type": kind, "id": id.to_string() } } },
    } })
}

impl House {
    async fn press(&self, key: &str, command: Id, document: &Value) -> crate::house::Reply {
        let path = format!("/application_commands/{command}/calls");
        self.call_as(key, "POST", &path, Some(document)).await
    }

    async fn secret(&self, command: Id) -> String {
        let path = format!("/application_commands/{command}/rotate_secret");
        let reply = self.call_as(&self.key, "POST", &path, None).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()["data"]["meta"]["secret"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn header<'a>(question: &'a Question, name: &str) -> &'a str {
    let mut headers = question.headers.iter();
    headers
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_button_answers_in_one_of_four_ways() {
    in_every_house(|house| async move {
        let (park, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        let command = button(&house, Some(house.installation.0), "reservation", "post").await;
        let secret = house.secret(command).await;
        for (answer, attribute, text) in [
            ("redirect", "redirect_url", "https://app.example/there"),
            ("iframe", "iframe_url", "https://app.example/frame"),
            ("notice", "notice", "Done"),
            ("alert", "alert", "No"),
        ] {
            house.button.answers(200, &json!({ attribute: text }));
            let reply = house
                .press(&house.key, command, &press("reservation", booking))
                .await;
            assert_eq!(reply.status, 201, "{}", reply.json());
            let data = &reply.json()["data"];
            assert_eq!(data["attributes"]["answer"], answer);
            assert_eq!(data["attributes"][attribute], text);
            assert_eq!(
                data["relationships"]["record"]["data"]["id"],
                booking.to_string()
            );
        }
        let asked = house.button.asked();
        assert_eq!(asked.len(), 4);
        let question = &asked[0];
        let body: Value = serde_json::from_slice(&question.body).unwrap();
        assert_eq!(
            header(question, "x-be-signature"),
            sign_sha256(secret.as_bytes(), &question.body)
        );
        assert_eq!(header(question, "x-be-env"), "staging");
        assert_eq!(header(question, "content-type"), "application/json");
        assert_eq!(body["command"], "settings");
        assert_eq!(body["subscription_id"], house.installation.1.to_string());
        assert_eq!(
            (&body["context"], &body["context_id"]),
            (&json!("administration"), &json!(park.to_string()))
        );
        assert_eq!(
            body["record"]["data"]["attributes"]["start_date"],
            ARRIVAL.to_string()
        );
        assert_eq!(body["back_url"], "https://hotel.example/");
        assert_eq!(body["current_user"], Value::Null);

        // While the secret is rotated both sign; a secret nobody keeps is gone at once.
        let newer = house.secret(command).await;
        house
            .press(&house.key, command, &press("reservation", booking))
            .await;
        let question = house.button.asked().remove(0);
        let both = [&secret, &newer].map(|one| sign_sha256(one.as_bytes(), &question.body));
        assert_eq!(header(&question, "x-be-signature"), both[0]);
        assert_eq!(header(&question, "x-tabard-signatures"), both.join(", "));
    })
    .await;
}

#[tokio::test]
async fn every_context_that_a_command_may_have_is_told() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        house.button.answers(200, &json!({ "notice": "x" }));
        for (context, path) in [
            ("administration", "/administrations"),
            ("invoice", "/invoices"),
            ("owner", "/owners"),
            ("payment_request", "/payment_requests"),
            ("reservation", "/reservations"),
            ("subscription", "/subscription"),
        ] {
            let command = button(&house, Some(house.installation.0), context, "post").await;
            house.secret(command).await;
            let shown = house.get(path).await["data"].clone();
            let shown = if shown.is_array() {
                shown[0].clone()
            } else {
                shown
            };
            let document = press(context, shown["id"].as_str().unwrap());
            let reply = house.press(&house.key, command, &document).await;
            assert_eq!(reply.status, 201, "{context}: {}", reply.json());
            let body: Value = serde_json::from_slice(&house.button.asked()[0].body).unwrap();
            let data = &body["record"]["data"];
            assert_eq!(
                (&data["type"], &data["id"]),
                (&shown["type"], &shown["id"]),
                "{context}"
            );
        }
        assert!(world.booking.get() > 0);
    })
    .await;
}

#[tokio::test]
async fn an_app_that_answers_nonsense_or_nothing_is_a_bad_gateway() {
    in_every_house(|house| async move {
        let (_, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        let command = button(&house, Some(house.installation.0), "reservation", "post").await;
        house.secret(command).await;
        let document = press("reservation", booking);
        for (status, body) in [
            (200, json!({})),
            (200, json!({ "notice": "a", "alert": "b" })),
            (200, json!({ "redirect_url": "javascript:alert(1)" })),
            (302, json!({ "notice": "a" })),
            (500, json!({ "notice": "a" })),
        ] {
            house.button.answers(status, &body);
            let reply = house.press(&house.key, command, &document).await;
            assert_eq!(
                reply.code(),
                (502, "INTERNAL_SERVER_ERROR".to_owned()),
                "{body}"
            );
        }
        house.button.breaks();
        let reply = house.press(&house.key, command, &document).await;
        assert_eq!(reply.code(), (502, "INTERNAL_SERVER_ERROR".to_owned()));
        assert_eq!(house.button.asked().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_where_it_is_not_allowed() {
    in_every_house(|house| async move {
        let (_, room) = house.parks[0];
        let booking = house
            .book(stay(room, ARRIVAL, ARRIVAL.tomorrow().unwrap()))
            .await;
        house.button.answers(200, &json!({ "notice": "x" }));
        let document = press("reservation", booking);
        let own = Some(house.installation.0);

        let unsigned = button(&house, own, "reservation", "post").await;
        let reply = house.press(&house.key, unsigned, &document).await;
        assert_eq!(reply.code(), (409, "CONFLICT".to_owned()));
        let other_method = button(&house, own, "reservation", "get").await;
        house.secret(other_method).await;
        let reply = house.press(&house.key, other_method, &document).await;
        assert_eq!(reply.code(), (409, "CONFLICT".to_owned()));

        let command = button(&house, own, "reservation", "post").await;
        house.secret(command).await;
        for (document, code) in [
            (press("invoice", booking), (422, "INVALID_RELATIONSHIP")),
            (press("reservation", 5), (404, "RESOURCE_NOT_FOUND")),
        ] {
            let reply = house.press(&house.key, command, &document).await;
            assert_eq!(reply.code(), (code.0, code.1.to_owned()), "{document}");
        }
        for words in [
            vec!["reservation|read"],
            vec!["reservation|read", "application_command|read"],
            vec!["application_command|read", "application_command|write"],
        ] {
            let poor = house.key_for(&words).await;
            let reply = house.press(&poor, command, &document).await;
            assert_eq!(
                reply.code(),
                (403, "NO_VALID_SCOPE".to_owned()),
                "{words:?}"
            );
        }
        let stranger = house.another_tenant("Elsewhere").await;
        let reply = house.press(&stranger.key, command, &document).await;
        assert_eq!(reply.code(), (404, "RESOURCE_NOT_FOUND".to_owned()));

        // The app is told nothing that it has no word for, whoever presses, and nobody else gives its
        // button a secret.
        let (blind, ..) = house.install(&["label|read"], None, ROOMY_QUOTA).await;
        let of_another = button(&house, Some(blind), "reservation", "post").await;
        let reply = house.press(&house.key, of_another, &document).await;
        assert_eq!(reply.code(), (409, "CONFLICT".to_owned()));
        let path = format!("/application_commands/{of_another}/rotate_secret");
        let reply = house.call_as(&house.key, "POST", &path, None).await;
        assert_eq!(reply.code(), (404, "RESOURCE_NOT_FOUND".to_owned()));
        assert_eq!(house.button.asked().len(), 0);
    })
    .await;
}
