//! Recordings whose outcome was worked out by hand from the rules, not by running
//! anything: short names for the lines, the exact output.

use kulti_watch::Policy;

use super::recording::{BadLine, replay};

/// `10 locked; 20 slept 5` in place of JSON lines.
fn recording(short: &str) -> String {
    short
        .split(';')
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [at, signal] => format!("{{\"at_ms\":{at},\"signal\":\"{signal}\"}}\n"),
                [at, "slept", n] => {
                    format!("{{\"at_ms\":{at},\"signal\":\"slept\",\"for_ms\":{n}}}\n")
                }
                [at, "clock_offset", n] => {
                    format!("{{\"at_ms\":{at},\"signal\":\"clock_offset\",\"offset_ms\":{n}}}\n")
                }
                _ => panic!("{line}"),
            }
        })
        .collect()
}

#[track_caller]
fn comes_to(short: &str, intervals: &str, excluded: &str, presence: &str) {
    let refuse = |warning: BadLine| panic!("{warning}");
    let recording = recording(short);
    let output = replay(recording.as_bytes(), Policy::default(), refuse)
        .unwrap_or_else(|failure| panic!("{failure:?}"));
    let pairs: Vec<(i64, i64)> = serde_json::from_str(intervals).unwrap();
    let active_ms: i64 = pairs.iter().map(|(start, end)| end - start).sum();
    let expected = format!(
        r#"{{"active_ms":{active_ms},"intervals":{intervals},"excluded":{excluded},"presence":{presence}}}"#
    );
    assert_eq!(serde_json::to_string(&output).unwrap(), expected);
}

#[test]
fn a_stay_without_length_is_seen_and_counts_nothing() {
    comes_to(
        "1000 joined; 1000 left; 1000 joined; 2000 left; 2000 left; 2500 act; 3000 end",
        "[[1000,2000]]",
        "[]",
        r#"[[1000,"active"],[1000,"inactive"],[1000,"active"],[2000,"inactive"]]"#,
    );
    comes_to(
        "5 joined; 5 end",
        "[]",
        "[]",
        r#"[[5,"active"],[5,"inactive"]]"#,
    );
    comes_to("5 left; 9 end", "[]", "[]", "[]");
}

#[test]
fn stays_that_touch_are_one_stretch_and_two_for_others() {
    comes_to(
        "0 joined; 10000 left; 10000 joined; 20000 end",
        "[[0,20000]]",
        "[]",
        r#"[[0,"active"],[10000,"inactive"],[10000,"active"],[20000,"inactive"]]"#,
    );
}

#[test]
fn sleep_found_out_after_leaving_reaches_over_both_stays_and_between() {
    comes_to(
        "100000 joined; 110000 window_hidden; 115000 window_visible; 120000 left; \
         200000 joined; 210000 left; 300000 slept 195000; 300000 end",
        "[[100000,105000]]",
        r#"[[105000,120000,"asleep"],[200000,210000,"asleep"]]"#,
        r#"[[100000,"active"],[120000,"inactive"],[200000,"active"],[210000,"inactive"]]"#,
    );
}

#[test]
fn sleep_announced_and_found_out_is_one_sleep() {
    comes_to(
        "0 joined; 10000 suspended; 20000 resumed; 20000 slept 12000; 25000 slept 0; 30000 end",
        "[[0,8000],[20000,30000]]",
        r#"[[8000,20000,"asleep"]]"#,
        r#"[[0,"active"],[30000,"inactive"]]"#,
    );
    comes_to(
        "1000 locked; 2000 joined; 50000 slept 99999; 60000 unlocked; 61000 end",
        "[[60000,61000]]",
        r#"[[2000,50000,"asleep"],[50000,60000,"locked"]]"#,
        r#"[[2000,"inactive"],[60000,"active"],[61000,"inactive"]]"#,
    );
}

#[test]
fn sleep_comes_before_a_loss_bridged_or_not() {
    comes_to(
        "0 joined; 10000 connection_lost; 25000 slept 20000; 30000 connection_restored; 40000 end",
        "[[0,5000],[25000,40000]]",
        r#"[[5000,25000,"asleep"]]"#,
        r#"[[0,"active"],[40000,"inactive"]]"#,
    );
    comes_to(
        "0 joined; 10000 connection_lost; 60000 connection_restored; 70000 slept 25000; 80000 end",
        "[[0,10000],[70000,80000]]",
        r#"[[10000,45000,"connection_lost"],[45000,70000,"asleep"]]"#,
        r#"[[0,"active"],[80000,"inactive"]]"#,
    );
}

