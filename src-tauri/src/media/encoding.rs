//! How the page is to encode what it captures.

use super::wire::{Captured, Encoding};

/// Frames a second of a camera.
const CAMERA_RATE: u32 = 30;
/// Of a screen: letters need sharpness, not motion.
const SCREEN_RATE: u32 = 15;

/// One source: what is known of it.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Its size, while it is captured.
    captured: Option<(u32, u32)>,
    /// What the engine wants, bits/s; while it wants anything.
    bitrate: Option<u32>,
    is_muted: bool,
    /// What the page was told.
    told: Option<Encoding>,
    /// The picture before, by its number.
    sequence: Option<u32>,
}

impl Feed {
    /// The page captures it.
    pub(super) fn captured(&mut self, width: u32, height: u32) {
        self.captured = Some((width, height));
        // It may be another encoder, which was told nothing.
        self.told = None;
    }

    /// The page captures it no more.
    pub(super) fn ended(&mut self) {
        self.captured = None;
        self.told = None;
    }

    /// Another page, which captures nothing that is known of.
    pub(super) fn begin_anew(&mut self) {
        self.ended();
        self.sequence = None;
    }

    /// The engine wants it with so many bits/s.
    pub(super) fn wanted(&mut self, bitrate: u32) {
        self.bitrate = Some(bitrate);
    }

    /// It is published no more.
    pub(super) fn unwanted(&mut self) {
        self.bitrate = None;
        self.is_muted = false;
    }

    /// Nothing of it is to be sent for now, or again.
    pub(super) fn muted(&mut self, is_muted: bool) {
        self.is_muted = is_muted;
    }

    /// Whether pictures are being made.
    pub(super) fn is_running(&self) -> bool {
        self.told.is_some()
    }

    /// What the page is to be told: to encode it so, or (none) to stop. None where it
    /// knows.
    pub(super) fn news(&mut self, source: Captured) -> Option<Option<Encoding>> {
        let wanted = self.captured.zip(self.bitrate).filter(|_| !self.is_muted);
        let wanted = wanted.map(|(captured, bitrate)| encoding(source, captured, bitrate));
        if wanted == self.told {
            return None;
        }
        self.told = wanted;
        Some(wanted)
    }

    /// A picture came. Whether it can be sent: after a gap only a keyframe can.
    pub(super) fn follows(&mut self, sequence: u32, is_key: bool) -> bool {
        let follows = self.sequence.map(|before| before.wrapping_add(1)) == Some(sequence);
        if follows || is_key {
            self.sequence = Some(sequence);
            return true;
        }
        self.sequence = None;
        false
    }
}

/// The size that so few bits are enough for.
fn encoding(source: Captured, (width, height): (u32, u32), bitrate: u32) -> Encoding {
    let (most, rate) = match source {
        Captured::Screen => ((1_920, 1_080), SCREEN_RATE),
        Captured::Camera => (
            match bitrate {
                ..200_000 => (320, 180),
                200_000..800_000 => (640, 360),
                _ => (1_280, 720),
            },
            CAMERA_RATE,
        ),
    };
    Encoding {
        width: width.min(most.0),
        height: height.min(most.1),
        frames_per_second: rate,
        bitrate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Captured = Captured::Camera;

    #[test]
    fn the_page_encodes_what_is_captured_wanted_and_not_muted() {
        let mut feed = Feed::default();
        assert_eq!(feed.news(SOURCE), None);
        feed.captured(1_280, 720);
        assert_eq!(feed.news(SOURCE), None, "nobody wants it yet");
        feed.wanted(500_000);
        let asked = Encoding {
            width: 640,
            height: 360,
            frames_per_second: 30,
            bitrate: 500_000,
        };
        assert_eq!(feed.news(SOURCE), Some(Some(asked)));
        assert_eq!(feed.news(SOURCE), None, "it knows");
        feed.muted(true);
        assert_eq!(feed.news(SOURCE), Some(None));
        feed.muted(false);
        assert_eq!(feed.news(SOURCE), Some(Some(asked)));
        feed.captured(320, 240);
        let small = Encoding {
            width: 320,
            height: 240,
            ..asked
        };
        assert_eq!(feed.news(SOURCE), Some(Some(small)), "another camera");
        feed.unwanted();
        assert_eq!(feed.news(SOURCE), Some(None));
    }

    #[test]
    fn after_a_gap_only_a_keyframe_is_sent() {
        let mut feed = Feed::default();
        assert!(!feed.follows(5, false), "the first one");
        assert!(feed.follows(6, true));
        assert!(feed.follows(7, false));
        assert!(!feed.follows(9, false));
        assert!(!feed.follows(10, false));
        assert!(feed.follows(11, true));
    }
}
