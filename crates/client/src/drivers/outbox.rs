//! Sends what the [journal](super::journal) holds of stays that are over: at the start,
//! when a stay ends with something left, and whenever a server answers, else with
//! patience.

use std::time::Duration;

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{
    api::{Api, ApiError},
    journal::{Journal, LeftStay, Place, StayRecord},
};

/// The first wait after a failure; it doubles …
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// … up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often a server must say that it does not know the account before it is believed:
/// while another part of this program replaces the tokens, it may say so once.
const SIGNED_OUT: u32 = 3;
/// A server acknowledges after its commit, which may be half a minute away.
const UNSETTLED_WAIT: Duration = Duration::from_secs(10);

/// Why there is no way to an account now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// It cannot be read now, or the server cannot be started.
    #[error("{0}")]
    Now(String),
    /// It is gone: nobody can ever send for it again.
    #[error("{0}")]
    ForGood(String),
}

/// Finds the account of a stay.
pub trait Accounts: Send + Sync + 'static {
    /// The API of the stay's server, signed in as the person of the stay, or about to be:
    /// see [`signed_in`]. Never makes an account.
    fn api<'a>(&'a self, record: &'a StayRecord) -> BoxFuture<'a, Result<Api, NoAccount>>;
}

/// Takes up the account that is kept for a server, if it is still the one of the stay.
///
/// # Errors
/// [`NoAccount`].
pub async fn signed_in(api: Api, record: &StayRecord) -> Result<Api, NoAccount> {
    match api.take_up().await {
        Ok(Some(user)) if user.id == record.user_id => Ok(api),
        Ok(_) => Err(NoAccount::ForGood(
            "the account that watched is not on this computer any more".to_owned(),
        )),
        Err(error) => Err(NoAccount::Now(error.to_string())),
    }
}

/// Which account at which server: what fails for one stay fails for all of its.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Addressee {
    place: Place,
    user_id: String,
}

/// When to try again.
#[derive(Debug, Default)]
struct Patience {
    failures: u32,
    signed_out: u32,
    /// None: at once.
    not_before: Option<Instant>,
}

impl Patience {
    fn failed(&mut self) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        // A quarter of jitter, so that a server that is back is not run over.
        let jitter = rand::random_range(750..1_250);
        let wait = wait.min(LONGEST_WAIT).saturating_mul(jitter) / 1_000;
        self.not_before = Some(Instant::now() + wait);
    }

    fn is_due(&self) -> bool {
        self.not_before.is_none_or(|at| at <= Instant::now())
    }
}

/// How sending came out.
enum Sent {
    /// All of this account's.
    All,
    /// The server takes its time.
    Unsettled,
    SignedOut,
    Failed,
}

/// Sends what is left, for as long as it is awaited.
pub async fn run(journal: Journal, accounts: impl Accounts) {
    let mut outbox = Outbox {
        journal: &journal,
        accounts: &accounts,
        patience: Vec::new(),
    };
    let mut status = journal.status();
    loop {
        outbox.send_what_is_due().await;
        let next = outbox.next_attempt();
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            () = journal.some_server_answers() => outbox.hurry(),
            () = at(next) => {}
        }
    }
}

/// Waits until nothing is left that a server may still take, or `limit` is over. True
/// if nothing is left. [`run`] must be under way.
pub async fn drained(journal: &Journal, limit: Duration) -> bool {
    let mut status = journal.status();
    let empty = status
        .wait_for(|status| status.loaded && status.left.iter().all(|stay| stay.refused.is_some()));
    tokio::time::timeout(limit, empty)
        .await
        .is_ok_and(|status| status.is_ok())
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

struct Outbox<'a, A> {
    journal: &'a Journal,
    accounts: &'a A,
    patience: Vec<(Addressee, Patience)>,
}

