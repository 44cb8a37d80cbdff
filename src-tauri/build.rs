//! Compiles the Tauri configuration and capabilities into the app.
#![allow(clippy::print_stdout)] // cargo reads instructions from standard output

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A custom capabilities pattern emits no watch line of its own.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    tauri_build::try_build(
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*"),
    )?;
    Ok(())
}
