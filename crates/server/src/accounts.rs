//! Guest accounts and their tokens. All that is good is kept in memory; the database
//! is written before a token is given out.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kulti_protocol::api::{AuthResponse, User};
use parking_lot::RwLock;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    db::{Db, DbError, Write},
    settings::{TokenSettings, millis},
};

/// Longest display name, in characters.
pub(crate) const NAME_CHARS: usize = 80;

/// Expired tokens are swept out of memory when there are so many more than after the
/// last sweep.
const SWEEP_STEP: usize = 1_000;

type Hash = [u8; 32];

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: Arc<str>,
    pub(crate) display_name: Arc<str>,
}

impl Account {
    pub(crate) fn to_user(&self) -> User {
        User {
            id: self.id.to_string(),
            display_name: self.display_name.to_string(),
        }
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("the display name must have 1 to 80 characters")]
    BadName,
    #[error("the access token is unknown: sign in again")]
    UnknownToken,
    #[error("the access token has expired: refresh it")]
    ExpiredToken,
    #[error("the refresh token is unknown, used or expired: sign in as a new guest")]
    BadRefreshToken,
    #[error(transparent)]
    Db(#[from] DbError),
}

struct Grant {
    user_id: Arc<str>,
    expires_at: u64,
    /// Of a refresh token: the one that it was exchanged for, which is good until this
    /// one is used. So a lost answer costs nobody the account.
    replaces: Option<Hash>,
}

#[derive(Default)]
struct Grants {
    access: HashMap<Hash, Grant>,
    refresh: HashMap<Hash, Grant>,
    /// The display names of those who have a grant, by user id: a name changes for all
    /// grants at once.
    names: HashMap<Arc<str>, Arc<str>>,
    sweep_at: usize,
}

/// All accounts that can sign in.
pub(crate) struct Accounts {
    db: Db,
    settings: TokenSettings,
    grants: RwLock<Grants>,
}

impl Accounts {
    /// Reads all tokens that are still good, and forgets the others.
    pub(crate) async fn load(db: Db, settings: TokenSettings, now: u64) -> Result<Self, DbError> {
        db.commit(vec![Write::ForgetTokens { before: now }]).await?;
        let mut grants = Grants::default();
        for row in db.tokens(now).await? {
            let account = Account {
                id: row.user_id,
                display_name: row.display_name,
            };
            grants.insert_pair(
                &account,
                (row.access_hash, row.access_expires_at),
                (row.refresh_hash, row.refresh_expires_at),
                row.replaces,
                now,
            );
        }
        grants.sweep_at = grants.len() + SWEEP_STEP;
        Ok(Self {
            db,
            settings,
            grants: RwLock::new(grants),
        })
    }

    /// Makes an account that lives as long as somebody keeps its tokens.
    pub(crate) async fn create_guest(
        &self,
        display_name: &str,
        now: u64,
    ) -> Result<AuthResponse, AccountError> {
        let account = Account {
            id: Uuid::new_v4().to_string().into(),
            display_name: clean_name(display_name)?.into(),
        };
        let new_user = Write::User {
            id: account.id.clone(),
            display_name: account.display_name.clone(),
            created_at: now,
        };
        self.grant(account, vec![new_user], None, now).await
    }

    /// Exchanges a refresh token for a new pair. The token stays good until the new
    /// refresh token is used: the answer with it may be lost. The access token that was
    /// given out with it stays good until its own end.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &str,
        now: u64,
    ) -> Result<AuthResponse, AccountError> {
        let refresh_hash = hash(refresh_token);
        let (account, replaced) = self
            .grants
            .read()
            .refresh(&refresh_hash, now)
            .ok_or(AccountError::BadRefreshToken)?;
        let used = replaced.map(|refresh_hash| Write::RefreshUsed { refresh_hash });
        let writes = used.into_iter().collect();
        let answer = self.grant(account, writes, Some(refresh_hash), now).await?;
        if let Some(replaced) = replaced {
            self.grants.write().refresh.remove(&replaced);
        }
        Ok(answer)
    }

    /// Whose access token this is.
    pub(crate) fn authenticate(&self, token: &str, now: u64) -> Result<Account, AccountError> {
        let grants = self.grants.read();
        let grant = grants
            .access
            .get(&hash(token))
            .ok_or(AccountError::UnknownToken)?;
        if now >= grant.expires_at {
            return Err(AccountError::ExpiredToken);
        }
        Ok(grants.account_of(grant))
    }

    /// Gives somebody another name, and their live sessions with it. Writes nothing if
    /// it is the name that they have. Returns the account as it is then.
    pub(crate) async fn rename(
        &self,
        account: &Account,
        display_name: &str,
    ) -> Result<Account, AccountError> {
        let name: Arc<str> = clean_name(display_name)?.into();
        if name == account.display_name {
            return Ok(account.clone());
        }
        let writes = vec![
            Write::DisplayName {
                user_id: account.id.clone(),
                display_name: name.clone(),
            },
            Write::HostName {
                host_id: account.id.clone(),
                host_name: name.clone(),
            },
        ];
        self.db.commit(writes).await?;
        self.grants.write().rename(&account.id, name.clone());
        Ok(Account {
            id: account.id.clone(),
            display_name: name,
        })
    }

