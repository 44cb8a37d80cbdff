//! Live media between two app windows: a host's camera on a learner's screen.

use serde_json::json;

use crate::{
    app_window::AppWindow, server::TestServer, two_windows::DISPLAY, waiting::until,
};

/// A made-up camera in place of this computer's.
const CAMERA: (&str, &str) = ("KULTI_MOCK_CAPTURE", "1");

/// The picture in a tile that is not one's own.
const PICTURE: &str = "[data-testid=grid] canvas.picture.is-there";

/// What is painted there: how many colours, and a sum that moves with the picture.
const LOOK: &str = "const painted = document.querySelector(arguments[0]);
    if (!painted) return null;
    const copy = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
    const context = copy.getContext('2d');
    context.drawImage(painted, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    const colours = new Set();
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      sum = (sum * 31 + data[at] + 3 * data[at + 1] + 7 * data[at + 2]) % 1000003;
    }
    return [colours.size, sum];";

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_sees_the_hosts_camera_move_and_its_mute() {
    let _display = DISPLAY.lock().await;
    let server = TestServer::start();
    let host = AppWindow::open_with("Mara Okafor", &[CAMERA]).await;
    host.host_on(&server.origin, "Cameras on").await;
    let code = host.room_code().await;
    let learner = AppWindow::open("Jonas Lindqvist").await;
    learner.choose_server(&server.origin).await;
    learner.join(&code).await;
    host.sees("[data-testid=pager]", "(2 participants)").await;

    // The first time, the host is told what happens before the system is asked.
    host.click(".ctl[aria-label^='Start camera']").await;
    host.click("dialog .btn-primary").await;
    learner.element(PICTURE).await;
    let first = until("the learner sees a picture", || async {
        let seen = learner.script(LOOK, vec![json!(PICTURE)]).await;
        seen[0].as_u64().is_some_and(|colours| colours > 8).then_some(seen)
    })
    .await;
    until("the learner sees it move", || async {
        let seen = learner.script(LOOK, vec![json!(PICTURE)]).await;
        (!seen.is_null() && seen != first).then_some(())
    })
    .await;

    // The others see that the camera is off, and on again.
    host.click(".ctl[aria-label^='Stop camera']").await;
    learner.sees_no_more(PICTURE).await;
    host.click(".ctl[aria-label^='Start camera']").await;
    learner.element(PICTURE).await;

    // And a microphone that was on and is muted.
    host.click(".ctl[aria-label^='Unmute']").await;
    host.element(".ctl[aria-pressed=true][aria-label^='Mute']")
        .await;
    host.click(".ctl[aria-label^='Mute']").await;
    until("the learner is told that the host is muted", || async {
        let tiles = learner.tiles().await;
        let host = tiles.iter().find(|tile| tile.starts_with("Mara Okafor"))?;
        host.contains("microphone off").then_some(())
    })
    .await;

    learner.close().await;
    host.close().await;
}
