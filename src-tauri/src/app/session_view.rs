//! The view of a stay on its way to a screen: newest-only, at most once per
//! displayed frame, with the link under which the session can be joined now.

use std::time::Duration;

use futures_util::FutureExt;
use kulti_client::{
    core::view::{SessionView, ViewEvent},
    drivers::{feed::ViewStream, join::SharedAddress},
};
use kulti_protocol::{link::JoinLink, room_code::RoomCode};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// One frame of a 60 Hz display: a screen can't show more.
const FRAME: Duration = Duration::from_millis(16);

/// One reader of a stay's view. When another takes over, this one ends.
#[derive(Debug)]
pub struct SessionViews {
    stream: ViewStream,
    /// Where a session on this computer can be reached now; none for others.
    shared_at: Option<watch::Receiver<SharedAddress>>,
    /// The number of the newest reader; this one's own is `number`.
    newest: watch::Receiver<u64>,
    number: u64,
    session: Option<SessionView>,
    next_frame: Instant,
}

impl SessionViews {
    pub(crate) fn new(
        stream: ViewStream,
        shared_at: Option<watch::Receiver<SharedAddress>>,
        newest: watch::Receiver<u64>,
    ) -> Self {
        let number = *newest.borrow();
        Self {
            stream,
            shared_at,
            newest,
            number,
            session: None,
            next_frame: Instant::now(),
        }
    }

    /// What has changed since the last call: at once after a pause, else with the
    /// next frame. None when the stay is over or another reader took over.
    pub async fn next(&mut self) -> Option<Vec<ViewEvent>> {
        sleep_until(self.next_frame).await;
        let first = loop {
            tokio::select! {
                biased;
                // Errors say that the stay is gone: then the stream ends as well.
                Ok(_) = self.newest.wait_for(|newest| *newest != self.number) => return None,
                event = self.stream.next() => break event?,
                Ok(()) = changed(&mut self.shared_at) => {
                    if let Some(session) = self.session.clone() {
                        break ViewEvent::Session(session);
                    }
                }
            }
        };
        let mut batch = vec![self.with_share_link(first)];
        while let Some(Some(event)) = self.stream.next().now_or_never() {
            let event = self.with_share_link(event);
            batch.push(event);
        }
        self.next_frame = Instant::now() + FRAME;
        Some(batch)
    }

    fn with_share_link(&mut self, event: ViewEvent) -> ViewEvent {
        let ViewEvent::Session(mut session) = event else {
            return event;
        };
        if let Some(shared_at) = &mut self.shared_at
            && let Ok(code) = session.room_code.parse()
        {
            session.share_link = share_link(code, &shared_at.borrow_and_update());
        }
        self.session = Some(session.clone());
        ViewEvent::Session(session)
    }
}

async fn changed(
    shared_at: &mut Option<watch::Receiver<SharedAddress>>,
) -> Result<(), watch::error::RecvError> {
    match shared_at {
        Some(shared_at) => shared_at.changed().await,
        None => std::future::pending().await,
    }
}

fn share_link(code: RoomCode, at: &SharedAddress) -> String {
    let link = JoinLink {
        code,
        server: Some(at.origin.clone()),
        pin: at.pin.map(|pin| pin.to_string()),
    };
    link.to_string()
}
