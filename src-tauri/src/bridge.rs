//! View events on their way to the UI's one channel.

use kulti_client::core::view::ViewEvent;
use tauri::ipc::Channel;
use tokio::sync::watch;

use crate::app::{SessionViews, model::HomeView};

/// Sends the session's view until the stay is over, the page is gone or another
/// reader took over.
pub(crate) fn forward_view(mut views: SessionViews, channel: Channel<ViewEvent>) {
    tokio::spawn(async move {
        while let Some(batch) = views.next().await {
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
    tokio::spawn(async move {
        loop {
            let view = home.borrow_and_update().clone();
            if channel.send(view).is_err() || home.changed().await.is_err() {
                return;
            }
        }
    });
}
