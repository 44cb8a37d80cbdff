//! How others would count the hour. All of them get perfect clocks and, but for the web
//! product, a perfect merge of the two devices: only their rules are compared.

use kulti_watch::IntervalSet;

use super::hour::{Device, Event, Moment};

const DEVICES: [Device; 2] = [Device::Laptop, Device::Desktop];
/// Between two heartbeats of the web product.
const BEAT_MS: u64 = 30_000;
/// A heartbeat of the web product pays at most for this long before it.
const PAID_S: u64 = 120;
/// Who touches nothing for longer than this is away.
const AFK_MS: u64 = 180_000;

/// The page is not hidden. A locked screen does not hide it, and a sleeping machine
/// tells it nothing.
pub(super) fn visibility_only(hour: &[Moment]) -> IntervalSet {
    over_devices(|device| {
        stretches(hour, device, |event, visible| match event {
            Event::Hidden => false,
            Event::Visible => true,
            _ => visible,
        })
    })
}

/// The window has the keyboard.
pub(super) fn focus_only(hour: &[Moment]) -> IntervalSet {
    over_devices(|device| {
        stretches(hour, device, |event, focused| match event {
            Event::Hidden | Event::Locked | Event::OtherInFront => false,
            Event::Visible | Event::Unlocked | Event::InFront => true,
            _ => focused,
        })
    })
}

/// In the session, and never longer than 3 min without input: a longer pause is away
/// from its beginning.
pub(super) fn three_minute_afk(hour: &[Moment]) -> IntervalSet {
    over_devices(|device| {
        let inputs: Vec<u64> = hour
            .iter()
            .filter(|moment| moment.device == device)
            .filter(|moment| matches!(moment.event, Event::Joined | Event::Input | Event::Left))
            .map(|moment| moment.at_ms)
            .collect();
        inputs
            .windows(2)
            .filter_map(|pair| match pair {
                [from, to] if to - from <= AFK_MS => Some((*from, *to)),
                _ => None,
            })
            .collect()
    })
}

fn over_devices(rule: impl Fn(Device) -> IntervalSet) -> IntervalSet {
    DEVICES
        .into_iter()
        .fold(IntervalSet::new(), |sum, device| sum.union(&rule(device)))
}

/// The stretches of a device during which a state held, on the way from its `Joined` to
/// its `Left`. `change` says what an event makes of the state, or nothing.
fn stretches(
    moments: &[Moment],
    device: Device,
    mut change: impl FnMut(Event, bool) -> bool,
) -> IntervalSet {
    let mut set = IntervalSet::new();
    let (mut holds, mut since) = (false, 0);
    for moment in moments.iter().filter(|moment| moment.device == device) {
        let next = match moment.event {
            Event::Joined => true,
            Event::Left => false,
            event => change(event, holds),
        };
        if holds {
            set.insert(since, moment.at_ms);
        }
        (holds, since) = (next, moment.at_ms);
    }
    set
}

/// The web product: every 30 s a heartbeat, also while the page is hidden (a hidden page
/// says so once, and its timer goes on saying the opposite), one at once when it is seen
/// again or is in the room again. Each pays for the whole seconds since the last one, of
/// whichever device, at most 120. A sleeping machine sends none, nor one without a network.
/// What a heartbeat pays for is taken to be the time right before it.
pub(super) fn web_product(hour: &[Moment]) -> IntervalSet {
    let mut beats: Vec<u64> = DEVICES
        .into_iter()
        .flat_map(|device| beats(hour, device))
        .collect();
    beats.sort_unstable();
    let mut paid = IntervalSet::new();
    let mut last = 0;
    for at_ms in beats {
        let seconds = ((at_ms - last) / 1_000).min(PAID_S);
        paid.insert(at_ms - seconds * 1_000, at_ms);
        last = at_ms;
    }
    paid
}

/// When a device's page sends heartbeats that arrive.
fn beats(hour: &[Moment], device: Device) -> Vec<u64> {
    let mut beats = Vec::new();
    // When the timer is due; none while there is no page in the room.
    let mut due = None;
    let mut asleep = false;
    for moment in hour.iter().filter(|moment| moment.device == device) {
        while let Some(at_ms) = due
            && at_ms < moment.at_ms
            && !asleep
        {
            beats.push(at_ms);
            due = Some(at_ms + BEAT_MS);
        }
        match moment.event {
            Event::Joined | Event::Online => {
                beats.push(moment.at_ms);
                due = Some(moment.at_ms + BEAT_MS);
            }
            Event::Left | Event::Offline => due = None,
            Event::Visible if due.is_some() => beats.push(moment.at_ms),
            Event::Suspended | Event::FellAsleep => asleep = true,
            Event::Resumed | Event::WokeUp => {
                asleep = false;
                // A timer that was due meanwhile fires now.
                due = due.map(|at_ms| at_ms.max(moment.at_ms));
            }
            _ => {}
        }
    }
    beats
}
