//! What goes over the local socket between page and app (`docs/media.md`): text messages in
//! JSON, pictures with a header of 16 bytes.

use kulti_client::core::io::ShownTile;
use kulti_media::client::interface::{Picture, Source};
use serde::{Deserialize, Serialize};

/// The header's length in bytes.
pub(super) const HEADER: usize = 16;
/// A longer picture is none: a keyframe of a large screen has some hundred thousand bytes.
pub(super) const PICTURE_LIMIT: usize = 4 << 20;
/// A longer text is no message of the page's.
pub(super) const TEXT_LIMIT: usize = 64 << 10;
/// A page shows a few dozen tiles at most.
pub(super) const SLOT_LIMIT: u16 = 256;
/// Sides beyond this no encoder takes.
const SIDE_LIMIT: u32 = 8_192;

const TO_SHOW: u8 = 1;
const TO_SEND: u8 = 2;
const KEYFRAME: u8 = 1;

/// A camera or a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Captured {
    Camera,
    Screen,
}

impl Captured {
    pub(super) const ALL: [Self; 2] = [Self::Camera, Self::Screen];

    /// None for the microphone, which the page has no part in.
    pub(super) fn of(source: Source) -> Option<Self> {
        match source {
            Source::Camera => Some(Self::Camera),
            Source::Screen => Some(Self::Screen),
            Source::Microphone => None,
        }
    }
}

impl From<Captured> for Source {
    fn from(captured: Captured) -> Self {
        match captured {
            Captured::Camera => Self::Camera,
            Captured::Screen => Self::Screen,
        }
    }
}

/// How a source is to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encoding {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frames_per_second: u32,
    /// bits/s.
    pub(super) bitrate: u32,
}

/// What the app says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum ToPage {
    /// A slot has this track from now on.
    Track {
        slot: u16,
        track_id: String,
        codec: &'static str,
    },
    /// And no more.
    Gone { slot: u16 },
    /// Encode this: begin, or change.
    Encode {
        source: Captured,
        #[serde(flatten)]
        encoding: Encoding,
    },
    /// Encode it no more.
    Stop { source: Captured },
    /// Its next picture must be a keyframe.
    Keyframe { source: Captured },
    /// It may be time for a picture.
    Tick,
    /// The time on the clock that sound is played by, µs.
    Clock { at_us: u64 },
}

