//! From a row to a message as it goes over the line.

use std::time::SystemTime;

use catalogue::delivery::Mail;
use jiff::Timestamp;
use lettre::{
    Address, Message,
    message::{Mailbox, SinglePart, header},
};

use super::templates::Templates;
use crate::limits::{MAIL_BYTES, SUBJECT_CHARACTERS};

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From(Mailbox);

impl From {
    /// An address, and a name that may be empty.
    ///
    /// # Errors
    /// When the address is none.
    pub fn parse(address: &str, name: &str) -> Result<Self, BadMail> {
        mailbox(address, name).map(Self)
    }
}

/// Why a row makes no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMail {
    /// The address is none.
    #[error("that is no mail address: {0}")]
    Address(String),
    /// The template can't be filled.
    #[error("{0}")]
    Template(String),
    /// The text is longer than any letter.
    #[error("a text of {0} bytes is too long for a mail")]
    TooLong(usize),
    /// The library refuses.
    #[error("the message can't be written: {0}")]
    Message(String),
}

/// Fills the template and writes the message. The `Message-ID` follows from the row, so a mail that is
/// sent twice can be known again.
///
/// # Errors
/// [`BadMail`] says why this will never be a message.
pub fn composed(
    mail: &Mail,
    from: &From,
    templates: &Templates,
    now: Timestamp,
) -> Result<Message, BadMail> {
    let letter = templates
        .letter(&mail.template, &mail.language, &mail.values)
        .map_err(BadMail::Template)?;
    if letter.text.len() > MAIL_BYTES {
        return Err(BadMail::TooLong(letter.text.len()));
    }
    let id = format!("<{}.{}@{}>", mail.tenant_id, mail.id, from.0.email.domain());
    Message::builder()
        .from(from.0.clone())
        .to(mailbox(&mail.to, &mail.to_name)?)
        .subject(one_line(&letter.subject))
        .date(SystemTime::from(now))
        .message_id(Some(id))
        .header(header::MIME_VERSION_1_0)
        .singlepart(SinglePart::plain(lines(&letter.text)))
        .map_err(|error| BadMail::Message(error.to_string()))
}

fn mailbox(address: &str, name: &str) -> Result<Mailbox, BadMail> {
    let bad = || BadMail::Address(one_line(address));
    if address.chars().any(char::is_control) {
        return Err(bad());
    }
    let address: Address = address.trim().parse().map_err(|_| bad())?;
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// A text for a header: one line, whatever it was, of bounded length.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|character| {
        let breaks = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
        if breaks { ' ' } else { character }
    });
    let cut: String = plain.take(SUBJECT_CHARACTERS).collect();
    cut.trim().to_owned()
}

/// A text with line breaks of one kind, and no other control characters.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::id::Id;

    use super::*;
    use crate::mail::MESSAGE;

    fn written(mail: &Mail) -> Result<String, BadMail> {
        let from = From::parse("house@example.org", "The House").unwrap();
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let message = composed(mail, &from, &Templates::new().unwrap(), now)?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    fn mail(to: &str, name: &str, subject: &str, text: &str) -> Mail {
        let id = |number| Id::new(number).unwrap();
        let mail = Mail::new(id(7), id(9), Timestamp::UNIX_EPOCH, to, MESSAGE);
        Mail {
            to_name: name.to_owned(),
            ..mail.with("subject", subject).with("text", text)
        }
    }

    /// The names of the headers, unfolded.
    fn headers(message: &str) -> Vec<String> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        let lines = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']));
        let names = lines.map(|line| line.split(':').next().unwrap().to_lowercase());
        names.collect()
    }

    #[test]
    fn a_mail_has_the_headers_it_needs_and_no_others() {
        let message = written(&mail("ada@example.com", "Ada", "Hello", "Text.\n")).unwrap();
        let mut found = headers(&message);
        found.sort();
        let expected = [
            "content-transfer-encoding",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to",
        ];
        assert_eq!(found, expected, "{message}");
        assert!(
            message.contains("Message-ID: <7.9@example.org>"),
            "{message}"
        );
        assert!(
            message.contains("Date: Sat, 21 Nov 2026 12:00:00 +0000"),
            "{message}"
        );
    }

    #[test]
    fn nothing_that_a_guest_writes_becomes_a_header_or_a_recipient() {
        let hostile = [
            "x\r\nBcc: all@example.net",
            "x\nBcc: all@example.net",
            "x\rBcc: all@example.net",
            "x\u{2028}Bcc: all@example.net",
            "x\u{85}Bcc: all@example.net",
            "\r\n\r\n<html>",
            "x\0\r\nTo: b@example.net",
            "=?utf-8?Q?a=0D=0ABcc:_all@example.net?=",
            "\" <all@example.net>, \"",
        ];
        let plain = headers(&written(&mail("ada@example.com", "Ada", "Hi", "T")).unwrap());
        for text in hostile {
            let message = written(&mail("ada@example.com", text, text, text)).unwrap();
            assert_eq!(headers(&message), plain, "{message}");
            let to = message
                .split("\r\n")
                .find(|line| line.starts_with("To:"))
                .unwrap();
            assert!(!to.contains("all@example.net>") || to.contains('"'), "{to}");
        }
        for address in [
            "ada@example.com\r\nBcc: all@example.net",
            "ada@example.com, all@example.net",
            "ada@example.com\n",
            "<ada@example.com>",
            "ada",
            "",
            "@example.com",
        ] {
            let told = written(&mail(address, "", "Hi", "T"));
            assert!(
                matches!(told, Err(BadMail::Address(_))),
                "{address:?}: {told:?}"
            );
        }
    }

    #[test]
    fn a_line_with_a_single_dot_and_words_of_any_language_arrive() {
        let text = "Grüße aus Łódź\n.\nEnde\n日本";
        let message = written(&mail("ada@example.com", "Zoë", "Grüße", text)).unwrap();
        assert!(message.is_ascii(), "{message}");
        assert!(!message.contains("\r\n.\r\n"), "{message}");
    }

    #[test]
    fn a_text_without_end_is_refused() {
        let told = written(&mail(
            "a@example.com",
            "",
            "Hi",
            &"x".repeat(MAIL_BYTES + 1),
        ));
        assert!(matches!(told, Err(BadMail::TooLong(_))));
    }
}
