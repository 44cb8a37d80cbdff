//! "Still watching?" as a system notification, for whoever has another window in
//! front: learners code along beside the video. Clicking it is the answer.

use std::sync::Arc;

use kulti_client::core::Intent;
use notify_rust::{Notification, Timeout};
use tauri::AppHandle;
use tokio::sync::watch;

use super::{body, shortened, understands_markup};
use crate::{
    app::{App, OpenPrompt},
    window,
};

type Prompts = watch::Receiver<Option<OpenPrompt>>;

/// Asks for as long as the app runs, whenever it is time and the window is not in
/// front. Without notifications, by choice or for want of a service, the window alone
/// asks; a prompt that could not be shown costs nobody their time.
pub(crate) async fn ask_when_due(tauri: AppHandle, app: Arc<App>) {
    let mut prompts = app.prompt();
    // Each time that `prompts` is told anew, about once a second, is a new chance to
    // see that the window is not in front any more.
    while let Some(open) = due(&mut prompts).await {
        if app.settings().prompt_notifications && !window::is_in_front(&tauri) {
            // Its own task: the notification library gives up with a panic when the
            // bus goes away.
            let asked = tokio::spawn(ask(tauri.clone(), app.clone(), prompts.clone(), open));
            if let Err(error) = asked.await {
                tracing::warn!(%error, "the notification");
            }
            // Once is enough, also if it was put away without an answer.
            over(&mut prompts).await;
        } else if prompts.changed().await.is_err() {
            return;
        }
    }
}

/// Waits until there is something to ask; none when the app ends.
async fn due(prompts: &mut Prompts) -> Option<OpenPrompt> {
    let open = prompts.wait_for(Option::is_some).await.ok()?;
    open.clone()
}

/// Waits until there is nothing more to ask.
async fn over(prompts: &mut Prompts) {
    // An error says that the app ends.
    drop(prompts.wait_for(Option::is_none).await);
}

/// Asks, and waits for the answer or until there is nothing more to ask.
async fn ask(tauri: AppHandle, app: Arc<App>, mut prompts: Prompts, open: OpenPrompt) {
    let markup = tokio::task::spawn_blocking(understands_markup).await;
    let mut notification = Notification::new();
    notification
        .appname("Kulti")
        .icon("kulti-desktop")
        .summary(&question(&open.title))
        .body(&body(
            &explanation(open.stops_in_ms),
            markup.unwrap_or(true),
        ))
        .action("default", "Yes, go on")
        // It goes when it is answered or too late.
        .timeout(Timeout::Never);
    let answer = || answered(&tauri, &app);
    show(&notification, &mut prompts, || shown(&app), answer).await;
}

/// Shows it until it is clicked or `prompts` has none. `shown` is called when the
/// service has taken it: no sooner could anybody have seen it.
#[cfg(all(unix, not(target_os = "macos")))]
async fn show(
    notification: &Notification,
    prompts: &mut Prompts,
    shown: impl FnOnce(),
    answered: impl FnOnce(),
) {
    use notify_rust::{Hint, NotificationResponse, Urgency};

    let mut notification = notification.clone();
    notification
        .hint(Hint::DesktopEntry("Kulti".into()))
        // Others are put away after some seconds: too soon to be proof of anything.
        .urgency(Urgency::Critical);
    let handle = match notification.show_async().await {
        Ok(handle) => handle,
        Err(error) => {
            tracing::info!(%error, "no notification service: the prompt is in the window only");
            return;
        }
    };
    shown();
    let clicked = handle.wait_for_action_async(|response| {
        if matches!(response, NotificationResponse::Default) {
            answered();
        }
    });
    tokio::select! {
        () = clicked => {}
        () = over(prompts) => {}
    }
    // Some services leave it open after the click.
    handle.close_async().await;
}

/// Elsewhere a click only brings the app to the front, where the window asks.
#[cfg(not(all(unix, not(target_os = "macos"))))]
async fn show(
    notification: &Notification,
    _prompts: &mut Prompts,
    shown: impl FnOnce(),
    _answered: impl FnOnce(),
) {
    let notification = notification.clone();
    let taken = tokio::task::spawn_blocking(move || notification.show().map(drop));
    match taken.await {
        Ok(Ok(())) => shown(),
        Ok(Err(error)) => {
            tracing::info!(%error, "no notification service: the prompt is in the window only");
        }
        Err(error) => tracing::warn!(%error, "the notification"),
    }
}

fn shown(app: &App) {
    if app.act(Intent::PromptShown).is_err() {
        tracing::debug!("the session ended while it was asked");
    }
}

fn answered(tauri: &AppHandle, app: &App) {
    if app.act(Intent::StillWatching).is_err() {
        tracing::debug!("the session ended before the answer");
    }
    window::raise(tauri);
}

fn question(title: &str) -> String {
    if title.is_empty() {
        "Still watching?".to_owned()
    } else {
        format!("Still watching “{}”?", shortened(title, 60))
    }
}

fn explanation(stops_in_ms: u32) -> String {
    let seconds = stops_in_ms.div_ceil(1_000);
    format!("Click to say yes. Without a sign of you, time stops counting in {seconds} seconds.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_session() {
        assert_eq!(question("Parsers\nlive"), "Still watching “Parsers live”?");
        assert_eq!(question(""), "Still watching?");
        assert!(explanation(59_400).contains("in 60 seconds"));
    }
}
