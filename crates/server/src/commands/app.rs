//! `tabard app`: programs that come in by OAuth 2.0, as a vendor's developer portal has them.

mod installed;
#[cfg(test)]
mod tests;

use std::{fmt::Write as _, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use catalogue::access::Client;
use clap::Subcommand;
use domain::id::Id;
use identity::{
    Identity, Settings as IdentitySettings,
    oauth::{
        OAuth, Permission,
        apps::{AppRefused, NewApp},
    },
};
use store::Store;

use self::installed::{Cancel, GrantChannel, Installations, KeyOfApp};
use super::{
    places::{self, Place, occasion},
    screen::say,
};
use crate::{
    apps::{AppDialect, DIALECTS},
    entropy,
};

/// The word that stands for all words of a dialect.
const ALL: &str = "all";

/// What can be done with apps.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Register an app, with what it may ask for
    Create(Box<CreateApp>),
    /// Change what an app may ask for, or where its codes may be sent
    Change(Box<ChangeApp>),
    /// List the apps of a tenant
    List(ListApps),
    /// Make the API key of an app for its own tenant; the key that it has ends at once
    Key(Box<KeyOfApp>),
    /// Give an app one more client secret, or retire one
    Secret(SecretOfApp),
    /// Halt an app: its tokens and keys are refused until it is resumed
    Halt(OneApp),
    /// Let an app go on that was halted
    Resume(OneApp),
    /// List the installations of a tenant: which apps may do what in it
    Installations(Installations),
    /// Grant an installation the channel of a property, or take it back
    Channel(GrantChannel),
    /// Cancel an installation: its tokens and keys end for good
    Cancel(Cancel),
}

/// `tabard app create`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Codes are sent to redirect URIs only, compared byte by byte. An app that is used by its own tenant\n\
    alone needs none: give it a key with `tabard app key`.\n\n\
    Example:\n  \
    tabard app create --tenant 7 --name \"Channel manager\" --scopes all \\\n    \
    --redirect-uri https://app.example.org/callback\n\n\
    The secret is shown once. A SQLite store must not be served at the same time."
)]
pub struct CreateApp {
    /// The tenant that registers it; `tabard tenant list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// Its name, as people see it who are asked to allow it something
    #[arg(long)]
    name: String,
    /// The scope words that it may ask for, separated by commas; `all` for every word there is
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// Where codes may be sent; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// It runs on somebody else's device or in a browser, and so can't keep a secret
    #[arg(long)]
    public: bool,
    /// A million calls a minute in place of the vendor's limit: for a program of one's own
    #[arg(long)]
    roomy: bool,
    #[command(flatten)]
    speaks: Speaks,
    #[command(flatten)]
    place: Place,
}

/// `tabard app change`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is given replaces what was there, whole. Keys follow at once. Who has allowed the app something\n\
    loses at once what is gone, and is asked again before the app gets what is new.\n\n\
    Example:\n  \
    tabard app change --tenant 7 --app 12 --scopes 'reservation|read,booking|read'\n\n\
    A SQLite store must not be served at the same time."
)]
pub struct ChangeApp {
    #[command(flatten)]
    app: OneApp,
    /// The scope words that it may ask for, separated by commas; `all` for every word there is
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Where codes may be sent; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
}

/// `tabard app list`.
#[derive(Debug, clap::Args)]
pub struct ListApps {
    /// The tenant
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    #[command(flatten)]
    place: Place,
}

/// `tabard app secret`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Secrets stay valid beside each other until they are retired, so that one is replaced without a gap:\n\
    make one, change the app over, then retire the old one.\n\n\
    Example:\n  \
    tabard app secret --tenant 7 --app 12\n  \
    tabard app secret --tenant 7 --app 12 --retire 11"
)]
pub struct SecretOfApp {
    #[command(flatten)]
    app: OneApp,
    /// Retire this secret at once, in place of making one; by the id that was shown with it
    #[arg(long, value_name = "ID", value_parser = places::id)]
    retire: Option<Id>,
}

