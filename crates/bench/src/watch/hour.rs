//! The hour: what happened to a person and two devices, and what of it was watched.
//!
//! `tests/whole_system/hour.rs` plays the same hour in the real app.

use kulti_watch::IntervalSet;

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    /// The person's laptop, there for the whole hour.
    Laptop,
    /// A second computer, for half a minute.
    Desktop,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Joined,
    Left,
    /// Another window is in front; ours is beside it, and to be seen.
    OtherInFront,
    InFront,
    Hidden,
    Visible,
    Locked,
    Unlocked,
    /// The system says that it goes to sleep.
    Suspended,
    Resumed,
    /// The machine sleeps, and nothing has said so.
    FellAsleep,
    WokeUp,
    Offline,
    Online,
    /// Keyboard or mouse, anywhere.
    Input,
    PromptShown,
    PromptAnswered,
    /// Somebody sets the wall clock.
    WallClockJumps {
        by_ms: i64,
    },
    TimeZoneChanges,
}

/// Something that happened at a moment, in ms since the laptop joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at_ms: u64,
    pub(super) device: Device,
    pub(super) event: Event,
}

/// From joining to leaving.
pub(super) const LENGTH_MS: u64 = 3_600_000;
/// Between two inputs of somebody who types.
const TYPING_MS: u64 = 5_000;

/// What happened, in order.
pub(super) fn hour() -> Vec<Moment> {
    use Device::{Desktop, Laptop};
    use Event::{
        FellAsleep, Hidden, InFront, Input, Joined, Left, Locked, Offline, Online, OtherInFront,
        PromptAnswered, PromptShown, Resumed, Suspended, TimeZoneChanges, Unlocked, Visible,
        WallClockJumps, WokeUp,
    };
    let moments = [
        (0, Laptop, Joined),
        // Codes along in an editor beside the video.
        (40_350, Laptop, OtherInFront),
        (80_720, Laptop, InFront),
        // Works on something else, with our window minimised; then a short look away.
        (90_137, Laptop, Hidden),
        (137_923, Laptop, Visible),
        (140_250, Laptop, Hidden),
        (145_900, Laptop, Visible),
        (150_411, Laptop, Locked),
        (191_077, Laptop, Unlocked),
        // The network is gone for 10 s.
        (200_180, Laptop, Offline),
        (210_180, Laptop, Online),
        // The lid is closed; once the system says so, once it does not.
        (215_600, Laptop, Suspended),
        (245_050, Laptop, Resumed),
        (247_000, Laptop, WallClockJumps { by_ms: 3_600_000 }),
        (249_000, Laptop, TimeZoneChanges),
        (252_000, Laptop, WallClockJumps { by_ms: -7_200_000 }),
        (255_480, Laptop, FellAsleep),
        (290_777, Laptop, WokeUp),
        // The network is gone for 5 min and a quarter of a second.
        (300_000, Laptop, Offline),
        (600_250, Laptop, Online),
        // Goes on at another computer, and has both for a while.
        (605_000, Desktop, Joined),
        (610_300, Laptop, Hidden),
        (640_640, Desktop, Left),
        (655_100, Laptop, Visible),
        // From 11:00 on a film of 40 min: nobody touches anything but the prompt.
        (1_500_000, Laptop, PromptShown),
        (1_521_400, Laptop, PromptAnswered),
        (2_361_400, Laptop, PromptShown),
        (2_370_900, Laptop, PromptAnswered),
        // The film is over, the person has dozed off, and nobody answers.
        (3_210_900, Laptop, PromptShown),
        (LENGTH_MS, Laptop, Left),
    ];
    let typing = [
        (Laptop, 0, 150_000),
        (Laptop, 191_077, 215_000),
        (Laptop, 245_050, 255_000),
        (Laptop, 290_777, 610_000),
        (Desktop, 605_000, 640_000),
        (Laptop, 655_100, 660_000),
        (Laptop, 660_000, 660_000),
        // The prompt is answered with a click.
        (Laptop, 1_521_400, 1_521_400),
        (Laptop, 2_370_900, 2_370_900),
        // Awake again.
        (Laptop, 3_480_000, LENGTH_MS - 1),
    ];
    let inputs = typing.into_iter().flat_map(|(device, from, to)| {
        (from..=to)
            .step_by(usize::try_from(TYPING_MS).unwrap_or(1))
            .map(move |at_ms| (at_ms, device, Input))
    });
    let mut all: Vec<Moment> = moments
        .into_iter()
        .chain(inputs)
        .map(|(at_ms, device, event)| Moment {
            at_ms,
            device,
            event,
        })
        .collect();
    // Stable: what was listed first comes first.
    all.sort_by_key(|moment| moment.at_ms);
    all
}

/// What was watched by the rules of the product, worked out by hand, in ms since the
/// laptop joined: 48 min 37.341 s.
pub(super) fn truth() -> IntervalSet {
    [
        (0, 90_137),
        (137_923, 140_250),
        (145_900, 150_411),
        // Over 10 s without a network, to the lid.
        (191_077, 215_600),
        (245_050, 255_480),
        (290_777, 300_000),
        // The laptop, then the second computer, until that is left.
        (600_250, 640_640),
        // Through the film, to 15 min after the second answer to the prompt.
        (655_100, 3_270_900),
        (3_480_000, LENGTH_MS),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_is_what_was_added_up_by_hand() {
        assert_eq!(truth().measure_ms(), 2_917_341);
        assert_eq!(truth().len(), 9);
    }

    #[test]
    fn the_hour_is_in_order_and_has_everything() {
        let hour = hour();
        assert!(hour.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
        let film: Vec<_> = hour
            .iter()
            .filter(|moment| moment.event == Event::Input)
            .map(|moment| moment.at_ms)
            .filter(|at_ms| (660_001..3_480_000).contains(at_ms))
            .collect();
        assert_eq!(film, [1_521_400, 2_370_900], "but for the prompt");
    }
}
