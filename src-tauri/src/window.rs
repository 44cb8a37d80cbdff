//! The one window: what it shows, what it may not do, and how it leaves.

use std::{path::Path, sync::Arc, time::Duration};

use tauri::{
    AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    webview::{Color, NewWindowResponse},
};
use tokio::time::{MissedTickBehavior, interval};

#[cfg(target_os = "linux")]
use crate::{activity, environment, media};
use crate::{activity::Observation, app::App, closing};

/// The window's label, as the capability names it.
pub(crate) const LABEL: &str = "main";

/// What stands in the title bar at home.
const TITLE: &str = "Kulti";

/// The dark theme's ground, so that the window does not flash white before the page.
const GROUND: Color = Color(0x0a, 0x0b, 0x09, 0xff);

/// How often the window system is asked whether the window is minimised, while that
/// matters. The page usually tells sooner.
const MINIMISED_POLL: Duration = Duration::from_secs(1);

/// Opens the window. Web data goes to the data folder, so that instances with
/// different ones share nothing.
pub(crate) fn open(tauri: &AppHandle, app: &Arc<App>, data_dir: &Path) -> tauri::Result<()> {
    let dev_server = tauri.config().build.dev_url.clone();
    let window = WebviewWindowBuilder::new(tauri, LABEL, WebviewUrl::default())
        .title(TITLE)
        .inner_size(1280.0, 800.0)
        .min_inner_size(900.0, 600.0)
        .center()
        .background_color(GROUND)
        .data_directory(data_dir.join("webview"))
        .on_navigation(move |url| is_own_page(url, dev_server.as_ref()))
        .on_new_window(|url, _| {
            tracing::warn!(host = url.host_str(), "the page tried to open a window");
            NewWindowResponse::Deny
        })
        .build()?;
    draw_in_software(&window);
    #[cfg(target_os = "linux")]
    {
        let dev_server = tauri.config().build.dev_url.clone();
        media::webview::offer_cameras(&window, app, move |url| {
            is_own_page(url, dev_server.as_ref())
        });
    }
    let handle = tauri.clone();
    let activity = app.activity().clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { api, .. } => {
            // Leaving takes a moment; the window goes at once.
            api.prevent_close();
            closing::begin(&handle);
        }
        WindowEvent::Focused(true) => activity.observe(Observation::WindowUsed),
        _ => {}
    });
    tokio::spawn(follow_title(window.clone(), app.clone()));
    follow_sight(window, app);
    Ok(())
}

/// Without a GPU, compositing in software costs more than it brings: memory for a
/// software OpenGL, and several times the processor time for moving pictures.
#[cfg(target_os = "linux")]
fn draw_in_software(window: &WebviewWindow) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

    if !environment::draws_in_software() {
        return;
    }
    let set = window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = set {
        tracing::debug!(%error, "the web view's settings cannot be reached");
    }
}

#[cfg(not(target_os = "linux"))]
fn draw_in_software(_window: &WebviewWindow) {}

/// Only the app's own page may be shown; everything that it needs comes with it.
fn is_own_page(url: &Url, dev_server: Option<&Url>) -> bool {
    let own = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // How Windows serves the same page.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    // Set by `tauri dev` alone.
    let in_development =
        cfg!(debug_assertions) && dev_server.is_some_and(|server| server.origin() == url.origin());
    if !own && !in_development {
        tracing::warn!(
            scheme = url.scheme(),
            host = url.host_str(),
            "the page tried to go elsewhere"
        );
    }
    own || in_development
}

/// Brings the window to the front.
pub(crate) fn raise(tauri: &AppHandle) {
    let Some(window) = tauri.get_webview_window(LABEL) else {
        return;
    };
    let raised = window
        .unminimize()
        .and_then(|()| window.show())
        .and_then(|()| window.set_focus());
    if let Err(error) = raised {
        tracing::warn!(%error, "the window cannot be brought to the front");
    }
}

/// Whether the person has the window before them.
pub(crate) fn is_in_front(tauri: &AppHandle) -> bool {
    tauri
        .get_webview_window(LABEL)
        .is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// The title bar says which session goes on.
async fn follow_title(window: WebviewWindow, app: Arc<App>) {
    let mut titles = app.session_title();
    drop(app);
    while titles.changed().await.is_ok() {
        let title = titles.borrow_and_update().clone();
        let title = title.map_or_else(|| TITLE.to_owned(), |title| format!("{title} · {TITLE}"));
        if window.set_title(&title).is_err() {
            return;
        }
    }
}

/// Has the window system tell whether the window can be seen: all of it where that
/// is X11, else only whether it is minimised.
fn follow_sight(window: WebviewWindow, app: &Arc<App>) {
    #[cfg(target_os = "linux")]
    if let Some(id) = x11_window(&window) {
        activity::x11::follow(app.activity(), id);
        return;
    }
    tokio::spawn(watch_minimised(window, app.clone()));
}

/// The window's number at the X server, if it is there.
#[cfg(target_os = "linux")]
fn x11_window(window: &WebviewWindow) -> Option<u32> {
    use raw_window_handle::{HasWindowHandle, RawWindowHandle};

    match window.window_handle().ok()?.as_raw() {
        RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok(),
        RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
        _ => None,
    }
}

/// Asks the window system whether the window is minimised while a session goes on.
async fn watch_minimised(window: WebviewWindow, app: Arc<App>) {
    let mut in_stay = app.activity().in_stay();
    let mut poll = interval(MINIMISED_POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while in_stay.wait_for(|in_stay| *in_stay).await.is_ok() {
        poll.tick().await;
        match window.is_minimized() {
            Ok(minimised) => app.activity().observe(Observation::WindowSystem {
                seen: Some(!minimised),
            }),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_page_cannot_go_elsewhere() {
        for (url, allowed) in [
            ("tauri://localhost", true),
            ("tauri://localhost/index.html#room", true),
            ("tauri://evil.example/", false),
            ("https://kulti.dev/", false),
            ("http://localhost:1420/", false),
            ("https://tauri.localhost.evil.example/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,hello", false),
            ("about:blank", false),
        ] {
            assert_eq!(is_own_page(&url.parse().unwrap(), None), allowed, "{url}");
        }
    }

    #[test]
    fn the_development_server_is_a_page_in_development_only() {
        let server = Url::parse("http://localhost:1420").unwrap();
        let page = Url::parse("http://localhost:1420/index.html").unwrap();
        assert_eq!(is_own_page(&page, Some(&server)), cfg!(debug_assertions));
        let other = Url::parse("http://localhost:1421/").unwrap();
        assert!(!is_own_page(&other, Some(&server)));
    }
}
