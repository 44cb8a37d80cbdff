//! What npm builds: the UI, and the page with the official SDK for the tests.

use std::path::Path;

use anyhow::{Context, Result};

use crate::node::Node;
use crate::process::run_quietly;
use crate::progress::{step, up_to_date};
use crate::stamp;
use crate::workspace::Workspace;

/// Installs the UI's packages and builds `ui/dist`, as far as something changed.
///
/// # Errors
/// When npm fails.
pub(crate) fn build(workspace: &Workspace, node: &Node) -> Result<()> {
    let folder = workspace.ui();
    install(workspace, node, &folder, "ui")?;
    bundle(workspace, node, &folder, "ui", "dist/index.html")
}

/// The same for `tests/sdk/dist`.
///
/// # Errors
/// When npm fails.
pub(crate) fn build_sdk_page(workspace: &Workspace, node: &Node) -> Result<()> {
    let folder = workspace.sdk_page();
    install(workspace, node, &folder, "tests/sdk")?;
    bundle(workspace, node, &folder, "tests/sdk", "dist/page.html")
}

/// `npm ci`, if the lock file is not the one that was installed last.
///
/// # Errors
/// When npm fails.
pub(crate) fn install(workspace: &Workspace, node: &Node, folder: &Path, name: &str) -> Result<()> {
    let title = format!("Node packages of {name}");
    let stamp_file = folder.join("node_modules/.kulti-installed");
    let hash = stamp::content_hash(&[
        folder.join("package.json"),
        folder.join("package-lock.json"),
    ])?;
    if stamp::is_set(&stamp_file, &hash) {
        up_to_date(&title);
        return Ok(());
    }
    step(&title, || {
        let mut npm = node.npm(folder)?;
        npm.args(["ci", "--no-audit", "--no-fund"]);
        run_quietly(&mut npm, &log(workspace, name, "install"))
            .with_context(|| format!("the Node packages of {name} could not be installed"))?;
        stamp::set(&stamp_file, &hash)
    })
}

/// `npm run build`, if a source changed or `result` is not there. What was built
/// is left alone otherwise: the app embeds it, and would be compiled again.
fn bundle(
    workspace: &Workspace,
    node: &Node,
    folder: &Path,
    name: &str,
    result: &str,
) -> Result<()> {
    let title = format!("Build of {name}");
    let stamp_file = folder.join("node_modules/.kulti-built");
    let hash = stamp::content_hash(&[folder.to_path_buf()])?;
    if folder.join(result).is_file() && stamp::is_set(&stamp_file, &hash) {
        up_to_date(&title);
        return Ok(());
    }
    step(&title, || {
        let mut npm = node.npm(folder)?;
        npm.args(["run", "build"]);
        run_quietly(&mut npm, &log(workspace, name, "build"))
            .with_context(|| format!("{name} does not build"))?;
        stamp::set(&stamp_file, &hash)
    })
}

fn log(workspace: &Workspace, name: &str, what: &str) -> std::path::PathBuf {
    let name = name.replace('/', "-");
    workspace.tools().join(format!("log/{name}-{what}.txt"))
}
