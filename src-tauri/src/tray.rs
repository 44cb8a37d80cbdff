//! A small menu in the system's tray. Everything is in the menu: on Linux a click on
//! the icon itself is told to nobody.

use std::{path::Path, sync::Arc};

use kulti_client::core::Intent;
use tauri::{
    AppHandle, Manager,
    image::Image,
    menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem},
    tray::TrayIconBuilder,
};

use crate::{app::App, closing, window};

const SHOW: &str = "show";
const LEAVE: &str = "leave";
const QUIT: &str = "quit";

/// Puts the icon into the tray, where there is one. Without it the app is complete.
pub(crate) fn show(tauri: &AppHandle, app: &Arc<App>) {
    if !is_available() {
        tracing::info!("no tray: its library is not installed");
        return;
    }
    match build(tauri) {
        Ok(leave) => follow_session(leave, app),
        Err(error) => tracing::info!(%error, "no tray"),
    }
}

/// The tray's library is loaded when it is first used, and a missing one cannot be
/// caught then.
fn is_available() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let has_library = |dir: &Path| {
        ["libayatana-appindicator3.so.1", "libappindicator3.so.1"]
            .iter()
            .any(|name| dir.join(name).exists())
    };
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"]
        .iter()
        .map(Path::new)
        .any(|dir| has_library(dir) || has_library(&dir.join(&triplet)))
}

/// Builds it, and gives the item that is for sessions only.
fn build(tauri: &AppHandle) -> tauri::Result<MenuItem<tauri::Wry>> {
    let show = MenuItem::with_id(tauri, SHOW, "Show Kulti", true, None::<&str>)?;
    let leave = MenuItem::with_id(tauri, LEAVE, "Leave session", false, None::<&str>)?;
    let quit = MenuItem::with_id(tauri, QUIT, "Quit", true, None::<&str>)?;
    let line = PredefinedMenuItem::separator(tauri)?;
    let menu = Menu::with_items(tauri, &[&show, &leave, &line, &quit])?;
    TrayIconBuilder::with_id("kulti")
        .icon(Image::from_bytes(include_bytes!("../../icons/tray.png"))?)
        .tooltip("Kulti")
        .menu(&menu)
        .on_menu_event(clicked)
        .build(tauri)?;
    Ok(leave)
}

fn clicked(tauri: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        SHOW => window::raise(tauri),
        LEAVE => {
            if let Err(error) = tauri.state::<Arc<App>>().act(Intent::Leave) {
                tracing::info!(%error, "leaving by the tray");
            }
            window::raise(tauri);
        }
        QUIT => closing::begin(tauri),
        _ => {}
    }
}

/// "Leave" can be chosen while there is something to leave.
fn follow_session(leave: MenuItem<tauri::Wry>, app: &Arc<App>) {
    let mut titles = app.session_title();
    tokio::spawn(async move {
        while titles.changed().await.is_ok() {
            let in_session = titles.borrow_and_update().is_some();
            if leave.set_enabled(in_session).is_err() {
                return;
            }
        }
    });
}
