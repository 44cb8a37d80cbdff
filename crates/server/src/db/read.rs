//! Everything that is ever read: all that lives, at the start; balances and sessions
//! that are over, when somebody asks.

use std::sync::Arc;

use kulti_protocol::api::Transaction;
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Db, DbError, settle::sessions_attended, write::signed};

/// A pair of tokens that is still good, with its owner.
pub(crate) struct TokenRow {
    pub(crate) user_id: Arc<str>,
    pub(crate) display_name: Arc<str>,
    pub(crate) access_hash: [u8; 32],
    pub(crate) access_expires_at: u64,
    pub(crate) refresh_hash: [u8; 32],
    pub(crate) refresh_expires_at: u64,
    /// The refresh token that this one was given out for, by its hash.
    pub(crate) replaces: Option<[u8; 32]>,
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
    /// Whether it has been paid.
    pub(crate) settled: bool,
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
    pub(crate) excluded: String,
    pub(crate) attended: String,
    pub(crate) connected_until: Option<u64>,
    pub(crate) messages: u64,
    /// The vouched time that was paid for, ms.
    pub(crate) settled_ms: Option<u64>,
}

/// What somebody was paid for one session.
#[derive(Default)]
pub(crate) struct Paid {
    /// The entries, oldest first; without milestones.
    pub(crate) entries: Vec<Transaction>,
    /// How the sum came about, as JSON; none if the session was never settled.
    pub(crate) details: Option<String>,
}

/// Sums over somebody's transactions.
pub(crate) struct Balance {
    pub(crate) balance: i64,
    pub(crate) total_earned: i64,
}

const SESSION_COLUMNS: &str = "SELECT id, room_code, hms_room_id, title, description, is_public, \
    host_id, host_name, started_at, ended_at, completed, settled_at IS NOT NULL FROM sessions";

impl Db {
    /// All pairs of tokens of which a half is good after `now`.
    pub(crate) async fn tokens(&self, now: u64) -> Result<Vec<TokenRow>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT t.user_id, u.display_name, t.access_hash, t.access_expires_at, t.refresh_hash, \
             t.refresh_expires_at, t.replaces FROM tokens t JOIN users u ON u.id = t.user_id \
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
                replaces: row
                    .try_get::<Option<Vec<u8>>, _>(6)?
                    .and_then(|bytes| bytes.try_into().ok()),
            })
        })
        .collect()
    }

    /// All sessions that are not over, or over and not paid.
    pub(crate) async fn unsettled_sessions(&self) -> Result<Vec<SessionRow>, DbError> {
        self.counters.count_read();
        let query = format!("{SESSION_COLUMNS} WHERE settled_at IS NULL");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
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
        let query = format!("{SESSION_COLUMNS} WHERE id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
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
            settled: row.try_get(11)?,
            participants,
        })
    }

    /// What is known of the watching in a session.
    pub(crate) async fn evidence(&self, session_id: &str) -> Result<Vec<EvidenceRow>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT user_id, claimed, not_claimed, attended, connected_until, messages, \
             (SELECT vouched_ms FROM settlements s WHERE s.session_id = e.session_id \
              AND s.user_id = e.user_id) FROM watch_evidence e WHERE session_id = ?",
        )
        .bind(session_id)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            Ok(EvidenceRow {
                user_id: text(row, 0)?.into(),
                claimed: text(row, 1)?,
                excluded: text(row, 2)?,
                attended: text(row, 3)?,
                connected_until: row
                    .try_get::<Option<i64>, _>(4)?
                    .map(|ms| u64::try_from(ms).unwrap_or(0)),
                messages: moment(row, 5)?,
                settled_ms: row
                    .try_get::<Option<i64>, _>(6)?
                    .map(|ms| u64::try_from(ms).unwrap_or(0)),
            })
        })
        .collect()
    }

    /// How the room of a session that is over did, as JSON; none if that was not kept.
    pub(crate) async fn room_insights(&self, session_id: &str) -> Result<Option<String>, DbError> {
        self.counters.count_read();
        let row = sqlx::query("SELECT room FROM session_insights WHERE session_id = ?")
            .bind(session_id)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| text(&row, 0)).transpose()
    }

    /// In how many sessions but for this one somebody has watched.
    pub(crate) async fn sessions_attended(
        &self,
        user_id: &str,
        but_for: &str,
    ) -> Result<u32, DbError> {
        let count = sessions_attended(user_id, but_for, &self.readers, &self.counters);
        Ok(count.await?)
    }

    /// What somebody was paid for a session.
    pub(crate) async fn paid(&self, user_id: &str, session_id: &str) -> Result<Paid, DbError> {
        self.counters.count_read();
        let entries = sqlx::query(
            "SELECT id, amount, kind, session_id, created_at FROM ledger_transactions \
             WHERE user_id = ? AND session_id = ? ORDER BY id",
        )
        .bind(user_id)
        .bind(session_id)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(transaction)
        .collect::<Result<_, _>>()?;
        self.counters.count_read();
        let row =
            sqlx::query("SELECT details FROM settlements WHERE user_id = ? AND session_id = ?")
                .bind(user_id)
                .bind(session_id)
                .fetch_optional(&self.readers)
                .await?;
        let details = row.map(|row| text(&row, 0)).transpose()?;
        Ok(Paid { entries, details })
    }

    /// The milestones that somebody reached with a session.
    pub(crate) async fn milestones(
        &self,
        user_id: &str,
        session_id: &str,
    ) -> Result<Vec<Transaction>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT id, amount, kind, json_extract(details, '$.session_id'), created_at \
             FROM ledger_transactions WHERE user_id = ?1 AND session_id = '' \
             AND kind LIKE 'milestone:%' AND json_extract(details, '$.session_id') = ?2 ORDER BY id",
        )
        .bind(user_id)
        .bind(session_id)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(transaction)
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
            "SELECT id, amount, kind, \
             COALESCE(NULLIF(session_id, ''), json_extract(details, '$.session_id'), ''), created_at \
             FROM ledger_transactions WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
        )
        .bind(user_id)
        .bind(limit)
        .bind(offset)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(transaction)
        .collect()
    }
}

fn transaction(row: &SqliteRow) -> Result<Transaction, DbError> {
    let session_id = text(row, 3)?;
    Ok(Transaction {
        id: row.try_get::<i64, _>(0)?.to_string(),
        amount: row.try_get(1)?,
        kind: text(row, 2)?,
        session_id: (!session_id.is_empty()).then_some(session_id),
        created_at: moment(row, 4)?,
    })
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
