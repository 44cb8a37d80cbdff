//! How good a connection is.

use std::time::Duration;

/// What a receiver reported since the last score.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    loss: f32,
    count: u16,
    rtt: Duration,
}

impl Reports {
    /// A report on one stream: the share of its packets that were lost, and the round trip.
    pub(crate) fn add(&mut self, loss: f32, rtt: Option<Duration>) {
        self.loss += loss.clamp(0.0, 1.0);
        self.count = self.count.saturating_add(1);
        self.rtt = self.rtt.max(rtt.unwrap_or_default());
    }

    /// The score of all reports since the last call, `None` if there were none.
    pub(crate) fn take(&mut self) -> Option<u8> {
        let reports = std::mem::take(self);
        (reports.count > 0).then(|| score(reports.loss / f32::from(reports.count), reports.rtt))
    }
}

/// 5, less 1 for each of: loss from 1 %, 3 %, 8 % and 15 %; a round trip from 250 and 500 ms.
/// At least 1: 0 is for who is not there.
fn score(loss: f32, rtt: Duration) -> u8 {
    let lost = [0.01, 0.03, 0.08, 0.15]
        .iter()
        .filter(|limit| loss >= **limit)
        .count();
    let slow = [250, 500]
        .iter()
        .filter(|limit| rtt.as_millis() >= **limit)
        .count();
    5u8.saturating_sub((lost + slow) as u8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_delay_cost_points() {
        assert_eq!(score(0.0, Duration::from_millis(20)), 5);
        assert_eq!(score(0.02, Duration::from_millis(20)), 4);
        assert_eq!(score(0.02, Duration::from_millis(300)), 3);
        assert_eq!(score(0.10, Duration::from_millis(20)), 2);
        assert_eq!(score(1.0, Duration::from_secs(2)), 1);
    }

    #[test]
    fn reports_count_once() {
        let mut reports = Reports::default();
        assert_eq!(reports.take(), None);
        reports.add(0.04, None);
        reports.add(0.0, None);
        assert_eq!(reports.take(), Some(4));
        assert_eq!(reports.take(), None);
    }
}
