//! Everything that is ever written.

use std::sync::Arc;

use sqlx::SqliteConnection;

/// One write. Moments are ms since the epoch.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// A new account.
    User {
        id: Arc<str>,
        display_name: Arc<str>,
        created_at: u64,
    },
    /// An account has another name.
    DisplayName {
        user_id: Arc<str>,
        display_name: Arc<str>,
    },
    /// The host of live sessions has another name. Those that are over keep the one
    /// that they were held under.
    HostName {
        host_id: Arc<str>,
        host_name: Arc<str>,
    },
    /// A pair of tokens, by their hashes.
    Tokens {
        id: String,
        user_id: Arc<str>,
        access_hash: [u8; 32],
        access_expires_at: u64,
        refresh_hash: [u8; 32],
        refresh_expires_at: u64,
    },
    /// A refresh token was used: it is good no more.
    RefreshUsed { refresh_hash: [u8; 32] },
    /// Pairs that ended before this moment go.
    ForgetTokens { before: u64 },
    /// A new session.
    Session {
        id: String,
        room_code: String,
        hms_room_id: String,
        title: String,
        description: Option<String>,
        is_public: bool,
        host_id: Arc<str>,
        host_name: Arc<str>,
        started_at: u64,
    },
    /// Somebody joined a session.
    Participant {
        session_id: Arc<str>,
        user_id: Arc<str>,
        display_name: Arc<str>,
        role: &'static str,
        joined_at: u64,
    },
    /// What is known of a participant's watching, in place of what was known before.
    Evidence {
        session_id: Arc<str>,
        user_id: Arc<str>,
        claimed: String,
        attended: String,
        connected_until: Option<u64>,
    },
    /// The session is over. The first end counts.
    SessionEnded {
        id: Arc<str>,
        ended_at: u64,
        completed: bool,
    },
    /// Pay what is still missing.
    Payout(Payout),
}

/// What somebody is owed for a session in all. What was paid before for the same kind
/// is subtracted, so that paying twice pays once.
#[derive(Debug, Clone)]
pub(crate) struct Payout {
    pub(crate) user_id: Arc<str>,
    pub(crate) session_id: Arc<str>,
    /// `watching`, `hosting`.
    pub(crate) kind: &'static str,
    /// Credits in all.
    pub(crate) total: u64,
    /// How the total came about, as JSON.
    pub(crate) details: String,
    pub(crate) at: u64,
}

/// SQLite's integers are signed.
pub(super) fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Write {
    pub(super) async fn run(&self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let query = match self {
            Self::User {
                id,
                display_name,
                created_at,
            } => sqlx::query("INSERT INTO users (id, display_name, created_at) VALUES (?, ?, ?)")
                .bind(&**id)
                .bind(&**display_name)
                .bind(signed(*created_at)),
            Self::DisplayName {
                user_id,
                display_name,
            } => sqlx::query("UPDATE users SET display_name = ? WHERE id = ?")
                .bind(&**display_name)
                .bind(&**user_id),
            Self::HostName { host_id, host_name } => sqlx::query(
                "UPDATE sessions SET host_name = ? WHERE host_id = ? AND ended_at IS NULL",
            )
            .bind(&**host_name)
            .bind(&**host_id),
            Self::Tokens {
                id,
                user_id,
                access_hash,
                access_expires_at,
                refresh_hash,
                refresh_expires_at,
            } => sqlx::query(
                "INSERT INTO tokens (id, user_id, access_hash, access_expires_at, refresh_hash, \
                 refresh_expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(id)
            .bind(&**user_id)
            .bind(&access_hash[..])
            .bind(signed(*access_expires_at))
            .bind(&refresh_hash[..])
            .bind(signed(*refresh_expires_at)),
            Self::RefreshUsed { refresh_hash } => {
                sqlx::query("UPDATE tokens SET refresh_expires_at = 0 WHERE refresh_hash = ?")
                    .bind(&refresh_hash[..])
            }
            Self::ForgetTokens { before } => sqlx::query(
                "DELETE FROM tokens WHERE refresh_expires_at < ?1 AND access_expires_at < ?1",
            )
            .bind(signed(*before)),
            Self::Session {
                id,
                room_code,
                hms_room_id,
                title,
                description,
                is_public,
                host_id,
                host_name,
                started_at,
            } => sqlx::query(
                "INSERT INTO sessions (id, room_code, hms_room_id, title, description, is_public, \
                 host_id, host_name, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id)
            .bind(room_code)
            .bind(hms_room_id)
            .bind(title)
            .bind(description)
            .bind(is_public)
            .bind(&**host_id)
            .bind(&**host_name)
            .bind(signed(*started_at)),
            Self::Participant {
                session_id,
                user_id,
                display_name,
                role,
                joined_at,
            } => sqlx::query(
                "INSERT INTO participants (session_id, user_id, display_name, role, joined_at) \
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&**session_id)
            .bind(&**user_id)
            .bind(&**display_name)
            .bind(role)
            .bind(signed(*joined_at)),
            Self::Evidence {
                session_id,
                user_id,
                claimed,
                attended,
                connected_until,
            } => sqlx::query(
                "INSERT INTO watch_evidence (session_id, user_id, claimed, attended, \
                 connected_until) VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_id, user_id) \
                 DO UPDATE SET claimed = excluded.claimed, attended = excluded.attended, \
                 connected_until = excluded.connected_until",
            )
            .bind(&**session_id)
            .bind(&**user_id)
            .bind(claimed)
            .bind(attended)
            .bind(connected_until.map(signed)),
            Self::SessionEnded {
                id,
                ended_at,
                completed,
            } => sqlx::query(
                "UPDATE sessions SET ended_at = ?, completed = ? WHERE id = ? AND ended_at IS NULL",
            )
            .bind(signed(*ended_at))
            .bind(completed)
            .bind(&**id),
            Self::Payout(payout) => sqlx::query(
                "INSERT INTO ledger_transactions \
                 (user_id, session_id, kind, entry, amount, details, created_at) \
                 SELECT ?1, ?2, ?3, entries, ?4 - paid, ?5, ?6 FROM \
                 (SELECT COUNT(*) AS entries, COALESCE(SUM(amount), 0) AS paid \
                  FROM ledger_transactions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3) \
                 WHERE ?4 > paid",
            )
            .bind(&*payout.user_id)
            .bind(&*payout.session_id)
            .bind(payout.kind)
            .bind(signed(payout.total))
            .bind(&payout.details)
            .bind(signed(payout.at)),
        };
        query.execute(db).await?;
        Ok(())
    }
}
