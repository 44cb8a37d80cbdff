//! The session core: one stay of one person in one session.

mod answers;
mod chat;
mod diagnostics;
mod entering;
mod frames;
mod hosting;
mod intents;
mod media;
mod people_list;
mod poll_view;
mod polls;
mod screen;
mod stage_log;
mod store;
mod telling;
mod upkeep;

use std::collections::VecDeque;

use kulti_protocol::{chat::MarkRequest, signalling, store_keys::RoomLock};
use kulti_watch::{IntervalSet, Status, credits};
use rand::{SeedableRng, rngs::StdRng};
use serde::Serialize;

use self::{chat::PageWanted, screen::Screen, store::Store};
use super::{
    arrivals::Arrivals,
    chat::Chat,
    clock::ServerClock,
    connection::Connection,
    diagnosis::Diagnosis,
    grid::{Grid, Group},
    hands::Hands,
    invitations::Invitations,
    io::{Input, Now, Output, StayConfig},
    media::Media,
    people_window::PeopleWindow,
    person,
    polls::Polls,
    requests::{AfterLoss, CODE_CONNECTION_LOST, Requests},
    roles::Roles,
    roster::{Person, Roster},
    stage::Stage,
    stage_log::StageLog,
    view::{EndReason, Notice, ViewEvent},
    watching::Watching,
};

/// A deadline is never nearer than this, so that no mistake makes the driver spin.
const NEAREST_DEADLINE_MS: u64 = 5;

/// What a request was for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Join {
        with_media: bool,
    },
    Ping {
        boot_ms: u64,
        stamp_ms: u64,
    },
    Listen,
    ReadStage,
    ReadViewers,
    ReadMe,
    WriteStage,
    WriteWatch {
        boot_ms: u64,
    },
    WriteViewers,
    TellMetadata,
    /// What I publish is another offer.
    MediaOffer,
    Message(String),
    Mark(MarkRequest),
    Messages(PageWanted),
    Hand,
    EndRoom,
    Poll(polls::About),
    /// An act on somebody, by the name that it has in refusals.
    Act(&'static str),
    /// An invitation to another role, by the one who is invited.
    Invite(String),
    Rename(String),
    Lock,
    /// Of which nobody waits for the outcome.
    Aside,
}

impl Purpose {
    /// Whether it belongs to entering the room, so that it goes before everything else.
    fn enters(&self) -> bool {
        matches!(self, Self::Join { .. } | Self::Listen | Self::Ping { .. })
    }
}

/// One stay of one person in one session, as a state machine.
///
/// See [`super::io`] for the one law of driving it.
#[derive(Debug)]
pub struct SessionCore {
    config: StayConfig,
    now: Now,
    rng: StdRng,
    outputs: VecDeque<Output>,
    connection: Connection,
    diagnosis: Diagnosis,
    /// Whether the server is believed to know this stay, so that it is resumed and not
    /// joined again.
    joined: bool,
    /// Whether the policy of this socket has come.
    policy_came: bool,
    /// Code and words of the last attempt that failed.
    last_failure: Option<(u16, String)>,
    clock: ServerClock,
    requests: Requests<Purpose>,
    roles: Roles,
    roster: Roster,
    grid: Grid,
    hands: Hands,
    /// Whether the server names only some of the people.
    large_room: bool,
    /// Whether I want my hand up, also after joining anew.
    hand_wanted: bool,
    store: Store,
    stage: Stage,
    local_pin: Option<String>,
    chat: Chat,
    polls: Polls,
    arrivals: Arrivals,
    invitations: Invitations,
    media: Media,
    /// The door, as the store says.
    lock: RoomLock,
    /// How many have read which announcement, as the store says.
    acknowledged: Option<kulti_protocol::store_keys::Acknowledged>,
    stage_log: StageLog,
    people_window: PeopleWindow,
    watching: Watching,
    page: usize,
    screen: Screen,
    ended: Option<EndReason>,
    deadline: Option<u64>,
}

