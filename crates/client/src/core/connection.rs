//! The life of the signalling connection: when to connect, to ping, to give up.

use rand::rngs::StdRng;

use super::{
    backoff::Backoff,
    view::{ConnectionView, RestoredView},
};

/// From one answer to the next ping. The official SDK's figure.
const PING_INTERVAL_MS: u64 = 3_000;
/// Without any frame for this long after a ping the connection is lost. The SDK's figure.
const SILENCE_LIMIT_MS: u64 = 12_000;
/// If this process itself stood still for longer than this, silence proves nothing.
const STALL_MS: u64 = 8_000;
/// How long the other side then has to say something.
const AFTER_STALL_MS: u64 = 4_000;
/// From [`super::io::Output::Connect`] to an open socket. The driver's own limits are shorter.
const OPEN_LIMIT_MS: u64 = 30_000;
/// From an open socket to being in the room; joins are retried meanwhile.
const ENTER_LIMIT_MS: u64 = 30_000;
/// A first join that has not worked out for this long is given up: the person waits for it.
const FIRST_JOIN_LIMIT_MS: u64 = 30_000;
/// For how long "Connected again" is shown.
const RESTORED_SHOWN_MS: u64 = 6_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A socket was asked for.
    Opening {
        since: u64,
    },
    /// The socket is open; the policy, the join or the resume are due.
    Entering {
        since: u64,
    },
    /// In the room.
    Up,
    /// Waiting for the next attempt.
    Waiting {
        until: u64,
    },
    Over,
}

/// What time has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Ask for a socket.
    Connect,
    /// Send a ping.
    Ping,
    /// Nothing was heard for too long; [`Connection::lost`] is to be called.
    Silent,
    /// The first join has taken too long.
    GiveUp,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    state: State,
    backoff: Backoff,
    started_at: u64,
    been_up: bool,
    /// When the room was lost; until it is there again.
    lost_at: Option<u64>,
    restored: Option<(RestoredView, u64)>,
    next_ping_at: u64,
    /// When the ping was sent that nothing has followed yet.
    ping_sent_at: Option<u64>,
    silence_ends_at: u64,
    seen_at: u64,
    /// When a frame came last.
    heard_at: u64,
    round_trip_ms: Option<u32>,
}

impl Connection {
    pub(super) fn new(now: u64) -> Self {
        Self {
            state: State::Idle,
            backoff: Backoff::default(),
            started_at: now,
            been_up: false,
            lost_at: None,
            restored: None,
            next_ping_at: 0,
            ping_sent_at: None,
            silence_ends_at: 0,
            seen_at: now,
            heard_at: now,
            round_trip_ms: None,
        }
    }

    /// Begins to connect. False if that was done before.
    pub(super) fn start(&mut self, now: u64) -> bool {
        if self.state != State::Idle {
            return false;
        }
        self.started_at = now;
        self.state = State::Opening { since: now };
        true
    }

    /// The socket is open: a ping is due at once. False if none was asked for.
    pub(super) fn opened(&mut self, now: u64) -> bool {
        if !matches!(self.state, State::Opening { .. }) {
            return false;
        }
        self.state = State::Entering { since: now };
        self.next_ping_at = now;
        self.ping_sent_at = None;
        true
    }

    /// A frame has come: the other side lives. False if it came over a socket that
    /// was given up.
    pub(super) fn heard(&mut self, now: u64) -> bool {
        if !self.has_socket() {
            return false;
        }
        self.heard_at = now;
        if self.ping_sent_at.take().is_some() {
            self.next_ping_at = now + PING_INTERVAL_MS;
        }
        true
    }

    /// A ping was answered.
    pub(super) fn measured(&mut self, round_trip_ms: u64) {
        self.round_trip_ms = Some(u32::try_from(round_trip_ms).unwrap_or(u32::MAX));
    }

    /// In the room, for the first time or again. Gives how long it was lost.
    pub(super) fn up(&mut self, now: u64, grace_ms: u64) -> Option<u64> {
        self.state = State::Up;
        self.backoff.reset();
        self.been_up = true;
        let lost_ms = now.saturating_sub(self.lost_at.take()?);
        let restored = RestoredView {
            lost_ms: u32::try_from(lost_ms).unwrap_or(u32::MAX),
            bridged: lost_ms < grace_ms,
        };
        self.restored = Some((restored, now + RESTORED_SHOWN_MS));
        Some(lost_ms)
    }

