//! Headless participants: our own client stack, without a window.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    programs::{Program, binary},
    waiting::until,
};

/// A running `kulti-bot`, and everything that it has said.
pub(crate) struct Bots {
    events: Arc<Mutex<Vec<Value>>>,
    input: ChildStdin,
    program: Program,
    _data: TempDir,
}

impl Bots {
    /// Starts `count` participants; `name` is a prefix or, for one bot, its name.
    pub(crate) fn join(server: &str, code: &str, count: usize, name: &str) -> Self {
        let count = ["--count", &count.to_string()];
        Self::start(None, &count, server, code, name)
    }

    /// One bot with more arguments.
    pub(crate) fn join_by(arguments: &[&str], server: &str, code: &str, name: &str) -> Self {
        Self::start(None, arguments, server, code, name)
    }

    /// The same; it is somebody who has this account at the server.
    pub(crate) fn join_as(
        account: &str,
        arguments: &[&str],
        server: &str,
        code: &str,
        name: &str,
    ) -> Self {
        Self::start(Some(account), arguments, server, code, name)
    }

    fn start(
        account: Option<&str>,
        arguments: &[&str],
        server: &str,
        code: &str,
        name: &str,
    ) -> Self {
        let data = TempDir::new().expect("a folder");
        if let Some(account) = account {
            std::fs::write(data.path().join("bot-0.json"), account).expect("written");
        }
        let mut command = Command::new(binary("kulti-bot"));
        command
            .args(["--server", server, "--code", code, "--name", name])
            .args(arguments)
            .args(["--interactive", "--views", "--data"])
            .arg(data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut program = Program::start(&mut command);
        let output = program.child().stdout.take().expect("its standard output");
        let input = program.child().stdin.take().expect("its standard input");
        let events = Arc::new(Mutex::new(Vec::new()));
        let collected = events.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line)
                    .unwrap_or_else(|_| panic!("the bot said something else than JSON: {line}"));
                collected.lock().unwrap().push(event);
            }
        });
        Self {
            events,
            input,
            program,
            _data: data,
        }
    }

    /// Has a bot do something: an intent as the app's UI would send it.
    pub(crate) fn act(&mut self, intent: Value) {
        writeln!(self.input, "{intent}").expect("the bot listens");
    }

    /// Waits for an event that `matches`; events before are looked at too.
    pub(crate) async fn says(&self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        until(&format!("a bot says: {what}"), || async {
            self.events
                .lock()
                .unwrap()
                .iter()
                .find(|event| matches(event))
                .cloned()
        })
        .await
    }

    /// Waits until `count` events match.
    pub(crate) async fn says_times(
        &self,
        what: &str,
        count: usize,
        matches: impl Fn(&Value) -> bool,
    ) {
        until(&format!("bots say {count} times: {what}"), || async {
            let seen = self
                .events
                .lock()
                .unwrap()
                .iter()
                .filter(|event| matches(event))
                .count();
            (seen >= count).then_some(())
        })
        .await;
    }

    /// Everything so far that matches.
    pub(crate) fn all(&self, matches: impl Fn(&Value) -> bool) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter(|event| matches(event))
            .cloned()
            .collect()
    }

    /// Sends a signal by its name, like `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Asks them to leave, and waits until they have.
    pub(crate) fn leave(mut self) {
        self.program.signal("TERM");
        let status = self.program.child().wait().expect("the bots end");
        assert!(status.success(), "the bots left cleanly: {status}");
    }
}

/// Whether an event is of this kind.
pub(crate) fn is(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["event"] == kind
}
