//! Several cores, one room, and time that passes when a test says so.

use std::collections::{BTreeMap, VecDeque};

use kulti_media::client::interface::{AudioDevices, Command};
use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse, WatchPolicy};

use kulti_watch::IntervalSet;

use super::{fake_room::FakeRoom, fixtures::role_of};
use crate::core::{
    Intent, SessionCore,
    io::{Announcement, ConnectFailure, Input, Now, Output, StayConfig},
    unsettled::Unsettled,
    view::{
        ChatView, ConnectionView, CountsView, Delivery, EndReason, GridView, JoinedView,
        MediaView, MessageView, Notice, PeopleListView, PeopleView, PollsView, RoomView,
        SessionView, StageLogView, StageView, ViewEvent, VoicesView, WatchView,
    },
};

/// Boot time at the beginning.
const BOOT: u64 = 1_000_000;
/// Server time at boot time zero.
pub(super) const EPOCH: u64 = 1_700_000_000_000;

/// What a screen would show, made of view events alone.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) connection: Option<ConnectionView>,
    pub(super) session: Option<SessionView>,
    pub(super) counts: Option<CountsView>,
    pub(super) grid: Option<GridView>,
    pub(super) stage: Option<StageView>,
    pub(super) people: Option<PeopleView>,
    pub(super) list: Option<PeopleListView>,
    pub(super) room: Option<RoomView>,
    pub(super) stage_log: Option<StageLogView>,
    pub(super) chat: ChatView,
    pub(super) polls: PollsView,
    pub(super) joined: Vec<JoinedView>,
    pub(super) watch: Option<WatchView>,
    pub(super) media: Option<MediaView>,
    pub(super) voices: Option<VoicesView>,
}

impl Shown {
    fn take(&mut self, event: ViewEvent) {
        match event {
            ViewEvent::Connection(view) => self.connection = Some(view),
            ViewEvent::Session(view) => self.session = Some(view),
            ViewEvent::Counts(view) => self.counts = Some(view),
            ViewEvent::Grid(view) => self.grid = Some(view),
            ViewEvent::Stage(view) => self.stage = Some(view),
            ViewEvent::People(view) => self.people = Some(view),
            ViewEvent::Polls(view) => self.polls = view,
            ViewEvent::Chat(view) => {
                self.chat = ChatView::default();
                self.joined.clear();
                self.messages(view);
            }
            ViewEvent::PeopleList(view) => self.list = Some(view),
            ViewEvent::Room(view) => self.room = Some(view),
            ViewEvent::StageLog(view) => self.stage_log = Some(view),
            ViewEvent::Watch(view) => self.watch = Some(view),
            ViewEvent::Media(view) => self.media = Some(view),
            ViewEvent::Voices(view) => self.voices = Some(view),
            ViewEvent::Messages(view) => self.messages(view),
            // Follows at its own pace, so that a late subscriber's may be newer.
            ViewEvent::Diagnostics(_) => {}
            ViewEvent::Notice(_) | ViewEvent::Ended(_) => {}
        }
    }

    fn messages(&mut self, batch: ChatView) {
        self.chat.earlier = batch.earlier;
        for message in batch.messages {
            self.message(message);
        }
    }

    /// As the screen does it: see [`ChatView`].
    fn message(&mut self, mut view: MessageView) {
        if let Some(joined) = view.joined {
            self.joined.push(joined);
            return;
        }
        let place = |view: &MessageView| match view.delivery {
            Delivery::Sent => view.sent_at_ms,
            Delivery::Sending | Delivery::Failed => u64::MAX,
        };
        let replaced = view.replaces.take();
        let messages = &mut self.chat.messages;
        if replaced.is_none()
            && let Some(known) = messages.iter_mut().find(|known| known.id == view.id)
            && place(known) == place(&view)
        {
            *known = view;
            return;
        }
        messages.retain(|known| known.id != view.id && Some(&known.id) != replaced.as_ref());
        let at = messages.partition_point(|known| place(known) <= place(&view));
        messages.insert(at, view);
    }
}

/// One participant: a core and what its driver would hold.
pub(super) struct Client {
    pub(super) core: SessionCore,
    id: String,
    wants_socket: bool,
    open: bool,
    /// The network goes nowhere: nothing arrives, nothing is told.
    pub(super) silent: bool,
    /// Connecting fails with this.
    pub(super) refused: Option<ConnectFailure>,
    inbox: VecDeque<String>,
    pub(super) shown: Shown,
    pub(super) notices: Vec<Notice>,
    pub(super) announced: Vec<Announcement>,
    pub(super) heartbeats: Vec<HeartbeatRequest>,
    pub(super) heartbeats_fail: bool,
    /// What the disk holds, and how often it was written.
    pub(super) journal: Unsettled,
    pub(super) journal_writes: Vec<u64>,
    unanswered: VecDeque<(u64, HeartbeatRequest)>,
    pub(super) ended: Option<EndReason>,
    pub(super) views: Vec<ViewEvent>,
    pub(super) connects: Vec<u64>,
    pub(super) closes: u32,
    /// What the media engine was told.
    pub(super) orders: Vec<Command>,
}

