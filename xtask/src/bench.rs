//! `bench`: what `kulti-bench` measures, with what it needs beside it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::process::{check, run};
use crate::progress::{note, step};
use crate::run::cargo;
use crate::setup::set_up;
use crate::system_packages::{BENCH, BUILD, RUN, VIRTUAL_DISPLAY};
use crate::ui;
use crate::virtual_display::VirtualDisplay;
use crate::workspace::Workspace;

/// What is measured, and what measures.
const PACKAGES: [&str; 4] = [
    "kulti-desktop",
    "kulti-server",
    "kulti-client",
    "kulti-bench",
];

/// Builds optimised and measures. Absolute times are this machine's.
///
/// # Errors
/// When something is missing, does not build, or a measurement fails.
pub(crate) fn bench(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let packages = [BUILD, RUN, VIRTUAL_DISPLAY, BENCH];
    let node = set_up(workspace, consent, &packages)?;
    ui::install(
        workspace,
        &node,
        &workspace.root.join("crates/bench/socketio"),
        "crates/bench/socketio",
    )?;
    step("Optimised build of app, server and benchmarks", || {
        let mut cargo = cargo(&node)?;
        cargo.args(["build", "--release", "--bins"]);
        cargo.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
        run(cargo.current_dir(&workspace.root))
    })?;
    // The person's own desktop would add its own work, and be in the way.
    let display = if cfg!(target_os = "linux") {
        Some(VirtualDisplay::start().context("there is no virtual display for the app")?)
    } else {
        None
    };
    let mut bench = node.command(workspace.binary("release", "kulti-bench"))?;
    bench.args(&arguments.rest).current_dir(&workspace.root);
    if let Some(display) = &display {
        display.isolate(&mut bench);
    }
    let report = show_and_keep(&mut bench).context("the benchmarks did not finish")?;
    let path = workspace.target.join("bench/report.md");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(&path, report).with_context(|| format!("writing {}", path.display()))?;
    println!();
    note(&format!("This report is also in {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Passes a program's output on as it comes, and gives it back at the end.
fn show_and_keep(command: &mut Command) -> Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the benchmarks")?;
    let mut kept = String::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    check(command, child.wait()?)?;
    Ok(kept)
}
