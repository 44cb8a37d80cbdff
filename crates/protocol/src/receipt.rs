//! Receipts: what the ledger has for one person in one session, signed, so that the
//! person can show it to others, who can check it without asking the server.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    api::{
        Interval, ReceiptBody, ReceiptKeyResponse, ReceiptSignature, SignedReceipt, Transaction,
    },
    canonical_json::{self, CanonicalJsonError},
};

/// The version of receipts that is written and read here.
pub const VERSION: u32 = 1;
/// Bytes of a key's secret seed.
pub const SEED_BYTES: usize = 32;

const ALGORITHM: &str = "Ed25519";
/// Before the receipt's bytes, so that no signature of another kind is one of a receipt.
const DOMAIN: &[u8] = b"kulti-receipt-v1\n";

/// Why a receipt is not good, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The seed has another length, or the public key is none.
    #[error("this is no Ed25519 key")]
    BadKey,
    /// The receipt names another algorithm or version.
    #[error("the receipt is of a kind that this version does not know")]
    UnknownKind,
    /// The receipt lacks something or has something of the wrong type.
    #[error("the receipt cannot be read: {0}")]
    Malformed(String),
    /// The receipt has no canonical form.
    #[error(transparent)]
    NotCanonical(#[from] CanonicalJsonError),
    /// The receipt names another key than the one that it is checked with.
    #[error("the receipt was signed with another key")]
    OtherKey,
    /// The signature is not one of the key under these contents.
    #[error("the signature is wrong: the receipt was changed, or made up")]
    BadSignature,
    /// The hash of the entries is another.
    #[error("the hash of the ledger's entries is wrong")]
    BadEntriesHash,
    /// The intervals are not in order, or not within the session.
    #[error("the intervals overlap, are out of order, or lie outside of the session")]
    BadIntervals,
    /// The intervals are not as long as is said.
    #[error("the intervals add up to {found} ms, not to {said} ms")]
    WrongTime {
        /// What the intervals add up to.
        found: u64,
        /// What the receipt says.
        said: u64,
    },
    /// The entries do not sum up to the credits.
    #[error("the entries sum up to {found} credits, not to {said}")]
    WrongCredits {
        /// What the entries sum up to.
        found: i64,
        /// What the receipt says.
        said: i64,
    },
    /// An entry belongs to another session.
    #[error("an entry belongs to another session")]
    ForeignEntry,
}

/// A key that receipts are signed with.
pub struct ReceiptKey(Ed25519KeyPair);

impl std::fmt::Debug for ReceiptKey {
    /// The public half only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReceiptKey")
            .field(&self.published().public_key)
            .finish()
    }
}

impl ReceiptKey {
    /// The key of a secret seed: 32 random bytes.
    ///
    /// # Errors
    /// [`ReceiptError::BadKey`] if the seed has another length.
    pub fn from_seed(seed: &[u8]) -> Result<Self, ReceiptError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_| ReceiptError::BadKey)
    }

    /// The public half, as it is published.
    #[must_use]
    pub fn published(&self) -> ReceiptKeyResponse {
        ReceiptKeyResponse {
            algorithm: ALGORITHM.to_owned(),
            public_key: STANDARD.encode(self.0.public_key()),
        }
    }

    /// Signs a receipt.
    ///
    /// # Errors
    /// If it has no canonical form: numbers beyond 53 bits.
    pub fn sign(&self, receipt: &ReceiptBody) -> Result<SignedReceipt, ReceiptError> {
        let receipt = to_value(receipt)?;
        let signature = self.0.sign(&signed_bytes(&receipt)?);
        let published = self.published();
        Ok(SignedReceipt {
            receipt,
            signature: ReceiptSignature {
                algorithm: published.algorithm,
                public_key: published.public_key,
                value: STANDARD.encode(signature),
            },
        })
    }
}

