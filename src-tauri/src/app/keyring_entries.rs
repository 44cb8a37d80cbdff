//! Texts in the operating system's keyring.

use std::fmt::Debug;

use keyring::Entry;

/// Under which name all our secrets stand in the keyring.
const SERVICE: &str = "dev.kulti.desktop";

/// A keyring. Calls block.
pub(crate) trait KeyringEntries: Debug + Send + Sync {
    /// What an entry holds; none if there is no such entry.
    ///
    /// # Errors
    /// If the keyring does not answer, or is locked.
    fn read(&self, entry: &str) -> keyring::Result<Option<String>>;

    /// Makes or replaces an entry.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn write(&self, entry: &str, text: &str) -> keyring::Result<()>;

    /// Removes an entry.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn remove(&self, entry: &str) -> keyring::Result<()>;
}

/// The operating system's keyring.
#[derive(Debug)]
pub(crate) struct SystemKeyring;

impl KeyringEntries for SystemKeyring {
    fn read(&self, entry: &str) -> keyring::Result<Option<String>> {
        match Entry::new(SERVICE, entry)?.get_password() {
            Ok(text) => Ok(Some(text)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, entry: &str, text: &str) -> keyring::Result<()> {
        Entry::new(SERVICE, entry)?.set_password(text)
    }

    fn remove(&self, entry: &str) -> keyring::Result<()> {
        Entry::new(SERVICE, entry)?.delete_credential()
    }
}
