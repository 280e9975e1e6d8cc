//! Apps: registered, given secrets and permissions, halted. Each belongs to the tenant that registered it.

use catalogue::access::Client;
use catalogue::oauth::{App, AppSecret, Permission};
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use rand::CryptoRng;
use store::events::EventRow;
use store::{ColdCommand, Condition, Tx};

use super::client_auth::MOST_SECRETS;
use super::redirect::{self, BadRedirectUri};
use super::{OAuth, scopes};
use crate::secret::{Hash, Secret};
use crate::{Occasion, Quota};

/// An app to be registered.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The tenant that registers it.
    pub tenant_id: Id,
    /// Its name, as the consent page shows it.
    pub name: String,
    /// Whether it can keep a secret. A program on somebody else's device or in a browser cannot.
    pub confidential: bool,
    /// Where codes may be sent. An app that nobody installs by consent needs none.
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub permissions: Vec<Permission>,
    /// How much each of its installations may ask for.
    pub quota: Quota,
}

/// An app after it was registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its id.
    pub app_id: Id,
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, where it can keep one. It is shown once.
    pub client_secret: Option<Secret>,
    /// The secret's id, by which it is retired.
    pub secret_id: Option<Id>,
}

/// Why an app is not registered or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppRefused {
    /// No such tenant, or no such app of it.
    #[error("there is no such app")]
    NotFound,
    /// The name is empty or too long.
    #[error("an app needs a name of at most 100 characters")]
    Name,
    /// A redirect URI that may not be registered.
    #[error(transparent)]
    RedirectUri(#[from] BadRedirectUri),
    /// A permission whose word is no scope word, or that is there twice.
    #[error("{0:?} can't be a scope word, or is there twice")]
    Permission(String),
    /// A public app has no secret.
    #[error("a public app keeps no secret")]
    Public,
    /// There are too many secrets; retire one first.
    #[error("an app has at most {MOST_SECRETS} secrets")]
    TooManySecrets,
}

impl NewApp {
    fn check(&self) -> Result<(), AppRefused> {
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            return Err(AppRefused::Name);
        }
        check_uris(&self.redirect_uris)?;
        check_permissions(&self.permissions)
    }
}

fn check_uris(uris: &[String]) -> Result<(), AppRefused> {
    if uris.len() > redirect::MOST {
        return Err(BadRedirectUri::TooMany.into());
    }
    Ok(uris.iter().try_for_each(|uri| redirect::check(uri))?)
}

fn check_permissions(permissions: &[Permission]) -> Result<(), AppRefused> {
    for (index, permission) in permissions.iter().enumerate() {
        let is_repeated = permissions[..index]
            .iter()
            .any(|earlier| earlier.word == permission.word);
        if index >= scopes::MOST || is_repeated || !scopes::is_word(&permission.word) {
            return Err(AppRefused::Permission(permission.word.clone()));
        }
    }
    Ok(())
}

/// A change of an app.
#[derive(Clone, Debug)]
enum AppChange {
    Halt,
    Resume,
    Permissions(Vec<Permission>),
    RedirectUris(Vec<String>),
}

