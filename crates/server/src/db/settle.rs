//! Paying for a session that is over, inside of one write transaction: what was paid
//! before is read, credits are computed from all that is known now, and the difference
//! is entered, with the milestones that it reaches.

use std::{collections::HashMap, sync::Arc};

use kulti_watch::{
    MILESTONES, Measure,
    credits::{self, ACTIVE_CAP_MS, HostFacts, SessionCredits, WatcherFacts},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use super::{DbCounters, write::signed};
use crate::sessions::Ended;

/// All that payment for a session depends on, but for what is in the database.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) session_id: Arc<str>,
    /// ms since the epoch.
    pub(crate) started_at: u64,
    pub(crate) ended: Ended,
    pub(crate) people: Vec<SettledPerson>,
    /// When it is paid.
    pub(crate) at: u64,
}

/// What payment depends on, of one participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettledPerson {
    pub(crate) user_id: Arc<str>,
    pub(crate) hosting: bool,
    /// Time that the ledger vouches for, before the cap, ms.
    pub(crate) vouched_ms: u64,
    /// Chat messages.
    pub(crate) messages: u64,
    /// Different people who were helped.
    pub(crate) people_helped: u32,
}

/// How an amount came about: what is kept with a payment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaidCredits<Facts = serde_json::Value> {
    pub(crate) facts: Facts,
    pub(crate) credits: SessionCredits,
}

/// What an earlier settlement of the same session said of a participant.
struct Earlier {
    vouched_ms: u64,
    sessions_before: Option<u32>,
}

impl Settlement {
    /// Pays what is missing. Gives the number of rows that were written.
    pub(super) async fn run(
        &self,
        db: &mut SqliteConnection,
        counters: &DbCounters,
    ) -> Result<u64, sqlx::Error> {
        let earlier = self.earlier(db, counters).await?;
        let mut rows = 0;
        for person in &self.people {
            let before = earlier.get(&*person.user_id);
            // The host's credits depend on everybody's time.
            if !person.hosting && before.is_some_and(|b| b.vouched_ms == person.vouched_ms) {
                continue;
            }
            rows += self.pay(person, before, db, counters).await?;
        }
        rows +=
            sqlx::query("UPDATE sessions SET settled_at = ? WHERE id = ? AND settled_at IS NULL")
                .bind(signed(self.at))
                .bind(&*self.session_id)
                .execute(db)
                .await?
                .rows_affected();
        Ok(rows)
    }

    async fn earlier(
        &self,
        db: &mut SqliteConnection,
        counters: &DbCounters,
    ) -> Result<HashMap<String, Earlier>, sqlx::Error> {
        counters.count_read();
        sqlx::query(
            "SELECT user_id, vouched_ms, sessions_before FROM settlements WHERE session_id = ?",
        )
        .bind(&*self.session_id)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            let before: Option<i64> = row.try_get(2)?;
            let earlier = Earlier {
                vouched_ms: unsigned(row.try_get(1)?),
                sessions_before: before.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
            };
            Ok((row.try_get(0)?, earlier))
        })
        .collect()
    }

    async fn pay(
        &self,
        person: &SettledPerson,
        earlier: Option<&Earlier>,
        db: &mut SqliteConnection,
        counters: &DbCounters,
    ) -> Result<u64, sqlx::Error> {
        let mut sessions_before = None;
        let (kind, total, details) = if person.hosting {
            let facts = self.host_facts(person);
            let (total, details) = explained(facts, credits::for_host(&facts));
            ("hosting", total, details)
        } else {
            let before = match earlier.and_then(|earlier| earlier.sessions_before) {
                Some(before) => before,
                None => {
                    let (user_id, session_id) = (&person.user_id, &self.session_id);
                    sessions_attended(user_id, session_id, &mut *db, counters).await?
                }
            };
            // Nobody has attended a session in which no time of theirs counted.
            sessions_before = (person.vouched_ms > 0).then_some(before);
            let facts = WatcherFacts {
                active_ms: person.vouched_ms,
                chatted: person.messages > 0,
                helped_someone: person.people_helped > 0,
                sessions_before: before,
            };
            let (total, details) = explained(facts, credits::for_watcher(&facts));
            ("watching", total, details)
        };
        let mut rows = self.record(person, sessions_before, &details, db).await?;
        rows += self.enter(person, kind, total, &details, db).await?;
        if person.vouched_ms > 0 {
            rows += self.milestones(person, db, counters).await?;
        }
        Ok(rows)
    }

    fn host_facts(&self, host: &SettledPerson) -> HostFacts {
        let viewers = self.people.iter().filter(|person| !person.hosting);
        HostFacts {
            active_ms: host.vouched_ms,
            duration_ms: self.ended.at.saturating_sub(self.started_at),
            viewers_active_ms: viewers.map(|person| person.vouched_ms).sum(),
            messages: self.people.iter().map(|person| person.messages).sum(),
            completed: self.ended.completed,
            people_helped: host.people_helped,
        }
    }

    async fn record(
        &self,
        person: &SettledPerson,
        sessions_before: Option<u32>,
        details: &str,
        db: &mut SqliteConnection,
    ) -> Result<u64, sqlx::Error> {
        let recorded = sqlx::query(
            "INSERT INTO settlements (session_id, user_id, hosting, vouched_ms, counted_ms, \
             sessions_before, details) VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (session_id, user_id) DO UPDATE SET vouched_ms = excluded.vouched_ms, \
             counted_ms = excluded.counted_ms, sessions_before = excluded.sessions_before, \
             details = excluded.details",
        )
        .bind(&*self.session_id)
        .bind(&*person.user_id)
        .bind(person.hosting)
        .bind(signed(person.vouched_ms))
        .bind(signed(person.vouched_ms.min(ACTIVE_CAP_MS)))
        .bind(sessions_before)
        .bind(details)
        .execute(db)
        .await?;
        Ok(recorded.rows_affected())
    }

    /// Enters the difference between what is owed in all and what was paid before for
    /// the same kind, so that paying twice pays once.
    async fn enter(
        &self,
        person: &SettledPerson,
        kind: &str,
        total: u64,
        details: &str,
        db: &mut SqliteConnection,
    ) -> Result<u64, sqlx::Error> {
        let entered = sqlx::query(
            "INSERT INTO ledger_transactions \
             (user_id, session_id, kind, entry, amount, details, created_at) \
             SELECT ?1, ?2, ?3, entries, ?4 - paid, ?5, ?6 FROM \
             (SELECT COUNT(*) AS entries, COALESCE(SUM(amount), 0) AS paid \
              FROM ledger_transactions WHERE user_id = ?1 AND session_id = ?2 AND kind = ?3) \
             WHERE ?4 > paid",
        )
        .bind(&*person.user_id)
        .bind(&*self.session_id)
        .bind(kind)
        .bind(signed(total))
        .bind(details)
        .bind(signed(self.at))
        .execute(db)
        .await?;
        Ok(entered.rows_affected())
    }

    /// Each is paid once in a person's life here: without a session in its key, whose
    /// name the details hold, the database takes it only once.
    async fn milestones(
        &self,
        person: &SettledPerson,
        db: &mut SqliteConnection,
        counters: &DbCounters,
    ) -> Result<u64, sqlx::Error> {
        counters.count_read();
        let totals = sqlx::query(
            "SELECT COUNT(*), COALESCE(SUM(counted_ms), 0) FROM settlements \
             WHERE user_id = ? AND hosting = ? AND vouched_ms > 0",
        )
        .bind(&*person.user_id)
        .bind(person.hosting)
        .fetch_one(&mut *db)
        .await?;
        let (sessions, time_ms): (i64, i64) = (totals.try_get(0)?, totals.try_get(1)?);
        let mut rows = 0;
        for milestone in &MILESTONES {
            let (hosting, total) = match milestone.measure {
                Measure::SessionsAttended => (false, unsigned(sessions)),
                Measure::WatchedMs => (false, unsigned(time_ms)),
                Measure::SessionsHosted => (true, unsigned(sessions)),
                Measure::HostedMs => (true, unsigned(time_ms)),
            };
            if hosting != person.hosting || !milestone.is_reached(total) {
                continue;
            }
            let details = json!({
                "session_id": &*self.session_id,
                "measure": milestone.measure,
                "at_least": milestone.at_least,
                "total": total,
            });
            rows += sqlx::query(
                "INSERT INTO ledger_transactions \
                 (user_id, session_id, kind, entry, amount, details, created_at) \
                 VALUES (?, '', ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&*person.user_id)
            .bind(format!("milestone:{}", milestone.id))
            .bind(signed(milestone.credits))
            .bind(details.to_string())
            .bind(signed(self.at))
            .execute(&mut *db)
            .await?
            .rows_affected();
        }
        Ok(rows)
    }
}

