//! Web pages on the official 100ms SDK see and hear each other through our media server.

use serde_json::{Value, json};

use crate::{
    browser::SdkPage,
    server::{TestServer, TestSession},
};

/// What a page does to look and listen, as `window.media`.
const SENSES: &str = r"
window.media = {
  // Somebody who has come back may be there twice for a while: the one with a camera.
  find(name) {
    const peers = hms.store.getState(HMS.selectRemotePeers).filter((peer) => peer.name === name);
    return peers.find((peer) => peer.videoTrack) ?? peers[0];
  },
  // A video element that shows somebody's camera.
  async show(name, width = 320) {
    const track = media.find(name)?.videoTrack;
    if (!track) return null;
    let video = document.getElementById(name);
    if (!video) {
      video = Object.assign(document.createElement('video'), { id: name });
      Object.assign(video, { autoplay: true, muted: true, playsInline: true });
      document.body.append(video);
    }
    video.style.width = width + 'px';
    if (video.dataset.track !== track) {
      await hms.actions.attachVideo(track, video);
      video.dataset.track = track;
    }
    return video;
  },
  // What is on the screen now: its size, a sum that moves with the picture, and how much
  // of it is as green as the fake camera.
  look(name) {
    const video = document.getElementById(name);
    if (!video || video.videoWidth < 2) return null;
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    let sum = 0, green = 0;
    for (let at = 0; at < data.length; at += 4) {
      sum = (sum * 31 + data[at] + 3 * data[at + 1] + 7 * data[at + 2]) % 1000003;
      if (data[at + 1] > 90 && data[at + 1] > data[at] + 40) green += 1;
    }
    return { sum, green, width: video.videoWidth, height: video.videoHeight };
  },
  // The loudest sample of somebody's microphone in a tenth of a second.
  listen(name) {
    const id = media.find(name)?.audioTrack;
    const track = id && hms.actions.getNativeTrackById(id);
    if (!track) return 0;
    media.ears ??= {};
    if (media.ears[name]?.id !== id) {
      media.context ??= new AudioContext();
      const analyser = media.context.createAnalyser();
      analyser.fftSize = 4096;
      media.context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      media.ears[name] = { id, analyser };
    }
    media.context.resume();
    const samples = new Float32Array(4096);
    media.ears[name].analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  },
};";

