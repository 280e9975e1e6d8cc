//! Accounts: made, given a place in a tenant, given a password, closed.
//!
//! Whoever calls these has to have authorized it: they are for the operator and for a tenant's own staff.

use catalogue::access::Tenant;
use catalogue::people::{Employee, PasswordReset, User};
use domain::access::Capabilities;
use domain::id::{Id, IdSource};
use rand::CryptoRng;
use store::{ColdCommand, Condition, Tx};

use super::reset::forget_resets;
use super::session::end_all;
use super::{LONGEST_PASSWORD, SHORTEST_PASSWORD, Users, email_of, find, note};
use crate::Occasion;
use crate::oauth::installations::are_organizations;

/// An account to be made, with its first place.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The tenant in which it works.
    pub tenant_id: Id,
    /// The address by which it signs in.
    pub email: String,
    /// The name.
    pub name: String,
    /// What it may do there.
    pub capabilities: Capabilities,
    /// The organizations it is limited to; `None` for the whole tenant.
    pub organizations: Option<Vec<Id>>,
}

/// Why an account is not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserRefused {
    /// No such tenant or user.
    #[error("there is no such user or tenant")]
    NotFound,
    /// It can't be an address.
    #[error("that can't be an email address")]
    Email,
    /// Somebody signs in with this address already.
    #[error("there is a user with this email address already")]
    EmailTaken,
    /// The name is empty or too long.
    #[error("a user needs a name of at most 100 characters")]
    Name,
    /// An organization that is not the tenant's.
    #[error("an organization is not the tenant's")]
    Organizations,
    /// The password is too short or too long.
    #[error(
        "a password has {SHORTEST_PASSWORD} characters or more, and at most {LONGEST_PASSWORD} bytes"
    )]
    Password,
    /// Too many passwords are being tried.
    #[error("the house is busy; try again in a moment")]
    Busy,
}

/// Whether this may be a password.
pub(super) fn check_password(password: &str) -> Result<(), UserRefused> {
    let is_long_enough = password.chars().count() >= SHORTEST_PASSWORD;
    if is_long_enough && password.len() <= LONGEST_PASSWORD {
        Ok(())
    } else {
        Err(UserRefused::Password)
    }
}

