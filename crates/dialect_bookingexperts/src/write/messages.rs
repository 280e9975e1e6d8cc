//! Messages from templates. Whatever a request fills in is data, and so is what guests wrote.

use std::collections::BTreeMap;

use service::{
    content::{Medium, MessageTemplate},
    kept::Message,
    records::NewMessage,
};

use super::{Stand, Wish, Writes, Written, not_so};
use crate::kinds::operations::INTERNAL_MESSAGE;
use crate::read::Shown;
use crate::rows::operations as o;

/// What the sender fills in, by the names of the gaps. The engine has seen to it that each has one.
fn variables(wish: &Wish) -> BTreeMap<String, String> {
    let said = wish.draft().value("variables");
    let items = said.and_then(jsonapi::Value::as_items).unwrap_or_default();
    let pair = |item: &jsonapi::Value| {
        let member = |name| item.member(name).and_then(jsonapi::Value::as_text);
        let value = member("value").unwrap_or_default();
        Some((member("name")?.to_owned(), value.to_owned()))
    };
    items.iter().filter_map(pair).collect()
}

async fn message(wish: &Wish, stand: &mut Stand<'_, '_>, stays: bool) -> service::Result<Writes> {
    let draft = wish.draft();
    if stand.administration.is_none() {
        return Ok(Err(not_so("created")));
    }
    let first = |name| wish.many(name).and_then(|ids| ids.first().copied());
    // The engine has seen to it that both are there.
    let (Some(template_id), Some(booking_id)) = (first("message_template"), first("reservation"))
    else {
        return Ok(Err(not_so("created without a template and a reservation")));
    };
    let template = stand
        .look
        .reading
        .one::<MessageTemplate>(template_id)
        .await?;
    let is_its = |template: &MessageTemplate| match template.details.medium {
        Medium::Email => !stays,
        Medium::Internal => stays,
        // Nothing here sends text messages.
        Medium::Sms => false,
    };
    if template.is_some_and(|template| !is_its(&template)) {
        let detail = "The template is for messages that leave in another way";
        return Ok(Err(draft.refuse_link("message_template", detail).into()));
    }
    let language = draft.text("language");
    let new = NewMessage {
        template_id,
        booking_id,
        organization_id: stand.administration,
        recipient: draft.text("recipient").map(str::to_owned),
        language: language.and_then(|word| word.parse().ok()),
        variables: variables(wish),
    };
    let (_, write) = stand.look.state.service.message(&stand.call.actor, new);
    Ok(Ok(vec![wish.plan(write)]))
}

/// Declares messages, which are made and never change.
macro_rules! messages {
    ($($shown:ty;)*) => { $(
        impl Written for $shown {
            const NAMES: &'static [(&'static str, &'static str)] = &[
                ("template_id", "message_template"),
                ("booking_id", "reservation"),
                ("body", "variables"),
                ("subject", "variables"),
            ];

            async fn create(wish: &Wish, stand: &mut Stand<'_, '_>) -> service::Result<Writes> {
                let stays = *Self::KIND == INTERNAL_MESSAGE;
                message(wish, stand, stays).await
            }

            fn remove(_: &Message) -> Option<service::records::Write> {
                None
            }
        }
    )* };
}

messages! {
    o::MessageShown;
    o::InternalMessageShown;
}
