//! The journal: watch time that no server has settled yet, kept through crashes.
//!
//! One file, `journal.db` (SQLite), holds the stays of all sessions, servers and
//! people of one data folder. What is to be in it stands in memory, in the [`book`];
//! one task, the [`writer`], brings the [`file`] to the same state, whenever the book
//! has changed and for as long as it takes: a disk that is full or a folder that cannot
//! be written costs nothing but the safety from crashes, and is told.
//!
//! A stay that goes on writes its own entry and tells its own server. When it is over,
//! with its [`StayJournal`], what is left of it is for the [outbox](super::outbox), now
//! or at the next start.

mod book;
mod file;
mod rows;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use self::book::Book;
pub use self::book::{LeftStay, Place, StayId, StayRecord};
use crate::core::{io::JournalPage, unsettled::Unsettled};

/// How long somebody waits for the disk. One that takes longer counts as not writable.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the journal is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalStatus {
    /// Whether the file was read, or could not be.
    pub loaded: bool,
    /// What is left of stays that are over, newest first.
    pub left: Vec<LeftStay>,
    /// Where a file lies that was damaged; a new one was begun.
    pub set_aside: Option<PathBuf>,
    /// Why nothing can be written down at the moment.
    pub not_written: Option<String>,
}

/// The journal of one data folder. Cheap to clone; with the last clone it ends.
#[derive(Debug, Clone)]
pub struct Journal {
    owner: Arc<Owner>,
}

#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// What the handles and the writer share.
#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    /// The book has changed, or the journal is to be closed.
    changed: Notify,
    /// Up to which version of the book writing was tried.
    attempted: watch::Sender<u64>,
    status: watch::Sender<JournalStatus>,
    /// A server has answered.
    answered: Notify,
    closing: watch::Sender<bool>,
    closed: watch::Sender<bool>,
}

impl Shared {
    fn close(&self) {
        self.closing.send_replace(true);
        self.changed.notify_one();
    }

    /// Changes the book, and has the change written. Gives the book's new version.
    fn change(&self, change: impl FnOnce(&mut Book)) -> u64 {
        let (version, left) = {
            let mut book = self.book.lock();
            change(&mut book);
            (book.version(), book.left())
        };
        self.changed.notify_one();
        self.tell(|status| status.left = left);
        version
    }

    fn tell(&self, change: impl FnOnce(&mut JournalStatus)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }
}

impl Journal {
    /// The journal in this folder, which is opened in the background. Within a tokio
    /// runtime.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        let shared = Arc::new(Shared {
            book: Mutex::default(),
            changed: Notify::new(),
            attempted: watch::Sender::new(0),
            status: watch::Sender::default(),
            answered: Notify::new(),
            closing: watch::Sender::new(false),
            closed: watch::Sender::new(false),
        });
        tokio::spawn(writer::run(shared.clone(), dir.to_owned()));
        Self {
            owner: Arc::new(Owner { shared }),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.owner.shared
    }

    /// How it is doing, and what is left of earlier stays.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<JournalStatus> {
        self.shared().status.subscribe()
    }

    /// Takes up a stay that begins.
    #[must_use]
    pub fn begin(&self, record: StayRecord) -> StayJournal {
        let mut id = 0;
        self.shared().change(|book| id = book.begin(record));
        StayJournal {
            journal: self.clone(),
            id,
        }
    }

    /// All that a server has not settled of a stay that is over; none of one that is
    /// unknown or goes on.
    #[must_use]
    pub fn left_of(&self, id: StayId) -> Option<Unsettled> {
        self.shared().book.lock().left_of(id)
    }

    /// Whether a stay of the same person in the same session goes on.
    #[must_use]
    pub fn goes_on(&self, record: &StayRecord) -> bool {
        self.shared().book.lock().goes_on(record)
    }

    /// A server has answered a heartbeat of a stay.
    pub(crate) fn settle(
        &self,
        id: StayId,
        request: &HeartbeatRequest,
        response: &HeartbeatResponse,
    ) {
        let settled = Unsettled::settled_by(request, response);
        self.shared().change(|book| book.settle(id, &settled));
    }

    /// A server will never take what is left of a stay. It is kept, with the reason.
    pub(crate) fn refuse(&self, id: StayId, why: &str) {
        self.shared().change(|book| book.refuse(id, why));
    }

    /// The person gives up what servers will never take.
    pub fn forget_refused(&self) {
        self.shared().change(Book::forget_refused);
    }

    /// Some server has answered: it may take what is left of earlier stays as well.
    pub(crate) fn server_answered(&self) {
        self.shared().answered.notify_one();
    }

    /// Waits until a server has answered since this was asked last.
    pub(crate) async fn some_server_answers(&self) {
        self.shared().answered.notified().await;
    }

    /// Writes what is not written yet, and closes the file. Takes some seconds at most.
    pub async fn close(&self) {
        let shared = self.shared();
        shared.close();
        let mut closed = shared.closed.subscribe();
        let waiting = closed.wait_for(|closed| *closed);
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            tracing::warn!("the journal could not be closed in time");
        }
    }
}

/// The journal of one stay that goes on. When it is dropped, the stay is over.
#[derive(Debug)]
pub struct StayJournal {
    journal: Journal,
    id: StayId,
}

impl StayJournal {
    /// Writes a page down, in place of what was written of this stay.
    #[must_use]
    pub fn write(&self, page: JournalPage) -> Written {
        let shared = self.journal.shared();
        let version = shared.change(|book| book.write(self.id, page));
        Written {
            version,
            attempted: shared.attempted.subscribe(),
        }
    }

    /// The server has answered a heartbeat of this stay after the stay had ended.
    pub fn settle(&self, request: &HeartbeatRequest, response: &HeartbeatResponse) {
        self.journal.settle(self.id, request, response);
    }

    /// The stay's server answers.
    pub fn server_answered(&self) {
        self.journal.server_answered();
    }
}

impl Drop for StayJournal {
    fn drop(&mut self) {
        self.journal.shared().change(|book| book.end(self.id));
        // Whoever waits for a server to send to shall look now.
        self.journal.server_answered();
    }
}

/// A page on its way to the disk.
#[derive(Debug, Clone)]
pub struct Written {
    version: u64,
    attempted: watch::Receiver<u64>,
}

impl Written {
    /// Waits until the page is written, or could not be: the journal's status says
    /// which.
    pub async fn done(mut self) {
        let attempted = self.attempted.wait_for(|version| *version >= self.version);
        // An error says that the journal is closed.
        if tokio::time::timeout(PATIENCE, attempted).await.is_err() {
            tracing::warn!("the disk takes too long to write the journal");
        }
    }
}