impl Users {
    /// Makes an account. Without a password its user asks for a mail to set one.
    ///
    /// # Errors
    /// When the store cannot write; inside, why there is no account.
    pub async fn create(
        &self,
        user: NewUser,
        password: Option<&str>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Result<Id, UserRefused>> {
        let Some(email) = email_of(&user.email) else {
            return Ok(Err(UserRefused::Email));
        };
        if user.name.trim().is_empty() || user.name.chars().count() > 100 {
            return Ok(Err(UserRefused::Name));
        }
        let password = match password {
            Some(password) => match self.hashed(password, rng).await {
                Ok(hash) => Some(hash),
                Err(refused) => return Ok(Err(refused)),
            },
            None => None,
        };
        let command = CreateUser {
            user,
            email,
            password,
            occasion: occasion.clone(),
        };
        self.identity.store().run(command).await
    }

    pub(super) async fn hashed(
        &self,
        password: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<String, UserRefused> {
        check_password(password)?;
        let hashed = self.identity.passwords().hash(password, rng).await;
        hashed.map_err(|_| UserRefused::Busy)
    }

    /// Gives a user a place in a tenant, or changes the one it has.
    ///
    /// # Errors
    /// When the store cannot write; inside, why there is no place.
    pub async fn employ(
        &self,
        tenant_id: Id,
        user_id: Id,
        capabilities: Capabilities,
        organizations: Option<Vec<Id>>,
        occasion: &Occasion,
    ) -> store::Result<Result<(), UserRefused>> {
        let place = Some((capabilities, organizations));
        self.place(tenant_id, user_id, place, occasion).await
    }

    /// Takes a user's place in a tenant away. What the user has installed there stays.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such place.
    pub async fn dismiss(
        &self,
        tenant_id: Id,
        user_id: Id,
        occasion: &Occasion,
    ) -> store::Result<Result<(), UserRefused>> {
        self.place(tenant_id, user_id, None, occasion).await
    }

    async fn place(
        &self,
        tenant_id: Id,
        user_id: Id,
        place: Option<(Capabilities, Option<Vec<Id>>)>,
        occasion: &Occasion,
    ) -> store::Result<Result<(), UserRefused>> {
        let command = Place {
            tenant_id,
            user_id,
            place,
            occasion: occasion.clone(),
        };
        self.identity.store().run(command).await
    }

    /// Sets a password, ends all sessions of its user, and all mailed tokens.
    ///
    /// # Errors
    /// When the store cannot write; inside, why the password stays.
    pub async fn set_password(
        &self,
        user_id: Id,
        password: &str,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> store::Result<Result<(), UserRefused>> {
        let hash = match self.hashed(password, rng).await {
            Ok(hash) => hash,
            Err(refused) => return Ok(Err(refused)),
        };
        let change = UserChange::Password(hash);
        self.change_user(user_id, change, occasion).await
    }

    /// Closes an account: nobody signs in with it any more.
    ///
    /// # Errors
    /// When the store cannot write; inside, when there is no such user.
    pub async fn close(
        &self,
        user_id: Id,
        occasion: &Occasion,
    ) -> store::Result<Result<(), UserRefused>> {
        self.change_user(user_id, UserChange::Close, occasion).await
    }

    async fn change_user(
        &self,
        user_id: Id,
        change: UserChange,
        occasion: &Occasion,
    ) -> store::Result<Result<(), UserRefused>> {
        let command = ChangeUser {
            user_id,
            change,
            occasion: occasion.clone(),
        };
        self.identity.store().run(command).await
    }

    /// The user who signs in with this address.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn by_email(&self, email: &str) -> store::Result<Option<User>> {
        let Some(email) = email_of(email) else {
            return Ok(None);
        };
        let mut tx = self.identity.store().reader().await?;
        find(&mut tx, &email).await
    }

    /// The users who have a place in a tenant, with their places.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn of_tenant(&self, tenant_id: Id) -> store::Result<Vec<(User, Employee)>> {
        let tx = self.identity.store().reader().await?;
        let there = Condition::Is("tenant_id", tenant_id.into());
        let employees = tx
            .find::<Employee>(&there, "user_id", Some(1_000), 0)
            .await?;
        let mut users = Vec::with_capacity(employees.len());
        for employee in employees {
            let user = tx.get::<User>(&[employee.user_id.into()]).await?;
            users.extend(user.map(|user| (user, employee)));
        }
        Ok(users)
    }
}

struct CreateUser {
    user: NewUser,
    email: String,
    password: Option<String>,
    occasion: Occasion,
}

impl ColdCommand for CreateUser {
    type Output = Result<Id, UserRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let (tenant_id, now) = (self.user.tenant_id, self.occasion.now);
        if tx.get::<Tenant>(&[tenant_id.into()]).await?.is_none() {
            return Ok(Err(UserRefused::NotFound));
        }
        if !are_of_tenant(tx, tenant_id, self.user.organizations.as_deref()).await? {
            return Ok(Err(UserRefused::Organizations));
        }
        if find(tx, &self.email).await?.is_some() {
            return Ok(Err(UserRefused::EmailTaken));
        }
        let user_id = ids.next(now);
        tx.insert(&[User {
            id: user_id,
            tenant_id,
            email: self.email.clone(),
            created_at: now,
            closed_at: None,
            version: 1,
            name: self.user.name.trim().to_owned(),
            password: self.password.clone(),
        }])
        .await?;
        tx.insert(&[Employee {
            tenant_id,
            user_id,
            created_at: now,
            capabilities: self.user.capabilities.clone(),
            organizations: self.user.organizations.clone(),
        }])
        .await?;
        note(tx, ids, &self.occasion, tenant_id, user_id, "user.created").await?;
        Ok(Ok(user_id))
    }
}