/// Waits until a camera is seen: a picture of the right colour that moves.
const SEES: &str = "const [name] = arguments;
    const end = Date.now() + 50000;
    let first = null;
    while (Date.now() < end) {
      await media.show(name);
      const seen = media.look(name);
      if (seen?.green > 400) {
        if (first && first.sum !== seen.sum) return seen;
        first ??= seen;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('not seen: ' + JSON.stringify([first, media.look(name), media.find(name) ?? null]));";

const HEARS: &str = "const [name] = arguments;
    return await until(() => { const level = media.listen(name); return level > 0.02 && level; });";

/// A page with devices in a room.
async fn enter(server: &TestServer, session: &TestSession, name: &str, role: &str) -> SdkPage {
    let page = SdkPage::open_with_devices(name).await;
    join(&page, server, session, name, role).await;
    page
}

async fn join(page: &SdkPage, server: &TestServer, session: &TestSession, name: &str, role: &str) {
    page.run(SENSES).await;
    let token = server.hms_token(session.room(), &format!("web-{name}"), role);
    page.join_live(&server.origin, &token).await;
}

async fn sees(page: &SdkPage, name: &str) {
    page.does(SEES, vec![json!(name)]).await;
}

async fn hears(page: &SdkPage, name: &str) {
    page.does(HEARS, vec![json!(name)]).await;
}

/// Waits until this holds of somebody: `peer` is what the page's store has.
async fn finds(page: &SdkPage, name: &str, condition: &str) {
    let body = format!(
        "const [name] = arguments;
         const is = (selector) => hms.store.getState(selector(media.find(name)?.id));
         await until(() => {{ const peer = media.find(name); return {condition}; }});"
    );
    page.does(&body, vec![json!(name)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_and_hears_the_host_and_when_they_are_muted() {
    let server = TestServer::start();
    let session = server.session("Live").await;
    let viewer = enter(&server, &session, "Vera", "viewer").await;
    let host = enter(&server, &session, "Hana", "host").await;
    sees(&viewer, "Hana").await;
    hears(&viewer, "Hana").await;
    let own = viewer
        .run("return hms.store.getState(HMS.selectLocalPeer).videoTrack ?? null")
        .await;
    assert_eq!(own, Value::Null, "a viewer publishes nothing");

    host.does(
        "await hms.actions.setLocalVideoEnabled(false); await hms.actions.setLocalAudioEnabled(false);",
        vec![],
    )
    .await;
    finds(
        &viewer,
        "Hana",
        "!is(HMS.selectIsPeerVideoEnabled) && !is(HMS.selectIsPeerAudioEnabled)",
    )
    .await;
    host.does(
        "await hms.actions.setLocalVideoEnabled(true); await hms.actions.setLocalAudioEnabled(true);",
        vec![],
    )
    .await;
    finds(
        &viewer,
        "Hana",
        "is(HMS.selectIsPeerVideoEnabled) && is(HMS.selectIsPeerAudioEnabled)",
    )
    .await;
    sees(&viewer, "Hana").await;
    hears(&viewer, "Hana").await;

    // Who comes late finds the same.
    let late = enter(&server, &session, "Late", "viewer").await;
    sees(&late, "Hana").await;
    hears(&late, "Hana").await;
    late.close().await;
    viewer.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_becomes_a_presenter_is_seen_until_the_role_is_taken_back() {
    let server = TestServer::start();
    let session = server.session("Live").await;
    let host = enter(&server, &session, "Hana", "host").await;
    let guest = enter(&server, &session, "Gus", "viewer").await;
    sees(&guest, "Hana").await;
    let change = "const [role] = arguments;
        await hms.actions.changeRoleOfPeer(media.find('Gus').id, role, true);";
    host.does(change, vec![json!("presenter")]).await;
    guest
        .does(
            "await until(() => hms.store.getState(HMS.selectLocalPeer).videoTrack);
             await hms.actions.setLocalVideoEnabled(true);
             await hms.actions.setLocalAudioEnabled(true);",
            vec![],
        )
        .await;
    sees(&host, "Gus").await;
    hears(&host, "Gus").await;
    sees(&guest, "Hana").await;

    host.does(change, vec![json!("viewer")]).await;
    finds(&host, "Gus", "peer && !peer.videoTrack && !peer.audioTrack").await;
    guest
        .does(
            "await until(() => !hms.store.getState(HMS.selectLocalPeer).videoTrack);",
            vec![],
        )
        .await;
    // The guest has stayed, and still sees.
    sees(&guest, "Hana").await;
    guest.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_who_reloads_the_page_is_seen_again() {
    let server = TestServer::start();
    let session = server.session("Live").await;
    let viewer = enter(&server, &session, "Vera", "viewer").await;
    let host = enter(&server, &session, "Hana", "host").await;
    sees(&viewer, "Hana").await;
    let before = viewer.run("return media.find('Hana').videoTrack").await;
    host.reload().await;
    viewer
        .does(
            "const [before] = arguments;
             await until(() => media.find('Hana')?.videoTrack !== before);",
            vec![before],
        )
        .await;
    join(&host, &server, &session, "Hana", "host").await;
    sees(&viewer, "Hana").await;
    hears(&viewer, "Hana").await;
    viewer.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_gets_the_size_that_it_asks_for() {
    let server = TestServer::start();
    let session = server.session("Live").await;
    let host = enter(&server, &session, "Hana", "host").await;
    let viewer = enter(&server, &session, "Vera", "viewer").await;
    sees(&viewer, "Hana").await;
    for (layer, width) in [("low", 320), ("medium", 640), ("low", 320)] {
        viewer
            .does(
                "const [layer, width] = arguments;
                 await hms.actions.setPreferredLayer(media.find('Hana').videoTrack, layer);
                 await until(() => media.look('Hana')?.width === width);",
                vec![json!(layer), json!(width)],
            )
            .await;
    }
    viewer.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_server_media_come_back() {
    let mut server = TestServer::start();
    let session = server.session("Live").await;
    let viewer = enter(&server, &session, "Vera", "viewer").await;
    let host = enter(&server, &session, "Hana", "host").await;
    sees(&viewer, "Hana").await;
    let before = viewer.run("return media.find('Hana').videoTrack").await;
    server.restart();
    viewer
        .does(
            "const [before] = arguments;
             await until(() => {
               const track = media.find('Hana')?.videoTrack;
               return track && track !== before;
             });",
            vec![before],
        )
        .await;
    sees(&viewer, "Hana").await;
    hears(&viewer, "Hana").await;
    viewer.close().await;
    host.close().await;
}
