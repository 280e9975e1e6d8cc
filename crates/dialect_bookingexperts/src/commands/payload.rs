//! What an app is asked with when its button is pressed: the envelope of webhooks, with the command, who
//! pressed it, and where to send them afterwards.

use domain::{access::Actor, id::Id};
use http_kit::Refusal;
use identity::oauth::installations::Installed;
use jsonapi::{Draft, Identifier, ResourceType, Row};
use serde_json::{Value, json};
use service::content::ApplicationCommand;

use crate::errors::{not_found, refused};
use crate::hooks::{
    behind,
    record::{self, NoRecord},
};
use crate::kinds::platform::SUBSCRIPTION;
use crate::rows::platform;
use crate::scopes;
use crate::{seen::Seen, state::State};

/// The app behind a command, as it is installed here.
pub struct Behind {
    installed: Installed,
    actor: Actor,
    seen: Seen,
}

impl Behind {
    /// The installation of the command's app, as long as it may be asked. A command that no app owns is the
    /// caller's own.
    pub async fn of(
        state: &State,
        command: &ApplicationCommand,
        caller: &Actor,
    ) -> Result<Self, Refusal> {
        let tenant_id = caller.tenant_id;
        let app_id = command.details.client_id.unwrap_or(caller.client_id);
        let all = state.oauth.installations(tenant_id).await;
        let all = all.map_err(|error| refused(error.into()))?;
        let is_its = |one: &Installed| one.app_id == app_id && one.cancelled_at.is_none();
        let installed = all.into_iter().find(is_its);
        let installed = installed.ok_or_else(|| not_found("subscription of the application"))?;
        let whole = std::sync::Arc::new(behind::caller(tenant_id, &installed));
        Ok(Self {
            actor: whole.actor(caller.now, caller.request_id.clone()),
            seen: Seen::of(whole),
            installed,
        })
    }

    /// Whether the app may read a type.
    pub fn may_read(&self, kind: &ResourceType) -> bool {
        self.seen.may_read(kind)
    }

    /// What the app is told of the record: what it could read itself.
    async fn record(
        &self,
        state: &State,
        kind: &'static ResourceType,
        id: Id,
    ) -> Result<Row, NoRecord> {
        let query = record::plain(state, kind)?;
        let look = record::look(state, &self.actor, self.seen.clone(), &query).await?;
        record::find(kind, id, &look).await
    }

    /// The body of the question.
    pub async fn body(
        &self,
        state: &State,
        command: &ApplicationCommand,
        (kind, id): (&'static ResourceType, Id),
        pressed: &Draft,
    ) -> Result<Value, Refusal> {
        let tenant_id = self.actor.tenant_id;
        let row = if *kind == SUBSCRIPTION {
            self.subscription(tenant_id, id)
        } else {
            self.record(state, kind, id).await
        };
        let row = row.map_err(|none| match none {
            NoRecord::Nothing => not_found(kind.name),
            NoRecord::Failed(error) => refused(error),
        })?;
        let query = record::plain(state, kind);
        let query = query.map_err(|_| Refusal::internal("a query without anything is none"))?;
        let administration = row.linked("administration").first();
        let administration = match kind.name {
            "administration" => Some(id),
            _ => administration.and_then(|to: &Identifier| to.id.parse().ok()),
        };
        let (context, context_id) = record::context(tenant_id, administration);
        let said = |name: &str| pressed.text(name).filter(|text| !text.is_empty());
        let named = ["user_name", "user_email", "user_locale"].map(said);
        let [name, email, locale] = named;
        let somebody = named.iter().any(Option::is_some);
        let user = somebody.then(|| json!({ "name": name, "email": email, "locale": locale }));
        Ok(json!({
            "command": command.details.identifier,
            "command_id": command.id.to_string(),
            "subscription_id": self.installed.id.to_string(),
            "record": record::document(state, &query, &row),
            "context": context,
            "context_id": context_id.to_string(),
            "current_user": user,
            "back_url": said("back_url"),
        }))
    }

    /// The subscription as a record: its own, and no other's.
    fn subscription(&self, tenant_id: Id, id: Id) -> Result<Row, NoRecord> {
        if id != self.installed.id {
            return Err(NoRecord::Nothing);
        }
        let granted = self.installed.organizations.as_deref();
        let granted = granted.unwrap_or_default();
        Ok(platform::subscription(tenant_id, &self.installed, granted))
    }
}

/// Whether a caller has a word that opens reading a type.
pub fn words(kind: &ResourceType) -> Vec<String> {
    scopes::reading(kind)
}
