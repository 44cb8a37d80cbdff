//! Requests on their way: matched by id, at least once where that does no harm.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{self, RpcError};
use rand::{Rng, rngs::StdRng};
use serde::Serialize;
use serde_json::Value;

/// How often a request is sent in all while the server answers 429 or 5xx. The SDK's figure.
const TRIES: u32 = 3;
/// A request without an answer for this long is given up. The server answers everything.
const ANSWER_LIMIT_MS: u64 = 30_000;
/// A request that could not be sent for this long is given up, so that what a person
/// did is not done a long time after they have forgotten it.
const QUEUE_LIMIT_MS: u64 = 60_000;
/// How many requests may be on their way; more are refused.
const LIMIT: usize = 1_000;

/// The code of requests that the loss of the connection has cut off, as the SDK has it.
pub(super) const CODE_CONNECTION_LOST: u16 = 1003;

/// What happens to a request when the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterLoss {
    /// It fails; it belonged to that connection.
    Fail,
    /// It is sent again in the next one. It may then happen twice.
    Repeat,
}

#[derive(Debug)]
enum Progress {
    Queued,
    Sent { at: u64 },
    Again { at: u64 },
}

#[derive(Debug)]
struct Pending<P> {
    purpose: P,
    id: String,
    method: &'static str,
    params: Value,
    after_loss: AfterLoss,
    tries: u32,
    made_at: u64,
    progress: Progress,
}

/// Requests that have no outcome yet; `P` says what each was for.
#[derive(Debug)]
pub(super) struct Requests<P> {
    pending: BTreeMap<u64, Pending<P>>,
    next: u64,
}

/// How a request came out.
pub(super) type Outcome<P> = (P, Result<Value, RpcError>);

impl<P> Requests<P> {
    pub(super) fn new() -> Self {
        Self {
            pending: BTreeMap::new(),
            next: 0,
        }
    }

    /// Adds a request. [`Self::flush`] sends it.
    ///
    /// # Errors
    /// The purpose comes back if there are too many already.
    pub(super) fn push(
        &mut self,
        purpose: P,
        method: &'static str,
        params: impl Serialize,
        after_loss: AfterLoss,
        now: u64,
    ) -> Result<(), P> {
        let Ok(params) = serde_json::to_value(params) else {
            return Err(purpose);
        };
        if self.pending.len() >= LIMIT {
            return Err(purpose);
        }
        self.next += 1;
        let pending = Pending {
            purpose,
            id: String::new(),
            method,
            params,
            after_loss,
            tries: 0,
            made_at: now,
            progress: Progress::Queued,
        };
        self.pending.insert(self.next, pending);
        Ok(())
    }

    /// The frames to send now. `may_send` says for which purposes the connection is ready.
    pub(super) fn flush(
        &mut self,
        now: u64,
        rng: &mut StdRng,
        may_send: impl Fn(&P) -> bool,
    ) -> Vec<String> {
        let mut frames = Vec::new();
        for pending in self.pending.values_mut() {
            let ready = match pending.progress {
                Progress::Queued => true,
                Progress::Again { at } => now >= at,
                Progress::Sent { .. } => false,
            };
            if !ready || !may_send(&pending.purpose) {
                continue;
            }
            pending.id = fresh_id(rng);
            if let Ok(frame) = signalling::request(&pending.id, pending.method, &pending.params) {
                frames.push(frame);
            }
            pending.tries += 1;
            pending.progress = Progress::Sent { at: now };
        }
        frames
    }

    /// Takes an answer. `None` if nobody waits for it, or if the request will be tried again.
    pub(super) fn answered(
        &mut self,
        id: &str,
        result: Result<Value, RpcError>,
        now: u64,
        rng: &mut StdRng,
    ) -> Option<Outcome<P>> {
        let (&key, pending) = self.pending.iter_mut().find(|(_, pending)| {
            pending.id == id && matches!(pending.progress, Progress::Sent { .. })
        })?;
        if result.as_ref().is_err_and(RpcError::is_temporary) && pending.tries < TRIES {
            let at = now + rng.random_range(2_000..4_000);
            pending.progress = Progress::Again { at };
            return None;
        }
        let pending = self.pending.remove(&key)?;
        Some((pending.purpose, result))
    }

    /// The connection is lost: gives the requests that fail with it.
    pub(super) fn connection_lost(&mut self) -> Vec<Outcome<P>> {
        for pending in self.pending.values_mut() {
            pending.tries = 0;
            pending.progress = Progress::Queued;
        }
        self.take(
            |pending| pending.after_loss == AfterLoss::Fail,
            &RpcError::new(CODE_CONNECTION_LOST, "The connection was lost."),
        )
    }

    /// Gives the requests that have waited for too long.
    pub(super) fn expired(&mut self, now: u64) -> Vec<Outcome<P>> {
        self.take(
            |pending| now >= pending.gives_up_at(),
            &RpcError::new(CODE_CONNECTION_LOST, "The server did not answer in time."),
        )
    }