pub(super) struct World {
    pub(super) room: FakeRoom,
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) boot: u64,
    ours: bool,
    /// Whether clients have a media engine, and the server takes media.
    pub(super) has_media: bool,
}

impl World {
    /// A world with our server, which counts viewers itself.
    pub(super) fn new() -> Self {
        Self::with(true)
    }

    /// A world with the 100ms cloud.
    pub(super) fn cloud() -> Self {
        Self::with(false)
    }

    fn with(ours: bool) -> Self {
        Self {
            room: FakeRoom {
                has_history: ours,
                ..FakeRoom::at(EPOCH + BOOT)
            },
            clients: BTreeMap::new(),
            boot: BOOT,
            ours,
            has_media: false,
        }
    }

    fn now(&self) -> Now {
        Now {
            boot_ms: self.boot,
            // A wall clock that is an hour off: server time is not to be had from it.
            wall_ms: EPOCH + self.boot + 3_600_000,
        }
    }

    /// Adds a participant, named after its role: `host-1`, `viewer-2`.
    pub(super) fn add(&mut self, id: &str) {
        let config = StayConfig {
            session_id: "s1".into(),
            title: "A sync engine".into(),
            room_code: "VIBE-2K4F".into(),
            share_link: String::new(),
            host_name: "Mara Okafor".into(),
            started_at_ms: EPOCH,
            server: "https://example.org".into(),
            peer_id: id.to_owned(),
            user_id: format!("user-{id}"),
            name: format!("Name {id}"),
            role: role_of(id).to_owned(),
            watch_policy: WatchPolicy::default(),
            media: self.has_media.then(AudioDevices::default),
            server_counts_viewers: self.ours,
            seed: id.len() as u64,
        };
        let client = Client {
            core: SessionCore::new(config, self.now()),
            id: id.to_owned(),
            wants_socket: false,
            open: false,
            silent: false,
            refused: None,
            inbox: VecDeque::new(),
            shown: Shown::default(),
            notices: Vec::new(),
            announced: Vec::new(),
            heartbeats: Vec::new(),
            heartbeats_fail: false,
            journal: Unsettled::default(),
            journal_writes: Vec::new(),
            unanswered: VecDeque::new(),
            ended: None,
            views: Vec::new(),
            connects: Vec::new(),
            closes: 0,
            orders: Vec::new(),
        };
        self.clients.insert(id.to_owned(), client);
        self.input(id, Input::Start);
    }

    /// Adds participants and lets them join.
    pub(super) fn join(&mut self, ids: &[&str]) {
        for id in ids {
            self.add(id);
        }
        self.run(500);
    }

    pub(super) fn client(&mut self, id: &str) -> &mut Client {
        self.clients.get_mut(id).unwrap()
    }

    pub(super) fn shown(&self, id: &str) -> &Shown {
        &self.clients[id].shown
    }

    pub(super) fn stage(&self, id: &str) -> &StageView {
        self.shown(id).stage.as_ref().unwrap()
    }

    pub(super) fn act(&mut self, id: &str, intent: Intent) {
        self.input(id, Input::Intent(intent));
        self.settle();
    }

    pub(super) fn input(&mut self, id: &str, input: Input) {
        let now = self.now();
        let client = self.clients.get_mut(id).unwrap();
        client.core.handle(input, now);
        while let Some(output) = client.core.poll() {
            client.output(output, now.boot_ms, &mut self.room);
        }
    }

    /// Cuts the socket; the client is told.
    pub(super) fn cut(&mut self, id: &str) {
        let client = self.client(id);
        if !client.open {
            return;
        }
        client.open = false;
        client.inbox.clear();
        self.room.close(id);
        let reason = "cut".to_owned();
        self.input(id, Input::SocketClosed { reason });
    }

    /// No way to the server until [`Self::back`].
    pub(super) fn offline(&mut self, id: &str) {
        self.client(id).refused = Some(ConnectFailure {
            code: 0,
            message: "network is unreachable".into(),
            terminal: false,
        });
        self.cut(id);
    }

    pub(super) fn back(&mut self, id: &str) {
        self.client(id).refused = None;
    }

