//! The program `kulti-server` itself: its command line, its one line, its end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kulti-server"));
    // Settings of whoever runs the tests.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KULTI_")) {
        command.env_remove(name);
    }
    command
}

struct Serving {
    child: Child,
    origin: String,
    rest_of_stdout: BufReader<std::process::ChildStdout>,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let origin = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .trim_end()
            .to_owned();
        Self {
            child,
            origin,
            rest_of_stdout: stdout,
        }
    }

    /// Sends SIGTERM and gives what was written to standard output after the line, and
    /// to standard error.
    fn terminate(mut self) -> (String, String) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let (mut out, mut err) = (String::new(), String::new());
        self.rest_of_stdout.read_to_string(&mut out).unwrap();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "a clean stop: {status}\n{err}");
        (out, err)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(data: &Path, args: &[&str]) -> Output {
    program()
        .arg("token")
        .arg("--data")
        .arg(data)
        .args(args)
        .output()
        .unwrap()
}

async fn init_status(origin: &str, token: &str) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
        .get(format!("{origin}/init?peer_id=p"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

const ANN: [&str; 6] = ["--room", "room", "--user", "ann", "--role", "host"];

#[tokio::test]
async fn it_says_where_it_listens_and_stops_cleanly() {
    let data = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
        .arg(data.path());
    let serving = Serving::start(&mut command);
    assert!(
        serving.origin.starts_with("http://127.0.0.1:"),
        "{}",
        serving.origin
    );
    assert!(!serving.origin.ends_with(":0"));
    assert_eq!(init_status(&serving.origin, "x").await, 401);
    let (out, err) = serving.terminate();
    assert_eq!(out, "", "one line on standard output and no more");
    for line in err.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["level"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn tokens_from_the_command_line_are_good_at_the_server() {
    let data = tempfile::tempdir().unwrap();
    // Before the server has ever run: whoever is first makes the key pair.
    let made = token(data.path(), &ANN);
    assert!(made.status.success());
    let first = String::from_utf8(made.stdout).unwrap();
    let mut command = program();
    command
        .env("KULTI_LISTEN", "127.0.0.1:0")
        .env("KULTI_DATA", data.path())
        .arg("serve");
    let serving = Serving::start(&mut command);
    assert_eq!(init_status(&serving.origin, first.trim()).await, 200);
    let name = [&ANN[..], &["--name", "Zoë ~ ?", "--ttl", "5m"]].concat();
    let second = String::from_utf8(token(data.path(), &name).stdout).unwrap();
    assert_eq!(init_status(&serving.origin, second.trim()).await, 200);

    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = String::from_utf8(token(elsewhere.path(), &ANN).stdout).unwrap();
    assert_eq!(init_status(&serving.origin, foreign.trim()).await, 401);
    serving.terminate();
}

#[tokio::test]
async fn a_key_pair_from_the_environment_is_used_by_both() {
    let (data, unused) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pair = [
        ("KULTI_HMS_ACCESS_KEY", "key"),
        ("KULTI_HMS_SECRET", "hush"),
    ];
    let mut command = program();
    command
        .envs(pair)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path());
    let serving = Serving::start(&mut command);
    let made = program()
        .envs(pair)
        .args(["token", "--data"])
        .arg(unused.path())
        .args(ANN)
        .output()
        .unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    assert_eq!(init_status(&serving.origin, made.trim()).await, 200);
    let (_, err) = serving.terminate();
    assert!(!err.contains("hush"), "the secret is not in the log");
    assert!(!data.path().join("hms-keys.json").exists());
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let failed = program()
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(!failed.status.success());
    let err = String::from_utf8(failed.stderr).unwrap();
    assert!(err.contains("data folder") && err.contains("file"), "{err}");

    let half = program()
        .env("KULTI_HMS_ACCESS_KEY", "key")
        .args(["token", "--data"])
        .arg(data.path())
        .args(ANN)
        .output()
        .unwrap();
    assert!(!half.status.success());

    let role = token(
        data.path(),
        &["--room", "r", "--user", "u", "--role", "king"],
    );
    assert!(!role.status.success());
    assert!(
        String::from_utf8(role.stderr)
            .unwrap()
            .contains("presenter")
    );
}
