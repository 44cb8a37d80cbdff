//! The UI's verbs: thin, typed, no logic. Each hands over to [`App`].

use std::sync::Arc;

use kulti_client::core::{Intent, view::ViewEvent};
use tauri::{State, ipc::Channel};

use crate::{
    app::{
        App,
        insights::Insights,
        model::{
            ActivitySource, AppInfo, CommandError, HomeView, HostRequest, JoinTarget, ReachView,
            SessionBooks, SessionPreview, Settings,
        },
    },
    bridge,
};

type AppState<'a> = State<'a, Arc<App>>;

/// Facts of this build and machine.
#[tauri::command]
#[specta::specta]
pub(crate) fn app_info(app: AppState<'_>) -> AppInfo {
    app.info()
}

/// The home screen.
#[tauri::command]
#[specta::specta]
pub(crate) fn home(app: AppState<'_>) -> HomeView {
    app.home()
}

/// Sets the name under which others see me.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn set_display_name(app: AppState<'_>, name: String) -> Result<HomeView, CommandError> {
    app.set_display_name(&name)
}

/// Finds out what a code or a link leads to, without joining. `server` is the
/// origin at which a code is looked up; none or empty: this computer's own server.
#[tauri::command]
#[specta::specta]
pub(crate) async fn look_up(
    app: AppState<'_>,
    text: String,
    server: Option<String>,
) -> Result<SessionPreview, CommandError> {
    app.look_up(&text, server.as_deref()).await
}

/// Joins a session that was looked up. `allow_plain`: the person has just allowed
/// plain http to this one server.
#[tauri::command]
#[specta::specta]
pub(crate) async fn join(
    app: AppState<'_>,
    target: JoinTarget,
    allow_plain: bool,
) -> Result<(), CommandError> {
    app.inner().join(target, allow_plain).await
}

/// Starts a session and joins it as its host.
#[tauri::command]
#[specta::specta]
pub(crate) async fn host(app: AppState<'_>, request: HostRequest) -> Result<(), CommandError> {
    app.inner().host(request).await
}

/// Subscribes to the session's view: every slice once, then its changes, until the
/// stay has ended. A newer subscription replaces this one.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn session(app: AppState<'_>, channel: Channel<ViewEvent>) -> Result<(), CommandError> {
    bridge::forward_view(app.session_view()?, channel);
    Ok(())
}

/// Does something in the session.
#[tauri::command]
#[specta::specta]
pub(crate) async fn act(app: AppState<'_>, intent: Intent) -> Result<(), CommandError> {
    app.act(intent)
}

/// What the person chose.
#[tauri::command]
#[specta::specta]
pub(crate) fn settings(app: AppState<'_>) -> Settings {
    app.settings()
}

/// Takes over what the person chose, at once; returns what holds now.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn set_settings(app: AppState<'_>, settings: Settings) -> Settings {
    app.set_settings(settings)
}

/// Who can reach this computer's server.
#[tauri::command]
#[specta::specta]
pub(crate) fn reach(app: AppState<'_>) -> ReachView {
    app.reach()
}

/// Opens this computer's server to the local network, or closes it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_open_to_network(
    app: AppState<'_>,
    open: bool,
) -> Result<ReachView, CommandError> {
    app.set_open_to_network(open).await
}

/// The server's books on my time in a session that I was in, now or earlier.
#[tauri::command]
#[specta::specta]
pub(crate) async fn session_books(
    app: AppState<'_>,
    session_id: String,
) -> Result<SessionBooks, CommandError> {
    app.session_books(&session_id).await
}

/// Saves the server's signed receipt for a session that is over, and gives its path.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_receipt(
    app: AppState<'_>,
    session_id: String,
) -> Result<String, CommandError> {
    app.save_receipt(&session_id).await
}

/// Saves the results of a poll of the session that goes on as CSV, and gives the path.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_poll_results(
    app: AppState<'_>,
    poll_id: String,
) -> Result<String, CommandError> {
    app.save_poll_results(&poll_id).await
}

/// How a session goes or went that I hosted.
#[tauri::command]
#[specta::specta]
pub(crate) async fn insights(
    app: AppState<'_>,
    session_id: String,
) -> Result<Insights, CommandError> {
    app.insights(&session_id).await
}

/// Saves that as CSV, and gives the file's path.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_insights(
    app: AppState<'_>,
    session_id: String,
) -> Result<String, CommandError> {
    app.save_insights(&session_id).await
}

/// What on this computer tells whether the person watches.
#[tauri::command]
#[specta::specta]
pub(crate) fn activity_sources(app: AppState<'_>) -> Vec<ActivitySource> {
    app.activity_sources()
}

/// Saves the log, without what is private, and gives the file's path.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn save_log(app: AppState<'_>) -> Result<String, CommandError> {
    app.save_log()
}

/// Removes a session from the recent ones.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_recent(app: AppState<'_>, session_id: String) -> HomeView {
    app.forget_recent(&session_id)
}

/// Removes the time from this computer that servers will never take.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_refused(app: AppState<'_>) -> HomeView {
    app.forget_refused()
}

/// The person said no to the link that the app was opened with.
#[tauri::command]
#[specta::specta]
pub(crate) fn dismiss_link(app: AppState<'_>) -> HomeView {
    app.dismiss_link()
}

/// The page's `visibilitychange`: the window can be seen, or not.
#[tauri::command]
#[specta::specta]
pub(crate) fn window_visible(app: AppState<'_>, visible: bool) {
    app.window_visible(visible);
}

/// The address of the local socket for pictures of the stay that goes on, with a token
/// that is good once.
#[tauri::command]
#[specta::specta]
pub(crate) async fn media_socket(app: AppState<'_>) -> Result<String, CommandError> {
    app.media_socket().await
}

/// Uses other sound devices from now on, also in later sessions; none is the system's.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn choose_sound(
    app: AppState<'_>,
    microphone: Option<String>,
    loudspeaker: Option<String>,
) -> Settings {
    app.choose_sound(microphone, loudspeaker)
}

/// The person has read what happens when a camera is started, and said yes: the page may
/// ask the system for one from now on.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn allow_camera(app: AppState<'_>) -> Settings {
    app.allow_camera()
}

/// Puts text on the clipboard.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn copy_text(app: AppState<'_>, text: String) -> Result<(), CommandError> {
    app.copy_text(text)
}

/// Opens a link of a message in the system's browser.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn open_link(app: AppState<'_>, url: String) -> Result<(), CommandError> {
    app.open_link(&url)
}

/// Subscribes to changes of the home screen: a link arrived, a session ended. The
/// present state is sent first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn home_events(
    app: AppState<'_>,
    channel: Channel<HomeView>,
) -> Result<(), CommandError> {
    bridge::forward_home(app.home_changes(), channel);
    Ok(())
}
