//! One stay of one person in one session: the handle to it, and how to begin it.

use std::{sync::Arc, time::Duration};

use kulti_watch::{IntervalSet, Signal};
use parking_lot::Mutex;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{
    access::Access,
    api::Api,
    clock,
    feed::{self, Reader, ViewStream},
    journal::StayJournal,
    media::MediaPort,
    stay_task::StayTask,
    transport::Transport,
};
use crate::core::{
    Intent, PollReport, SessionCore,
    io::{Announcement, ShownTile, StayConfig},
    view::{EndReason, ViewEvent},
};

/// How many acts and signals may wait to be handled. A person cannot fill it.
const COMMANDS: usize = 1_024;
/// How long somebody who wants to see the books waits for the newest heartbeat.
const REPORT: Duration = Duration::from_millis(2_500);
/// How often it is looked whether it was answered.
const REPORT_LOOK: Duration = Duration::from_millis(50);
/// How many announcements may wait to be notified.
const ANNOUNCEMENTS: usize = 32;

/// What a stay needs from the world.
#[derive(Debug)]
pub struct Wiring {
    /// The way to the signalling server.
    pub transport: Transport,
    /// The token for it.
    pub access: Access,
    /// Where heartbeats go; none for a bare room, whose watching nobody records.
    pub ledger: Option<Api>,
    /// Where watch time is kept until the ledger has it; without it, a crash costs what
    /// is not acknowledged.
    pub journal: Option<StayJournal>,
    /// The media engine; none where nothing is to be heard or seen.
    pub media: Option<MediaPort>,
}

/// What a stay knows of its own watch time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// When it knew it, ms of the boot-time clock.
    pub boot_ms: u64,
    /// What counted for certain until then, ms of server time.
    pub intervals: IntervalSet,
    /// What the server has settled of it.
    pub acknowledged: IntervalSet,
}

/// What the handle tells the task.
#[derive(Debug)]
pub(super) enum Command {
    Act(Intent),
    Watch(Signal),
    InputFound { at_ms: u64 },
    Shown(Vec<ShownTile>),
    Subscribe(Reader),
    CutSocket,
    Report,
    AskWatched(oneshot::Sender<Watched>),
    AskPoll(String, oneshot::Sender<Option<PollReport>>),
}

/// How far a stay is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    pub(super) ended: Option<EndReason>,
    pub(super) last_view: Option<ViewEvent>,
    pub(super) last_watched: Watched,
    pub(super) finished: bool,
}

/// The act came too late, or too many came at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The stay is over.
    #[error("the session is over")]
    Over,
    /// More acts wait than a person can have done.
    #[error("too much at once; try again")]
    TooMany,
}

/// A stay that goes on. Cheap to clone; when the last clone is dropped, the person
/// leaves the session.
#[derive(Debug, Clone)]
pub struct StayHandle {
    commands: mpsc::Sender<Command>,
    announcements: broadcast::Sender<Announcement>,
    /// The receiver that has been listening from the start, for the first who asks.
    from_the_start: Arc<Mutex<Option<broadcast::Receiver<Announcement>>>>,
    progress: watch::Receiver<Progress>,
    config: Arc<StayConfig>,
}

/// Begins a stay: the person joins at once. Must be called within a tokio runtime.
#[must_use]
pub fn start(config: StayConfig, wiring: Wiring) -> StayHandle {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (announcements, first) = broadcast::channel(ANNOUNCEMENTS);
    let (progress_sender, progress) = watch::channel(Progress::default());
    let handle = StayHandle {
        commands,
        announcements: announcements.clone(),
        from_the_start: Arc::new(Mutex::new(Some(first))),
        progress,
        config: Arc::new(config.clone()),
    };
    let core = SessionCore::new(config, clock::now());
    let task = StayTask::new(core, wiring, inbox, announcements, progress_sender);
    tokio::spawn(task.run());
    handle
}

impl StayHandle {
    /// Does what a person wants.
    ///
    /// # Errors
    /// [`ActError`]. That the act was taken does not say that it succeeded: the view
    /// tells.
    pub fn act(&self, intent: Intent) -> Result<(), ActError> {
        self.command(Command::Act(intent))
    }

