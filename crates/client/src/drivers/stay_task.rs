//! The task that runs one [`SessionCore`]: it brings inputs, does outputs, and
//! keeps deadlines. Nothing in its loop waits for anything but the next input.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse};
use kulti_watch::Signal;
use tokio::{
    sync::{Mutex, broadcast, mpsc, watch},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    access::Access,
    api::Api,
    clock::{self, SleepWatch},
    feed::Feed,
    journal::{StayJournal, Written},
    media::MediaPort,
    signalling::{self, Opened},
    socket::{Socket, SocketEvent},
    stay::{Command, Progress, Watched, Wiring},
    transport::Transport,
};
use crate::core::{
    Intent, SessionCore,
    io::{Announcement, ConnectFailure, Input, Output},
    view::{EndReason, ViewEvent},
};

/// The clocks are looked at this often at least: tokio's timers stand still while
/// the machine sleeps.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// How long the last heartbeat and the closing of the socket may take after the end.
const FAREWELL: Duration = Duration::from_secs(5);

type Connected = Result<Opened, ConnectFailure>;

/// A heartbeat that was answered, or was not.
struct Answered {
    sequence: u64,
    request: HeartbeatRequest,
    result: Result<HeartbeatResponse, String>,
}

/// The signalling connection.
enum Link {
    None,
    Connecting(BoxFuture<'static, Connected>),
    Open(Box<Socket>),
}

/// What the link brings.
#[allow(
    clippy::large_enum_variant,
    reason = "one at a time, handed on at once"
)]
enum LinkEvent {
    Connected(Connected),
    Socket(SocketEvent),
}

impl Link {
    /// Cancel-safe, since both futures live in the link.
    async fn next(&mut self) -> LinkEvent {
        match self {
            Self::None => std::future::pending().await,
            Self::Connecting(attempt) => LinkEvent::Connected(attempt.await),
            Self::Open(socket) => LinkEvent::Socket(socket.next().await),
        }
    }
}

pub(super) struct StayTask {
    core: SessionCore,
    transport: Transport,
    /// Held by one connection attempt at a time.
    access: Arc<Mutex<Access>>,
    ledger: Option<Api>,
    journal: Option<StayJournal>,
    media: Option<MediaPort>,
    /// The page that was written last, or is being written.
    page: Option<Written>,
    inbox: mpsc::Receiver<Command>,
    announcements: broadcast::Sender<Announcement>,
    progress: watch::Sender<Progress>,
    feed: Feed,
    link: Link,
    heartbeats: FuturesUnordered<BoxFuture<'static, Answered>>,
    sleep_watch: SleepWatch,
    /// The person has asked to end the session for everyone.
    ends_session: bool,
    /// Every handle is gone.
    abandoned: bool,
}

