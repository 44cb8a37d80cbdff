//! View events on their way to the UI's one channel.

use tauri::ipc::Channel;
use tokio::sync::watch;

use kulti_client::core::view::ViewEvent;

use crate::app::{model::HomeView, view_feed::ViewSubscription};

/// Sends the session's view until the stay has ended, the page is gone or a newer
/// subscription took over.
pub(crate) fn forward_view(mut view: ViewSubscription, channel: Channel<ViewEvent>) {
    tauri::async_runtime::spawn(async move {
        while let Some(batch) = view.next().await {
            for event in batch {
                if channel.send(event).is_err() {
                    return;
                }
            }
        }
    });
}

/// Sends the home screen now and at every change.
pub(crate) fn forward_home(mut home: watch::Receiver<HomeView>, channel: Channel<HomeView>) {
    tauri::async_runtime::spawn(async move {
        loop {
            let view = home.borrow_and_update().clone();
            if channel.send(view).is_err() || home.changed().await.is_err() {
                return;
            }
        }
    });
}
