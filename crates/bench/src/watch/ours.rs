//! How Kulti counts the hour: the rules alone, and through the session core.

use kulti_watch::{IntervalSet, Policy, Signal, WatchTimer};

use super::hour::{Device, Event, Moment};

/// Server time when the laptop joins.
pub(super) const SERVER_MS: u64 = 1_800_000_000_000;

/// Boot time of a device when the laptop joins.
pub(super) const fn booted_ms(device: Device) -> u64 {
    match device {
        Device::Laptop => 5_000_000,
        Device::Desktop => 987_654_321,
    }
}

/// The rules alone: a timer for each device, merged as the ledger does. In ms since the
/// laptop joined.
pub(super) fn rules(hour: &[Moment]) -> IntervalSet {
    let of = |device| {
        let mut timer = WatchTimer::new(Policy::default());
        let booted = booted_ms(device);
        let offset_ms = SERVER_MS.cast_signed() - booted.cast_signed();
        timer.handle(0, Signal::ClockOffset { offset_ms });
        let mut asleep_since = 0;
        for moment in hour.iter().filter(|moment| moment.device == device) {
            let at_ms = booted + moment.at_ms;
            if moment.event == Event::FellAsleep {
                asleep_since = at_ms;
            }
            if let Some(signal) = signal(moment.event, at_ms - asleep_since) {
                timer.handle(at_ms, signal);
            }
        }
        timer.intervals(0)
    };
    since_joining(&of(Device::Laptop).union(&of(Device::Desktop)))
}

/// What the operating system, the connection and the clocks say of an event. Neither the
/// wall clock nor the focus nor the time zone are among it.
pub(super) fn signal(event: Event, slept_ms: u64) -> Option<Signal> {
    Some(match event {
        Event::Joined => Signal::Joined,
        Event::Left => Signal::Left,
        Event::Hidden => Signal::WindowHidden,
        Event::Visible => Signal::WindowVisible,
        Event::Locked => Signal::Locked,
        Event::Unlocked => Signal::Unlocked,
        Event::Suspended => Signal::Suspended,
        Event::Resumed => Signal::Resumed,
        Event::WokeUp => Signal::Slept { for_ms: slept_ms },
        Event::Offline => Signal::ConnectionLost,
        Event::Online => Signal::ConnectionRestored,
        Event::Input => Signal::Input,
        Event::PromptShown => Signal::PromptShown,
        Event::PromptAnswered => Signal::PromptAnswered,
        Event::OtherInFront
        | Event::InFront
        | Event::FellAsleep
        | Event::WallClockJumps { .. }
        | Event::TimeZoneChanges => return None,
    })
}

/// Server time as ms since the laptop joined.
pub(super) fn since_joining(set: &IntervalSet) -> IntervalSet {
    set.iter()
        .map(|(start, end)| {
            (
                start.saturating_sub(SERVER_MS),
                end.saturating_sub(SERVER_MS),
            )
        })
        .collect()
}
