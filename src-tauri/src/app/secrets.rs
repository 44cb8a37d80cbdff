//! Tokens: in the operating system's keyring, or, where none answers, in files that
//! only this user can read. Which of the two it is can be seen on the home screen.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use kulti_client::drivers::credentials::{
    Account, Credentials, FileCredentials, MemoryCredentials,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{
    files::JsonFile,
    keyring_entries::{KeyringEntries, SystemKeyring},
    model::{CommandError, ErrorCode, SecretStore},
};

/// Where the tokens of one profile are kept. Calls block: the keyring is another
/// process, and unlocking it may ask the person.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Tells this profile's entries from those of other data folders.
    profile: String,
    dir: PathBuf,
    place: Mutex<SecretStore>,
    keyring: Box<dyn KeyringEntries>,
    /// The servers whose accounts are in the keyring. While it is locked they must
    /// not be taken for servers without an account: another would replace it.
    in_keyring: Mutex<BTreeSet<String>>,
    in_keyring_file: JsonFile,
    /// The account of the last server that was only looked at.
    stranger: Mutex<Option<(String, Arc<MemoryCredentials>)>>,
}

/// Why the account at a server cannot be read although there may be one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is in the keyring, which does not give it out.
    #[error("the account at this server is in the keyring: unlock the keyring and try again ({0})")]
    Keyring(String),
    /// Its file cannot be read.
    #[error("{0}")]
    File(String),
}

impl From<Unreadable> for CommandError {
    fn from(error: Unreadable) -> Self {
        let code = match error {
            Unreadable::Keyring(_) => ErrorCode::KeyringLocked,
            Unreadable::File(_) => ErrorCode::Local,
        };
        Self {
            code,
            message: error.to_string(),
        }
    }
}

impl Secrets {
    /// Secrets of a profile, with the folder for files. Until [`Self::probe`] was
    /// called, the keyring is supposed to work.
    pub(crate) fn new(profile: String, dir: PathBuf) -> Self {
        Self::over(Box::new(SystemKeyring), profile, dir)
    }

    fn over(keyring: Box<dyn KeyringEntries>, profile: String, dir: PathBuf) -> Self {
        let in_keyring_file = JsonFile::new(&dir, "in-keyring.json");
        Self {
            profile,
            dir,
            place: Mutex::new(SecretStore::Keyring),
            keyring,
            in_keyring: Mutex::new(in_keyring_file.load()),
            in_keyring_file,
            stranger: Mutex::new(None),
        }
    }

    /// Where secrets are kept now.
    pub(crate) fn place(&self) -> SecretStore {
        self.place.lock().clone()
    }

    /// Finds out whether the keyring works, by writing to it: one that is locked or
    /// was never set up looks fine until then.
    pub(crate) fn probe(&self) {
        let entry = format!("probe {}", self.profile);
        let written = self.keyring.write(&entry, "probe");
        if let Err(error) = written.and_then(|()| self.keyring.remove(&entry)) {
            self.fall_back(&error);
        }
    }

    /// The account at one server, named by its origin or by a word of our own.
    pub(crate) fn credentials(self: &Arc<Self>, server: &str) -> Arc<dyn Credentials> {
        Arc::new(self.at(server))
    }

    /// Whether there is an account at a server.
    pub(crate) fn has_account(self: &Arc<Self>, server: &str) -> Result<bool, Unreadable> {
        self.at(server).read().map(|found| found.is_some())
    }

    /// An account for looking at sessions of a server where the person has none: it
    /// says nothing about them and is never kept. Asked for the same server again it
    /// is the same account.
    pub(crate) fn stranger(&self, server: &str) -> Arc<MemoryCredentials> {
        let mut last = self.stranger.lock();
        match &*last {
            Some((at, account)) if at == server => account.clone(),
            _ => {
                let account = Arc::new(MemoryCredentials::default());
                *last = Some((server.to_owned(), account.clone()));
                account
            }
        }
    }

