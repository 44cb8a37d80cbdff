//! When the ledger is told, and what it has confirmed.

use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse, Interval};
use kulti_watch::IntervalSet;

/// The longest time between heartbeats.
const BEAT_MS: u64 = 30_000;
/// The shortest, however often someone looks away and back.
const BEAT_GAP_MS: u64 = 2_000;
/// An answer that has not come after this long will not come.
const ANSWER_LIMIT_MS: u64 = 90_000;
/// How many stretches one heartbeat carries; its body may have 64 KB.
const BEAT_INTERVALS: usize = 1_000;

/// The heartbeats of one stay: one at a time, each with all that is not settled yet.
#[derive(Debug)]
pub(super) struct Heartbeats {
    session_id: String,
    sequence: u64,
    under_way: Option<UnderWay>,
    last_at: Option<u64>,
    /// What the last one said of activity.
    told_active: Option<bool>,
    failures: u32,
    acknowledged: IntervalSet,
}

#[derive(Debug)]
struct UnderWay {
    sequence: u64,
    since: u64,
    carried: IntervalSet,
}

impl Heartbeats {
    pub(super) fn new(session_id: &str) -> Self {
        Self {
            session_id: session_id.to_owned(),
            sequence: 0,
            under_way: None,
            last_at: None,
            told_active: None,
            failures: 0,
            acknowledged: IntervalSet::new(),
        }
    }

    /// When the next one is due, given whether the person watches; none while one is
    /// under way.
    pub(super) fn at(&self, now: u64, active: bool) -> Option<u64> {
        let overdue = |beat: &UnderWay| now >= beat.since + ANSWER_LIMIT_MS;
        if self.under_way.as_ref().is_some_and(|beat| !overdue(beat)) {
            return None;
        }
        let Some(last) = self.last_at else {
            return Some(now);
        };
        let wait = match self.failures {
            0 if self.told_active != Some(active) => BEAT_GAP_MS,
            0 => BEAT_MS,
            failures => (BEAT_GAP_MS << failures.min(4)).min(BEAT_MS),
        };
        Some(last + wait)
    }

    /// When an answer that has not come is given up.
    pub(super) fn answer_ends(&self) -> Option<u64> {
        let beat = self.under_way.as_ref()?;
        Some(beat.since + ANSWER_LIMIT_MS)
    }

    /// Makes one: `counted` is all that has been watched until now, server time.
    pub(super) fn make(
        &mut self,
        now: u64,
        active: bool,
        counted: &IntervalSet,
    ) -> (u64, HeartbeatRequest) {
        let unsettled = counted.difference(&self.acknowledged);
        let carried: IntervalSet = unsettled.iter().take(BEAT_INTERVALS).collect();
        let request = HeartbeatRequest {
            session_id: self.session_id.clone(),
            is_active: active,
            intervals: Some(carried.iter().filter_map(to_wire).collect()),
            excluded: Vec::new(),
        };
        self.sequence += 1;
        self.last_at = Some(now);
        self.told_active = Some(active);
        self.under_way = Some(UnderWay {
            sequence: self.sequence,
            since: now,
            carried,
        });
        (self.sequence, request)
    }

    /// One was answered, or was not. Answers to earlier ones say nothing new.
    pub(super) fn answered(&mut self, sequence: u64, result: Result<&HeartbeatResponse, &str>) {
        let Some(beat) = self.under_way.take_if(|beat| beat.sequence == sequence) else {
            return;
        };
        match result {
            Ok(response) => {
                self.failures = 0;
                let settled = match &response.acknowledged {
                    Some(intervals) => intervals.iter().filter_map(from_wire).collect(),
                    // A server that knows no intervals has counted in its own way.
                    None => beat.carried,
                };
                self.acknowledged.merge(&settled);
            }
            Err(_) => self.failures = self.failures.saturating_add(1),
        }
    }

    /// What the ledger has settled, server time.
    pub(super) fn acknowledged(&self) -> &IntervalSet {
        &self.acknowledged
    }
}

fn to_wire((start, end): (u64, u64)) -> Option<Interval> {
    Some([i64::try_from(start).ok()?, i64::try_from(end).ok()?])
}

fn from_wire([start, end]: &Interval) -> Option<(u64, u64)> {
    Some((u64::try_from(*start).ok()?, u64::try_from(*end).ok()?))
}

#[cfg(test)]
mod tests {
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

    fn until(end: u64) -> IntervalSet {
        [(1_000, end)].into_iter().collect()
    }

    #[test]
    fn at_once_then_every_thirty_seconds_and_at_changes() {
        let mut beats = Heartbeats::new("s1");
        assert_eq!(beats.at(1_000, true), Some(1_000));
        let (first, _) = beats.make(1_000, true, &until(1_000));
        assert_eq!(beats.at(1_000, true), None, "one at a time");
        beats.answered(first, Ok(&answer(Some(Vec::new()))));
        assert_eq!(beats.at(1_000, true), Some(31_000));
        assert_eq!(beats.at(1_000, false), Some(3_000), "a change is told soon");
    }

    #[test]
    fn only_what_is_not_settled_is_sent() {
        let mut beats = Heartbeats::new("s1");
        let (first, request) = beats.make(0, true, &until(5_000));
        assert_eq!(request.intervals, Some(vec![[1_000, 5_000]]));
        beats.answered(first, Ok(&answer(Some(vec![[1_000, 4_000], [-5, 3]]))));
        let (_, request) = beats.make(0, true, &until(9_000));
        assert_eq!(request.intervals, Some(vec![[4_000, 9_000]]));
        assert_eq!(
            beats.acknowledged().measure_ms(),
            3_000,
            "nonsense is not taken"
        );
    }

    #[test]
    fn failures_are_tried_again_ever_more_slowly() {
        let mut beats = Heartbeats::new("s1");
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..6 {
            let (sequence, request) = beats.make(now, true, &until(5_000));
            assert_eq!(
                request.intervals,
                Some(vec![[1_000, 5_000]]),
                "nothing is lost"
            );
            beats.answered(sequence, Err("offline"));
            let next = beats.at(now, true).unwrap_or_default();
            waits.push(next - now);
            now = next;
        }
        assert_eq!(waits, [4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn a_lost_answer_does_not_end_them() {
        let mut beats = Heartbeats::new("s1");
        let (first, _) = beats.make(0, true, &until(5_000));
        assert_eq!(beats.answer_ends(), Some(90_000));
        assert_eq!(beats.at(89_999, true), None);
        assert!(beats.at(90_000, true).is_some_and(|at| at <= 90_000));
        let (second, _) = beats.make(90_000, true, &until(9_000));
        beats.answered(first, Ok(&answer(None)));
        assert!(
            beats.acknowledged().is_empty(),
            "too late, and of the wrong one"
        );
        beats.answered(second, Ok(&answer(None)));
        assert_eq!(beats.acknowledged().measure_ms(), 8_000);
    }
}
