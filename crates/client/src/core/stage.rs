//! What the hosts have put on stage: spotlight, pinned message, announcement.
//!
//! All three share one store value, `uiState`. A change of ours merges one field into
//! the newest value and says which version that was; if another host was faster, it
//! merges into theirs and tries again, so that nobody's field is lost. What somebody
//! wrote who may not is ignored.

use std::collections::VecDeque;

use kulti_protocol::{
    signalling::{MetadataValue, SetMetadata},
    store_keys::{UI_STATE, UiState},
};
use serde_json::Value;

use super::stage_value::{self, Announced, Pin};

/// How often one change is merged anew after somebody was faster.
const MERGES: u32 = 12;
/// How many changes may wait.
const QUEUE_LIMIT: usize = 32;
/// How many announcements are remembered as told or as dismissed.
const MEMORY: usize = 200;
/// How many pins are remembered, to be put back although the message is not here.
const PINS: usize = 8;

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Spotlight(Option<String>),
    Pin(Option<Pin>),
    Announce(Option<Announced>),
}

impl Change {
    /// The act's name in refusals.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Spotlight(_) => "spotlight",
            Self::Pin(_) => "pinMessage",
            Self::Announce(_) => "announce",
        }
    }
}

/// Whether a writer may manage the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Writer {
    /// Yes, and this is the name.
    Trusted(String),
    /// No, and this is the name.
    Untrusted(String),
    /// Nobody known, perhaps not yet.
    Unknown,
}

/// What a new value came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is on stage.
    Accepted,
    /// Nothing new, or its writer is not known yet.
    Nothing,
    /// Somebody of this name may not do that.
    Ignored(String),
}

/// What has become of the write of the first change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Writing {
    /// It was not sent.
    #[default]
    No,
    /// It waits for its answer.
    Sent,
    /// Somebody was faster; the newest value is being read.
    Rereading,
}

/// The store value in its newest version, whoever wrote it.
#[derive(Debug, Default)]
struct Newest {
    data: Value,
    version: u64,
    updated_by: String,
    updated_at: u64,
    /// Not judged yet: its writer is unknown.
    open: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Stage {
    newest: Newest,
    /// The last value of somebody who may.
    accepted: UiState,
    announced: Option<Announced>,
    told: VecDeque<String>,
    dismissed: VecDeque<String>,
    /// The id of the announcement whose time is over.
    over: Option<String>,
    pins: VecDeque<Pin>,
    /// Set once the state at joining is known; what comes later is news.
    settled: bool,
    queue: VecDeque<Change>,
    merges: u32,
    writing: Writing,
}

impl Stage {
    /// Takes the newest value of the store key.
    pub(super) fn set(&mut self, value: &MetadataValue, judge: impl Fn(&str) -> Writer) -> Verdict {
        let same = value.data == self.newest.data && value.updated_by == self.newest.updated_by;
        self.newest = Newest {
            data: value.data.clone(),
            version: value.change_version,
            updated_by: value.updated_by.clone(),
            updated_at: value.updated_at,
            open: !same || self.newest.open,
        };
        self.judge(judge)
    }

    /// Judges a value whose writer was unknown, when somebody new is known.
    pub(super) fn judge(&mut self, judge: impl Fn(&str) -> Writer) -> Verdict {
        if !self.newest.open {
            return Verdict::Nothing;
        }
        // The store begins empty and is emptied by the server: nobody's write.
        let nobodys = self.newest.data.is_null() && self.newest.updated_by.is_empty();
        let writer = if nobodys {
            Writer::Trusted(String::new())
        } else {
            judge(&self.newest.updated_by)
        };
        match writer {
            Writer::Unknown => Verdict::Nothing,
            Writer::Untrusted(name) => {
                self.newest.open = false;
                Verdict::Ignored(name)
            }
            Writer::Trusted(name) => {
                self.newest.open = false;
                self.accepted = stage_value::read(&self.newest.data);
                self.announced =
                    stage_value::announcement(&self.accepted, &name, self.newest.updated_at);
                if self.announced.is_none() {
                    self.forget_unnamed();
                }
                self.remember_pin();
                Verdict::Accepted
            }
        }
    }

    /// An announcement without an id of its own is known by its text. Once it has been
    /// taken back, the same text is a new announcement.
    fn forget_unnamed(&mut self) {
        for memory in [&mut self.told, &mut self.dismissed] {
            memory.retain(|id| !stage_value::is_unnamed(id));
        }
    }

    fn remember_pin(&mut self) {
        let Some(pin) = self.pin() else {
            return;
        };
        self.pins.retain(|known| known.message_id != pin.message_id);
        if self.pins.len() >= PINS {
            self.pins.pop_front();
        }
        self.pins.push_back(pin);
    }

    /// What was pinned lately, by its message's id.
    pub(super) fn past_pin(&self, message_id: &str) -> Option<Pin> {
        let mut pins = self.pins.iter();
        pins.find(|pin| pin.message_id == message_id).cloned()
    }

    /// The announcement that has not been told yet; told with this. What was there at
    /// joining is on stage, but no news, nor is what I announce myself.
    pub(super) fn news(&mut self, me: &str) -> Option<Announced> {
        let announced = self.announced.as_ref()?;
        if self.told.contains(&announced.id) {
            return None;
        }
        remember(&mut self.told, &announced.id);
        let is_news = self.settled && self.newest.updated_by != me;
        is_news.then(|| announced.clone())
    }

