//! `bench`: what `kulti-bench` measures, with what it needs beside it.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::process::run;
use crate::progress::step;
use crate::run::cargo;
use crate::setup::set_up;
use crate::system_packages::BUILD;
use crate::ui;
use crate::workspace::Workspace;

/// Builds optimised and measures. Absolute times are this machine's.
///
/// # Errors
/// When something is missing, does not build, or a measurement fails.
pub(crate) fn bench(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let node = set_up(workspace, consent, &[BUILD])?;
    ui::install(
        workspace,
        &node,
        &workspace.root.join("crates/bench/socketio"),
        "crates/bench/socketio",
    )?;
    step("Optimised build of server, clients and benchmarks", || {
        let mut cargo = cargo(&node)?;
        cargo.args(["build", "--release", "--bins"]);
        cargo.args([
            "-p",
            "kulti-bench",
            "-p",
            "kulti-server",
            "-p",
            "kulti-client",
        ]);
        run(cargo.current_dir(&workspace.root))
    })?;
    let mut bench = node.command(workspace.binary("release", "kulti-bench"))?;
    bench.args(&arguments.rest).current_dir(&workspace.root);
    run(&mut bench).context("the benchmarks did not finish")?;
    Ok(ExitCode::SUCCESS)
}