impl OAuth {
    /// Registers an app. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the app is not registered.
    pub async fn register(
        &self,
        app: NewApp,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Result<Registered, AppRefused>> {
        if let Err(refused) = app.check() {
            return Ok(Err(refused));
        }
        let client_id = Secret::url_safe(rng).reveal().to_owned();
        let client_secret = app.confidential.then(|| Secret::url_safe(rng));
        let command = Register {
            dialect: self.profile.dialect,
            app,
            public_id: client_id.clone(),
            secret: client_secret.as_ref().map(Secret::hash),
            occasion: occasion.clone(),
        };
        let registered = self.identity.store().run(command).await?;
        Ok(registered.map(|(app_id, secret_id)| Registered {
            app_id,
            client_id,
            client_secret,
            secret_id,
        }))
    }

    /// Gives an app one more secret. Those it has stay valid until they are retired, so that it can be
    /// replaced without a gap.
    ///
    /// # Errors
    /// When the store cannot write; inside, why there is no new secret.
    pub async fn add_secret(
        &self,
        tenant_id: Id,
        app_id: Id,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Result<(Id, Secret), AppRefused>> {
        let secret = Secret::url_safe(rng);
        let command = AddSecret {
            tenant_id,
            app_id,
            hash: secret.hash(),
            now,
        };
        let added = self.identity.store().run(command).await?;
        Ok(added.map(|secret_id| (secret_id, secret)))
    }

    /// Says when a secret stops working; with `now`, at once.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such secret.
    pub async fn retire_secret(
        &self,
        tenant_id: Id,
        app_id: Id,
        secret_id: Id,
        ends_at: Timestamp,
    ) -> store::Result<Result<(), AppRefused>> {
        let command = RetireSecret {
            tenant_id,
            app_id,
            secret_id,
            ends_at,
        };
        self.identity.store().run(command).await
    }

    /// Halts an app: its tokens and keys are refused at once, and it gets no new ones.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such app.
    pub async fn halt(
        &self,
        tenant_id: Id,
        app_id: Id,
        occasion: &Occasion,
    ) -> store::Result<Result<(), AppRefused>> {
        self.change(tenant_id, app_id, AppChange::Halt, occasion)
            .await
    }

    /// Lets a halted app go on, with the tokens that it has.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such app.
    pub async fn resume(
        &self,
        tenant_id: Id,
        app_id: Id,
        occasion: &Occasion,
    ) -> store::Result<Result<(), AppRefused>> {
        self.change(tenant_id, app_id, AppChange::Resume, occasion)
            .await
    }

    /// Replaces what an app may ask for. API keys follow at once. Installations by consent lose at once what
    /// is gone, and get what is new by a new consent only.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the app is not changed.
    pub async fn set_permissions(
        &self,
        tenant_id: Id,
        app_id: Id,
        permissions: Vec<Permission>,
        occasion: &Occasion,
    ) -> store::Result<Result<(), AppRefused>> {
        if let Err(refused) = check_permissions(&permissions) {
            return Ok(Err(refused));
        }
        let change = AppChange::Permissions(permissions);
        self.change(tenant_id, app_id, change, occasion).await
    }

    /// Replaces where codes may be sent.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the app is not changed.
    pub async fn set_redirect_uris(
        &self,
        tenant_id: Id,
        app_id: Id,
        redirect_uris: Vec<String>,
        occasion: &Occasion,
    ) -> store::Result<Result<(), AppRefused>> {
        if let Err(refused) = check_uris(&redirect_uris) {
            return Ok(Err(refused));
        }
        let change = AppChange::RedirectUris(redirect_uris);
        self.change(tenant_id, app_id, change, occasion).await
    }

    /// The apps that a tenant registered, in the order in which they were.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn apps(&self, tenant_id: Id) -> store::Result<Vec<App>> {
        let of_tenant = Condition::Is("tenant_id", tenant_id.into());
        let tx = self.identity.store().reader().await?;
        let mut apps = tx.find::<App>(&of_tenant, "id", Some(1_000), 0).await?;
        apps.retain(|app| app.dialect == self.profile.dialect);
        Ok(apps)
    }

    async fn change(
        &self,
        tenant_id: Id,
        app_id: Id,
        change: AppChange,
        occasion: &Occasion,
    ) -> store::Result<Result<(), AppRefused>> {
        let command = ChangeApp {
            dialect: self.profile.dialect,
            tenant_id,
            app_id,
            change,
            occasion: occasion.clone(),
        };
        let changed = self.identity.store().run(command).await?;
        // Callers carry what their app may do.
        self.identity.note_change(app_id);
        Ok(changed)
    }
}

/// An app of this tenant, which nobody else changes before the transaction has ended.
pub(crate) async fn own_app(tx: &mut Tx, tenant_id: Id, app_id: Id) -> store::Result<Option<App>> {
    let app = tx.get_locked::<App>(&[app_id.into()]).await?;
    Ok(app.filter(|app| app.tenant_id == tenant_id))
}

struct Register {
    dialect: &'static str,
    app: NewApp,
    public_id: String,
    secret: Option<Hash>,
    occasion: Occasion,
}

impl ColdCommand for Register {
    /// The app and its secret.
    type Output = Result<(Id, Option<Id>), AppRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let (now, tenant_id) = (self.occasion.now, self.app.tenant_id);
        let tenant = tx
            .get::<catalogue::access::Tenant>(&[tenant_id.into()])
            .await?;
        if tenant.is_none() {
            return Ok(Err(AppRefused::NotFound));
        }
        let app_id = ids.next(now);
        tx.insert(&[Client {
            id: app_id,
            name: self.app.name.trim().to_owned(),
            created_at: now,
        }])
        .await?;
        tx.insert(&[App {
            id: app_id,
            tenant_id,
            dialect: self.dialect.to_owned(),
            public_id: self.public_id.clone(),
            created_at: now,
            halted_at: None,
            version: 1,
            confidential: self.app.confidential,
            redirect_uris: self.app.redirect_uris.clone(),
            permissions: self.app.permissions.clone(),
            quota: self.app.quota,
        }])
        .await?;
        let secret_id = self.secret.map(|_| ids.next(now));
        if let (Some(hash), Some(id)) = (self.secret, secret_id) {
            tx.insert(&[secret_row(id, app_id, hash, now)]).await?;
        }
        note(tx, ids, &self.occasion, tenant_id, app_id, "app.registered").await?;
        Ok(Ok((app_id, secret_id)))
    }
}

