//! The chat in the database: written with the ledger's commits, read when a room is loaded
//! after a restart and when somebody asks for the messages of a session that is over.

use std::sync::Arc;

use kulti_protocol::chat::{
    Addressee, Mark, MarkCount, MessagePage, MessagesRequest, PAGE, PastMessage,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{Db, DbError, write::signed};
use crate::rooms::{MarkChange, SavedHistory};

/// So many messages a room goes on with …
const MESSAGES: u32 = 2_000;
/// … and so many marks.
const MARKS: u32 = 100_000;

/// Something of the chat to be written. Writing it again changes nothing.
#[derive(Debug, Clone)]
pub(crate) enum ChatWrite {
    /// A message.
    Message {
        session_id: Arc<str>,
        message: Arc<PastMessage>,
    },
    /// A mark is there, or is no more.
    Mark {
        session_id: Arc<str>,
        change: Arc<MarkChange>,
    },
    /// Messages of sessions that ended before this moment go, ms since the epoch. Who has
    /// helped whom stays: it was paid for.
    Forget { before: u64 },
}

impl ChatWrite {
    /// Gives the number of rows that were written.
    pub(super) async fn run(&self, db: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        match self {
            Self::Message {
                session_id,
                message,
            } => insert(session_id, message, db).await,
            Self::Mark { session_id, change } => mark(session_id, change, db).await,
            Self::Forget { before } => forget(*before, db).await,
        }
    }
}

async fn insert(
    session_id: &str,
    message: &PastMessage,
    db: &mut SqliteConnection,
) -> Result<u64, sqlx::Error> {
    let to = message.to.as_ref();
    let written = sqlx::query(
        "INSERT INTO messages (session_id, sent_at, id, user_id, name, role, to_roles, to_user, \
         to_name, reply_to, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(session_id)
    .bind(signed(message.timestamp))
    .bind(&message.message_id)
    .bind(&message.user_id)
    .bind(&message.name)
    .bind(&message.role)
    .bind(serde_json::to_string(&message.roles).unwrap_or_else(|_| "[]".into()))
    .bind(to.map(|to| &to.user_id))
    .bind(to.map(|to| &to.name))
    .bind(&message.reply_to)
    .bind(&message.message)
    .execute(db)
    .await?;
    Ok(written.rows_affected())
}

async fn mark(
    session_id: &str,
    change: &MarkChange,
    db: &mut SqliteConnection,
) -> Result<u64, sqlx::Error> {
    let MarkChange {
        message_id,
        author_id,
        mark,
        user_id,
        on,
    } = change;
    let sql = if *on {
        "INSERT INTO message_marks (session_id, message_id, mark, user_id) VALUES (?, ?, ?, ?) \
         ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM message_marks WHERE session_id = ? AND message_id = ? AND mark = ? \
         AND user_id = ?"
    };
    let mut rows = sqlx::query(sql)
        .bind(session_id)
        .bind(message_id)
        .bind(mark.name())
        .bind(user_id)
        .execute(&mut *db)
        .await?
        .rows_affected();
    if *mark == Mark::Helpful {
        let sql = if *on {
            "INSERT INTO helpful_marks (session_id, message_id, marked_by, author_id) \
             VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM helpful_marks WHERE session_id = ? AND message_id = ? AND marked_by = ? \
             AND author_id = ?"
        };
        rows += sqlx::query(sql)
            .bind(session_id)
            .bind(message_id)
            .bind(user_id)
            .bind(author_id)
            .execute(&mut *db)
            .await?
            .rows_affected();
    }
    Ok(rows)
}

async fn forget(before: u64, db: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for sql in [
        "DELETE FROM messages WHERE session_id IN (SELECT id FROM sessions WHERE ended_at < ?)",
        "DELETE FROM message_marks WHERE session_id IN (SELECT id FROM sessions WHERE ended_at < ?)",
    ] {
        let deleted = sqlx::query(sql).bind(signed(before)).execute(&mut *db);
        rows += deleted.await?.rows_affected();
    }
    Ok(rows)
}

/// Somebody was helped: message, author, and who said so.
pub(crate) struct HelpRow {
    pub(crate) message_id: String,
    pub(crate) author_id: Arc<str>,
    pub(crate) marked_by: Arc<str>,
}

const MESSAGE_COLUMNS: &str = "m.id, m.sent_at, m.user_id, m.name, m.role, m.to_roles, m.to_user, m.to_name, m.reply_to, m.text";

impl Db {
    /// The newest messages of a room's session, with all that was put on them.
    pub(crate) async fn room_history(&self, room_id: &str) -> Result<SavedHistory, DbError> {
        self.counters.count_read();
        let query = format!(
            "SELECT {MESSAGE_COLUMNS} FROM messages m JOIN sessions s ON s.id = m.session_id \
             WHERE s.hms_room_id = ? ORDER BY m.sent_at DESC LIMIT ?"
        );
        let mut messages = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(room_id)
            .bind(MESSAGES)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(past_message)
            .collect::<Result<Vec<_>, _>>()?;
        messages.reverse();
        if messages.is_empty() {
            return Ok(SavedHistory::default());
        }
        self.counters.count_read();
        let marks = sqlx::query(
            "SELECT k.message_id, k.mark, k.user_id FROM message_marks k \
             JOIN sessions s ON s.id = k.session_id WHERE s.hms_room_id = ? LIMIT ?",
        )
        .bind(room_id)
        .bind(MARKS)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| Ok((row.try_get(0)?, kind(row, 1)?, row.try_get(2)?)))
        .collect::<Result<Vec<_>, DbError>>()?;
        Ok(SavedHistory { messages, marks })
    }

    /// The last messages before a moment that this user of this role may see, of a session
    /// that is over.
    pub(crate) async fn messages(
        &self,
        session_id: &str,
        (user_id, role): (&str, &str),
        asked: &MessagesRequest,
    ) -> Result<MessagePage, DbError> {
        self.counters.count_read();
        let limit = asked.limit.unwrap_or(PAGE / 2).clamp(1, PAGE);
        let query = format!(
            "SELECT {MESSAGE_COLUMNS} FROM messages m WHERE m.session_id = ?1 AND m.sent_at < ?2 \
             AND (m.user_id = ?3 OR m.to_user = ?3 OR (m.to_user IS NULL AND (m.to_roles = '[]' \
             OR EXISTS (SELECT 1 FROM json_each(m.to_roles) WHERE value = ?4)))) \
             ORDER BY m.sent_at DESC LIMIT ?5"
        );
        let mut messages = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(session_id)
            .bind(signed(asked.before.unwrap_or(u64::MAX)))
            .bind(user_id)
            .bind(role)
            .bind(limit + 1)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(past_message)
            .collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = messages.len() > limit;
        messages.truncate(limit);
        messages.reverse();
        self.add_marks(session_id, user_id, &mut messages).await?;
        Ok(MessagePage { messages, more })
    }

    async fn add_marks(
        &self,
        session_id: &str,
        user_id: &str,
        messages: &mut [PastMessage],
    ) -> Result<(), DbError> {
        let ids: Vec<&str> = messages.iter().map(|m| m.message_id.as_str()).collect();
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        self.counters.count_read();
        let rows = sqlx::query(
            "SELECT message_id, mark, COUNT(*), MAX(user_id = ?) FROM message_marks \
             WHERE session_id = ? AND message_id IN (SELECT value FROM json_each(?)) \
             GROUP BY message_id, mark",
        )
        .bind(user_id)
        .bind(session_id)
        .bind(ids)
        .fetch_all(&self.readers)
        .await?;
        for row in &rows {
            let message_id: &str = row.try_get(0)?;
            let count: i64 = row.try_get(2)?;
            let counted = MarkCount {
                mark: kind(row, 1)?,
                count: u32::try_from(count).unwrap_or(u32::MAX),
                mine: row.try_get(3)?,
            };
            let message = messages.iter_mut().find(|m| m.message_id == message_id);
            if let Some(message) = message {
                message.marks.push(counted);
                message.marks.sort_unstable_by_key(|counted| counted.mark);
            }
        }
        Ok(())
    }

    /// Who has helped whom in a session.
    pub(crate) async fn help(&self, session_id: &str) -> Result<Vec<HelpRow>, DbError> {
        self.counters.count_read();
        sqlx::query(
            "SELECT message_id, author_id, marked_by FROM helpful_marks WHERE session_id = ?",
        )
        .bind(session_id)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            Ok(HelpRow {
                message_id: row.try_get(0)?,
                author_id: row.try_get::<String, _>(1)?.into(),
                marked_by: row.try_get::<String, _>(2)?.into(),
            })
        })
        .collect()
    }
}

fn past_message(row: &SqliteRow) -> Result<PastMessage, DbError> {
    let sent_at: i64 = row.try_get(1)?;
    let roles: String = row.try_get(5)?;
    let to: Option<String> = row.try_get(6)?;
    let to_name: Option<String> = row.try_get(7)?;
    Ok(PastMessage {
        message_id: row.try_get(0)?,
        timestamp: u64::try_from(sent_at).unwrap_or(0),
        user_id: row.try_get(2)?,
        name: row.try_get(3)?,
        role: row.try_get(4)?,
        roles: serde_json::from_str(&roles)
            .map_err(|error| DbError::Corrupt(format!("the roles of a message: {error}")))?,
        to: to.map(|user_id| Addressee {
            user_id,
            name: to_name.unwrap_or_default(),
        }),
        reply_to: row.try_get(8)?,
        message: row.try_get(9)?,
        marks: Vec::new(),
    })
}

fn kind(row: &SqliteRow, column: usize) -> Result<Mark, DbError> {
    let name: &str = row.try_get(column)?;
    Mark::from_name(name).ok_or_else(|| DbError::Corrupt(format!("{name:.40} is no mark")))
}
