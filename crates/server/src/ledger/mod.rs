//! The ledger: what participants claim to have watched, what the server vouches for,
//! and what is paid for it.
//!
//! Claims and attendance are interval sets, kept in memory while a session lives and
//! written by group commit: what changed since the last commit goes into one
//! transaction, and only what is on disk is acknowledged. While a session runs nothing
//! is read from the database.

mod commit;
mod evidence;
mod pace;
mod payout;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kulti_watch::{IntervalSet, credits};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub(crate) use evidence::Beat;
use evidence::Evidence;
use pace::Pace;

use crate::{
    clock::ServerClock,
    db::{Db, DbError},
    sessions::{Role, SessionEntry},
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

#[derive(Default)]
struct SessionLedger {
    by_user: HashMap<Arc<str>, Evidence>,
    /// When anybody was connected last, ms since the epoch.
    last_seen: u64,
}

/// The ledger of all sessions that are in memory.
pub(crate) struct Ledger {
    db: Db,
    clock: Arc<ServerClock>,
    /// Until when those who were connected before this server came up may return as
    /// if nothing had happened.
    return_until: u64,
    reconnect_grace_ms: u64,
    sessions: Mutex<HashMap<Arc<str>, SessionLedger>>,
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
    /// The number of the last commit that is on disk.
    committed: watch::Sender<u64>,
}

impl Ledger {
    pub(crate) fn new(db: Db, clock: Arc<ServerClock>, settings: &WatchSettings) -> Self {
        let now = clock.now_ms();
        let reconnect_grace_ms = millis(settings.reconnect_grace);
        Self {
            db,
            clock,
            return_until: now.saturating_add(reconnect_grace_ms),
            reconnect_grace_ms,
            sessions: Mutex::default(),
            pace: Mutex::new(Pace::new(
                settings.commit_burst,
                millis(settings.commit_interval),
                now,
            )),
            beats: Notify::new(),
            changed: Notify::new(),
            urgent: AtomicBool::new(false),
            next_commit: Mutex::new(1),
            committed: watch::Sender::new(0),
        }
    }

    /// Reads what is known of a session, before it is used.
    pub(crate) async fn load(&self, session: &SessionEntry) -> Result<(), DbError> {
        let mut ledger = SessionLedger::default();
        for row in self.db.evidence(&session.id).await? {
            if let Some(participant) = session.participant(&row.user_id) {
                let evidence = Evidence::from_row(participant.joined_at, &row)?;
                ledger.last_seen = ledger.last_seen.max(evidence.last_seen());
                ledger.by_user.insert(row.user_id, evidence);
            }
        }
        self.sessions
            .lock()
            .entry(session.id.clone())
            .or_insert(ledger);
        Ok(())
    }

    /// Takes a session that is over out of memory.
    pub(crate) fn forget(&self, session_id: &str) {
        self.sessions.lock().remove(session_id);
    }

    /// When anybody was connected to a session last, ms since the epoch; 0 for never.
    pub(crate) fn last_seen(&self, session_id: &str) -> u64 {
        let sessions = self.sessions.lock();
        let Some(ledger) = sessions.get(session_id) else {
            return 0;
        };
        if ledger.by_user.values().any(Evidence::is_connected) {
            return self.clock.now_ms();
        }
        ledger.last_seen
    }

    /// A participant's first connection came, or the last one went, at `at`.
    pub(crate) fn attendance(
        &self,
        session: &SessionEntry,
        user_id: &str,
        connected: bool,
        at: u64,
    ) {
        let Some(participant) = session.participant(user_id) else {
            // Let in by a token that the session did not give out: nobody to be paid.
            return;
        };
        {
            let mut sessions = self.sessions.lock();
            let ledger = sessions.entry(session.id.clone()).or_default();
            ledger.last_seen = ledger.last_seen.max(at);
            let evidence = ledger
                .by_user
                .entry(user_id.into())
                .or_insert_with(|| Evidence::new(participant.joined_at));
            if connected {
                evidence.connect(at, self.return_until);
            } else {
                evidence.disconnect(at);
                self.urgent.store(true, Ordering::Release);
            }
        }
        self.changed.notify_one();
    }

    /// Takes a heartbeat; the answer tells what of it is on disk.
    pub(crate) async fn heartbeat(
        &self,
        session: &SessionEntry,
        user_id: &str,
        beat: Beat,
    ) -> Result<Settled, LedgerError> {
        let participant = session
            .participant(user_id)
            .ok_or(LedgerError::NotAParticipant)?;
        let now = self.clock.now_ms();
        let ended = session.ended();
        let until = ended.map_or(now, |end| end.at.min(now));
        let commit = {
            let mut sessions = self.sessions.lock();
            let evidence = sessions
                .entry(session.id.clone())
                .or_default()
                .by_user
                .entry(user_id.into())
                .or_insert_with(|| Evidence::new(participant.joined_at));
            evidence
                .claim(&beat, now, until, STRETCHES)
                .ok_or(LedgerError::TooManyStretches)?;
            // One who has left will not ask again soon.
            let urgent = !evidence.is_connected();
            let number = *self.next_commit.lock();
            evidence
                .has_unwritten_claims()
                .then_some(Awaited { number, urgent })
        };
        self.beats.notify_waiters();
        if ended.is_none()
            && let Some(commit) = commit
        {
            self.wait_for(commit).await;
        }
        // Asked anew: the session may have ended a moment ago, and been paid without this.
        if let Some(end) = session.ended() {
            self.settle_late(session, end, user_id).await?;
        }
        Ok(self.settled(session, user_id, participant.role, &beat, until))
    }

    /// Waits until a commit is on disk, if that is going to be soon. Otherwise a later
    /// heartbeat is told of it.
    async fn wait_for(&self, commit: Awaited) {
        let mut committed = self.committed.subscribe();
        if commit.urgent {
            self.urgent.store(true, Ordering::Release);
        }
        self.changed.notify_one();
        let pause = self.pace.lock().wait_ms(self.clock.now_ms());
        if commit.urgent || Duration::from_millis(pause) < PATIENCE {
            let on_disk = committed.wait_for(|done| *done >= commit.number);
            // Too late, or shutting down: the answer says what is on disk.
            let _ = tokio::time::timeout(PATIENCE, on_disk).await;
        }
    }

    fn settled(
        &self,
        session: &SessionEntry,
        user_id: &str,
        role: Role,
        beat: &Beat,
        until: u64,
    ) -> Settled {
        let sessions = self.sessions.lock();
        let (vouched, acknowledged) = sessions
            .get(&session.id)
            .and_then(|ledger| ledger.by_user.get(user_id))
            .map(|evidence| {
                (
                    evidence.vouched(until, self.reconnect_grace_ms),
                    evidence.acknowledge(beat, session.ended().map(|end| end.at)),
                )
            })
            .unwrap_or_default();
        let watched_ms = vouched.measure_ms();
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
