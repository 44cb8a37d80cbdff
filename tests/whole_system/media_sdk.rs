//! Web pages on the official 100ms SDK see and hear each other through our media server.

use serde_json::{Value, json};

use crate::{
    browser::SdkPage,
    server::{TestServer, TestSession},
};

/// What a page does to look and listen, as `window.media`.
const SENSES: &str = r"
window.media = {
  find(name) {
    return hms.store.getState(HMS.selectRemotePeers).find((peer) => peer.name === name);
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
const SEES: &str = "const [name, width] = arguments;
    await until(() => media.find(name)?.videoTrack);
    await media.show(name, width ?? 320);
    const first = await until(() => { const seen = media.look(name); return seen?.green > 400 && seen; });
    await until(() => { const seen = media.look(name); return seen && seen.sum !== first.sum; });
    return first;";

const HEARS: &str = "const [name] = arguments;
    return await until(() => { const level = media.listen(name); return level > 0.02 && level; });";

/// A page with devices in a room.
async fn enter(server: &TestServer, session: &TestSession, name: &str, role: &str) -> SdkPage {
    let page = SdkPage::open_with_devices(name).await;
    page.run(SENSES).await;
    let token = server.hms_token(session.room(), &format!("web-{name}"), role);
    page.join_live(&server.origin, &token).await;
    page
}

async fn sees(page: &SdkPage, name: &str) -> Value {
    page.does(SEES, vec![json!(name)]).await
}

async fn hears(page: &SdkPage, name: &str) {
    page.does(HEARS, vec![json!(name)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_and_hears_the_host() {
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
    viewer.close().await;
    host.close().await;
}
