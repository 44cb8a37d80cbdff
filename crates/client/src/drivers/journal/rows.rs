//! The way from one state of the file to another, row by row: most writes move the end
//! of one stretch.

use std::collections::BTreeMap;

use kulti_protocol::api::Exclusion;
use kulti_watch::IntervalSet;
use sqlx::SqliteConnection;

use super::book::{Entry, Place, StayId};
use crate::core::exclusions::Exclusions;

/// One change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowChange {
    PutStay(StayId, Entry),
    DropStay(StayId),
    PutWatched(StayId, u64, u64),
    DropWatched(StayId, u64),
    PutExcluded(StayId, u64, Exclusion, u64),
    DropExcluded(StayId, u64, Exclusion),
}

/// What makes `after` of `before`, in the order in which it is to be done.
pub(super) fn changes(id: StayId, before: Option<&Entry>, after: Option<&Entry>) -> Vec<RowChange> {
    let Some(after) = after else {
        return before
            .map(|_| RowChange::DropStay(id))
            .into_iter()
            .collect();
    };
    let mut changes = Vec::new();
    let known = before.is_some_and(|b| (&b.record, &b.refused) == (&after.record, &after.refused));
    if !known {
        changes.push(RowChange::PutStay(id, after.clone()));
    }
    let (old, new) = (before.map(|b| &b.unsettled), &after.unsettled);
    let old_watched = old.map(|o| ends(&o.watched)).unwrap_or_default();
    let new_watched = ends(&new.watched);
    for start in old_watched.keys().filter(|s| !new_watched.contains_key(s)) {
        changes.push(RowChange::DropWatched(id, *start));
    }
    for (start, end) in &new_watched {
        if old_watched.get(start) != Some(end) {
            changes.push(RowChange::PutWatched(id, *start, *end));
        }
    }
    let old_excluded = old.map(|o| reasons(&o.excluded)).unwrap_or_default();
    let new_excluded = reasons(&new.excluded);
    for (start, reason) in old_excluded
        .keys()
        .filter(|key| !new_excluded.contains_key(key))
    {
        changes.push(RowChange::DropExcluded(id, *start, from_name(reason)));
    }
    for (key, end) in &new_excluded {
        if old_excluded.get(key) != Some(end) {
            changes.push(RowChange::PutExcluded(id, key.0, from_name(&key.1), *end));
        }
    }
    changes
}

fn ends(set: &IntervalSet) -> BTreeMap<u64, u64> {
    set.iter().collect()
}

fn reasons(excluded: &Exclusions) -> BTreeMap<(u64, String), u64> {
    let stretches = excluded.stretches().into_iter();
    stretches
        .map(|(start, end, reason)| ((start, name(reason)), end))
        .collect()
}

/// A reason as heartbeats and the file name it.
pub(super) fn name(reason: Exclusion) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "other".to_owned(),
    }
}

/// The reason of this name; one that a newer version knows is another.
pub(super) fn from_name(name: &str) -> Exclusion {
    serde_json::from_value(name.into()).unwrap_or(Exclusion::Other)
}

impl RowChange {
    pub(super) async fn run(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let query = match self {
            Self::PutStay(id, entry) => {
                let record = &entry.record;
                let (origin, pin, plain_allowed) = match &record.place {
                    Place::ThisComputer => (None, None, false),
                    Place::At(address) => (
                        Some(address.origin.as_str()),
                        address.pin.map(|pin| pin.to_string()),
                        address.plain_allowed,
                    ),
                };
                sqlx::query(
                    "INSERT INTO stays (id, origin, pin, plain_allowed, session_id, title, \
                     user_id, role, joined_at_ms, refused) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                     ON CONFLICT (id) DO UPDATE SET refused = excluded.refused",
                )
                .bind(id)
                .bind(origin)
                .bind(pin)
                .bind(plain_allowed)
                .bind(&record.session_id)
                .bind(&record.title)
                .bind(&record.user_id)
                .bind(&record.role)
                .bind(signed(record.joined_at_ms))
                .bind(&entry.refused)
            }
            Self::DropStay(id) => sqlx::query("DELETE FROM stays WHERE id = ?").bind(id),
            Self::PutWatched(id, start, end) => sqlx::query(
                "INSERT INTO watched (stay, start_ms, end_ms) VALUES (?, ?, ?) \
                 ON CONFLICT (stay, start_ms) DO UPDATE SET end_ms = excluded.end_ms",
            )
            .bind(id)
            .bind(signed(*start))
            .bind(signed(*end)),
            Self::DropWatched(id, start) => {
                sqlx::query("DELETE FROM watched WHERE stay = ? AND start_ms = ?")
                    .bind(id)
                    .bind(signed(*start))
            }
            Self::PutExcluded(id, start, reason, end) => sqlx::query(
                "INSERT INTO uncounted (stay, start_ms, reason, end_ms) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (stay, start_ms, reason) DO UPDATE SET end_ms = excluded.end_ms",
            )
            .bind(id)
            .bind(signed(*start))
            .bind(name(*reason))
            .bind(signed(*end)),
            Self::DropExcluded(id, start, reason) => {
                sqlx::query("DELETE FROM uncounted WHERE stay = ? AND start_ms = ? AND reason = ?")
                    .bind(id)
                    .bind(signed(*start))
                    .bind(name(*reason))
            }
        };
        query.execute(connection).await.map(|_| ())
    }
}

/// SQLite's integers are signed.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
