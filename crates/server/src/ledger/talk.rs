//! The chat in the ledger: messages and marks that wait for the next commit, and the help
//! that is paid for.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use kulti_protocol::chat::{Mark, PastMessage};

use super::Ledger;
use crate::{
    db::{ChatWrite, HelpRow, Write},
    rooms::MarkChange,
    sessions::SessionEntry,
};

/// So much may wait while the database fails; then the oldest messages are lost.
const WAITING: usize = 20_000;
/// Marks of helpfulness that one session can have.
const HELP: usize = 20_000;

/// Who has helped whom in one session. A mark is in it once, however often it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Help {
    /// Message, its author, and who called it helpful.
    given: HashSet<(String, Arc<str>, Arc<str>)>,
}

impl Help {
    pub(super) fn from_rows(rows: Vec<HelpRow>) -> Self {
        let given = rows.into_iter();
        Self {
            given: given
                .map(|row| (row.message_id, row.author_id, row.marked_by))
                .collect(),
        }
    }

    fn change(&mut self, change: &MarkChange) {
        let entry = (
            change.message_id.clone(),
            Arc::from(change.author_id.as_str()),
            Arc::from(change.user_id.as_str()),
        );
        if !change.on {
            self.given.remove(&entry);
        } else if self.given.len() < HELP {
            self.given.insert(entry);
        }
    }

    /// How many different people each author has helped.
    pub(super) fn people_helped(&self) -> HashMap<Arc<str>, u32> {
        let mut by_author: HashMap<Arc<str>, HashSet<&Arc<str>>> = HashMap::new();
        for (_, author, marked_by) in &self.given {
            by_author
                .entry(author.clone())
                .or_default()
                .insert(marked_by);
        }
        by_author
            .into_iter()
            .map(|(author, people)| (author, u32::try_from(people.len()).unwrap_or(u32::MAX)))
            .collect()
    }

    /// How many different people this one has helped.
    pub(super) fn people_helped_by(&self, user_id: &str) -> u32 {
        let by = self
            .given
            .iter()
            .filter(|(_, author, _)| **author == *user_id);
        let people: HashSet<_> = by.map(|(_, _, marked_by)| marked_by).collect();
        u32::try_from(people.len()).unwrap_or(u32::MAX)
    }
}

#[derive(Debug, Clone)]
enum Waiting {
    Message(Arc<PastMessage>),
    Mark(Arc<MarkChange>),
}

/// What of a session's chat is still to be written, in the order in which it happened.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    waiting: VecDeque<Waiting>,
    /// The number of the first of them, counted from the beginning.
    first: u64,
}

/// A copy of what waits, and where it ends.
#[derive(Debug, Default)]
pub(super) struct Batch {
    waiting: Vec<Waiting>,
    end: u64,
}

impl Unwritten {
    fn push(&mut self, what: Waiting) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
            self.first += 1;
        }
        self.waiting.push_back(what);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn batch(&self) -> Batch {
        Batch {
            waiting: self.waiting.iter().cloned().collect(),
            end: self.first + self.waiting.len() as u64,
        }
    }

    /// The batch is on disk.
    pub(super) fn on_disk(&mut self, batch: &Batch) {
        while self.first < batch.end && self.waiting.pop_front().is_some() {
            self.first += 1;
        }
    }
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn writes<'a>(&'a self, session_id: &'a Arc<str>) -> impl Iterator<Item = Write> {
        self.waiting.iter().map(|waiting| {
            let session_id = session_id.clone();
            Write::Chat(match waiting {
                Waiting::Message(message) => ChatWrite::Message {
                    session_id,
                    message: message.clone(),
                },
                Waiting::Mark(change) => ChatWrite::Mark {
                    session_id,
                    change: change.clone(),
                },
            })
        })
    }
}

impl Ledger {
    /// A message is to be kept. It is written with the next commit, and makes none by itself.
    pub(crate) fn keep_message(&self, session: &SessionEntry, message: Arc<PastMessage>) {
        if let Some(ledger) = self.sessions.lock().get_mut(&session.id) {
            ledger.unwritten.push(Waiting::Message(message));
        }
    }

    /// A mark was put on a message or taken from it. Help counts between participants, while
    /// the session lives; that is written soon.
    pub(crate) fn marked(&self, session: &SessionEntry, change: MarkChange) {
        let is_help = change.mark == Mark::Helpful;
        {
            let mut sessions = self.sessions.lock();
            let Some(ledger) = sessions.get_mut(&session.id) else {
                return;
            };
            if is_help {
                let known = |user_id: &str| session.participant(user_id).is_some();
                let counts = ledger.end.is_none()
                    && change.author_id != change.user_id
                    && known(&change.author_id)
                    && known(&change.user_id);
                if !counts {
                    return;
                }
                ledger.help.change(&change);
            }
            ledger.unwritten.push(Waiting::Mark(Arc::new(change)));
        }
        if is_help {
            self.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helpful(message: &str, author: &str, by: &str, on: bool) -> MarkChange {
        MarkChange {
            message_id: message.into(),
            author_id: author.into(),
            mark: Mark::Helpful,
            user_id: by.into(),
            on,
        }
    }

    #[test]
    fn people_are_helped_once_however_many_answers_they_liked() {
        let mut help = Help::default();
        for change in [
            helpful("m1", "host", "ann", true),
            helpful("m1", "host", "ann", true),
            helpful("m2", "host", "ann", true),
            helpful("m2", "host", "bob", true),
            helpful("m3", "ann", "host", true),
            helpful("m4", "bob", "ann", true),
            helpful("m4", "bob", "ann", false),
        ] {
            help.change(&change);
        }
        assert_eq!(help.people_helped_by("host"), 2);
        assert_eq!(help.people_helped_by("bob"), 0);
        let all = help.people_helped();
        assert_eq!(all.get("host").copied(), Some(2));
        assert_eq!(all.get("ann").copied(), Some(1));
        assert_eq!(all.get("bob"), None);
    }

    #[test]
    fn what_came_after_a_batch_still_waits_when_it_is_on_disk() {
        let mut unwritten = Unwritten::default();
        let mark = |n: usize| Waiting::Mark(Arc::new(helpful(&n.to_string(), "a", "b", true)));
        unwritten.push(mark(0));
        let batch = unwritten.batch();
        unwritten.push(mark(1));
        unwritten.on_disk(&batch);
        assert_eq!(unwritten.batch().waiting.len(), 1);
        // More than there is room for came while the batch was being written.
        let batch = unwritten.batch();
        (0..WAITING).for_each(|n| unwritten.push(mark(n)));
        unwritten.on_disk(&batch);
        assert_eq!(unwritten.batch().waiting.len(), WAITING);
        let session: Arc<str> = "s".into();
        assert_eq!(unwritten.batch().writes(&session).count(), WAITING);
    }
}
