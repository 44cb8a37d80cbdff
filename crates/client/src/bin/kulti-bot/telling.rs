//! What a bot tells of its view.

use std::collections::BTreeMap;

use kulti_client::{
    core::{
        io::Announcement,
        view::{ConnectionView, PollsView, StageView, ViewEvent},
    },
    drivers::{journal::JournalStatus, stay::StayHandle},
};
use kulti_watch::IntervalSet;
use serde_json::{Value, json};

use crate::{participant::Participant, report::Report};

/// What the bot has told of the room, so that it tells only what changes.
#[derive(Default)]
pub(crate) struct Told {
    joined: bool,
    lost: bool,
    role: String,
    counts: Option<Value>,
    spotlight: Option<String>,
    pinned: Option<String>,
    /// What was told of each poll.
    polls: BTreeMap<String, Value>,
    acknowledged: IntervalSet,
}

impl Told {
    /// Whether the bot was in the session.
    pub(crate) fn has_joined(&self) -> bool {
        self.joined
    }
}

impl Participant {
    pub(crate) fn tell(&self, handle: &StayHandle, told: &mut Told, event: &ViewEvent) {
        if self.views {
            self.event("view", json!({ "view": event }));
        }
        match event {
            ViewEvent::Connection(connection) => self.tell_connection(handle, told, connection),
            ViewEvent::Session(session) => {
                let role = &session.me.role;
                if !told.role.is_empty() && told.role != *role {
                    self.event("role", json!({ "role": role }));
                }
                told.role.clone_from(role);
            }
            _ if !self.observes => {}
            ViewEvent::Counts(counts) => {
                let counts = json!(counts);
                if told.joined && told.counts.as_ref() != Some(&counts) {
                    self.event("counts", counts.clone());
                    told.counts = Some(counts);
                }
            }
            ViewEvent::Stage(stage) => self.tell_stage(told, stage),
            ViewEvent::Polls(polls) => self.tell_polls(told, polls),
            ViewEvent::Messages(batch) => {
                let said = batch.messages.iter();
                for message in said.filter(|message| message.joined.is_none()) {
                    self.event(
                        "message",
                        json!({
                            "id": message.id,
                            "from": message.name,
                            "user_id": message.user_id,
                            "text": message.text,
                            "audience": message.audience,
                            "reply_to": message.reply_to,
                            "marks": message.marks,
                            "mine": message.mine,
                            "delivery": message.delivery,
                        }),
                    );
                }
            }
            ViewEvent::Notice(notice) => self.event("notice", json!({ "notice": notice })),
            ViewEvent::Grid(_)
            | ViewEvent::People(_)
            | ViewEvent::PeopleList(_)
            | ViewEvent::Media(_)
            | ViewEvent::Voices(_)
            | ViewEvent::Room(_)
            | ViewEvent::StageLog(_)
            | ViewEvent::Chat(_)
            | ViewEvent::Watch(_)
            | ViewEvent::Diagnostics(_)
            | ViewEvent::Ended(_) => {}
        }
    }

    /// Tells how much the bot has watched by its own timer.
    pub(crate) async fn tell_truth(&self, handle: &StayHandle, told: &mut Told) {
        if !self.truth {
            return;
        }
        let me = handle.config();
        let watched = handle.watched().await;
        let details = |set: &IntervalSet| {
            json!({
                "session_id": me.session_id,
                "user_id": me.user_id,
                "active_ms": set.measure_ms(),
                "intervals": set,
            })
        };
        self.event("truth", details(&watched.intervals));
        if told.acknowledged != watched.acknowledged {
            self.event("acknowledged", details(&watched.acknowledged));
            told.acknowledged = watched.acknowledged;
        }
    }

    pub(crate) fn tell_announcement(&self, announcement: &Announcement) {
        if self.observes {
            self.event(
                "announcement",
                json!({
                    "id": announcement.id,
                    "author": announcement.author,
                    "text": announcement.text,
                }),
            );
        }
    }

    fn tell_connection(&self, handle: &StayHandle, told: &mut Told, connection: &ConnectionView) {
        match connection {
            ConnectionView::Joining => {}
            ConnectionView::Connected { restored, .. } => {
                let me = handle.config();
                if !told.joined {
                    told.joined = true;
                    self.event(
                        "joined",
                        json!({
                            "name": me.name,
                            "peer_id": me.peer_id,
                            "user_id": me.user_id,
                            "role": me.role,
                            "session_id": me.session_id,
                            "code": me.room_code,
                        }),
                    );
                } else if told.lost {
                    self.event("restored", json!(restored));
                }
                told.lost = false;
            }
            ConnectionView::Lost { .. } => {
                if !told.lost {
                    self.event("lost", json!({}));
                }
                told.lost = true;
            }
        }
    }

    fn tell_stage(&self, told: &mut Told, stage: &StageView) {
        let spotlight = stage.spotlight.as_ref();
        if told.spotlight.as_ref() != spotlight.map(|tile| &tile.peer_id) {
            told.spotlight = spotlight.map(|tile| tile.peer_id.clone());
            let name = spotlight.map(|tile| &tile.name);
            self.event(
                "spotlight",
                json!({ "peer_id": told.spotlight, "name": name }),
            );
        }
        let pinned = stage.pinned.as_ref();
        if told.pinned.as_ref() != pinned.map(|message| &message.message_id) {
            told.pinned = pinned.map(|message| message.message_id.clone());
            let text = pinned.map(|message| &message.text);
            self.event("pinned", json!({ "message_id": told.pinned, "text": text }));
        }
    }

    fn tell_polls(&self, told: &mut Told, polls: &PollsView) {
        for poll in &polls.polls {
            let details = json!({
                "poll_id": poll.poll_id,
                "title": poll.title,
                "stage": poll.stage,
                "vote": poll.vote.clone(),
                "voters": poll.voters,
                "votes": poll.questions.iter().map(|question| {
                    question.options.iter().map(|option| option.votes).collect::<Vec<_>>()
                }).collect::<Vec<_>>(),
            });
            if told.polls.get(&poll.poll_id) != Some(&details) {
                self.event("poll", details.clone());
                told.polls.insert(poll.poll_id.clone(), details);
            }
        }
    }

    fn event(&self, event: &str, details: Value) {
        self.report.event(Some(self.index), event, details);
    }
}

/// Tells what is left of earlier stays, and how the journal is doing.
pub(crate) fn tell_journal(report: &Report, status: &JournalStatus) {
    let left: Vec<Value> = status
        .left
        .iter()
        .map(|stay| {
            json!({
                "session_id": stay.record.session_id,
                "user_id": stay.record.user_id,
                "active_ms": stay.active_ms,
                "refused": stay.refused,
            })
        })
        .collect();
    report.event(
        None,
        "journal",
        json!({
            "unsent": left,
            "set_aside": status.set_aside,
            "not_written": status.not_written,
        }),
    );
}
