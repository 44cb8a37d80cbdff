//! How a session goes, for its hosts: sums over everybody, never a person.

use serde::{Deserialize, Serialize};

use super::SessionStatus;
use crate::lenient::null_as_default;

/// Answer of `GET /api/sessions/{id}/insights`, for hosts, while the session goes on and
/// after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InsightsResponse {
    /// The session.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// Whether it is over.
    pub status: SessionStatus,
    /// When it started, ms since the epoch.
    pub started_at: u64,
    /// Now, or the session's end, ms since the epoch.
    pub until: u64,
    /// How many are in the room now, hosts included; 0 after the end.
    pub here: u32,
    /// How many of them watch now.
    pub active: u32,
    /// The most that watched at once.
    #[serde(default)]
    pub peak: Option<InsightsPeak>,
    /// How long the audience has watched.
    pub watch_time: WatchTimeInsights,
    /// How the polls were answered, oldest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<PollInsights>,
    /// How many hands are up now.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hands_up: u32,
    /// Chat messages of everybody.
    #[serde(default, deserialize_with = "null_as_default")]
    pub messages: u64,
    /// How many people wrote them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub writers: u32,
    /// How it went over time.
    pub series: InsightsSeries,
}

/// The most that watched at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightsPeak {
    /// How many.
    pub active: u32,
    /// Since when, ms since the epoch.
    pub at: u64,
}

/// How long all but the host have watched, by the ledger. A mean of one person would be
/// that person's time: it takes two for one, and five for a spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchTimeInsights {
    /// Everyone who joined, but for the host.
    pub people: u32,
    /// The mean of their active time, ms.
    #[serde(default)]
    pub average_active_ms: Option<u64>,
    /// The median of it, ms.
    #[serde(default)]
    pub median_active_ms: Option<u64>,
    /// How many watched for how long.
    #[serde(default)]
    pub spread: Option<WatchTimeSpread>,
}

/// How many watched for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchTimeSpread {
    /// How wide each class is, ms: the first one is `[0, stepMs)`, and the last one takes
    /// all that is longer, too.
    pub step_ms: u64,
    /// People in each class.
    pub people: Vec<u32>,
}

/// How one poll was answered. Who answered what is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollInsights {
    /// The poll.
    pub poll_id: String,
    /// What it asks.
    pub title: String,
    /// Whether it runs.
    pub running: bool,
    /// How many have answered.
    pub answered: u32,
    /// How many could have.
    pub asked: u32,
}

/// Columns of equal length, one value for each stretch of time. `here` and `active` are
/// averages of the stretch, the others sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InsightsSeries {
    /// When the first stretch starts, ms since the epoch.
    pub started_at: u64,
    /// How long each stretch is, ms; the last one ends with the session. It doubles when
    /// there would be more than some hundred of them.
    pub step_ms: u64,
    /// How many were in the room.
    pub here: Vec<u32>,
    /// How many of them watched.
    pub active: Vec<u32>,
    /// Chat messages.
    pub messages: Vec<u32>,
    /// People who came.
    pub arrivals: Vec<u32>,
    /// People who went.
    pub departures: Vec<u32>,
}
