//! What one participant sees, to be waited for.

use std::time::Duration;

use kulti_client::{
    core::view::{
        ConnectionView, CountsView, EndedView, GridView, MessageView, Notice, PeopleListView,
        PeopleView, RoomView, SessionView, StageLogView, StageView, ViewEvent, WatchView,
    },
    drivers::{feed::ViewStream, stay::StayHandle},
};

/// How long something may take that takes milliseconds: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The newest of every slice, and all that was told in passing.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connection: Option<ConnectionView>,
    pub(crate) session: Option<SessionView>,
    pub(crate) counts: CountsView,
    /// Every value that the counts had.
    pub(crate) totals: Vec<u32>,
    pub(crate) grid: Option<GridView>,
    pub(crate) stage: StageView,
    pub(crate) people: PeopleView,
    pub(crate) list: Option<PeopleListView>,
    pub(crate) room: RoomView,
    pub(crate) stage_log: StageLogView,
    pub(crate) messages: Vec<MessageView>,
    pub(crate) watch: WatchView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) ended: Option<EndedView>,
}

pub(crate) struct Eyes {
    pub(crate) seen: Seen,
    stream: ViewStream,
}

impl Eyes {
    pub(crate) fn of(handle: &StayHandle) -> Self {
        Self {
            seen: Seen::default(),
            stream: handle.subscribe(),
        }
    }

    /// Waits until the condition holds.
    pub(crate) async fn see<T>(&mut self, what: &str, holds: impl Fn(&Seen) -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = holds(&self.seen) {
                return found;
            }
            match tokio::time::timeout_at(deadline, self.stream.next()).await {
                Ok(Some(event)) => self.take(event),
                Ok(None) => panic!("the stay ended before {what}: {:#?}", self.seen),
                Err(_) => panic!("not seen in time: {what}: {:#?}", self.seen),
            }
        }
    }

    /// Waits until the condition is true.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Seen) -> bool) {
        self.see(what, |seen| holds(seen).then_some(())).await;
    }

    pub(crate) async fn connected(&mut self) {
        self.until("connected", |seen| {
            matches!(seen.connection, Some(ConnectionView::Connected { .. }))
        })
        .await;
    }

    pub(crate) async fn lost(&mut self) {
        self.until("the connection lost", |seen| {
            matches!(seen.connection, Some(ConnectionView::Lost { .. }))
        })
        .await;
    }

    pub(crate) async fn people(&mut self, total: u32) {
        self.until(&format!("{total} people"), |seen| {
            seen.counts.total == total
        })
        .await;
    }

    fn take(&mut self, event: ViewEvent) {
        let seen = &mut self.seen;
        match event {
            ViewEvent::Connection(connection) => seen.connection = Some(connection),
            ViewEvent::Session(session) => seen.session = Some(session),
            ViewEvent::Counts(counts) => {
                seen.counts = counts;
                seen.totals.push(counts.total);
            }
            ViewEvent::Grid(grid) => seen.grid = Some(grid),
            ViewEvent::Stage(stage) => seen.stage = stage,
            ViewEvent::People(people) => seen.people = people,
            ViewEvent::PeopleList(list) => seen.list = Some(list),
            ViewEvent::Room(room) => seen.room = room,
            ViewEvent::StageLog(log) => seen.stage_log = log,
            ViewEvent::Chat(chat) => seen.messages = chat.messages,
            ViewEvent::Messages(batch) => {
                let said = batch.messages.into_iter();
                for message in said.filter(|message| message.joined.is_none()) {
                    let id = message.replaces.as_ref().unwrap_or(&message.id);
                    match seen.messages.iter_mut().find(|m| m.id == *id) {
                        Some(known) => *known = message,
                        None => seen.messages.push(message),
                    }
                }
            }
            ViewEvent::Polls(_) | ViewEvent::Media(_) | ViewEvent::Voices(_) => {}
            ViewEvent::Watch(watch) => seen.watch = watch,
            ViewEvent::Diagnostics(_) => {}
            ViewEvent::Notice(notice) => seen.notices.push(notice),
            ViewEvent::Ended(ended) => seen.ended = Some(ended),
        }
    }
}
