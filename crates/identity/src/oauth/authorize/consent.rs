//! What a user is asked: which app wants what, and in which of the user's places.

use catalogue::access::Tenant;
use catalogue::inventory::Organization;
use catalogue::people::Employee;
use domain::access::capability;
use domain::id::Id;
use store::{Condition, Tx};

use super::request::AuthorizationRequest;
use crate::oauth::installations::MOST_ORGANIZATIONS;
use crate::oauth::sign_in::SIGN_OUT;
use crate::oauth::{OAuth, redirect, scopes};
use crate::users::{SignedIn, csrf};

/// The most tenants that a page offers.
const MOST_PLACES: u64 = 50;

/// What stands on the consent page.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The app's name.
    pub app_name: String,
    /// Where the answer will go, so that the user can tell the app from another of its name.
    pub leads_to: String,
    /// Who is signed in.
    pub user_name: String,
    /// What is asked for: the word, and what it opens.
    pub scopes: Vec<(String, String)>,
    /// Where the app can be installed; empty when the user may install it nowhere.
    pub places: Vec<Place>,
    /// Where the form is posted to.
    pub action: String,
    /// What the form carries unseen.
    pub hidden: Vec<(String, String)>,
    /// Where the form is posted to that signs the user out, and what it carries unseen.
    pub sign_out: (String, Vec<(String, String)>),
}

/// A tenant with the organizations that the user may grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tenant.
    pub tenant_id: Id,
    /// Its name.
    pub name: String,
    /// Its organizations, by name.
    pub organizations: Vec<(Id, String)>,
}

/// The purpose for which the form's token is good.
pub(crate) const PURPOSE: &str = "consent";

impl OAuth {
    /// What the user is asked.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn consent(
        &self,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> store::Result<Consent> {
        let mut tx = self.identity.store().reader().await?;
        let wanted = scopes::permissions(&request.app, &request.scopes);
        let hidden = |purpose| {
            let token = csrf::token(&signed_in.secret, purpose);
            let mut hidden = request.carried();
            hidden.push((csrf::FIELD.to_owned(), token));
            hidden
        };
        Ok(Consent {
            app_name: request.app_name.clone(),
            leads_to: redirect::source_of(&request.redirect_uri).unwrap_or_default(),
            user_name: signed_in.name.clone(),
            places: places(&mut tx, signed_in.user_id).await?,
            scopes: wanted
                .into_iter()
                .map(|permission| (permission.word.clone(), permission.about.clone()))
                .collect(),
            action: self.profile.url(self.profile.paths.authorize),
            hidden: hidden(PURPOSE),
            sign_out: (
                self.profile.url(self.profile.paths.sign_out),
                hidden(SIGN_OUT),
            ),
        })
    }
}

/// Where a user may install apps.
async fn places(tx: &mut Tx, user_id: Id) -> store::Result<Vec<Place>> {
    let of_user = Condition::Is("user_id", user_id.into());
    let employees = tx
        .find::<Employee>(&of_user, "tenant_id", Some(MOST_PLACES), 0)
        .await?;
    let mut places = Vec::new();
    for employee in employees.into_iter().filter(may_install) {
        let Some(tenant) = tx.get::<Tenant>(&[employee.tenant_id.into()]).await? else {
            continue;
        };
        let organizations = organizations(tx, &employee).await?;
        if !organizations.is_empty() {
            places.push(Place {
                tenant_id: tenant.id,
                name: tenant.name,
                organizations,
            });
        }
    }
    Ok(places)
}

async fn organizations(tx: &mut Tx, employee: &Employee) -> store::Result<Vec<(Id, String)>> {
    let of_tenant = Condition::Is("tenant_id", employee.tenant_id.into());
    let found = tx
        .find::<Organization>(&of_tenant, "name, id", Some(MOST_ORGANIZATIONS as u64), 0)
        .await?;
    let reached = found
        .into_iter()
        .filter(|organization| reaches(employee, organization.id));
    Ok(reached
        .map(|organization| (organization.id, organization.name))
        .collect())
}

/// Whether a user may install apps where it works: whoever may change the account there.
pub(crate) fn may_install(employee: &Employee) -> bool {
    employee.capabilities.contains(capability::ACCOUNTS_WRITE)
}

/// Whether a user's place reaches an organization.
pub(crate) fn reaches(employee: &Employee, organization_id: Id) -> bool {
    let reached = employee.organizations.as_deref();
    reached.is_none_or(|reached| reached.contains(&organization_id))
}
