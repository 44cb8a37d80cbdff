//! What was really watched, seen from outside, and how the ledger compares.

use kulti_watch::IntervalSet;

/// Server time is learnt over a network, so each side of a stretch may be placed a bit off.
pub(super) const EDGE_MS: u64 = 100;
/// What the app may lose when it is killed: it begins a write once a second …
pub(super) const KILL_MS: u64 = 1_000;
/// … and one that is under way is lost with it. No write takes longer than this, but for
/// how late the machine is.
pub(super) const WRITE_MS: u64 = 250;

/// A kill of the app. Also while time did not count it may lose what was watched in the
/// last second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kill {
    at: u64,
    /// Whether time counted then.
    counting: bool,
    /// How much the machine was behind then, ms.
    late_ms: u64,
}

/// When something happened, ms since the epoch: not before the first, not after the
/// second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Between(pub(super) u64, pub(super) u64);

/// Watching as it was ordered and observed from outside.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// What was watched for certain.
    certain: IntervalSet,
    /// What may have been.
    possible: IntervalSet,
    since: Option<Between>,
    kills: Vec<Kill>,
    /// How well the moments are known, in ms: the worst.
    worst_edge_ms: u64,
}

impl Truth {
    /// Time counts from here on.
    pub(super) fn begins(&mut self, at: Between) {
        if self.since.is_none() {
            self.since = Some(at);
            self.know(at);
        }
    }

    /// Time does not count any more.
    pub(super) fn ends(&mut self, at: Between) {
        self.end(at, EDGE_MS);
    }

    /// The app was killed at `at`, on a machine that was late by so much. Time may have
    /// stopped earlier: the connection was lost and did not come back.
    pub(super) fn ends_by_kill(&mut self, at: Between, stopped_at: u64, late_ms: u64) {
        self.kills.push(Kill {
            at: at.0,
            counting: self.since.is_some(),
            late_ms,
        });
        self.end(Between(stopped_at.min(at.0), at.1), 0);
    }

    fn end(&mut self, at: Between, edge_ms: u64) {
        if let Some(since) = self.since.take() {
            self.know(at);
            self.certain
                .insert(since.1 + EDGE_MS, at.0.saturating_sub(edge_ms));
            self.possible
                .insert(since.0.saturating_sub(EDGE_MS), at.1 + EDGE_MS);
        }
    }

    fn know(&mut self, at: Between) {
        self.worst_edge_ms = self.worst_edge_ms.max(at.1.saturating_sub(at.0));
    }

    /// What was watched for certain and is not in the ledger.
    pub(super) fn missing(&self, ledger: &IntervalSet) -> IntervalSet {
        self.certain.difference(ledger)
    }

    /// Compares.
    pub(super) fn verdict(&self, ledger: &IntervalSet) -> Verdict {
        let mut missing = self.missing(ledger);
        let losses_ms: Vec<u64> = self
            .kills
            .iter()
            .map(|kill| {
                let from = kill.at.saturating_sub(KILL_MS + WRITE_MS + kill.late_ms);
                let lost_ms = missing.clip(from, kill.at).measure_ms();
                missing.remove(from, kill.at);
                lost_ms
            })
            .collect();
        let late_ms: u64 = self.kills.iter().map(|kill| kill.late_ms).sum();
        Verdict {
            certain_ms: self.certain.measure_ms(),
            possible_ms: self.possible.measure_ms(),
            worst_edge_ms: self.worst_edge_ms,
            ledger_ms: ledger.measure_ms(),
            too_much: ledger.difference(&self.possible),
            lost_elsewhere: missing,
            allowed_ms: losses_ms.len() as u64 * (KILL_MS + WRITE_MS) + late_ms,
            late_ms,
            kills_while_counting: self.kills.iter().filter(|kill| kill.counting).count(),
            losses_ms,
        }
    }
}

