//! People who sign in: accounts, passwords, sessions.
//!
//! A user stands outside the tenants; an employee row is the user's place in one. Passwords are kept as
//! argon2id hashes and tried at a bounded pace ([`Throttle`]) on threads of their own ([`Passwords`]). A
//! session is a random secret in a cookie, kept as its hash. A forgotten password is set anew with a token
//! that is mailed; it is made when the mail is, so that nothing but its hash is ever stored.
//!
//! Everything here goes by the real clock: people don't live in a sandbox. Start with [`Users`].

mod accounts;
pub mod cookie;
pub mod csrf;
mod languages;
mod mail;
mod password;
mod reset;
mod session;
mod throttle;

pub use accounts::{NewUser, UserRefused};
pub use languages::preferred;
pub use mail::{NotPosted, Postbox, ResetMail};
pub(crate) use password::Passwords;
pub use password::{LONGEST_PASSWORD, PasswordCost, SHORTEST_PASSWORD};
pub use reset::ResetRefused;
pub use session::{SignInRefused, SignedIn};
pub(crate) use throttle::Throttle;

use catalogue::people::User;
use domain::id::{Id, IdSource};
use store::events::EventRow;
use store::{Condition, Tx};

use crate::{Identity, Occasion};

/// People who sign in. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    identity: Identity,
}

impl Identity {
    /// People who sign in.
    #[must_use]
    pub fn users(&self) -> Users {
        Users {
            identity: self.clone(),
        }
    }
}

/// The longest address that mail can be sent to (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// An address as it is kept and looked for; none where it can't be one.
fn email_of(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.rsplit_once('@')?;
    let is_plain = !text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control());
    let is_address = is_plain
        && text.len() <= LONGEST_EMAIL
        && !name.is_empty()
        && !host.is_empty()
        && !name.contains(['<', '>', ',', ';', '"', '@']);
    is_address.then_some(text)
}

/// The user of an address, closed ones too.
async fn find(tx: &mut Tx, email: &str) -> store::Result<Option<User>> {
    let named = Condition::Is("email", email.into());
    Ok(tx.find::<User>(&named, "", Some(1), 0).await?.pop())
}

/// Writes into the audit trail what a user did or what was done to one. Subscribers are not told.
async fn note(
    tx: &mut Tx,
    ids: &IdSource,
    occasion: &Occasion,
    tenant_id: Id,
    user_id: Id,
    event: &'static str,
) -> store::Result<()> {
    let stamp = occasion.stamp(tenant_id, user_id, user_id, occasion.now);
    let id = ids.next(occasion.now);
    let event = EventRow::new(&stamp, id, event, user_id, tenant_id, false);
    tx.record(&[event]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_looked_for_in_lower_case_without_blanks_around_it() {
        assert_eq!(
            email_of(" Ada@Example.ORG ").as_deref(),
            Some("ada@example.org")
        );
        let long = format!("{}@example.org", "a".repeat(LONGEST_EMAIL));
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a da@example.org",
            "a@b@example.org",
            "<ada>@example.org",
            "ada@example.org\nbcc: x",
            &long,
        ] {
            assert_eq!(email_of(bad), None, "{bad:?}");
        }
    }
}