impl<A: Accounts> Outbox<'_, A> {
    /// Stays that a server may still take, by account.
    fn left(&self) -> Vec<(Addressee, Vec<LeftStay>)> {
        let mut groups: Vec<(Addressee, Vec<LeftStay>)> = Vec::new();
        let left = self.journal.status().borrow().left.clone();
        for stay in left.into_iter().filter(|stay| stay.refused.is_none()) {
            let to = Addressee {
                place: stay.record.place.clone(),
                user_id: stay.record.user_id.clone(),
            };
            match groups.iter_mut().find(|(known, _)| *known == to) {
                Some((_, stays)) => stays.push(stay),
                None => groups.push((to, vec![stay])),
            }
        }
        groups
    }

    /// Tries every account whose time has come, all at the same time.
    async fn send_what_is_due(&mut self) {
        let left = self.left();
        self.patience
            .retain(|(to, _)| left.iter().any(|(known, _)| known == to));
        let due: Vec<_> = left
            .into_iter()
            .filter(|(to, _)| {
                let patience = self.patience.iter().find(|(known, _)| known == to);
                patience.is_none_or(|(_, patience)| patience.is_due())
            })
            .collect();
        let mut sending: FuturesUnordered<_> = due
            .into_iter()
            .map(|(to, stays)| {
                let (journal, accounts) = (self.journal, self.accounts);
                async move { (to, send_all(journal, accounts, &stays).await) }
            })
            .collect();
        let mut outcomes = Vec::new();
        while let Some(outcome) = sending.next().await {
            outcomes.push(outcome);
        }
        drop(sending);
        for (to, sent) in outcomes {
            self.learn(to, &sent);
        }
    }

    fn learn(&mut self, to: Addressee, sent: &Sent) {
        let at = match self.patience.iter().position(|(known, _)| *known == to) {
            Some(at) => at,
            None => {
                self.patience.push((to, Patience::default()));
                self.patience.len() - 1
            }
        };
        let Some((to, patience)) = self.patience.get_mut(at) else {
            return;
        };
        match sent {
            Sent::All => *patience = Patience::default(),
            Sent::Unsettled => {
                *patience = Patience {
                    not_before: Some(Instant::now() + UNSETTLED_WAIT),
                    ..Patience::default()
                };
            }
            Sent::SignedOut => {
                patience.signed_out += 1;
                patience.failed();
                if patience.signed_out >= SIGNED_OUT {
                    let why = "the server does not know the account that watched any more";
                    let to = to.clone();
                    for (known, stays) in self.left() {
                        let all = stays.iter().filter(|_| known == to);
                        all.for_each(|stay| self.journal.refuse(stay.id, why));
                    }
                }
            }
            Sent::Failed => patience.failed(),
        }
    }

    fn next_attempt(&self) -> Option<Instant> {
        let waits = self.patience.iter();
        waits.filter_map(|(_, patience)| patience.not_before).min()
    }

    /// Some server has answered: the network is there, and so may be the others.
    fn hurry(&mut self) {
        for (_, patience) in &mut self.patience {
            if patience.signed_out == 0 {
                patience.not_before = None;
            }
        }
    }
}

/// Sends what is left of an account's stays, newest first.
async fn send_all(journal: &Journal, accounts: &impl Accounts, stays: &[LeftStay]) -> Sent {
    let Some(first) = stays.first() else {
        return Sent::All;
    };
    let api = match accounts.api(&first.record).await {
        Ok(api) => api,
        Err(NoAccount::ForGood(why)) => {
            stays.iter().for_each(|stay| journal.refuse(stay.id, &why));
            return Sent::All;
        }
        Err(NoAccount::Now(why)) => {
            tracing::info!(why, "watch time of an earlier session waits");
            return Sent::Failed;
        }
    };
    let mut unsettled = false;
    for stay in stays {
        match send(journal, &api, stay).await {
            Sent::All => {}
            Sent::Unsettled => unsettled = true,
            failed => return failed,
        }
    }
    if unsettled {
        Sent::Unsettled
    } else {
        Sent::All
    }
}

/// Sends what is left of one stay, beat by beat.
async fn send(journal: &Journal, api: &Api, stay: &LeftStay) -> Sent {
    let record = &stay.record;
    while let Some(left) = journal.left_of(stay.id).filter(|left| !left.is_empty()) {
        let request = left.heartbeat(&record.session_id, journal.goes_on(record));
        match api.heartbeat(&request).await {
            Ok(response) => {
                journal.settle(stay.id, &request, &response);
                let now = journal.left_of(stay.id).unwrap_or_default();
                if now == left {
                    return Sent::Unsettled;
                }
                let ms = left.watched.difference(&now.watched).measure_ms();
                tracing::info!(
                    session = record.session_id,
                    ms,
                    "watch time of an earlier stay is settled"
                );
            }
            Err(ApiError::SignedOut) => return Sent::SignedOut,
            Err(error) if is_final(&error) => {
                tracing::warn!(session = record.session_id, %error, "watch time of an earlier stay is refused");
                journal.refuse(stay.id, &error.to_string());
                return Sent::All;
            }
            Err(error) => {
                tracing::info!(%error, "watch time of an earlier stay waits");
                return Sent::Failed;
            }
        }
    }
    Sent::All
}

/// Whether a server has understood and will never take it. A status without the code
/// that this API has may come from something in between.
fn is_final(error: &ApiError) -> bool {
    match error {
        ApiError::Refused { status, code, .. } => {
            (400..500).contains(status)
                && !matches!(status, 401 | 408 | 425 | 429)
                && !code.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_api_is_final() {
        let refused = |status, code: &str| ApiError::Refused {
            status,
            code: code.to_owned(),
            message: String::new(),
        };
        assert!(is_final(&refused(404, "session_not_found")));
        assert!(is_final(&refused(403, "not_a_participant")));
        for later in [
            refused(404, ""),
            refused(429, "rate_limited"),
            refused(503, "unavailable"),
            ApiError::TimedOut,
            ApiError::SignedOut,
        ] {
            assert!(!is_final(&later), "{later}");
        }
    }
}
