//! The scripted hour: how exactly each rule counts what was watched.
//!
//! Nothing is timed here: time is passed in, and the figures are the same everywhere.

mod hour;
mod others;
mod ours;
mod through_core;

use kulti_watch::IntervalSet;

/// How a rule's result differs from the truth, in ms.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    rule: &'static str,
    counted_ms: u64,
    /// Counted, and not watched.
    over_ms: u64,
    /// Watched, and not counted.
    under_ms: u64,
}

impl Verdict {
    fn new(rule: &'static str, counted: &IntervalSet, truth: &IntervalSet) -> Self {
        Self {
            rule,
            counted_ms: counted.measure_ms(),
            over_ms: counted.difference(truth).measure_ms(),
            under_ms: truth.difference(counted).measure_ms(),
        }
    }
}

fn verdicts() -> anyhow::Result<Vec<Verdict>> {
    let (hour, truth) = (hour::hour(), hour::truth());
    let of = |rule, counted: &IntervalSet| Verdict::new(rule, counted, &truth);
    Ok(vec![
        of("Kulti: the rules, two devices merged", &ours::rules(&hour)),
        of(
            "Kulti: the session core, by its heartbeats",
            &through_core::ledger(&hour)?,
        ),
        of("the web product's heartbeats", &others::web_product(&hour)),
        of("page visible", &others::visibility_only(&hour)),
        of("window focused", &others::focus_only(&hour)),
        of("input within 3 minutes", &others::three_minute_afk(&hour)),
    ])
}

/// Prints the table.
pub(crate) fn run() -> anyhow::Result<()> {
    let truth_ms = hour::truth().measure_ms();
    println!("\n## A scripted hour: what each rule counts\n");
    println!(
        "Watched: {} of {}.\n",
        minutes(truth_ms),
        minutes(hour::LENGTH_MS)
    );
    println!(
        "| rule | counted | error ms | in % of it | paid, not watched ms | watched, not paid ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for verdict in verdicts()? {
        let error_ms = i128::from(verdict.counted_ms) - i128::from(truth_ms);
        println!(
            "| {} | {} | {error_ms:+} | {:+.1} % | {} | {} |",
            verdict.rule,
            minutes(verdict.counted_ms),
            error_ms as f64 * 100.0 / truth_ms as f64,
            verdict.over_ms,
            verdict.under_ms,
        );
    }
    Ok(())
}

fn minutes(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}.{:03}", seconds / 60, seconds % 60, ms % 1_000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ours_is_exact_and_the_others_are_off_by_what_their_rules_say() {
        let of = |rule, counted_ms, over_ms, under_ms| Verdict {
            rule,
            counted_ms,
            over_ms,
            under_ms,
        };
        assert_eq!(
            verdicts().unwrap(),
            [
                of("Kulti: the rules, two devices merged", 2_917_341, 0, 0),
                of(
                    "Kulti: the session core, by its heartbeats",
                    2_917_341,
                    0,
                    0
                ),
                of("the web product's heartbeats", 3_375_000, 501_306, 43_647),
                of("page visible", 3_532_104, 614_763, 0),
                of("window focused", 3_451_068, 574_097, 40_370),
                of("input within 3 minutes", 780_000, 473_559, 2_610_900),
            ]
        );
    }

    #[test]
    fn a_rule_without_errors_on_both_sides_is_the_truth() {
        let truth = hour::truth();
        assert_eq!(
            Verdict::new("", &truth, &truth),
            Verdict {
                rule: "",
                counted_ms: truth.measure_ms(),
                over_ms: 0,
                under_ms: 0
            }
        );
        let half: IntervalSet = [(0, 90_000), (90_137, 90_200)].into_iter().collect();
        let verdict = Verdict::new("", &half, &truth);
        assert_eq!(
            (verdict.over_ms, verdict.under_ms),
            (63, 2_917_341 - 90_000)
        );
    }
}