    fn at(self: &Arc<Self>, server: &str) -> ServerCredentials {
        ServerCredentials {
            secrets: self.clone(),
            entry: format!("{} {server}", self.profile),
            file: FileCredentials::new(self.dir.join(format!("{}.json", file_name(server)))),
            server: server.to_owned(),
        }
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

    fn is_in_keyring(&self, server: &str) -> bool {
        self.in_keyring.lock().contains(server)
    }

    fn remember(&self, server: &str, in_keyring: bool) {
        let changed = {
            let mut known = self.in_keyring.lock();
            let changed = if in_keyring {
                known.insert(server.to_owned())
            } else {
                known.remove(server)
            };
            changed.then(|| known.clone())
        };
        if let Some(known) = changed {
            self.in_keyring_file.save_or_warn(&known);
        }
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
    server: String,
    entry: String,
    file: FileCredentials,
}

impl ServerCredentials {
    fn read(&self) -> Result<Option<Account>, Unreadable> {
        // What is in the file is newer than what is in the keyring: a file is only
        // written when the keyring refuses, and goes when it takes the account.
        if let Some(account) = self.file.load().map_err(Unreadable::File)? {
            self.save(&account).map_err(Unreadable::File)?;
            return Ok(Some(account));
        }
        let expected = self.secrets.is_in_keyring(&self.server);
        if !expected && !self.secrets.uses_keyring() {
            return Ok(None);
        }
        match self.secrets.keyring.read(&self.entry) {
            Ok(found) => {
                let account = found.as_deref().and_then(Account::from_json);
                self.secrets.remember(&self.server, account.is_some());
                Ok(account)
            }
            Err(error) if expected => Err(Unreadable::Keyring(in_words(&error))),
            Err(error) => {
                self.secrets.fall_back(&error);
                Ok(None)
            }
        }
    }

    fn write_keyring(&self, account: &Account) -> keyring::Result<()> {
        let keyring = &self.secrets.keyring;
        keyring.write(&self.entry, &account.to_json())?;
        self.secrets.remember(&self.server, true);
        // A file of a time when there was no keyring must not stay behind.
        remove(self.file.path());
        Ok(())
    }
}

impl Credentials for ServerCredentials {
    fn load(&self) -> Result<Option<Account>, String> {
        self.read().map_err(|error| error.to_string())
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

    use std::collections::BTreeMap;

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

    /// A keyring that can be locked.
    #[derive(Debug, Default, Clone)]
    struct Drawer(Arc<Mutex<(bool, BTreeMap<String, String>)>>);

    impl Drawer {
        fn lock(&self, locked: bool) {
            self.0.lock().0 = locked;
        }

        fn open<T>(
            &self,
            act: impl FnOnce(&mut BTreeMap<String, String>) -> T,
        ) -> keyring::Result<T> {
            let mut inside = self.0.lock();
            if inside.0 {
                return Err(keyring::Error::NoStorageAccess("locked".into()));
            }
            Ok(act(&mut inside.1))
        }
    }

    impl KeyringEntries for Drawer {
        fn read(&self, entry: &str) -> keyring::Result<Option<String>> {
            self.open(|entries| entries.get(entry).cloned())
        }

        fn write(&self, entry: &str, text: &str) -> keyring::Result<()> {
            self.open(|entries| {
                entries.insert(entry.into(), text.into());
            })
        }

        fn remove(&self, entry: &str) -> keyring::Result<()> {
            self.open(|entries| {
                entries.remove(entry);
            })
        }
    }

    fn with_keyring(drawer: &Drawer, dir: &Path) -> Arc<Secrets> {
        let secrets = Secrets::over(Box::new(drawer.clone()), "p1".into(), dir.join("secrets"));
        secrets.probe();
        Arc::new(secrets)
    }

    const KULTI: &str = "https://kulti.dev";

    #[test]
    fn an_account_in_a_locked_keyring_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let drawer = Drawer::default();
        let before = with_keyring(&drawer, dir.path());
        before.credentials(KULTI).save(&account("Zoë")).unwrap();

        drawer.lock(true);
        let secrets = with_keyring(&drawer, dir.path());
        assert!(matches!(secrets.place(), SecretStore::File { .. }));
        let refused = secrets.has_account(KULTI).unwrap_err();
        assert_eq!(
            CommandError::from(refused).code,
            ErrorCode::KeyringLocked,
            "after a new start"
        );
        let told = secrets.credentials(KULTI).load().unwrap_err();
        assert!(told.contains("unlock the keyring"), "{told}");
        let other = secrets.has_account("https://other.example");
        assert_eq!(other, Ok(false), "nothing was ever kept for it");

        drawer.lock(false);
        let found = secrets.credentials(KULTI).load();
        assert_eq!(found, Ok(Some(account("Zoë"))), "without another start");
    }

    #[test]
    fn an_account_that_was_removed_from_the_keyring_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let drawer = Drawer::default();
        let secrets = with_keyring(&drawer, dir.path());
        secrets.credentials(KULTI).save(&account("Zoë")).unwrap();
        drawer.open(BTreeMap::clear).unwrap();
        assert_eq!(secrets.has_account(KULTI), Ok(false));
        drawer.lock(true);
        assert_eq!(secrets.has_account(KULTI), Ok(false));
    }

    #[test]
    fn tokens_written_while_the_keyring_was_locked_are_the_ones_that_hold() {
        let dir = tempfile::tempdir().unwrap();
        let drawer = Drawer::default();
        let secrets = with_keyring(&drawer, dir.path());
        secrets.credentials(KULTI).save(&account("Old")).unwrap();
        drawer.lock(true);
        secrets.credentials(KULTI).save(&account("New")).unwrap();
        let again = with_keyring(&drawer, dir.path());
        assert_eq!(again.credentials(KULTI).load(), Ok(Some(account("New"))));

        drawer.lock(false);
        let unlocked = with_keyring(&drawer, dir.path());
        assert_eq!(unlocked.credentials(KULTI).load(), Ok(Some(account("New"))));
        let file = dir.path().join("secrets").join(file_name(KULTI) + ".json");
        assert!(!file.exists(), "moved to the keyring");
        assert_eq!(unlocked.credentials(KULTI).load(), Ok(Some(account("New"))));
    }

    #[test]
    fn whoever_only_looks_is_the_same_stranger_at_one_server_and_another_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = without_keyring(dir.path());
        secrets.stranger(KULTI).save(&account("Guest")).unwrap();
        assert!(secrets.stranger(KULTI).load().unwrap().is_some());
        assert_eq!(secrets.has_account(KULTI), Ok(false), "nothing is kept");
        assert_eq!(secrets.stranger("https://other.example").load(), Ok(None));
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
