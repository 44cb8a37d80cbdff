#![allow(clippy::unwrap_used, clippy::panic)]

use kulti_watch::Policy;

use super::{
    Arguments, arguments,
    recording::{BadLine, Failure, replay},
};

fn json(recording: &str) -> String {
    let refuse_warning = |warning: BadLine| panic!("{warning}");
    match replay(recording.as_bytes(), Policy::default(), refuse_warning) {
        Ok(output) => serde_json::to_string(&output).unwrap(),
        Err(failure) => panic!("{failure:?}"),
    }
}

fn refused_at(recording: &[u8]) -> Option<usize> {
    match replay(recording, Policy::default(), |_| {}) {
        Err(Failure::Refused(line)) => Some(line.number),
        Err(Failure::Unreadable(error)) => panic!("{error}"),
        Ok(_) => None,
    }
}

#[test]
fn a_recording_becomes_one_object_in_server_time() {
    let recording = r#"{"at_ms":0,"signal":"clock_offset","offset_ms":1000000}
{"at_ms":1000,"signal":"joined"}
{"at_ms":11000,"signal":"locked"}
{"at_ms":11000,"signal":"clock_offset","offset_ms":5}
{"at_ms":61000,"signal":"unlocked"}
{"at_ms":70000,"signal":"slept","for_ms":4000}
{"at_ms":71000,"signal":"end"}
"#;
    assert_eq!(
        json(recording),
        r#"{"active_ms":16000,"intervals":[[1001000,1011000],[1061000,1066000],[1070000,1071000]],"#
            .to_owned()
            + r#""excluded":[[1011000,1061000,"locked"],[1066000,1070000,"asleep"]],"#
            + r#""presence":[[1001000,"active"],[1041000,"inactive"],[1061000,"active"],[1071000,"inactive"]]}"#
    );
}

#[test]
fn every_signal_has_its_name() {
    let names = [
        "joined",
        "left",
        "window_visible",
        "window_hidden",
        "locked",
        "unlocked",
        "suspended",
        "resumed",
        "input",
        "act",
        "idle_unknown",
        "idle_known",
        "prompt_shown",
        "prompt_answered",
        "connection_lost",
        "connection_restored",
        "end",
    ];
    for name in names {
        let line = format!(r#"{{"at_ms":1,"signal":"{name}"}}"#);
        assert_eq!(refused_at(line.as_bytes()), None, "{name}");
    }
}

#[test]
fn what_is_not_a_recording_is_refused_with_its_line() {
    let bad: [&[u8]; 14] = [
        b"{",
        b"[]",
        b"null",
        b"nonsense",
        b"\xff\xfe",
        br#"{"at_ms":5}"#,
        br#"{"signal":"act"}"#,
        br#"{"at_ms":-1,"signal":"act"}"#,
        br#"{"at_ms":1.5,"signal":"act"}"#,
        br#"{"at_ms":"1","signal":"act"}"#,
        br#"{"at_ms":99999999999999999999,"signal":"act"}"#,
        br#"{"at_ms":5,"signal":"slept"}"#,
        br#"{"at_ms":5,"signal":"clock_offset","offset_ms":9223372036854775807}"#,
        br#"{"at_ms":5,"signal":"waved"}"#,
    ];
    for line in bad {
        let mut recording = b"{\"at_ms\":0,\"signal\":\"joined\"}\r\n\n".to_vec();
        recording.extend_from_slice(line);
        assert_eq!(
            refused_at(&recording),
            Some(3),
            "{}",
            String::from_utf8_lossy(line)
        );
    }
}

#[test]
fn the_refusal_names_line_column_and_reason() {
    let recording = "{\"at_ms\":0,\"signal\":\"joined\"}\n{\"at_ms\":1,\"signal\":\"waved\"}\n";
    let Err(Failure::Refused(line)) = replay(recording.as_bytes(), Policy::default(), |_| {})
    else {
        panic!("accepted");
    };
    let words = line.to_string();
    assert!(
        words.starts_with("line 2: unknown variant `waved`"),
        "{words}"
    );
    assert!(!words.contains("line 1"), "{words}");
}

#[test]
fn a_stay_may_lie_before_1970_and_a_recording_may_break_off() {
    let recording = r#"{"at_ms":10,"signal":"clock_offset","offset_ms":-1000}
{"at_ms":10,"signal":"joined"}
{"at_ms":30,"signal":"input"}"#;
    assert_eq!(
        json(recording),
        r#"{"active_ms":20,"intervals":[[-990,-970]],"excluded":[],"presence":[[-990,"active"],[-970,"inactive"]]}"#
    );
    assert_eq!(
        json(""),
        r#"{"active_ms":0,"intervals":[],"excluded":[],"presence":[]}"#
    );
}

#[test]
fn late_lines_and_lines_after_the_end_change_nothing() {
    let plain = r#"{"at_ms":0,"signal":"joined"}
{"at_ms":20,"signal":"input"}
{"at_ms":30,"signal":"end"}
"#;
    let disturbed = r#"{"at_ms":0,"signal":"joined"}
{"at_ms":20,"signal":"input"}
{"at_ms":10,"signal":"locked"}
{"at_ms":30,"signal":"end"}
{"at_ms":40,"signal":"joined"}
{"at_ms":90,"signal":"end"}
"#;
    let mut late = Vec::new();
    let output = replay(disturbed.as_bytes(), Policy::default(), |line| {
        late.push(line.number);
    });
    assert_eq!(late, [3]);
    let Ok(output) = output else {
        panic!("refused");
    };
    assert_eq!(serde_json::to_string(&output).unwrap(), json(plain));
}

#[test]
fn the_command_line_sets_the_policy() {
    let given = |line: &str| arguments(line.split_whitespace().map(str::to_owned));
    assert_eq!(
        given("--idle-limit-s 60 --away-grace-s=5 --reconnect-grace-s 7 -"),
        Ok(Arguments {
            policy: Policy {
                idle_limit_ms: 60_000,
                away_grace_ms: 5_000,
                reconnect_grace_ms: 7_000,
            },
            file: "-".to_owned(),
        })
    );
    assert_eq!(given("day.jsonl").unwrap().policy, Policy::default());
    for bad in [
        "",
        "a b",
        "--idle-limit-s",
        "--idle-limit-s -3 a",
        "--loud a",
        "-x",
    ] {
        assert!(given(bad).is_err(), "{bad}");
    }
}
