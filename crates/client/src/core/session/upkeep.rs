//! What time brings.

use kulti_protocol::signalling::{Ping, method};

use super::{NEAREST_DEADLINE_MS, Purpose, SessionCore};
use crate::core::{connection::Due, io::Output, requests::AfterLoss, view::Notice, watching::Beat};

impl SessionCore {
    /// Does what is due.
    pub(super) fn upkeep(&mut self) {
        let now = self.boot();
        while let Some(due) = self.connection.due(now, &mut self.rng) {
            match due {
                Due::Connect => {
                    self.emit(Output::Connect);
                    self.screen.dirty.connection = true;
                }
                Due::Ping => self.ping(),
                Due::Silent => {
                    tracing::info!("the server has been silent for too long");
                    self.lose_silent();
                }
                Due::GiveUp => {
                    let (code, message) = self
                        .last_failure
                        .take()
                        .unwrap_or_else(|| (0, "The server does not answer.".to_owned()));
                    self.fail(code, &message);
                    return;
                }
            }
        }
        for (purpose, result) in self.requests.expired(now) {
            self.outcome(purpose, result);
        }
        if self.ended.is_some() {
            return;
        }
        if self.connection.is_up() {
            self.store_upkeep();
            self.polls_upkeep();
        }
        self.media_upkeep();
        if let Some(notice) = self.arrivals.due(now) {
            if let Notice::PeopleJoined { name, count } = &notice {
                self.tell_joins_in_chat(name, *count);
            }
            self.notice(notice);
        }
        self.hosting_upkeep();
        if let Some(beat) = self.watching.due(now) {
            self.beat(beat);
        }
        if let Some(page) = self.watching.page_due(now) {
            self.emit(Output::Journal(page));
        }
        if let Some(credits) = self.watching.credit_earned(now) {
            self.notice(Notice::CreditEarned { credits });
        }
        self.flush();
    }

    /// Tells the ledger, what is told being written down first.
    pub(super) fn beat(&mut self, beat: Beat) {
        if let Some(page) = beat.page {
            self.emit(Output::Journal(page));
        }
        self.emit(Output::Heartbeat {
            sequence: beat.sequence,
            request: beat.request,
        });
    }

    fn ping(&mut self) {
        let stamp_ms = self.now.wall_ms;
        let purpose = Purpose::Ping {
            boot_ms: self.boot(),
            stamp_ms,
        };
        let params = Ping {
            timestamp: stamp_ms,
        };
        self.request(purpose, method::PING, params, AfterLoss::Fail);
    }

    /// Sends the requests that the connection is ready for.
    pub(super) fn flush(&mut self) {
        let up = self.connection.is_up();
        let open = self.connection.has_socket();
        let frames = self
            .requests
            .flush(self.now.boot_ms, &mut self.rng, |purpose| {
                up || (open && purpose.enters())
            });
        for frame in frames {
            self.emit(Output::Send(frame));
        }
    }

    /// When something is due next.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        if self.ended.is_some() {
            return None;
        }
        let now = self.boot();
        let store = self
            .connection
            .is_up()
            .then(|| self.store_deadline())
            .flatten();
        let next = [
            self.connection.deadline(),
            self.requests.deadline(),
            self.arrivals.deadline(),
            self.hosting_deadline(),
            self.watching.deadline(now),
            self.screen_deadline(),
            self.polls_deadline(),
            self.media_deadline(),
            store,
        ];
        let next = next.into_iter().flatten().min()?;
        Some(next.max(now + NEAREST_DEADLINE_MS))
    }
}
