//! Messages from templates. What is filled in is data: nothing that a guest wrote is ever a template.

use std::collections::BTreeMap;

use catalogue::{
    content::{Medium, MessageTemplate},
    delivery::Mail,
    inventory::Organization,
    records::{Message, MessageDetails},
    sale::Booking,
};
use domain::{access::Actor, id::Id, template::render, text::Locale};
use store::Tx;

use super::{
    Readable,
    kinds::key,
    rows::{insert, unknown},
    writing::{By, Step, StepFuture, Stepped, Write},
};
use crate::{Refusal, Service, UseCase};

/// A message to be made from a template.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The template.
    pub template_id: Id,
    /// The booking that it is about.
    pub booking_id: Id,
    /// The organization that the booking has to be in; none for any.
    pub organization_id: Option<Id>,
    /// The address or number; none for the guest's own.
    pub recipient: Option<String>,
    /// The language; none for the guest's own.
    pub language: Option<Locale>,
    /// What the sender fills in, beside what is known of the booking.
    pub variables: BTreeMap<String, String>,
}

impl Service {
    /// The message that is to be made, by its id, and the write that makes it. It is `queued` until
    /// somebody has sent it.
    pub fn message(&self, actor: &Actor, new: NewMessage) -> (Id, Write) {
        let id = self.new_id(actor);
        (id, Write::new(MakeMessage { id, new }))
    }
}

struct MakeMessage {
    id: Id,
    new: NewMessage,
}

impl Step for MakeMessage {
    fn needs(&self) -> Vec<UseCase> {
        vec![UseCase::Write(Message::SUBJECT)]
    }

    fn run<'a>(&'a self, tx: &'a mut Tx, by: &'a By<'a>) -> StepFuture<'a> {
        Box::pin(self.make(tx, by))
    }
}

impl MakeMessage {
    async fn make(&self, tx: &mut Tx, by: &By<'_>) -> store::Result<Stepped> {
        let new = &self.new;
        let template = key(by.tenant_id(), new.template_id);
        let known = |template: &MessageTemplate| {
            let home = template.organization_id;
            home.is_none_or(|home| by.stamp.reaches(home))
        };
        let template = tx.get::<MessageTemplate>(&template).await?;
        let Some(template) = template.filter(known) else {
            return Ok(Err(unknown("template_id")));
        };
        let booking = tx
            .get::<Booking>(&key(by.tenant_id(), new.booking_id))
            .await?;
        let wanted = |booking: &Booking| {
            let home = booking.organization_id;
            by.stamp.reaches(home) && new.organization_id.is_none_or(|id| id == home)
        };
        let Some(booking) = booking.filter(wanted) else {
            return Ok(Err(unknown("booking_id")));
        };
        let organization = key(by.tenant_id(), booking.organization_id);
        let Some(organization) = tx.get::<Organization>(&organization).await? else {
            return Ok(Err(unknown("booking_id")));
        };
        let details = match details(&template, &booking, &organization, new) {
            Ok(details) => details,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut message = Message::new(self.id, organization.id, details);
        message.subject_id = Some(booking.id);
        message.state = match message.details.medium {
            Medium::Internal => KEPT,
            Medium::Email | Medium::Sms => "queued",
        }
        .to_owned();
        if message.details.medium == Medium::Email {
            let mail = mail_of(
                by,
                &message.details,
                self.id,
                &booking.details.contact.full_name(),
            );
            tx.insert(std::slice::from_ref(&mail)).await?;
        }
        insert(tx, by, message).await
    }
}

/// The state of a message that stays in the house.
pub const KEPT: &str = "kept";

/// The mail by which a message leaves, under the same id. Its words were filled in already, and are data
/// from here on.
fn mail_of(by: &By<'_>, said: &MessageDetails, id: Id, name: &str) -> Mail {
    let now = by.stamp.now;
    let language = said.language.as_ref().map_or("en", Locale::as_str);
    let mut mail = Mail::new(by.tenant_id(), id, now, &said.recipient, "message")
        .in_language(language)
        .with("subject", said.subject.as_str())
        .with("text", said.body.as_str());
    name.clone_into(&mut mail.to_name);
    // Mail leaves by real time, and a tenant's clock may be ahead of it.
    mail.next_at = jiff::Timestamp::UNIX_EPOCH;
    mail
}

fn details(
    template: &MessageTemplate,
    booking: &Booking,
    organization: &Organization,
    new: &NewMessage,
) -> Result<MessageDetails, Refusal> {
    let own: Option<Locale> = booking.details.language.parse().ok();
    let language = new.language.clone().or(own);
    let wanted: Vec<Locale> = language.iter().cloned().collect();
    let fallback = organization.details.locales.first();
    let mut known = variables(booking, organization);
    // What is known of the booking can't be overwritten by whoever sends.
    for (name, value) in &new.variables {
        known.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let text = |field, of: &domain::text::Localized| {
        let words = of.best(&wanted, fallback).unwrap_or_default();
        render(words, &known).map_err(|bad| Refusal::Invalid {
            field,
            expected: format!("a template that can be filled in: {bad}"),
        })
    };
    Ok(MessageDetails {
        template_id: Some(template.id),
        variables: new.variables.clone(),
        medium: template.details.medium,
        recipient: recipient(template, booking, new)?,
        subject: text("subject", &template.details.subject)?,
        body: text("body", &template.details.body)?,
        language,
        ..MessageDetails::default()
    })
}

fn recipient(
    template: &MessageTemplate,
    booking: &Booking,
    new: &NewMessage,
) -> Result<String, Refusal> {
    let contact = &booking.details.contact;
    let own = match template.details.medium {
        Medium::Email => &contact.email,
        Medium::Sms if contact.mobile.is_empty() => &contact.phone,
        Medium::Sms => &contact.mobile,
        Medium::Internal => return Ok(new.recipient.clone().unwrap_or_default()),
    };
    let recipient = new.recipient.as_ref().unwrap_or(own).trim().to_owned();
    // A line break would begin another header of the mail.
    if recipient.is_empty() || recipient.contains(char::is_control) {
        return Err(Refusal::Invalid {
            field: "recipient",
            expected: "an address or a number".to_owned(),
        });
    }
    Ok(recipient)
}

/// What every template knows.
fn variables(booking: &Booking, organization: &Organization) -> BTreeMap<String, String> {
    let contact = &booking.details.contact;
    let pairs = [
        ("booking.id", booking.id.to_string()),
        ("booking.arrival", booking.arrival_on.to_string()),
        ("booking.departure", booking.departure_on.to_string()),
        ("booking.reference", booking.external_reference.clone()),
        ("booking.price", booking.details.price.to_string()),
        ("booking.arrival_time", booking.details.arrival_time.clone()),
        ("guest.first_name", contact.first_name.clone()),
        ("guest.last_name", contact.last_name.clone()),
        ("guest.name", contact.full_name()),
        ("guest.email", contact.email.clone()),
        ("guest.phone", contact.phone.clone()),
        ("organization.name", organization.name.clone()),
        (
            "organization.phone",
            organization.details.contact.phone.clone(),
        ),
        (
            "organization.email",
            organization.details.contact.email.clone(),
        ),
    ];
    let each = pairs.into_iter();
    each.map(|(name, value)| (name.to_owned(), value)).collect()
}
