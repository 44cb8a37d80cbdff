//! Everything that is ever read: all that lives, at the start; balances and sessions
//! that are over, when somebody asks.

use std::{collections::HashMap, sync::Arc};

use kulti_protocol::api::Transaction;
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Db, DbError, write::signed};

/// A pair of tokens that is still good, with its owner.
pub(crate) struct TokenRow {
    pub(crate) user_id: Arc<str>,
    pub(crate) display_name: Arc<str>,
    pub(crate) access_hash: [u8; 32],
    pub(crate) access_expires_at: u64,
    pub(crate) refresh_hash: [u8; 32],
    pub(crate) refresh_expires_at: u64,
}

/// A session with its participants.
pub(crate) struct SessionRow {
    pub(crate) id: Arc<str>,
    pub(crate) room_code: String,
    pub(crate) hms_room_id: Arc<str>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) host_id: Arc<str>,
    pub(crate) host_name: Arc<str>,
    pub(crate) started_at: u64,
    pub(crate) ended_at: Option<u64>,
    pub(crate) completed: bool,
    pub(crate) participants: Vec<ParticipantRow>,
}

/// Somebody who joined a session.
pub(crate) struct ParticipantRow {
    pub(crate) user_id: Arc<str>,
    pub(crate) role: String,
    pub(crate) joined_at: u64,
}

/// What is known of a participant's watching.
pub(crate) struct EvidenceRow {
    pub(crate) user_id: Arc<str>,
    pub(crate) claimed: String,
    pub(crate) attended: String,
    pub(crate) connected_until: Option<u64>,
}

/// Sums over somebody's transactions.
pub(crate) struct Balance {
    pub(crate) balance: i64,
    pub(crate) total_earned: i64,
}

const SESSION_COLUMNS: &str = "SELECT id, room_code, hms_room_id, title, description, is_public, \
    host_id, host_name, started_at, ended_at, completed FROM sessions WHERE ended_at IS NULL";

