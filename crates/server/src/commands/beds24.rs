//! `tabard beds24`: lets clients of the Beds24 API in, as the vendor's panel does, and out again.

mod grants;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use dialect_beds24::scopes;
use domain::{access::Actor, id::Id};
use identity::{Identity, NewGrant, Settings as IdentitySettings};
use jiff::Timestamp;
use service::{PageOf, Service, properties::PropertyFilter};
use store::Store;

use self::grants::{ListGrants, RevokeGrant};
use super::{
    places::{self, Place},
    screen::say,
};
use crate::{entropy, operator};

/// What can be done for clients of the Beds24 API.
#[derive(Debug, Subcommand)]
pub enum Beds24Command {
    /// Make an invite code, which a client exchanges once for a refresh token
    Invite(Box<Invite>),
    /// Make a long-life token, which only reads and is never exchanged
    Token(Box<LongLifeToken>),
    /// List the grants of a tenant: which clients may do what, and when they were last seen
    List(ListGrants),
    /// Take a grant back: its codes and tokens end for good
    Revoke(RevokeGrant),
}

/// `tabard beds24 invite`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes are METHOD:CATEGORY. Methods: read, write, delete, all. Categories: bookings,\n\
    bookings-personal, bookings-financial, inventory, properties, accounts, channels.\n\n\
    Example:\n  \
    tabard beds24 invite --tenant 7 --scopes all:bookings,read:inventory --ip 203.0.113.7\n\n\
    The code is good for 24 hours. `tabard beds24 revoke` takes back what it was exchanged for.\n\
    A SQLite store must not be served at the same time."
)]
pub struct Invite {
    #[command(flatten)]
    wanted: Wanted,
}

/// `tabard beds24 token`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The scopes are those of `tabard beds24 invite`, with the method read: a long-life token changes\n\
    nothing. It ends when it was not used for 90 days, or by `tabard beds24 revoke`.\n\n\
    Example:\n  \
    tabard beds24 token --tenant 7 --scopes read:bookings,read:inventory --name \"Wall display\"\n\n\
    The token is shown once. A SQLite store must not be served at the same time."
)]
pub struct LongLifeToken {
    #[command(flatten)]
    wanted: Wanted,
}

/// What a client is to get.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// The tenant, by its id; `tabard tenant list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// What the client may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// The client's name, for yourself
    #[arg(long, default_value = "Beds24 client")]
    name: String,
    /// Note that linked properties were allowed, as the client is then told. There is one account a
    /// tenant, so nothing is linked and the client sees no more by it
    #[arg(long)]
    linked_properties: bool,
    /// An address or network from which alone it may be used; may be repeated
    #[arg(long = "ip", value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// A property to which it is limited; may be repeated
    #[arg(long = "property", value_name = "ID", value_parser = places::id)]
    properties: Vec<Id>,
    #[command(flatten)]
    place: Place,
}

impl Beds24Command {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Beds24Command::Invite(invite) => invite.run().await,
            Beds24Command::Token(token) => token.run().await,
            Beds24Command::List(list) => list.run().await,
            Beds24Command::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl Invite {
    async fn run(self) -> anyhow::Result<()> {
        let wanted = self.wanted;
        let now = places::now();
        let (store, grant) = wanted.open(now, "beds24 invite").await?;
        let identity = identity_over(&store);
        let invited = identity.invite(grant, now, &mut entropy::secrets()).await;
        store.close().await;
        let (id, code) = invited?.with_context(|| no_tenant(wanted.tenant))?;
        let settings = wanted.place.settings()?;
        let url = settings.public_url(settings.listen);
        say(&format!(
            "invite code, good for 24 hours:\n{}\n\nits grant is {id}\n",
            code.reveal()
        ))?;
        say("with the server running, the client exchanges it once for its refresh token:")?;
        say(&format!(
            "curl {url}/beds24/v2/authentication/setup -H 'code: {}' -H 'deviceName: my program'",
            code.reveal()
        ))
    }
}

impl LongLifeToken {
    async fn run(self) -> anyhow::Result<()> {
        let wanted = self.wanted;
        let mut words = wanted.words().into_iter();
        if let Some(word) = words.find(|word| !word.starts_with("read:")) {
            bail!("a long-life token only reads, and {word} does more: write read:CATEGORY");
        }
        let now = places::now();
        let (store, grant) = wanted.open(now, "beds24 token").await?;
        let identity = identity_over(&store);
        let mut rng = entropy::secrets();
        let made = identity.long_life_token(grant, now, &mut rng).await;
        store.close().await;
        let (id, token) = made?.with_context(|| no_tenant(wanted.tenant))?;
        let settings = wanted.place.settings()?;
        let url = settings.public_url(settings.listen);
        say(&format!(
            "long-life token, shown this once:\n{}\n\nits grant is {id}\n",
            token.reveal()
        ))?;
        say("with the server running, the client sends it with each call:")?;
        say(&format!(
            "curl {url}/beds24/v2/authentication/details -H 'token: {}'",
            token.reveal()
        ))
    }
}

impl Wanted {
    fn words(&self) -> Vec<String> {
        let words = self.scopes.iter().map(|word| word.trim().to_owned());
        words.collect()
    }

    /// Opens the store, and what is to be granted in it; `doing` names the command.
    async fn open(&self, now: Timestamp, doing: &str) -> anyhow::Result<(Store, NewGrant)> {
        let words = self.words();
        let capabilities = scopes::capabilities(words.iter().map(String::as_str))?;
        for address in &self.addresses {
            identity::network(address)?;
        }
        let store = self.place.open().await?;
        let service = Service::new(store.clone());
        let tenant = service.tenant(self.tenant).await?;
        ensure!(tenant.is_some(), no_tenant(self.tenant));
        let actor = operator::actor(self.tenant, now, doing);
        self.know_properties(&service, &actor).await?;
        let grant = NewGrant {
            tenant_id: self.tenant,
            dialect: dialect_beds24::NAME,
            client_name: self.name.clone(),
            capabilities,
            scopes: words,
            organizations: (!self.properties.is_empty()).then(|| self.properties.clone()),
            allow_list: self.addresses.clone(),
            quota: identity::BEDS24_QUOTA,
            linked_organizations: self.linked_properties,
        };
        Ok((store, grant))
    }

    async fn know_properties(&self, service: &Service, actor: &Actor) -> anyhow::Result<()> {
        for id in &self.properties {
            let filter = PropertyFilter {
                ids: vec![*id],
                ..PropertyFilter::default()
            };
            let found = service
                .properties()
                .find(actor, &filter, PageOf::first(1))
                .await?;
            if found.rows.is_empty() {
                bail!("the tenant has no property {id}");
            }
        }
        Ok(())
    }
}

fn identity_over(store: &Store) -> Identity {
    Identity::new(store.clone(), IdentitySettings::default())
}

fn no_tenant(id: Id) -> String {
    format!("there is no tenant {id}: `tabard tenant list` shows them")
}
