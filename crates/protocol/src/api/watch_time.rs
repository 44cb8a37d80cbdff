//! Watch time: the policy, the heartbeat that reports it, and the books on it.

use serde::{Deserialize, Serialize};

use super::{SessionStatus, Transaction};
use crate::lenient::null_as_default;

/// Limits and grace periods of watch time, set by the session (design: "Watch time").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "PartialWatchPolicy")]
pub struct WatchPolicy {
    /// Without evidence of a person for this long, time stops counting.
    pub idle_limit_ms: u64,
    /// Not watching for this long makes a participant inactive for the others.
    pub away_grace_ms: u64,
    /// A loss of connection shorter than this counts.
    pub reconnect_grace_ms: u64,
}

/// A policy as it may be written: what it leaves open is the default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartialWatchPolicy {
    idle_limit_ms: Option<u64>,
    away_grace_ms: Option<u64>,
    reconnect_grace_ms: Option<u64>,
}

impl From<PartialWatchPolicy> for WatchPolicy {
    fn from(partial: PartialWatchPolicy) -> Self {
        let default = Self::default();
        Self {
            idle_limit_ms: partial.idle_limit_ms.unwrap_or(default.idle_limit_ms),
            away_grace_ms: partial.away_grace_ms.unwrap_or(default.away_grace_ms),
            reconnect_grace_ms: partial
                .reconnect_grace_ms
                .unwrap_or(default.reconnect_grace_ms),
        }
    }
}

impl Default for WatchPolicy {
    fn default() -> Self {
        Self {
            idle_limit_ms: 15 * 60 * 1_000,
            away_grace_ms: 30 * 1_000,
            reconnect_grace_ms: 30 * 1_000,
        }
    }
}

/// A half-open stretch `[start, end)`, ms of server time.
pub type Interval = [i64; 2];

/// `POST /api/analytics/heartbeat`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatRequest {
    /// Which session.
    pub session_id: String,
    /// Whether the person watches right now.
    pub is_active: bool,
    /// Active stretches that the server has not acknowledged yet. Without them the
    /// endpoint behaves like the web product's: time passes while `isActive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Vec<Interval>>,
    /// Stretches that did not count, and why: for the person's own books. They change
    /// no amount, and one that comes twice changes nothing. `not_reported`,
    /// `not_vouched_for` and `cap` are the ledger's own words: it takes them from nobody.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub excluded: Vec<ExcludedInterval>,
}

/// A half-open stretch that did not count, `[start, end, "reason"]`, ms of server time.
pub type ExcludedInterval = (i64, i64, Exclusion);

/// Why a stretch did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The machine slept.
    Asleep,
    /// The screen was locked.
    Locked,
    /// The window could not be seen.
    Hidden,
    /// No evidence of a person for too long.
    NobodyThere,
    /// No connection for longer than the grace period.
    ConnectionLost,
    /// The client has reported nothing about it, or not yet.
    NotReported,
    /// Reported as watched, while the server did not see the person connected.
    NotVouchedFor,
    /// More than what counts of one session.
    Cap,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

/// Answer of `POST /api/analytics/heartbeat`. The server waits a moment for the commit;
/// what is not on disk by then is acknowledged by the answer to a later heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatResponse {
    /// Always true.
    pub success: bool,
    /// Active time in this session that the ledger has, whole seconds.
    pub watch_duration_seconds: u64,
    /// Credits for it by today's knowledge.
    pub estimated_credits: u64,
    /// Server time, ms since the epoch.
    pub timestamp: u64,
    /// The stretches of the request that are settled, on disk or refused for good: the
    /// client may forget them. Absent in answers to heartbeats without intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Vec<Interval>>,
}

/// Answer of `GET /api/sessions/{id}/watch`: the caller's own books on a session, as
/// the ledger has them now. `intervals` and `excluded` tile the time from `joinedAt` to
/// `until` exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionWatchResponse {
    /// The session.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// Whether it is over.
    pub status: SessionStatus,
    /// The caller's role: `host`, `presenter` or `viewer`.
    pub role: String,
    /// When the caller joined first, ms since the epoch.
    pub joined_at: u64,
    /// Now, or the session's end, ms since the epoch.
    pub until: u64,
    /// What counts: the measure of `intervals`.
    pub active_ms: u64,
    /// What counted, in order.
    pub intervals: Vec<Interval>,
    /// What did not count and why, in order.
    pub excluded: Vec<ExcludedInterval>,
    /// What that is worth.
    pub credits: SessionCreditsBody,
    /// Milestones that the caller reached with this session; none before its end.
    #[serde(default, deserialize_with = "null_as_default")]
    pub milestones: Vec<Transaction>,
    /// The caller's balance over all sessions.
    pub balance: i64,
    /// How the audience watched, for the host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<AudienceBody>,
}

/// Credits for one session, with the way to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionCreditsBody {
    /// Whole credits.
    pub credits: u64,
    /// Whether they have been paid; else it is what they would be if the session
    /// ended now.
    pub settled: bool,
    /// Every rule in the order of its application.
    pub steps: Vec<CreditStepBody>,
}

/// One line of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditStepBody {
    /// The rule, like `minutes_watched`: the names of `kulti_watch::credits::Rule`.
    pub rule: String,
    /// Whether it changed anything: else a bonus that was not earned.
    pub applied: bool,
    /// The sum after this step in hundredths of a credit.
    pub subtotal_hundredths: u64,
}

/// How the audience of a session watched, without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AudienceBody {
    /// Everyone who joined, but for the host.
    pub people: u32,
    /// Their active time, added up, ms.
    pub active_ms: u64,
    /// The mean of their active time, ms.
    pub average_active_ms: u64,
    /// The median of it, ms.
    pub median_active_ms: u64,
}