/// How the ledger compares with what was watched.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) certain_ms: u64,
    pub(super) possible_ms: u64,
    pub(super) worst_edge_ms: u64,
    pub(super) ledger_ms: u64,
    /// In the ledger, and not watched.
    pub(super) too_much: IntervalSet,
    /// Watched, not in the ledger, and not right before the app was killed.
    pub(super) lost_elsewhere: IntervalSet,
    /// For each kill of the app: what is missing right before it.
    pub(super) losses_ms: Vec<u64>,
    pub(super) kills_while_counting: usize,
    /// How much that may be in all …
    pub(super) allowed_ms: u64,
    /// … of which so much because the machine was late.
    pub(super) late_ms: u64,
}

impl Verdict {
    pub(super) fn lost_ms(&self) -> u64 {
        self.losses_ms.iter().sum()
    }

    pub(super) fn worst_loss_ms(&self) -> u64 {
        self.losses_ms.iter().copied().max().unwrap_or(0)
    }

    /// What is wrong, in words.
    pub(super) fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        let stretches = |set: &IntervalSet| {
            let some: Vec<_> = set.iter().take(5).collect();
            format!("{} ms, first {some:?}", set.measure_ms())
        };
        if !self.too_much.is_empty() {
            violations.push(format!(
                "the ledger has what was not watched: {}",
                stretches(&self.too_much)
            ));
        }
        if !self.lost_elsewhere.is_empty() {
            violations.push(format!(
                "watched time is missing that no kill of the app explains (each a second, and a \
                 write under way): {}",
                stretches(&self.lost_elsewhere)
            ));
        }
        if self.lost_ms() > self.allowed_ms {
            violations.push(format!(
                "the kills of the app have cost {} ms, more than {} ms",
                self.lost_ms(),
                self.allowed_ms
            ));
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Watched from 10 to 20 s, when the app was killed; from 30 s to 40 s, when it left.
    fn truth(late_ms: u64) -> Truth {
        let mut truth = Truth::default();
        truth.begins(Between(9_990, 10_010));
        truth.ends_by_kill(Between(20_000, 20_005), 20_000, late_ms);
        truth.begins(Between(30_000, 30_000));
        truth.ends(Between(40_000, 40_000));
        truth
    }

    fn verdict(ledger: &[(u64, u64)]) -> Verdict {
        truth(0).verdict(&ledger.iter().copied().collect())
    }

    #[test]
    fn a_second_before_a_kill_may_be_lost() {
        let good = verdict(&[(10_000, 19_001), (30_002, 40_002)]);
        assert_eq!(good.violations(), Vec::<String>::new());
        assert_eq!((good.lost_ms(), good.worst_loss_ms()), (999, 999));
        let late = verdict(&[(10_000, 18_700), (30_000, 40_000)]);
        assert_eq!(late.violations().len(), 1, "{late:?}");
        let ledger = [(10_000, 18_700), (30_000, 40_000)].into_iter().collect();
        let excused = truth(150).verdict(&ledger);
        assert_eq!(excused.violations(), Vec::<String>::new());
    }

    #[test]
    fn a_kill_right_after_looking_away_may_cost_what_was_before() {
        let mut truth = Truth::default();
        truth.begins(Between(0, 0));
        truth.ends(Between(9_600, 9_610));
        truth.ends_by_kill(Between(10_000, 10_005), 10_000, 0);
        let verdict = truth.verdict(&[(0, 9_100)].into_iter().collect());
        assert_eq!(verdict.violations(), Vec::<String>::new());
        assert_eq!(
            (verdict.losses_ms.as_slice(), verdict.kills_while_counting),
            (&[400][..], 0)
        );
        let early = truth.verdict(&[(0, 8_700)].into_iter().collect());
        assert_eq!(early.lost_elsewhere.measure_ms(), 50);
    }

    #[test]
    fn nothing_else_may_be_lost_and_nothing_be_too_much() {
        let hole = verdict(&[(10_000, 15_000), (15_100, 20_000), (30_000, 40_000)]);
        assert_eq!(hole.lost_elsewhere.measure_ms(), 100);
        assert_eq!(hole.violations().len(), 1);
        let long = verdict(&[(10_000, 20_000), (30_000, 40_200)]);
        assert_eq!(long.too_much.measure_ms(), 100);
        assert_eq!(long.violations().len(), 1);
        let gone = verdict(&[(10_000, 20_000)]);
        assert_eq!(gone.lost_elsewhere.measure_ms(), 9_800);
    }
}