/// An app, by its tenant and its id.
#[derive(Debug, clap::Args)]
pub struct OneApp {
    /// The tenant that registered it
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// The app, by its id; `tabard app list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    app: Id,
    #[command(flatten)]
    speaks: Speaks,
    #[command(flatten)]
    place: Place,
}

/// The dialect that an app speaks.
#[derive(Debug, clap::Args)]
struct Speaks {
    /// The dialect that the app speaks, where several let apps in
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
}

impl Speaks {
    fn of<'a>(&self, dialects: &'a [AppDialect]) -> anyhow::Result<&'a AppDialect> {
        let names = || {
            let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name).collect();
            names.join(", ")
        };
        match (&self.dialect, dialects) {
            (_, []) => bail!("no dialect of this program lets apps in by OAuth 2.0"),
            (None, [only]) => Ok(only),
            (None, _) => bail!(
                "say which dialect the app speaks, by --dialect: {}",
                names()
            ),
            (Some(name), _) => {
                let known = dialects.iter().find(|dialect| dialect.name == name);
                known.with_context(|| format!("there is no dialect {name:?}: write {}", names()))
            }
        }
    }
}

impl AppCommand {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        say(self.answer(DIALECTS).await?.trim_end())
    }

    /// Does it where these dialects let apps in, and says what is to be shown.
    async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        match self {
            AppCommand::Create(create) => create.answer(dialects).await,
            AppCommand::List(list) => list.answer(dialects).await,
            AppCommand::Key(key) => key.answer(dialects).await,
            AppCommand::Secret(secret) => secret.answer(dialects).await,
            AppCommand::Halt(app) => app.halt(dialects).await,
            AppCommand::Resume(app) => app.resume(dialects).await,
            AppCommand::Change(change) => change.answer(dialects).await,
            AppCommand::Installations(list) => list.answer(dialects).await,
            AppCommand::Channel(channel) => channel.answer(dialects).await,
            AppCommand::Cancel(cancel) => cancel.answer(dialects).await,
        }
    }
}

/// The OAuth 2.0 server of a dialect over a store, as the running server has it.
fn oauth(dialect: &AppDialect, store: &Store, place: &Place) -> anyhow::Result<OAuth> {
    let settings = place.settings()?;
    let url = settings.public_url(settings.listen);
    let profile = dialect.profile(&format!("{url}{}", dialect.prefix))?;
    let identity = Identity::new(store.clone(), IdentitySettings::default());
    Ok(identity.oauth(Arc::new(profile)))
}

/// The permissions that these words name.
fn permissions(dialect: &AppDialect, words: &[String]) -> anyhow::Result<Vec<Permission>> {
    let known = (dialect.permissions)();
    if words.iter().any(|word| word.trim() == ALL) {
        return Ok(known);
    }
    let named = |word: &String| {
        let found = known.iter().find(|known| known.word == word.trim());
        found.cloned().with_context(|| {
            let words: Vec<&str> = known.iter().map(|known| &*known.word).collect();
            let (name, words) = (dialect.name, words.join(", "));
            format!("{name} has no scope {word:?}: write {ALL}, or some of {words}")
        })
    };
    words.iter().map(named).collect()
}

impl CreateApp {
    async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let dialect = self.speaks.of(dialects)?;
        let new = NewApp {
            tenant_id: self.tenant,
            name: self.name.clone(),
            confidential: !self.public,
            redirect_uris: self.redirect_uris.clone(),
            permissions: permissions(dialect, &self.scopes)?,
            quota: match self.roomy {
                true => identity::ROOMY_QUOTA,
                false => dialect.quota,
            },
        };
        let store = self.place.open().await?;
        let oauth = oauth(dialect, &store, &self.place)?;
        let mut rng = entropy::secrets();
        let made = oauth
            .register(new, &occasion("app create"), &mut rng)
            .await?;
        let link = match &made {
            Ok(made) => oauth.installation_link(&made.client_id).await.ok(),
            Err(_) => None,
        };
        store.close().await;
        let made = match made {
            Err(AppRefused::NotFound) => bail!(
                "there is no tenant {}: `tabard tenant list` shows them",
                self.tenant
            ),
            made => made?,
        };
        let mut text = format!("app {}\nclient_id {}\n", made.app_id, made.client_id);
        if let (Some(secret), Some(id)) = (made.client_secret, made.secret_id) {
            writeln!(text, "client_secret {}", secret.reveal())?;
            writeln!(text, "the secret is shown this once; its id is {id}")?;
        }
        if let Some(link) = link {
            writeln!(
                text,
                "to allow it something, with the server running: {link}"
            )?;
        }
        Ok(text)
    }
}

