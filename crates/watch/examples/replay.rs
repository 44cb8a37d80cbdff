//! Replays a recording of signals and prints what counted, as one JSON object.
//!
//! `cargo run -p kulti-watch --example replay -- [--idle-limit-s N] [--away-grace-s N]
//! [--reconnect-grace-s N] FILE` (`-` is standard input).
//!
//! A recording is JSON lines in the order of `at_ms`, like
//! `{"at_ms":0,"signal":"joined"}`. A line that is older than one before it is late
//! and changes nothing (with a word on standard error); after `end` nothing does.

use std::{
    fmt, fs,
    io::{self, BufRead, BufReader, Write},
    process::ExitCode,
};

use kulti_watch::{Excluded, IntervalSet, Policy, Presence, Reason, Signal, WatchTimer};
use serde::{Deserialize, Serialize};

const USAGE: &str = "usage: replay [--idle-limit-s N] [--away-grace-s N] \
                     [--reconnect-grace-s N] FILE   (- is standard input)";

/// Server times of a recording may lie before 1970, those of the timer may not: they
/// are moved by this much on the way in, and back on the way out.
const EPOCH_SHIFT_MS: i64 = 1 << 60;

/// Times up to this are exact in JSON everywhere (2^53), and far from any overflow.
const LARGEST_MS: u64 = 1 << 53;

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

#[derive(Serialize)]
struct Output {
    active_ms: u64,
    intervals: Vec<(i64, i64)>,
    excluded: Vec<(i64, i64, Reason)>,
    presence: Vec<(i64, Presence)>,
}

/// A line that is not part of a recording.
struct BadLine {
    number: usize,
    why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.why)
    }
}

enum Failure {
    Unreadable(io::Error),
    Refused(BadLine),
}

fn parse(line: &[u8]) -> Result<Line, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
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

fn replay(
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
    let intervals: &IntervalSet = &report.intervals;
    Output {
        active_ms: report.active_ms,
        intervals: intervals
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

/// What the command line asks for.
struct Arguments {
    policy: Policy,
    file: String,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut policy = Policy::default();
    let mut file = None;
    while let Some(argument) = given.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (argument.as_str(), None),
        };
        let limit = match name {
            "--idle-limit-s" => &mut policy.idle_limit_ms,
            "--away-grace-s" => &mut policy.away_grace_ms,
            "--reconnect-grace-s" => &mut policy.reconnect_grace_ms,
            _ if name.starts_with('-') && name != "-" => {
                return Err(format!("unknown option {name}"));
            }
            _ if file.is_some() => return Err("more than one FILE".to_owned()),
            _ => {
                file = Some(argument);
                continue;
            }
        };
        let seconds = inline
            .or_else(|| given.next())
            .ok_or_else(|| format!("{name} needs a number of seconds"))?;
        *limit = seconds
            .parse::<u64>()
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000))
            .filter(|ms| *ms <= LARGEST_MS)
            .ok_or_else(|| format!("{name}: {seconds} is not a number of seconds"))?;
    }
    let file = file.ok_or("no FILE")?;
    Ok(Arguments { policy, file })
}

fn run() -> Result<(), String> {
    let Arguments { policy, file } =
        arguments(std::env::args().skip(1)).map_err(|why| format!("{why}\n{USAGE}"))?;
    let warn = |warning| complain(&format!("{file}: {warning}"));
    let result = if file == "-" {
        replay(io::stdin().lock(), policy, warn)
    } else {
        fs::File::open(&file)
            .map_err(Failure::Unreadable)
            .and_then(|opened| replay(BufReader::new(opened), policy, warn))
    };
    let output = result.map_err(|failure| match failure {
        Failure::Unreadable(error) => format!("{file}: {error}"),
        Failure::Refused(line) => format!("{file}: {line}"),
    })?;
    let mut json = serde_json::to_string(&output).map_err(|error| error.to_string())?;
    json.push('\n');
    io::stdout()
        .write_all(json.as_bytes())
        .map_err(|error| format!("standard output: {error}"))
}

/// Tells the person on standard error; there is no one to tell if that fails.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "replay: {what}");
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}
