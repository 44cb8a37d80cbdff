//! The Tauri shell around the [`app`]: its window, its commands and what it tells
//! the operating system.

pub mod activity;
pub mod app;
mod bindings;
mod bridge;
pub mod by_name;
mod closing;
mod commands;
mod environment;
mod logging;
mod media;
mod notify;
mod tray;
mod window;

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use tauri::{AppHandle, Manager};

use crate::{
    app::{App, AppConfig},
    closing::Closing,
    notify::Notifier,
};

/// Where everything is kept, in place of the operating system's folder.
const DATA_DIR: &str = "KULTI_DATA_DIR";

/// `1` hosts a session with bots at the start.
const DEMO: &str = "KULTI_DEMO";

/// `0` lets several instances run beside one another (for tests; each needs its own
/// [`DATA_DIR`]).
const SINGLE_INSTANCE: &str = "KULTI_SINGLE_INSTANCE";

/// Runs the app until it is closed.
///
/// # Errors
/// If the app cannot be started.
pub fn run() -> anyhow::Result<()> {
    environment::prepare();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("kulti")
        .build()
        .context("no threads for the app")?;
    tauri::async_runtime::set(runtime.handle().clone());
    let _within = runtime.enter();

    let mut builder = tauri::Builder::default();
    if !is(SINGLE_INSTANCE, "0") {
        // First of all plugins: a second start must end before it does anything.
        builder = builder.plugin(tauri_plugin_single_instance::init(|tauri, arguments, _| {
            tauri
                .state::<Arc<App>>()
                .opened_with(arguments.iter().skip(1));
            window::raise(tauri);
        }));
    }
    builder
        .plugin(tauri_plugin_deep_link::init())
        .manage(Closing::default())
        .invoke_handler(bindings::builder().invoke_handler())
        .setup(|tauri| Ok(set_up(tauri.handle())?))
        .build(tauri::generate_context!("tauri.conf.json"))
        .context("the window system does not answer; is there a display?")?
        .run(|tauri, event| closing::on_event(tauri, &event));
    Ok(())
}

fn is(variable: &str, value: &str) -> bool {
    env::var_os(variable).is_some_and(|set| set == value)
}

fn set_up(tauri: &AppHandle) -> anyhow::Result<()> {
    let config = config(tauri)?;
    logging::start(&config.log_dir);
    environment::log_decision();
    let data_dir = config.data_dir.clone();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), data = %data_dir.display(), "starting");

    let demo = config.demo;
    let app = App::open(config)
        .with_context(|| format!("cannot keep anything in {}", data_dir.display()))?;
    app.opened_with(env::args().skip(1));
    tauri.manage(app.clone());

    let flags = tauri_plugin_window_state::StateFlags::SIZE
        | tauri_plugin_window_state::StateFlags::POSITION
        | tauri_plugin_window_state::StateFlags::MAXIMIZED;
    tauri.plugin(
        tauri_plugin_window_state::Builder::new()
            .with_state_flags(flags)
            // An absolute path, which replaces the plugin's own folder.
            .with_filename(data_dir.join("window.json").display().to_string())
            .build(),
    )?;
    window::open(tauri, &app, &data_dir).context("cannot open the window")?;
    activity::start(app.activity());
    tray::show(tauri, &app);
    open_links(tauri, &app);
    closing::on_signals(tauri.clone());
    tokio::spawn(notify_announcements(tauri.clone(), app.clone()));
    tokio::spawn(notify::still_watching::ask_when_due(
        tauri.clone(),
        app.clone(),
    ));
    if demo {
        tokio::spawn(async move {
            if let Err(error) = app.start_demo().await {
                tracing::error!(%error, "the demo");
            }
        });
    }
    Ok(())
}

fn config(tauri: &AppHandle) -> anyhow::Result<AppConfig> {
    let demo = is(DEMO, "1");
    match env::var_os(DATA_DIR).filter(|dir| !dir.is_empty()) {
        Some(dir) => {
            let data_dir = std::path::absolute(PathBuf::from(dir))?;
            let log_dir = data_dir.join("logs");
            Ok(AppConfig {
                downloads_dir: downloads_dir(tauri, &data_dir),
                data_dir,
                log_dir,
                demo,
            })
        }
        None => {
            let data_dir = tauri.path().app_data_dir()?;
            Ok(AppConfig {
                downloads_dir: downloads_dir(tauri, &data_dir),
                data_dir,
                log_dir: tauri.path().app_log_dir()?,
                demo,
            })
        }
    }
}

/// Not every system has such a folder.
fn downloads_dir(tauri: &AppHandle, data_dir: &Path) -> PathBuf {
    tauri
        .path()
        .download_dir()
        .unwrap_or_else(|_| data_dir.to_owned())
}

/// Takes up links that the system hands over in its own way; elsewhere they come as
/// arguments.
#[cfg(target_os = "macos")]
fn open_links(tauri: &AppHandle, app: &Arc<App>) {
    use tauri_plugin_deep_link::DeepLinkExt;

    let (tauri_handle, app) = (tauri.clone(), app.clone());
    tauri.deep_link().on_open_url(move |event| {
        app.opened_with(event.urls().iter().map(|url| url.as_str()));
        window::raise(&tauri_handle);
    });
}

#[cfg(not(target_os = "macos"))]
fn open_links(_tauri: &AppHandle, _app: &Arc<App>) {}

/// Announcements become system notifications while the window is not in front.
async fn notify_announcements(tauri: AppHandle, app: Arc<App>) {
    use tokio::sync::broadcast::error::RecvError;

    let notifier = Notifier::default();
    let mut announcements = app.announcements();
    loop {
        match announcements.recv().await {
            Ok(announcement) => {
                if app.settings().notifications && !window::is_in_front(&tauri) {
                    let tauri = tauri.clone();
                    notifier.announce(announcement, move || window::raise(&tauri));
                }
            }
            Err(RecvError::Lagged(lost)) => tracing::warn!(lost, "announcements were not notified"),
            Err(RecvError::Closed) => return,
        }
    }
}
