//! Where things lie.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout and the folders that the commands use.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The checkout's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this program was started from. Cargo tells it at
    /// run time: the program itself may come from a target folder that several
    /// checkouts share.
    ///
    /// # Errors
    /// When it was not started by `cargo xtask`.
    pub(crate) fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .context("start this through ./kulti or `cargo xtask`")?;
        let root = Path::new(&manifest_dir)
            .parent()
            .context("xtask lies in no workspace")?
            .to_path_buf();
        // Relative to where cargo was started, as cargo itself reads it.
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir()?.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The UI's sources.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// The page that exposes the official SDK to the whole-system tests.
    pub(crate) fn sdk_page(&self) -> PathBuf {
        self.root.join("tests/sdk")
    }

    /// What this tool fetches for this checkout only (git-ignored).
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// A binary that cargo has built.
    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target
            .join(profile)
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
