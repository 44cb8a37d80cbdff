//! Guest accounts and their tokens. All that is good is kept in memory; the database
//! is written before a token is given out.

use std::{collections::HashMap, sync::Arc};

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
    account: Account,
    expires_at: u64,
}

#[derive(Default)]
struct Grants {
    access: HashMap<Hash, Grant>,
    refresh: HashMap<Hash, Grant>,
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
        let mut names: HashMap<Arc<str>, Account> = HashMap::new();
        for row in db.tokens(now).await? {
            let account = names
                .entry(row.user_id.clone())
                .or_insert_with(|| Account {
                    id: row.user_id,
                    display_name: row.display_name,
                })
                .clone();
            grants.insert_pair(
                &account,
                (row.access_hash, row.access_expires_at),
                (row.refresh_hash, row.refresh_expires_at),
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
        self.grant(account, vec![new_user], now).await
    }

    /// Exchanges a refresh token for a new pair. Each is good once; the access token
    /// that was given out with it stays good until its own end.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &str,
        now: u64,
    ) -> Result<AuthResponse, AccountError> {
        let refresh_hash = hash(refresh_token);
        // Taken out before the commit: of two requests at once only one gets a pair.
        let grant = self
            .grants
            .write()
            .refresh
            .remove(&refresh_hash)
            .filter(|grant| now < grant.expires_at)
            .ok_or(AccountError::BadRefreshToken)?;
        let used = Write::RefreshUsed { refresh_hash };
        let answer = self.grant(grant.account.clone(), vec![used], now).await;
        if answer.is_err() {
            self.grants.write().refresh.insert(refresh_hash, grant);
        }
        answer
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
        Ok(grant.account.clone())
    }

    async fn grant(
        &self,
        account: Account,
        mut writes: Vec<Write>,
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
        });
        self.db.commit(writes).await?;
        let mut grants = self.grants.write();
        grants.insert_pair(&account, access, refresh, now);
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

    fn insert_pair(
        &mut self,
        account: &Account,
        access: (Hash, u64),
        refresh: (Hash, u64),
        now: u64,
    ) {
        for (map, (hash, expires_at)) in [(&mut self.access, access), (&mut self.refresh, refresh)]
        {
            if expires_at > now {
                map.insert(
                    hash,
                    Grant {
                        account: account.clone(),
                        expires_at,
                    },
                );
            }
        }
    }

    fn sweep(&mut self, now: u64) {
        if self.len() < self.sweep_at {
            return;
        }
        self.access.retain(|_, grant| grant.expires_at > now);
        self.refresh.retain(|_, grant| grant.expires_at > now);
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
