//! What the screen shows: each slice is sent when it has changed, and only then.

use super::SessionCore;
use crate::core::{
    grid::{PAGE_SIZE, STRIP_SIZE},
    io::Output,
    person,
    polls::Poll,
    presence,
    roster::Person,
    view::{
        AnnouncementView, ConnectionView, CountsView, DiagnosticsView, EndedView, GridView, MeView,
        MediaView, PeopleView, PinnedMessageView, PollsView, RoomView, SessionView, StageLogView,
        StageView, TileView, ViewEvent, VoicesView, WatchView,
    },
};

/// The people panel follows a storm of joins at this pace.
const PEOPLE_GAP_MS: u64 = 250;
/// Watch states get stale by themselves; this often is looked.
const PRESENCE_LOOK_MS: u64 = 5_000;
/// A connection that is lost counts its seconds.
const LOST_TICK_MS: u64 = 1_000;

/// Which slices may have changed.
#[derive(Debug)]
pub(super) struct Dirty {
    pub(super) connection: bool,
    pub(super) session: bool,
    pub(super) counts: bool,
    pub(super) grid: bool,
    pub(super) stage: bool,
    pub(super) polls: bool,
    pub(super) room: bool,
    pub(super) stage_log: bool,
    media: bool,
    pub(super) voices: bool,
    people: bool,
}

impl Dirty {
    pub(super) fn all(&mut self) {
        self.connection = true;
        self.session = true;
        self.polls = true;
        self.room = true;
        self.media();
        self.people();
    }

    /// What I send, or what is shared, has changed; who speaks may have.
    pub(super) fn media(&mut self) {
        self.media = true;
        self.voices = true;
    }

    /// Somebody came, left, changed, or watches or not.
    pub(super) fn people(&mut self) {
        self.people = true;
        self.counts = true;
        self.grid = true;
        self.stage = true;
        self.stage_log = true;
        self.room = true;
    }
}

/// What was sent last.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) dirty: Dirty,
    connection: Option<ConnectionView>,
    connection_at: u64,
    session: Option<SessionView>,
    counts: Option<CountsView>,
    grid: Option<GridView>,
    stage: Option<StageView>,
    polls: Option<PollsView>,
    poll_seconds_left: u64,
    room: Option<RoomView>,
    stage_log: Option<StageLogView>,
    media: Option<MediaView>,
    voices: Option<VoicesView>,
    people: Option<PeopleView>,
    people_at: Option<u64>,
    pub(super) diagnostics: Option<DiagnosticsView>,
    pub(super) diagnostics_at: Option<u64>,
    watch: Option<WatchView>,
    watch_at: Option<u64>,
    presence_at: u64,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            dirty: Dirty {
                connection: true,
                session: true,
                counts: true,
                grid: true,
                stage: true,
                polls: true,
                room: true,
                stage_log: true,
                media: true,
                voices: true,
                people: true,
            },
            connection: None,
            connection_at: 0,
            session: None,
            counts: None,
            grid: None,
            stage: None,
            polls: None,
            poll_seconds_left: 0,
            room: None,
            stage_log: None,
            media: None,
            voices: None,
            people: None,
            people_at: None,
            diagnostics: None,
            diagnostics_at: None,
            watch: None,
            watch_at: None,
            presence_at: 0,
        }
    }
}

impl Screen {
    /// The counter has changed although no time has passed.
    pub(super) fn watch_soon(&mut self) {
        self.watch_at = Some(0);
    }
}

