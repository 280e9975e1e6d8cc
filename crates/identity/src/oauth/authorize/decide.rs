//! What the user has decided: read off the form, checked, and turned into the place where the browser goes.

use domain::id::Id;
use rand::CryptoRng;

use super::consent::PURPOSE;
use super::issue::IssueCode;
use super::request::{AuthorizationError, AuthorizationRequest, Untrusted, unavailable};
use crate::Occasion;
use crate::oauth::parameters::BadParameters;
use crate::oauth::{OAuth, Parameters, redirect};
use crate::secret::Secret;
use crate::users::{SignedIn, csrf};

/// Why a decision is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionRefused {
    /// The client is told.
    #[error("{0}")]
    Authorization(AuthorizationError),
    /// The form was not made for this session.
    #[error("This form is not yours, or too old. Please open the link again.")]
    ForeignForm,
    /// Something in the form is given twice.
    #[error("The form cannot be used: {0}.")]
    Parameters(#[from] BadParameters),
    /// Neither allowed nor denied.
    #[error("Please choose whether to allow this.")]
    NoDecision,
    /// The place or its organizations are not the user's, or none was picked.
    #[error("Please pick at least one administration that you may grant.")]
    Organizations,
    /// It cannot be written just now.
    #[error("{0}")]
    Unavailable(Untrusted),
}

impl OAuth {
    /// Takes a decision. The answer is where the browser is sent.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) async fn decided(
        &self,
        form: &Parameters,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<String, DecisionRefused> {
        let token = form.one(csrf::FIELD)?.unwrap_or_default();
        if !csrf::belongs(&signed_in.secret, PURPOSE, token) {
            return Err(DecisionRefused::ForeignForm);
        }
        match form.one("decision")? {
            Some("allow") => {}
            Some("deny") => {
                return Err(DecisionRefused::Authorization(AuthorizationError::Denied));
            }
            _ => return Err(DecisionRefused::NoDecision),
        }
        let (tenant_id, organizations) = picked(form)?;
        let code = Secret::url_safe(rng);
        let command = IssueCode {
            code: code.hash(),
            app_id: request.app.id,
            tenant_id,
            user_id: signed_in.user_id,
            organizations,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            scopes: request.scopes.clone(),
            profile: std::sync::Arc::clone(&self.profile),
            occasion: occasion.clone(),
        };
        let issued = self.identity.store().run(command).await;
        let installation_id =
            issued.map_err(|error| DecisionRefused::Unavailable(unavailable(&error)))??;
        // What was granted before may have become less.
        self.identity.note_change(installation_id);
        Ok(self.code_place(request, &code))
    }

    /// The client's redirect URI with the code, its state, and who sends it.
    fn code_place(&self, request: &AuthorizationRequest, code: &Secret) -> String {
        let mut answer = vec![("code", code.reveal())];
        answer.extend(request.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", &self.profile.issuer));
        redirect::with_answer(&request.redirect_uri, &answer)
    }
}

/// The tenant and its organizations. An organization is `tenant:organization`, so that one of another tenant
/// is never taken for one of this.
fn picked(form: &Parameters) -> Result<(Id, Vec<Id>), DecisionRefused> {
    let refused = || DecisionRefused::Organizations;
    let tenant_id: Id = form
        .one("tenant")?
        .and_then(|text| text.parse().ok())
        .ok_or_else(refused)?;
    let mut organizations = Vec::new();
    for text in form.all("organization") {
        let (tenant, organization) = text.split_once(':').ok_or_else(refused)?;
        let tenant: Id = tenant.parse().map_err(|_| refused())?;
        let organization: Id = organization.parse().map_err(|_| refused())?;
        // Boxes of another tenant may have stayed ticked; they are not meant.
        if tenant == tenant_id {
            organizations.push(organization);
        }
    }
    if organizations.is_empty() {
        return Err(refused());
    }
    Ok((tenant_id, organizations))
}