/// SHA-256 over the canonical JSON of a ledger's entries, hex.
///
/// # Errors
/// If they have no canonical form: numbers beyond 53 bits.
pub fn entries_sha256(entries: &[Transaction]) -> Result<String, ReceiptError> {
    let json = canonical_json::to_vec(&to_value(&entries)?)?;
    Ok(hex(&Sha256::digest(json)))
}

/// Checks a receipt with the server's published key (base64), and gives what it says.
///
/// # Errors
/// [`ReceiptError`] says what is wrong.
pub fn verify(receipt: &SignedReceipt, public_key: &str) -> Result<ReceiptBody, ReceiptError> {
    let key = public_key_bytes(public_key)?;
    if receipt.signature.algorithm != ALGORITHM {
        return Err(ReceiptError::UnknownKind);
    }
    if public_key_bytes(&receipt.signature.public_key).as_ref() != Ok(&key) {
        return Err(ReceiptError::OtherKey);
    }
    let signature = STANDARD
        .decode(&receipt.signature.value)
        .map_err(|_| ReceiptError::BadSignature)?;
    UnparsedPublicKey::new(&ED25519, &key)
        .verify(&signed_bytes(&receipt.receipt)?, &signature)
        .map_err(|_| ReceiptError::BadSignature)?;
    let body: ReceiptBody = serde_json::from_value(receipt.receipt.clone())
        .map_err(|error| ReceiptError::Malformed(error.to_string()))?;
    check(&body)?;
    Ok(body)
}

/// Checks a receipt with the key that it names itself: that proves that it was not
/// changed since it was signed, but not who signed it.
///
/// # Errors
/// As [`verify`].
pub fn verify_integrity(receipt: &SignedReceipt) -> Result<ReceiptBody, ReceiptError> {
    verify(receipt, &receipt.signature.public_key)
}

/// Whether a receipt agrees with itself.
fn check(body: &ReceiptBody) -> Result<(), ReceiptError> {
    if body.version != VERSION {
        return Err(ReceiptError::UnknownKind);
    }
    if entries_sha256(&body.entries)? != body.entries_sha256 {
        return Err(ReceiptError::BadEntriesHash);
    }
    let found = measure_ms(body).ok_or(ReceiptError::BadIntervals)?;
    if found != body.active_ms {
        return Err(ReceiptError::WrongTime {
            found,
            said: body.active_ms,
        });
    }
    let session = Some(&body.session_id);
    if body
        .entries
        .iter()
        .any(|e| e.session_id.as_ref() != session)
    {
        return Err(ReceiptError::ForeignEntry);
    }
    let found = body
        .entries
        .iter()
        .fold(0i64, |sum, entry| sum.saturating_add(entry.amount));
    if found != body.credits {
        return Err(ReceiptError::WrongCredits {
            found,
            said: body.credits,
        });
    }
    Ok(())
}

/// None unless the intervals are disjoint, ascending, and within the session.
fn measure_ms(body: &ReceiptBody) -> Option<u64> {
    let (mut at, mut sum) = (body.started_at, 0);
    for [start, end] in &body.intervals {
        let (start, end) = as_moments([*start, *end])?;
        if start < at || end > body.ended_at {
            return None;
        }
        sum += end.checked_sub(start)?;
        at = end;
    }
    Some(sum)
}

fn as_moments([start, end]: Interval) -> Option<(u64, u64)> {
    Some((start.try_into().ok()?, end.try_into().ok()?))
}

fn signed_bytes(receipt: &serde_json::Value) -> Result<Vec<u8>, ReceiptError> {
    let mut bytes = DOMAIN.to_vec();
    bytes.extend(canonical_json::to_vec(receipt)?);
    Ok(bytes)
}

fn public_key_bytes(base64: &str) -> Result<[u8; 32], ReceiptError> {
    let bytes = STANDARD
        .decode(base64.trim())
        .map_err(|_| ReceiptError::BadKey)?;
    bytes.try_into().map_err(|_| ReceiptError::BadKey)
}

fn to_value<T: Serialize>(value: &T) -> Result<serde_json::Value, ReceiptError> {
    serde_json::to_value(value).map_err(|error| ReceiptError::Malformed(error.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
