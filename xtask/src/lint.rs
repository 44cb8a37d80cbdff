//! `lint`: everything that a reviewer should not have to say.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::node::Node;
use crate::process::run;
use crate::progress::{note, step};
use crate::run::cargo;
use crate::setup::set_up;
use crate::system_packages::{BUILD, program_path};
use crate::workspace::Workspace;

/// Runs all checks, also after one has failed.
///
/// # Errors
/// When the set-up fails, or with the names of the checks that failed.
pub(crate) fn lint(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let node = set_up(workspace, consent, &[BUILD])?;

    let mut failed = Vec::new();
    let mut check = |title: &'static str, command: &mut Command| {
        command.current_dir(if title.starts_with("UI") {
            workspace.ui()
        } else {
            workspace.root.clone()
        });
        if let Err(error) = step(title, || run(command)) {
            note(&format!("{error:#}"));
            failed.push(title);
        }
    };

    check(
        "Formatting",
        cargo(&node)?.args(["fmt", "--all", "--check"]),
    );
    check(
        "Clippy",
        cargo(&node)?
            .args(["clippy", "--workspace", "--all-targets", "--"])
            .args(["-D", "warnings"]),
    );
    check(
        "Documentation",
        cargo(&node)?
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    for (title, script) in [("UI: types", "check"), ("UI: style", "lint")] {
        check(
            title,
            node.npm(&workspace.ui())?.args(["run", "--silent", script]),
        );
    }
    if cargo_has(&node, "deny")? {
        check(
            "Dependencies",
            cargo(&node)?.args(["deny", "check", "bans", "licenses", "sources"]),
        );
    } else {
        note("cargo-deny is not installed: dependencies are not checked");
    }
    if program_path("shellcheck").is_some() {
        check(
            "Shell scripts",
            Command::new("shellcheck").args(["kulti", ".ci/run"]),
        );
    } else {
        note("shellcheck is not installed: shell scripts are not checked");
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    println!("\nAll checks passed.");
    Ok(ExitCode::SUCCESS)
}

/// Whether cargo has a subcommand.
fn cargo_has(node: &Node, name: &str) -> Result<bool> {
    let status = cargo(node)?
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}
