//! The watch time of this stay: how it is shown, and how it gets to the ledger.

use kulti_protocol::{
    api::{Exclusion, HeartbeatRequest, HeartbeatResponse, WatchPolicy},
    store_keys::WatchState,
};
use kulti_watch::{IntervalSet, Policy, Reason, Signal, Status, WatchTimer, credits};

use super::view::{PauseReason, Presence, PromptView, RibbonSpan, WatchView};
use super::{
    exclusions::Exclusions, heartbeats::Heartbeats, io::JournalPage, journaling::Journaling,
    unsettled::Unsettled,
};

/// How often the view is sent while time does not count.
const PAUSED_VIEW_MS: u64 = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Watching {
    timer: WatchTimer,
    grace_ms: u64,
    credits_per_minute: u32,
    in_stay: bool,
    connected: bool,
    /// Server time minus boot time, as this stay is placed.
    offset_ms: i64,
    beats: Heartbeats,
    journaling: Journaling,
    /// Whole credits that were celebrated.
    credits_told: u64,
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
            in_stay: false,
            connected: true,
            offset_ms: 0,
            beats: Heartbeats::new(session_id),
            journaling: Journaling::default(),
            credits_told: 0,
        }
    }

    /// Takes in a signal of the system, the UI or a person's act.
    pub(super) fn signal(&mut self, now: u64, signal: Signal) {
        self.timer.handle(now, signal);
        self.journaling.touch();
    }

    /// Takes in input that was at `at_ms` and is found out at `now`: whoever comes back
    /// is there from then on. What happened in between keeps its place.
    pub(super) fn input_found(&mut self, now: u64, at_ms: u64) {
        let at_ms = at_ms.min(now).max(self.timer.newest_ms());
        self.signal(at_ms, Signal::Input);
    }

    /// In the room, for the first time or again. `offset_ms` is server time minus boot time.
    pub(super) fn connected(&mut self, now: u64, offset_ms: i64) {
        if !self.in_stay {
            self.in_stay = true;
            self.offset_ms = offset_ms;
            self.timer.handle(now, Signal::ClockOffset { offset_ms });
            self.timer.handle(now, Signal::Joined);
        } else if !self.connected {
            self.timer.handle(now, Signal::ConnectionRestored);
            // The whole loss may count now, and none of it has been written.
            self.journaling.hurry();
        }
        self.connected = true;
        self.journaling.touch();
    }

    /// The room was lost.
    pub(super) fn disconnected(&mut self, now: u64) {
        if self.in_stay && self.connected {
            self.timer.handle(now, Signal::ConnectionLost);
        }
        self.connected = false;
    }

    /// The room was lost `for_ms` ago, as is found out only now.
    pub(super) fn silently_disconnected(&mut self, now: u64, for_ms: u64) {
        if self.in_stay && self.connected {
            self.timer.handle(now, Signal::ConnectionSilent { for_ms });
        }
        self.connected = false;
    }

    /// The stay is over. Gives the last heartbeat.
    pub(super) fn left(&mut self, now: u64) -> Option<Beat> {
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

    /// The heartbeat that is due.
    pub(super) fn due(&mut self, now: u64) -> Option<Beat> {
        let active = self.timer.status(now).counting;
        if !self.in_stay || now < self.beats.at(now, active)? {
            return None;
        }
        Some(self.beat(now, active))
    }

    fn beat(&mut self, now: u64, active: bool) -> Beat {
        let unsettled = self.unsettled(now);
        let (sequence, request) = self.beats.make(now, active, &unsettled);
        let news = self.journaling.due(now, &unsettled, true);
        let firm = true;
        Beat {
            page: news.then_some(JournalPage { unsettled, firm }),
            sequence,
            request,
        }
    }

    /// What is to be written down now.
    pub(super) fn page_due(&mut self, now: u64) -> Option<JournalPage> {
        let counting = self.timer.status(now).counting;
        if !self.in_stay || now < self.journaling.at(now, counting)? {
            return None;
        }
        let unsettled = self.unsettled(now);
        let firm = false;
        let due = self.journaling.due(now, &unsettled, false);
        due.then_some(JournalPage { unsettled, firm })
    }

    /// What is known for certain until now, and not settled.
    fn unsettled(&self, now: u64) -> Unsettled {
        let report = self.timer.report(now);
        let open_since = self.bridgeable_since(now).unwrap_or(u64::MAX);
        let excluded: Exclusions = report
            .excluded
            .iter()
            .map(|stretch| match stretch.reason {
                Reason::ConnectionLost => (
                    stretch.start,
                    stretch.end.min(open_since),
                    Exclusion::ConnectionLost,
                ),
                reason => (stretch.start, stretch.end, exclusion(reason)),
            })
            .collect();
        self.beats.unsettled(&report.intervals, &excluded)
    }

    /// Since when the connection is lost, server time, while that may still turn out to
    /// count.
    fn bridgeable_since(&self, now: u64) -> Option<u64> {
        let ends = self.timer.status(now).bridge_ends_ms?;
        let since = ends.saturating_sub(self.grace_ms);
        Some(since.saturating_add_signed(self.offset_ms))
    }

    /// A heartbeat was answered, or was not. True if the server has settled something.
    pub(super) fn answered(
        &mut self,
        sequence: u64,
        result: Result<&HeartbeatResponse, &str>,
    ) -> bool {
        let settled = self.beats.answered(sequence, result);
        if settled {
            self.journaling.touch();
        }
        settled
    }

    /// The books are wanted: the next heartbeat shall not wait.
    pub(super) fn report_soon(&mut self) {
        self.beats.want();
    }

    /// What the server has settled of what counted, server time.
    pub(super) fn acknowledged(&self) -> &IntervalSet {
        self.beats.acknowledged()
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
            confirmed_ms: counted.intersect(self.beats.acknowledged()).measure_ms(),
            prompt: prompt(&status, now),
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
        let status = self.timer.status(now);
        let beat = self.beats.at(now, status.counting);
        let page = self.journaling.at(now, status.counting);
        [
            status.next_deadline_ms,
            beat,
            self.beats.answer_ends(),
            page,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// A heartbeat, and what is to be written down before it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) page: Option<JournalPage>,
    pub(super) sequence: u64,
    pub(super) request: HeartbeatRequest,
}

/// "Still watching?" while it is to be asked or waits for an answer.
fn prompt(status: &Status, now: u64) -> Option<PromptView> {
    let ends_ms = status.evidence_ends_ms?;
    (status.prompt_due || status.prompt_open).then(|| PromptView {
        stops_in_ms: u32::try_from(ends_ms.saturating_sub(now)).unwrap_or(u32::MAX),
    })
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

/// A reason as the ledger names it.
fn exclusion(reason: Reason) -> Exclusion {
    match reason {
        Reason::Asleep => Exclusion::Asleep,
        Reason::Locked => Exclusion::Locked,
        Reason::Hidden => Exclusion::Hidden,
        Reason::NobodyThere => Exclusion::NobodyThere,
        Reason::ConnectionLost => Exclusion::ConnectionLost,
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

    #[test]
    fn a_pause_is_told_to_the_ledger_at_once() {
        let mut watching = watching();
        let first = watching.due(1_000).unwrap();
        assert!(first.request.is_active);
        watching.answered(first.sequence, Err("offline"));
        watching.signal(9_000, Signal::WindowHidden);
        assert!(watching.deadline(9_000).is_some_and(|at| at <= 9_000));
        let request = watching.due(9_000).unwrap().request;
        assert!(!request.is_active);
        assert_eq!(request.intervals, Some(vec![[501_000, 509_000]]));
    }

    #[test]
    fn leaving_sends_the_rest() {
        let mut watching = watching();
        watching.due(1_000).unwrap();
        let request = watching.left(8_000).unwrap().request;
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
    fn whoever_comes_back_is_there_from_their_input_on_however_late_it_is_found() {
        let mut watching = watching();
        let limit = WatchPolicy::default().idle_limit_ms;
        watching.signal(1_000 + limit - 60_000, Signal::PromptShown);
        let alone = 1_000 + limit;
        let told = watching.due(alone + 5_000).unwrap().request;
        assert!(!told.is_active);
        watching.input_found(alone + 20_900, alone + 20_000);
        let counted = watching.intervals(alone + 30_000);
        let away = 500_000 + alone;
        assert_eq!(
            counted.iter().collect::<Vec<_>>(),
            [(501_000, away), (away + 20_000, away + 30_000)]
        );

        // What has happened since the input is no later than it.
        watching.signal(alone + 40_000, Signal::Locked);
        watching.input_found(alone + 40_500, alone + 39_900);
        let evidence = watching.status(alone + 40_500).evidence_ends_ms;
        assert_eq!(
            evidence,
            Some(alone + 40_000 + 2 * limit),
            "nobody asked yet"
        );
        // A clock that is wrong brings nobody evidence from the future.
        watching.input_found(alone + 41_000, alone + 90_000);
        let evidence = watching.status(alone + 41_000).evidence_ends_ms;
        assert_eq!(evidence, Some(alone + 41_000 + 2 * limit));
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
    fn a_loss_that_is_bridged_is_written_at_once() {
        let mut watching = watching();
        watching.disconnected(10_000);
        let lost = watching.page_due(20_000).unwrap().unsettled.watched;
        assert_eq!(lost.measure_ms(), 9_000, "the loss may not count yet");
        watching.connected(20_300, 0);
        let back = watching.page_due(20_300).unwrap().unsettled.watched;
        assert_eq!(
            back.measure_ms(),
            19_300,
            "a crash now would cost all of it"
        );
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
