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
/// When a session ends, clients report the watch time since their last heartbeat: so
/// long they are waited for. What comes later is paid in a transaction of its own.
const LAST_BEATS: Duration = Duration::from_millis(1_500);
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
            self.update(&gathered, Evidence::on_disk);
        }
        self.committed.send_replace(number);
        Ok(())
    }

    /// Ends a session in the books and pays for it, in one transaction. Safe to repeat:
    /// what was paid before is not paid again.
    pub(crate) async fn settle(&self, session: &SessionEntry, end: Ended) -> Result<(), DbError> {
        self.last_beats(&session.id, end.at).await;
        self.close_attendance(&session.id, end.at);
        self.pay(session, end, false).await?;
        session.set_ended(end);
        Ok(())
    }

    /// Waits until all clients that were there at the end have reported, within reason.
    async fn last_beats(&self, session_id: &str, ended_at: u64) {
        let all_reported = async {
            loop {
                let beat = self.beats.notified();
                tokio::pin!(beat);
                // Before looking, so that none is missed in between.
                beat.as_mut().enable();
                let owed = self.sessions.lock().get(session_id).is_some_and(|ledger| {
                    ledger
                        .by_user
                        .values()
                        .any(|evidence| evidence.owes_last_beat(ended_at))
                });
                if !owed {
                    return;
                }
                beat.await;
            }
        };
        let _ = tokio::time::timeout(LAST_BEATS, all_reported).await;
    }

    fn close_attendance(&self, session_id: &str, ended_at: u64) {
        if let Some(ledger) = self.sessions.lock().get_mut(session_id) {
            for evidence in ledger.by_user.values_mut() {
                evidence.disconnect(ended_at);
            }
        }
    }

    /// Pays for what `user_id` claimed after the session's end, if it is not paid for,
    /// together with others who do so at the same time.
    pub(super) async fn settle_late(
        &self,
        session: &SessionEntry,
        end: Ended,
        user_id: &str,
    ) -> Result<(), DbError> {
        if !self.is_unpaid(&session.id, user_id) {
            return Ok(());
        }
        let _one_at_a_time = session.ending.lock().await;
        if !self.is_unpaid(&session.id, user_id) {
            return Ok(()); // paid together with somebody else's
        }
        tokio::time::sleep(GATHER_URGENT).await;
        self.pay(session, end, true).await
    }

    fn is_unpaid(&self, session_id: &str, user_id: &str) -> bool {
        let sessions = self.sessions.lock();
        let evidence = sessions
            .get(session_id)
            .and_then(|ledger| ledger.by_user.get(user_id));
        evidence.is_some_and(Evidence::is_unpaid)
    }

    /// Writes and pays what is unwritten or unpaid; `late` for what came after the
    /// session was paid.
    async fn pay(&self, session: &SessionEntry, end: Ended, late: bool) -> Result<(), DbError> {
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
        let owed = |user_id: &str| !late || gathered.iter().any(|g| &*g.user_id == user_id);
        writes.extend(facts.payouts(owed, now).into_iter().map(Write::Payout));
        self.db.commit(writes).await?;
        self.update(&gathered, |evidence, written| {
            evidence.on_disk(written);
            evidence.paid(written);
        });
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
            if evidence.is_unwritten() || evidence.is_unpaid() {
                gathered.push(Gathered {
                    session_id: session_id.clone(),
                    user_id: user_id.clone(),
                    evidence: evidence.clone(),
                });
            }
        }
        (gathered, vouched)
    }

    fn update(&self, gathered: &[Gathered], by: impl Fn(&mut Evidence, &Evidence)) {
        let mut sessions = self.sessions.lock();
        for written in gathered {
            if let Some(evidence) = sessions
                .get_mut(&written.session_id)
                .and_then(|ledger| ledger.by_user.get_mut(&written.user_id))
            {
                by(evidence, &written.evidence);
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
