//! `tabard tenant`: makes tenants and lists them.

use anyhow::{bail, ensure};
use catalogue::inventory::OrganizationDetailsPatch;
use clap::Subcommand;
use domain::{money::Currency, time::Zone};
use jiff::{SignedDuration, Timestamp};
use service::{
    Service,
    properties::{PropertyPatch, PropertyWrite},
    tenants::NewTenant,
};

use super::{
    places::{self, Place},
    screen::say,
};
use crate::operator;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant: an account with properties, bookings and clients of its own
    Create(Box<CreateTenant>),
    /// List the tenants
    List(ListTenants),
}

/// `tabard tenant create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    tabard tenant create \"Hotel Example\"\n  \
    tabard tenant create \"Trials\" --sandbox --clock 2027-05-01T12:00:00Z --zone Europe/Lisbon --currency EUR\n\n\
    A SQLite store must not be served at the same time.")]
pub struct CreateTenant {
    /// Its name
    name: String,
    /// Make it a sandbox, whose clients may move its clock
    #[arg(long)]
    sandbox: bool,
    /// What a sandbox's clock shows at first, such as 2027-05-01T12:00:00Z
    #[arg(long, value_name = "INSTANT", requires = "sandbox")]
    clock: Option<Timestamp>,
    /// Also make its first property, in this time zone, such as Europe/Lisbon
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Also make its first property, with prices in this currency, such as EUR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// `tabard tenant list`.
#[derive(Debug, clap::Args)]
pub struct ListTenants {
    #[command(flatten)]
    place: Place,
}

impl TenantCommand {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            TenantCommand::Create(create) => create.run().await,
            TenantCommand::List(list) => list.run().await,
        }
    }
}

impl CreateTenant {
    async fn run(self) -> anyhow::Result<()> {
        ensure!(
            !self.name.trim().is_empty(),
            "a tenant needs a name that is not empty"
        );
        let property = self.property()?;
        let store = self.place.open().await?;
        let service = Service::new(store.clone());
        let now = places::now();
        let new = NewTenant {
            name: self.name.trim().to_owned(),
            sandbox: self.sandbox,
            clock: self.clock,
        };
        let tenant = service.tenant_create(new, now).await?;
        say(&format!("tenant {}", tenant.id))?;
        if let Some(property) = property {
            let tenant_now = now + SignedDuration::from_millis(tenant.clock_offset_ms);
            let actor = operator::actor(tenant.id, tenant_now, "tenant create");
            match service
                .properties()
                .write(&actor, vec![property])
                .await?
                .pop()
            {
                Some(Ok(made)) => say(&format!("property {}", made.after.organization.id))?,
                other => bail!("the tenant was made, but its property was refused: {other:?}"),
            }
        }
        say(&format!(
            "next: tabard beds24 invite --tenant {} --scopes all:bookings,all:inventory,all:properties",
            tenant.id
        ))?;
        store.close().await;
        Ok(())
    }

    /// The first property, where something was said about it.
    fn property(&self) -> anyhow::Result<Option<PropertyWrite>> {
        if self.zone.is_none() && self.currency.is_none() {
            return Ok(None);
        }
        let mut details = OrganizationDetailsPatch::default();
        if let Some(zone) = &self.zone {
            let Ok(zone) = Zone::new(zone) else {
                bail!("there is no time zone {zone}: write its IANA name, such as Europe/Lisbon");
            };
            details.zone = Some(zone);
        }
        if let Some(code) = &self.currency {
            let Some(currency) = Currency::from_code(&code.to_uppercase()) else {
                bail!("there is no currency {code}: write its ISO 4217 code, such as EUR");
            };
            details.currency = Some(currency);
        }
        let patch = PropertyPatch {
            name: Some(self.name.trim().to_owned()),
            details,
        };
        Ok(Some(PropertyWrite {
            id: None,
            patch,
            rooms: Vec::new(),
        }))
    }
}

impl ListTenants {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open_for_reading().await?;
        let tenants = Service::new(store).tenants().await?;
        if tenants.is_empty() {
            return say("no tenants yet; make one with: tabard tenant create NAME");
        }
        for tenant in tenants {
            let clock = match (tenant.sandbox, tenant.clock_offset_ms) {
                (false, _) => "production".to_owned(),
                (true, 0) => "sandbox".to_owned(),
                (true, ahead_ms) => {
                    let now = places::now() + SignedDuration::from_millis(ahead_ms);
                    format!("sandbox at {:.0}", now)
                }
            };
            say(&format!("{}\t{}\t{clock}", tenant.id, tenant.name))?;
        }
        Ok(())
    }
}
