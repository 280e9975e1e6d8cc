//! Invoices, payments, what providers say; and messages, which money often follows.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use service::{
    Refusal,
    content::{MessageTemplate, MessageTemplateDetails, PaymentMethod, PaymentMethodDetails},
    domain::{id::Id, money::Currency},
    kept::{
        Amount, Invoice, InvoiceDetails, Message, Payment, PaymentDetails, PaymentRequest,
        PaymentRequestDetails, PaymentResult, PaymentResultDetails,
    },
    records::{Field, NewMessage, Write, create, remove},
    sale::{Line, LineKind},
};
use testkit::{LaneOf, Scene, day, in_each_scene};

use super::{english, house, refused, written};

fn euros(cents: i64) -> Amount {
    Amount {
        value: Decimal::new(cents, 2),
        currency: Currency::EUR,
    }
}

async fn booking(scene: &Scene) -> Id {
    let lane = scene.lane(LaneOf::units(1)).await;
    let mut place = scene.place(lane, 0, 2);
    place.booking.details.contact.first_name = "{{ secret }}".to_owned();
    place.booking.details.contact.email = "ada@example.org".to_owned();
    place.booking.details.language = "de".to_owned();
    scene.placed(place).await
}

fn invoice(scene: &Scene, booking: Id) -> Invoice {
    let details = InvoiceDetails {
        total: euros(20_000),
        ..InvoiceDetails::default()
    };
    let mut invoice = Invoice::new(scene.id(), scene.organization_id, details);
    invoice.subject_id = Some(booking);
    invoice.on_day = Some(day(0));
    invoice
}

/// The payments among the lines of a booking, in cents.
async fn paid(scene: &Scene, booking: Id) -> Vec<i64> {
    let (service, actor) = house(scene);
    let reading = service.reading(&actor).await.unwrap();
    let lines = reading
        .of::<Line>(Field::new("booking_id"), &[booking])
        .await
        .unwrap();
    let payments = lines
        .iter()
        .filter(|line| line.details.kind == LineKind::Payment);
    let cents = payments.map(|line| line.details.amount * Decimal::ONE_HUNDRED);
    cents.map(|cents| i64::try_from(cents).unwrap()).collect()
}

#[tokio::test]
async fn invoices_are_numbered_without_gaps_even_when_one_is_refused() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let booking = booking(&scene).await;
        let mut ids = Vec::new();
        for round in 0..3 {
            let good = invoice(&scene, booking);
            ids.push(written(&service, &actor, Write::invoice(good)).await);
            let mut bad = invoice(&scene, booking);
            bad.details.total.value = Decimal::new(1, 3);
            let refusal = refused(&service, &actor, Write::invoice(bad)).await;
            assert!(
                matches!(refusal, Refusal::Invalid { field: "total", .. }),
                "{round}: {refusal:?}"
            );
        }
        let reading = service.reading(&actor).await.unwrap();
        let rows = reading.by_ids::<Invoice>(&ids).await.unwrap();
        assert_eq!(
            rows.iter()
                .map(|row| row.reference.as_str())
                .collect::<Vec<_>>(),
            ["1", "2", "3"]
        );
        drop(reading);
        let gone = refused(&service, &actor, remove::<Invoice>(ids[0])).await;
        assert!(
            matches!(gone, Refusal::Invalid { field: "id", .. }),
            "{gone:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_a_line_of_its_booking_too() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let booking = booking(&scene).await;
        let invoice = invoice(&scene, booking);
        let invoice_id = invoice.id;
        written(&service, &actor, Write::invoice(invoice)).await;
        let pay = |amount| {
            let details = PaymentDetails {
                amount,
                memo: "Cash".to_owned(),
                ..PaymentDetails::default()
            };
            let mut payment = Payment::new(scene.id(), scene.organization_id, details);
            payment.parent_id = Some(invoice_id);
            payment.on_day = Some(day(1));
            payment
        };
        let payment = pay(euros(5_050));
        let id = payment.id;
        written(&service, &actor, Write::payment(payment)).await;
        assert_eq!(paid(&scene, booking).await, [5_050]);
        let reading = service.reading(&actor).await.unwrap();
        let found = reading.one::<Payment>(id).await.unwrap().unwrap();
        assert_eq!(
            (found.parent_id, found.subject_id),
            (Some(invoice_id), Some(booking))
        );
        assert!(
            reading.one::<Line>(id).await.unwrap().is_some(),
            "both have one id"
        );
        drop(reading);
        let dollars = Amount {
            currency: Currency::USD,
            ..euros(100)
        };
        let refusal = refused(&service, &actor, Write::payment(pay(dollars))).await;
        let expected = "an amount in EUR".to_owned();
        assert_eq!(
            refusal,
            Refusal::Invalid {
                field: "amount",
                expected
            }
        );
        assert_eq!(paid(&scene, booking).await, [5_050]);
    })
    .await;
}