    fn take(&mut self, which: impl Fn(&Pending<P>) -> bool, error: &RpcError) -> Vec<Outcome<P>> {
        let keys: Vec<u64> = self
            .pending
            .iter()
            .filter(|(_, pending)| which(pending))
            .map(|(&key, _)| key)
            .collect();
        keys.iter()
            .filter_map(|key| self.pending.remove(key))
            .map(|pending| (pending.purpose, Err(error.clone())))
            .collect()
    }

    /// When [`Self::flush`] or [`Self::expired`] have something to do.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.pending
            .values()
            .map(|pending| match pending.progress {
                Progress::Again { at } => at.min(pending.gives_up_at()),
                _ => pending.gives_up_at(),
            })
            .min()
    }

    /// Whether a request for such a purpose has no outcome yet.
    pub(super) fn any(&self, which: impl Fn(&P) -> bool) -> bool {
        self.pending.values().any(|pending| which(&pending.purpose))
    }
}

impl<P> Pending<P> {
    fn gives_up_at(&self) -> u64 {
        match self.progress {
            Progress::Sent { at } => at + ANSWER_LIMIT_MS,
            Progress::Queued | Progress::Again { .. } => self.made_at + QUEUE_LIMIT_MS,
        }
    }
}

/// A UUID, as the SDK's request ids are.
fn fresh_id(rng: &mut StdRng) -> String {
    uuid::Builder::from_random_bytes(rng.random())
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand::SeedableRng;
    use serde_json::json;

    use super::*;

    fn id_of(frame: &str) -> String {
        let frame: Value = serde_json::from_str(frame).unwrap();
        frame["id"].as_str().unwrap().to_owned()
    }

    fn one(after_loss: AfterLoss) -> (Requests<&'static str>, StdRng, String) {
        let mut requests = Requests::new();
        let mut rng = StdRng::seed_from_u64(7);
        requests
            .push("act", "group-join", json!({"name": "g"}), after_loss, 0)
            .unwrap();
        let frames = requests.flush(0, &mut rng, |_| true);
        assert_eq!(frames.len(), 1);
        let id = id_of(&frames[0]);
        (requests, rng, id)
    }

    #[test]
    fn an_answer_finds_its_request_once() {
        let (mut requests, mut rng, id) = one(AfterLoss::Fail);
        assert!(
            requests
                .answered("other", Ok(json!({})), 5, &mut rng)
                .is_none()
        );
        let (purpose, result) = requests
            .answered(&id, Ok(json!({"a": 1})), 5, &mut rng)
            .unwrap();
        assert_eq!((purpose, result.unwrap()), ("act", json!({"a": 1})));
        assert!(
            requests.answered(&id, Ok(json!({})), 6, &mut rng).is_none(),
            "a second answer is nobody's"
        );
    }

    #[test]
    fn temporary_errors_are_tried_three_times_in_all() {
        let (mut requests, mut rng, mut id) = one(AfterLoss::Fail);
        let mut now = 0;
        for _ in 0..2 {
            let busy = Err(RpcError::new(503, "busy"));
            assert!(requests.answered(&id, busy, now, &mut rng).is_none());
            let again = requests.deadline().unwrap();
            assert!(
                (now + 2_000..now + 4_000).contains(&again),
                "2 to 4 s apart"
            );
            assert!(requests.flush(again - 1, &mut rng, |_| true).is_empty());
            now = again;
            let frames = requests.flush(now, &mut rng, |_| true);
            let next = id_of(&frames[0]);
            assert_ne!(next, id, "each try has its own id");
            id = next;
        }
        let (_, result) = requests
            .answered(&id, Err(RpcError::new(503, "busy")), now, &mut rng)
            .unwrap();
        assert_eq!(result.unwrap_err().code, 503);
    }

    #[test]
    fn permanent_errors_are_not_tried_again() {
        let (mut requests, mut rng, id) = one(AfterLoss::Repeat);
        let (_, result) = requests
            .answered(&id, Err(RpcError::new(403, "no")), 1, &mut rng)
            .unwrap();
        assert_eq!(result.unwrap_err().code, 403);
    }

    #[test]
    fn a_loss_fails_some_and_repeats_others() {
        let (mut requests, _, _) = one(AfterLoss::Fail);
        assert_eq!(requests.connection_lost().len(), 1);

        let (mut requests, mut rng, old) = one(AfterLoss::Repeat);
        assert!(requests.connection_lost().is_empty());
        assert!(
            requests.flush(10, &mut rng, |_| false).is_empty(),
            "not before the room is there"
        );
        let frames = requests.flush(20, &mut rng, |_| true);
        assert_ne!(id_of(&frames[0]), old);
        assert!(
            requests
                .answered(&old, Ok(json!({})), 30, &mut rng)
                .is_none(),
            "the old id is dead"
        );
    }

    #[test]
    fn nothing_waits_for_ever() {
        let (mut requests, _, _) = one(AfterLoss::Repeat);
        assert!(requests.expired(29_999).is_empty());
        assert_eq!(requests.expired(30_000).len(), 1, "sent and never answered");

        let mut requests = Requests::new();
        requests
            .push((), "broadcast", json!({}), AfterLoss::Repeat, 0)
            .unwrap();
        assert!(requests.expired(59_999).is_empty());
        assert_eq!(requests.expired(60_000).len(), 1, "never sent");
    }
}
