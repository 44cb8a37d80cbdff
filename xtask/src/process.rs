//! Starting other programs.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::progress::Meter;

/// How much of a failed program's output is shown.
const LINES_SHOWN: usize = 40;
const POLL_EVERY: Duration = Duration::from_millis(100);

/// Runs a program whose output the person sees directly.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| not_started(command))?;
    check(command, status)
}

/// Runs a program whose output only matters when it fails; it is kept in `log`.
///
/// # Errors
/// When it cannot be started or fails: then with the end of its output.
pub(crate) fn run_quietly(command: &mut Command, log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let file = File::create(log).with_context(|| format!("writing {}", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| not_started(command))?;
    let mut meter = Meter::new();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        meter.show("still at it");
        std::thread::sleep(POLL_EVERY);
    };
    meter.finish();
    if !status.success() {
        let output = fs::read(log).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        bail!(
            "{}\n'{}' failed ({status})",
            last_lines(&output),
            shown(command)
        );
    }
    Ok(())
}

/// The first line that a program prints, or nothing if it is missing or fails.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

/// The end of a long output, for an error message.
pub(crate) fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    lines[from..].join("\n")
}

/// Turns a failure of `command` into an error that names it.
///
/// # Errors
/// When `status` is not success.
pub(crate) fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("'{}' failed ({status})", shown(command));
    }
    Ok(())
}

/// A command as one would type it: program name and arguments.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn not_started(command: &Command) -> String {
    format!("cannot start '{}'", command.get_program().to_string_lossy())
}
