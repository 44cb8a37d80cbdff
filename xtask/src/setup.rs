//! What all commands begin with.

use anyhow::Result;

use crate::consent::Consent;
use crate::node::Node;
use crate::system_packages::{self, PYTHON, Requirement};
use crate::ui;
use crate::workspace::Workspace;

/// Brings about system packages, Node.js and the built UI: after this, cargo can
/// build everything.
///
/// # Errors
/// When something is missing and cannot be installed, or may not be.
pub(crate) fn set_up(
    workspace: &Workspace,
    consent: Consent,
    packages: &[&[Requirement]],
) -> Result<Node> {
    let found = Node::find(workspace);
    let mut packages = packages.to_vec();
    if found.is_none() {
        packages.push(PYTHON);
    }
    system_packages::provide(&packages, consent)?;
    let node = match found {
        Some(node) => node,
        None => Node::fetch(workspace)?,
    };
    ui::build(workspace, &node)?;
    Ok(node)
}
