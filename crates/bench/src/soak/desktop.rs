//! The real desktop app in a real window, observed from outside and killed without
//! warning. What it shows is told in the words of the headless app's events.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::programs::{Learner, PATIENCE, now_ms};
use crate::app_window::AppWindow;

/// How often the window is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// A connection back this much before the end of the grace (30 s) was bridged for certain.
const BRIDGED_MS: u64 = 28_000;
const NAME: &str = "Learner";

/// What the room's page shows.
const SEEN: &str = r"
  const text = (css) => document.querySelector(css)?.innerText ?? '';
  const credits = text('[data-testid=credits]');
  return {
    in_room: document.querySelector('[data-testid=grid]') !== null,
    lost: document.querySelector('[data-testid=connection-lost]') !== null,
    counting: credits.includes('Counting'),
    paused: credits.includes('Paused'),
  };
";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Seen {
    in_room: bool,
    lost: bool,
    counting: bool,
    paused: bool,
}

/// One start of the app; it is killed when this is dropped.
pub(super) struct DesktopApp {
    window: AppWindow,
    pid: u32,
    x11_id: String,
    seen: Seen,
    /// When it was last looked at, ms since the epoch.
    looked_ms: u64,
    /// Since when the connection may have been lost.
    lost_ms: u64,
    events: Vec<Value>,
}

impl DesktopApp {
    /// Starts it with the learner's data folder, and joins as a person does: by the link,
    /// and the click that it asks for.
    pub(super) async fn start(learner: &Learner) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&learner.data)?;
        let window = AppWindow::open_in(&learner.data).await?;
        let pid = window.processes()?.root();
        let link = format!("kulti://join/{}?server={}", learner.code, learner.origin);
        window.enter(NAME, &link).await?;
        let x11_id = x11_id(pid)?;
        Ok(Self {
            window,
            pid,
            x11_id,
            seen: Seen::default(),
            looked_ms: now_ms(),
            lost_ms: 0,
            events: Vec::new(),
        })
    }

    /// Does with the window what an order wants: shows or hides it.
    pub(super) fn order(&self, order: &Value) -> anyhow::Result<()> {
        // Somebody is there.
        run("xdotool", &["key", "Shift_L"])?;
        match order.get("watch").and_then(Value::as_str) {
            Some("window_hidden") => run("xdotool", &["windowminimize", "--sync", &self.x11_id]),
            Some("window_visible") => run("wmctrl", &["-i", "-a", &self.x11_id]),
            other => bail!("a window cannot do {other:?}"),
        }
    }

    /// The next thing that it shows; none after `wait`, and none when it has ended.
    pub(super) async fn event(&mut self, wait: Duration) -> Option<Value> {
        let started = Instant::now();
        loop {
            if !self.events.is_empty() {
                return Some(self.events.remove(0));
            }
            let looked = self.look().await.is_ok();
            if self.events.is_empty() && (!looked || started.elapsed() >= wait) {
                return None;
            }
            if self.events.is_empty() {
                sleep(LOOK).await;
            }
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let before = now_ms();
        let seen: Seen = self.window.script(SEEN, vec![]).await?;
        let at_ms = now_ms();
        let was = std::mem::replace(&mut self.seen, seen);
        let event = |event: &str| json!({ "event": event, "at_ms": at_ms });
        if seen.in_room && seen.counting && !was.in_room {
            self.events.push(event("joined"));
        } else if !was.in_room {
            // In the room, and not counting yet: not in it for us.
            self.seen.in_room = false;
        }
        if seen.lost && !was.lost {
            // At some moment since the last look.
            self.lost_ms = self.looked_ms;
            self.events
                .push(json!({ "event": "lost", "at_ms": self.looked_ms }));
        }
        if was.lost && !seen.lost {
            let bridged = at_ms.saturating_sub(self.lost_ms) < BRIDGED_MS;
            self.events
                .push(json!({ "event": "restored", "at_ms": at_ms, "bridged": bridged }));
        }
        let shows_anew = (seen.counting, seen.paused) != (was.counting, was.paused);
        if shows_anew && seen.counting != seen.paused {
            self.events.push(json!({
                "event": "view", "at_ms": at_ms,
                "view": { "slice": "watch", "value": { "counting": seen.counting } },
            }));
        }
        self.looked_ms = before;
        Ok(())
    }

    /// Whether it showed at the last look that it is connected.
    pub(super) fn shows_connection(&self) -> bool {
        self.seen.in_room && !self.seen.lost
    }

    pub(super) fn has_ended(&self) -> bool {
        // One that is dead and not yet buried has ended, too.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid));
        stat.map_or(true, |stat| {
            stat.rsplit(") ")
                .next()
                .is_none_or(|rest| rest.starts_with('Z'))
        })
    }

    /// Kills it, without a chance to write or say anything.
    pub(super) async fn kill(&self) -> anyhow::Result<()> {
        run("kill", &["-s", "KILL", &self.pid.to_string()])?;
        self.ends().await
    }

    /// Closes its window, at which it leaves, and waits until it has ended by itself.
    pub(super) async fn leave(&self) -> anyhow::Result<Value> {
        run("wmctrl", &["-i", "-c", &self.x11_id])?;
        self.ends().await?;
        Ok(json!({ "event": "left", "at_ms": now_ms() }))
    }

    async fn ends(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.has_ended() {
            ensure!(started.elapsed() < PATIENCE, "the app does not end");
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

/// Whether there is a display with what moves windows on it.
pub(super) fn check_display() -> anyhow::Result<()> {
    let there = |program: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| Path::new(&folder).join(program).is_file())
    };
    for program in ["xdotool", "wmctrl"] {
        ensure!(there(program), "{program} is missing");
    }
    ensure!(
        std::env::var_os("DISPLAY").is_some(),
        "there is no display for the app: start this by `./kulti soak --app desktop`"
    );
    Ok(())
}

/// The window's number at the X server.
fn x11_id(pid: u32) -> anyhow::Result<String> {
    let pid = pid.to_string();
    let found = Command::new("xdotool")
        .args(["search", "--onlyvisible", "--pid", &pid, "--name", "Kulti"])
        .output()?;
    let found = String::from_utf8_lossy(&found.stdout);
    let first = found.lines().next().context("the app has no window")?;
    Ok(first.to_owned())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("starting {program}"))?;
    ensure!(status.success(), "{program} {arguments:?} failed");
    Ok(())
}
