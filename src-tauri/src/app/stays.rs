//! The stay that goes on, one at a time, and what is remembered of it afterwards.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kulti_client::{
    core::{
        Intent,
        io::{Announcement, ShownTile},
        view::{EndReason, EndedView, PermissionsView, SessionView, ViewEvent},
    },
    drivers::{api::Api, feed::ViewStream, join::SharedAddress, stay::StayHandle},
};
use kulti_watch::Signal;
use parking_lot::Mutex;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

use super::{App, SessionViews, model::RecentSession, recents::ribbon_in_permille};
use crate::media::StayMedia;

/// How long closing the app waits for the server to take note.
const FAREWELL: Duration = Duration::from_secs(6);

/// How long closing the app waits for everyone to be told that the session is over.
const END_OF_SESSION: Duration = Duration::from_secs(3);

/// One stay, and what its readers need.
#[derive(Debug)]
struct Stay {
    handle: StayHandle,
    /// Until it is over.
    media: Option<Arc<StayMedia>>,
    /// The way to its server.
    api: Api,
    /// Where others reach the session, if it runs on this computer's own server.
    shared_at: Option<watch::Receiver<SharedAddress>>,
    readers: watch::Sender<u64>,
    /// Whether the role may end the session for everyone.
    may_end: bool,
    over: bool,
}

/// The stay that goes on, or the last one.
#[derive(Debug, Default)]
pub(crate) struct Stays {
    last: Mutex<Option<Stay>>,
    title: watch::Sender<Option<String>>,
    /// Held while joining or hosting: a second click must not begin a second stay.
    beginning: Arc<tokio::sync::Mutex<()>>,
}

impl Stays {
    /// The right to begin a stay; none while one goes on or begins.
    pub(crate) fn begin(&self) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        let beginning = self.beginning.clone().try_lock_owned().ok()?;
        self.current().is_none().then_some(beginning)
    }

    /// The stay that goes on.
    pub(crate) fn current(&self) -> Option<StayHandle> {
        let last = self.last.lock();
        let current = last.as_ref().filter(|stay| !stay.over);
        current.map(|stay| stay.handle.clone())
    }

    /// Media of the stay that goes on.
    pub(crate) fn media(&self) -> Option<Arc<StayMedia>> {
        let last = self.last.lock();
        last.as_ref()?.media.clone()
    }

    /// The stay in this session, if it is the one that goes on or the last one, and the
    /// way to its server.
    pub(crate) fn in_session(&self, session_id: &str) -> Option<(StayHandle, Api)> {
        let last = self.last.lock();
        let stay = last.as_ref()?;
        let is_it = stay.handle.config().session_id == session_id;
        is_it.then(|| (stay.handle.clone(), stay.api.clone()))
    }

    /// A reader of the stay that goes on, or of the end of the last one.
    pub(crate) fn view(&self) -> Option<SessionViews> {
        let last = self.last.lock();
        let stay = last.as_ref()?;
        stay.readers.send_modify(|number| *number += 1);
        Some(SessionViews::new(
            stay.handle.subscribe(),
            stay.shared_at.clone(),
            stay.readers.subscribe(),
        ))
    }

    /// The title of the session that goes on.
    pub(crate) fn title(&self) -> watch::Receiver<Option<String>> {
        self.title.subscribe()
    }

    /// Leaves, and waits until the server has taken note.
    pub(crate) async fn close(&self) {
        let (handle, ends_session) = match self.last.lock().as_ref() {
            // This computer's server stops with the app: its host ends the session.
            Some(stay) => (
                stay.handle.clone(),
                stay.shared_at.is_some() && stay.may_end,
            ),
            None => return,
        };
        if ends_session && handle.act(Intent::EndSession).is_ok() {
            // Without a connection the core refuses, and leaving follows.
            drop(tokio::time::timeout(END_OF_SESSION, handle.ended()).await);
        }
        if handle.act(Intent::Leave).is_err() {
            tracing::debug!("the session is over already");
        }
        if tokio::time::timeout(FAREWELL, handle.finished())
            .await
            .is_err()
        {
            tracing::warn!("the server did not answer the farewell in time");
        }
    }

    /// What the role in the stay that goes on may do.
    fn may(&self, can: PermissionsView) {
        if let Some(stay) = self.last.lock().as_mut() {
            stay.may_end = can.end_session;
        }
    }

    fn ended(&self) {
        if let Some(stay) = self.last.lock().as_mut() {
            stay.over = true;
            stay.media = None;
        }
        self.title.send_replace(None);
    }
}

