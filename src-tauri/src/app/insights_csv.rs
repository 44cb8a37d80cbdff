//! Insights as CSV (RFC 4180), for spreadsheets. Column names are for programs: one word
//! in English, with its unit. Times are UTC.

use kulti_protocol::api::InsightsResponse;

use super::csv::{moment, push_line};

/// The whole file: what holds for the session, the polls, then one line for each stretch
/// of time. A blank line stands between the three.
pub(super) fn csv(told: &InsightsResponse) -> String {
    let mut file = String::new();
    let optional = |ms: Option<u64>| ms.map_or_else(String::new, seconds);
    let facts = [
        ("session", told.title.clone()),
        ("started_at", moment(told.started_at)),
        ("until", moment(told.until)),
        ("people", told.watch_time.people.to_string()),
        (
            "average_watched_seconds",
            optional(told.watch_time.average_active_ms),
        ),
        (
            "median_watched_seconds",
            optional(told.watch_time.median_active_ms),
        ),
        (
            "peak_active",
            told.peak.map_or(0, |peak| peak.active).to_string(),
        ),
        ("messages", told.messages.to_string()),
        ("writers", told.writers.to_string()),
    ];
    for (name, value) in facts {
        push_line(&mut file, &[name, &value]);
    }
    push_line(&mut file, &[]);
    push_line(&mut file, &["poll", "answered", "asked"]);
    for poll in &told.polls {
        let numbers = [poll.answered.to_string(), poll.asked.to_string()];
        push_line(&mut file, &[&poll.title, &numbers[0], &numbers[1]]);
    }
    push_line(&mut file, &[]);
    let series = &told.series;
    let columns = [
        ("active", &series.active),
        ("here", &series.here),
        ("messages", &series.messages),
        ("arrivals", &series.arrivals),
        ("departures", &series.departures),
    ];
    let names = ["from", "until"].into_iter();
    let names: Vec<_> = names.chain(columns.map(|(name, _)| name)).collect();
    push_line(&mut file, &names);
    for row in 0..series.active.len() {
        let start = |row: usize| {
            let passed = series.step_ms.saturating_mul(row as u64);
            series.started_at.saturating_add(passed).min(told.until)
        };
        let times = [moment(start(row)), moment(start(row + 1))].into_iter();
        let numbers = columns.map(|(_, column)| column.get(row).copied().unwrap_or(0).to_string());
        let cells: Vec<_> = times.chain(numbers).collect();
        let cells: Vec<_> = cells.iter().map(String::as_str).collect();
        push_line(&mut file, &cells);
    }
    file
}

/// Seconds to the tenth.
fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use kulti_protocol::api::{PollInsights, SessionStatus};
    use serde_json::json;

    use super::*;

    fn told() -> InsightsResponse {
        serde_json::from_value(json!({
            "sessionId": "s1", "title": "=HYPERLINK(\"http://evil\"), part 2", "status": "ended",
            "startedAt": 1_795_615_320_000_u64, "until": 1_795_615_345_500_u64,
            "here": 0, "active": 0,
            "peak": {"active": 6, "at": 1_795_615_332_000_u64},
            "watchTime": {"people": 6, "averageActiveMs": 15_250, "medianActiveMs": 17_000},
            "polls": [
                {"pollId": "p1", "title": "-2 + 3 = ?", "running": false, "answered": 4, "asked": 6},
                {"pollId": "p2", "title": "Ready?\nReally \"ready\"?", "running": false,
                    "answered": 6, "asked": 6}],
            "handsUp": 0, "messages": 12, "writers": 3,
            "series": {"startedAt": 1_795_615_320_000_u64, "stepMs": 10_000,
                "here": [4, 7, 7], "active": [3, 5, 6], "messages": [2, 0, 10],
                "arrivals": [4, 3, 0], "departures": [0, 0, 1]}
        }))
        .unwrap()
    }

    /// The file as it was looked at and found good. Every departure is on the line of its
    /// own time, and the last line ends with the session.
    #[test]
    fn the_file_is_as_it_was_found_good() {
        let golden = include_str!("insights_csv.golden.csv");
        let expected = golden.replace("\r\n", "\n").replace('\n', "\r\n");
        // A line break within a cell stays as it was.
        let written = csv(&told()).replace("\r\n", "\n").replace('\n', "\r\n");
        assert_eq!(written, expected);
    }

    #[test]
    fn a_session_without_anything_is_a_file_all_the_same() {
        let mut empty = told();
        empty.title = String::new();
        empty.polls = Vec::<PollInsights>::new();
        empty.series = Default::default();
        empty.status = SessionStatus::Live;
        empty.watch_time.average_active_ms = None;
        let file = csv(&empty);
        assert!(file.contains("average_watched_seconds,\r\n"), "{file}");
        assert!(file.ends_with("arrivals,departures\r\n"), "{file}");
    }
}
