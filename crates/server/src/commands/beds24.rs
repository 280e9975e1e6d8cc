//! `tabard beds24`: lets clients of the Beds24 API in, as the vendor's panel does.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use dialect_beds24::scopes;
use domain::{access::Actor, id::Id};
use identity::{Identity, NewGrant, Settings as IdentitySettings};
use service::{PageOf, Service, properties::PropertyFilter};

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
}

/// `tabard beds24 invite`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes are METHOD:CATEGORY. Methods: read, write, delete, all. Categories: bookings,\n\
    bookings-personal, bookings-financial, inventory, properties, accounts, channels.\n\n\
    Example:\n  \
    tabard beds24 invite --tenant 7 --scopes all:bookings,read:inventory --ip 203.0.113.7\n\n\
    The code is good for 24 hours. A SQLite store must not be served at the same time."
)]
pub struct Invite {
    /// The tenant, by its id; `tabard tenant list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// What the client may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// The client's name, for yourself
    #[arg(long, default_value = "Beds24 client")]
    name: String,
    /// Include properties that other accounts have linked
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
        }
    }
}

impl Invite {
    async fn run(self) -> anyhow::Result<()> {
        let words: Vec<String> = self
            .scopes
            .iter()
            .map(|word| word.trim().to_owned())
            .collect();
        let capabilities = scopes::capabilities(words.iter().map(String::as_str))?;
        for address in &self.addresses {
            identity::network(address)?;
        }
        let store = self.place.open().await?;
        let service = Service::new(store.clone());
        let now = places::now();
        let unknown = || {
            format!(
                "there is no tenant {}: `tabard tenant list` shows them",
                self.tenant
            )
        };
        service.tenant(self.tenant).await?.with_context(unknown)?;
        let actor = operator::actor(self.tenant, now, "beds24 invite");
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
        let identity = Identity::new(store.clone(), IdentitySettings::default());
        let invited = identity.invite(grant, now, &mut entropy::secrets()).await?;
        let (_, code) = invited.with_context(unknown)?;
        store.close().await;
        let settings = self.place.settings()?;
        let url = settings.public_url(settings.listen);
        say(&format!(
            "invite code, good for 24 hours:\n{}\n",
            code.reveal()
        ))?;
        say("with the server running, the client exchanges it once for its refresh token:")?;
        say(&format!(
            "curl {url}/beds24/v2/authentication/setup -H 'code: {}' -H 'deviceName: my program'",
            code.reveal()
        ))
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
