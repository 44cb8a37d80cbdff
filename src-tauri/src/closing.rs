//! The end of the program: leave what goes on, then exit.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tauri::{AppHandle, Manager, RunEvent};

use crate::{app::App, window};

/// How far the end is.
#[derive(Debug, Default)]
pub(crate) struct Closing(AtomicU8);

const RUNNING: u8 = 0;
const LEAVING: u8 = 1;
const LEFT: u8 = 2;

/// Ends the program: the window goes at once, the program when the others have been
/// told. A second call changes nothing.
pub(crate) fn begin(tauri: &AppHandle) {
    let closing = tauri.state::<Closing>();
    let first = closing
        .0
        .compare_exchange(RUNNING, LEAVING, Ordering::AcqRel, Ordering::Acquire);
    if first.is_err() {
        return;
    }
    if let Some(window) = tauri.get_webview_window(window::LABEL)
        && let Err(error) = window.hide()
    {
        tracing::debug!(%error, "the window cannot be hidden");
    }
    let tauri = tauri.clone();
    let app = tauri.state::<Arc<App>>().inner().clone();
    tokio::spawn(async move {
        app.close().await;
        tauri.state::<Closing>().0.store(LEFT, Ordering::Release);
        tauri.exit(0);
    });
}

/// Every way to the exit (the tray, the system's session ending, the last window)
/// goes through [`begin`] first.
pub(crate) fn on_event(tauri: &AppHandle, event: &RunEvent) {
    if let RunEvent::ExitRequested { api, .. } = event
        && tauri.state::<Closing>().0.load(Ordering::Acquire) != LEFT
    {
        api.prevent_exit();
        begin(tauri);
    }
}

/// Ends the program in order when it is told to stop from outside.
#[cfg(unix)]
pub(crate) fn on_signals(tauri: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    tokio::spawn(async move {
        let both = signal(SignalKind::terminate())
            .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
        match both {
            Ok((mut terminate, mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                begin(&tauri);
            }
            Err(error) => tracing::warn!(%error, "signals cannot be handled"),
        }
    });
}

/// Elsewhere the window's closing is all there is.
#[cfg(not(unix))]
pub(crate) fn on_signals(_tauri: AppHandle) {}