impl ChangeApp {
    async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        ensure!(
            !self.scopes.is_empty() || !self.redirect_uris.is_empty(),
            "nothing would change: give --scopes or --redirect-uri"
        );
        let permissions = permissions(self.app.speaks.of(dialects)?, &self.scopes)?;
        let (store, oauth) = self.app.open(dialects).await?;
        let (tenant, app, occasion) = (self.app.tenant, self.app.app, occasion("app change"));
        let mut changed = Ok(());
        if !self.scopes.is_empty() {
            let changing = oauth.set_permissions(tenant, app, permissions, &occasion);
            changed = changing.await?;
        }
        if changed.is_ok() && !self.redirect_uris.is_empty() {
            let uris = self.redirect_uris.clone();
            changed = oauth
                .set_redirect_uris(tenant, app, uris, &occasion)
                .await?;
        }
        store.close().await;
        changed?;
        Ok("the app is changed".to_owned())
    }
}

impl ListApps {
    async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let store = self.place.open_for_reading().await?;
        let mut text = String::new();
        for dialect in dialects {
            let oauth = oauth(dialect, &store, &self.place)?;
            for app in oauth.apps(self.tenant).await? {
                let client = store
                    .reader()
                    .await?
                    .get::<Client>(&[app.id.into()])
                    .await?;
                let name = client.map(|client| client.name).unwrap_or_default();
                let state = match app.halted_at {
                    Some(_) => "halted",
                    None => "active",
                };
                let (id, dialect, public_id) = (app.id, app.dialect, app.public_id);
                let scopes = app.permissions.len();
                writeln!(
                    text,
                    "{id}\t{dialect}\t{public_id}\t{name}\t{scopes} scopes\t{state}"
                )?;
            }
        }
        if text.is_empty() {
            text.push_str("no apps yet; register one with: tabard app create");
        }
        Ok(text)
    }
}

impl SecretOfApp {
    async fn answer(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let (store, oauth) = self.app.open(dialects).await?;
        let (tenant, app, now) = (self.app.tenant, self.app.app, places::now());
        if let Some(secret) = self.retire {
            let retired = oauth.retire_secret(tenant, app, secret, now).await?;
            store.close().await;
            retired.context("the app, or a secret of this id")?;
            return Ok("the secret is retired".to_owned());
        }
        let mut rng = entropy::secrets();
        let added = oauth.add_secret(tenant, app, now, &mut rng).await?;
        store.close().await;
        let (id, secret) = added?;
        Ok(format!(
            "client_secret {}\nthe secret is shown this once; its id is {id}",
            secret.reveal()
        ))
    }
}

impl OneApp {
    async fn open(&self, dialects: &[AppDialect]) -> anyhow::Result<(Store, OAuth)> {
        let dialect = self.speaks.of(dialects)?;
        let store = self.place.open().await?;
        let oauth = oauth(dialect, &store, &self.place)?;
        Ok((store, oauth))
    }

    async fn halt(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let (store, oauth) = self.open(dialects).await?;
        let occasion = occasion("app halt");
        let halted = oauth.halt(self.tenant, self.app, &occasion).await?;
        store.close().await;
        halted?;
        Ok("the app is halted: its tokens and keys are refused".to_owned())
    }

    async fn resume(self, dialects: &[AppDialect]) -> anyhow::Result<String> {
        let (store, oauth) = self.open(dialects).await?;
        let occasion = occasion("app resume");
        let resumed = oauth.resume(self.tenant, self.app, &occasion).await?;
        store.close().await;
        resumed?;
        Ok("the app goes on".to_owned())
    }
}