impl ToPage {
    pub(super) fn text(&self) -> String {
        // Nothing in it that cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum FromPageJson {
    Shown {
        tiles: Vec<Tile>,
    },
    Painted {
        slot: u16,
        sequence: u32,
        waiting: u32,
    },
    Captured {
        source: Captured,
        width: u32,
        height: u32,
    },
    Ended {
        source: Captured,
        reason: String,
    },
    Lost {
        slot: u16,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tile {
    track_id: String,
    height: u32,
}

/// What the page says, within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FromPage {
    /// These can be seen, and nothing else.
    Shown(Vec<ShownTile>),
    /// Painted so far; `waiting` pictures are not.
    Painted {
        slot: u16,
        sequence: u32,
        waiting: u32,
    },
    /// A source is captured, in this size.
    Captured {
        source: Captured,
        width: u32,
        height: u32,
    },
    /// And no more.
    Ended { source: Captured, reason: String },
    /// A decoder has lost its place.
    Lost { slot: u16 },
    /// A picture to send.
    Picture {
        source: Captured,
        sequence: u32,
        picture: Picture,
    },
}

/// How many tiles a page shows.
const TILES: usize = 256;
/// How long an id, or a reason in words, may be.
const WORDS: usize = 256;

/// Reads a text message; none if it is not one.
pub(super) fn read_text(text: &str) -> Option<FromPage> {
    if text.len() > TEXT_LIMIT {
        return None;
    }
    Some(match serde_json::from_str(text).ok()? {
        FromPageJson::Shown { tiles } => {
            let fits = |tile: &Tile| tile.track_id.len() <= WORDS;
            let tiles = tiles.into_iter().filter(fits).take(TILES);
            let tiles = tiles.map(|tile| ShownTile {
                track_id: tile.track_id,
                height: tile.height,
            });
            FromPage::Shown(tiles.collect())
        }
        FromPageJson::Painted {
            slot,
            sequence,
            waiting,
        } => FromPage::Painted {
            slot,
            sequence,
            waiting,
        },
        FromPageJson::Captured {
            source,
            width,
            height,
        } => {
            let fits = |side: u32| (2..=SIDE_LIMIT).contains(&side);
            if !fits(width) || !fits(height) {
                return None;
            }
            FromPage::Captured {
                source,
                width,
                height,
            }
        }
        FromPageJson::Ended { source, reason } => FromPage::Ended {
            source,
            reason: reason.chars().take(WORDS).collect(),
        },
        FromPageJson::Lost { slot } => FromPage::Lost { slot },
    })
}

/// Reads a picture to send; none if it is not one.
pub(super) fn read_picture(message: &[u8]) -> Option<FromPage> {
    let (header, data) = message.split_first_chunk::<HEADER>()?;
    let [
        kind,
        flags,
        s0,
        s1,
        q0,
        q1,
        q2,
        q3,
        t0,
        t1,
        t2,
        t3,
        t4,
        t5,
        t6,
        t7,
    ] = *header;
    if kind != TO_SEND || data.is_empty() || data.len() > PICTURE_LIMIT {
        return None;
    }
    let source = match u16::from_le_bytes([s0, s1]) {
        0 => Captured::Camera,
        1 => Captured::Screen,
        _ => return None,
    };
    Some(FromPage::Picture {
        source,
        sequence: u32::from_le_bytes([q0, q1, q2, q3]),
        picture: Picture {
            is_key: flags & KEYFRAME != 0,
            at_us: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            data: data.to_vec(),
        },
    })
}

/// Writes a picture to show.
pub(super) fn write_picture(slot: u16, sequence: u32, picture: &Picture) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + picture.data.len());
    message.extend([TO_SHOW, if picture.is_key { KEYFRAME } else { 0 }]);
    message.extend(slot.to_le_bytes());
    message.extend(sequence.to_le_bytes());
    message.extend(picture.at_us.to_le_bytes());
    message.extend(&picture.data);
    message
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_have_the_form_of_the_document() {
        let text = |message: ToPage| message.text();
        let encoding = Encoding {
            width: 640,
            height: 360,
            frames_per_second: 30,
            bitrate: 500_000,
        };
        let source = Captured::Camera;
        assert_eq!(
            text(ToPage::Track {
                slot: 3,
                track_id: "t".into(),
                codec: "vp8"
            }),
            r#"{"type":"track","slot":3,"trackId":"t","codec":"vp8"}"#
        );
        assert_eq!(
            text(ToPage::Encode { source, encoding }),
            r#"{"type":"encode","source":"camera","width":640,"height":360,"framesPerSecond":30,"bitrate":500000}"#
        );
        assert_eq!(text(ToPage::Tick), r#"{"type":"tick"}"#);
        assert_eq!(
            text(ToPage::Clock { at_us: 7 }),
            r#"{"type":"clock","atUs":7}"#
        );
        let shown = r#"{"type":"shown","tiles":[{"trackId":"t","width":320,"height":180}]}"#;
        let tile = ShownTile {
            track_id: "t".into(),
            height: 180,
        };
        assert_eq!(read_text(shown), Some(FromPage::Shown(vec![tile])));
        assert_eq!(
            read_text(r#"{"type":"painted","slot":3,"sequence":17,"waiting":1}"#),
            Some(FromPage::Painted {
                slot: 3,
                sequence: 17,
                waiting: 1
            })
        );
        for bad in [
            "",
            "[]",
            r#"{"type":"format"}"#,
            r#"{"type":"painted","slot":-1,"sequence":0,"waiting":0}"#,
            r#"{"type":"captured","source":"camera","width":1,"height":90000}"#,
            r#"{"type":"ended","source":"microphone","reason":""}"#,
        ] {
            assert_eq!(read_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_picture_has_its_header() {
        let picture = Picture {
            is_key: true,
            at_us: 0x0102_0304_0506_0708,
            data: vec![9, 8],
        };
        let written = write_picture(0x0203, 0x0405_0607, &picture);
        assert_eq!(
            written,
            [1, 1, 3, 2, 7, 6, 5, 4, 8, 7, 6, 5, 4, 3, 2, 1, 9, 8]
        );
        let mut sent = written.clone();
        (sent[0], sent[2], sent[3]) = (2, 1, 0);
        let source = Captured::Screen;
        assert_eq!(
            read_picture(&sent),
            Some(FromPage::Picture {
                source,
                sequence: 0x0405_0607,
                picture
            })
        );
        assert_eq!(read_picture(&written), None, "one to show");
        assert_eq!(read_picture(&sent[..16]), None, "nothing in it");
    }

    proptest! {
        #[test]
        fn nothing_from_the_page_panics(bytes: Vec<u8>, text: String) {
            drop(read_picture(&bytes));
            drop(read_text(&text));
        }
    }
}