    /// Tells a signal of the operating system or the UI, at the moment it happens.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn watch(&self, signal: Signal) -> Result<(), ActError> {
        self.command(Command::Watch(signal))
    }

    /// Tells which pictures can be seen from now on.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn shown(&self, tiles: Vec<ShownTile>) -> Result<(), ActError> {
        self.command(Command::Shown(tiles))
    }

    /// Tells that there was input somewhere in the operating system `ago`, which was
    /// found out only now.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn input_found(&self, ago: Duration) -> Result<(), ActError> {
        let ago_ms = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
        let at_ms = clock::now().boot_ms.saturating_sub(ago_ms);
        self.command(Command::InputFound { at_ms })
    }

    /// The view from now on: every slice as it is, then what changes. After the stay
    /// is over, only its last event.
    #[must_use]
    pub fn subscribe(&self) -> ViewStream {
        let (reader, stream) = feed::stream();
        let reader = match self.commands.try_send(Command::Subscribe(reader)) {
            Ok(()) => return stream,
            Err(
                mpsc::error::TrySendError::Closed(command)
                | mpsc::error::TrySendError::Full(command),
            ) => match command {
                Command::Subscribe(reader) => reader,
                _ => return stream,
            },
        };
        reader.finish(self.progress.borrow().last_view.clone());
        stream
    }

    /// New announcements, each told once. The first caller gets those since the
    /// beginning of the stay, later ones those that are still to come.
    #[must_use]
    pub fn announcements(&self) -> broadcast::Receiver<Announcement> {
        let first = self.from_the_start.lock().take();
        first.unwrap_or_else(|| self.announcements.subscribe())
    }

    /// Waits until the stay is over, and says why. The last heartbeat may still be
    /// under way: see [`Self::finished`].
    pub async fn ended(&self) -> EndReason {
        let mut progress = self.progress.clone();
        let seen = progress.wait_for(|p| p.ended.is_some() || p.finished).await;
        seen.ok()
            .and_then(|progress| progress.ended.clone())
            .unwrap_or_else(|| EndReason::Failed {
                code: 0,
                message: "the session stopped unexpectedly".to_owned(),
            })
    }

    /// Waits until nothing of the stay is under way any more: the socket is closed
    /// and the last heartbeat is answered or given up. Takes a few seconds at most
    /// after [`Self::ended`]; a program should wait for it before it exits.
    pub async fn finished(&self) {
        let mut progress = self.progress.clone();
        // An error says that the task is gone: finished, too.
        let _gone = progress.wait_for(|p| p.finished).await.is_err();
    }

    /// Asks for what is known of the watch time: at this moment, or at the end of a stay
    /// that is over.
    pub async fn watched(&self) -> Watched {
        let (asked, answer) = oneshot::channel();
        if self.commands.send(Command::AskWatched(asked)).await.is_ok()
            && let Ok(watched) = answer.await
        {
            return watched;
        }
        self.progress.borrow().last_watched.clone()
    }

    /// What is known of a poll; none if it is not known, or the stay is over.
    pub async fn poll_report(&self, poll_id: &str) -> Option<PollReport> {
        let (asked, answer) = oneshot::channel();
        let ask = Command::AskPoll(poll_id.to_owned(), asked);
        self.commands.send(ask).await.ok()?;
        answer.await.ok()?
    }

    /// Has the ledger told what is known here, and waits a moment for its answer, so that
    /// its books are as new as can be.
    pub async fn report(&self) {
        let before = self.watched().await.intervals;
        if self.command(Command::Report).is_err() {
            let _late = tokio::time::timeout(REPORT, self.finished()).await.is_err();
            return;
        }
        let told = async {
            while !self.watched().await.acknowledged.covers(&before) {
                tokio::time::sleep(REPORT_LOOK).await;
            }
        };
        let _late = tokio::time::timeout(REPORT, told).await.is_err();
    }

    /// What the stay was started with: who, where, under which peer id.
    #[must_use]
    pub fn config(&self) -> &StayConfig {
        &self.config
    }

    /// Drops the signalling socket without a word, as a network loss does. For tests
    /// and for the diagnostics page.
    ///
    /// # Errors
    /// [`ActError`].
    pub fn cut_socket(&self) -> Result<(), ActError> {
        self.command(Command::CutSocket)
    }

    fn command(&self, command: Command) -> Result<(), ActError> {
        self.commands.try_send(command).map_err(|e| match e {
            mpsc::error::TrySendError::Closed(_) => ActError::Over,
            mpsc::error::TrySendError::Full(_) => ActError::TooMany,
        })
    }
}