    async fn grant(
        &self,
        account: Account,
        mut writes: Vec<Write>,
        replaces: Option<Hash>,
        now: u64,
    ) -> Result<AuthResponse, AccountError> {
        let (access_token, refresh_token) = (random_token(), random_token());
        let access = (
            hash(&access_token),
            now.saturating_add(millis(self.settings.access_token_ttl)),
        );
        let refresh = (
            hash(&refresh_token),
            now.saturating_add(millis(self.settings.refresh_token_ttl)),
        );
        writes.push(Write::Tokens {
            id: Uuid::new_v4().to_string(),
            user_id: account.id.clone(),
            access_hash: access.0,
            access_expires_at: access.1,
            refresh_hash: refresh.0,
            refresh_expires_at: refresh.1,
            replaces,
        });
        self.db.commit(writes).await?;
        let mut grants = self.grants.write();
        let account = grants.insert_pair(&account, access, refresh, replaces, now);
        grants.sweep(now);
        Ok(AuthResponse {
            access_token,
            refresh_token,
            expires_at: access.1,
            user: account.to_user(),
        })
    }
}

impl Grants {
    fn len(&self) -> usize {
        self.access.len() + self.refresh.len()
    }

    fn account_of(&self, grant: &Grant) -> Account {
        Account {
            id: grant.user_id.clone(),
            // Whoever has a grant has a name.
            display_name: self.names.get(&grant.user_id).cloned().unwrap_or_default(),
        }
    }

    /// Whose refresh token this is, if it is good, and which one it has replaced.
    fn refresh(&self, hash: &Hash, now: u64) -> Option<(Account, Option<Hash>)> {
        let grant = self
            .refresh
            .get(hash)
            .filter(|grant| now < grant.expires_at)?;
        Some((self.account_of(grant), grant.replaces))
    }

    /// Returns the account under the name that it has by now.
    fn insert_pair(
        &mut self,
        account: &Account,
        (access, access_expires_at): (Hash, u64),
        (refresh, refresh_expires_at): (Hash, u64),
        replaces: Option<Hash>,
        now: u64,
    ) -> Account {
        let (user_id, display_name) = self.name(account);
        for (map, hash, expires_at, replaces) in [
            (&mut self.access, access, access_expires_at, None),
            (&mut self.refresh, refresh, refresh_expires_at, replaces),
        ] {
            if expires_at > now {
                map.insert(
                    hash,
                    Grant {
                        user_id: user_id.clone(),
                        expires_at,
                        replaces,
                    },
                );
            }
        }
        Account {
            id: user_id,
            display_name,
        }
    }

    /// The id and name that are known, or else this account's: a name that was changed
    /// meanwhile is not changed back.
    fn name(&mut self, account: &Account) -> (Arc<str>, Arc<str>) {
        if let Some((id, name)) = self.names.get_key_value(&account.id) {
            return (id.clone(), name.clone());
        }
        self.names
            .insert(account.id.clone(), account.display_name.clone());
        (account.id.clone(), account.display_name.clone())
    }

    fn rename(&mut self, user_id: &Arc<str>, display_name: Arc<str>) {
        self.names.insert(user_id.clone(), display_name);
    }

    fn sweep(&mut self, now: u64) {
        if self.len() < self.sweep_at {
            return;
        }
        self.access.retain(|_, grant| grant.expires_at > now);
        self.refresh.retain(|_, grant| grant.expires_at > now);
        let grants = self.access.values().chain(self.refresh.values());
        let known: HashSet<Arc<str>> = grants.map(|grant| grant.user_id.clone()).collect();
        self.names.retain(|user_id, _| known.contains(user_id));
        // Grows with what is good, so that sweeping costs little however many there are.
        self.sweep_at = self.len() + SWEEP_STEP.max(self.len() / 4);
    }
}

/// A display name without control characters and spaces around it.
fn clean_name(name: &str) -> Result<String, AccountError> {
    let name = clean_text(name);
    match name.chars().count() {
        1..=NAME_CHARS => Ok(name),
        _ => Err(AccountError::BadName),
    }
}

/// One line of text: control characters and characters that turn the direction of
/// other people's text become spaces, runs of spaces one.
pub(crate) fn clean_text(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

fn random_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_clean() {
        assert_eq!(
            clean_name("  Ann\u{202e}\n Lee\0 ").ok().as_deref(),
            Some("Ann Lee")
        );
        assert!(clean_name(" \u{7} ").is_err());
        assert!(
            clean_name(&"é".repeat(80)).is_ok(),
            "characters count, not bytes"
        );
        assert!(clean_name(&"é".repeat(81)).is_err());
    }
}