fn secret_row(id: Id, app_id: Id, hash: Hash, now: Timestamp) -> AppSecret {
    AppSecret {
        id,
        app_id,
        hash: hash.to_vec(),
        created_at: now,
        ends_at: None,
    }
}

/// Writes into the audit trail what was done to an app. Subscribers are not told.
async fn note(
    tx: &mut Tx,
    ids: &IdSource,
    occasion: &Occasion,
    tenant_id: Id,
    app_id: Id,
    event: &'static str,
) -> store::Result<()> {
    let stamp = occasion.stamp(tenant_id, app_id, app_id, occasion.now);
    let id = ids.next(occasion.now);
    let event = EventRow::new(&stamp, id, event, app_id, tenant_id, false);
    tx.record(&[event]).await
}

struct AddSecret {
    tenant_id: Id,
    app_id: Id,
    hash: Hash,
    now: Timestamp,
}

impl ColdCommand for AddSecret {
    type Output = Result<Id, AppRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let Some(app) = own_app(tx, self.tenant_id, self.app_id).await? else {
            return Ok(Err(AppRefused::NotFound));
        };
        if !app.confidential {
            return Ok(Err(AppRefused::Public));
        }
        let sql = "DELETE FROM app_secret WHERE app_id = $1 AND ends_at <= $2";
        let ended = [app.id.into(), self.now.as_millisecond().into()];
        tx.execute(sql, &ended).await?;
        let of_app = Condition::Is("app_id", app.id.into());
        let secrets = tx.find::<AppSecret>(&of_app, "", None, 0).await?;
        if secrets.len() >= MOST_SECRETS {
            return Ok(Err(AppRefused::TooManySecrets));
        }
        let id = ids.next(self.now);
        tx.insert(&[secret_row(id, app.id, self.hash, self.now)])
            .await?;
        Ok(Ok(id))
    }
}

struct RetireSecret {
    tenant_id: Id,
    app_id: Id,
    secret_id: Id,
    ends_at: Timestamp,
}

impl ColdCommand for RetireSecret {
    type Output = Result<(), AppRefused>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        if own_app(tx, self.tenant_id, self.app_id).await?.is_none() {
            return Ok(Err(AppRefused::NotFound));
        }
        let secret = tx.get::<AppSecret>(&[self.secret_id.into()]).await?;
        let Some(mut secret) = secret.filter(|secret| secret.app_id == self.app_id) else {
            return Ok(Err(AppRefused::NotFound));
        };
        secret.ends_at = Some(self.ends_at);
        tx.update(&mut secret).await?;
        Ok(Ok(()))
    }
}

struct ChangeApp {
    dialect: &'static str,
    tenant_id: Id,
    app_id: Id,
    change: AppChange,
    occasion: Occasion,
}

impl ColdCommand for ChangeApp {
    type Output = Result<(), AppRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let app = own_app(tx, self.tenant_id, self.app_id).await?;
        let Some(mut app) = app.filter(|app| app.dialect == self.dialect) else {
            return Ok(Err(AppRefused::NotFound));
        };
        let event = match &self.change {
            AppChange::Halt => {
                app.halted_at = app.halted_at.or(Some(self.occasion.now));
                "app.halted"
            }
            AppChange::Resume => {
                app.halted_at = None;
                "app.resumed"
            }
            AppChange::Permissions(permissions) => {
                app.permissions.clone_from(permissions);
                "app.permissions_changed"
            }
            AppChange::RedirectUris(uris) => {
                app.redirect_uris.clone_from(uris);
                "app.redirect_uris_changed"
            }
        };
        tx.update(&mut app).await?;
        note(tx, ids, &self.occasion, self.tenant_id, app.id, event).await?;
        Ok(Ok(()))
    }
}