impl SessionCore {
    /// A stay that has not begun; hand in [`Input::Start`] to begin it.
    pub fn new(config: StayConfig, now: Now) -> Self {
        let roles = Roles::new(&config.role);
        let rate = if roles.hosts(&config.role) {
            credits::HOSTING_PER_MINUTE
        } else {
            credits::WATCHING_PER_MINUTE
        };
        let mut grid = Grid::default();
        grid.insert(&config.peer_id, Group::Local);
        let me = Person {
            peer_id: config.peer_id.clone(),
            user_id: config.user_id.clone(),
            name: person::display_name(&config.name),
            role: config.role.clone(),
            hand_raised: false,
            joined_at: 0,
            watch: None,
            watch_claimed_ms: 0,
        };
        Self {
            now,
            rng: StdRng::seed_from_u64(config.seed),
            outputs: VecDeque::new(),
            connection: Connection::new(now.boot_ms),
            diagnosis: Diagnosis::new(config.server_counts_viewers),
            joined: false,
            policy_came: false,
            last_failure: None,
            clock: ServerClock::guess(now),
            requests: Requests::new(),
            roles,
            roster: Roster::new(me),
            grid,
            hands: Hands::default(),
            large_room: false,
            hand_wanted: false,
            store: Store::new(config.server_counts_viewers),
            stage: Stage::default(),
            local_pin: None,
            chat: Chat::default(),
            polls: Polls::default(),
            arrivals: Arrivals::default(),
            invitations: Invitations::default(),
            media: Media::new(config.media.as_ref()),
            lock: RoomLock::default(),
            acknowledged: None,
            stage_log: StageLog::default(),
            people_window: PeopleWindow::default(),
            watching: Watching::new(&config.session_id, config.watch_policy, rate),
            page: 0,
            screen: Screen::default(),
            ended: None,
            deadline: None,
            config,
        }
    }

    /// Takes in what happened at `now`. Drain [`Self::poll`] afterwards.
    pub fn handle(&mut self, input: Input, now: Now) {
        if self.ended.is_some() {
            return;
        }
        // Clocks of two inputs may be read out of order by a hair.
        self.now = Now {
            boot_ms: now.boot_ms.max(self.now.boot_ms),
            wall_ms: now.wall_ms,
        };
        match input {
            Input::Start => self.start(),
            Input::SocketOpened { takes_media } => self.socket_opened(takes_media),
            Input::SocketFrame(text) => self.frame(&text),
            Input::SocketClosed { reason } => self.socket_closed(&reason),
            Input::ConnectFailed(failure) => self.connect_failed(&failure),
            Input::Intent(intent) => self.intent(intent),
            Input::Media(event) => self.engine(event),
            Input::Shown(tiles) => self.shown(tiles),
            Input::Watch(signal) => self.watching.signal(self.now.boot_ms, signal),
            Input::InputFound { at_ms } => self.watching.input_found(self.now.boot_ms, at_ms),
            Input::HeartbeatAnswered { sequence, result } => {
                let result = result.as_ref().map_err(String::as_str);
                let settled = self.watching.answered(sequence, result);
                // While it counts, the next view is less than a second away.
                if settled && !self.watching.status(self.now.boot_ms).counting {
                    self.screen.watch_soon();
                }
            }
            Input::ReportWatchTime => self.watching.report_soon(),
            Input::Tick => {}
        }
        if self.ended.is_none() {
            self.upkeep();
            self.refresh();
        }
        self.deadline = self.next_deadline();
    }

    /// The next thing to do; `None` when all is done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Tick`] at the latest: boot-time ms.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.deadline
    }

    /// Every slice of the view as it is now, for a late subscriber.
    pub fn snapshot(&self) -> Vec<ViewEvent> {
        self.all_slices()
    }

    /// What this stay was started with.
    pub fn config(&self) -> &StayConfig {
        &self.config
    }

    /// The state of the watch timer at boot time `now_ms`, for example whether "Still
    /// watching?" is to be asked.
    pub fn watch_status(&self, now_ms: u64) -> Status {
        self.watching.status(now_ms)
    }

    /// What counted for certain until boot time `now_ms`, in ms of server time: what
    /// to journal.
    pub fn watch_intervals(&self, now_ms: u64) -> IntervalSet {
        self.watching.intervals(now_ms)
    }

    /// What the server has settled of that.
    pub fn acknowledged_intervals(&self) -> &IntervalSet {
        self.watching.acknowledged()
    }

    fn boot(&self) -> u64 {
        self.now.boot_ms
    }

    fn server_ms(&self) -> u64 {
        self.clock.at(self.now.boot_ms)
    }

    fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn notice(&mut self, notice: Notice) {
        self.emit(Output::View(ViewEvent::Notice(notice)));
    }

    fn refused(&mut self, action: &str, code: u16, message: &str) {
        self.notice(Notice::Refused {
            action: action.to_owned(),
            code,
            message: message.to_owned(),
        });
    }

    /// Makes a request; it is sent as soon as the connection allows.
    fn request(
        &mut self,
        purpose: Purpose,
        method: &'static str,
        params: impl Serialize,
        after_loss: AfterLoss,
    ) {
        let now = self.boot();
        let Err(purpose) = self.requests.push(purpose, method, params, after_loss, now) else {
            return;
        };
        let error = signalling::RpcError::new(
            CODE_CONNECTION_LOST,
            "Too much is waiting for the connection.",
        );
        self.outcome(purpose, Err(error));
    }

    /// Sends a notification.
    fn tell(&mut self, method: &str, params: impl Serialize) {
        if let Ok(frame) = signalling::notification(method, params) {
            self.emit(Output::Send(frame));
        }
    }
}
