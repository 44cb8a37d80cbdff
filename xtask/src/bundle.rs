//! `bundle`: installers for the system that this runs on.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::consent::Consent;
use crate::process::run;
use crate::progress::step;
use crate::setup::set_up;
use crate::system_packages::{BUILD, RUN};
use crate::workspace::Workspace;

/// The formats that need nothing from the network while they are made.
const FORMATS: &[&str] = if cfg!(target_os = "macos") {
    &["app", "dmg"]
} else if cfg!(windows) {
    &["nsis"]
} else {
    &["deb", "rpm"]
};

/// Builds the app optimised and packs it.
///
/// # Errors
/// When something is missing or does not build.
pub(crate) fn bundle(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let consent = Consent::from_surroundings(arguments.yes);
    let node = set_up(workspace, consent, &[BUILD, RUN])?;

    step("Build and packing of the app", || {
        let program = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
        let mut tauri = node.command(workspace.ui().join("node_modules/.bin").join(program))?;
        tauri.current_dir(&workspace.root);
        // The app alone: the workspace has more programs.
        let app = ["--", "--package", "kulti-desktop"];
        tauri.args(["build", "--bundles", &FORMATS.join(",")]);
        tauri.args(app);
        // The tray icon's library is loaded at run time, so that pkg-config need not know it.
        tauri.env("TAURI_LINUX_AYATANA_APPINDICATOR", "true");
        run(&mut tauri)
    })?;

    let folder = workspace.target.join("release/bundle");
    let mut found = false;
    for format in FORMATS {
        let files = fs::read_dir(folder.join(format))
            .with_context(|| format!("no bundle was made in {}", folder.display()))?;
        for file in files {
            let path = file?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == *format)
                || cfg!(windows)
            {
                println!("{}", path.display());
                found = true;
            }
        }
    }
    if !found {
        bail!("no bundle was made in {}", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}
