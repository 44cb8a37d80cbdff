//! A short soak: the programs are killed at random moments, and the ledger still agrees
//! with the truth. The long one is `./kulti soak`.

use std::process::Command;

use crate::programs::binary;

#[test]
fn kills_at_random_moments_lose_a_second_at_most_and_pay_nothing_twice() {
    let output = Command::new(binary("kulti-bench"))
        .args(["soak", "--kills", "6"])
        .output()
        .expect("kulti-bench runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