#[tokio::test]
async fn results_move_a_request_and_bring_its_money_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let booking = booking(&scene).await;
        let method = PaymentMethod::new(
            scene.id(),
            PaymentMethodDetails {
                name: english("Card"),
                ..PaymentMethodDetails::default()
            },
        );
        let details = PaymentRequestDetails {
            amount: euros(9_900),
            method_id: Some(method.id),
            ..PaymentRequestDetails::default()
        };
        let mut request = PaymentRequest::new(scene.id(), scene.organization_id, details);
        request.subject_id = Some(booking);
        let id = request.id;
        service
            .write_all(&actor, vec![create(method), create(request)])
            .await
            .unwrap()
            .unwrap();
        let result = |state: &str| {
            let mut result = PaymentResult::new(
                scene.id(),
                scene.organization_id,
                PaymentResultDetails::default(),
            );
            result.parent_id = Some(id);
            result.state = state.to_owned();
            Write::payment_result(result, day(1))
        };
        let state = async || {
            let reading = service.reading(&actor).await.unwrap();
            let request = reading.one::<PaymentRequest>(id).await.unwrap().unwrap();
            request.request_state().as_str()
        };
        assert_eq!(state().await, "open");
        for word in ["pending", "paid", "paid"] {
            written(&service, &actor, result(word)).await;
            assert_eq!(state().await, word);
        }
        assert_eq!(paid(&scene, booking).await, [9_900]);
        for word in ["failed", "open", "nonsense"] {
            let refusal = refused(&service, &actor, result(word)).await;
            assert!(
                matches!(refusal, Refusal::Invalid { field: "state", .. }),
                "{refusal:?}"
            );
        }
        written(&service, &actor, result("refunded")).await;
        assert_eq!(paid(&scene, booking).await, [9_900, -9_900]);
        let reading = service.reading(&actor).await.unwrap();
        let results = reading
            .of::<PaymentResult>(Field::new("parent_id"), &[id])
            .await
            .unwrap();
        assert_eq!(results.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_told_many_times_at_once_brings_its_money_once() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let booking = booking(&scene).await;
        let details = PaymentRequestDetails {
            amount: euros(100),
            ..PaymentRequestDetails::default()
        };
        let mut request = PaymentRequest::new(scene.id(), scene.organization_id, details);
        request.subject_id = Some(booking);
        let id = request.id;
        written(&service, &actor, create(request)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let mut result = PaymentResult::new(
                scene.id(),
                scene.organization_id,
                PaymentResultDetails::default(),
            );
            result.parent_id = Some(id);
            result.state = "paid".to_owned();
            let (service, actor) = (service.clone(), actor.clone());
            tasks.spawn(async move {
                let write = Write::payment_result(result, day(0));
                service.write_one(&actor, write).await.unwrap().unwrap();
            });
        }
        tasks.join_all().await;
        assert_eq!(paid(&scene, booking).await, [100]);
    })
    .await;
}

#[tokio::test]
async fn a_message_is_filled_in_with_data_that_is_never_a_template() {
    in_each_scene(|scene| async move {
        let (service, actor) = house(&scene);
        let booking = booking(&scene).await;
        let mut body = english("Hi {{ guest.first_name }}, your code is {{ code }}.");
        let german = "Hallo {{guest.first_name}}, dein Code: {{ code }}.";
        body.set("de".parse().unwrap(), Some(german.to_owned()));
        let template = MessageTemplate::new(
            scene.id(),
            MessageTemplateDetails {
                name: english("Code"),
                subject: english("Arrival {{ booking.arrival }}"),
                body,
                ..MessageTemplateDetails::default()
            },
        );
        let template_id = template.id;
        written(&service, &actor, create(template)).await;
        let new = |pairs: &[(&str, &str)], recipient: Option<&str>| NewMessage {
            organization_id: None,
            template_id,
            booking_id: booking,
            recipient: recipient.map(str::to_owned),
            language: None,
            variables: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
        };
        let filled = new(
            &[
                ("code", "12"),
                ("secret", "s3cr3t"),
                ("guest.first_name", "Eve"),
            ],
            None,
        );
        let (id, write) = service.message(&actor, filled);
        written(&service, &actor, write).await;
        let reading = service.reading(&actor).await.unwrap();
        let message = reading.one::<Message>(id).await.unwrap().unwrap();
        assert_eq!(message.details.body, "Hallo {{ secret }}, dein Code: 12.");
        assert_eq!(message.details.subject, format!("Arrival {}", day(0)));
        assert_eq!(message.details.recipient, "ada@example.org");
        assert_eq!(
            (message.subject_id, message.state.as_str()),
            (Some(booking), "queued")
        );
        drop(reading);
        let (_, write) = service.message(&actor, new(&[], None));
        assert!(matches!(
            refused(&service, &actor, write).await,
            Refusal::Invalid { field: "body", .. }
        ));
        let bent = new(&[("code", "1")], Some("a@b.org\nBcc: all@b.org"));
        let (_, write) = service.message(&actor, bent);
        assert!(matches!(
            refused(&service, &actor, write).await,
            Refusal::Invalid {
                field: "recipient",
                ..
            }
        ));
        let broken = MessageTemplate::new(
            scene.id(),
            MessageTemplateDetails {
                name: english("Broken"),
                body: english("{{ never closed"),
                ..MessageTemplateDetails::default()
            },
        );
        assert!(matches!(
            refused(&service, &actor, create(broken)).await,
            Refusal::Invalid { field: "body", .. }
        ));
    })
    .await;
}
