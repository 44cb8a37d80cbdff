//! The key pair that auth tokens are signed with: given by settings, or made once
//! and kept in the data folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kulti_protocol::token::HmsKeys;
use rand::RngCore as _;
use serde::{Deserialize, Serialize};

use crate::{data_folder, settings::HmsKeySettings};

const FILE: &str = "hms-keys.json";

/// Why there is no key pair.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HmsKeysError {
    /// One half of the pair is missing or empty.
    #[error("KULTI_HMS_ACCESS_KEY and KULTI_HMS_SECRET must both be given, or neither")]
    HalfAPair,
    /// The file cannot be read or written.
    #[error("the key pair {path} cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file has not the form that it was written in.
    #[error(
        "the key pair {0} is damaged: restore it from a backup, or delete it to have a new one made (tokens given out so far then end)"
    )]
    Damaged(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    access_key: String,
    secret: String,
}

/// The pair of the settings, else the one in the data folder, which is made if it is
/// missing. Safe to call from several processes at once.
///
/// # Errors
/// [`HmsKeysError`] says what to do.
pub fn load_or_create(settings: &HmsKeySettings, folder: &Path) -> Result<HmsKeys, HmsKeysError> {
    match (&settings.access_key, &settings.secret) {
        (Some(access_key), Some(secret)) if !access_key.is_empty() && !secret.is_empty() => {
            return Ok(HmsKeys {
                access_key: access_key.clone(),
                secret: secret.clone(),
            });
        }
        (None, None) => {}
        _ => return Err(HmsKeysError::HalfAPair),
    }
    let path = folder.join(FILE);
    let file_error = |source| HmsKeysError::File {
        path: path.clone(),
        source,
    };
    if let Some(keys) = read(&path)? {
        return Ok(keys);
    }
    data_folder::create(folder).map_err(file_error)?;
    let pair = KeyFile {
        access_key: format!("kulti-{}", random_text::<9>()),
        secret: random_text::<48>(),
    };
    let json = serde_json::to_vec_pretty(&pair).map_err(|e| file_error(e.into()))?;
    data_folder::create_once(&path, &json).map_err(file_error)?;
    // Whoever was first has made the pair that counts.
    read(&path)?.ok_or_else(|| file_error(io::ErrorKind::NotFound.into()))
}

fn read(path: &Path) -> Result<Option<HmsKeys>, HmsKeysError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(HmsKeysError::File {
                path: path.to_owned(),
                source,
            });
        }
    };
    match serde_json::from_slice::<KeyFile>(&text) {
        Ok(pair) if !pair.access_key.is_empty() && !pair.secret.is_empty() => Ok(Some(HmsKeys {
            access_key: pair.access_key,
            secret: pair.secret,
        })),
        _ => Err(HmsKeysError::Damaged(path.to_owned())),
    }
}

fn random_text<const BYTES: usize>() -> String {
    let mut bytes = [0u8; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_pair_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let none = HmsKeySettings::default();
        let pairs: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| load_or_create(&none, &folder).unwrap()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(
            pairs
                .iter()
                .all(|p| p.secret == pairs[0].secret && p.access_key == pairs[0].access_key),
            "whoever asks gets the same pair, also at the same moment"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "nobody else may read the secret");
        }
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn a_damaged_file_is_not_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        let error = load_or_create(&HmsKeySettings::default(), folder.path()).unwrap_err();
        assert!(matches!(error, HmsKeysError::Damaged(_)));
    }

    #[test]
    fn settings_go_first_and_must_be_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = HmsKeySettings {
            access_key: Some("a".into()),
            secret: Some("s".into()),
        };
        assert_eq!(
            load_or_create(&settings, folder.path()).unwrap().secret,
            "s"
        );
        settings.secret = None;
        assert!(matches!(
            load_or_create(&settings, folder.path()),
            Err(HmsKeysError::HalfAPair)
        ));
    }
}
