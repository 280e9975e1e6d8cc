//! The server's own secret, which outlives a restart: what is sealed in the store opens only under it.
//!
//! It is either a setting or a file in the data directory, made at the first start. It never stands in
//! the store, so a copy of the store gives nothing away.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use crate::settings::Settings;

/// The file's name in the data directory.
const NAME: &str = "tabard.key";

/// What a secret of this server is for, and so what differs between secrets that follow from one.
pub(crate) fn derived(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut derived = Sha256::new();
    derived.update(b"tabard\0");
    derived.update(purpose.as_bytes());
    derived.update(b"\0");
    derived.update(secret);
    derived.finalize().into()
}

/// The secret of these settings. `fresh` becomes the secret where there was none; the answer says
/// whether it did.
///
/// # Errors
/// When the key file can't be read or written, or is none.
pub fn read_or_make(settings: &Settings, fresh: [u8; 32]) -> anyhow::Result<([u8; 32], bool)> {
    if let Some(text) = &settings.secret {
        return Ok((Sha256::digest(text.reveal()).into(), false));
    }
    let file = settings.data.join(NAME);
    if let Some(secret) = read(&file)? {
        return Ok((secret, false));
    }
    let failed = || {
        let file = file.display();
        format!(
            "the key file {file} can't be written: give a data directory by --data, or set `secret` in its place"
        )
    };
    fs::create_dir_all(&settings.data).with_context(failed)?;
    let is_ours = write(&settings.data, &file, &fresh).with_context(failed)?;
    // Another server may have been quicker, and then its secret is everybody's.
    let secret = read(&file)?.with_context(failed)?;
    Ok((secret, is_ours))
}

fn read(file: &Path) -> anyhow::Result<Option<[u8; 32]>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let failed = || format!("the key file {} can't be read", file.display());
            return Err(error).with_context(failed);
        }
    };
    let mut secret = [0; 32];
    ensure!(
        hex::decode_to_slice(text.trim(), &mut secret).is_ok(),
        "the key file {} is damaged: put back the copy that you kept. Without it the secrets of webhooks are lost; remove the file to begin with a new key",
        file.display()
    );
    Ok(Some(secret))
}

/// Writes it whole or not at all, for its owner's eyes only, and never over one that is there.
fn write(data: &Path, file: &Path, secret: &[u8; 32]) -> std::io::Result<bool> {
    // No other server writes under this name, which follows from the secret and does not show it.
    let name = hex::encode(&derived(secret, "name of the partial file")[..8]);
    let partial = data.join(format!("{NAME}.{name}.partial"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(&partial)?;
    out.write_all(hex::encode(secret).as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    let linked = fs::hard_link(&partial, file);
    fs::remove_file(&partial)?;
    match linked {
        Ok(()) => {
            // The name has to last as well as what stands under it.
            fs::File::open(data)?.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::Hidden;

    fn settings(data: &Path) -> Settings {
        Settings {
            data: data.to_owned(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_key_is_made_once_and_found_again_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder.path().join("data"));
        assert_eq!(read_or_make(&settings, [1; 32]).unwrap(), ([1; 32], true));
        assert_eq!(read_or_make(&settings, [2; 32]).unwrap(), ([1; 32], false));
        let file = settings.data.join(NAME);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&settings.data).unwrap().count(), 1);
    }

    #[test]
    fn of_two_servers_that_make_a_key_at_once_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        assert!(write(folder.path(), &file, &[1; 32]).unwrap());
        assert!(!write(folder.path(), &file, &[2; 32]).unwrap());
        assert_eq!(read(&file).unwrap(), Some([1; 32]));
    }

    #[test]
    fn a_setting_wins_over_the_file_and_makes_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.secret = Some(Hidden::new("0123456789abcdef0123456789abcdef"));
        let (secret, is_new) = read_or_make(&settings, [1; 32]).unwrap();
        assert!(!is_new && secret != [1; 32]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "abc").unwrap();
        let error = read_or_make(&settings(folder.path()), [1; 32]).unwrap_err();
        assert!(format!("{error:#}").contains("is damaged"), "{error:#}");
    }

    #[test]
    fn what_follows_for_one_purpose_says_nothing_of_another() {
        assert_ne!(derived(&[1; 32], "a"), derived(&[1; 32], "b"));
        assert_ne!(derived(&[1; 32], "a"), derived(&[2; 32], "a"));
    }
}
