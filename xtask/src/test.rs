//! `test`: the same set-up as `run`, then everything that can fail.

use std::fs;
use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::arguments::{Arguments, Half};
use crate::consent::Consent;
use crate::node::Node;
use crate::process::run as run_command;
use crate::progress::step;
use crate::run::cargo;
use crate::setup::set_up;
use crate::system_packages::{BUILD, RUN, TEST, VIRTUAL_DISPLAY};
use crate::tally::Tally;
use crate::ui;
use crate::virtual_display::VirtualDisplay;
use crate::workspace::Workspace;

/// Carries it out. The last line says how many tests passed and failed.
///
/// # Errors
/// When the set-up fails; failed tests are told by the exit code.
pub(crate) fn test(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let half = |half| arguments.only.is_none_or(|only| only == half);

    let packages = [BUILD, RUN, VIRTUAL_DISPLAY, TEST];
    let node = set_up(workspace, consent, &packages)?;

    let mut tally = Tally::default();
    if half(Half::Ui) {
        tally += ui_tests(workspace, &node)?;
    }
    if half(Half::Rust) {
        ui::build_sdk_page(workspace, &node)?;
        tally += rust_tests(workspace, &node, &arguments.rest)?;
    }
    println!("\n{tally}");
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Types, style, Vitest, and every page in Chromium. All but Vitest count as one
/// test each.
fn ui_tests(workspace: &Workspace, node: &Node) -> Result<Tally> {
    let mut tally = Tally::default();
    let checks = [
        ("UI: types", "check"),
        ("UI: style", "lint"),
        ("UI: every page in a browser", "test:pages"),
    ];
    for (title, script) in checks {
        let passed = step(title, || {
            run_command(node.npm(&workspace.ui())?.args(["run", "--silent", script]))
        })
        .is_ok();
        tally += Tally::of_check(passed);
    }
    let report = workspace.tools().join("log/vitest.json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let passed = step("UI: tests", || {
        let mut npm = node.npm(&workspace.ui())?;
        npm.args(["run", "--silent", "test", "--"])
            .args(["--reporter=default", "--reporter=json"])
            .arg(format!("--outputFile.json={}", report.display()));
        run_command(&mut npm)
    })
    .is_ok();
    let report = fs::read_to_string(&report).unwrap_or_default();
    tally += Tally::of_vitest_report(&report).with_verdict(passed);
    Ok(tally)
}

/// The crates' tests and the whole-system ones, on a virtual display.
fn rust_tests(workspace: &Workspace, node: &Node, rest: &[String]) -> Result<Tally> {
    let built = step("Build of the tests", || {
        // All targets at once: the whole-system tests start the binaries of the
        // other packages, which `cargo test` alone need not build.
        let mut cargo = cargo(node)?;
        cargo.args(["build", "--workspace", "--all-targets"]);
        run_command(cargo.current_dir(&workspace.root))
    });
    if built.is_err() {
        return Ok(Tally::of_check(false));
    }
    let display = if cfg!(target_os = "linux") {
        Some(VirtualDisplay::start().context("there is no virtual display to test on")?)
    } else {
        None
    };
    let mut tally = Tally::default();
    let verdict = step("Rust and whole-system tests", || {
        let mut cargo = cargo(node)?;
        cargo.current_dir(&workspace.root).arg("test");
        if !rest.iter().any(|word| word == "-p" || word == "--package") {
            cargo.arg("--workspace");
        }
        cargo.arg("--no-fail-fast").args(rest);
        if let Some(display) = &display {
            display.isolate(&mut cargo);
        }
        count_and_show(&mut cargo, &mut tally)
    });
    Ok(tally.with_verdict(verdict.is_ok()))
}

/// Passes a test run's output on and counts its results.
fn count_and_show(cargo: &mut Command, tally: &mut Tally) -> Result<()> {
    if std::io::stdout().is_terminal() {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            *tally += Tally::of_cargo_line(&line);
            println!("{line}");
        }
    }
    crate::process::check(cargo, child.wait()?)
}
