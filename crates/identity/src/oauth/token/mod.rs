//! The token endpoint: from a code, a refresh token, or an app's own credentials to an access token.
//!
//! The client is authenticated first, by reading alone, so that whoever guesses secrets never reaches the
//! writer. What is then redeemed is one command, which locks the row that two could fight over and looks at
//! everything again.

mod credentials;
mod redeem;
mod refresh;

use catalogue::access::{Grant, Tenant};
use catalogue::oauth::{App, Installation};
use domain::id::Id;
use http::StatusCode;
use jiff::Timestamp;
use rand::CryptoRng;
use serde::Serialize;
use store::{Tx, Value};

use self::credentials::OwnToken;
use self::redeem::Redeem;
use self::refresh::Refresh;
use super::client_auth::{self, Presented};
use super::families::Halves;
use super::{OAuth, Parameters, Posted, Profile, Reason, Reply, reply, scopes};
use crate::Occasion;
use crate::commands::{remove_ended, token};
use crate::lifetimes;
use crate::secret::{self, Hash, Secret, TokenKind};

/// The most access tokens of one installation that live at once. Each refresh makes one and ends none, so that a
/// client's parallel requests go on; whoever makes more loses the oldest.
const MOST_LIVING: i64 = 1_000;

/// What a command has given.
pub(crate) struct Given {
    pub(super) scopes: Vec<String>,
    pub(super) created_at: Timestamp,
    pub(super) has_refresh: bool,
}

#[derive(Serialize)]
struct TokenBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: String,
    created_at: i64,
}

impl OAuth {
    /// Answers a POST of the token endpoint.
    pub async fn token(
        &self,
        posted: &Posted<'_>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Reply {
        match self.given(posted, occasion, rng).await {
            Ok(answered) => answered,
            Err(reason) => reply::refused(&reason),
        }
    }

    async fn given(
        &self,
        posted: &Posted<'_>,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply, Reason> {
        let body = posted.parameters().await?;
        let grant_type = body
            .one("grant_type")?
            .ok_or(Reason::Missing("grant_type"))?;
        let presented = client_auth::presented(posted.headers, &body)?;
        let app = self.client(&presented, occasion.now).await?;
        if app.halted_at.is_some() {
            return Err(Reason::ApplicationHalted);
        }
        match grant_type {
            "authorization_code" => self.redeem(&body, app, occasion, rng).await,
            "refresh_token" => self.refresh(&body, app, occasion, rng).await,
            "client_credentials" => self.own_token(&body, app, occasion, rng).await,
            _ => Err(Reason::UnknownGrantType),
        }
    }

    /// The app that presents itself.
    pub(super) async fn client(
        &self,
        presented: &Presented,
        now: Timestamp,
    ) -> Result<App, Reason> {
        let looked_up = async {
            let mut tx = self.identity.store().reader().await?;
            client_auth::authenticate(&mut tx, self.profile.dialect, presented, now).await
        };
        looked_up
            .await
            .map_err(|error| Reason::unavailable(&error))?
    }

