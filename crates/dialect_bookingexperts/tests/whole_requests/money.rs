//! Invoices, requests to pay with their results, mails to guests, and what guests thought.

use serde_json::{Value, json};
use service::outgoing::Mail;

use crate::house::{House, ids, in_every_house};
use crate::world::World;

fn document(kind: &str, attributes: Value, links: &[(&str, &str, String)]) -> Value {
    let mut document = json!({ "data": { "type": kind, "attributes": attributes } });
    for (name, to, id) in links {
        document["data"]["relationships"][name] = json!({ "data": { "type": to, "id": id } });
    }
    document
}

async fn made(house: &House, path: &str, document: &Value) -> Value {
    let reply = house.send("POST", path, document).await;
    assert_eq!(reply.status, 201, "{path}: {}", reply.json());
    reply.json()["data"].clone()
}

async fn changed(house: &House, path: &str, mut document: Value) -> Value {
    document["data"]["id"] = json!(path.rsplit('/').next().unwrap());
    let reply = house.send("PATCH", path, &document).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.json());
    reply.json()["data"].clone()
}

/// The mails that wait to be sent, by their templates.
async fn mails(house: &House, template: &str) -> Vec<Mail> {
    let tx = house.service.store().reader().await.unwrap();
    let sql = "SELECT id FROM mail WHERE tenant_id = $1 ORDER BY id";
    let rows = tx.query(sql, &[house.tenant_id.into()]).await.unwrap();
    let mut mails = Vec::new();
    for row in rows {
        let key = [house.tenant_id.into(), row[0].clone()];
        mails.extend(tx.get::<Mail>(&key).await.unwrap());
    }
    mails.retain(|mail| mail.template == template);
    mails
}

#[tokio::test]
async fn an_invoice_is_over_what_no_other_one_is_and_is_paid_by_the_results_of_its_requests() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let at = |plural: &str| format!("/administrations/{}/{plural}", world.park);
        let reservation = [("reservation", "reservation", world.booking.to_string())];
        let said = document(
            "invoice",
            json!({"memo": "Thank you", "due_on": "2027-06-01"}),
            &reservation,
        );
        let row = made(&house, &at("invoices"), &said).await;
        assert_eq!(row["attributes"]["foreign_total"], 36, "two lines of 18");
        assert_eq!(row["attributes"]["foreign_total_open"], 36);
        assert_eq!(row["attributes"]["invoice_nr"], "2");
        let invoice = row["id"].as_str().unwrap().to_owned();
        let again = house.send("POST", &at("invoices"), &said).await;
        assert_eq!(
            again.code(),
            (422, "INVALID_RELATIONSHIP".to_owned()),
            "{}",
            again.json()
        );
        let one = format!("{}/{invoice}", at("invoices"));
        let row = changed(
            &house,
            &one,
            document("invoice", json!({"memo": "Soon"}), &[]),
        )
        .await;
        assert_eq!(row["attributes"]["memo"], "Soon");
        assert_eq!(row["attributes"]["due_on"], "2027-06-01");

        let of_invoice = [("invoice", "invoice", invoice.clone())];
        let said = document(
            "payment_request",
            json!({"description": "Stay", "back_url": "https://a.example"}),
            &of_invoice,
        );
        let request = made(&house, &at("payment_requests"), &said).await;
        assert_eq!(request["attributes"]["amount"], 36, "what is open");
        assert_eq!(request["attributes"]["state"], "open");
        let id = request["id"].as_str().unwrap().to_owned();
        let one_request = format!("{}/{id}", at("payment_requests"));
        let change = document("payment_request", json!({"description": "Your stay"}), &[]);
        let row = changed(&house, &one_request, change).await;
        assert_eq!(row["attributes"]["description"], "Your stay");
        let of_request = [("payment_request", "payment_request", id)];
        let result = document(
            "payment_result",
            json!({"state": "paid", "reference": "T-9"}),
            &of_request,
        );
        made(&house, &at("payment_results"), &result).await;
        assert_eq!(
            house.get(&one_request).await["data"]["attributes"]["state"],
            "paid"
        );
        assert_eq!(
            house.get(&one).await["data"]["attributes"]["foreign_total_open"],
            0
        );

        let south = format!("/administrations/{}/payment_requests", house.parks[1].0);
        let reply = house.send("POST", &south, &said).await;
        assert_eq!(
            reply.code(),
            (404, "RESOURCE_NOT_FOUND".to_owned()),
            "{}",
            reply.json()
        );
        let none = document("payment_request", json!({"amount": 0}), &of_invoice);
        let reply = house.send("POST", &at("payment_requests"), &none).await;
        assert_eq!(
            reply.code(),
            (422, "INVALID_ATTRIBUTE".to_owned()),
            "{}",
            reply.json()
        );
    })
    .await;
}

