//! A recording of signals: its lines, and what comes of them.

use std::{
    fmt,
    io::{self, BufRead},
};

use kulti_watch::{Excluded, Policy, Presence, Reason, Signal, WatchTimer};
use serde::{Deserialize, Serialize};

/// Server times of a recording may lie before 1970, those of the timer may not: they
/// are moved by this much on the way in, and back on the way out.
const EPOCH_SHIFT_MS: i64 = 1 << 60;

/// Times up to this are exact in JSON everywhere (2^53), and far from any overflow.
pub(crate) const LARGEST_MS: u64 = 1 << 53;

#[derive(Deserialize)]
struct Line {
    at_ms: u64,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Deserialize)]
#[serde(tag = "signal", rename_all = "snake_case")]
enum Entry {
    Joined,
    Left,
    WindowVisible,
    WindowHidden,
    Locked,
    Unlocked,
    Suspended,
    Resumed,
    Slept { for_ms: u64 },
    Input,
    Act,
    IdleUnknown,
    IdleKnown,
    PromptShown,
    PromptAnswered,
    ConnectionLost,
    ConnectionRestored,
    ClockOffset { offset_ms: i64 },
    End,
}

impl Entry {
    /// The signal; none for `end`.
    fn signal(self) -> Option<Signal> {
        Some(match self {
            Self::Joined => Signal::Joined,
            Self::Left => Signal::Left,
            Self::WindowVisible => Signal::WindowVisible,
            Self::WindowHidden => Signal::WindowHidden,
            Self::Locked => Signal::Locked,
            Self::Unlocked => Signal::Unlocked,
            Self::Suspended => Signal::Suspended,
            Self::Resumed => Signal::Resumed,
            Self::Slept { for_ms } => Signal::Slept { for_ms },
            Self::Input => Signal::Input,
            Self::Act => Signal::Act,
            Self::IdleUnknown => Signal::IdleUnknown,
            Self::IdleKnown => Signal::IdleKnown,
            Self::PromptShown => Signal::PromptShown,
            Self::PromptAnswered => Signal::PromptAnswered,
            Self::ConnectionLost => Signal::ConnectionLost,
            Self::ConnectionRestored => Signal::ConnectionRestored,
            Self::ClockOffset { offset_ms } => Signal::ClockOffset {
                offset_ms: offset_ms + EPOCH_SHIFT_MS,
            },
            Self::End => return None,
        })
    }
}

/// What a recording comes to. Times are server time in ms.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Output {
    pub(crate) active_ms: u64,
    pub(crate) intervals: Vec<(i64, i64)>,
    pub(crate) excluded: Vec<(i64, i64, Reason)>,
    pub(crate) presence: Vec<(i64, Presence)>,
}

/// A line that is not part of a recording, or comes too late in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Counts from 1.
    pub(crate) number: usize,
    pub(crate) why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.why)
    }
}

/// Why a recording could not be replayed.
#[derive(Debug)]
pub(crate) enum Failure {
    Unreadable(io::Error),
    Refused(BadLine),
}

fn parse(line: &[u8]) -> Result<Line, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        let (column, words) = (error.column(), error.to_string());
        let what = words
            .rsplit_once(" at line ")
            .map_or(&*words, |(what, _)| what);
        format!("{what} (column {column})")
    })?;
    if line.at_ms > LARGEST_MS {
        return Err(format!("`at_ms` is above {LARGEST_MS}"));
    }
    if let Entry::ClockOffset { offset_ms } = line.entry
        && offset_ms.unsigned_abs() > LARGEST_MS
    {
        return Err(format!("`offset_ms` is above {LARGEST_MS}"));
    }
    Ok(line)
}

/// Replays a recording. Late lines are told to `warn`.
pub(crate) fn replay(
    recording: impl BufRead,
    policy: Policy,
    mut warn: impl FnMut(BadLine),
) -> Result<Output, Failure> {
    let mut timer = WatchTimer::new(policy);
    timer.handle(
        0,
        Signal::ClockOffset {
            offset_ms: EPOCH_SHIFT_MS,
        },
    );
    let mut newest_ms = 0;
    let mut ended = false;
    for (number, text) in (1..).zip(recording.split(b'\n')) {
        let text = text.map_err(Failure::Unreadable)?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let Line { at_ms, entry } =
            parse(&text).map_err(|why| Failure::Refused(BadLine { number, why }))?;
        if ended {
            continue;
        }
        if at_ms < newest_ms {
            let why = format!("{at_ms} ms is before {newest_ms} ms: late, so it changes nothing");
            warn(BadLine { number, why });
            continue;
        }
        newest_ms = at_ms;
        let signal = entry.signal();
        ended = signal.is_none();
        timer.handle(at_ms, signal.unwrap_or(Signal::Left));
    }
    // A recording that breaks off tells of nothing after its last line.
    timer.handle(newest_ms, Signal::Left);
    Ok(output(&timer, newest_ms))
}

fn output(timer: &WatchTimer, end_ms: u64) -> Output {
    let shift_back =
        |ms: u64| i64::try_from(i128::from(ms) - i128::from(EPOCH_SHIFT_MS)).unwrap_or(i64::MAX);
    let report = timer.report(end_ms);
    Output {
        active_ms: report.active_ms,
        intervals: report
            .intervals
            .iter()
            .map(|(start, end)| (shift_back(start), shift_back(end)))
            .collect(),
        excluded: report
            .excluded
            .into_iter()
            .map(|Excluded { start, end, reason }| (shift_back(start), shift_back(end), reason))
            .collect(),
        presence: report
            .presence
            .into_iter()
            .map(|(at, presence)| (shift_back(at), presence))
            .collect(),
    }
}
