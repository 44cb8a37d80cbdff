//! A room: the sans-IO state machine of one live session.
//!
//! It knows peers, roles, groups, messages and the session store, and speaks the
//! 100ms protocol; it has no socket, no task and no clock. Whatever one input causes
//! comes out as one ordered list of [`Output`]s, so every receiver sees changes in
//! the order in which the room accepted them: the protocol's clients rely on that.

mod acknowledgements;
mod chronicle;
mod directory;
mod dispatch;
mod door;
mod frame;
mod groups;
mod history;
mod insights;
mod io;
mod limits;
mod media;
mod membership;
mod messages;
mod metadata;
mod moderation;
mod notices;
mod pace;
mod peers;
mod polls;
mod roles;
mod roster;
mod snapshot;
mod sockets;
mod store;
mod talk;
#[cfg(test)]
mod tests;
mod timers;
mod tracks;
mod ui_state;
mod viewers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::policy::Policy;

pub use chronicle::{Chronicle, Peak};
pub use frame::Frame;
pub use history::{MarkChange, SavedHistory};
pub use insights::RoomInsights;
pub use io::{Admission, Class, Input, Output, Receivers, SocketId};
pub use limits::{Occupancy, RoomLimits, RoomMeta};
pub use pace::{Allowance, Allowances};
pub use snapshot::{RoomSnapshot, SnapshotError};

use acknowledgements::Acknowledgements;
use chronicle::Headcount;
use history::History;
use media::MediaState;
use notices::SessionNotice;
use pace::Paces;
use peers::{PeerNo, Peers};
use polls::Polls;
use sockets::Socket;
use store::Store;
use timers::Timers;
use ui_state::StageHistory;
use viewers::Viewers;

/// One live session.
#[derive(Debug)]
pub struct Room {
    id: String,
    meta: RoomMeta,
    policy: Arc<Policy>,
    limits: RoomLimits,
    /// Whether the session was named, rather than opened by a connection.
    named: bool,
    /// Whether joins are refused for good.
    locked: bool,
    sockets: HashMap<SocketId, Socket>,
    /// The sockets that have not joined, by peer id.
    unjoined: HashMap<String, SocketId>,
    /// Peer ids whose sockets stayed open without joining, and when such a socket
    /// was lost: previews, which may come back.
    previews: BTreeMap<String, u64>,
    peers: Peers,
    /// Who has joined under which peer id in this session: nobody else may take it.
    owners: HashMap<String, String>,
    /// Users that were removed from this session.
    removed: BTreeSet<String>,
    /// Users that have joined this session: a locked room lets them come back.
    visitors: BTreeSet<String>,
    acknowledgements: Acknowledgements,
    paces: Paces,
    store: Store,
    /// Who observes which key.
    listeners: HashMap<Arc<str>, BTreeSet<PeerNo>>,
    stage: StageHistory,
    polls: Polls,
    history: History,
    viewers: Viewers,
    media: MediaState,
    chronicle: Chronicle,
    headcount: Headcount,
    session_notice: SessionNotice,
    /// `on-policy-change` for each role, encoded once.
    policy_frames: BTreeMap<String, Frame>,
    timers: Timers,
    rng: StdRng,
    now: u64,
    outputs: Vec<Output>,
    changed: bool,
    refusals: u64,
}

impl Room {
    /// An empty room. `seed` makes ids of messages and sessions.
    #[must_use]
    pub fn new(
        id: &str,
        meta: RoomMeta,
        policy: Arc<Policy>,
        limits: RoomLimits,
        seed: u64,
    ) -> Self {
        let policy_frames = notices::policy_frames(&policy);
        let mut rng = StdRng::seed_from_u64(seed);
        let node = random_id(&mut rng);
        Self {
            id: id.to_owned(),
            policy,
            limits,
            named: false,
            locked: false,
            sockets: HashMap::new(),
            unjoined: HashMap::new(),
            previews: BTreeMap::new(),
            peers: Peers::default(),
            owners: HashMap::new(),
            removed: BTreeSet::new(),
            visitors: BTreeSet::new(),
            acknowledgements: Acknowledgements::default(),
            paces: Paces::default(),
            store: Store::default(),
            listeners: HashMap::new(),
            stage: StageHistory::default(),
            polls: Polls::default(),
            history: History::default(),
            viewers: Viewers::default(),
            media: MediaState::new(node),
            chronicle: Chronicle::new(meta.started_at_ms),
            headcount: Headcount::default(),
            session_notice: SessionNotice::default(),
            policy_frames,
            timers: Timers::default(),
            rng,
            now: 0,
            outputs: Vec::new(),
            changed: false,
            refusals: 0,
            meta,
        }
    }

