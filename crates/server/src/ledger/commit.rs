//! Writing the ledger: group commits while sessions run, payment when they end.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use kulti_watch::IntervalSet;
use tokio_util::sync::CancellationToken;

use super::{Ledger, evidence::Evidence, payout::SessionFacts};
use crate::{
    db::{DbError, Write},
    sessions::{Ended, SessionEntry},
};

/// Changes that come together are committed together.
const GATHER: Duration = Duration::from_millis(20);
/// Where one leaves, others are likely to follow.
const GATHER_URGENT: Duration = Duration::from_millis(100);
/// Between attempts while the database fails.
const RETRY: Duration = Duration::from_secs(1);

/// A copy of what is being written.
struct Gathered {
    session_id: Arc<str>,
    user_id: Arc<str>,
    evidence: Evidence,
}

impl Ledger {
    /// Commits changes until `stop`, then once more.
    pub(crate) async fn run(&self, stop: CancellationToken) {
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

    /// Writes all that has changed in one transaction.
    pub(super) async fn flush(&self) -> Result<(), DbError> {
        let now = self.clock.now_ms();
        let (number, gathered) = {
            let sessions = self.sessions.lock();
            self.urgent.store(false, Ordering::Release);
            let mut next = self.next_commit.lock();
            let number = *next;
            *next += 1;
            let gathered: Vec<_> = sessions
                .iter()
                .flat_map(|(session_id, ledger)| {
                    ledger.by_user.iter().map(move |entry| (session_id, entry))
                })
                .filter(|(_, (_, evidence))| evidence.is_unwritten())
                .map(|(session_id, (user_id, evidence))| Gathered {
                    session_id: session_id.clone(),
                    user_id: user_id.clone(),
                    evidence: evidence.clone(),
                })
                .collect();
            (number, gathered)
        };
        if !gathered.is_empty() {
            self.pace.lock().committed();
            self.db.commit(rows(&gathered, now)).await?;
            self.on_disk(&gathered);
        }
        self.committed.send_replace(number);
        Ok(())
    }

    /// Ends a session in the books and pays for it, in one transaction. Safe to repeat:
    /// what was paid before is not paid again.
    pub(crate) async fn settle(&self, session: &SessionEntry, end: Ended) -> Result<(), DbError> {
        self.pay(session, end, None).await?;
        session.set_ended(end);
        Ok(())
    }

    /// Pays for what `user_id` claimed after the session's end.
    pub(super) async fn settle_late(
        &self,
        session: &SessionEntry,
        end: Ended,
        user_id: &str,
    ) -> Result<(), DbError> {
        let _one_at_a_time = session.ending.lock().await;
        self.pay(session, end, Some(user_id)).await
    }

    async fn pay(
        &self,
        session: &SessionEntry,
        end: Ended,
        only: Option<&str>,
    ) -> Result<(), DbError> {
        let attended_before = self.db.attended_before(&session.id, end.at).await?;
        let now = self.clock.now_ms();
        let (gathered, vouched) = self.gather_session(&session.id, end.at);
        let mut writes = rows(&gathered, now);
        writes.push(Write::SessionEnded {
            id: session.id.clone(),
            ended_at: end.at,
            completed: end.completed,
        });
        let facts = SessionFacts {
            session,
            end,
            attended_before: &attended_before,
            vouched: &vouched,
        };
        writes.extend(facts.payouts(only, now).into_iter().map(Write::Payout));
        self.db.commit(writes).await?;
        self.on_disk(&gathered);
        Ok(())
    }

    fn gather_session(
        &self,
        session_id: &Arc<str>,
        until: u64,
    ) -> (Vec<Gathered>, HashMap<Arc<str>, IntervalSet>) {
        let sessions = self.sessions.lock();
        let evidence = sessions
            .get(session_id)
            .into_iter()
            .flat_map(|ledger| ledger.by_user.iter());
        let mut gathered = Vec::new();
        let mut vouched = HashMap::new();
        for (user_id, evidence) in evidence {
            vouched.insert(
                user_id.clone(),
                evidence.vouched(until, self.reconnect_grace_ms),
            );
            if evidence.is_unwritten() {
                gathered.push(Gathered {
                    session_id: session_id.clone(),
                    user_id: user_id.clone(),
                    evidence: evidence.clone(),
                });
            }
        }
        (gathered, vouched)
    }

    fn on_disk(&self, gathered: &[Gathered]) {
        let mut sessions = self.sessions.lock();
        for written in gathered {
            if let Some(evidence) = sessions
                .get_mut(&written.session_id)
                .and_then(|ledger| ledger.by_user.get_mut(&written.user_id))
            {
                evidence.on_disk(&written.evidence);
            }
        }
    }
}

fn rows(gathered: &[Gathered], now: u64) -> Vec<Write> {
    gathered
        .iter()
        .map(|g| g.evidence.to_row(&g.session_id, &g.user_id, now))
        .collect()
}
