//! The watch time of this stay: how it is shown, and how it gets to the ledger.

use kulti_protocol::{
    api::{HeartbeatRequest, HeartbeatResponse, Interval, WatchPolicy},
    store_keys::WatchState,
};
use kulti_watch::{IntervalSet, Policy, Reason, Signal, Status, WatchTimer, credits};

use super::view::{PauseReason, Presence, RibbonSpan, WatchView};

/// The longest time between heartbeats.
const BEAT_MS: u64 = 30_000;
/// The shortest, however often someone looks away and back.
const BEAT_GAP_MS: u64 = 2_000;
/// An answer that has not come after this long will not come.
const ANSWER_LIMIT_MS: u64 = 90_000;
/// How many stretches one heartbeat carries; its body may have 64 KB.
const BEAT_INTERVALS: usize = 1_000;
/// How often the view is sent while time does not count.
const PAUSED_VIEW_MS: u64 = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Watching {
    timer: WatchTimer,
    grace_ms: u64,
    credits_per_minute: u32,
    session_id: String,
    in_stay: bool,
    connected: bool,
    acknowledged: IntervalSet,
    beats: Beats,
    /// Whole credits that were celebrated.
    credits_told: u64,
}

#[derive(Debug, Default)]
struct Beats {
    sequence: u64,
    under_way: Option<UnderWay>,
    last_at: Option<u64>,
    /// What the last heartbeat said of activity.
    told_active: Option<bool>,
    failures: u32,
}

#[derive(Debug)]
struct UnderWay {
    sequence: u64,
    since: u64,
    carried: IntervalSet,
}

impl Watching {
    pub(super) fn new(session_id: &str, policy: WatchPolicy, credits_per_minute: u32) -> Self {
        Self {
            timer: WatchTimer::new(Policy {
                idle_limit_ms: policy.idle_limit_ms,
                away_grace_ms: policy.away_grace_ms,
                reconnect_grace_ms: policy.reconnect_grace_ms,
            }),
            grace_ms: policy.reconnect_grace_ms,
            credits_per_minute,
            session_id: session_id.to_owned(),
            in_stay: false,
            connected: true,
            acknowledged: IntervalSet::new(),
            beats: Beats::default(),
            credits_told: 0,
        }
    }

    /// Takes in a signal of the system, the UI or a person's act.
    pub(super) fn signal(&mut self, now: u64, signal: Signal) {
        self.timer.handle(now, signal);
    }

    /// In the room, for the first time or again. `offset_ms` is server time minus boot time.
    pub(super) fn connected(&mut self, now: u64, offset_ms: i64) {
        if !self.in_stay {
            self.in_stay = true;
            self.timer.handle(now, Signal::ClockOffset { offset_ms });
            self.timer.handle(now, Signal::Joined);
        } else if !self.connected {
            self.timer.handle(now, Signal::ConnectionRestored);
        }
        self.connected = true;
    }

    /// The room was lost.
    pub(super) fn disconnected(&mut self, now: u64) {
        if self.in_stay && self.connected {
            self.timer.handle(now, Signal::ConnectionLost);
        }
        self.connected = false;
    }

    /// The stay is over. Gives the last heartbeat.
    pub(super) fn left(&mut self, now: u64) -> Option<(u64, HeartbeatRequest)> {
        if !self.in_stay {
            return None;
        }
        self.timer.handle(now, Signal::Left);
        self.in_stay = false;
        Some(self.beat(now, false))
    }

    /// The state of the timer.
    pub(super) fn status(&self, now: u64) -> Status {
        self.timer.status(now)
    }

    /// What counted for certain, in ms of server time: what to journal.
    pub(super) fn intervals(&self, now: u64) -> IntervalSet {
        self.timer.intervals(now)
    }

    /// Whether the others see me as active.
    pub(super) fn is_active(&self, now: u64) -> bool {
        self.timer.status(now).presence == kulti_watch::Presence::Active
    }

    /// What my own tile shows.
    pub(super) fn presence(&self, now: u64) -> Presence {
        if self.is_active(now) {
            Presence::Active
        } else {
            Presence::Away
        }
    }

    /// The value of my watch key.
    pub(super) fn state(&self, now: u64, user_id: &str, server_ms: u64) -> WatchState {
        let status = self.timer.status(now);
        WatchState {
            user_id: user_id.to_owned(),
            duration_seconds: status.active_ms / 1_000,
            last_update: server_ms,
            is_active: status.presence == kulti_watch::Presence::Active,
        }
    }

    /// For a connection lost `since_ms` ago: for how much longer the time counts.
    pub(super) fn counts_for_ms(&self, now: u64, since_ms: u64) -> u64 {
        if self.timer.status(now).counting {
            self.grace_ms.saturating_sub(since_ms)
        } else {
            0
        }
    }