    /// Takes an input that happened at `now_ms`, server time. Time never goes back:
    /// an earlier one counts as the latest that was seen.
    pub fn handle(&mut self, now_ms: u64, input: Input) {
        self.now = self.now.max(now_ms);
        match input {
            Input::SocketOpened { socket, admission } => self.socket_opened(socket, admission),
            Input::Frame { socket, text } => self.frame(socket, &text),
            Input::SocketClosed {
                socket,
                code,
                heard_ms,
            } => self.socket_closed(socket, code, heard_ms),
            Input::Media(event) => self.media_event(event),
            Input::MediaMoved => self.media_moved(),
            Input::Timer => {}
            Input::End { reason } => self.end_by_server(&reason),
            Input::ShutDown => self.shut_down(),
        }
        self.count_people_for_polls();
        self.run_timers();
        self.publish_viewers();
        self.publish_acknowledged();
        self.publish_session();
        self.publish_subscriptions();
    }

    /// Everything that is to be done, in order. To be called after every
    /// [`Room::handle`], or after a few of them.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// When [`Input::Timer`] is due at the latest, ms since the epoch.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<u64> {
        self.timers.next()
    }

    /// How many are here and how many of them watch.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        self.viewers.occupancy()
    }

    /// How many peers have joined, those in their grace included.
    #[must_use]
    pub fn peer_count(&self) -> usize {
        self.peers.len()
    }

    /// How many sockets are open, joined or not.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// Whether this peer has joined as this user and is here or in its grace.
    #[must_use]
    pub fn remembers(&self, peer_id: &str, user_id: &str) -> bool {
        self.peers
            .by_id(peer_id)
            .is_some_and(|peer| peer.user_id == user_id)
    }

    /// Whether this user was removed from the session.
    #[must_use]
    pub fn has_removed(&self, user_id: &str) -> bool {
        self.removed.contains(user_id)
    }

    /// Whether joins are refused for good.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether there is nothing in this room that is worth keeping.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.named
            && !self.locked
            && self.peers.len() == 0
            && self.sockets.is_empty()
            && self.polls.is_empty()
            && self.store.iter().all(|entry| entry.updated_by.is_empty())
    }

    /// Names the session, for a room that was opened by its first connection.
    pub fn set_meta(&mut self, meta: RoomMeta) {
        self.named = true;
        if self.meta != meta {
            self.meta = meta;
            self.changed = true;
            self.session_notice.mark();
        }
    }

    /// Whether something that a snapshot keeps has changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// How many requests were refused since this was asked last.
    pub fn take_refusals(&mut self) -> u64 {
        std::mem::take(&mut self.refusals)
    }

    fn send(&mut self, socket: SocketId, frame: Frame) {
        self.outputs.push(Output::Send {
            to: Receivers::One(socket),
            frame,
            class: Class::Ordinary,
        });
    }

    fn send_all(&mut self, sockets: Vec<SocketId>, frame: Frame, class: Class) {
        if !sockets.is_empty() {
            self.outputs.push(Output::Send {
                to: Receivers::Many(sockets),
                frame,
                class,
            });
        }
    }

    fn random_id(&mut self) -> String {
        random_id(&mut self.rng)
    }
}

fn random_id(rng: &mut StdRng) -> String {
    uuid::Builder::from_random_bytes(rand::Rng::random(rng))
        .into_uuid()
        .to_string()
}
