//! Grants that were given: who holds them, and taking them back.

use anyhow::Context as _;
use domain::id::Id;
use identity::{Granted, Standing};
use jiff::Timestamp;
use store::Store;

use super::{identity_over, no_tenant};
use crate::commands::{
    places::{self, Place},
    screen::say,
};

/// `tabard beds24 list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line for each grant: its id, the client's name with that of its device, its scopes, when it was\n\
    made, when its client last fetched a token (a long-life token: when it last called), when what\n\
    stands for it ends unless it is used before, and where it stands. Times are by the tenant's clock.\n\n\
    It only reads, also beside a running server."
)]
pub struct ListGrants {
    /// The tenant, by its id; `tabard tenant list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    #[command(flatten)]
    place: Place,
}

/// `tabard beds24 revoke`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The invite code, the refresh token and all access tokens of the grant end, or its long-life token.\n\
    It can't be undone: let the client in again with a new invite code.\n\n\
    Example:\n  \
    tabard beds24 list --tenant 7\n  \
    tabard beds24 revoke --tenant 7 --grant 12\n\n\
    A SQLite store must not be served at the same time. Servers that run on PostgreSQL follow within\n\
    their setting token_cache_s, 10 seconds unless you say otherwise."
)]
pub struct RevokeGrant {
    /// The tenant that gave it
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// The grant, by its id; `tabard beds24 list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    grant: Id,
    #[command(flatten)]
    place: Place,
}

impl ListGrants {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open_for_reading().await?;
        let granted = granted(&store, self.tenant).await?;
        if granted.is_empty() {
            return say("no grants yet; let a client in with: tabard beds24 invite");
        }
        for one in &granted {
            say(&line(one))?;
        }
        Ok(())
    }
}

impl RevokeGrant {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open().await?;
        let revoked = self.revoke(&store).await;
        let is_shared = store.is_postgres();
        store.close().await;
        let name = revoked?;
        say(&format!(
            "the grant of {name} is taken back: its codes and tokens have ended"
        ))?;
        if is_shared {
            say("servers that are running follow within their setting token_cache_s")?;
        }
        Ok(())
    }

    /// Takes it back, and says whose it was. What apps of other dialects hold is not taken back here.
    async fn revoke(&self, store: &Store) -> anyhow::Result<String> {
        let (tenant, grant) = (self.tenant, self.grant);
        let unknown =
            || format!("tenant {tenant} has no grant {grant}: `tabard beds24 list` shows them");
        let granted = granted(store, tenant).await?;
        let one = granted.iter().find(|one| one.id == grant);
        let name = name(one.with_context(unknown)?);
        let identity = identity_over(store);
        let revoking = identity.revoke(tenant, grant, places::now());
        revoking.await?.then_some(name).with_context(unknown)
    }
}

async fn granted(store: &Store, tenant: Id) -> anyhow::Result<Vec<Granted>> {
    let identity = identity_over(store);
    let reading = identity.granted(tenant, dialect_beds24::NAME, places::now());
    reading.await?.with_context(|| no_tenant(tenant))
}

fn line(one: &Granted) -> String {
    let (id, name, scopes) = (one.id, name(one), one.scopes.join(","));
    let reach = match &one.organizations {
        None => "every property".to_owned(),
        Some(known) => {
            let known: Vec<String> = known.iter().map(Id::to_string).collect();
            format!("properties {}", known.join(", "))
        }
    };
    let made = moment(one.created_at);
    let seen = match one.seen_at {
        Some(at) => format!("last seen {}", moment(at)),
        None => "not seen".to_owned(),
    };
    let ends = match (one.standing, one.ends_at) {
        (Standing::TakenBack, _) | (_, None) => "-".to_owned(),
        (Standing::Ended, Some(at)) => format!("ended {}", moment(at)),
        (_, Some(at)) => format!("ends {}", moment(at)),
    };
    let state = match one.standing {
        Standing::Invited => "invited",
        Standing::Held => "active",
        Standing::Ended => "ended",
        Standing::TakenBack => "taken back",
    };
    format!("{id}\t{name}\t{scopes}\t{reach}\tmade {made}\t{seen}\t{ends}\t{state}")
}

/// The operator's name for the client, with the one that the client gave its device. The latter comes from
/// outside, so nothing of it may steer the terminal or look like another line.
fn name(one: &Granted) -> String {
    let plain = |text: &str| text.replace(steers, " ");
    let client = plain(&one.client_name);
    match plain(&one.device_name).trim() {
        "" => client,
        device => format!("{client} ({device})"),
    }
}

/// Whether a character moves others: one that controls, ends a line, or turns the direction of writing.
fn steers(c: char) -> bool {
    let turns = ['\u{200e}', '\u{200f}', '\u{061c}'];
    let is_turn = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_turn || turns.contains(&c)
}

fn moment(at: Timestamp) -> String {
    format!("{at:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted() -> Granted {
        Granted {
            id: Id::new(12).unwrap(),
            client_name: "Channel manager".to_owned(),
            device_name: String::new(),
            scopes: vec!["all:bookings".to_owned(), "read:inventory".to_owned()],
            organizations: None,
            created_at: "2027-05-01T12:00:00Z".parse().unwrap(),
            seen_at: None,
            ends_at: Some("2027-05-02T12:00:00.25Z".parse().unwrap()),
            standing: Standing::Invited,
        }
    }

    #[test]
    fn a_line_says_who_may_do_what_since_when_and_for_how_long() {
        let mut one = granted();
        assert_eq!(
            line(&one),
            "12\tChannel manager\tall:bookings,read:inventory\tevery property\tmade 2027-05-01T12:00:00Z\t\
             not seen\tends 2027-05-02T12:00:00Z\tinvited"
        );
        one.organizations = Some(vec![Id::new(3).unwrap(), Id::new(4).unwrap()]);
        one.seen_at = Some(one.created_at);
        one.standing = Standing::Held;
        let held = line(&one);
        assert!(held.contains("\tproperties 3, 4\t"), "{held}");
        assert!(
            held.contains("\tlast seen 2027-05-01T12:00:00Z\t"),
            "{held}"
        );
        assert!(held.ends_with("\tactive"), "{held}");
    }

    #[test]
    fn what_a_client_calls_its_device_stays_within_its_place() {
        let mut one = granted();
        one.device_name = "Kitchen\ttablet\u{1b}[2J\n13".to_owned();
        assert_eq!(name(&one), "Channel manager (Kitchen tablet [2J 13)");
        assert_eq!(line(&one).split('\t').count(), 8);
        one.device_name = "\u{202e}ne\u{2028}bel\u{2066}".to_owned();
        assert_eq!(name(&one), "Channel manager (ne bel)");
        one.device_name = " \u{7f}".to_owned();
        assert_eq!(name(&one), "Channel manager");
    }
}