    /// The heartbeat that is due, with its sequence number.
    pub(super) fn due(&mut self, now: u64) -> Option<(u64, HeartbeatRequest)> {
        self.beats
            .under_way
            .take_if(|beat| now >= beat.since + ANSWER_LIMIT_MS);
        if !self.in_stay || now < self.beat_at(now)? {
            return None;
        }
        let active = self.timer.status(now).counting;
        Some(self.beat(now, active))
    }

    /// When the next heartbeat is due; none while one is under way.
    fn beat_at(&self, now: u64) -> Option<u64> {
        if self.beats.under_way.is_some() {
            return None;
        }
        let Some(last) = self.beats.last_at else {
            return Some(now);
        };
        let changed = self.beats.told_active != Some(self.timer.status(now).counting);
        let wait = match self.beats.failures {
            0 if changed => BEAT_GAP_MS,
            0 => BEAT_MS,
            failures => (BEAT_GAP_MS << failures.min(4)).min(BEAT_MS),
        };
        Some(last + wait)
    }

    fn beat(&mut self, now: u64, active: bool) -> (u64, HeartbeatRequest) {
        let unsettled = self.timer.intervals(now).difference(&self.acknowledged);
        let carried: IntervalSet = unsettled.iter().take(BEAT_INTERVALS).collect();
        let request = HeartbeatRequest {
            session_id: self.session_id.clone(),
            is_active: active,
            intervals: Some(carried.iter().filter_map(to_wire).collect()),
        };
        self.beats.sequence += 1;
        self.beats.last_at = Some(now);
        self.beats.told_active = Some(active);
        self.beats.under_way = Some(UnderWay {
            sequence: self.beats.sequence,
            since: now,
            carried,
        });
        (self.beats.sequence, request)
    }

    /// A heartbeat was answered, or was not.
    pub(super) fn answered(&mut self, sequence: u64, result: Result<&HeartbeatResponse, &str>) {
        let Some(beat) = self
            .beats
            .under_way
            .take_if(|beat| beat.sequence == sequence)
        else {
            return;
        };
        match result {
            Ok(response) => {
                self.beats.failures = 0;
                let settled = match &response.acknowledged {
                    Some(intervals) => intervals.iter().filter_map(from_wire).collect(),
                    // A server that knows no intervals has counted in its own way.
                    None => beat.carried,
                };
                self.acknowledged.merge(&settled);
            }
            Err(_) => self.beats.failures = self.beats.failures.saturating_add(1),
        }
    }

    /// The whole credits, if a new one has been earned since this was asked last.
    pub(super) fn credit_earned(&mut self, now: u64) -> Option<u32> {
        let status = self.timer.status(now);
        let certain = status.active_ms.saturating_sub(status.unconfirmed_ms);
        let earned = credits::estimate(certain, self.credits_per_minute).credits;
        if earned <= self.credits_told {
            return None;
        }
        self.credits_told = earned;
        Some(u32::try_from(earned).unwrap_or(u32::MAX))
    }

    /// How it is shown.
    pub(super) fn view(&self, now: u64) -> WatchView {
        let status = self.timer.status(now);
        let estimate = credits::estimate(status.active_ms, self.credits_per_minute);
        let counted = self.timer.intervals(now);
        WatchView {
            counting: status.counting,
            paused_by: status.paused_by.map(reason),
            active_ms: status.active_ms,
            elapsed_ms: status.elapsed_ms,
            credits: u32::try_from(estimate.credits).unwrap_or(u32::MAX),
            next_credit_permille: estimate.next_permille,
            next_credit_in_ms: estimate
                .next_in_ms
                .map_or(0, |ms| u32::try_from(ms).unwrap_or(u32::MAX)),
            credits_per_minute: self.credits_per_minute,
            ribbon: self
                .timer
                .ribbon(now)
                .into_iter()
                .map(|span| RibbonSpan {
                    start_ms: span.start_ms,
                    end_ms: span.end_ms,
                    reason: span.reason.map(reason),
                })
                .collect(),
            confirmed_ms: counted.intersect(&self.acknowledged).measure_ms(),
        }
    }

    /// When the view is to be sent next: at each whole second of active time while it
    /// counts, seldom while only the elapsed time moves.
    pub(super) fn view_at(&self, now: u64) -> Option<u64> {
        let status = self.timer.status(now);
        if !status.in_stay {
            return None;
        }
        let wait = if status.counting {
            1_000 - status.active_ms % 1_000
        } else {
            PAUSED_VIEW_MS - status.elapsed_ms % PAUSED_VIEW_MS
        };
        Some(now + wait)
    }

    /// When something changes without a signal.
    pub(super) fn deadline(&self, now: u64) -> Option<u64> {
        if !self.in_stay {
            return None;
        }
        let answer = self
            .beats
            .under_way
            .as_ref()
            .map(|beat| beat.since + ANSWER_LIMIT_MS);
        [self.timer.next_deadline_ms(now), self.beat_at(now), answer]
            .into_iter()
            .flatten()
            .min()
    }
}

