//! Introspection (RFC 7662): a client asks about a token of its own.
//!
//! Only confidential clients may ask, and whatever is not theirs, not known or not in force is `active: false`
//! and nothing else.

use catalogue::Value;
use catalogue::access::{Grant, Token};
use catalogue::oauth::App;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use store::Tx;

use super::families::{self, Halves};
use super::installations::{self, How};
use super::token::{Standing, standing};
use super::{OAuth, Posted, Reason, Reply, client_auth, reply};
use crate::secret::{self, TokenKind};
use crate::{Occasion, lifetimes};

/// What is said about a token that is in force.
#[derive(Serialize)]
struct Active {
    active: bool,
    scope: String,
    client_id: String,
    token_type: &'static str,
    iat: i64,
    exp: i64,
    iss: String,
    /// The installation, since that is what a token stands for.
    sub: String,
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

impl OAuth {
    /// Answers a POST of the introspection endpoint.
    pub async fn introspect(&self, posted: &Posted<'_>, occasion: &Occasion) -> Reply {
        match self.introspected(posted, occasion).await {
            Ok(Some(active)) => reply::json(StatusCode::OK, &active),
            Ok(None) => reply::json(StatusCode::OK, &Inactive { active: false }),
            Err(reason) => reply::refused(&reason),
        }
    }

    async fn introspected(
        &self,
        posted: &Posted<'_>,
        occasion: &Occasion,
    ) -> Result<Option<Active>, Reason> {
        let body = posted.parameters().await?;
        let presented = client_auth::presented(posted.headers, &body)?;
        body.one("token_type_hint")?;
        let presented_token = body.one("token")?.ok_or(Reason::Missing("token"))?;
        let app = self.client(&presented, occasion.now).await?;
        if !app.confidential {
            return Err(Reason::PublicClient);
        }
        let looked_up = async {
            let mut tx = self.identity.store().reader().await?;
            match Halves::of(presented_token) {
                Some(halves) => {
                    self.refresh_token(&mut tx, &app, &halves, occasion.now)
                        .await
                }
                None => {
                    self.access_token(&mut tx, &app, presented_token, occasion.now)
                        .await
                }
            }
        };
        looked_up.await.map_err(|error| Reason::unavailable(&error))
    }

    async fn access_token(
        &self,
        tx: &mut Tx,
        app: &App,
        presented: &str,
        now: Timestamp,
    ) -> store::Result<Option<Active>> {
        let key = [Value::Bytes(secret::hash(presented).to_vec())];
        let token = tx.get::<Token>(&key).await?;
        let Some(token) = token.filter(|token| token.kind == TokenKind::Access.as_str()) else {
            return Ok(None);
        };
        let Some(standing) = standing(tx, token.grant_id, token.tenant_id, app.id, now).await?
        else {
            return Ok(None);
        };
        let Some(ends_at) = token.expires_at.filter(|end| standing.tenant_now < *end) else {
            return Ok(None);
        };
        if standing.ended().is_some() {
            return Ok(None);
        }
        let Some(Ok(allowed)) = installations::allowed(tx, &standing.grant, &token).await? else {
            return Ok(None);
        };
        let scopes = allowed.scopes;
        Ok(Some(self.active(
            app,
            &standing.grant,
            "Bearer",
            scopes,
            (token.created_at, ends_at),
        )))
    }

    async fn refresh_token(
        &self,
        tx: &mut Tx,
        app: &App,
        halves: &Halves,
        now: Timestamp,
    ) -> store::Result<Option<Active>> {
        let Some(family) = families::find(tx, &halves.selector_hash()).await? else {
            return Ok(None);
        };
        let Some(standing) = standing(tx, family.grant_id, family.tenant_id, app.id, now).await?
        else {
            return Ok(None);
        };
        let ends_at = lifetimes::after(family.used_at, self.profile.refresh_unused);
        let is_newest = secret::same(&family.verifier, &halves.verifier_hash());
        if !is_newest || family.revoked_at.is_some() || has_ended(&standing, ends_at) {
            return Ok(None);
        }
        let scopes =
            installations::in_force(app, How::Consent, &standing.grant, Some(&family.scopes));
        let life = (family.used_at, ends_at);
        Ok(Some(self.active(
            app,
            &standing.grant,
            "refresh_token",
            scopes,
            life,
        )))
    }

    fn active(
        &self,
        app: &App,
        grant: &Grant,
        token_type: &'static str,
        scopes: Vec<String>,
        (made_at, ends_at): (Timestamp, Timestamp),
    ) -> Active {
        Active {
            active: true,
            scope: scopes.join(" "),
            client_id: app.public_id.clone(),
            token_type,
            iat: made_at.as_second(),
            exp: ends_at.as_second(),
            iss: self.profile.issuer.clone(),
            sub: grant.id.to_string(),
        }
    }
}

fn has_ended(standing: &Standing, ends_at: Timestamp) -> bool {
    standing.tenant_now >= ends_at || standing.ended().is_some()
}
