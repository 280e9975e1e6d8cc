//! `tabard clock`: reads or moves the clock of a sandbox tenant, over HTTP.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::{http_client, screen::say};
use crate::demo;

/// `tabard clock`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Only a sandbox tenant, such as the demo's, has a clock that can be moved. Holds and tokens end\n\
    by it, and dates turn.\n\n\
    Examples:\n  \
    tabard clock\n  \
    tabard clock advance 1d\n  \
    tabard clock advance \"2 months\"\n  \
    tabard clock to 2027-05-01T12:00:00Z\n  \
    tabard clock to real"
)]
pub struct ClockCommand {
    /// The server [default: that of demo.json in the data directory]
    #[arg(long, global = true, requires = "token")]
    url: Option<String>,
    /// An access token of the tenant [default: that of demo.json]
    #[arg(long, global = true, env = "TABARD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The data directory with demo.json
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "./tabard-data",
        env = "TABARD_DATA"
    )]
    data: PathBuf,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show it
    Now,
    /// Move it on by a duration such as 1d, 36h or P1M; back when negative
    #[command(allow_negative_numbers = true)]
    Advance {
        /// How far
        #[arg(allow_hyphen_values = true)]
        duration: String,
    },
    /// Move it to an instant such as 2027-05-01T12:00:00Z, or to `real` time
    To {
        /// Where to
        instant: String,
    },
}

impl ClockCommand {
    /// Does it.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (url, token) = self.way()?;
        let body = match self.action.unwrap_or(Action::Now) {
            Action::Now => None,
            Action::Advance { duration } => Some(json!({ "advance": duration })),
            Action::To { instant } => Some(json!({ "to": instant })),
        };
        let path = format!(
            "{}{}/clock",
            url.trim_end_matches('/'),
            crate::house_api::PREFIX
        );
        let answer = http_client::call(&path, &token, body).await?;
        let text: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            200 => say(&shown(&text)),
            401 => bail!(
                "the token is not accepted: start the demo again for a fresh one, or name one by --token"
            ),
            404 => bail!("the token's tenant is no sandbox: its clock is the real one"),
            status => bail!(
                "the server answered {status}: {}",
                text["error"]["message"].as_str().unwrap_or("")
            ),
        }
    }

    fn way(&self) -> anyhow::Result<(String, String)> {
        if let (Some(url), Some(token)) = (&self.url, &self.token) {
            return Ok((url.clone(), token.clone()));
        }
        let demo = demo::File::read(&self.data)
            .context("name the server and a token by --url and --token, or start the demo: tabard serve --demo")?;
        let url = self.url.clone().unwrap_or(demo.url);
        let token = self.token.clone().unwrap_or(demo.beds24.token);
        Ok((url, token))
    }
}

fn shown(clock: &Value) -> String {
    let text = |name: &str| clock[name].as_str().unwrap_or("?").to_owned();
    match clock["expired_bookings"].as_u64() {
        Some(0) => format!("{} -> {}", text("before"), text("now")),
        Some(expired) => format!(
            "{} -> {}, {expired} bookings lapsed",
            text("before"),
            text("now")
        ),
        None => text("now"),
    }
}