fn to_wire((start, end): (u64, u64)) -> Option<Interval> {
    Some([i64::try_from(start).ok()?, i64::try_from(end).ok()?])
}

fn from_wire([start, end]: &Interval) -> Option<(u64, u64)> {
    Some((u64::try_from(*start).ok()?, u64::try_from(*end).ok()?))
}

/// A reason as the view names it.
pub(super) fn reason(reason: Reason) -> PauseReason {
    match reason {
        Reason::Asleep => PauseReason::Asleep,
        Reason::Locked => PauseReason::Locked,
        Reason::Hidden => PauseReason::Hidden,
        Reason::NobodyThere => PauseReason::NobodyThere,
        Reason::ConnectionLost => PauseReason::ConnectionLost,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn watching() -> Watching {
        let mut watching = Watching::new("s1", WatchPolicy::default(), 1);
        watching.connected(1_000, 500_000);
        watching
    }

    fn answer(acknowledged: Option<Vec<Interval>>) -> HeartbeatResponse {
        HeartbeatResponse {
            success: true,
            watch_duration_seconds: 0,
            estimated_credits: 0,
            timestamp: 0,
            acknowledged,
        }
    }

    #[test]
    fn beats_at_joining_every_thirty_seconds_and_at_changes() {
        let mut watching = watching();
        let (first, request) = watching.due(1_000).unwrap();
        assert!(request.is_active);
        watching.answered(first, Ok(&answer(Some(Vec::new()))));
        assert_eq!(watching.due(30_999), None);
        let (second, request) = watching.due(31_000).unwrap();
        assert_eq!(request.intervals, Some(vec![[501_000, 531_000]]));
        watching.answered(second, Ok(&answer(request.intervals)));

        watching.signal(35_000, Signal::WindowHidden);
        assert_eq!(
            watching.deadline(35_000),
            Some(33_000),
            "a change is told at once"
        );
        let (_, request) = watching.due(35_000).unwrap();
        assert!(!request.is_active);
        assert_eq!(
            request.intervals,
            Some(vec![[531_000, 535_000]]),
            "only what is not settled"
        );
    }

    #[test]
    fn what_was_not_acknowledged_is_sent_again() {
        let mut watching = watching();
        let (first, _) = watching.due(1_000).unwrap();
        watching.answered(first, Err("offline"));
        let (second, request) = watching.due(5_000).unwrap();
        assert_eq!(request.intervals, Some(vec![[501_000, 505_000]]));
        watching.answered(second, Err("offline"));
        assert_eq!(watching.due(12_999), None, "the second wait is longer");
        let (third, _) = watching.due(13_000).unwrap();
        watching.answered(first, Ok(&answer(None)));
        watching.answered(third, Ok(&answer(None)));
        assert_eq!(watching.view(13_000).confirmed_ms, 12_000);
    }

    #[test]
    fn one_beat_at_a_time_but_a_lost_answer_does_not_end_them() {
        let mut watching = watching();
        watching.due(1_000).unwrap();
        assert_eq!(watching.due(60_000), None);
        assert!(watching.due(91_000).is_some());
    }

    #[test]
    fn leaving_sends_the_rest() {
        let mut watching = watching();
        watching.due(1_000).unwrap();
        let (_, request) = watching.left(8_000).unwrap();
        assert!(!request.is_active);
        assert_eq!(request.intervals, Some(vec![[501_000, 508_000]]));
        assert_eq!(watching.left(9_000), None, "one leaves once");
        assert_eq!(watching.due(100_000), None);
        assert_eq!(
            watching.view(100_000).active_ms,
            7_000,
            "the last state stays"
        );
    }

    #[test]
    fn a_short_loss_counts_and_a_long_one_does_not() {
        let mut watching = watching();
        watching.disconnected(10_000);
        assert_eq!(watching.counts_for_ms(15_000, 5_000), 25_000);
        watching.connected(20_000, 0);
        assert_eq!(watching.view(20_000).active_ms, 19_000, "bridged");
        watching.disconnected(30_000);
        watching.connected(90_000, 0);
        let view = watching.view(90_000);
        assert_eq!(view.active_ms, 29_000, "from its first millisecond");
        assert_eq!(view.ribbon[1].reason, Some(PauseReason::ConnectionLost));
    }

    #[test]
    fn each_credit_is_told_once() {
        let mut watching = watching();
        assert_eq!(watching.credit_earned(60_999), None);
        assert_eq!(watching.credit_earned(61_000), Some(1));
        assert_eq!(watching.credit_earned(62_000), None);
    }

    #[test]
    fn views_come_at_whole_seconds_of_active_time() {
        let watching = watching();
        assert_eq!(watching.view_at(1_400), Some(2_000));
        assert_eq!(watching.view_at(2_000), Some(3_000));
    }
}
