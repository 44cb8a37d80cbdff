//! The product's milestones, as data.

use serde::{Deserialize, Serialize};

const HOUR_MS: u64 = 3_600_000;

/// What a milestone looks at: a person's total over all sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Sessions attended.
    SessionsAttended,
    /// Active time as a watcher, in ms.
    WatchedMs,
    /// Sessions hosted.
    SessionsHosted,
    /// Active time as a host, in ms.
    HostedMs,
}

/// Something worth credits once in a person's life here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// Its name for ever: the ledger pays each once by it.
    pub id: &'static str,
    /// What it looks at.
    pub measure: Measure,
    /// Reached from this total on.
    pub at_least: u64,
    /// What it pays.
    pub credits: u64,
}

impl Milestone {
    const fn new(id: &'static str, measure: Measure, at_least: u64, credits: u64) -> Self {
        Self {
            id,
            measure,
            at_least,
            credits,
        }
    }

    /// Whether it is reached with this total of its measure.
    #[must_use]
    pub const fn is_reached(&self, total: u64) -> bool {
        total >= self.at_least
    }
}

/// All milestones, for each measure in ascending order.
pub const MILESTONES: [Milestone; 12] = {
    use Measure::{HostedMs, SessionsAttended, SessionsHosted, WatchedMs};
    [
        Milestone::new("first_session", SessionsAttended, 1, 100),
        Milestone::new("sessions_10", SessionsAttended, 10, 500),
        Milestone::new("sessions_50", SessionsAttended, 50, 2_500),
        Milestone::new("sessions_100", SessionsAttended, 100, 10_000),
        Milestone::new("hours_watched_10", WatchedMs, 10 * HOUR_MS, 1_000),
        Milestone::new("hours_watched_50", WatchedMs, 50 * HOUR_MS, 5_000),
        Milestone::new("hours_watched_100", WatchedMs, 100 * HOUR_MS, 15_000),
        Milestone::new("first_stream", SessionsHosted, 1, 200),
        Milestone::new("streams_10", SessionsHosted, 10, 1_000),
        Milestone::new("streams_50", SessionsHosted, 50, 5_000),
        Milestone::new("hours_streamed_10", HostedMs, 10 * HOUR_MS, 2_000),
        Milestone::new("hours_streamed_50", HostedMs, 50 * HOUR_MS, 10_000),
    ]
};
