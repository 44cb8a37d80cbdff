//! How far the engine and its two connections are.

/// The engine makes an offer within this time, or the room is joined without media: what
/// it is for counts more.
const OFFER_LIMIT_MS: u64 = 4_000;
/// Connections that are not up (again) after this long are made anew; the official SDK's
/// figure for those that were up.
const FIRST_RESTART_MS: u64 = 5_000;
/// Later attempts come ever more rarely.
const LAST_RESTART_MS: u64 = 120_000;

/// How long a node's name may be.
const NODE_LIMIT: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::core) struct Link {
    /// Whether the server of this socket takes media.
    takes_media: bool,
    /// Begun: the engine was told to start, and not to stop.
    started: bool,
    /// Starts that no offer has answered yet: earlier ones are stale.
    offers_due: u32,
    /// Since when the offer for the join is waited for.
    waiting_since: Option<u64>,
    /// The offer came too late, or the server answered without media: this stay goes on
    /// without.
    given_up: bool,
    /// The server has answered the join with media.
    joined: bool,
    connected: bool,
    /// The server's node that serves this stay; empty while none is named.
    node: String,
    /// The last offer may have been lost.
    unsure: bool,
    restart_at: Option<u64>,
    restart_gap_ms: u64,
}

/// What an offer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum OfferFor {
    /// The join that waits for it.
    Join,
    /// What is published by then.
    Change,
    /// Nothing any more.
    Nothing,
}

impl Link {
    /// A socket was opened.
    pub(in crate::core) fn opened(&mut self, takes_media: bool) {
        self.takes_media = takes_media;
        self.waiting_since = None;
    }

    /// The socket was lost.
    pub(in crate::core) fn lost(&mut self) {
        self.waiting_since = None;
    }

    /// Whether the join is to have an offer.
    pub(in crate::core) fn joins(&self) -> bool {
        self.takes_media && !self.given_up
    }

    /// Whether the join waits for the engine.
    pub(in crate::core) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// The engine is told to start: its offer is waited for.
    pub(in crate::core) fn start(&mut self, now: u64) {
        self.started = true;
        self.joined = false;
        self.connected = false;
        self.unsure = false;
        self.restart_at = None;
        self.offers_due = self.offers_due.saturating_add(1);
        self.waiting_since = Some(now);
    }

    /// The server has another node for this stay, which goes on: the engine is told to
    /// start, and offers what it has to that one.
    pub(in crate::core) fn start_anew(&mut self, now: u64) {
        self.connected = false;
        self.unsure = false;
        self.offers_due = self.offers_due.saturating_add(1);
        self.plan_restart(now);
    }

    /// The server names the node that serves this stay. True if it is another one than
    /// before.
    pub(in crate::core) fn is_other_node(&mut self, node: &str) -> bool {
        if node.is_empty() || node.len() > NODE_LIMIT || node == self.node {
            return false;
        }
        let is_other = !self.node.is_empty();
        node.clone_into(&mut self.node);
        is_other
    }

    /// The engine has made an offer.
    pub(in crate::core) fn offered(&mut self) -> OfferFor {
        self.offers_due = self.offers_due.saturating_sub(1);
        if self.offers_due > 0 {
            return OfferFor::Nothing;
        }
        if self.waiting_since.take().is_some() {
            return OfferFor::Join;
        }
        if self.joined {
            OfferFor::Change
        } else {
            OfferFor::Nothing
        }
    }

    /// Whether the join has waited too long, and goes on without media.
    pub(in crate::core) fn gives_up(&mut self, now: u64) -> bool {
        let late = self
            .waiting_since
            .is_some_and(|since| now >= since + OFFER_LIMIT_MS);
        if late {
            self.waiting_since = None;
            self.given_up = true;
        }
        late
    }

    /// The server has answered the join: with media, or without.
    pub(in crate::core) fn answered(&mut self, with_media: bool, now: u64) {
        self.joined = with_media;
        self.given_up |= !with_media;
        self.restart_gap_ms = FIRST_RESTART_MS;
        self.restart_at = with_media.then_some(now + 2 * FIRST_RESTART_MS);
    }

    /// The server does not know this stay any more.
    pub(in crate::core) fn forgotten(&mut self) {
        self.joined = false;
        self.restart_at = None;
    }

    /// Both connections are up, or not.
    pub(in crate::core) fn connected(&mut self, connected: bool, now: u64) {
        self.connected = connected;
        if connected {
            self.restart_gap_ms = FIRST_RESTART_MS;
            self.restart_at = None;
        } else if self.joined && self.restart_at.is_none() {
            self.restart_at = Some(now + FIRST_RESTART_MS);
        }
    }

    /// The answer to an offer was lost with the socket.
    pub(in crate::core) fn unsure(&mut self) {
        self.unsure = true;
    }

    /// Back in the room after a loss: whether the connections are to be made anew.
    pub(in crate::core) fn resumes_anew(&mut self, now: u64) -> bool {
        let anew = self.joined && (std::mem::take(&mut self.unsure) || !self.connected);
        if anew {
            self.plan_restart(now);
        }
        anew
    }

    /// Whether the connections have been down for so long that they are to be made anew.
    pub(in crate::core) fn restarts(&mut self, now: u64) -> bool {
        let due = self.joined && self.restart_at.is_some_and(|at| now >= at);
        if due {
            self.plan_restart(now);
        }
        due
    }

    fn plan_restart(&mut self, now: u64) {
        self.restart_gap_ms = (self.restart_gap_ms * 2).clamp(FIRST_RESTART_MS, LAST_RESTART_MS);
        self.restart_at = Some(now + self.restart_gap_ms);
    }

    /// When [`Self::gives_up`] and, in the room, [`Self::restarts`] have to be asked again.
    pub(in crate::core) fn deadline(&self, in_room: bool) -> Option<u64> {
        let offer = self.waiting_since.map(|since| since + OFFER_LIMIT_MS);
        let restart = self.restart_at.filter(|_| in_room);
        [offer, restart].into_iter().flatten().min()
    }

    /// Whether this stay has media.
    pub(in crate::core) fn is_there(&self) -> bool {
        self.joined
    }

    pub(in crate::core) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether the engine is to be told that it is over; once.
    pub(in crate::core) fn stop(&mut self) -> bool {
        self.joined = false;
        self.connected = false;
        self.restart_at = None;
        self.waiting_since = None;
        std::mem::take(&mut self.started)
    }
}