    /// The socket is gone or no use. The next attempt is planned.
    pub(super) fn lost(&mut self, now: u64, rng: &mut StdRng) {
        if matches!(
            self.state,
            State::Waiting { .. } | State::Over | State::Idle
        ) {
            return;
        }
        if self.been_up && self.lost_at.is_none() {
            self.lost_at = Some(now);
        }
        self.restored = None;
        self.round_trip_ms = None;
        self.state = State::Waiting {
            until: now + self.backoff.next_delay_ms(rng),
        };
    }

    /// The server is there, but this socket is no use: the next attempt comes soon,
    /// however many have failed before.
    pub(super) fn lost_but_answered(&mut self, now: u64, rng: &mut StdRng) {
        self.backoff.reset();
        self.lost(now, rng);
    }

    /// The socket was lost without a word: found out at `now`, after [`Due::Silent`].
    /// Gives how long nothing has come.
    pub(super) fn silently_lost(&mut self, now: u64, rng: &mut StdRng) -> u64 {
        let known = self.lost_at.is_some();
        self.lost(now, rng);
        if !known && self.lost_at.is_some() {
            self.lost_at = Some(self.heard_at);
        }
        now.saturating_sub(self.heard_at)
    }

    /// Do not wait any longer.
    pub(super) fn retry_now(&mut self, now: u64) {
        if matches!(self.state, State::Waiting { .. }) {
            self.backoff.reset();
            self.state = State::Waiting { until: now };
        }
    }

    /// The stay is over.
    pub(super) fn close(&mut self) {
        self.state = State::Over;
    }

    /// Whether there is an open socket.
    pub(super) fn has_socket(&self) -> bool {
        matches!(self.state, State::Entering { .. } | State::Up)
    }

