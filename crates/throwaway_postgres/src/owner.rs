//! Who runs the server: PostgreSQL refuses root, so root lets somebody else do it.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::Error;

/// The user that runs `initdb` and `postgres`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    /// We ourselves.
    Myself,
    /// Another user, since we are root.
    Other { user: u32, group: u32 },
}

impl Owner {
    /// Ourselves, or for root the user `postgres`, or `nobody`.
    pub(crate) fn choose() -> Result<Self, Error> {
        if !is_root() {
            return Ok(Self::Myself);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                Some(Self::Other {
                    user: number("-u", name)?,
                    group: number("-g", name)?,
                })
            })
            .ok_or(Error::NobodyToRunIt)
    }

    /// Gives a folder to this user.
    pub(crate) fn own(self, folder: &Path) -> Result<(), Error> {
        match self {
            Self::Myself => Ok(()),
            Self::Other { user, group } => chown(folder, Some(user), Some(group))
                .map_err(Error::system(format!("chown {}", folder.display()))),
        }
    }

    /// A command that will run as this user, away from our terminal's signals.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.process_group(0).env_clear().env("LC_ALL", "C");
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn number(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
