//! Writing the ledger by group commit.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{Ledger, evidence::Evidence, session::Stage, talk::Batch};
use crate::db::{DbError, Settlement, Write};

/// Changes that come together are committed together.
const GATHER: Duration = Duration::from_millis(20);
/// Where one leaves, others are likely to follow.
const GATHER_URGENT: Duration = Duration::from_millis(100);
/// News of somebody's return may be on its way so long.
const NEWS_MS: u64 = 1_000;
/// Between attempts while the database fails.
const RETRY: Duration = Duration::from_secs(1);

/// How far writing has got. Commits are numbered in the order in which they are
/// gathered.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last commit that is on disk.
    done: u64,
    /// The last one that failed, and why, until one succeeds again.
    failed: Option<(u64, DbError)>,
    /// There will be no more.
    stopped: bool,
}

/// A copy of what is being written of one session.
struct Gathered {
    session_id: Arc<str>,
    evidence: Vec<(Arc<str>, Evidence)>,
    talk: Batch,
    end: Vec<Write>,
    settlement: Option<Settlement>,
}

impl Ledger {
    /// Commits changes until `stop`, then once more.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        self.opened();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.commit_due() => {
                    if self.flush().await.is_err() {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = tokio::time::sleep(RETRY) => self.urgent.store(true, Ordering::Release),
                        }
                    }
                }
            }
        }
        // An error is logged by the writer; there is nobody left to tell.
        let _ = self.flush().await;
        self.progress
            .send_modify(|progress| progress.stopped = true);
    }

    /// Waits until a commit should be made: at once for what is urgent, at the pace for
    /// other changes; and while anybody is connected once in an interval, for the
    /// evidence of it.
    async fn commit_due(&self) {
        let interval = Duration::from_millis(self.pace.lock().interval_ms());
        let mut changed = false;
        let quiet_until = tokio::time::Instant::now() + interval;
        loop {
            if self.urgent.load(Ordering::Acquire) {
                tokio::time::sleep(GATHER_URGENT).await;
                return;
            }
            let wait = Duration::from_millis(self.pace.lock().wait_ms(self.clock.now_ms()));
            let due = if changed {
                tokio::time::Instant::now() + wait.max(GATHER)
            } else {
                quiet_until
            };
            tokio::select! {
                () = self.changed.notified() => changed = true,
                () = tokio::time::sleep_until(due) => return,
            }
        }
    }

    /// Writes all that has changed, and pays what is owed, in one transaction. Called by
    /// [`Ledger::run`] alone.
    async fn flush(&self) -> Result<(), DbError> {
        let (number, now, gathered) = self.gather();
        if gathered.is_empty() {
            self.progress.send_modify(|progress| {
                progress.done = number;
                progress.failed = None;
            });
            return Ok(());
        }
        self.pace.lock().committed();
        let committed = self.db.commit(writes(&gathered, now)).await;
        match &committed {
            Ok(()) => self.is_on_disk(gathered),
            Err(error) => tracing::warn!(%error, "the ledger could not be written: trying again"),
        }
        self.progress.send_modify(|progress| match &committed {
            Ok(()) => {
                progress.done = number;
                progress.failed = None;
            }
            Err(error) => progress.failed = Some((number, error.clone())),
        });
        committed
    }

    fn gather(&self) -> (u64, u64, Vec<Gathered>) {
        let now = self.clock.now_ms();
        let return_until = self.return_until.load(Ordering::Acquire);
        let too_late_to_return = now > return_until.saturating_add(NEWS_MS);
        let mut sessions = self.sessions.lock();
        self.urgent.store(false, Ordering::Release);
        let mut next = self.next_commit.lock();
        let number = *next;
        *next += 1;
        let mut gathered = Vec::new();
        for (session_id, ledger) in sessions.iter_mut() {
            if too_late_to_return {
                ledger.by_user.values_mut().for_each(Evidence::stayed_away);
            }
            let settlement = ledger.settlement(session_id, self.reconnect_grace_ms, now);
            let end = ledger.unwritten_end(session_id);
            let evidence: Vec<_> = ledger
                .by_user
                .iter()
                .filter(|(_, evidence)| evidence.is_unwritten() || settlement.is_some())
                .map(|(user_id, evidence)| (user_id.clone(), evidence.clone()))
                .collect();
            let talk = ledger.unwritten.batch();
            let ends = !end.is_empty() || settlement.is_some();
            if !evidence.is_empty() || !talk.is_empty() || ends {
                gathered.push(Gathered {
                    session_id: session_id.clone(),
                    evidence,
                    talk,
                    end,
                    settlement,
                });
            }
        }
        (number, now, gathered)
    }

    fn is_on_disk(&self, gathered: Vec<Gathered>) {
        let mut sessions = self.sessions.lock();
        for written in gathered {
            let Some(ledger) = sessions.get_mut(&written.session_id) else {
                continue;
            };
            for (user_id, copy) in &written.evidence {
                if let Some(evidence) = ledger.by_user.get_mut(user_id) {
                    evidence.on_disk(copy);
                    if written.settlement.is_some() {
                        evidence.settled(copy);
                    }
                }
            }
            ledger.unwritten.on_disk(&written.talk);
            if let Some(end) = &mut ledger.end {
                end.written |= !written.end.is_empty();
                if written.settlement.is_some() {
                    end.stage = Stage::Paid;
                }
            }
        }
    }

    /// Commits now, and waits for it.
    pub(super) async fn commit_now(&self) -> Result<(), DbError> {
        let number = {
            // As in `gather`: what was changed before this call is in that commit.
            let _sessions = self.sessions.lock();
            self.urgent.store(true, Ordering::Release);
            *self.next_commit.lock()
        };
        self.changed.notify_one();
        self.committed(number).await
    }

    /// Waits until a commit is on disk, or has failed.
    pub(super) async fn committed(&self, number: u64) -> Result<(), DbError> {
        let mut progress = self.progress.subscribe();
        let known = progress.wait_for(|progress| {
            progress.done >= number
                || progress.stopped
                || progress.failed.as_ref().is_some_and(|(n, _)| *n >= number)
        });
        let progress = known.await.map_err(|_| DbError::Closed)?;
        match &progress.failed {
            _ if progress.done >= number => Ok(()),
            Some((_, error)) => Err(error.clone()),
            None => Err(DbError::Closed),
        }
    }

    /// Whether the last attempt to write has failed.
    pub(super) fn health(&self) -> Result<(), DbError> {
        match &self.progress.borrow().failed {
            Some((_, error)) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// The evidence goes before what is paid for it.
fn writes(gathered: &[Gathered], now: u64) -> Vec<Write> {
    let mut writes = Vec::new();
    for of in gathered {
        let rows = of.evidence.iter();
        writes.extend(
            rows.filter(|(_, evidence)| evidence.is_unwritten())
                .map(|(user_id, evidence)| evidence.to_row(&of.session_id, user_id, now)),
        );
        writes.extend(of.talk.writes(&of.session_id));
        writes.extend(of.end.clone());
        writes.extend(of.settlement.clone().map(Write::Settle));
    }
    writes
}
