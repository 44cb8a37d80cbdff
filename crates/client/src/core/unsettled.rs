//! What a server has not settled yet of one stay, and how it is told: the same for
//! the heartbeats of a stay that goes on and for what is left of an earlier one.

use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse, Interval};
use kulti_watch::IntervalSet;

use super::exclusions::{self, Exclusions};

/// How many stretches one heartbeat carries, of both kinds together: its body may have
/// 64 KB, and the longest stretch takes 48 bytes.
pub const BEAT_STRETCHES: usize = 1_000;

/// What a server has not settled yet of one stay, ms of server time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// What counted, and is not acknowledged.
    pub watched: IntervalSet,
    /// What did not count, and was in no heartbeat that was answered.
    pub excluded: Exclusions,
}

impl Unsettled {
    /// Whether nothing is left to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty() && self.excluded.is_empty()
    }

    /// Whether one heartbeat can carry all of it.
    #[must_use]
    pub fn fits_one_beat(&self) -> bool {
        self.watched.len() + self.excluded.stretches().len() <= BEAT_STRETCHES
    }

    /// A heartbeat with as much of it as fits, what counted first.
    #[must_use]
    pub fn heartbeat(&self, session_id: &str, is_active: bool) -> HeartbeatRequest {
        let watched = self.watched.iter().take(BEAT_STRETCHES);
        let intervals: Vec<Interval> = watched.filter_map(to_wire).collect();
        let room = BEAT_STRETCHES.saturating_sub(intervals.len());
        let excluded = self.excluded.stretches().into_iter().take(room);
        HeartbeatRequest {
            session_id: session_id.to_owned(),
            is_active,
            intervals: Some(intervals),
            excluded: excluded.filter_map(exclusions::to_wire).collect(),
        }
    }

    /// What an answer settles of the heartbeat that it answers. Never more than what
    /// that heartbeat carried: a server cannot acknowledge what it was not told.
    #[must_use]
    pub fn settled_by(request: &HeartbeatRequest, response: &HeartbeatResponse) -> Self {
        let carried = set(request.intervals.as_deref().unwrap_or_default());
        let watched = match &response.acknowledged {
            Some(acknowledged) => set(acknowledged).intersect(&carried),
            // A server that knows no intervals has counted in its own way.
            None => carried,
        };
        let excluded = request.excluded.iter().filter_map(exclusions::from_wire);
        Self {
            watched,
            excluded: excluded.collect(),
        }
    }

    /// Takes out what is settled.
    pub fn settle(&mut self, settled: &Self) {
        self.watched = self.watched.difference(&settled.watched);
        self.excluded = self.excluded.difference(&settled.excluded);
    }
}

fn set(intervals: &[Interval]) -> IntervalSet {
    intervals.iter().filter_map(from_wire).collect()
}

fn to_wire((start, end): (u64, u64)) -> Option<Interval> {
    Some([i64::try_from(start).ok()?, i64::try_from(end).ok()?])
}

fn from_wire([start, end]: &Interval) -> Option<(u64, u64)> {
    Some((u64::try_from(*start).ok()?, u64::try_from(*end).ok()?))
}

#[cfg(test)]
mod tests {
    use kulti_protocol::api::Exclusion;

    use super::*;

    fn answer(acknowledged: Option<Vec<Interval>>) -> HeartbeatResponse {
        HeartbeatResponse {
            success: true,
            watch_duration_seconds: 0,
            estimated_credits: 0,
            timestamp: 0,
            acknowledged,
        }
    }

    fn long_offline() -> Unsettled {
        let start = 1_700_000_000_000;
        Unsettled {
            watched: (0..1_500)
                .map(|n| (start + n * 2_000, start + n * 2_000 + 999))
                .collect(),
            excluded: (0..1_500)
                .map(|n| {
                    let at = start + n * 2_000 + 999;
                    (at, at + 1_001, Exclusion::ConnectionLost)
                })
                .collect(),
        }
    }

    #[test]
    fn a_backlog_goes_in_bodies_that_the_server_takes_and_all_of_it_arrives() {
        let mut unsettled = long_offline();
        let mut server = Unsettled::default();
        let mut beats = 0;
        while !unsettled.is_empty() {
            let request = unsettled.heartbeat("a-session-id-of-thirty-six-characters", false);
            let body = serde_json::to_vec(&request).map_or(0, |body| body.len());
            assert!((1..=64 * 1_024).contains(&body), "{body} bytes");
            let settled = Unsettled::settled_by(&request, &answer(request.intervals.clone()));
            assert!(!settled.is_empty(), "every beat brings it further");
            server.watched.merge(&settled.watched);
            server.excluded.merge(&settled.excluded);
            unsettled.settle(&settled);
            beats += 1;
        }
        assert_eq!(beats, 3);
        assert_eq!(server, long_offline());
    }

    #[test]
    fn an_answer_settles_no_more_than_was_told() {
        let mut unsettled = Unsettled::default();
        unsettled.watched.insert(1_000, 5_000);
        let request = unsettled.heartbeat("s1", true);
        let everything = answer(Some(vec![[0, i64::MAX], [-5, 3]]));
        let settled = Unsettled::settled_by(&request, &everything);
        assert_eq!(settled.watched, unsettled.watched);
        let nothing = Unsettled::settled_by(&request, &answer(Some(Vec::new())));
        assert!(nothing.is_empty());
    }
}
