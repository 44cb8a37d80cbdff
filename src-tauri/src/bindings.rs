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
        commands::session_books,
        commands::save_receipt,
        commands::save_poll_results,
        commands::insights,
        commands::save_insights,
        commands::activity_sources,
        commands::save_log,
        commands::forget_recent,
        commands::forget_refused,
        commands::dismiss_link,
        commands::window_visible,
        commands::media_socket,
        commands::choose_sound,
        commands::allow_camera,
        commands::copy_text,
        commands::open_link,
        commands::home_events,
    ])
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::{Path, PathBuf};

    use specta_typescript::Typescript;

    const HEADER: &str = "\
// Generated from the Rust types by a test (src-tauri/src/bindings.rs).
// eslint-disable
";

    fn fresh() -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("bindings.ts");
        let typescript = Typescript::default().header(HEADER);
        super::builder().export(typescript, &file).unwrap();
        std::fs::read_to_string(file).unwrap()
    }

    fn in_project(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    /// The names under which the page invokes commands, with the names of their
    /// arguments, all sorted.
    pub(crate) fn commands_with_arguments() -> Vec<(String, String)> {
        let source = fresh();
        let invoked = source.split("__TAURI_INVOKE").skip(2);
        let read = |call: &str| {
            let (call, _) = call.split_once(')').unwrap();
            let name = call.split('"').nth(1).unwrap().to_owned();
            let arguments = call.split_once('{').map_or("", |(_, rest)| rest);
            let arguments = arguments
                .trim_end_matches([' ', '}'])
                .split(',')
                .map(str::trim);
            let mut arguments: Vec<&str> = arguments.collect();
            arguments.sort_unstable();
            (name, arguments.join(","))
        };
        let mut commands: Vec<_> = invoked.map(read).collect();
        commands.sort();
        commands
    }

    fn commands() -> Vec<String> {
        commands_with_arguments()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    /// The committed TypeScript is what the Rust types say. To write it anew after a
    /// change: `KULTI_WRITE_BINDINGS=1 cargo test -p kulti-desktop bindings`.
    #[test]
    fn committed_bindings_are_current() {
        let committed = in_project("ui/src/bridge/bindings.ts");
        if std::env::var_os("KULTI_WRITE_BINDINGS").is_some() {
            std::fs::write(&committed, fresh()).unwrap();
        }
        let committed = std::fs::read_to_string(committed).unwrap_or_default();
        assert!(
            committed == fresh(),
            "ui/src/bridge/bindings.ts is out of date: run KULTI_WRITE_BINDINGS=1 cargo test -p kulti-desktop bindings"
        );
    }

    /// A command without a permission would be refused in the app, and a permission
    /// without a command says that one was forgotten.
    #[test]
    fn the_page_may_invoke_every_command_and_nothing_else() {
        let permissions = std::fs::read_to_string(in_project("src-tauri/permissions/app.toml"));
        let permissions = permissions.unwrap();
        let listed = permissions.split("commands.allow").nth(1).unwrap();
        let mut listed: Vec<&str> = listed.split('"').skip(1).step_by(2).collect();
        listed.sort_unstable();
        assert_eq!(listed, commands());
    }

    /// The bridge for plain browsers knows the same commands.
    #[test]
    fn the_browser_bridge_knows_every_command() {
        let mut known = crate::by_name::COMMANDS.to_vec();
        known.sort_unstable();
        assert_eq!(known, commands());
    }
}
