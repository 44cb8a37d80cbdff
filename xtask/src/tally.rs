//! Counting tests by what their runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub(crate) fn of_check(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    /// Reads a line of `cargo test`: "test result: ok. 3 passed; 0 failed; 1 ignored; …".
    /// Other lines count nothing.
    pub(crate) fn of_cargo_line(line: &str) -> Self {
        match line.split_once("test result:") {
            Some((_, counts)) => Self {
                passed: number_before(counts, " passed"),
                failed: number_before(counts, " failed"),
            },
            None => Self::default(),
        }
    }

    /// Reads Vitest's JSON report.
    pub(crate) fn of_vitest_report(report: &str) -> Self {
        Self {
            passed: number_after(report, "\"numPassedTests\":"),
            failed: number_after(report, "\"numFailedTests\":"),
        }
    }

    /// A suite that failed without a failed test (it did not compile, or died)
    /// counts as one failure.
    pub(crate) fn with_verdict(mut self, passed: bool) -> Self {
        if !passed && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number_before(text: &str, label: &str) -> u64 {
    let Some(end) = text.find(label) else {
        return 0;
    };
    let start = text[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    text[start..end].parse().unwrap_or(0)
}

fn number_after(text: &str, label: &str) -> u64 {
    let Some(at) = text.find(label) else {
        return 0;
    };
    let rest = text[at + label.len()..].trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_are_read_with_and_without_colour() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.03s";
        assert_eq!(
            Tally::of_cargo_line(line).to_string(),
            "12 passed, 0 failed"
        );
        let line = "test result: \u{1b}[31mFAILED\u{1b}[0m. 7 passed; 2 failed; 0 ignored";
        assert_eq!(Tally::of_cargo_line(line).to_string(), "7 passed, 2 failed");
        assert_eq!(
            Tally::of_cargo_line("test shows_3 passed; ... ok"),
            Tally::default()
        );
    }

    #[test]
    fn vitest_reports_are_read() {
        let report = r#"{"numTotalTests":9,"numPassedTests":8,"numFailedTests":1,"success":false}"#;
        assert_eq!(
            Tally::of_vitest_report(report).to_string(),
            "8 passed, 1 failed"
        );
    }

    #[test]
    fn a_suite_that_dies_counts_as_a_failure() {
        let died = Tally::default().with_verdict(false);
        assert_eq!(died.failed, 1);
        let failed = Tally {
            passed: 1,
            failed: 2,
        }
        .with_verdict(false);
        assert_eq!(failed.failed, 2);
    }
}
