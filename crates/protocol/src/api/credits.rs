//! Credits: balances, transactions, and signed receipts.

use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

/// `GET /api/credits/balance`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceResponse {
    /// The sum of all transactions.
    pub balance: i64,
    /// The sum of the positive ones.
    #[serde(default, deserialize_with = "null_as_default")]
    pub total_earned: i64,
}

/// `GET /api/credits/transactions`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsResponse {
    /// Newest first.
    pub transactions: Vec<Transaction>,
}

/// One change of a balance. Never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The transaction's id.
    pub id: String,
    /// Credits; negative ones are spent.
    pub amount: i64,
    /// Why: `watching`, `hosting`, `milestone:first_session` …
    pub kind: String,
    /// The session it belongs to, if any; of a milestone, the one that reached it.
    #[serde(default)]
    pub session_id: Option<String>,
    /// When, ms since the epoch.
    pub created_at: u64,
}

/// Answer of `GET /api/sessions/{id}/receipt`, and the file that a person keeps: what
/// the ledger has for them in one session, signed by the server. A session that is
/// still live has no receipt.
///
/// `signature` is over `kulti-receipt-v1`, a line feed, and `receipt` as JSON in
/// canonical form (RFC 8785; all numbers are integers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedReceipt {
    /// What is signed: a [`ReceiptBody`].
    #[serde(default)]
    pub receipt: serde_json::Value,
    /// By whom.
    pub signature: ReceiptSignature,
}

/// A signature under a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptSignature {
    /// Always `Ed25519`.
    pub algorithm: String,
    /// The server's public key, base64, as in [`ReceiptKeyResponse`].
    pub public_key: String,
    /// The signature's 64 bytes, base64.
    pub value: String,
}

/// What a [`SignedReceipt`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptBody {
    /// Always 1.
    pub version: u32,
    /// Who watched.
    pub user: super::User,
    /// The session's id.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// The host's display name.
    pub host_name: String,
    /// The role that the person had.
    pub role: String,
    /// When the session started, ms since the epoch.
    pub started_at: u64,
    /// When it ended, ms since the epoch.
    pub ended_at: u64,
    /// What counted.
    pub intervals: Vec<super::Interval>,
    /// The measure of `intervals`.
    pub active_ms: u64,
    /// Credits that were paid for the session: the sum of `entries`. Milestones are not
    /// among them.
    pub credits: i64,
    /// The ledger's entries for this person and session, oldest first.
    pub entries: Vec<Transaction>,
    /// SHA-256 over the canonical JSON of `entries`, hex.
    pub entries_sha256: String,
    /// When the receipt was made, ms since the epoch.
    pub issued_at: u64,
}

/// Answer of `GET /api/receipts/key`: the key under which receipts can be verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptKeyResponse {
    /// Always `Ed25519`.
    pub algorithm: String,
    /// The public key's 32 bytes, base64.
    pub public_key: String,
}
