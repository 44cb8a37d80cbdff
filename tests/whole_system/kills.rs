//! A short soak: the programs are killed at random moments, and the ledger still agrees
//! with the truth. The long one is `./kulti soak`.

use std::process::Command;

use crate::{programs::binary, two_windows::DISPLAY};

fn soak(arguments: &[&str]) {
    let output = Command::new(binary("kulti-bench"))
        .arg("soak")
        .args(arguments)
        .output()
        .expect("kulti-bench runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    eprintln!("{said}{complained}");
    assert!(output.status.success(), "{said}{complained}");
}

#[test]
fn kills_at_random_moments_lose_a_second_at_most_and_pay_nothing_twice() {
    soak(&["--kills", "6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_in_its_window_loses_no_more_when_it_is_killed() {
    let _display = DISPLAY.lock().await;
    tokio::task::block_in_place(|| soak(&["--app", "desktop", "--kills", "3"]));
}
