//! Everything that is ever written.

use std::sync::Arc;

use sqlx::SqliteConnection;

use super::{ChatWrite, DbCounters, settle::Settlement};

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
        replaces: Option<[u8; 32]>,
    },
    /// A refresh token was replaced, and the new one used: it is good no more.
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
        excluded: String,
        attended: String,
        connected_until: Option<u64>,
        messages: u64,
    },
    /// The session is over. The first end counts.
    SessionEnded {
        id: Arc<str>,
        ended_at: u64,
        completed: bool,
    },
    /// How the room of a session did until its end, as JSON. The first one counts.
    RoomInsights { session_id: Arc<str>, room: String },
    /// Pay what is still missing of what participants of a session that is over are owed.
    Settle(Settlement),
    /// Something of the chat.
    Chat(ChatWrite),
}

/// SQLite's integers are signed.
pub(super) fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Write {
    /// Gives the number of rows that were written.
    pub(super) async fn run(
        &self,
        db: &mut SqliteConnection,
        counters: &DbCounters,
    ) -> Result<u64, sqlx::Error> {
        let query = match self {
            Self::Settle(settlement) => return settlement.run(db, counters).await,
            Self::Chat(write) => return write.run(db).await,
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
                replaces,
            } => sqlx::query(
                "INSERT INTO tokens (id, user_id, access_hash, access_expires_at, refresh_hash, \
                 refresh_expires_at, replaces) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id)
            .bind(&**user_id)
            .bind(&access_hash[..])
            .bind(signed(*access_expires_at))
            .bind(&refresh_hash[..])
            .bind(signed(*refresh_expires_at))
            .bind(replaces.as_ref().map(|hash| &hash[..])),
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
                excluded,
                attended,
                connected_until,
                messages,
            } => sqlx::query(
                "INSERT INTO watch_evidence (session_id, user_id, claimed, not_claimed, attended, \
                 connected_until, messages) VALUES (?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (session_id, user_id) DO UPDATE SET claimed = excluded.claimed, \
                 not_claimed = excluded.not_claimed, attended = excluded.attended, \
                 connected_until = excluded.connected_until, messages = excluded.messages",
            )
            .bind(&**session_id)
            .bind(&**user_id)
            .bind(claimed)
            .bind(excluded)
            .bind(attended)
            .bind(connected_until.map(signed))
            .bind(signed(*messages)),
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
            Self::RoomInsights { session_id, room } => sqlx::query(
                "INSERT INTO session_insights (session_id, room) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&**session_id)
            .bind(room),
        };
        Ok(query.execute(db).await?.rows_affected())
    }
}
