//! One session in the ledger: its participants' evidence, and how far its end has got.

use std::{collections::HashMap, sync::Arc};

use super::{
    evidence::Evidence,
    talk::{Help, Unwritten},
};
use crate::{
    db::{SettledPerson, Settlement, Write},
    room::RoomInsights,
    sessions::{Ended, SessionEntry},
};

/// What payment depends on, of one participant.
pub(super) type Person = SettledPerson;

/// How far the end of a session has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Clients are about to report the time since their last heartbeats.
    Reporting,
    /// To be paid with the next commit.
    Owed,
    /// Paid. What comes later is paid as a further entry.
    Paid,
}

/// A session's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) ended: Ended,
    /// Whether it is on disk.
    pub(super) written: bool,
    pub(super) stage: Stage,
}

pub(super) struct SessionLedger {
    pub(super) by_user: HashMap<Arc<str>, Evidence>,
    pub(super) end: Option<End>,
    /// Who has helped whom.
    pub(super) help: Help,
    /// What of the chat waits for a commit.
    pub(super) unwritten: Unwritten,
    /// How the room did, once the session has ended in this run of the server.
    pub(super) room: Option<Arc<RoomInsights>>,
    started_at: u64,
}

impl SessionLedger {
    pub(super) fn new(session: &SessionEntry) -> Self {
        let end = session.ended().map(|ended| End {
            ended,
            written: true,
            stage: if session.was_settled {
                Stage::Paid
            } else {
                Stage::Owed
            },
        });
        Self {
            by_user: HashMap::new(),
            end,
            help: Help::default(),
            unwritten: Unwritten::default(),
            room: None,
            started_at: session.started_at,
        }
    }

    /// When anybody was connected last, ms since the epoch; `now` while somebody is, and
    /// 0 for never.
    pub(super) fn last_seen(&self, now: u64) -> u64 {
        let seen = self.by_user.values().map(|evidence| {
            if evidence.is_connected() {
                now
            } else {
                evidence.last_seen()
            }
        });
        seen.max().unwrap_or(0)
    }

    /// When the host was connected last, likewise.
    pub(super) fn host_last_seen(&self, now: u64) -> u64 {
        let hosts = self.by_user.values().filter(|evidence| evidence.hosting);
        hosts
            .map(|host| {
                if host.is_connected() {
                    now
                } else {
                    host.last_seen()
                }
            })
            .max()
            .unwrap_or(0)
    }

    /// The end, if it is not on disk yet, with what the room was at that moment.
    pub(super) fn unwritten_end(&self, session_id: &Arc<str>) -> Vec<Write> {
        let Some(end) = self.end.filter(|end| !end.written) else {
            return Vec::new();
        };
        let ended = Write::SessionEnded {
            id: session_id.clone(),
            ended_at: end.ended.at,
            completed: end.ended.completed,
        };
        let room = self.room.as_ref().and_then(|room| {
            let json = serde_json::to_string(&**room);
            json.map(|room| Write::RoomInsights {
                session_id: session_id.clone(),
                room,
            })
            .inspect_err(|error| tracing::error!(%error, "insights cannot be encoded"))
            .ok()
        });
        std::iter::once(ended).chain(room).collect()
    }

    /// Nobody is connected from the end on.
    pub(super) fn close(&mut self, ended: Ended) {
        for evidence in self.by_user.values_mut() {
            evidence.disconnect(ended.at);
            evidence.stayed_away();
        }
        self.end = Some(End {
            ended,
            written: false,
            stage: Stage::Reporting,
        });
    }

    /// What is to be paid now, if anything.
    pub(super) fn settlement(
        &self,
        session_id: &Arc<str>,
        grace_ms: u64,
        now: u64,
    ) -> Option<Settlement> {
        let end = self.end?;
        let owed = match end.stage {
            Stage::Reporting => false,
            Stage::Owed => true,
            Stage::Paid => self.by_user.values().any(Evidence::is_unsettled),
        };
        if !owed {
            return None;
        }
        let helped = self.help.people_helped();
        let helped = |user_id| helped.get(user_id).copied().unwrap_or(0);
        Some(Settlement {
            session_id: session_id.clone(),
            started_at: self.started_at,
            ended: end.ended,
            people: self
                .by_user
                .iter()
                .map(|(user_id, evidence)| Person {
                    people_helped: helped(user_id),
                    ..evidence.person(user_id, end.ended.at, grace_ms)
                })
                .collect(),
            at: now,
        })
    }

    /// Whether everything is written, and paid.
    pub(super) fn is_done(&self) -> bool {
        self.end
            .is_some_and(|end| end.written && end.stage == Stage::Paid)
            && self.unwritten.is_empty()
            && self
                .by_user
                .values()
                .all(|evidence| !evidence.is_unwritten() && !evidence.is_unsettled())
    }
}
