//! How fast one connection may send.

/// A token bucket. Whoever empties it is not cut off but read more slowly, so that
/// nothing is lost and TCP tells the sender to wait.
#[derive(Debug)]
pub(super) struct Pace {
    /// Microseconds that one message costs.
    cost_us: u64,
    /// Microseconds that may be saved up.
    burst_us: u64,
    saved_us: u64,
    at_us: u64,
}

impl Pace {
    /// `per_second` messages in the long run, `burst` at once.
    pub(super) fn new(per_second: u32, burst: u32, now_us: u64) -> Self {
        let cost_us = 1_000_000 / u64::from(per_second.max(1));
        let burst_us = cost_us.saturating_mul(u64::from(burst.max(1)));
        Self {
            cost_us,
            burst_us,
            saved_us: burst_us,
            at_us: now_us,
        }
    }

    /// Takes a message: at once if the answer is 0, else after so many microseconds.
    pub(super) fn wait_us(&mut self, now_us: u64) -> u64 {
        let saved = self.saved_us + now_us.saturating_sub(self.at_us);
        self.saved_us = saved.min(self.burst_us);
        self.at_us = now_us.max(self.at_us);
        if self.saved_us >= self.cost_us {
            self.saved_us -= self.cost_us;
            return 0;
        }
        let wait = self.cost_us - self.saved_us;
        self.saved_us = 0;
        self.at_us += wait; // the time waited for is spent on this message
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_the_rest_comes_at_the_rate() {
        let mut pace = Pace::new(100, 10, 0);
        let mut now = 0;
        for _ in 0..10 {
            assert_eq!(pace.wait_us(now), 0);
        }
        for _ in 0..100 {
            now += pace.wait_us(now);
        }
        assert_eq!(now, 1_000_000, "100 more take a second");
    }

    #[test]
    fn silence_saves_up_one_burst_and_not_more() {
        let mut pace = Pace::new(100, 10, 0);
        let now = 3_600_000_000;
        let free = (0..1_000).take_while(|_| pace.wait_us(now) == 0).count();
        assert_eq!(free, 10);
    }
}
