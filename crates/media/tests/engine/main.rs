//! Whole engines, with their threads and sockets, through the real SFU; one of them with a
//! real sound server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod meeting;
mod sound;
mod sound_server;

use std::time::Duration;

use kulti_media::client::audio::cpal_driver::CpalDriver;
use kulti_media::client::interface::{Command, Event, Layer, Picture, Source};

use meeting::{Meeting, Seen};
use sound::{TONE, VirtualDriver};

/// Of the real sound server: long enough for a machine that has other things to do.
const PERIOD: Duration = Duration::from_millis(60);

/// A VP8 picture as far as transport looks into it.
fn picture(number: u8) -> Picture {
    let is_key = number == 0;
    let mut data = vec![number; 4000];
    data[0] = u8::from(!is_key);
    data[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
    Picture {
        is_key,
        at_us: u64::from(number) * 40_000,
        data,
    }
}

#[test]
fn pictures_arrive_as_they_were_sent_and_a_tone_is_heard() {
    let mut meeting = Meeting::new();
    let ann = meeting.join("ann", |seen| VirtualDriver::new(TONE, seen));
    let ben = meeting.join("ben", |seen| VirtualDriver::new(0, seen));
    meeting.connected(ann);
    meeting.connected(ben);
    meeting.send(ann, Command::Publish(Source::Microphone));
    meeting.until(
        "published",
        |seen| matches!(seen, Seen::Published(who, 1) if *who == ann),
    );
    meeting.send(ann, Command::Publish(Source::Camera));
    let camera = meeting.find("the camera", |seen| match seen {
        Seen::Opened(who, track_id) if *who == ben => Some(track_id.clone()),
        _ => None,
    });
    meeting.send(ben, Command::Layers(vec![(camera, Layer::High)]));
    // Ben's wish reaches the SFU, which asks Ann for a keyframe.
    meeting.until("keyframe", |seen| {
        matches!(seen, Seen::Event(who, Event::KeyframeWanted(Source::Camera)) if *who == ann)
    });
    let sent: Vec<_> = (0..30).map(picture).collect();
    let mut got = Vec::new();
    for picture in &sent {
        meeting.send(ann, Command::Send(Source::Camera, picture.clone()));
        got.push(meeting.find("a picture", |seen| match seen {
            Seen::Picture(who, picture) if *who == ben => Some(picture.data.clone()),
            _ => None,
        }));
    }
    let expected: Vec<_> = sent.into_iter().map(|picture| picture.data).collect();
    assert!(got == expected, "the pictures differ");
    meeting.until(
        "a tone",
        |seen| matches!(seen, Seen::Heard(who, TONE) if *who == ben),
    );
    meeting.until("the speaker's level", |seen| {
        matches!(seen, Seen::Event(who, Event::Speakers(list)) if *who == ben && !list.is_empty())
    });
}

/// Ann hears her own tone again, after it came out of Ben's loudspeaker and into his
/// microphone: both are the same null sink of a real sound server.
#[test]
#[cfg(target_os = "linux")]
fn a_tone_goes_through_a_real_sound_server_and_back() {
    let server = sound_server::SoundServer::start();
    server.run_test("inside_the_sound_server");
}

#[test]
#[ignore = "run by a_tone_goes_through_a_real_sound_server_and_back, with its server"]
fn inside_the_sound_server() {
    let mut meeting = Meeting::new();
    let ann = meeting.join("ann", |seen| VirtualDriver::new(TONE, seen));
    let ben = meeting.join("ben", |_| CpalDriver::with_period(PERIOD));
    meeting.connected(ann);
    meeting.connected(ben);
    meeting.send(ben, Command::ListDevices);
    meeting.until("the null sink and its monitor", |seen| match seen {
        Seen::Event(who, Event::Devices { inputs, outputs }) if *who == ben => {
            inputs.iter().any(|device| device.is_default)
                && outputs.iter().any(|device| device.is_default)
        }
        _ => false,
    });
    meeting.send(ann, Command::Publish(Source::Microphone));
    meeting.send(ben, Command::Publish(Source::Microphone));
    meeting.until("the level of Ben's microphone", |seen| {
        matches!(seen, Seen::Event(who, Event::MicrophoneLevel(level)) if *who == ben && *level > 30)
    });
    meeting.until(
        "the tone again",
        |seen| matches!(seen, Seen::Heard(who, TONE) if *who == ann),
    );
}
