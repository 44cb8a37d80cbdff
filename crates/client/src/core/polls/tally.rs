//! Votes as they are shown: one function for every view of them.

use kulti_protocol::signalling::{QuestionKind, QuestionStats};

/// The tally of one question. People and what they chose are counted apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::core) struct Tally {
    /// Of each option.
    pub(in crate::core) votes: Vec<u32>,
    /// Of each option, by voters.
    pub(in crate::core) percents: Vec<u32>,
    /// Who answered, not counting those who passed it over.
    pub(in crate::core) voters: u32,
    /// What they chose.
    pub(in crate::core) selections: u32,
    /// The most votes that an option has.
    pub(in crate::core) most: u32,
}

/// The tally of a question that has so many options.
pub(in crate::core) fn tally(stats: &QuestionStats, kind: QuestionKind, options: usize) -> Tally {
    let mut votes = stats.options.clone().unwrap_or_default();
    votes.resize(options, 0);
    let selections = votes.iter().fold(0, |sum: u32, n| sum.saturating_add(*n));
    let answered = stats.total.saturating_sub(stats.skipped);
    let (voters, percents) = match kind {
        // Each voter has one vote: whatever else a server says, they are as many.
        QuestionKind::SingleChoice => (selections, largest_remainder(&votes)),
        QuestionKind::MultipleChoice => (answered, shares(&votes, answered)),
        QuestionKind::ShortAnswer | QuestionKind::LongAnswer => (answered, Vec::new()),
    };
    Tally {
        most: votes.iter().copied().max().unwrap_or(0),
        votes,
        percents,
        voters,
        selections,
    }
}

/// Whole percentages that add up to 100, or to 0 where nobody voted: what is missing
/// after rounding down goes to those who lost most by it, the earlier one first.
fn largest_remainder(votes: &[u32]) -> Vec<u32> {
    let total: u64 = votes.iter().map(|n| u64::from(*n)).sum();
    if total == 0 {
        return vec![0; votes.len()];
    }
    let exact = votes.iter().map(|n| u64::from(*n) * 100);
    let mut parts: Vec<(usize, u64, u64)> = exact
        .enumerate()
        .map(|(index, hundredfold)| (index, hundredfold / total, hundredfold % total))
        .collect();
    let given: u64 = parts.iter().map(|(_, whole, _)| whole).sum();
    let missing = usize::try_from(100 - given).unwrap_or(0);
    parts.sort_by_key(|&(index, _, rest)| (std::cmp::Reverse(rest), index));
    for (_, whole, _) in parts.iter_mut().take(missing) {
        *whole += 1;
    }
    parts.sort_by_key(|&(index, ..)| index);
    let small = |whole: u64| u32::try_from(whole).unwrap_or(100);
    parts
        .into_iter()
        .map(|(_, whole, _)| small(whole))
        .collect()
}

/// The share of voters who chose each option, rounded; several may have been chosen, so
/// these add up to anything.
fn shares(votes: &[u32], voters: u32) -> Vec<u32> {
    let voters = u64::from(voters.max(1));
    let share = |n: &u32| ((u64::from(*n) * 200 + voters) / (voters * 2)).min(100);
    votes
        .iter()
        .map(|n| u32::try_from(share(n)).unwrap_or(100))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn single(votes: &[u32]) -> Tally {
        let stats = QuestionStats {
            options: Some(votes.to_vec()),
            total: votes.iter().sum(),
            ..QuestionStats::default()
        };
        tally(&stats, QuestionKind::SingleChoice, votes.len())
    }

    #[test]
    fn thirds_add_up() {
        assert_eq!(single(&[1, 1, 1]).percents, [34, 33, 33]);
        assert_eq!(single(&[12, 6, 3]).percents, [57, 29, 14]);
        assert_eq!(single(&[0, 0]).percents, [0, 0]);
        assert_eq!(single(&[1, 0, 5]).most, 5);
    }

    #[test]
    fn people_and_what_they_chose_are_counted_apart() {
        let stats = QuestionStats {
            kind: QuestionKind::MultipleChoice,
            options: Some(vec![4, 3, 1]),
            skipped: 1,
            total: 5,
            ..QuestionStats::default()
        };
        let shown = tally(&stats, QuestionKind::MultipleChoice, 3);
        assert_eq!((shown.voters, shown.selections), (4, 8));
        assert_eq!(shown.percents, [100, 75, 25]);
    }

    #[test]
    fn a_server_that_forgets_options_is_filled_up() {
        let shown = tally(&QuestionStats::default(), QuestionKind::SingleChoice, 3);
        assert_eq!((shown.votes, shown.percents), (vec![0; 3], vec![0; 3]));
    }

    proptest! {
        #[test]
        fn percentages_add_up_to_a_hundred_and_keep_the_order(
            votes in prop::collection::vec(0..=u32::MAX / 16, 1..12),
        ) {
            let shown = single(&votes);
            let sum: u32 = shown.percents.iter().sum();
            prop_assert_eq!(sum, if shown.selections == 0 { 0 } else { 100 });
            for (a, x) in votes.iter().zip(&shown.percents) {
                for (b, y) in votes.iter().zip(&shown.percents) {
                    prop_assert!(a <= b || x >= y, "{:?} {:?}", votes, shown.percents);
                }
                let exact = f64::from(*a) * 100.0 / f64::from(shown.selections.max(1));
                prop_assert!((f64::from(*x) - exact).abs() < 1.0);
            }
        }
    }
}
