//! The ledger: what participants claim to have watched, what the server vouches for,
//! and what is paid for it.
//!
//! Claims and attendance are interval sets, kept in memory while a session lives and
//! written by group commit: what changed since the last commit goes into one
//! transaction, and only what is on disk is acknowledged. While a session runs nothing
//! is read from the database. All that is ever written of a session's evidence, its end
//! and its payment goes through [`Ledger::flush`], so that nothing is overtaken by an
//! older state.

mod books;
mod commit;
mod end;
mod evidence;
mod exclusions;
mod pace;
mod session;
mod standing;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use kulti_watch::{IntervalSet, credits};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub(crate) use books::Books;
use commit::Progress;
pub(crate) use evidence::Beat;
use evidence::Evidence;
pub(crate) use exclusions::Exclusions;
use pace::Pace;
use session::SessionLedger;
pub(crate) use standing::Standing;

use crate::{
    clock::ServerClock,
    db::{Db, DbError},
    sessions::{Participant, Role, SessionEntry},
    settings::{WatchSettings, millis},
};

/// Stretches that one participant's claims may consist of; an honest client has a few
/// dozen.
const STRETCHES: usize = 10_000;
/// How long a heartbeat's answer waits for its commit. What is not committed by then
/// is acknowledged by a later answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a heartbeat is refused.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("join the session first")]
    NotAParticipant,
    #[error("the watch time consists of too many stretches")]
    TooManyStretches,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What is known after a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Active time that the server vouches for.
    pub(crate) watched_ms: u64,
    /// Credits for it, before multipliers.
    pub(crate) estimated_credits: u64,
    /// Of the stretches in the heartbeat: those that are on disk or refused for good.
    pub(crate) acknowledged: IntervalSet,
}

/// The next commit to be gathered, which will hold what was just added.
struct Awaited {
    number: u64,
    urgent: bool,
}

/// The ledger of all sessions that are in memory.
pub(crate) struct Ledger {
    db: Db,
    clock: Arc<ServerClock>,
    /// Until when those who were connected before this server came up may return as
    /// if nothing had happened.
    return_until: AtomicU64,
    reconnect_grace_ms: u64,
    sessions: Mutex<HashMap<Arc<str>, SessionLedger>>,
    /// Held while a session is read from disk or forgotten.
    loading: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
    /// A heartbeat came.
    beats: Notify,
    /// Something changed …
    changed: Notify,
    /// … that must not wait for the pace.
    urgent: AtomicBool,
    /// The number of the next commit to be gathered. Locked together with `sessions`,
    /// after it.
    next_commit: Mutex<u64>,
    progress: watch::Sender<Progress>,
}

impl Ledger {
    pub(crate) fn new(db: Db, clock: Arc<ServerClock>, settings: &WatchSettings) -> Self {
        let now = clock.now_ms();
        let reconnect_grace_ms = millis(settings.reconnect_grace);
        Self {
            db,
            clock,
            return_until: AtomicU64::new(now.saturating_add(reconnect_grace_ms)),
            reconnect_grace_ms,
            sessions: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            pace: Mutex::new(Pace::new(
                settings.commit_burst,
                millis(settings.commit_interval),
                now,
            )),
            beats: Notify::new(),
            changed: Notify::new(),
            urgent: AtomicBool::new(false),
            next_commit: Mutex::new(1),
            progress: watch::Sender::default(),
        }
    }

    /// The server accepts connections from now on: those who were there may return.
    pub(crate) fn opened(&self) {
        let until = self.clock.now_ms().saturating_add(self.reconnect_grace_ms);
        self.return_until.store(until, Ordering::Release);
    }

    /// Reads what is known of a session, unless it is in memory.
    pub(crate) async fn load(&self, session: &SessionEntry) -> Result<(), DbError> {
        let _loading = self.loading.lock().await;
        if self.sessions.lock().contains_key(&session.id) {
            return Ok(());
        }
        let mut ledger = SessionLedger::new(session);
        for row in self.db.evidence(&session.id).await? {
            if let Some(participant) = session.participant(&row.user_id) {
                let mut evidence =
                    Evidence::from_row(participant.joined_at, participant.is_host(), &row)?;
                if let Some(end) = ledger.end {
                    let paid_ms = row.settled_ms.unwrap_or(0);
                    evidence.settled_before(paid_ms, end.ended.at, self.reconnect_grace_ms);
                }
                ledger.by_user.insert(row.user_id, evidence);
            }
        }
        self.sessions.lock().insert(session.id.clone(), ledger);
        Ok(())
    }

    /// A session has started.
    pub(crate) fn open(&self, session: &SessionEntry) {
        self.sessions
            .lock()
            .entry(session.id.clone())
            .or_insert_with(|| SessionLedger::new(session));
    }

    /// Takes a session that is over out of memory, unless something of it is still to be
    /// written or paid. Whoever asks for it later has it read again.
    pub(crate) async fn forget(&self, session_id: &str) -> bool {
        let _loading = self.loading.lock().await;
        let mut sessions = self.sessions.lock();
        let done = sessions.get(session_id).is_none_or(SessionLedger::is_done);
        if done {
            sessions.remove(session_id);
        }
        done
    }

    /// When anybody was connected to a session last, and when its host was, ms since
    /// the epoch; 0 for never.
    pub(crate) fn last_seen(&self, session_id: &str) -> (u64, u64) {
        let now = self.clock.now_ms();
        let sessions = self.sessions.lock();
        sessions.get(session_id).map_or((0, 0), |ledger| {
            (ledger.last_seen(now), ledger.host_last_seen(now))
        })
    }

