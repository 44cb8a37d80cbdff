//! Compiles the Tauri configuration, capabilities and permissions into the app.
#![allow(clippy::print_stdout)] // cargo reads instructions from standard output

use tauri_build::{AppManifest, Attributes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Patterns of one's own emit no watch lines.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    tauri_build::try_build(
        Attributes::new()
            .capabilities_path_pattern("./src-tauri/capabilities/**/*")
            .app_manifest(
                AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*"),
            ),
    )?;
    Ok(())
}
