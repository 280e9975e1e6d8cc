//! Client credentials: an app acts for the tenant that registered it.

use std::sync::Arc;

use catalogue::oauth::App;
use domain::id::{Id, IdSource};
use store::{ColdCommand, Tx};

use super::{Given, narrowed, standing};
use crate::Occasion;
use crate::oauth::installations::{self, How};
use crate::oauth::{Profile, Reason};
use crate::secret::Hash;

/// Makes an access token for an app's own installation. There is no refresh token: the app has its secret.
pub(crate) struct OwnToken {
    pub(crate) app_id: Id,
    pub(crate) scope: Option<String>,
    pub(crate) access: Hash,
    pub(crate) profile: Arc<Profile>,
    pub(crate) occasion: Occasion,
}

impl ColdCommand for OwnToken {
    type Output = Result<Given, Reason>;

    async fn run(&self, tx: &mut Tx, _: &IdSource) -> store::Result<Self::Output> {
        let Some(app) = tx.get::<App>(&[self.app_id.into()]).await? else {
            return Ok(Err(Reason::WrongClient));
        };
        let own = installations::find(tx, app.id, app.tenant_id, How::Own).await?;
        let Some(own) = own else {
            return Ok(Err(Reason::NotInstalled));
        };
        let now = self.occasion.now;
        let Some(standing) = standing(tx, own.id, app.tenant_id, app.id, now).await? else {
            return Ok(Err(Reason::NotInstalled));
        };
        if let Some(reason) = standing.ended() {
            return Ok(Err(reason));
        }
        let granted = installations::in_force(&standing.app, How::Own, &standing.grant, None);
        let scopes = match narrowed(self.scope.as_deref(), granted) {
            Ok(scopes) => scopes,
            Err(reason) => return Ok(Err(reason)),
        };
        let given = standing.give(tx, self.access, None, scopes, &self.profile);
        Ok(Ok(given.await?))
    }
}
