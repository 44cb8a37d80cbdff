//! The HMS auth token ("app" token): a JWT signed with HS256.
//!
//! The official SDK decodes the payload with `atob`: base64url text that contains
//! `-` or `_` breaks it, and non-ASCII text is read as Latin-1. [`TokenClaims::sign`]
//! therefore escapes every character that could cause either.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::lenient::{null_as_default, whole_number};

/// A token longer than this is refused unread, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4_096;

/// How far the clocks of minter and verifier may differ, in seconds.
pub const CLOCK_LEEWAY_S: u64 = 30;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What an auth token says. Times are **seconds** since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenClaims {
    /// Which key pair signed it.
    pub access_key: String,
    /// Always `app`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Always 2.
    pub version: u32,
    /// The room.
    pub room_id: String,
    /// The app's own name for the person; one user may have several connections.
    pub user_id: String,
    /// The role at joining.
    pub role: String,
    /// Issued at.
    #[serde(default, deserialize_with = "whole_number")]
    pub iat: u64,
    /// Not before; 0 if the token does not say.
    #[serde(default, deserialize_with = "whole_number")]
    pub nbf: u64,
    /// Expires at. Without it a token has expired.
    #[serde(default, deserialize_with = "whole_number")]
    pub exp: u64,
    /// A random id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jti: String,
    /// The person's display name at the app server (ours; the vendor's tokens have none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The key pair that signs and checks tokens.
#[derive(Clone)]
pub struct HmsKeys {
    /// Public name of the pair.
    pub access_key: String,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for HmsKeys {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HmsKeys")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has not the form of a JWT, or its claims are incomplete.
    #[error("the token is malformed")]
    Malformed,
    /// It names another algorithm than HS256.
    #[error("the token's algorithm is not HS256")]
    Algorithm,
    /// It was signed with another secret, or changed.
    #[error("the token's signature is wrong")]
    Signature,
    /// It names another key pair.
    #[error("the token was made with an unknown access key")]
    AccessKey,
    /// It is no app token of version 2.
    #[error("the token is not an app token of version 2")]
    Kind,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It has an empty room, user or role.
    #[error("the token names no room, no user or no role")]
    Incomplete,
}

impl TokenClaims {
    /// Claims for one person in one room, valid from now on.
    #[must_use]
    pub fn new(
        room_id: &str,
        user_id: &str,
        role: &str,
        jti: &str,
        now_s: u64,
        ttl_s: u64,
    ) -> Self {
        Self {
            access_key: String::new(),
            kind: "app".to_owned(),
            version: 2,
            room_id: room_id.to_owned(),
            user_id: user_id.to_owned(),
            role: role.to_owned(),
            iat: now_s,
            nbf: now_s,
            exp: now_s.saturating_add(ttl_s),
            jti: jti.to_owned(),
            name: None,
        }
    }

    /// The signed token. The claims' `access_key` is taken from `keys`.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] if the claims cannot be written as JSON.
    pub fn sign(mut self, keys: &HmsKeys) -> Result<String, TokenError> {
        self.access_key.clone_from(&keys.access_key);
        let json = serde_json::to_string(&self).map_err(|_| TokenError::Malformed)?;
        let payload = URL_SAFE_NO_PAD.encode(escape_for_atob(&json));
        let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(HEADER));
        let signature = mac(keys, &message)?.finalize().into_bytes();
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Checks a token's signature, kind and times.
///
/// # Errors
/// [`TokenError`] names the first thing that is wrong; the signature is checked
/// before anything that the token says is believed.
pub fn verify(token: &str, keys: &HmsKeys, now_s: u64) -> Result<TokenClaims, TokenError> {
    let claims = verify_ignoring_expiry(token, keys, now_s)?;
    if now_s >= claims.exp.saturating_add(CLOCK_LEEWAY_S) {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

/// As [`verify`], but an expired token is good: for a peer that comes back within
/// its grace period.
///
/// # Errors
/// As [`verify`], never [`TokenError::Expired`].
pub fn verify_ignoring_expiry(
    token: &str,
    keys: &HmsKeys,
    now_s: u64,
) -> Result<TokenClaims, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    if payload.contains('.') {
        return Err(TokenError::Malformed);
    }
    let header: Header = decode(header)?;
    if header.alg != "HS256" {
        return Err(TokenError::Algorithm);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| TokenError::Malformed)?;
    mac(keys, message)?
        .verify_slice(&signature)
        .map_err(|_| TokenError::Signature)?;
    let claims: TokenClaims = decode(payload)?;
    if claims.access_key != keys.access_key {
        return Err(TokenError::AccessKey);
    }
    if claims.kind != "app" || claims.version != 2 {
        return Err(TokenError::Kind);
    }
    if claims.room_id.is_empty() || claims.user_id.is_empty() || claims.role.is_empty() {
        return Err(TokenError::Incomplete);
    }
    if now_s.saturating_add(CLOCK_LEEWAY_S) < claims.nbf {
        return Err(TokenError::NotYetValid);
    }
    Ok(claims)
}

/// Reads a token's claims **without checking anything**: for a client, which has no
/// secret and only wants to know its own room, user and role.
///
/// # Errors
/// [`TokenError::Malformed`] if it is no JWT with these claims.
pub fn read_unverified(token: &str) -> Result<TokenClaims, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    decode(payload)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

fn mac(keys: &HmsKeys, message: &str) -> Result<Hmac<Sha256>, TokenError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.secret.as_bytes())
        .map_err(|_| TokenError::Malformed)?;
    mac.update(message.as_bytes());
    Ok(mac)
}

/// Writes `~`, `>`, `?`, DEL and everything beyond ASCII as `\uXXXX`. All of these
/// stand inside JSON strings only, so the JSON keeps its meaning.
fn escape_for_atob(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0u16; 2];
    for c in json.chars() {
        if c.is_ascii() && !matches!(c, '~' | '>' | '?' | '\u{7f}') {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}
