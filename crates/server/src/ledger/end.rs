//! The end of a session: first it is written, then clients report, then it is paid. Each
//! step can be repeated; a server that was killed in between goes on where it was.

use std::{sync::Arc, time::Duration};

use super::{Ledger, session::Stage};
use crate::{
    db::DbError,
    room::RoomInsights,
    sessions::{Ended, SessionEntry},
};

/// When a session ends, clients report the watch time since their last heartbeat: so
/// long they are waited for. What comes later is paid in a transaction of its own.
const LAST_BEATS: Duration = Duration::from_millis(1_500);

impl Ledger {
    /// Ends a session in the books: from `ended` on nothing counts. `room` is how its
    /// room did until then, and is kept. Tells whether it was live; the first end counts.
    pub(crate) async fn close(
        &self,
        session: &SessionEntry,
        ended: Ended,
        room: Option<RoomInsights>,
    ) -> Result<bool, DbError> {
        {
            let mut sessions = self.sessions.lock();
            let Some(ledger) = sessions.get_mut(&session.id) else {
                return Ok(false);
            };
            if ledger.end.is_some() {
                return Ok(false);
            }
            ledger.room = room.map(Arc::new);
            ledger.close(ended);
        }
        session.set_ended(ended);
        self.commit_now().await.map(|()| true)
    }

    /// Waits until all clients that were there at the end have reported, within reason.
    pub(crate) async fn last_beats(&self, session: &SessionEntry) {
        let all_reported = async {
            loop {
                let beat = self.beats.notified();
                tokio::pin!(beat);
                // Before looking, so that none is missed in between.
                beat.as_mut().enable();
                let owed = self.sessions.lock().get(&session.id).is_some_and(|ledger| {
                    ledger.end.is_some_and(|end| {
                        let mut people = ledger.by_user.values();
                        people.any(|evidence| evidence.owes_last_beat(end.ended.at))
                    })
                });
                if !owed {
                    return;
                }
                beat.await;
            }
        };
        let _ = tokio::time::timeout(LAST_BEATS, all_reported).await;
    }

    /// Pays for a session that is over. Safe to repeat: what was paid is not paid again.
    /// If the database fails it is paid once it works again.
    pub(crate) async fn settle(&self, session: &SessionEntry) -> Result<(), DbError> {
        self.load(session).await?;
        let paid = {
            let mut sessions = self.sessions.lock();
            match sessions.get_mut(&session.id).and_then(|l| l.end.as_mut()) {
                Some(end) if end.stage != Stage::Paid => {
                    end.stage = Stage::Owed;
                    false
                }
                _ => true,
            }
        };
        if paid {
            return Ok(());
        }
        self.commit_now().await
    }
}
