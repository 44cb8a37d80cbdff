//! How a session goes, for its hosts, and the file that they can take of it.

use kulti_protocol::api::{InsightsResponse, SessionStatus};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{App, downloads, insights_csv, model::CommandError};

/// How a session goes or went: sums over everybody, never a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Insights {
    /// The session's id.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// Whether it goes on.
    pub live: bool,
    /// When it started, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// Now, or its end, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub until_ms: u64,
    /// How many are in the room, hosts included; 0 after the end.
    pub here: u32,
    /// How many of them watch.
    pub active: u32,
    /// The most that watched at once.
    pub peak: Option<ActivePeak>,
    /// Everyone who joined, but for the host.
    pub people: u32,
    /// The mean of their active time; none while it would be one person's.
    #[specta(type = Option<u32>)] // a JavaScript number
    pub average_active_ms: Option<u64>,
    /// The median of it, likewise.
    #[specta(type = Option<u32>)] // a JavaScript number
    pub median_active_ms: Option<u64>,
    /// How many of them watched for how long; none for a small audience.
    pub spread: Option<Spread>,
    /// How the polls were answered, oldest first.
    pub polls: Vec<PollAnswers>,
    /// How many hands are up.
    pub hands_up: u32,
    /// Chat messages of everybody.
    #[specta(type = u32)] // a JavaScript number
    pub messages: u64,
    /// How many people wrote them.
    pub writers: u32,
    /// How it went over time.
    pub series: Series,
}

/// The most that watched at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ActivePeak {
    /// How many.
    pub active: u32,
    /// Since when, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub at_ms: u64,
}

/// How many watched for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// How wide each class is; the last one takes all that is longer, too.
    #[specta(type = u32)] // a JavaScript number
    pub step_ms: u64,
    /// People in each class, from no time on.
    pub people: Vec<u32>,
}

/// How one poll was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollAnswers {
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

/// Columns of equal length, one value for each stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// When the first stretch starts, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// How long each stretch is.
    #[specta(type = u32)] // a JavaScript number
    pub step_ms: u64,
    /// How many were in the room, on average.
    pub here: Vec<u32>,
    /// How many of them watched, on average.
    pub active: Vec<u32>,
    /// Chat messages.
    pub messages: Vec<u32>,
    /// People who came.
    pub arrivals: Vec<u32>,
    /// People who went.
    pub departures: Vec<u32>,
}

impl App {
    /// How a session goes or went that I hosted.
    ///
    /// # Errors
    /// As [`Self::session_books`]; [`super::model::ErrorCode::Refused`] for those who are
    /// no hosts of it.
    pub async fn insights(&self, session_id: &str) -> Result<Insights, CommandError> {
        let api = self.api_of(session_id).await?;
        Ok(insights(api.insights(session_id).await?))
    }

    /// Saves that as CSV into the downloads folder; gives the file's path.
    ///
    /// # Errors
    /// As [`Self::insights`]; [`super::model::ErrorCode::Local`] if the file cannot be
    /// written.
    pub async fn save_insights(&self, session_id: &str) -> Result<String, CommandError> {
        let api = self.api_of(session_id).await?;
        let told = api.insights(session_id).await?;
        let name = downloads::file_name("insights", &told.title, told.started_at);
        let folders = [&self.config.downloads_dir, &self.config.data_dir];
        let csv = insights_csv::csv(&told);
        let path = downloads::save(&name, "csv", csv.as_bytes(), folders)
            .map_err(|error| CommandError::local("the insights cannot be saved", &error))?;
        Ok(path.display().to_string())
    }
}

fn insights(told: InsightsResponse) -> Insights {
    Insights {
        session_id: told.session_id,
        title: told.title,
        live: told.status == SessionStatus::Live,
        started_at_ms: told.started_at,
        until_ms: told.until,
        here: told.here,
        active: told.active,
        peak: told.peak.map(|peak| ActivePeak {
            active: peak.active,
            at_ms: peak.at,
        }),
        people: told.watch_time.people,
        average_active_ms: told.watch_time.average_active_ms,
        median_active_ms: told.watch_time.median_active_ms,
        spread: told.watch_time.spread.map(|spread| Spread {
            step_ms: spread.step_ms,
            people: spread.people,
        }),
        polls: told
            .polls
            .into_iter()
            .map(|poll| PollAnswers {
                poll_id: poll.poll_id,
                title: poll.title,
                running: poll.running,
                answered: poll.answered,
                asked: poll.asked,
            })
            .collect(),
        hands_up: told.hands_up,
        messages: told.messages,
        writers: told.writers,
        series: Series {
            started_at_ms: told.series.started_at,
            step_ms: told.series.step_ms,
            here: told.series.here,
            active: told.series.active,
            messages: told.series.messages,
            arrivals: told.series.arrivals,
            departures: told.series.departures,
        },
    }
}
