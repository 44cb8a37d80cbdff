//! The end of sessions: by the host, by itself, and what a crash left of one.

use std::sync::Arc;

use super::{Ended, SessionEntry, SessionError, Sessions};
use crate::accounts::Account;

impl Sessions {
    /// Ends a session for everyone and pays, on behalf of `by`. Ending twice changes
    /// nothing.
    pub(crate) async fn end_by_host(
        &self,
        entry: &Arc<SessionEntry>,
        by: &Account,
        now: u64,
    ) -> Result<(), SessionError> {
        if entry.host_id != by.id {
            return Err(SessionError::NotTheHost);
        }
        self.end(entry, Some(&by.id), "the host ended the session", true, now)
            .await
    }

    /// Ends a session. `completed` is false for one that was abandoned.
    pub(crate) async fn end(
        &self,
        entry: &Arc<SessionEntry>,
        by: Option<&str>,
        reason: &str,
        completed: bool,
        now: u64,
    ) -> Result<(), SessionError> {
        // One end at a time: a second one waits, and finds it done.
        let _ending = entry.ending.lock().await;
        let room = match entry.ended() {
            None => self.rooms.insights(&entry.hms_room_id).await,
            Some(_) => None,
        };
        let room = room.map(|room| room.ended(now));
        let ended = Ended { at: now, completed };
        let closed = self.ledger.close(entry, ended, room);
        match closed.await {
            Ok(false) => {}
            closed => {
                // If it could not be written it will be: it goes on, and so it is repeated
                // by whoever asks until it is paid.
                self.index.write().remove_live(entry);
                if let Err(error) = closed {
                    tracing::error!(session = %entry.id, %error, "the end is not written yet");
                }
                if let Err(error) = self.rooms.end(&entry.hms_room_id, by, reason).await {
                    // Nobody gets a token for it any more.
                    tracing::error!(session = %entry.id, %error, "the room's end was not saved");
                }
                self.ledger.last_beats(entry).await;
                tracing::info!(session = %entry.id, reason, "session ended");
            }
        }
        Ok(self.ledger.settle(entry).await?)
    }

    /// Goes on with the ends that a killed server left unpaid.
    pub(crate) async fn resume_ends(&self) {
        let cut_off: Vec<_> = self
            .index
            .read()
            .by_id
            .values()
            .filter(|entry| entry.ended().is_some() && !entry.was_settled)
            .cloned()
            .collect();
        for entry in cut_off {
            let reason = "the session is over";
            if let Err(error) = self.rooms.end(&entry.hms_room_id, None, reason).await {
                tracing::error!(session = %entry.id, %error, "the room's end was not saved");
            }
            match self.ledger.settle(&entry).await {
                Ok(()) => tracing::info!(session = %entry.id, "a session that was cut off is paid"),
                Err(error) => {
                    tracing::error!(session = %entry.id, %error, "a session is not paid yet");
                }
            }
        }
    }

    /// Live sessions in which nobody was since `before`, with the moment when the last
    /// one left; and those whose host was not, which end now.
    pub(crate) fn abandoned(&self, before: u64, now: u64) -> Vec<(Arc<SessionEntry>, u64)> {
        let live: Vec<_> = self.index.read().by_room.values().cloned().collect();
        live.into_iter()
            .filter_map(|entry| {
                let (last_seen, host_last_seen) = self.ledger.last_seen(&entry.id);
                if host_last_seen.max(entry.started_at) >= before {
                    return None;
                }
                let empty = self.rooms.occupancy(&entry.hms_room_id).total == 0;
                let end = if empty {
                    last_seen.max(entry.started_at)
                } else {
                    now
                };
                Some((entry, end))
            })
            .collect()
    }

    /// Forgets sessions that are over; they are in the database.
    pub(crate) async fn forget_ended(&self, before: u64) {
        let over: Vec<_> = self
            .index
            .read()
            .by_id
            .iter()
            .filter(|(_, entry)| entry.ended().is_some_and(|end| end.at < before))
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            if self.ledger.forget(&id).await {
                self.index.write().by_id.remove(&id);
            }
        }
    }
}