impl StayTask {
    pub(super) fn new(
        core: SessionCore,
        wiring: Wiring,
        inbox: mpsc::Receiver<Command>,
        announcements: broadcast::Sender<Announcement>,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            core,
            transport: wiring.transport,
            access: Arc::new(Mutex::new(wiring.access)),
            ledger: wiring.ledger,
            journal: wiring.journal,
            media: wiring.media,
            page: None,
            inbox,
            announcements,
            progress,
            feed: Feed::default(),
            link: Link::None,
            heartbeats: FuturesUnordered::new(),
            sleep_watch: SleepWatch::new(),
            ends_session: false,
            abandoned: false,
        }
    }

    pub(super) async fn run(mut self) {
        let ended = self.stay().await;
        let watched = self.watched();
        self.progress.send_modify(|p| {
            p.ended = Some(ended.clone());
            p.last_watched = watched;
        });
        self.inbox.close();
        while let Ok(command) = self.inbox.try_recv() {
            if let Command::Subscribe(reader) = command {
                reader.finish(self.progress.borrow().last_view.clone());
            }
        }
        self.feed = Feed::default(); // ends every view stream
        let farewell = self.farewell(&ended);
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("the session's last messages could not be delivered in time");
        }
        drop(self.journal.take()); // what is left is sent by whoever sends what is left
        self.progress.send_modify(|p| p.finished = true);
    }

    /// From joining to the end.
    async fn stay(&mut self) -> EndReason {
        let mut timer = Box::pin(sleep_until(Instant::now()));
        let mut armed_for = None;
        let mut input = Input::Start;
        loop {
            if let Some(ended) = self.handle(input) {
                return ended;
            }
            input = self.next_input(timer.as_mut(), &mut armed_for).await;
        }
    }

    /// Hands one input to the core and does what it says. The reason, if that ended
    /// the stay.
    ///
    /// Sleep that no signal announced is handed in before anything else: after waking up,
    /// whatever comes first would take it for time that was watched.
    fn handle(&mut self, input: Input) -> Option<EndReason> {
        if let Some(for_ms) = self.sleep_watch.slept_ms()
            && let Some(ended) = self.hand_in(Input::Watch(Signal::Slept { for_ms }))
        {
            return Some(ended);
        }
        self.hand_in(input)
    }

    fn hand_in(&mut self, input: Input) -> Option<EndReason> {
        self.core.handle(input, clock::now());
        while let Some(output) = self.core.poll() {
            if let Some(ended) = self.perform(output) {
                return Some(ended);
            }
        }
        None
    }

    fn perform(&mut self, output: Output) -> Option<EndReason> {
        match output {
            Output::Connect => self.connect(),
            Output::Send(text) => match &mut self.link {
                Link::Open(socket) => socket.send(text),
                Link::None | Link::Connecting(_) => {
                    tracing::debug!("a frame was dropped: there is no socket");
                }
            },
            Output::Close => match &mut self.link {
                Link::Open(socket) => socket.close(),
                Link::None => {}
                Link::Connecting(_) => self.link = Link::None,
            },
            Output::Media(command) => match &mut self.media {
                Some(media) => (media.commands)(command),
                None => tracing::debug!("there is no media engine"),
            },
            Output::View(event) => self.show(&event),
            Output::Announce(announcement) => {
                // An error says that nobody listens.
                let _listeners = self.announcements.send(announcement).unwrap_or(0);
            }
            Output::Journal(page) => {
                self.page = self.journal.as_ref().map(|journal| journal.write(page));
            }
            Output::Heartbeat { sequence, request } => self.heartbeat(sequence, request),
            Output::Ended(reason) => return Some(reason),
        }
        None
    }

    /// Tells the ledger, as soon as what is told is on the disk.
    fn heartbeat(&mut self, sequence: u64, request: HeartbeatRequest) {
        let Some(api) = self.ledger.clone() else {
            return;
        };
        let page = self.page.clone();
        let answer = async move {
            if let Some(page) = page {
                page.done().await;
            }
            let result = api.heartbeat(&request).await.map_err(|e| e.to_string());
            Answered {
                sequence,
                request,
                result,
            }
        };
        self.heartbeats.push(answer.boxed());
    }

    fn watched(&self) -> Watched {
        let boot_ms = clock::now().boot_ms;
        Watched {
            boot_ms,
            intervals: self.core.watch_intervals(boot_ms),
            acknowledged: self.core.acknowledged_intervals().clone(),
        }
    }

    fn show(&mut self, event: &ViewEvent) {
        if matches!(event, ViewEvent::Ended(_)) {
            self.progress
                .send_modify(|p| p.last_view = Some(event.clone()));
        }
        let core = &self.core;
        self.feed.publish(event, || {
            let mut snapshot = core.snapshot();
            snapshot.retain(|e| matches!(e, ViewEvent::Chat(_) | ViewEvent::Messages(_)));
            snapshot
        });
    }

    /// Drops the connection that there is, or is coming about, and makes another.
    fn connect(&mut self) {
        let transport = self.transport.clone();
        let access = self.access.clone();
        let peer_id = self.core.config().peer_id.clone();
        let attempt = async move {
            let mut access = access.lock().await;
            signalling::connect(&transport, &mut access, &peer_id).await
        };
        self.link = Link::Connecting(attempt.boxed());
    }

    /// Waits for something that the core must know.
    async fn next_input(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        armed_for: &mut Option<u64>,
    ) -> Input {
        loop {
            let deadline = self.core.deadline_ms();
            if armed_for.is_none() || *armed_for != deadline {
                *armed_for = deadline;
                timer.as_mut().reset(wake_up_at(deadline));
            }
            // The timer first, so that a flood of frames cannot keep it waiting; the
            // commands, which are few, before the frames, which may be many.
            let input = tokio::select! {
                biased;
                () = timer.as_mut() => {
                    *armed_for = None;
                    Some(Input::Tick)
                }
                command = self.inbox.recv(), if !self.abandoned => self.take_command(command),
                Some(answered) = self.heartbeats.next() => Some(self.take_answer(answered)),
                event = MediaPort::next(&mut self.media) => Some(Input::Media(event)),
                event = self.link.next() => self.take_link_event(event),
            };
            if let Some(input) = input {
                return input;
            }
        }
    }

    fn take_answer(&self, answered: Answered) -> Input {
        if let (Ok(_), Some(journal)) = (&answered.result, &self.journal) {
            journal.server_answered();
        }
        Input::HeartbeatAnswered {
            sequence: answered.sequence,
            result: answered.result,
        }
    }

    fn take_command(&mut self, command: Option<Command>) -> Option<Input> {
        match command {
            Some(Command::Act(intent)) => {
                self.ends_session |= intent == Intent::EndSession;
                Some(Input::Intent(intent))
            }
            Some(Command::Watch(signal)) => Some(Input::Watch(signal)),
            Some(Command::InputFound { at_ms }) => Some(Input::InputFound { at_ms }),
            Some(Command::Shown(tiles)) => Some(Input::Shown(tiles)),
            Some(Command::Subscribe(reader)) => {
                self.feed.add(reader, self.core.snapshot());
                None
            }
            Some(Command::Report) => Some(Input::ReportWatchTime),
            Some(Command::AskWatched(asked)) => {
                // An error says that nobody waits for it any more.
                let _waits = asked.send(self.watched()).is_ok();
                None
            }
            Some(Command::AskPoll(poll_id, asked)) => {
                let _waits = asked.send(self.core.poll_report(&poll_id)).is_ok();
                None
            }
            Some(Command::CutSocket) => {
                let was_open = matches!(self.link, Link::Open(_));
                was_open.then(|| {
                    self.link = Link::None;
                    let reason = "cut on demand".to_owned();
                    Input::SocketClosed { reason }
                })
            }
            None => {
                self.abandoned = true;
                Some(Input::Intent(Intent::Leave))
            }
        }
    }

    fn take_link_event(&mut self, event: LinkEvent) -> Option<Input> {
        match event {
            LinkEvent::Connected(Ok(opened)) => {
                self.link = Link::Open(Box::new(opened.socket));
                let takes_media = opened.takes_media;
                Some(Input::SocketOpened { takes_media })
            }
            LinkEvent::Connected(Err(failure)) => {
                self.link = Link::None;
                tracing::info!(
                    code = failure.code,
                    terminal = failure.terminal,
                    message = failure.message,
                    "no signalling connection"
                );
                Some(Input::ConnectFailed(failure))
            }
            LinkEvent::Socket(event) => {
                let asked_for = matches!(&self.link, Link::Open(s) if s.is_closing());
                match event {
                    SocketEvent::Frame(_) if asked_for => None,
                    SocketEvent::Frame(text) => Some(Input::SocketFrame(text)),
                    SocketEvent::Closed(reason) => {
                        self.link = Link::None;
                        tracing::info!(reason, "the signalling connection is closed");
                        (!asked_for).then_some(Input::SocketClosed { reason })
                    }
                }
            }
        }
    }

    /// What has to be done after the stay is over: the last heartbeats reach the
    /// ledger, what was sent reaches the room, and a session that was ended for
    /// everyone is ended at the ledger too.
    async fn farewell(&mut self, reason: &EndReason) {
        let (beats, journal) = (&mut self.heartbeats, &self.journal);
        let heartbeats = async {
            while let Some(answered) = beats.next().await {
                if let (Ok(response), Some(journal)) = (&answered.result, journal) {
                    journal.settle(&answered.request, response);
                }
            }
        };
        let link = &mut self.link;
        let socket = async {
            if let Link::Open(socket) = link {
                socket.close();
                while let SocketEvent::Frame(_) = socket.next().await {}
            }
        };
        let ended_by_me = self.ends_session && *reason == EndReason::SessionEnded;
        let ledger = self.ledger.clone().filter(|_| ended_by_me);
        let session_id = &self.core.config().session_id;
        let session = async {
            if let Some(api) = ledger {
                end_session(&api, session_id).await;
            }
        };
        tokio::join!(heartbeats, socket, session);
    }
}

/// Ending twice pays once, so that it can be tried until the server has answered.
async fn end_session(api: &Api, session_id: &str) {
    loop {
        match api.end_session(session_id).await {
            Ok(_) => return,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the session's end was not recorded; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the session's end was not recorded");
                return;
            }
        }
    }
}

/// When tokio's clock shall wake us for a deadline on the boot-time clock. Never at
/// once: an overdue deadline must not keep everything else from being handled.
fn wake_up_at(deadline_ms: Option<u64>) -> Instant {
    let until = deadline_ms.map_or(LONGEST_SLEEP, |deadline| {
        Duration::from_millis(deadline.saturating_sub(clock::now().boot_ms))
    });
    Instant::now() + until.clamp(Duration::from_millis(1), LONGEST_SLEEP)
}
