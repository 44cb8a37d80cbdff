//! Cameras and screens in the web view: the page may ask for them after the person's
//! consent, and for nothing else. Sound is none of the page's.

use std::sync::Arc;

use tauri::{Url, WebviewWindow};
use webkit2gtk::{
    DeviceInfoPermissionRequest, PermissionRequestExt, SettingsExt, UserMediaPermissionRequest,
    UserMediaPermissionRequestExt, WebViewExt, glib::prelude::*,
};

use crate::app::App;

/// `1` gives the page a made-up camera in place of this computer's. Only debug builds
/// read it.
const MOCK_CAPTURE: &str = "KULTI_MOCK_CAPTURE";

/// Lets the page of this window have cameras, on the condition that `is_own` says it is
/// the app's own.
pub(crate) fn offer_cameras(
    window: &WebviewWindow,
    app: &Arc<App>,
    is_own: impl Fn(&Url) -> bool + Send + 'static,
) {
    let app = app.clone();
    let offered = window.with_webview(move |webview| {
        let view = webview.inner();
        if let Some(settings) = view.settings() {
            settings.set_enable_media_stream(true);
            let mock = std::env::var_os(MOCK_CAPTURE).is_some_and(|set| set == "1");
            settings.set_enable_mock_capture_devices(cfg!(debug_assertions) && mock);
        }
        view.connect_permission_request(move |view, request| {
            let own_page = view.uri().and_then(|uri| Url::parse(&uri).ok());
            let own_page = own_page.is_some_and(|url| is_own(&url));
            let is_asked = match request.downcast_ref::<UserMediaPermissionRequest>() {
                // A request for neither is one for a screen, of which the system asks the
                // person itself.
                Some(media) => !media.is_for_audio_device(),
                None => request.is::<DeviceInfoPermissionRequest>(),
            };
            if own_page && is_asked && app.may_open_camera() {
                request.allow();
            } else {
                tracing::info!(own_page, "the page was refused what it asked of the system");
                request.deny();
            }
            true
        });
    });
    if let Err(error) = offered {
        tracing::warn!(%error, "the page gets no camera");
    }
}
