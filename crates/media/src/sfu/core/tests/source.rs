//! What a client sends.

use std::time::Instant;

use str0m::media::{Mid, Rid};

use crate::sfu::Kind;

/// A stream that is sent: 20 frames of two packets a second, or 50 packets of sound.
pub(super) struct Source {
    pub(super) mid: Mid,
    pub(super) rid: Option<Rid>,
    pub(super) kind: Kind,
    pub(super) sequence: u64,
    pub(super) frame: u32,
    pub(super) next: Instant,
    pub(super) wants_keyframe: bool,
    pub(super) is_paused: bool,
    pub(super) level: i8,
}

impl Source {
    pub(super) fn letter(&self) -> char {
        self.rid.and_then(|rid| rid.chars().next()).unwrap_or('-')
    }

    /// The packets of the next frame, with their markers.
    pub(super) fn frame(&mut self) -> Vec<(Vec<u8>, bool)> {
        self.frame += 1;
        let letter = self.letter() as u8;
        if self.kind == Kind::Audio {
            return vec![(vec![1, 2, 3, letter], false)];
        }
        let id = (self.frame & 0x7fff).to_be_bytes();
        let tl0 = self.frame as u8;
        let packet =
            |first: u8, body: u8| vec![first, 0xe0, 0x80 | id[2], id[3], tl0, 0, body, letter];
        let inter = u8::from(!std::mem::take(&mut self.wants_keyframe));
        vec![(packet(0x90, inter), false), (packet(0x80, 0), true)]
    }
}
