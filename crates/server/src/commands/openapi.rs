//! `tabard openapi`: writes the OpenAPI document of each API.

use std::path::PathBuf;

use anyhow::Context as _;

use super::screen::say;
use crate::app;

/// `tabard openapi`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The same program always writes the same bytes. A running server answers each document at\n\
    /openapi.json (Booking Experts: /oas3.json) below the API's own address."
)]
pub struct Openapi {
    /// The directory to write into
    #[arg(default_value = "openapi")]
    directory: PathBuf,
    /// The same as the argument
    #[arg(long, value_name = "DIR", conflicts_with = "directory")]
    out: Option<PathBuf>,
}

impl Openapi {
    /// Does it.
    pub(super) fn run(self) -> anyhow::Result<()> {
        let directory = self.out.unwrap_or(self.directory);
        let failed = || format!("can't write into {}", directory.display());
        std::fs::create_dir_all(&directory).with_context(failed)?;
        for (name, document) in app::documents()? {
            let file = directory.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&document)?;
            std::fs::write(&file, text + "\n").with_context(failed)?;
            say(&file.display().to_string())?;
        }
        Ok(())
    }
}
