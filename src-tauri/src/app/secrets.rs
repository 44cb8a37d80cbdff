//! Tokens: in the operating system's keyring, or, where none answers, in files that
//! only this user can read. Which of the two it is can be seen on the home screen.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use keyring::Entry;
use kulti_client::drivers::credentials::{Account, Credentials, FileCredentials};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::model::SecretStore;

/// Under which name all our secrets stand in the keyring.
const SERVICE: &str = "dev.kulti.desktop";

/// Where the tokens of one profile are kept. Calls block: the keyring is another
/// process, and unlocking it may ask the person.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Tells this profile's entries from those of other data folders.
    profile: String,
    dir: PathBuf,
    place: Mutex<SecretStore>,
}

impl Secrets {
    /// Secrets of a profile, with the folder for files. Until [`Self::probe`] was
    /// called, the keyring is supposed to work.
    pub(crate) fn new(profile: String, dir: PathBuf) -> Self {
        Self {
            profile,
            dir,
            place: Mutex::new(SecretStore::Keyring),
        }
    }

    /// Where secrets are kept now.
    pub(crate) fn place(&self) -> SecretStore {
        self.place.lock().clone()
    }

    /// Finds out whether the keyring works, by writing to it: one that is locked or
    /// was never set up looks fine until then.
    pub(crate) fn probe(&self) {
        let entry = || -> keyring::Result<()> {
            let entry = Entry::new(SERVICE, &format!("probe {}", self.profile))?;
            entry.set_password("probe")?;
            entry.delete_credential()
        };
        if let Err(error) = entry() {
            self.fall_back(&error);
        }
    }

    /// The account at one server, named by its origin or by a word of our own.
    pub(crate) fn credentials(self: &Arc<Self>, server: &str) -> Arc<dyn Credentials> {
        Arc::new(ServerCredentials {
            secrets: self.clone(),
            entry: format!("{} {server}", self.profile),
            file: FileCredentials::new(self.dir.join(format!("{}.json", file_name(server)))),
        })
    }

    fn fall_back(&self, error: &keyring::Error) {
        let why = in_words(error);
        tracing::warn!(%error, dir = %self.dir.display(), "no keyring: tokens are kept in files");
        *self.place.lock() = SecretStore::File {
            path: self.dir.display().to_string(),
            why,
        };
    }

    fn uses_keyring(&self) -> bool {
        matches!(*self.place.lock(), SecretStore::Keyring)
    }
}

/// What is wrong with the keyring, in words for a person.
fn in_words(error: &keyring::Error) -> String {
    match error {
        keyring::Error::NoDefaultStore | keyring::Error::PlatformFailure(_) => {
            "No keyring service answers on this computer.".into()
        }
        keyring::Error::NoStorageAccess(_) => "The keyring is locked or was never set up.".into(),
        _ => "The keyring refused.".into(),
    }
}

/// A file name for a server: readable, and different for different servers.
fn file_name(server: &str) -> String {
    let readable = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let readable: String = server.chars().map(readable).take(60).collect();
    let digest = Sha256::digest(server.as_bytes());
    let distinct: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{readable}-{distinct}")
}

/// The account of this profile at one server.
struct ServerCredentials {
    secrets: Arc<Secrets>,
    entry: String,
    file: FileCredentials,
}

impl ServerCredentials {
    fn read_keyring(&self) -> keyring::Result<Option<Account>> {
        match Entry::new(SERVICE, &self.entry)?.get_password() {
            Ok(json) => Ok(Account::from_json(&json)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write_keyring(&self, account: &Account) -> keyring::Result<()> {
        Entry::new(SERVICE, &self.entry)?.set_password(&account.to_json())?;
        // A file of a time when there was no keyring must not stay behind.
        remove(self.file.path());
        Ok(())
    }
}

impl Credentials for ServerCredentials {
    fn load(&self) -> Result<Option<Account>, String> {
        if self.secrets.uses_keyring() {
            match self.read_keyring() {
                Ok(Some(account)) => return Ok(Some(account)),
                Ok(None) => {
                    let found = self.file.load()?;
                    if let Some(account) = &found {
                        self.save(account)?;
                    }
                    return Ok(found);
                }
                Err(error) => self.secrets.fall_back(&error),
            }
        }
        self.file.load()
    }

    fn save(&self, account: &Account) -> Result<(), String> {
        if self.secrets.uses_keyring() {
            match self.write_keyring(account) {
                Ok(()) => return Ok(()),
                Err(error) => self.secrets.fall_back(&error),
            }
        }
        self.file.save(account)
    }
}

fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "tokens that moved to the keyring could not be removed from their file");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use kulti_client::drivers::credentials::Secret;
    use kulti_protocol::api::User;

    use super::*;

    fn account(name: &str) -> Account {
        Account {
            user: User {
                id: "u1".into(),
                display_name: name.into(),
            },
            access: Secret::new("ACCESS".into()),
            refresh: Secret::new("REFRESH".into()),
        }
    }

    fn without_keyring(dir: &Path) -> Arc<Secrets> {
        let secrets = Secrets::new("p1".into(), dir.join("secrets"));
        secrets.fall_back(&keyring::Error::NoDefaultStore);
        Arc::new(secrets)
    }

    #[test]
    fn without_a_keyring_every_server_has_its_own_guarded_file() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = without_keyring(dir.path());
        let here = secrets.credentials("https://kulti.dev");
        let there = secrets.credentials("https://kulti.dev:8443");
        here.save(&account("Zoë")).unwrap();
        assert_eq!(there.load().unwrap(), None, "another server");
        there.save(&account("Ada")).unwrap();

        let again = without_keyring(dir.path()).credentials("https://kulti.dev");
        assert_eq!(again.load().unwrap(), Some(account("Zoë")));
        #[cfg(unix)]
        for entry in std::fs::read_dir(dir.path().join("secrets")).unwrap() {
            use std::os::unix::fs::PermissionsExt;
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_person_can_see_that_a_file_is_used_and_why() {
        let dir = tempfile::tempdir().unwrap();
        let SecretStore::File { path, why } = without_keyring(dir.path()).place() else {
            unreachable!("there is no keyring");
        };
        assert!(path.ends_with("secrets"), "{path}");
        assert!(why.contains("keyring"), "{why}");
    }

    #[test]
    fn a_hostile_server_name_stays_in_its_folder() {
        for name in ["https://../../etc/passwd", "..", "a/b\\c\0d", ""] {
            let file = file_name(name);
            assert!(!file.contains(['/', '\\', '\0']) && file != "..", "{file}");
        }
    }
}
