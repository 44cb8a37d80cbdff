//! How long the audience has watched, and how much was said: sums, and never a person.

use kulti_protocol::api::{WatchTimeInsights, WatchTimeSpread};
use kulti_watch::credits::ACTIVE_CAP_MS;

use super::{Ledger, books};
use crate::{db::DbError, room::RoomInsights, sessions::SessionEntry};

/// A mean of fewer people would be somebody's own time.
const PEOPLE_FOR_A_MEAN: usize = 2;
/// A spread of fewer people shows each of them.
const PEOPLE_FOR_A_SPREAD: usize = 5;
/// Classes of a spread.
const CLASSES: u64 = 9;

/// What the ledger tells of all who took part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowd {
    pub(crate) watch_time: WatchTimeInsights,
    /// Chat messages of everybody.
    pub(crate) messages: u64,
    /// How many people wrote them.
    pub(crate) writers: u32,
}

impl Ledger {
    /// What is known of all who took part until now or the session's end. Only what is in
    /// memory: see [`Ledger::load`].
    pub(crate) fn crowd(&self, session: &SessionEntry) -> Crowd {
        let active_ms = self.active_ms_of_audience(session);
        let now = self.clock.now_ms();
        let until = session.ended().map_or(now, |end| end.at);
        let sessions = self.sessions.lock();
        let people = sessions
            .get(&session.id)
            .into_iter()
            .flat_map(|l| l.by_user.values());
        let (messages, writers) = people
            .map(|evidence| evidence.messages)
            .filter(|messages| *messages > 0)
            .fold((0u64, 0u32), |(sum, writers), messages| {
                (sum.saturating_add(messages), writers.saturating_add(1))
            });
        Crowd {
            watch_time: watch_time(active_ms, until.saturating_sub(session.started_at)),
            messages,
            writers,
        }
    }

    /// How the room of a session that is over did; none if that was not kept.
    pub(crate) async fn room_at_the_end(
        &self,
        session: &SessionEntry,
    ) -> Result<Option<RoomInsights>, DbError> {
        let kept = {
            let sessions = self.sessions.lock();
            sessions.get(&session.id).and_then(|l| l.room.clone())
        };
        if let Some(room) = kept {
            return Ok(Some(RoomInsights::clone(&room)));
        }
        let json = self.db.room_insights(&session.id).await?;
        json.map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|error| DbError::Corrupt(format!("insights: {error}")))
    }
}

fn watch_time(active_ms: Vec<u64>, session_ms: u64) -> WatchTimeInsights {
    let people = active_ms.len();
    let spread = (people >= PEOPLE_FOR_A_SPREAD).then(|| spread(&active_ms, session_ms));
    let audience = books::audience(active_ms);
    let for_a_mean = |ms| (people >= PEOPLE_FOR_A_MEAN).then_some(ms);
    WatchTimeInsights {
        people: audience.people,
        average_active_ms: for_a_mean(audience.average_active_ms),
        median_active_ms: for_a_mean(audience.median_active_ms),
        spread,
    }
}

/// Classes of equal width from nothing to all of the session.
fn spread(active_ms: &[u64], session_ms: u64) -> WatchTimeSpread {
    let step_ms = session_ms.min(ACTIVE_CAP_MS).div_ceil(CLASSES).max(1);
    let mut people = vec![0; usize::try_from(CLASSES).unwrap_or(1)];
    for ms in active_ms {
        let class = usize::try_from((ms / step_ms).min(CLASSES - 1)).unwrap_or(0);
        if let Some(count) = people.get_mut(class) {
            *count += 1;
        }
    }
    WatchTimeSpread { step_ms, people }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn nobodys_own_time_is_told() {
        let told = watch_time(vec![7 * MINUTE], 90 * MINUTE);
        assert_eq!((told.people, told.average_active_ms), (1, None));
        assert_eq!((told.median_active_ms, told.spread), (None, None));
        let told = watch_time(vec![7 * MINUTE, 9 * MINUTE], 90 * MINUTE);
        assert_eq!(told.average_active_ms, Some(8 * MINUTE));
        assert_eq!(told.median_active_ms, Some(8 * MINUTE));
        assert_eq!(told.spread, None);
    }

    #[test]
    fn everybody_is_in_one_class() {
        let minutes = [0, 9, 10, 45, 89, 90].map(|minute| minute * MINUTE);
        let told = watch_time(minutes.to_vec(), 90 * MINUTE).spread.unwrap();
        assert_eq!(told.step_ms, 10 * MINUTE);
        assert_eq!(told.people, [2, 1, 0, 0, 1, 0, 0, 0, 2]);
        let at_once = watch_time(vec![0; 5], 0).spread.unwrap();
        assert_eq!(at_once.people.iter().sum::<u32>(), 5);
    }
}
