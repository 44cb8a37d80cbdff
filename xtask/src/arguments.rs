//! The command line.

use anyhow::{Result, bail};

/// What `help` prints.
pub(crate) const USAGE: &str = "\
Usage: ./kulti COMMAND [OPTIONS]        (on Windows: cargo xtask COMMAND [OPTIONS])

Commands:
  run [--demo] [--release] [-- APP_ARGS]
                 install what is missing, build, and start the app
                 --demo      host a session at once, with 24 lively bots
                 --release   optimised: slower to build
  test [--only rust|ui] [-- CARGO_TEST_ARGS]
                 the same set-up, then all tests: Rust, UI, whole system
  bench [watch|fanout|join-storm|idle|stack|database|app] [BENCH_OPTIONS]
                 measure server, clients and app, beside raw TCP, tungstenite and
                 Socket.IO in the same run; keeps target/bench/report.md
  soak [--app headless|desktop] [--kills 200] [--seed N]
                 kill the app (headless, or in its window), the server and both at random moments, on a bad
                 network, and compare the ledger with the truth
  lint           formatting, Clippy, documentation, types and style of the UI
  bundle         installers for this system, in target/release/bundle
  help           this text

Options:
  --yes, -y      answer every question with yes (as with CI=true in the environment)";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print the usage.
    Help,
    /// Build and start the app.
    Run,
    /// Run all tests.
    Test,
    /// Measure.
    Bench,
    /// Kill at random moments, and compare the ledger with the truth.
    Soak,
    /// Run all static checks.
    Lint,
    /// Make installers.
    Bundle,
}

/// One of the two halves of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// Cargo's tests: the crates and the whole system.
    Rust,
    /// The UI's checks and tests.
    Ui,
}

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// What to do.
    pub(crate) command: Command,
    /// Every question is answered with yes.
    pub(crate) yes: bool,
    /// `run`: host a demo session.
    pub(crate) demo: bool,
    /// `run`: build with optimisation.
    pub(crate) release: bool,
    /// `test`: run only this half.
    pub(crate) only: Option<Half>,
    /// Handed on: what stood after `--` to the app or to `cargo test`; all that
    /// is not ours to the benchmarks and the soak.
    pub(crate) rest: Vec<String>,
}

impl Arguments {
    /// Reads a command line (without the program's name).
    ///
    /// # Errors
    /// When a word is unknown, or does not belong to the command.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut words = words.into_iter();
        let command = match words.next().as_deref() {
            None | Some("help" | "--help" | "-h") => Command::Help,
            Some("run") => Command::Run,
            Some("test") => Command::Test,
            Some("bench") => Command::Bench,
            Some("soak") => Command::Soak,
            Some("lint") => Command::Lint,
            Some("bundle") => Command::Bundle,
            Some(other) => bail!("unknown command '{other}'\n\n{USAGE}"),
        };
        let mut arguments = Self {
            command,
            yes: false,
            demo: false,
            release: false,
            only: None,
            rest: Vec::new(),
        };
        while let Some(word) = words.next() {
            match (word.as_str(), command) {
                ("--yes" | "-y", _) => arguments.yes = true,
                (_, Command::Bench | Command::Soak) => arguments.rest.push(word),
                ("--help" | "-h", _) => arguments.command = Command::Help,
                ("--demo", Command::Run) => arguments.demo = true,
                ("--release", Command::Run) => arguments.release = true,
                ("--only", Command::Test) => {
                    arguments.only = Some(match words.next().as_deref() {
                        Some("rust") => Half::Rust,
                        Some("ui") => Half::Ui,
                        _ => bail!("--only needs 'rust' or 'ui' after it"),
                    });
                }
                ("--", Command::Run | Command::Test) => arguments.rest = words.by_ref().collect(),
                (other, _) => bail!("unknown option '{other}' here\n\n{USAGE}"),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_go_with_their_command() {
        let run = parse("run --demo --yes -- --hidden --yes").unwrap();
        assert!(run.demo && run.yes && !run.release);
        assert_eq!(run.rest, ["--hidden", "--yes"]);
        assert_eq!(parse("test --only ui").unwrap().only, Some(Half::Ui));
        let bench = parse("bench fanout --yes --seconds 4").unwrap();
        assert!(bench.yes);
        assert_eq!(bench.rest, ["fanout", "--seconds", "4"]);
        let soak = parse("soak --kills 3 -y --seed 7").unwrap();
        assert!(soak.yes);
        assert_eq!(soak.rest, ["--kills", "3", "--seed", "7"]);
        assert!(parse("test --demo").is_err());
        assert!(parse("lint -- x").is_err());
    }

    #[test]
    fn unknown_words_are_named() {
        assert!(format!("{:#}", parse("rum").unwrap_err()).contains("'rum'"));
        assert!(format!("{:#}", parse("run --dmeo").unwrap_err()).contains("'--dmeo'"));
        assert!(parse("test --only").is_err());
    }

    #[test]
    fn help_wins_wherever_it_stands() {
        assert_eq!(parse("").unwrap().command, Command::Help);
        assert_eq!(parse("run --help").unwrap().command, Command::Help);
    }
}