impl Db {
    /// All pairs of tokens of which a half is good after `now`.
    pub(crate) async fn tokens(&self, now: u64) -> Result<Vec<TokenRow>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT t.user_id, u.display_name, t.access_hash, t.access_expires_at, t.refresh_hash, \
             t.refresh_expires_at FROM tokens t JOIN users u ON u.id = t.user_id \
             WHERE t.refresh_expires_at > ?1 OR t.access_expires_at > ?1",
        )
        .bind(signed(now))
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            Ok(TokenRow {
                user_id: text(row, 0)?.into(),
                display_name: text(row, 1)?.into(),
                access_hash: hash(row, 2)?,
                access_expires_at: moment(row, 3)?,
                refresh_hash: hash(row, 4)?,
                refresh_expires_at: moment(row, 5)?,
            })
        })
        .collect()
    }

    /// All sessions that are not over.
    pub(crate) async fn live_sessions(&self) -> Result<Vec<SessionRow>, DbError> {
        self.counters.count_read();
        let rows = sqlx::query(SESSION_COLUMNS)
            .fetch_all(&self.readers)
            .await?;
        let mut sessions = Vec::with_capacity(rows.len());
        for row in &rows {
            sessions.push(self.with_participants(row).await?);
        }
        Ok(sessions)
    }

    /// One session, over or not.
    pub(crate) async fn session(&self, id: &str) -> Result<Option<SessionRow>, DbError> {
        self.counters.count_read();
        let row = sqlx::query(
            "SELECT id, room_code, hms_room_id, title, description, is_public, host_id, host_name, \
             started_at, ended_at, completed FROM sessions WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        match row {
            Some(row) => Ok(Some(self.with_participants(&row).await?)),
            None => Ok(None),
        }
    }

    async fn with_participants(&self, row: &SqliteRow) -> Result<SessionRow, DbError> {
        let id: Arc<str> = text(row, 0)?.into();
        self.counters.count_read();
        let participants =
            sqlx::query("SELECT user_id, role, joined_at FROM participants WHERE session_id = ?")
                .bind(&*id)
                .fetch_all(&self.readers)
                .await?
                .iter()
                .map(|row| {
                    Ok(ParticipantRow {
                        user_id: text(row, 0)?.into(),
                        role: text(row, 1)?,
                        joined_at: moment(row, 2)?,
                    })
                })
                .collect::<Result<_, DbError>>()?;
        Ok(SessionRow {
            id,
            room_code: text(row, 1)?,
            hms_room_id: text(row, 2)?.into(),
            title: text(row, 3)?,
            description: row.try_get(4)?,
            is_public: row.try_get(5)?,
            host_id: text(row, 6)?.into(),
            host_name: text(row, 7)?.into(),
            started_at: moment(row, 8)?,
            ended_at: row
                .try_get::<Option<i64>, _>(9)?
                .map(|ms| u64::try_from(ms).unwrap_or(0)),
            completed: row.try_get(10)?,
            participants,
        })
    }

    /// What is known of the watching in a session.
    pub(crate) async fn evidence(&self, session_id: &str) -> Result<Vec<EvidenceRow>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT user_id, claimed, attended, connected_until FROM watch_evidence \
             WHERE session_id = ?",
        )
        .bind(session_id)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            Ok(EvidenceRow {
                user_id: text(row, 0)?.into(),
                claimed: text(row, 1)?,
                attended: text(row, 2)?,
                connected_until: row
                    .try_get::<Option<i64>, _>(3)?
                    .map(|ms| u64::try_from(ms).unwrap_or(0)),
            })
        })
        .collect()
    }

    /// In how many sessions that ended before `ended_at` each participant of this one
    /// watched; absent for none.
    pub(crate) async fn attended_before(
        &self,
        session_id: &str,
        ended_at: u64,
    ) -> Result<HashMap<Arc<str>, u32>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT p.user_id, COUNT(*) FROM participants p \
             JOIN participants earlier ON earlier.user_id = p.user_id \
             JOIN sessions s ON s.id = earlier.session_id \
             WHERE p.session_id = ?1 AND earlier.role <> 'host' AND s.id <> ?1 \
             AND s.ended_at < ?2 GROUP BY p.user_id",
        )
        .bind(session_id)
        .bind(signed(ended_at))
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            let count: i64 = row.try_get(1)?;
            Ok((
                text(row, 0)?.into(),
                u32::try_from(count).unwrap_or(u32::MAX),
            ))
        })
        .collect()
    }

    /// The sum of somebody's transactions, and of the positive ones.
    pub(crate) async fn balance(&self, user_id: &str) -> Result<Balance, DbError> {
        self.counters.count_read();
        let row = sqlx::query(
            "SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(MAX(amount, 0)), 0) \
             FROM ledger_transactions WHERE user_id = ?",
        )
        .bind(user_id)
        .fetch_one(&self.readers)
        .await?;
        Ok(Balance {
            balance: row.try_get(0)?,
            total_earned: row.try_get(1)?,
        })
    }

    /// Somebody's transactions, newest first.
    pub(crate) async fn transactions(
        &self,
        user_id: &str,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<Transaction>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT id, amount, kind, session_id, created_at FROM ledger_transactions \
             WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
        )
        .bind(user_id)
        .bind(limit)
        .bind(offset)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            let session_id = text(row, 3)?;
            Ok(Transaction {
                id: row.try_get::<i64, _>(0)?.to_string(),
                amount: row.try_get(1)?,
                kind: text(row, 2)?,
                session_id: (!session_id.is_empty()).then_some(session_id),
                created_at: moment(row, 4)?,
            })
        })
        .collect()
    }
}

fn text(row: &SqliteRow, column: usize) -> Result<String, DbError> {
    Ok(row.try_get(column)?)
}

fn moment(row: &SqliteRow, column: usize) -> Result<u64, DbError> {
    let ms: i64 = row.try_get(column)?;
    u64::try_from(ms).map_err(|_| DbError::Corrupt(format!("{ms} is no moment")))
}

fn hash(row: &SqliteRow, column: usize) -> Result<[u8; 32], DbError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    <[u8; 32]>::try_from(bytes).map_err(|_| DbError::Corrupt("a token's hash".into()))
}