async fn are_of_tenant(
    tx: &mut Tx,
    tenant_id: Id,
    organizations: Option<&[Id]>,
) -> store::Result<bool> {
    match organizations {
        Some(organizations) => are_organizations(tx, tenant_id, organizations).await,
        None => Ok(true),
    }
}

struct Place {
    tenant_id: Id,
    user_id: Id,
    place: Option<(Capabilities, Option<Vec<Id>>)>,
    occasion: Occasion,
}

impl ColdCommand for Place {
    type Output = Result<(), UserRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let (tenant_id, user_id) = (self.tenant_id, self.user_id);
        let key = [tenant_id.into(), user_id.into()];
        let tenant = tx.get::<Tenant>(&[tenant_id.into()]).await?;
        let user = tx.get_locked::<User>(&[user_id.into()]).await?;
        if tenant.is_none() || user.is_none_or(|user| user.closed_at.is_some()) {
            return Ok(Err(UserRefused::NotFound));
        }
        let organizations = self
            .place
            .as_ref()
            .and_then(|(_, within)| within.as_deref());
        if !are_of_tenant(tx, tenant_id, organizations).await? {
            return Ok(Err(UserRefused::Organizations));
        }
        let removed = tx.remove::<Employee>(&[key.to_vec()]).await?;
        let event = match &self.place {
            Some((capabilities, organizations)) => {
                tx.insert(&[Employee {
                    tenant_id,
                    user_id,
                    created_at: self.occasion.now,
                    capabilities: capabilities.clone(),
                    organizations: organizations.clone(),
                }])
                .await?;
                "user.employed"
            }
            None if removed == 0 => return Ok(Err(UserRefused::NotFound)),
            None => "user.dismissed",
        };
        note(tx, ids, &self.occasion, tenant_id, user_id, event).await?;
        Ok(Ok(()))
    }
}

enum UserChange {
    Password(String),
    Close,
}

struct ChangeUser {
    user_id: Id,
    change: UserChange,
    occasion: Occasion,
}

impl ColdCommand for ChangeUser {
    type Output = Result<(), UserRefused>;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<Self::Output> {
        let user = tx.get_locked::<User>(&[self.user_id.into()]).await?;
        let Some(mut user) = user.filter(|user| user.closed_at.is_none()) else {
            return Ok(Err(UserRefused::NotFound));
        };
        let event = match &self.change {
            UserChange::Password(hash) => {
                user.password = Some(hash.clone());
                "user.password_set"
            }
            UserChange::Close => {
                user.closed_at = Some(self.occasion.now);
                "user.closed"
            }
        };
        tx.update(&mut user).await?;
        end_all(tx, user.id).await?;
        forget_resets(tx, user.id).await?;
        note(tx, ids, &self.occasion, user.tenant_id, user.id, event).await?;
        Ok(Ok(()))
    }
}

/// Sets the password that a mailed token allows to set. Here, because it changes the account.
pub(super) struct ResetPassword {
    pub(super) hash: crate::secret::Hash,
    pub(super) password: String,
    pub(super) occasion: Occasion,
}

impl ColdCommand for ResetPassword {
    /// Whether the token was good.
    type Output = bool;

    async fn run(&self, tx: &mut Tx, ids: &IdSource) -> store::Result<bool> {
        let by_hash = Condition::Is("hash", catalogue::Value::Bytes(self.hash.to_vec()));
        let reset = tx
            .find::<PasswordReset>(&by_hash, "", Some(1), 0)
            .await?
            .pop();
        let Some(reset) = reset.filter(|reset| self.occasion.now < reset.expires_at) else {
            return Ok(false);
        };
        // Whoever removes the row has won; of two that come at once the other finds none to remove.
        let key = vec![reset.tenant_id.into(), reset.id.into()];
        if tx.remove::<PasswordReset>(&[key]).await? != 1 {
            return Ok(false);
        }
        let change = ChangeUser {
            user_id: reset.user_id,
            change: UserChange::Password(self.password.clone()),
            occasion: self.occasion.clone(),
        };
        Ok(change.run(tx, ids).await?.is_ok())
    }
}
