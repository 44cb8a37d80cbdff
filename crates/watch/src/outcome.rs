//! What comes out: what counted, what did not and why, and what others see.

use serde::{Deserialize, Serialize};

use crate::IntervalSet;

/// Why time does not count. In order of precedence: where several hold, the first
/// is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The machine slept.
    Asleep,
    /// The screen was locked.
    Locked,
    /// The window could not be seen.
    Hidden,
    /// No evidence of a person for too long.
    NobodyThere,
    /// No connection for longer than the grace period, or it never came back in
    /// this stay.
    ConnectionLost,
}

impl Reason {
    /// All reasons in order of precedence.
    pub const ALL: [Self; 5] = [
        Self::Asleep,
        Self::Locked,
        Self::Hidden,
        Self::NobodyThere,
        Self::ConnectionLost,
    ];
}

/// What other participants see. The connection has no part in it: the server has
/// its own view of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Watching, or away for less than the grace period.
    Active,
    /// Away, or not in the session.
    Inactive,
}

/// A stretch of a stay, `[start_ms, end_ms)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Where it starts.
    pub start_ms: u64,
    /// Where it ends; later than `start_ms`.
    pub end_ms: u64,
    /// Why it did not count; none where it did.
    pub reason: Option<Reason>,
}

/// A stretch that did not count, `[start, end)` in ms of server time. Serialised as
/// `[start,end,"reason"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u64, u64, Reason)", into = "(u64, u64, Reason)")]
pub struct Excluded {
    /// Where it starts.
    pub start: u64,
    /// Where it ends; later than `start`.
    pub end: u64,
    /// Why it did not count.
    pub reason: Reason,
}

impl From<(u64, u64, Reason)> for Excluded {
    fn from((start, end, reason): (u64, u64, Reason)) -> Self {
        Self { start, end, reason }
    }
}

impl From<Excluded> for (u64, u64, Reason) {
    fn from(excluded: Excluded) -> Self {
        (excluded.start, excluded.end, excluded.reason)
    }
}

/// All stays of a timer, as if the one that is going on ended now. Times are server
/// time in ms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The measure of `intervals`.
    pub active_ms: u64,
    /// What counted.
    pub intervals: IntervalSet,
    /// What did not, in order. Together with `intervals` it tiles every stay.
    pub excluded: Vec<Excluded>,
    /// What others saw, from when: for every stay first the state at joining, then
    /// each change.
    pub presence: Vec<(u64, Presence)>,
}

/// The state at one moment. `active_ms`, `unconfirmed_ms` and `elapsed_ms` are of the
/// stay that is going on, else of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Whether a stay is going on.
    pub in_stay: bool,
    /// Whether time counts right now, as far as one can know: while the connection is
    /// lost for less than the grace period, it does.
    pub counting: bool,
    /// Why not. None while counting, and outside of stays.
    pub paused_by: Option<Reason>,
    /// Active time so far, with `unconfirmed_ms`.
    pub active_ms: u64,
    /// The part of `active_ms` since the connection was lost: it counts only if the
    /// connection comes back in time.
    pub unconfirmed_ms: u64,
    /// Time since joining.
    pub elapsed_ms: u64,
    /// What others see.
    pub presence: Presence,
    /// Whether to ask "Still watching?" now: true until it has been shown
    /// ([`Signal::PromptShown`](crate::Signal::PromptShown)) or time stopped.
    pub prompt_due: bool,
    /// Whether "Still watching?" has been shown and waits for an answer.
    pub prompt_open: bool,
    /// Boot time at which nobody will be taken to be there any more, unless there is
    /// new evidence before. None outside of stays and after it passed.
    pub evidence_ends_ms: Option<u64>,
    /// Boot time until which a lost connection can still be bridged. None while it
    /// is up, and when it is too late.
    pub bridge_ends_ms: Option<u64>,
    /// Boot time of the next change without a signal, see
    /// [`WatchTimer::next_deadline_ms`](crate::WatchTimer::next_deadline_ms).
    pub next_deadline_ms: Option<u64>,
}
