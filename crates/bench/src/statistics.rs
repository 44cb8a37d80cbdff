//! Figures from samples.

/// The value below which `permille` of the samples lie; `None` without samples.
pub(crate) fn quantile(samples: &mut [u64], permille: usize) -> Option<u64> {
    if samples.is_empty() {
        return None;
    }
    let index = (samples.len() - 1) * permille / 1_000;
    Some(*samples.select_nth_unstable(index).1)
}

/// Microseconds as milliseconds, for a table.
pub(crate) fn ms(micros: Option<u64>) -> String {
    micros.map_or_else(
        || "-".to_owned(),
        |us| format!("{:.2}", us as f64 / 1_000.0),
    )
}

/// `value` as a multiple of `floor`.
pub(crate) fn ratio(value: f64, floor: f64) -> String {
    if floor > 0.0 {
        format!("{:.2}x", value / floor)
    } else {
        "-".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_hundred() {
        let mut samples: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(quantile(&mut samples, 500), Some(50));
        assert_eq!(quantile(&mut samples, 990), Some(99));
        assert_eq!(quantile(&mut [], 500), None);
    }
}