impl App {
    /// Takes up a stay that has just begun: readers find it, its announcements are
    /// told, and its end is remembered.
    pub(super) fn take_up(
        self: &Arc<Self>,
        handle: StayHandle,
        media: Arc<StayMedia>,
        api: Api,
        at_own_server: bool,
    ) {
        tokio::spawn(tell_shown(media.shown(), handle.clone()));
        let stay = handle.clone();
        self.activity.begin(move |signal, ago| {
            let told = match signal {
                Signal::Input => stay.input_found(ago),
                signal => stay.watch(signal),
            };
            if let Err(error) = told {
                tracing::debug!(%error, ?signal, "a signal came too late");
            }
        });
        *self.stays.last.lock() = Some(Stay {
            handle: handle.clone(),
            media: Some(media),
            api,
            shared_at: at_own_server.then(|| self.own_server.shared_at()),
            readers: watch::Sender::new(0),
            may_end: false,
            over: false,
        });
        let (announced, followed) = (handle.announcements(), handle.subscribe());
        drop(handle); // the one that is kept decides when the stay ends
        let app = self.clone();
        tokio::spawn(async move { app.tell_announcements(announced).await });
        let app = self.clone();
        tokio::spawn(async move { app.follow(followed).await });
        self.show_home();
    }

    async fn tell_announcements(&self, mut announcements: broadcast::Receiver<Announcement>) {
        loop {
            match announcements.recv().await {
                // An error says that nobody listens.
                Ok(announcement) => drop(self.announcements.send(announcement)),
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "announcements came faster than they could be told");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Follows the stay to its end.
    async fn follow(&self, mut views: ViewStream) {
        let joined_at_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(0));
        let mut session: Option<SessionView> = None;
        while let Some(event) = views.next().await {
            match event {
                ViewEvent::Session(seen) => {
                    self.stays.title.send_replace(Some(seen.title.clone()));
                    self.stays.may(seen.can);
                    session = Some(seen);
                }
                ViewEvent::Watch(watch) => self.note_prompt(Some(&watch)),
                ViewEvent::Notice(notice) => {
                    let title = session.as_ref().map_or("", |session| &session.title);
                    if let Some(news) = super::polls::announcement(&notice, title) {
                        drop(self.announcements.send(news)); // an error says that nobody listens
                    }
                }
                ViewEvent::Ended(end) => {
                    self.remember(session.as_ref(), &end, joined_at_ms);
                    break;
                }
                _ => {}
            }
        }
        self.note_prompt(None);
        self.activity.end();
        self.stays.ended();
        self.show_home();
    }

    fn remember(&self, session: Option<&SessionView>, end: &EndedView, joined_at_ms: u64) {
        let never_in = matches!(end.reason, EndReason::Failed { .. }) && end.watch.elapsed_ms == 0;
        let Some(session) = session.filter(|_| !never_in) else {
            return;
        };
        let recent = RecentSession {
            session_id: session.session_id.clone(),
            title: session.title.clone(),
            room_code: session.room_code.clone(),
            host_name: session.host_name.clone(),
            role: session.me.role.clone(),
            // For a session here, the address on this computer: it does not change.
            link: session.share_link.clone(),
            joined_at_ms,
            active_ms: end.watch.active_ms,
            elapsed_ms: end.watch.elapsed_ms,
            credits: end.watch.credits,
            ribbon: ribbon_in_permille(&end.watch),
        };
        let recents = {
            let mut kept = self.kept.lock();
            kept.recents.add(recent);
            kept.recents.clone()
        };
        self.files.recents.save_or_warn(&recents);
    }
}

/// Tells the stay which pictures can be seen, until it is over.
async fn tell_shown(mut shown: watch::Receiver<Vec<ShownTile>>, handle: StayHandle) {
    let tell = async {
        while shown.changed().await.is_ok() {
            let tiles = shown.borrow_and_update().clone();
            if let Err(error) = handle.shown(tiles) {
                tracing::debug!(%error, "what is shown was not told");
            }
        }
    };
    tokio::select! {
        () = tell => {}
        _ = handle.ended() => {}
    }
}
