//! `soak`: kills the app, the server and both at random moments (`kulti-bench soak`).

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::process::run;
use crate::progress::step;
use crate::run::cargo;
use crate::setup::set_up;
use crate::system_packages::{BUILD, RUN, TEST, VIRTUAL_DISPLAY};
use crate::virtual_display::VirtualDisplay;
use crate::workspace::Workspace;

/// Builds the programs and lets them be killed. Nothing is measured, so they are built as
/// for the tests: all of them, since some alone would want other features of what they
/// depend on, and compile it anew.
///
/// # Errors
/// When something does not build, or the ledger does not agree with the truth.
pub(crate) fn soak(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let desktop = arguments.rest.iter().any(|word| word.contains("desktop"));
    let packages: &[_] = if desktop {
        &[BUILD, RUN, VIRTUAL_DISPLAY, TEST]
    } else {
        &[BUILD]
    };
    let node = set_up(workspace, consent, packages)?;
    step("Build of app, server and soak", || {
        let mut cargo = cargo(&node)?;
        cargo.args(["build", "--workspace", "--bins"]);
        run(cargo.current_dir(&workspace.root))
    })?;
    let mut soak = Command::new(workspace.binary("debug", "kulti-bench"));
    soak.arg("soak").args(&arguments.rest);
    let display = if desktop && cfg!(target_os = "linux") {
        Some(VirtualDisplay::start().context("there is no virtual display for the app")?)
    } else {
        None
    };
    if let Some(display) = &display {
        display.isolate(&mut soak);
    }
    run(&mut soak).context("the soak did not end well")?;
    Ok(ExitCode::SUCCESS)
}