    /// From now on announcements are news.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// Hides an announcement here.
    pub(super) fn dismiss(&mut self, id: &str) {
        if self
            .announced
            .as_ref()
            .is_some_and(|announced| announced.id == id)
        {
            remember(&mut self.dismissed, id);
        }
    }

    /// The announcement that stands, dismissed here or not.
    pub(super) fn announced(&self) -> Option<&Announced> {
        self.announced
            .as_ref()
            .filter(|announced| self.over.as_ref() != Some(&announced.id))
    }

    /// The announcement, unless it was dismissed.
    pub(super) fn announcement(&self) -> Option<&Announced> {
        self.announced()
            .filter(|announced| !self.dismissed.contains(&announced.id))
    }

    /// Follows the server's time. True if the announcement's time is over since.
    pub(super) fn runs_out(&mut self, now_ms: u64) -> bool {
        let is_over = self.runs_out_at().is_some_and(|at| now_ms >= at);
        if is_over {
            self.over = self
                .announced
                .as_ref()
                .map(|announced| announced.id.clone());
        }
        is_over
    }

    /// When the announcement's time is over, ms since the epoch.
    pub(super) fn runs_out_at(&self) -> Option<u64> {
        self.announced().and_then(|announced| announced.until)
    }

    pub(super) fn spotlight(&self) -> Option<&str> {
        self.accepted.spotlight_peer_id.as_deref()
    }

    pub(super) fn pin(&self) -> Option<Pin> {
        stage_value::pin(&self.accepted)
    }

    /// Wants a change. It waits for those before it.
    ///
    /// # Errors
    /// The change, if too many wait.
    pub(super) fn change(&mut self, change: Change) -> Result<(), Change> {
        if self.queue.len() >= QUEUE_LIMIT {
            return Err(change);
        }
        self.queue.push_back(change);
        Ok(())
    }

    /// The write to send next, if there is one and none is under way.
    pub(super) fn next_write(&mut self, now_ms: u64, size_limit: usize) -> Option<SetMetadata> {
        if self.writing != Writing::No {
            return None;
        }
        let change = self.queue.front()?;
        self.writing = Writing::Sent;
        Some(SetMetadata {
            key: UI_STATE.to_owned(),
            data: stage_value::merge(&self.accepted, change, now_ms, size_limit),
            if_change_version: Some(self.newest.version),
        })
    }

    /// The write was accepted.
    pub(super) fn written(&mut self) {
        self.writing = Writing::No;
        self.merges = 0;
        self.queue.pop_front();
    }

    /// Somebody was faster: true if the change is to be merged into their value, which
    /// has to be read first; false if that has been tried often enough.
    pub(super) fn conflicted(&mut self) -> bool {
        self.merges += 1;
        let again = self.merges <= MERGES;
        if again {
            self.writing = Writing::Rereading;
        }
        again
    }

    /// A value has been read. If it was for a change that came too late, that may be
    /// written once more; other reads say nothing of a write that is under way.
    pub(super) fn reread(&mut self) {
        if self.writing == Writing::Rereading {
            self.writing = Writing::No;
        }
    }

    /// The write was cut off with the connection: it is sent again.
    pub(super) fn cut_off(&mut self) {
        self.writing = Writing::No;
    }

    /// The write was refused for good. Gives what was wanted.
    pub(super) fn refused(&mut self) -> Option<Change> {
        self.writing = Writing::No;
        self.merges = 0;
        self.queue.pop_front()
    }
}

fn remember(memory: &mut VecDeque<String>, id: &str) {
    if memory.iter().any(|known| known == id) {
        return;
    }
    if memory.len() >= MEMORY {
        memory.pop_front();
    }
    memory.push_back(id.to_owned());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn light(peer_id: &str) -> Change {
        Change::Spotlight(Some(peer_id.to_owned()))
    }

    fn lit(write: &SetMetadata) -> &str {
        write.data["spotlightPeerId"].as_str().unwrap()
    }

    /// A role that changes reads the key anew, perhaps while a write is under way. That
    /// write was then sent twice, and the second answer took the next change for written.
    #[test]
    fn a_read_that_has_nothing_to_do_with_a_write_loses_no_change() {
        let mut stage = Stage::default();
        stage.change(light("a")).unwrap();
        assert_eq!(lit(&stage.next_write(0, 4_096).unwrap()), "a");
        stage.reread();
        assert_eq!(stage.next_write(0, 4_096), None, "sent twice");
        stage.change(light("b")).unwrap();
        stage.written();
        assert_eq!(lit(&stage.next_write(0, 4_096).unwrap()), "b");
    }

    #[test]
    fn a_change_that_came_too_late_or_was_cut_off_is_written_again() {
        let mut stage = Stage::default();
        stage.change(light("a")).unwrap();
        stage.next_write(0, 4_096).unwrap();
        assert!(stage.conflicted());
        assert_eq!(stage.next_write(0, 4_096), None, "not read again yet");
        stage.reread();
        assert_eq!(lit(&stage.next_write(0, 4_096).unwrap()), "a");
        stage.cut_off();
        assert_eq!(lit(&stage.next_write(0, 4_096).unwrap()), "a");
    }
}