    async fn redeem(
        &self,
        body: &Parameters,
        app: App,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply, Reason> {
        let code = body.one("code")?.ok_or(Reason::Missing("code"))?;
        let redirect_uri = body.one("redirect_uri")?;
        let redirect_uri = redirect_uri.ok_or(Reason::Missing("redirect_uri"))?;
        let (access, halves) = (Secret::url_safe(rng), Halves::random(rng));
        let command = Redeem {
            code: secret::hash(code),
            redirect_uri: redirect_uri.to_owned(),
            verifier: body.one("code_verifier")?.map(str::to_owned),
            app_id: app.id,
            access: access.hash(),
            selector: halves.selector_hash(),
            refresh_verifier: halves.verifier_hash(),
            profile: std::sync::Arc::clone(&self.profile),
            occasion: occasion.clone(),
        };
        let redeemed = self.identity.store().run(command).await;
        let redeemed = redeemed.map_err(|error| Reason::unavailable(&error))?;
        let given = self.believed(redeemed)?;
        Ok(self.answer(&given, &access, Some(&halves.token())))
    }

    async fn refresh(
        &self,
        body: &Parameters,
        app: App,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply, Reason> {
        let presented = body
            .one("refresh_token")?
            .ok_or(Reason::Missing("refresh_token"))?;
        let presented = Halves::of(presented).ok_or(Reason::UnknownRefresh)?;
        let rotates = self.profile.rotates || !app.confidential;
        let next = Halves {
            selector: presented.selector.clone(),
            verifier: Secret::url_safe(rng).reveal().to_owned(),
        };
        let access = Secret::url_safe(rng);
        let command = Refresh {
            selector: presented.selector_hash(),
            verifier: presented.verifier_hash(),
            next: rotates.then(|| next.verifier_hash()),
            scope: body.one("scope")?.map(str::to_owned),
            app_id: app.id,
            access: access.hash(),
            profile: std::sync::Arc::clone(&self.profile),
            occasion: occasion.clone(),
        };
        let refreshed = self.identity.store().run(command).await;
        let refreshed = refreshed.map_err(|error| Reason::unavailable(&error))?;
        let given = self.believed(refreshed)?;
        let refresh_token = if rotates { next } else { presented }.token();
        Ok(self.answer(&given, &access, Some(&refresh_token)))
    }

    async fn own_token(
        &self,
        body: &Parameters,
        app: App,
        occasion: &Occasion,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply, Reason> {
        if !app.confidential {
            return Err(Reason::PublicClient);
        }
        let access = Secret::url_safe(rng);
        let command = OwnToken {
            app_id: app.id,
            scope: body.one("scope")?.map(str::to_owned),
            access: access.hash(),
            profile: std::sync::Arc::clone(&self.profile),
            occasion: occasion.clone(),
        };
        let made = self.identity.store().run(command).await;
        let given = made.map_err(|error| Reason::unavailable(&error))??;
        Ok(self.answer(&given, &access, None))
    }

    /// What a command has given. Where it took a family back instead, callers that were seen lately are not
    /// believed any more.
    fn believed(&self, outcome: Result<Given, Refused>) -> Result<Given, Reason> {
        outcome.map_err(|refused| {
            if let Some(grant_id) = refused.revoked {
                tracing::warn!(
                    grant_id = grant_id.get(),
                    reason = %refused.reason,
                    "a code or refresh token came twice; its tokens were taken back"
                );
                self.identity.note_change(grant_id);
            }
            refused.reason
        })
    }

    fn answer(&self, given: &Given, access: &Secret, refresh: Option<&Secret>) -> Reply {
        let refresh = refresh.filter(|_| given.has_refresh);
        let body = TokenBody {
            access_token: access.reveal(),
            token_type: "Bearer",
            expires_in: self.profile.access_life.as_secs(),
            refresh_token: refresh.map(Secret::reveal),
            scope: given.scopes.join(" "),
            created_at: given.created_at.as_second(),
        };
        reply::json(StatusCode::OK, &body)
    }
}

/// Why a command gave nothing, and whose tokens it took back for it.
pub(crate) struct Refused {
    pub(super) reason: Reason,
    pub(super) revoked: Option<Id>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Refused {
        Refused {
            reason,
            revoked: None,
        }
    }
}

/// What stands behind tokens of an installation.
pub(super) struct Standing {
    pub(super) app: App,
    pub(super) grant: Grant,
    pub(super) tenant_now: Timestamp,
}

/// App, grant and tenant's clock behind a grant's id. The app may be halted, the grant cancelled.
pub(super) async fn standing(
    tx: &mut Tx,
    grant_id: Id,
    tenant_id: Id,
    app_id: Id,
    now: Timestamp,
) -> store::Result<Option<Standing>> {
    let grant = tx.get::<Grant>(&[grant_id.into()]).await?;
    let tenant = tx.get::<Tenant>(&[tenant_id.into()]).await?;
    let app = tx.get::<App>(&[app_id.into()]).await?;
    let key = [tenant_id.into(), grant_id.into()];
    let installation = tx.get::<Installation>(&key).await?;
    let (Some(grant), Some(tenant), Some(app), Some(_)) = (grant, tenant, app, installation) else {
        return Ok(None);
    };
    Ok(
        (grant.client_id == app.id && grant.tenant_id == tenant.id).then_some(Standing {
            app,
            grant,
            tenant_now: lifetimes::tenant_now(now, tenant.clock_offset_ms),
        }),
    )
}

impl Standing {
    /// Why nothing is given out any more.
    pub(super) fn ended(&self) -> Option<Reason> {
        if self.app.halted_at.is_some() {
            return Some(Reason::ApplicationHalted);
        }
        let is_cancelled = self.grant.revoked_at.is_some();
        is_cancelled.then_some(Reason::SubscriptionCancelled)
    }

    /// Writes an access token for these words.
    pub(super) async fn give(
        self,
        tx: &mut Tx,
        access: Hash,
        family_id: Option<Id>,
        scopes: Vec<String>,
        profile: &Profile,
    ) -> store::Result<Given> {
        let (grant_id, tenant_id) = (self.grant.id, self.grant.tenant_id);
        remove_ended(tx, grant_id, self.tenant_now).await?;
        make_room(tx, grant_id).await?;
        let mut row = token(
            access,
            TokenKind::Access,
            tenant_id,
            grant_id,
            self.tenant_now,
        );
        row.expires_at = Some(lifetimes::after(self.tenant_now, profile.access_life));
        row.family_id = family_id;
        row.scopes = Some(scopes.clone());
        let created_at = row.created_at;
        tx.insert(&[row]).await?;
        Ok(Given {
            scopes,
            created_at,
            has_refresh: family_id.is_some(),
        })
    }
}

/// Removes the oldest access tokens of a grant that has too many.
async fn make_room(tx: &mut Tx, grant_id: Id) -> store::Result<()> {
    let sql = "DELETE FROM token WHERE grant_id = $1 AND kind = $2 AND hash IN (SELECT t.hash FROM token t \
               WHERE t.grant_id = $1 AND t.kind = $2 ORDER BY t.created_at DESC, t.hash LIMIT 1000000 OFFSET $3)";
    let cells: [Value; 3] = [
        grant_id.into(),
        TokenKind::Access.as_str().into(),
        (MOST_LIVING - 1).into(),
    ];
    tx.execute(sql, &cells).await?;
    Ok(())
}

/// The words of a `scope` parameter that are among those granted; all of these where there is none.
pub(super) fn narrowed(scope: Option<&str>, granted: Vec<String>) -> Result<Vec<String>, Reason> {
    let Some(scope) = scope else {
        return Ok(granted);
    };
    let allowed: Vec<&str> = granted.iter().map(String::as_str).collect();
    let asked = scopes::asked(scope, &allowed).ok_or(Reason::ScopeNotGranted)?;
    if asked.is_empty() {
        return Ok(granted);
    }
    Ok(asked)
}
