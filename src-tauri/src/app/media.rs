//! What the person chose about sound and cameras, and the door to the pictures.

use kulti_client::core::Intent;
use kulti_media::client::interface::AudioDevices;

use super::{
    App,
    model::{CommandError, Settings},
};

impl App {
    /// The address of the local socket for pictures of the stay that goes on, with a
    /// token that is good once.
    ///
    /// # Errors
    /// [`super::model::ErrorCode::NotInSession`], or [`super::model::ErrorCode::Local`] if
    /// no local port can be opened.
    pub async fn media_socket(&self) -> Result<String, CommandError> {
        let media = self
            .stays
            .media()
            .ok_or_else(CommandError::not_in_session)?;
        let url = media.socket_url().await;
        url.map_err(|error| CommandError::local("the socket for pictures cannot be opened", &error))
    }

    /// Uses other sound devices from now on, also in later sessions; none is the system's.
    pub fn choose_sound(
        &self,
        microphone: Option<String>,
        loudspeaker: Option<String>,
    ) -> Settings {
        if let Some(stay) = self.stays.current() {
            let intent = Intent::ChooseSound {
                microphone: microphone.clone(),
                loudspeaker: loudspeaker.clone(),
            };
            if let Err(error) = stay.act(intent) {
                tracing::debug!(%error, "the sound devices were chosen too late");
            }
        }
        self.change_settings(|settings| {
            settings.microphone = microphone;
            settings.loudspeaker = loudspeaker;
        })
    }

    /// The person has read what happens when a camera is started, and said yes.
    pub fn allow_camera(&self) -> Settings {
        self.change_settings(|settings| settings.media_consent = true)
    }

    /// Whether they have.
    #[must_use]
    pub fn may_open_camera(&self) -> bool {
        self.kept.lock().settings.media_consent
    }

    /// The sound devices that were chosen.
    pub(super) fn sound_devices(&self) -> AudioDevices {
        let kept = self.kept.lock();
        AudioDevices {
            input: kept.settings.microphone.clone(),
            output: kept.settings.loudspeaker.clone(),
        }
    }

    fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        let changed = {
            let mut kept = self.kept.lock();
            change(&mut kept.settings);
            kept.settings.clone()
        };
        self.files.settings.save_or_warn(&changed);
        changed
    }
}