#[test]
fn a_loss_is_bridged_below_the_grace_and_not_at_it() {
    comes_to(
        "0 joined; 10000 connection_lost; 39999 connection_restored; 50000 connection_lost; \
         60000 window_hidden; 65000 connection_lost; 70000 window_visible; \
         80000 connection_restored; 100000 end",
        "[[0,50000],[80000,100000]]",
        r#"[[50000,60000,"connection_lost"],[60000,70000,"hidden"],[70000,80000,"connection_lost"]]"#,
        r#"[[0,"active"],[100000,"inactive"]]"#,
    );
}

#[test]
fn a_loss_over_two_stays_is_bridged_in_neither() {
    comes_to(
        "0 joined; 10000 connection_lost; 15000 left; 20000 joined; 25000 connection_restored; \
         40000 end",
        "[[0,10000],[25000,40000]]",
        r#"[[10000,15000,"connection_lost"],[20000,25000,"connection_lost"]]"#,
        r#"[[0,"active"],[15000,"inactive"],[20000,"active"],[40000,"inactive"]]"#,
    );
}

#[test]
fn the_offset_at_joining_holds_and_the_lock_outlasts_the_stay() {
    comes_to(
        "0 clock_offset 5000; 0 joined; 10000 clock_offset -1; 20000 locked; 30000 left; \
         40000 joined; 50000 end",
        "[[5000,25000]]",
        r#"[[25000,35000,"locked"],[39999,49999,"locked"]]"#,
        r#"[[5000,"active"],[35000,"inactive"],[39999,"inactive"]]"#,
    );
}

#[test]
fn input_is_nothing_while_idleness_is_unknown() {
    comes_to(
        "0 joined; 1000 idle_unknown; 840000 prompt_shown; 850000 input; 1000000 end",
        "[[0,900000]]",
        r#"[[900000,1000000,"nobody_there"]]"#,
        r#"[[0,"active"],[930000,"inactive"]]"#,
    );
    comes_to(
        "0 joined; 1000 idle_unknown; 840000 prompt_shown; 850000 act; 1000000 end",
        "[[0,1000000]]",
        "[]",
        r#"[[0,"active"],[1000000,"inactive"]]"#,
    );
}

#[test]
fn the_first_late_prompt_gives_a_minute_and_the_second_none() {
    comes_to(
        "0 joined; 1000000 prompt_shown; 1050000 prompt_shown; 1065000 prompt_answered; \
         1070000 end",
        "[[0,1060000],[1065000,1070000]]",
        r#"[[1060000,1065000,"nobody_there"]]"#,
        r#"[[0,"active"],[1070000,"inactive"]]"#,
    );
}

#[test]
fn without_a_prompt_time_stops_at_twice_the_limit_and_a_prompt_does_not_start_it() {
    comes_to(
        "0 joined; 1800001 prompt_shown; 1850000 window_hidden; 1860000 window_visible; \
         1900000 end",
        "[[0,1800000]]",
        r#"[[1800000,1850000,"nobody_there"],[1850000,1860000,"hidden"],[1860000,1900000,"nobody_there"]]"#,
        r#"[[0,"active"],[1830000,"inactive"]]"#,
    );
}

#[test]
fn of_all_reasons_the_first_is_given() {
    comes_to(
        "0 joined; 1000 connection_lost; 2000 window_hidden; 3000 locked; 4000 suspended; \
         5000 resumed; 6000 unlocked; 7000 window_visible; 8000 end",
        "[[0,1000]]",
        r#"[[1000,2000,"connection_lost"],[2000,3000,"hidden"],[3000,4000,"locked"],[4000,5000,"asleep"],[5000,6000,"locked"],[6000,7000,"hidden"],[7000,8000,"connection_lost"]]"#,
        r#"[[0,"active"],[8000,"inactive"]]"#,
    );
}

#[test]
fn others_see_an_interruption_of_the_full_grace_only() {
    comes_to(
        "0 joined; 10000 window_hidden; 20000 locked; 25000 window_visible; 39999 unlocked; \
         50000 window_hidden; 80000 window_visible; 90000 end",
        "[[0,10000],[39999,50000],[80000,90000]]",
        r#"[[10000,20000,"hidden"],[20000,39999,"locked"],[50000,80000,"hidden"]]"#,
        r#"[[0,"active"],[80000,"inactive"],[80000,"active"],[90000,"inactive"]]"#,
    );
}

#[test]
fn what_repeats_itself_changes_nothing() {
    comes_to(
        "0 joined; 1000 locked; 5000 locked; 6000 unlocked; 6000 unlocked; 500000 joined; \
         840000 prompt_shown; 900500 left; 900500 end",
        "[[0,1000],[6000,900000]]",
        r#"[[1000,6000,"locked"],[900000,900500,"nobody_there"]]"#,
        r#"[[0,"active"],[900500,"inactive"]]"#,
    );
}