/// In how many other sessions somebody has watched, by what has been paid so far: so of
/// two sessions at once exactly one is the first.
pub(super) async fn sessions_attended(
    user_id: &str,
    but_for: &str,
    db: impl sqlx::SqliteExecutor<'_>,
    counters: &DbCounters,
) -> Result<u32, sqlx::Error> {
    counters.count_read();
    let row = sqlx::query(
        "SELECT COUNT(*) FROM settlements WHERE user_id = ? AND session_id <> ? \
         AND hosting = 0 AND vouched_ms > 0",
    )
    .bind(user_id)
    .bind(but_for)
    .fetch_one(db)
    .await?;
    let count: i64 = row.try_get(0)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn explained(facts: impl Serialize, credits: SessionCredits) -> (u64, String) {
    let total = credits.credits;
    let details = serde_json::to_string(&PaidCredits { facts, credits }).unwrap_or_default();
    (total, details)
}

fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sqlx::{Connection as _, SqliteConnection};

    /// A database in which people have been paid before there were settlements.
    #[tokio::test]
    async fn earlier_payments_become_settlements() {
        let mut db = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let paid = |entry: u32, active_ms: u64| {
            format!(
                "INSERT INTO ledger_transactions (user_id, session_id, kind, entry, amount, details, \
                 created_at) VALUES ('u', 's', 'watching', {entry}, 5, \
                 '{{\"facts\":{{\"active_ms\":{active_ms},\"sessions_before\":3}},\"credits\":{{}}}}', 9)"
            )
        };
        for sql in [
            include_str!("../../migrations/0001_accounts_sessions_ledger.sql").to_owned(),
            "INSERT INTO users VALUES ('u', 'Ann', 1)".to_owned(),
            "INSERT INTO sessions VALUES ('s', 'C', 'r', 't', NULL, 1, 'u', 'Ann', 1, 7, 1)"
                .to_owned(),
            "INSERT INTO participants VALUES ('s', 'u', 'Ann', 'viewer', 1)".to_owned(),
            paid(0, 60_000),
            paid(1, 20_000_000),
            include_str!("../../migrations/0002_books_and_settlements.sql").to_owned(),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(&mut db)
                .await
                .unwrap();
        }
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT hosting, vouched_ms, counted_ms, sessions_before FROM settlements",
        )
        .fetch_all(&mut db)
        .await
        .unwrap();
        assert_eq!(rows, [(0, 20_000_000, 14_400_000, 3)]);
        let settled: (i64,) = sqlx::query_as("SELECT settled_at FROM sessions")
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(settled, (7,), "it is not paid again");
    }
}