impl SessionCore {
    /// Sends the slices that have changed.
    pub(super) fn refresh(&mut self) {
        let now = self.boot();
        if now >= self.screen.presence_at + PRESENCE_LOOK_MS {
            self.screen.presence_at = now;
            self.screen.dirty.people();
        }
        self.refresh_connection(now);
        if std::mem::take(&mut self.screen.dirty.session) {
            let view = self.session_view();
            replace(
                &mut self.screen.session,
                view,
                ViewEvent::Session,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.counts) {
            let view = self.counts_view();
            replace(
                &mut self.screen.counts,
                view,
                ViewEvent::Counts,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.stage) {
            let view = self.stage_view();
            replace(
                &mut self.screen.stage,
                view,
                ViewEvent::Stage,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.grid) {
            // Whoever looks at a page that is gone looks at the last one from now on.
            self.page = self.grid.clamp(self.page, self.page_size()).0;
            let view = self.grid_view();
            replace(
                &mut self.screen.grid,
                view,
                ViewEvent::Grid,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.room) {
            let view = self.room_view();
            replace(
                &mut self.screen.room,
                view,
                ViewEvent::Room,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.stage_log) {
            let view = self.stage_log_view();
            replace(
                &mut self.screen.stage_log,
                view,
                ViewEvent::StageLog,
                &mut self.outputs,
            );
        }
        self.refresh_media();
        self.refresh_people(now);
        self.refresh_polls();
        self.refresh_watch(now);
        self.refresh_diagnostics(now);
    }

    fn refresh_connection(&mut self, now: u64) {
        let view = self.connection_view();
        let dirty = std::mem::take(&mut self.screen.dirty.connection);
        let only_older = matches!(view, ConnectionView::Lost { .. })
            && matches!(self.screen.connection, Some(ConnectionView::Lost { .. }));
        if only_older && !dirty && now < self.screen.connection_at + LOST_TICK_MS {
            return;
        }
        self.screen.connection_at = now;
        replace(
            &mut self.screen.connection,
            view,
            ViewEvent::Connection,
            &mut self.outputs,
        );
    }

    fn refresh_media(&mut self) {
        if std::mem::take(&mut self.screen.dirty.media) {
            let view = self.media_view();
            replace(
                &mut self.screen.media,
                view,
                ViewEvent::Media,
                &mut self.outputs,
            );
        }
        if std::mem::take(&mut self.screen.dirty.voices) {
            let view = self.voices_view();
            replace(
                &mut self.screen.voices,
                view,
                ViewEvent::Voices,
                &mut self.outputs,
            );
        }
    }

    fn refresh_polls(&mut self) {
        let left = self.poll_seconds_left();
        let ticked = std::mem::replace(&mut self.screen.poll_seconds_left, left) != left;
        if !std::mem::take(&mut self.screen.dirty.polls) && !ticked {
            return;
        }
        let view = self.polls_view();
        replace(
            &mut self.screen.polls,
            view,
            ViewEvent::Polls,
            &mut self.outputs,
        );
    }

    fn refresh_people(&mut self, now: u64) {
        if self.people_window.is_fresh() {
            self.refresh_people_list();
        }
        let early = self
            .screen
            .people_at
            .is_some_and(|at| now < at + PEOPLE_GAP_MS);
        if !self.screen.dirty.people || early {
            return;
        }
        self.screen.dirty.people = false;
        self.screen.dirty.polls |= self.polls.iter().any(Poll::is_running);
        let listed = self.refresh_people_list();
        let view = self.people_view();
        let replaced = replace(
            &mut self.screen.people,
            view,
            ViewEvent::People,
            &mut self.outputs,
        );
        if replaced || listed {
            self.screen.people_at = Some(now);
        }
    }

    /// At once when time begins or stops to count, or "Still watching?" comes or goes;
    /// else when it is due.
    fn refresh_watch(&mut self, now: u64) {
        let turned = self.screen.watch.as_ref().is_none_or(|shown| {
            let status = self.watching.status(now);
            shown.counting != status.counting
                || shown.paused_by != status.paused_by.map(crate::core::watching::reason)
                || shown.prompt.is_some() != (status.prompt_due || status.prompt_open)
        });
        if !turned && self.screen.watch_at.is_none_or(|at| now < at) {
            return;
        }
        let view = self.watching.view(now);
        replace(
            &mut self.screen.watch,
            view,
            ViewEvent::Watch,
            &mut self.outputs,
        );
        self.screen.watch_at = self.watching.view_at(now);
    }

    /// When the screen changes without an event.
    pub(super) fn screen_deadline(&self) -> Option<u64> {
        let people = self
            .screen
            .people_at
            .filter(|_| self.screen.dirty.people)
            .map(|at| at + PEOPLE_GAP_MS);
        let lost = self
            .connection
            .is_counting_down()
            .then_some(self.screen.connection_at + LOST_TICK_MS);
        let presence = self
            .connection
            .is_up()
            .then_some(self.screen.presence_at + PRESENCE_LOOK_MS);
        [people, lost, presence, self.screen.watch_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Every slice as it is now.
    pub(super) fn all_slices(&self) -> Vec<ViewEvent> {
        let watch = self.watching.view(self.boot());
        let mut slices = vec![
            ViewEvent::Connection(self.connection_view()),
            ViewEvent::Session(self.session_view()),
            ViewEvent::Counts(self.counts_view()),
            ViewEvent::Stage(self.stage_view()),
            ViewEvent::Grid(self.grid_view()),
            ViewEvent::People(self.people_view()),
            ViewEvent::Polls(self.polls_view()),
            ViewEvent::Room(self.room_view()),
            ViewEvent::StageLog(self.stage_log_view()),
            ViewEvent::Media(self.media_view()),
            ViewEvent::Voices(self.voices_view()),
            ViewEvent::Watch(watch.clone()),
            ViewEvent::Diagnostics(self.diagnostics_view()),
        ];
        slices.extend(self.chat.events());
        if let Some(list) = self.people_list_view() {
            slices.push(ViewEvent::PeopleList(list));
        }
        if let Some(reason) = &self.ended {
            slices.push(ViewEvent::Ended(self.ended_view(reason.clone(), watch)));
        }
        slices
    }

    fn connection_view(&self) -> ConnectionView {
        let now = self.boot();
        self.connection
            .view(now, |since_ms| self.watching.counts_for_ms(now, since_ms))
    }

    fn session_view(&self) -> SessionView {
        let config = &self.config;
        let me = self.roster.me();
        SessionView {
            session_id: config.session_id.clone(),
            title: config.title.clone(),
            room_code: config.room_code.clone(),
            share_link: config.share_link.clone(),
            host_name: config.host_name.clone(),
            started_at_ms: config.started_at_ms,
            server: config.server.clone(),
            me: MeView {
                peer_id: config.peer_id.clone(),
                user_id: config.user_id.clone(),
                name: me.map_or_else(String::new, |me| me.name.clone()),
                role: self.roles.mine().to_owned(),
                hand_raised: me.is_some_and(|me| me.hand_raised),
            },
            can: self.roles.mine_can(),
        }
    }

    fn counts_view(&self) -> CountsView {
        let counts = self.counts();
        CountsView {
            total: counts.total,
            active: counts.active,
            hands: u32::try_from(self.hands.len()).unwrap_or(u32::MAX),
        }
    }

    /// A strip while somebody or a shared screen is in the centre, else a full page.
    pub(super) fn page_size(&self) -> usize {
        let somebody = [self.stage.spotlight(), self.local_pin.as_deref()]
            .into_iter()
            .flatten()
            .any(|id| self.roster.get(id).is_some());
        if somebody || self.share_view().is_some() {
            STRIP_SIZE
        } else {
            PAGE_SIZE
        }
    }

    fn grid_view(&self) -> GridView {
        let page_size = self.page_size();
        let (page, pages) = self.grid.clamp(self.page, page_size);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        GridView {
            page: number(page),
            pages: number(pages),
            total: number(self.grid.len()),
            page_size: number(page_size),
            tiles: self
                .grid
                .page(page, page_size)
                .filter_map(|id| self.tile(id))
                .collect(),
        }
    }

    fn people_view(&self) -> PeopleView {
        PeopleView {
            total: self.counts().total,
            people: self
                .grid
                .iter()
                .take(PeopleView::LIMIT)
                .filter_map(|id| self.tile(id))
                .collect(),
        }
    }

    fn stage_view(&self) -> StageView {
        let pinned = self
            .stage
            .pin()
            .map(|pin| match self.chat.get(&pin.message_id) {
                // What was received here is surer than what the pin says of it.
                Some(message) => PinnedMessageView {
                    message_id: pin.message_id,
                    author: message.name.clone(),
                    text: message.text.clone(),
                },
                None => PinnedMessageView {
                    message_id: pin.message_id,
                    author: pin.author,
                    text: pin.text,
                },
            });
        StageView {
            spotlight: self.stage.spotlight().and_then(|id| self.tile(id)),
            local_pin: self.local_pin.as_deref().and_then(|id| self.tile(id)),
            pinned,
            announcement: self.stage.announcement().map(|announced| AnnouncementView {
                id: announced.id.clone(),
                author: announced.author.clone(),
                text: announced.text.clone(),
                announced_at_ms: announced.at,
                expires_at_ms: announced.until,
            }),
        }
    }

    pub(super) fn ended_view(
        &self,
        reason: crate::core::view::EndReason,
        watch: WatchView,
    ) -> EndedView {
        EndedView {
            reason,
            title: self.config.title.clone(),
            host_name: self.config.host_name.clone(),
            watch,
        }
    }

    pub(super) fn tile(&self, peer_id: &str) -> Option<TileView> {
        let person = self.roster.get(peer_id)?;
        let is_local = person.peer_id == self.config.peer_id;
        Some(TileView {
            peer_id: person.peer_id.clone(),
            user_id: person.user_id.clone(),
            name: person.name.clone(),
            initials: person::initials(&person.name),
            hue: person::hue(&person.user_id),
            role: person.role.clone(),
            is_local,
            presence: self.presence_of(person, is_local),
            hand: self.hands.place(&person.peer_id),
            media: self.person_media(&person.peer_id),
        })
    }

    pub(super) fn presence_of(
        &self,
        person: &Person,
        is_local: bool,
    ) -> crate::core::view::Presence {
        if is_local {
            return self.watching.presence(self.boot());
        }
        let state = self
            .store
            .presences
            .newest(&person.user_id, person.watch.as_ref());
        presence::judge(state, self.server_ms())
    }
}

/// Sends a slice if it is another one than was sent last.
pub(super) fn replace<T: PartialEq + Clone>(
    sent: &mut Option<T>,
    view: T,
    event: impl FnOnce(T) -> ViewEvent,
    outputs: &mut std::collections::VecDeque<Output>,
) -> bool {
    if sent.as_ref() == Some(&view) {
        return false;
    }
    *sent = Some(view.clone());
    outputs.push_back(Output::View(event(view)));
    true
}
