//! A real notification daemon that says what it is asked to show.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use crate::{programs::Program, waiting::until};

/// A running dunst. There is one a session bus, so one test at a time may have it.
pub(crate) struct NotificationDaemon {
    shown: Arc<Mutex<String>>,
    _program: Program,
}

impl NotificationDaemon {
    pub(crate) async fn start() -> Self {
        let mut command = Command::new("dunst");
        command
            .arg("-print")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut program = Program::start(&mut command);
        let output = program.child().stdout.take().expect("its standard output");
        let shown = Arc::new(Mutex::new(String::new()));
        let collected = shown.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut all = collected.lock().unwrap();
                all.push_str(&line);
                all.push('\n');
            }
        });
        until("dunst owns its name on the bus", || async {
            let names = Command::new("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus"])
                .args([
                    "/",
                    "org.freedesktop.DBus.NameHasOwner",
                    "string:org.freedesktop.Notifications",
                ])
                .output()
                .ok()?;
            String::from_utf8_lossy(&names.stdout)
                .contains("true")
                .then_some(())
        })
        .await;
        assert!(
            matches!(program.child().try_wait(), Ok(None)),
            "another notification daemon was on the bus first"
        );
        Self {
            shown,
            _program: program,
        }
    }

    /// Waits until something with `text` in it was shown; returns all that was.
    pub(crate) async fn shows(&self, text: &str) -> String {
        until(&format!("a notification says {text:?}"), || async {
            let shown = self.shown.lock().unwrap().clone();
            shown.contains(text).then_some(shown)
        })
        .await
    }

    /// How many are on the screen right now.
    pub(crate) fn displayed(&self) -> usize {
        let count = Command::new("dunstctl")
            .args(["count", "displayed"])
            .output();
        let count = String::from_utf8_lossy(&count.expect("dunstctl runs").stdout).into_owned();
        count.trim().parse().expect("a number")
    }

    /// Clicks the newest notification.
    pub(crate) fn click(&self) {
        let clicked = Command::new("dunstctl").args(["action", "0"]).status();
        assert!(
            clicked.is_ok_and(|status| status.success()),
            "dunst takes a click"
        );
    }
}