#[tokio::test]
async fn a_guest_is_told_of_a_payment_only_where_that_is_asked_for() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let path = format!("/administrations/{}/payments", world.park);
        let invoice = ids(&house.get("/invoices").await)[0].clone();
        let said = document(
            "payment",
            json!({"paid_at": "2027-05-07", "foreign_price": "5.50"}),
            &[("invoice", "invoice", invoice)],
        );
        made(&house, &path, &said).await;
        assert!(mails(&house, "payment_received").await.is_empty());
        let bad = house
            .send("POST", &format!("{path}?send_notification=perhaps"), &said)
            .await;
        assert_eq!(bad.code(), (400, "FORBIDDEN_INPUT".to_owned()));
        assert_eq!(
            bad.json()["errors"][0]["source"]["parameter"],
            "send_notification"
        );
        // This guest has left no address.
        made(&house, &format!("{path}?send_notification=true"), &said).await;
        assert!(mails(&house, "payment_received").await.is_empty());
        house.has_address(world.booking, "vos@example.org").await;
        made(&house, &format!("{path}?send_notification=true"), &said).await;
        let told = mails(&house, "payment_received").await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].to, "vos@example.org");
        assert_eq!(told[0].values["amount"], "5.50 EUR");
    })
    .await;
}

#[tokio::test]
async fn a_message_is_made_of_a_template_and_what_is_filled_in_is_data() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let at = |plural: &str| format!("/administrations/{}/{plural}", world.park);
        let attributes = json!({"name": {"en": "Code"}, "subject": {"en": "Your {{ what }}"},
            "body": {"en": "{{ guest.last_name }}: {{ code }}"}, "medium": "email"});
        let template = made(
            &house,
            &at("message_templates"),
            &document("message_template", attributes, &[]),
        )
        .await;
        let links = [
            (
                "message_template",
                "message_template",
                template["id"].as_str().unwrap().to_owned(),
            ),
            ("reservation", "reservation", world.booking.to_string()),
        ];
        let variables =
            json!([{"name": "code", "value": "{{ what }}"}, {"name": "what", "value": "key"}]);
        let attributes =
            json!({"recipient": "ada@example.org", "language": "en", "variables": variables});
        let row = made(
            &house,
            &at("messages"),
            &document("message", attributes.clone(), &links),
        )
        .await;
        assert_eq!(row["attributes"]["body"], "Vos: {{ what }}");
        assert_eq!(row["attributes"]["subject"], "Your key");
        assert_eq!(row["attributes"]["state"], "queued");
        let mail = mails(&house, "message").await.pop().unwrap();
        assert_eq!(mail.id.to_string(), row["id"].as_str().unwrap());
        assert_eq!(mail.values["text"], "Vos: {{ what }}");
        // What a template lacks is said, and nothing leaves.
        let before = mails(&house, "message").await.len();
        for (path, kind, attributes, status) in [
            (
                "messages",
                "message",
                json!({"recipient": "ada@example.org"}),
                422,
            ),
            (
                "messages",
                "message",
                json!({"recipient": "a@b.org\nBcc: c@d.org", "variables": variables}),
                422,
            ),
            (
                "messages",
                "message",
                json!({"variables": [{"value": "x"}]}),
                422,
            ),
            (
                "internal_messages",
                "internal_message",
                attributes.clone(),
                422,
            ),
        ] {
            let reply = house
                .send("POST", &at(path), &document(kind, attributes, &links))
                .await;
            assert_eq!(reply.status, status, "{}", reply.json());
        }
        assert_eq!(mails(&house, "message").await.len(), before);
        let attributes = json!({"name": {"en": "Bad"}, "body": {"en": "{{ never closed"}});
        let bad = document("message_template", attributes, &[]);
        let reply = house.send("POST", &at("message_templates"), &bad).await;
        assert_eq!(
            reply.code(),
            (422, "INVALID_ATTRIBUTE".to_owned()),
            "{}",
            reply.json()
        );
    })
    .await;
}

#[tokio::test]
async fn the_average_of_a_type_follows_its_reviews() {
    in_every_house(|house| async move {
        let world = World::new(&house).await;
        let score = async || {
            let path = format!(
                "/rentable_types/{}?fields[rentable_type]=avg_score",
                world.room
            );
            house.get(&path).await["data"]["attributes"]["avg_score"].clone()
        };
        assert_eq!(score().await, 8);
        let list = format!("/administrations/{}/reviews", world.park);
        let links = [("rentable_type", "rentable_type", world.room.to_string())];
        let row = made(
            &house,
            &list,
            &document("review", json!({"score": 9}), &links),
        )
        .await;
        assert_eq!(score().await, 8.5);
        let one = format!("{list}/{}", row["id"].as_str().unwrap());
        changed(&house, &one, document("review", json!({"score": 6}), &[])).await;
        assert_eq!(score().await, 7);
        assert_eq!(house.ask_to("DELETE", &one).await.status, 204);
        assert_eq!(score().await, 8);
        let bad = house
            .send(
                "POST",
                &list,
                &document("review", json!({"score": 11}), &links),
            )
            .await;
        assert_eq!(bad.code(), (422, "INVALID_ATTRIBUTE".to_owned()));
    })
    .await;
}
