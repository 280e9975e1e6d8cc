//! Where PostgreSQL's programs are, and how to get them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, owner};

/// What to say where there is no server and none may be installed.
const HOW_TO_INSTALL: &str = "install it (Debian, Ubuntu: `apt-get install postgresql`; \
     Fedora: `dnf install postgresql-server`; macOS: `brew install postgresql`), or put the \
     address of a server in TABARD_TEST_POSTGRES";

/// Folders with one folder per version in them.
const VERSIONED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr/lib/postgresql", "libexec/bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

/// Folders that hold the programs themselves.
const PLAIN: [&str; 3] = [
    "/usr/local/pgsql/bin",
    "/usr/libexec/postgresql",
    "/usr/bin",
];

/// The folder with `initdb` and `postgres`: on the search path, where `pg_config` says,
/// or where distributions put it; the newest version where there are several.
///
/// # Errors
/// When there is none; the error says what to install.
pub fn find() -> Result<PathBuf, Error> {
    on_search_path()
        .or_else(from_pg_config)
        .or_else(newest_installed)
        .or_else(|| first_with_programs(PLAIN.iter().map(PathBuf::from)))
        .ok_or_else(|| Error::NotInstalled(HOW_TO_INSTALL.to_owned()))
}

/// Like [`find`], but installs the distribution's package where it is missing and this
/// may be done: as root, with `apt-get` at hand. `tell` hears what is going on.
///
/// # Errors
/// When there is none and none could be installed.
pub fn find_or_install(tell: impl FnOnce(&str)) -> Result<PathBuf, Error> {
    match find() {
        Err(Error::NotInstalled(_)) if owner::is_root() && has_apt_get() => {
            tell("no PostgreSQL server here, installing the package postgresql …");
            install()?;
            find()
        }
        found => found,
    }
}

fn has_apt_get() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

fn install() -> Result<(), Error> {
    apt_get(&["update", "-q"])?;
    apt_get(&[
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        "postgresql",
    ])
}

fn apt_get(arguments: &[&str]) -> Result<(), Error> {
    let output = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .map_err(Error::system("apt-get"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::NotInstallable(said))
}

fn on_search_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    // Where the programs are links, their folder is the one that they point to.
    let folders = env::split_paths(&path).filter_map(|folder| {
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        initdb.parent().map(Path::to_path_buf)
    });
    first_with_programs(folders)
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    first_with_programs([PathBuf::from(folder.trim())])
}

fn newest_installed() -> Option<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = VERSIONED
        .iter()
        .filter_map(|(root, below)| Some((fs::read_dir(root).ok()?, below)))
        .flat_map(|(versions, below)| {
            versions.flatten().map(move |version| {
                let number = version_in(&version.file_name().to_string_lossy());
                (number, version.path().join(below))
            })
        })
        .collect();
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    first_with_programs(folders.into_iter().map(|(_, folder)| folder))
}

/// The major version in a name such as `15` or `postgresql@17`; 0 without one.
fn version_in(name: &str) -> u32 {
    let digits: String = name
        .chars()
        .skip_while(|character| !character.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

fn first_with_programs(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_folder_names() {
        assert_eq!(version_in("15"), 15);
        assert_eq!(version_in("9.6"), 9);
        assert_eq!(version_in("postgresql@17"), 17);
        assert_eq!(version_in("openssl"), 0);
    }

    #[test]
    fn a_folder_without_both_programs_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("initdb"), "").unwrap();
        assert_eq!(first_with_programs([folder.path().to_owned()]), None);
        fs::write(folder.path().join("postgres"), "").unwrap();
        assert!(first_with_programs([folder.path().to_owned()]).is_some());
    }

    #[test]
    fn the_advice_names_the_way_around() {
        assert!(HOW_TO_INSTALL.contains(crate::ADDRESS_VARIABLE));
    }
}
