//! Who speaks.

use std::time::{Duration, Instant};

use crate::sfu::Speaker;

/// What counts as silence, and as loudest, in dBov. Speech is at −35 to −20.
const SILENCE: f32 = -65.0;
const LOUDEST: f32 = -15.0;
/// Below this level nobody is called a speaker.
const AUDIBLE: u8 = 20;
/// A level rises within some packets of 20 ms and falls within a second, so that pauses
/// between words don't count.
const RISE: f32 = 0.3;
const FALL: f32 = 0.04;
/// Nothing is sent in silence (DTX), but for a packet each 400 ms.
const FORGOTTEN: Duration = Duration::from_millis(800);
/// More are never told.
const MOST: usize = 10;

/// How loud one track is.
#[derive(Debug, Default)]
pub(crate) struct Level {
    smooth: f32,
    heard: Option<Instant>,
}

impl Level {
    /// A packet of this loudness came, −127 to 0 dBov.
    pub(crate) fn hear(&mut self, dbov: i8, now: Instant) {
        let level = (f32::from(dbov) - SILENCE) / (LOUDEST - SILENCE) * 100.0;
        let level = level.clamp(0.0, 100.0);
        let pace = if level > self.smooth { RISE } else { FALL };
        self.smooth += (level - self.smooth) * pace;
        self.heard = Some(now);
    }

    /// Forgets what was heard.
    pub(crate) fn silence(&mut self) {
        *self = Self::default();
    }

    /// 0 to 100.
    pub(crate) fn value(&self, now: Instant) -> u8 {
        match self.heard {
            Some(at) if now.saturating_duration_since(at) < FORGOTTEN => self.smooth as u8,
            _ => 0,
        }
    }
}

/// Who was called a speaker the last time.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    last: Vec<Speaker>,
}

impl Speakers {
    /// All levels as they are now. Gives the speakers, loudest first, if there is something
    /// new to tell: that nobody speaks is told once.
    pub(crate) fn update(&mut self, levels: impl Iterator<Item = Speaker>) -> Option<&[Speaker]> {
        let mut speakers: Vec<_> = levels.filter(|s| s.level >= AUDIBLE).collect();
        speakers.sort_by(|a, b| {
            b.level
                .cmp(&a.level)
                .then_with(|| a.track_id.cmp(&b.track_id))
        });
        speakers.truncate(MOST);
        if speakers == self.last {
            return None;
        }
        self.last = speakers;
        Some(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfu::PeerKey;

    fn hear_for(level: &mut Level, dbov: i8, packets: u32, now: &mut Instant) {
        for _ in 0..packets {
            *now += Duration::from_millis(20);
            level.hear(dbov, *now);
        }
    }

    #[test]
    fn speech_is_audible_soon_and_silence_after_a_second_or_two() {
        let mut now = Instant::now();
        let mut level = Level::default();
        hear_for(&mut level, -30, 8, &mut now);
        assert!(level.value(now) > 60, "{level:?}");
        hear_for(&mut level, -127, 5, &mut now);
        assert!(
            level.value(now) > AUDIBLE,
            "a pause between words: {level:?}"
        );
        hear_for(&mut level, -127, 60, &mut now);
        assert!(level.value(now) < AUDIBLE, "{level:?}");
    }

    #[test]
    fn who_sends_nothing_is_silent() {
        let mut now = Instant::now();
        let mut level = Level::default();
        hear_for(&mut level, -20, 50, &mut now);
        assert_eq!(level.value(now + FORGOTTEN), 0);
    }

    #[test]
    fn the_loudest_come_first_and_silence_is_told_once() {
        let speaker = |peer, level| Speaker {
            peer: PeerKey(peer),
            track_id: format!("t{peer}"),
            level,
        };
        let mut speakers = Speakers::default();
        assert_eq!(speakers.update([speaker(1, 5)].into_iter()), None);
        let told = speakers.update([speaker(1, 40), speaker(2, 70), speaker(3, 3)].into_iter());
        assert_eq!(told, Some(&[speaker(2, 70), speaker(1, 40)][..]));
        assert_eq!(
            speakers.update([speaker(1, 40), speaker(2, 70)].into_iter()),
            None
        );
        assert_eq!(speakers.update([speaker(1, 0)].into_iter()), Some(&[][..]));
        assert_eq!(speakers.update([speaker(1, 0)].into_iter()), None);
    }
}
