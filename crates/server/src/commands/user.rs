//! `tabard user`: people who sign in, and what they may do in a tenant.

use std::io::Read as _;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use domain::access::{Capabilities, Capability, Reach};
use domain::id::Id;
use identity::users::{NewUser, SHORTEST_PASSWORD, Users};
use identity::{Identity, Settings as IdentitySettings};

use super::{
    places::{self, Place, occasion},
    screen::say,
};
use crate::entropy;

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account, with its place in a tenant
    Create(Box<CreateUser>),
    /// List the users of a tenant
    List(ListUsers),
    /// Set the password of a user; all its sessions end
    Password(SetPassword),
    /// Close an account, so that nobody signs in with it any more
    Close(CloseUser),
}

/// `tabard user create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The password is read from standard input, one line.\n\n\
    Example:\n  \
    echo 'a long and secret sentence' | tabard user create --tenant 7 --email ada@example.org --name Ada\n  \
    … --may accounts:write,bookings:read --organization 12\n\n\
    A SQLite store must not be served at the same time.")]
pub struct CreateUser {
    /// The tenant in which the user works; `tabard tenant list` shows them
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    /// The address by which the user signs in
    #[arg(long)]
    email: String,
    /// The name
    #[arg(long)]
    name: String,
    /// What the user may do, such as bookings:read, separated by commas [default: everything]
    #[arg(long, value_name = "CAPABILITIES", value_delimiter = ',', value_parser = capability)]
    may: Vec<Capability>,
    /// A property to which the user is limited; may be repeated
    #[arg(long = "organization", value_name = "ID", value_parser = places::id)]
    organizations: Vec<Id>,
    /// Set no password: the user asks for a mail to set one
    #[arg(long)]
    without_password: bool,
    #[command(flatten)]
    place: Place,
}

/// `tabard user list`.
#[derive(Debug, clap::Args)]
pub struct ListUsers {
    /// The tenant
    #[arg(long, value_name = "ID", value_parser = places::id)]
    tenant: Id,
    #[command(flatten)]
    place: Place,
}

/// `tabard user password`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The password is read from standard input, one line.")]
pub struct SetPassword {
    /// The address by which the user signs in
    #[arg(long)]
    email: String,
    #[command(flatten)]
    place: Place,
}

/// `tabard user close`.
#[derive(Debug, clap::Args)]
pub struct CloseUser {
    /// The address by which the user signs in
    #[arg(long)]
    email: String,
    #[command(flatten)]
    place: Place,
}

/// Reads a capability on the command line.
fn capability(text: &str) -> Result<Capability, String> {
    text.parse().map_err(|_| {
        "expected a capability such as bookings:read or bookings.personal:write".into()
    })
}

impl UserCommand {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            UserCommand::Create(create) => create.run().await,
            UserCommand::List(list) => list.run().await,
            UserCommand::Password(set) => set.run().await,
            UserCommand::Close(close) => close.run().await,
        }
    }
}

fn users(store: &store::Store) -> Users {
    Identity::new(store.clone(), IdentitySettings::default()).users()
}

/// The line that stands on standard input.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    // A password that never ends is cut, and refused for its length.
    let mut line = std::io::stdin().lock().take(8 * 1024);
    line.read_to_string(&mut text)
        .context("the password can't be read from standard input")?;
    let line = text.lines().next().unwrap_or_default().to_owned();
    ensure!(
        !line.is_empty(),
        "write the password to standard input, in one line of {SHORTEST_PASSWORD} characters or more"
    );
    Ok(line)
}

impl CreateUser {
    async fn run(self) -> anyhow::Result<()> {
        let password = match self.without_password {
            true => None,
            false => Some(password()?),
        };
        let store = self.place.open().await?;
        let new = NewUser {
            tenant_id: self.tenant,
            email: self.email.clone(),
            name: self.name.clone(),
            capabilities: self.capabilities(),
            organizations: (!self.organizations.is_empty()).then(|| self.organizations.clone()),
        };
        let occasion = occasion("user create");
        let mut rng = entropy::secrets();
        let made = users(&store)
            .create(new, password.as_deref(), &occasion, &mut rng)
            .await?;
        store.close().await;
        say(&format!("user {}", made?))
    }

    fn capabilities(&self) -> Capabilities {
        if self.may.is_empty() {
            return Capabilities::everything(Reach::Tenant);
        }
        let mut capabilities = Capabilities::none();
        for capability in &self.may {
            capabilities.grant(*capability, Reach::Tenant);
        }
        capabilities
    }
}

impl ListUsers {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open_for_reading().await?;
        let known = users(&store).of_tenant(self.tenant).await?;
        if known.is_empty() {
            return say("no users yet; make one with: tabard user create");
        }
        for (user, _) in known {
            let state = match (user.closed_at, user.password) {
                (Some(_), _) => "closed",
                (None, None) => "without a password",
                (None, Some(_)) => "open",
            };
            say(&format!(
                "{}\t{}\t{}\t{state}",
                user.id, user.email, user.name
            ))?;
        }
        Ok(())
    }
}

async fn named(users: &Users, email: &str) -> anyhow::Result<Id> {
    match users.by_email(email).await? {
        Some(user) => Ok(user.id),
        None => bail!("nobody signs in as {email}: `tabard user list` shows a tenant's users"),
    }
}

impl SetPassword {
    async fn run(self) -> anyhow::Result<()> {
        let password = password()?;
        let store = self.place.open().await?;
        let users = users(&store);
        let user_id = named(&users, &self.email).await?;
        let occasion = occasion("user password");
        let mut rng = entropy::secrets();
        let set = users.set_password(user_id, &password, &occasion, &mut rng);
        let set = set.await?;
        store.close().await;
        set?;
        say("the password is set, and all sessions have ended")
    }
}

impl CloseUser {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.place.open().await?;
        let users = users(&store);
        let user_id = named(&users, &self.email).await?;
        let closed = users.close(user_id, &occasion("user close")).await?;
        store.close().await;
        closed?;
        say("the account is closed")
    }
}