    /// Lets time pass, from deadline to deadline.
    pub(super) fn run(&mut self, ms: u64) {
        let end = self.boot + ms;
        self.settle();
        loop {
            let next = self
                .clients
                .values()
                .filter_map(|client| client.core.deadline_ms())
                .min()
                .filter(|next| *next <= end);
            let Some(next) = next else {
                break;
            };
            self.boot = self.boot.max(next);
            self.room.now = EPOCH + self.boot;
            let due: Vec<String> = self
                .clients
                .values()
                .filter(|client| client.core.deadline_ms().is_some_and(|at| at <= self.boot))
                .map(|client| client.id.clone())
                .collect();
            for id in due {
                self.input(&id, Input::Tick);
            }
            self.settle();
        }
        self.boot = end;
        self.room.now = EPOCH + self.boot;
    }

    /// Delivers everything that is on its way, until nothing moves.
    pub(super) fn settle(&mut self) {
        loop {
            for (to, frame) in std::mem::take(&mut self.room.mail) {
                if let Some(client) = self.clients.get_mut(&to)
                    && client.open
                {
                    client.inbox.push_back(frame);
                }
            }
            let ids: Vec<String> = self.clients.keys().cloned().collect();
            let moved = ids.iter().filter(|id| self.step(id)).count() > 0;
            if !moved && self.room.mail.is_empty() {
                return;
            }
        }
    }

    /// Does one thing for a client that its driver would do.
    fn step(&mut self, id: &str) -> bool {
        let client = self.clients.get_mut(id).unwrap();
        if std::mem::take(&mut client.wants_socket) {
            let input = match client.refused.clone() {
                Some(failure) => Input::ConnectFailed(failure),
                None => {
                    client.open = true;
                    self.room.open(id, role_of(id));
                    Input::SocketOpened {
                        takes_media: self.has_media,
                    }
                }
            };
            self.input(id, input);
            return true;
        }
        if let Some((sequence, request)) = client.unanswered.pop_front() {
            let result = if client.heartbeats_fail {
                Err("offline".to_owned())
            } else {
                Ok(acknowledge(request))
            };
            self.input(id, Input::HeartbeatAnswered { sequence, result });
            return true;
        }
        if client.silent || !client.open {
            return false;
        }
        let Some(frame) = client.inbox.pop_front() else {
            return false;
        };
        self.input(id, Input::SocketFrame(frame));
        true
    }
}

fn acknowledge(request: HeartbeatRequest) -> HeartbeatResponse {
    HeartbeatResponse {
        success: true,
        watch_duration_seconds: 0,
        estimated_credits: 0,
        timestamp: 0,
        acknowledged: request.intervals,
    }
}

impl Client {
    fn output(&mut self, output: Output, boot: u64, room: &mut FakeRoom) {
        assert!(self.ended.is_none(), "nothing follows the end: {output:?}");
        match output {
            Output::Connect => {
                if self.open {
                    room.close(&self.id);
                }
                self.open = false;
                self.inbox.clear();
                self.wants_socket = true;
                self.connects.push(boot);
            }
            Output::Send(frame) => {
                assert!(self.open, "nothing is sent without a socket: {frame}");
                if !self.silent {
                    room.frame(&self.id, &frame);
                }
            }
            Output::Close => {
                self.closes += 1;
                self.open = false;
                self.inbox.clear();
                room.close(&self.id);
                room.forget(&self.id);
            }
            Output::Media(command) => self.orders.push(command),
            Output::View(ViewEvent::Notice(notice)) => self.notices.push(notice),
            Output::View(event) => {
                self.views.push(event.clone());
                self.shown.take(event);
            }
            Output::Announce(announcement) => self.announced.push(announcement),
            Output::Journal(page) => {
                self.journal = page.unsettled;
                self.journal_writes.push(boot);
            }
            Output::Heartbeat { sequence, request } => {
                let told = request.intervals.iter().flatten();
                let told: IntervalSet = told
                    .map(|[start, end]| (start.unsigned_abs(), end.unsigned_abs()))
                    .collect();
                assert!(
                    self.journal.watched.covers(&told),
                    "nothing is told before it is written down"
                );
                self.heartbeats.push(request.clone());
                self.unanswered.push_back((sequence, request));
            }
            Output::Ended(reason) => self.ended = Some(reason),
        }
    }

    /// What a late subscriber would see, to compare with what events have made.
    pub(super) fn snapshot(&self) -> Shown {
        let mut shown = Shown::default();
        for event in self.core.snapshot() {
            shown.take(event);
        }
        shown
    }
}
