//! The key that receipts are signed with: given by a setting, or made once and kept in
//! the data folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kulti_protocol::receipt::{ReceiptKey, SEED_BYTES};
use rand::RngCore as _;
use serde::{Deserialize, Serialize};

use crate::{data_folder, settings::ReceiptSettings};

const FILE: &str = "receipt-key.json";

/// Why there is no key for receipts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptKeyError {
    /// The setting is no key.
    #[error("KULTI_RECEIPT_KEY must be 32 random bytes in base64 (openssl rand -base64 32)")]
    BadSetting,
    /// The file cannot be read or written.
    #[error("the key of receipts {path} cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file has not the form that it was written in.
    #[error(
        "the key of receipts {0} is damaged: restore it from a backup (with another key, receipts given out so far cannot be verified any more)"
    )]
    Damaged(PathBuf),
    /// There is no key in this data folder.
    #[error("there is no key of receipts in {0}: no server has run there")]
    Missing(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    algorithm: String,
    seed: String,
    public_key: String,
}

/// The key of the setting, else the one in the data folder, which is made if it is
/// missing. Safe to call from several processes at once.
///
/// # Errors
/// [`ReceiptKeyError`] says what to do.
pub fn load_or_create(
    settings: &ReceiptSettings,
    folder: &Path,
) -> Result<ReceiptKey, ReceiptKeyError> {
    if let Some(seed) = &settings.receipt_key {
        return from_seed(seed).ok_or(ReceiptKeyError::BadSetting);
    }
    match load(folder) {
        Err(ReceiptKeyError::Missing(_)) => {}
        found => return found,
    }
    let path = folder.join(FILE);
    let file_error = |source| ReceiptKeyError::File {
        path: path.clone(),
        source,
    };
    let mut seed = [0u8; SEED_BYTES];
    rand::rng().fill_bytes(&mut seed);
    let key = ReceiptKey::from_seed(&seed)
        .map_err(|error| file_error(io::Error::other(error.to_string())))?;
    let published = key.published();
    let file = KeyFile {
        algorithm: published.algorithm,
        seed: STANDARD.encode(seed),
        public_key: published.public_key,
    };
    let json = serde_json::to_vec_pretty(&file).map_err(|e| file_error(e.into()))?;
    data_folder::create(folder).map_err(file_error)?;
    data_folder::create_once(&path, &json).map_err(file_error)?;
    // Whoever was first has made the key that counts.
    load(folder)
}

/// The key in a data folder. Makes none.
///
/// # Errors
/// [`ReceiptKeyError::Missing`] if there is none, or what is wrong with it.
pub fn load(folder: &Path) -> Result<ReceiptKey, ReceiptKeyError> {
    let path = folder.join(FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ReceiptKeyError::Missing(folder.to_owned()));
        }
        Err(source) => return Err(ReceiptKeyError::File { path, source }),
    };
    serde_json::from_slice::<KeyFile>(&text)
        .ok()
        .and_then(|file| {
            let key = from_seed(&file.seed)?;
            (key.published().public_key == file.public_key).then_some(key)
        })
        .ok_or(ReceiptKeyError::Damaged(path))
}

fn from_seed(base64: &str) -> Option<ReceiptKey> {
    let seed = STANDARD.decode(base64.trim()).ok()?;
    ReceiptKey::from_seed(&seed).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let none = ReceiptSettings::default();
        assert!(matches!(load(&folder), Err(ReceiptKeyError::Missing(_))));
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| load_or_create(&none, &folder).unwrap().published()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "all got the same");
        assert_eq!(load(&folder).unwrap().published(), keys[0]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_not_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        load_or_create(&ReceiptSettings::default(), folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"seed\": \"", "\"seed\": \"A")).unwrap();
        let error = load_or_create(&ReceiptSettings::default(), folder.path()).unwrap_err();
        assert!(matches!(error, ReceiptKeyError::Damaged(_)), "{error}");
    }

    #[test]
    fn the_setting_goes_first_and_must_be_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let given = |key: &str| ReceiptSettings {
            receipt_key: Some(key.into()),
        };
        let seed = STANDARD.encode([7u8; SEED_BYTES]);
        load_or_create(&given(&seed), folder.path()).unwrap();
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
        for bad in ["", "x", "AAAA"] {
            let error = load_or_create(&given(bad), folder.path()).unwrap_err();
            assert!(matches!(error, ReceiptKeyError::BadSetting));
        }
    }
}
