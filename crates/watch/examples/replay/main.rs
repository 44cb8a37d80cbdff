//! Replays a recording of signals and prints what counted, as one JSON object.
//!
//! `cargo run -p kulti-watch --example replay -- [--idle-limit-s N] [--away-grace-s N]
//! [--reconnect-grace-s N] FILE` (`-` is standard input).
//!
//! A recording is JSON lines in the order of `at_ms`, like
//! `{"at_ms":0,"signal":"joined"}`. A line that is older than one before it is late
//! and changes nothing (with a word on standard error); after `end` nothing does.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod by_hand;
mod recording;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, BufReader, Write},
    process::ExitCode,
};

use kulti_watch::Policy;

use recording::{Failure, replay};

const USAGE: &str = "usage: replay [--idle-limit-s N] [--away-grace-s N] \
                     [--reconnect-grace-s N] FILE   (- is standard input)";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
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
            .filter(|ms| *ms <= recording::LARGEST_MS)
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