    /// A participant's first connection came, or the last one went, at `at`.
    pub(crate) fn attendance(
        &self,
        session: &SessionEntry,
        user_id: &str,
        connected: bool,
        at: u64,
    ) {
        let return_until = self.return_until.load(Ordering::Acquire);
        let urgent = self.with_evidence(session, user_id, |evidence| {
            if connected {
                evidence.connect(at, return_until);
            } else {
                evidence.disconnect(at);
            }
            // Until somebody who comes for the first time is on disk, nobody could vouch
            // for them after a crash.
            !connected || evidence.is_unheard_of()
        });
        if let Some(urgent) = urgent {
            if urgent {
                self.urgent.store(true, Ordering::Release);
            }
            self.changed.notify_one();
        }
    }

    /// A participant wrote in the chat. That is written with the next commit, and makes
    /// none by itself.
    pub(crate) fn said(&self, session: &SessionEntry, user_id: &str) {
        self.with_evidence(session, user_id, Evidence::said);
    }

    /// Changes a participant's evidence while the session is live. None for those who
    /// are no participants: let in by a token that the session did not give out, nobody
    /// to be paid.
    fn with_evidence<T>(
        &self,
        session: &SessionEntry,
        user_id: &str,
        change: impl FnOnce(&mut Evidence) -> T,
    ) -> Option<T> {
        let participant = session.participant(user_id)?;
        let mut sessions = self.sessions.lock();
        let ledger = sessions
            .get_mut(&session.id)
            .filter(|ledger| ledger.end.is_none())?;
        Some(change(evidence_of(ledger, user_id, participant)))
    }

    /// Takes a heartbeat; the answer tells what of it is on disk.
    pub(crate) async fn heartbeat(
        &self,
        session: &SessionEntry,
        user_id: &str,
        beat: Beat,
        excluded: &Exclusions,
    ) -> Result<Settled, LedgerError> {
        let participant = session
            .participant(user_id)
            .ok_or(LedgerError::NotAParticipant)?;
        let now = self.clock.now_ms();
        let commit = loop {
            if let Some(taken) = self.take(session, user_id, participant, &beat, excluded, now) {
                break taken?;
            }
            // Forgotten a moment ago.
            self.load(session).await?;
        };
        self.beats.notify_waiters();
        if let Some(commit) = commit {
            self.wait_a_moment(commit).await?;
        }
        Ok(self.settled(session, user_id, participant.role, &beat, now))
    }

    /// None if the session is not in memory.
    fn take(
        &self,
        session: &SessionEntry,
        user_id: &str,
        participant: Participant,
        beat: &Beat,
        excluded: &Exclusions,
        now: u64,
    ) -> Option<Result<Option<Awaited>, LedgerError>> {
        let mut sessions = self.sessions.lock();
        let ledger = sessions.get_mut(&session.id)?;
        let until = ledger.end.map_or(now, |end| end.ended.at.min(now));
        let evidence = evidence_of(ledger, user_id, participant);
        if evidence.claim(beat, now, until, STRETCHES).is_none() {
            return Some(Err(LedgerError::TooManyStretches));
        }
        evidence.exclude(excluded, until);
        let awaited = evidence.has_unwritten_report().then(|| Awaited {
            urgent: evidence.take_urgency(),
            number: *self.next_commit.lock(),
        });
        Some(Ok(awaited))
    }

    /// Waits until a commit is on disk, if that is going to be soon. Otherwise a later
    /// heartbeat is told of it.
    async fn wait_a_moment(&self, commit: Awaited) -> Result<(), DbError> {
        if commit.urgent {
            self.urgent.store(true, Ordering::Release);
        }
        self.changed.notify_one();
        let pause = Duration::from_millis(self.pace.lock().wait_ms(self.clock.now_ms()));
        if commit.urgent || pause < PATIENCE {
            // Too late: the answer says what is on disk.
            tokio::time::timeout(PATIENCE, self.committed(commit.number))
                .await
                .unwrap_or(Ok(()))?;
        }
        // While nothing can be written nobody is told that all is well.
        self.health()
    }

    fn settled(
        &self,
        session: &SessionEntry,
        user_id: &str,
        role: Role,
        beat: &Beat,
        now: u64,
    ) -> Settled {
        let sessions = self.sessions.lock();
        let (watched_ms, acknowledged) = sessions
            .get(&session.id)
            .and_then(|ledger| Some((ledger.end, ledger.by_user.get(user_id)?)))
            .map(|(end, evidence)| {
                let ended_at = end.map(|end| end.ended.at);
                let until = ended_at.unwrap_or(now);
                let counted = evidence.books(until, self.reconnect_grace_ms).counted;
                (counted.measure_ms(), evidence.acknowledge(beat, ended_at))
            })
            .unwrap_or_default();
        let rate = match role {
            Role::Host => credits::HOSTING_PER_MINUTE,
            Role::Presenter | Role::Viewer => credits::WATCHING_PER_MINUTE,
        };
        Settled {
            watched_ms,
            estimated_credits: credits::estimate(watched_ms, rate).credits,
            acknowledged,
        }
    }
}

fn evidence_of<'a>(
    ledger: &'a mut SessionLedger,
    user_id: &str,
    participant: Participant,
) -> &'a mut Evidence {
    ledger
        .by_user
        .entry(user_id.into())
        .or_insert_with(|| Evidence::new(participant.joined_at, participant.is_host()))
}
