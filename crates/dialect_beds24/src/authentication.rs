//! The chain of tokens: an invite code is exchanged once for a refresh token, which makes access
//! tokens. All secrets travel in headers.

use http::StatusCode;
use http_kit::{Answer, Call, PublicCall, Reading, Refusal, Result};
use identity::{Denied, Minted};
use jiff::Timestamp;
use serde::Serialize;

use crate::dialect::NAME;
use crate::state::State;
use crate::wire::parts::Instant;

/// The longest name of a device that is kept.
const LONGEST_DEVICE_NAME: usize = 100;

/// A token that was just made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenOut<'a> {
    token: &'a str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

/// What a token is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsOut<'a> {
    valid_token: bool,
    token: TokenDetailsOut<'a>,
    diagnostics: DiagnosticsOut,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenDetailsOut<'a> {
    owner_id: i64,
    expires_in: i64,
    created: Instant,
    scopes: &'a [String],
    device_name: &'a str,
    linked_properties: bool,
    only_property_id: Option<i64>,
    white_list_only: bool,
    white_list: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DiagnosticsOut {
    request_ip: String,
}

/// Exchanges an invite code, once, for a refresh token and a first access token.
pub async fn setup(state: State, call: PublicCall) -> Result<Answer> {
    let code = call.header("code").ok_or(Refusal::NotSignedIn)?;
    let device_name = call
        .header("deviceName")
        .map(|name| name.chars().take(LONGEST_DEVICE_NAME).collect::<String>());
    let mut random = state.random();
    let redeeming = state.identity.redeem_invite(
        NAME,
        code,
        device_name.as_deref(),
        call.remote_ip,
        call.now,
        &mut random,
    );
    let minted = redeeming.await.map_err(denied)?;
    let reading = call.charge(minted.grant_id, minted.quota)?;
    issued(&minted, reading)
}

/// Makes an access token. The refresh token stays as it is. It is paid for first, so that who is
/// over the limit causes no row, and paid back where none could be made.
pub async fn token(state: State, call: PublicCall) -> Result<Answer> {
    let refresh_token = call.header("refreshToken").ok_or(Refusal::NotSignedIn)?;
    let identity = &state.identity;
    let asking = identity.refreshes(NAME, refresh_token, call.remote_ip, call.now);
    let (grant_id, quota) = asking.await.map_err(denied)?;
    let reading = call.charge(grant_id, quota)?;
    let mut random = state.random();
    let refreshing = identity.refresh(NAME, refresh_token, call.remote_ip, call.now, &mut random);
    let minted = refreshing.await.map_err(|error| {
        // It was revoked meanwhile, or the store could not write.
        call.give_back(grant_id, quota);
        denied(error)
    })?;
    issued(&minted, reading)
}

/// Ends a refresh token and every token made with it.
pub async fn forget(state: State, call: PublicCall) -> Result<Answer> {
    let refresh_token = call.header("refreshToken").ok_or(Refusal::NotSignedIn)?;
    state
        .identity
        .forget(NAME, refresh_token, call.now)
        .await
        .map_err(denied)?;
    Ok(Answer::empty(StatusCode::OK))
}

/// Says what the token is and what it may do.
pub async fn details(_: State, call: Call) -> Result<Answer> {
    let caller = &call.caller;
    let now = caller.tenant_now(call.now);
    let only = match caller.organizations.as_deref() {
        Some([only]) => Some(only.get()),
        _ => None,
    };
    let mut white_list: Vec<String> = caller.allow_list.iter().map(ToString::to_string).collect();
    let white_list_only = !white_list.is_empty();
    if white_list.is_empty() {
        // The live API shows an empty list as one empty text.
        white_list.push(String::new());
    }
    let details = DetailsOut {
        valid_token: true,
        token: TokenDetailsOut {
            owner_id: caller.tenant_id.get(),
            expires_in: seconds_left(caller.token_expires_at, now),
            created: Instant(caller.token_created_at),
            scopes: &caller.scopes,
            device_name: &caller.client_name,
            linked_properties: caller.linked_organizations,
            only_property_id: only,
            white_list_only,
            white_list,
        },
        diagnostics: DiagnosticsOut {
            request_ip: call.remote_ip.to_string(),
        },
    };
    Answer::json(StatusCode::OK, &details)
}

fn seconds_left(ends_at: Option<Timestamp>, now: Timestamp) -> i64 {
    ends_at.map_or(0, |end| {
        end.as_second().saturating_sub(now.as_second()).max(0)
    })
}

fn issued(minted: &Minted, reading: Reading) -> Result<Answer> {
    let body = TokenOut {
        token: minted.token.reveal(),
        expires_in: minted.expires_in_s,
        refresh_token: minted.refresh_token.as_ref().map(|secret| secret.reveal()),
    };
    Ok(Answer::json(StatusCode::OK, &body)?.metered(reading))
}

fn denied(denied: Denied) -> Refusal {
    Refusal::from(denied)
}
