//! The account at one server, and where its tokens are kept.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use kulti_protocol::api::{AuthResponse, User};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// A text that must not be shown: a token. It prints as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text out of sight.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Who the person is at one server, with the tokens that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// For `Authorization: Bearer`.
    pub access: Secret,
    /// For another pair of tokens; good once.
    pub refresh: Secret,
}

/// How an [`Account`] is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    user: User,
    access_token: String,
    refresh_token: String,
}

impl Account {
    /// The account as JSON, tokens included: for a keyring or a guarded file only.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!({
            "user": self.user,
            "access_token": self.access.expose(),
            "refresh_token": self.refresh.expose(),
        })
        .to_string()
    }

    /// Reads what [`Self::to_json`] wrote; none if it is something else.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(json).ok()?;
        Some(Self {
            user: written.user,
            access: Secret::new(written.access_token),
            refresh: Secret::new(written.refresh_token),
        })
    }
}

impl From<AuthResponse> for Account {
    fn from(answer: AuthResponse) -> Self {
        Self {
            user: answer.user,
            access: Secret::new(answer.access_token),
            refresh: Secret::new(answer.refresh_token),
        }
    }
}

/// Where the account at **one** server is kept. Calls may block: they are made on
/// a thread for that.
pub trait Credentials: Send + Sync + 'static {
    /// The account, if there is one.
    ///
    /// # Errors
    /// In words for a person, if the place cannot be read.
    fn load(&self) -> Result<Option<Account>, String>;

    /// Keeps the account in place of the one before.
    ///
    /// # Errors
    /// In words for a person, if the place cannot be written.
    fn save(&self, account: &Account) -> Result<(), String>;
}

/// Keeps an account for as long as the program runs.
#[derive(Debug, Default)]
pub struct MemoryCredentials(Mutex<Option<Account>>);

impl Credentials for MemoryCredentials {
    fn load(&self) -> Result<Option<Account>, String> {
        Ok(self.0.lock().clone())
    }

    fn save(&self, account: &Account) -> Result<(), String> {
        *self.0.lock() = Some(account.clone());
        Ok(())
    }
}

/// Keeps an account in a file that only its owner can read.
#[derive(Debug)]
pub struct FileCredentials {
    path: PathBuf,
}

impl FileCredentials {
    /// The account in this file, which need not exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> String {
        format!("cannot {doing} {}: {error}", self.path.display())
    }
}

impl Credentials for FileCredentials {
    /// A file that holds no account counts as none: a new account replaces it.
    fn load(&self) -> Result<Option<Account>, String> {
        match std::fs::read_to_string(&self.path) {
            Ok(json) => {
                let account = Account::from_json(&json);
                if account.is_none() {
                    tracing::warn!(path = %self.path.display(), "the file holds no account; it will be replaced");
                }
                Ok(account)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed("read", &e)),
        }
    }

    /// Written beside and moved into place, so that a crash leaves the old or the new one.
    fn save(&self, account: &Account) -> Result<(), String> {
        if let Some(dir) = self.path.parent() {
            create_private_dir(dir).map_err(|e| self.failed("make the folder of", &e))?;
        }
        let beside = self.path.with_extension("new");
        write_private(&beside, account.to_json().as_bytes())
            .and_then(|()| std::fs::rename(&beside, &self.path))
            .map_err(|e| self.failed("write", &e))
    }
}

pub(super) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A left-over of a crash might have other permissions, which opening keeps.
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn account() -> Account {
        Account {
            user: User {
                id: "u1".into(),
                display_name: "Zoë".into(),
            },
            access: Secret::new("ACCESS".into()),
            refresh: Secret::new("REFRESH".into()),
        }
    }

    #[test]
    fn tokens_do_not_print() {
        let printed = format!("{:?} {:#?}", account(), account());
        assert!(
            !printed.contains("ACCESS") && !printed.contains("REFRESH"),
            "{printed}"
        );
    }

    #[test]
    fn a_file_keeps_the_account_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = FileCredentials::new(dir.path().join("bots/1.json"));
        assert_eq!(file.load(), Ok(None));
        file.save(&account()).unwrap();
        file.save(&account()).unwrap();
        assert_eq!(file.load(), Ok(Some(account())));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(file.path()), 0o600);
            assert_eq!(mode(&dir.path().join("bots")), 0o700);
        }
    }

    #[test]
    fn a_damaged_file_is_no_account() {
        let dir = tempfile::tempdir().unwrap();
        let file = FileCredentials::new(dir.path().join("1.json"));
        std::fs::write(file.path(), "{\"user\":").unwrap();
        assert_eq!(file.load(), Ok(None));
        file.save(&account()).unwrap();
        assert_eq!(file.load(), Ok(Some(account())));
    }
}
