//! The media engine of a stay, as the session sees it: whoever starts the stay also has
//! the engine, since sound and pictures are not the session's.

use kulti_media::client::interface::{AudioDevices, Command, Event};
use tokio::sync::mpsc;

/// The way to a media engine and back.
pub struct MediaPort {
    /// The sound devices to begin with.
    pub devices: AudioDevices,
    /// Takes what the session wants of the engine. Must not block.
    pub commands: Box<dyn FnMut(Command) + Send>,
    /// What the engine says.
    pub events: mpsc::UnboundedReceiver<Event>,
}

impl std::fmt::Debug for MediaPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaPort").finish_non_exhaustive()
    }
}

impl MediaPort {
    /// The engine's next word. Waits for ever where there is no engine, or none any more.
    pub(super) async fn next(port: &mut Option<Self>) -> Event {
        if let Some(media) = port
            && let Some(event) = media.events.recv().await
        {
            return event;
        }
        *port = None;
        std::future::pending().await
    }
}
