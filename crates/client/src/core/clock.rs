//! Server time, as far as it is known.

use super::io::Now;

/// Boot-time and server time differ by an offset, learnt from answered pings.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerClock {
    offset_ms: i64,
    /// The round trip of the ping that the offset comes from; the shorter, the better
    /// the offset. `None` while it is only the wall clock's.
    learnt_over_ms: Option<u64>,
}

impl ServerClock {
    /// A first guess: the wall clock is right.
    pub(super) fn guess(now: Now) -> Self {
        Self {
            offset_ms: difference(now.wall_ms, now.boot_ms),
            learnt_over_ms: None,
        }
    }

    /// Learns from an answered ping: sent at `sent_boot_ms` with the timestamp
    /// `sent_stamp_ms`, answered now with the server's time.
    ///
    /// A server may echo the client's timestamp; that says nothing about its time.
    pub(super) fn learn(
        &mut self,
        sent_boot_ms: u64,
        sent_stamp_ms: u64,
        server_ms: u64,
        now: Now,
    ) {
        let round_trip = now.boot_ms.saturating_sub(sent_boot_ms);
        let better = self.learnt_over_ms.is_none_or(|best| round_trip < best);
        if server_ms == 0 || server_ms == sent_stamp_ms || !better {
            return;
        }
        let middle = sent_boot_ms.saturating_add(round_trip / 2);
        self.offset_ms = difference(server_ms, middle);
        self.learnt_over_ms = Some(round_trip);
    }

    /// Server time minus boot time.
    pub(super) fn offset_ms(self) -> i64 {
        self.offset_ms
    }

    /// Server time minus the wall clock; none before the server's time was learnt.
    pub(super) fn ahead_of_wall_ms(self, now: Now) -> Option<i64> {
        self.learnt_over_ms?;
        Some(self.offset_ms - difference(now.wall_ms, now.boot_ms))
    }

    /// Server time at a moment of boot time, in ms since the epoch.
    pub(super) fn at(self, boot_ms: u64) -> u64 {
        boot_ms.saturating_add_signed(self.offset_ms)
    }
}

/// A time of somebody else, as it may be shown: no later than a JavaScript `Date` can
/// hold, so that no server can make the screen stumble over it.
pub(super) fn showable_ms(ms: u64) -> u64 {
    ms.min(8_640_000_000_000_000)
}

fn difference(a: u64, b: u64) -> i64 {
    i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot_ms: u64) -> Now {
        Now {
            boot_ms,
            wall_ms: 5_000_000 + boot_ms,
        }
    }

    #[test]
    fn the_wall_clock_is_the_first_guess() {
        let clock = ServerClock::guess(at(100));
        assert_eq!(clock.at(200), 5_000_200);
    }

    #[test]
    fn the_shortest_round_trip_wins() {
        let mut clock = ServerClock::guess(at(0));
        clock.learn(1_000, 5_001_000, 9_000_500, at(2_000));
        assert_eq!(
            clock.at(1_500),
            9_000_500,
            "half of the round trip is taken off"
        );
        clock.learn(3_000, 5_003_000, 9_002_010, at(3_020));
        assert_eq!(clock.at(3_010), 9_002_010, "a shorter one corrects it");
        clock.learn(4_000, 5_004_000, 1, at(9_000));
        assert_eq!(clock.at(3_010), 9_002_010, "a longer one does not");
    }

    #[test]
    fn an_echo_teaches_nothing() {
        let mut clock = ServerClock::guess(at(0));
        clock.learn(1_000, 777, 777, at(1_002));
        assert_eq!(clock.at(0), 5_000_000);
    }
}
