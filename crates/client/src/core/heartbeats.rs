//! When the ledger is told, and what it has confirmed.

use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse};
use kulti_watch::IntervalSet;

use super::{exclusions::Exclusions, unsettled::Unsettled};

/// The longest time between heartbeats.
const BEAT_MS: u64 = 30_000;
/// The shortest, however often someone looks away and back.
const BEAT_GAP_MS: u64 = 2_000;
/// An answer that has not come after this long will not come.
const ANSWER_LIMIT_MS: u64 = 90_000;

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
    /// What did not count, of which the server has answered that it knows.
    told_excluded: Exclusions,
    /// Another one is wanted soon: somebody asks for the books, or the last one could
    /// not carry everything.
    wanted: bool,
}

#[derive(Debug)]
struct UnderWay {
    sequence: u64,
    since: u64,
    request: HeartbeatRequest,
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
            told_excluded: Exclusions::default(),
            wanted: false,
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
            0 if self.wanted || self.told_active != Some(active) => BEAT_GAP_MS,
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

    /// The next one is wanted as soon as may be.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// What is not settled of all that is known for certain until now.
    pub(super) fn unsettled(&self, counted: &IntervalSet, excluded: &Exclusions) -> Unsettled {
        Unsettled {
            watched: counted.difference(&self.acknowledged),
            excluded: excluded.difference(&self.told_excluded),
        }
    }

    /// Makes one with what is not settled.
    pub(super) fn make(
        &mut self,
        now: u64,
        active: bool,
        unsettled: &Unsettled,
    ) -> (u64, HeartbeatRequest) {
        let request = unsettled.heartbeat(&self.session_id, active);
        self.sequence += 1;
        self.last_at = Some(now);
        self.told_active = Some(active);
        self.wanted = !unsettled.fits_one_beat();
        self.under_way = Some(UnderWay {
            sequence: self.sequence,
            since: now,
            request: request.clone(),
        });
        (self.sequence, request)
    }

    /// One was answered, or was not. Answers to earlier ones say nothing new: what they
    /// settled is told once more. True if something is settled now.
    pub(super) fn answered(
        &mut self,
        sequence: u64,
        result: Result<&HeartbeatResponse, &str>,
    ) -> bool {
        let Some(beat) = self.under_way.take_if(|beat| beat.sequence == sequence) else {
            return false;
        };
        match result {
            Ok(response) => {
                self.failures = 0;
                let settled = Unsettled::settled_by(&beat.request, response);
                self.acknowledged.merge(&settled.watched);
                self.told_excluded.merge(&settled.excluded);
                !settled.is_empty()
            }
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                false
            }
        }
    }

    /// What the ledger has settled, server time.
    pub(super) fn acknowledged(&self) -> &IntervalSet {
        &self.acknowledged
    }
}

#[cfg(test)]
mod tests {
    use kulti_protocol::api::{Exclusion, Interval};

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

    fn make(beats: &mut Heartbeats, now: u64, end: u64) -> (u64, HeartbeatRequest) {
        let counted = [(1_000, end)].into_iter().collect();
        let unsettled = beats.unsettled(&counted, &Exclusions::default());
        beats.make(now, true, &unsettled)
    }

    #[test]
    fn at_once_then_every_thirty_seconds_and_at_changes() {
        let mut beats = Heartbeats::new("s1");
        assert_eq!(beats.at(1_000, true), Some(1_000));
        let (first, _) = make(&mut beats, 1_000, 1_000);
        assert_eq!(beats.at(1_000, true), None, "one at a time");
        beats.answered(first, Ok(&answer(Some(Vec::new()))));
        assert_eq!(beats.at(1_000, true), Some(31_000));
        assert_eq!(beats.at(1_000, false), Some(3_000), "a change is told soon");
        beats.want();
        assert_eq!(beats.at(1_000, true), Some(3_000), "what is asked for, too");
    }

    #[test]
    fn only_what_is_not_settled_is_sent() {
        let mut beats = Heartbeats::new("s1");
        let (first, request) = make(&mut beats, 0, 5_000);
        assert_eq!(request.intervals, Some(vec![[1_000, 5_000]]));
        assert!(beats.answered(first, Ok(&answer(Some(vec![[1_000, 4_000], [-5, 3]])))));
        let (_, request) = make(&mut beats, 0, 9_000);
        assert_eq!(request.intervals, Some(vec![[4_000, 9_000]]));
        assert_eq!(
            beats.acknowledged().measure_ms(),
            3_000,
            "nonsense is not taken"
        );
    }

    #[test]
    fn what_did_not_count_is_carried_until_a_beat_with_it_is_answered() {
        let mut beats = Heartbeats::new("s1");
        let mut carried = |until: u64, result: Result<&HeartbeatResponse, &str>| {
            let excluded = [(1_000, until, Exclusion::Hidden)].into_iter().collect();
            let unsettled = beats.unsettled(&IntervalSet::new(), &excluded);
            let (sequence, request) = beats.make(0, false, &unsettled);
            beats.answered(sequence, result);
            request.excluded
        };
        let ok = answer(Some(Vec::new()));
        assert_eq!(
            carried(4_000, Err("offline")),
            [(1_000, 4_000, Exclusion::Hidden)]
        );
        assert_eq!(carried(5_000, Ok(&ok)), [(1_000, 5_000, Exclusion::Hidden)]);
        assert_eq!(
            carried(9_000, Ok(&ok)),
            [(5_000, 9_000, Exclusion::Hidden)],
            "once each"
        );
        assert_eq!(carried(9_000, Ok(&ok)), []);
    }

    #[test]
    fn failures_are_tried_again_ever_more_slowly() {
        let mut beats = Heartbeats::new("s1");
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..6 {
            let (sequence, request) = make(&mut beats, now, 5_000);
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
        let (first, _) = make(&mut beats, 0, 5_000);
        assert_eq!(beats.answer_ends(), Some(90_000));
        assert_eq!(beats.at(89_999, true), None);
        assert!(beats.at(90_000, true).is_some_and(|at| at <= 90_000));
        let (second, _) = make(&mut beats, 90_000, 9_000);
        beats.answered(first, Ok(&answer(None)));
        assert!(
            beats.acknowledged().is_empty(),
            "too late, and of the wrong one"
        );
        beats.answered(second, Ok(&answer(None)));
        assert_eq!(beats.acknowledged().measure_ms(), 8_000);
    }
}
