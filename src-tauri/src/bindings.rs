//! The commands, collected once: for Tauri's dispatcher and for the TypeScript in
//! `ui/src/bridge/bindings.ts`.

use tauri_specta::{Builder, collect_commands};

use crate::commands;

/// Every command of the app.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    // One TypeScript type per Rust type: none of ours is written differently than read.
    let builder = Builder::<tauri::Wry>::new().disable_serde_phases();
    builder.commands(collect_commands![
        commands::app_info,
        commands::home,
        commands::set_display_name,
        commands::look_up,
        commands::join,
        commands::host,
        commands::session,
        commands::act,
        commands::settings,
        commands::set_settings,
        commands::reach,
        commands::set_open_to_network,
        commands::forget_recent,
        commands::dismiss_link,
        commands::window_visible,
        commands::copy_text,
        commands::home_events,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::path::Path;

    use specta_typescript::Typescript;

    /// The committed TypeScript is what the Rust types say. To write it anew after a
    /// change: `KULTI_WRITE_BINDINGS=1 cargo test -p kulti-desktop bindings`.
    #[test]
    fn committed_bindings_are_current() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/bridge/bindings.ts");
        let fresh = tempfile::tempdir().unwrap();
        let fresh = fresh.path().join("bindings.ts");
        let header = "// Generated from the Rust types by a test: see src-tauri/src/bindings.rs. Do not edit.\n// eslint-disable\n";
        super::builder()
            .export(Typescript::default().header(header), &fresh)
            .unwrap();
        let fresh = std::fs::read_to_string(fresh).unwrap();
        if std::env::var_os("KULTI_WRITE_BINDINGS").is_some() {
            std::fs::create_dir_all(committed.parent().unwrap()).unwrap();
            std::fs::write(&committed, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(committed).unwrap_or_default();
        assert!(
            committed == fresh,
            "ui/src/bridge/bindings.ts is out of date: run KULTI_WRITE_BINDINGS=1 cargo test -p kulti-desktop bindings"
        );
    }
}