    /// Whether a socket has been asked for that is not open yet.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening { .. })
    }

    /// Whether the room can be spoken to.
    pub(super) fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Whether there was a join that worked.
    pub(super) fn has_been_up(&self) -> bool {
        self.been_up
    }

    /// What is to be done now. Ask until it gives `None`.
    pub(super) fn due(&mut self, now: u64, rng: &mut StdRng) -> Option<Due> {
        self.forgive_own_stall(now);
        if self
            .restored
            .as_ref()
            .is_some_and(|(_, until)| now >= *until)
        {
            self.restored = None;
        }
        let too_late = !self.been_up && now >= self.started_at + FIRST_JOIN_LIMIT_MS;
        match self.state {
            State::Opening { since } if now >= since + OPEN_LIMIT_MS => {
                self.lost(now, rng);
                too_late.then_some(Due::GiveUp)
            }
            State::Waiting { .. } if too_late => Some(Due::GiveUp),
            State::Waiting { until } if now >= until => {
                self.state = State::Opening { since: now };
                Some(Due::Connect)
            }
            State::Entering { since } if now >= since + ENTER_LIMIT_MS => Some(Due::Silent),
            State::Entering { .. } | State::Up => self.ping_due(now),
            _ => None,
        }
    }

    fn ping_due(&mut self, now: u64) -> Option<Due> {
        if self.ping_sent_at.is_some() {
            return (now >= self.silence_ends_at).then_some(Due::Silent);
        }
        if now < self.next_ping_at {
            return None;
        }
        self.ping_sent_at = Some(now);
        self.silence_ends_at = now + SILENCE_LIMIT_MS;
        Some(Due::Ping)
    }

    /// After the machine slept or the process was stopped, what came meanwhile is
    /// still unread: the other side gets some seconds to prove that it lives.
    fn forgive_own_stall(&mut self, now: u64) {
        let stalled = now.saturating_sub(self.seen_at) > STALL_MS;
        self.seen_at = now;
        if stalled && self.ping_sent_at.is_some() {
            self.silence_ends_at = self.silence_ends_at.max(now + AFTER_STALL_MS);
        }
    }

    /// When [`Self::due`] has to be asked again.
    pub(super) fn deadline(&self) -> Option<u64> {
        let restored = self.restored.as_ref().map(|(_, until)| *until);
        let ping = if self.ping_sent_at.is_some() {
            self.silence_ends_at
        } else {
            self.next_ping_at
        };
        let state = match self.state {
            State::Idle | State::Over => return None,
            State::Opening { since } => since + OPEN_LIMIT_MS,
            State::Waiting { until } => until,
            State::Entering { since } => ping.min(since + ENTER_LIMIT_MS),
            State::Up => ping,
        };
        Some(restored.map_or(state, |shown| shown.min(state)))
    }

    /// How it is shown. `counts_for_ms` says, for a loss that began that long ago,
    /// for how much longer the time still counts.
    pub(super) fn view(&self, now: u64, counts_for_ms: impl Fn(u64) -> u64) -> ConnectionView {
        if !self.been_up {
            return ConnectionView::Joining;
        }
        let Some(lost_at) = self.lost_at else {
            return ConnectionView::Connected {
                round_trip_ms: self.round_trip_ms,
                restored: self.restored.as_ref().map(|(view, _)| view.clone()),
            };
        };
        let since_ms = now.saturating_sub(lost_at);
        let retry_in_ms = match self.state {
            State::Waiting { until } => until.saturating_sub(now),
            _ => 0,
        };
        let clamp = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX);
        ConnectionView::Lost {
            since_ms: clamp(since_ms),
            counts_for_ms: clamp(counts_for_ms(since_ms)),
            retry_in_ms: clamp(retry_in_ms),
            attempt: self.backoff.attempts(),
        }
    }

    /// Whether its view changes by itself from second to second.
    pub(super) fn is_counting_down(&self) -> bool {
        self.lost_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn rng() -> StdRng {
        StdRng::seed_from_u64(1)
    }

    fn up_at(now: u64) -> Connection {
        let mut connection = Connection::new(now);
        connection.start(now);
        connection.opened(now);
        connection.up(now, 30_000);
        connection
    }

    #[test]
    fn pings_three_seconds_after_each_answer() {
        let mut connection = up_at(0);
        assert_eq!(connection.due(0, &mut rng()), Some(Due::Ping));
        connection.heard(40);
        assert_eq!(connection.due(3_039, &mut rng()), None);
        assert_eq!(connection.deadline(), Some(3_040));
        assert_eq!(connection.due(3_040, &mut rng()), Some(Due::Ping));
    }

    #[test]
    fn silence_loses_the_connection_after_twelve_seconds() {
        let mut connection = up_at(0);
        assert_eq!(connection.due(0, &mut rng()), Some(Due::Ping));
        assert_eq!(connection.due(6_000, &mut rng()), None);
        assert_eq!(connection.due(11_999, &mut rng()), None);
        assert_eq!(connection.deadline(), Some(12_000));
        assert_eq!(connection.due(12_000, &mut rng()), Some(Due::Silent));
    }

    #[test]
    fn any_frame_counts_as_the_answer() {
        let mut connection = up_at(0);
        connection.due(0, &mut rng());
        connection.heard(11_000);
        assert_eq!(connection.due(13_999, &mut rng()), None);
        assert_eq!(connection.due(14_000, &mut rng()), Some(Due::Ping));
    }

    #[test]
    fn a_stalled_process_gives_the_server_time_to_answer() {
        let mut connection = up_at(0);
        connection.due(0, &mut rng());
        assert_eq!(
            connection.due(60_000, &mut rng()),
            None,
            "we slept, not the server"
        );
        assert_eq!(connection.due(62_000, &mut rng()), None);
        assert_eq!(connection.due(64_000, &mut rng()), Some(Due::Silent));
    }

    #[test]
    fn tries_for_hours_and_tells_how_long_it_was_gone() {
        let mut rng = rng();
        let mut connection = up_at(0);
        connection.lost(10_000, &mut rng);
        let mut now = 10_000;
        let mut attempts = 0;
        while now < 4 * 3_600_000 {
            now = connection.deadline().unwrap_or(u64::MAX);
            assert_eq!(connection.due(now, &mut rng), Some(Due::Connect));
            attempts += 1;
            connection.lost(now + 100, &mut rng);
        }
        assert!(attempts > 900, "an attempt every 15 s at least: {attempts}");
        now = connection.deadline().unwrap_or(u64::MAX);
        connection.due(now, &mut rng);
        assert!(connection.opened(now));
        assert_eq!(connection.up(now, 30_000), Some(now - 10_000));
    }

    #[test]
    fn a_first_join_is_given_up_but_never_a_later_one() {
        let mut rng = rng();
        let mut connection = Connection::new(0);
        connection.start(0);
        connection.lost(100, &mut rng);
        assert_eq!(connection.due(30_000, &mut rng), Some(Due::GiveUp));
    }

    #[test]
    fn frames_of_a_socket_that_was_given_up_do_not_count() {
        let mut connection = up_at(0);
        connection.lost(5_000, &mut rng());
        assert!(!connection.heard(5_100));
        assert!(!connection.opened(5_100), "no socket was asked for yet");
    }
}
