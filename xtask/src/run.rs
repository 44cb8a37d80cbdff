//! `run`: builds the app and starts it.

use std::env;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::node::Node;
use crate::process::{run as run_command, shown};
use crate::progress::{note, step};
use crate::setup::set_up;
use crate::system_packages::{BUILD, RUN, VIRTUAL_DISPLAY};
use crate::virtual_display::VirtualDisplay;
use crate::workspace::Workspace;

/// Carries it out; the exit code is the app's.
///
/// # Errors
/// When something is missing or does not build.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let on_virtual_display = !has_display() && {
        println!("There is no display here: neither DISPLAY nor WAYLAND_DISPLAY is set.");
        consent.allows("Start the app on a virtual display, which nobody sees?")?
    };
    let display_packages = if on_virtual_display {
        VIRTUAL_DISPLAY
    } else {
        &[]
    };
    let node = set_up(workspace, consent, &[BUILD, RUN, display_packages])?;

    let profile = if arguments.release {
        "release"
    } else {
        "debug"
    };
    step("Build of the app", || {
        // Dependencies get the features that all selected targets ask for. With the
        // examples among them those are the tests' features, too: without them
        // `test` would compile nearly everything a second time.
        let mut cargo = cargo(&node)?;
        cargo.args(["build", "--workspace", "--bins", "--examples"]);
        if arguments.release {
            cargo.arg("--release");
        }
        run_command(cargo.current_dir(&workspace.root)).context("the app does not build")
    })?;

    let mut app = node.command(workspace.binary(profile, "kulti-desktop"))?;
    app.args(&arguments.rest);
    if arguments.demo {
        app.env("KULTI_DEMO", "1");
    }
    if has_display() {
        println!("==> Starting the app");
        return start(&mut app);
    }
    if !on_virtual_display {
        bail!(
            "everything is built, but there is no display to show the app on. Start this in a \
             desktop session, set DISPLAY, or add --yes to start it on a virtual display"
        );
    }
    let display = VirtualDisplay::start().context("there is no virtual display")?;
    display.show(&mut app);
    println!(
        "==> Starting the app on the virtual display {}",
        display.name
    );
    note("End it with Ctrl-C. A picture of it: import -window root -display DISPLAY room.png");
    start(&mut app)
}

/// Cargo, as this program was started by it, but without what it told this program of
/// itself: some build scripts (ring's) look at that, and with it in their environment
/// half of all dependencies would be compiled anew after each plain `cargo build`.
///
/// # Errors
/// When the PATH cannot be set.
pub(crate) fn cargo(node: &Node) -> Result<Command> {
    let mut cargo = node.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))?;
    let of_this_program = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if of_this_program
            .iter()
            .any(|start| name_text.starts_with(start))
        {
            cargo.env_remove(&name);
        }
    }
    Ok(cargo)
}

fn start(app: &mut Command) -> Result<ExitCode> {
    let status = app
        .status()
        .with_context(|| format!("cannot start '{}'", shown(app)))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    if !status.success() {
        note(&format!("the app ended with {status}"));
    }
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn has_display() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
