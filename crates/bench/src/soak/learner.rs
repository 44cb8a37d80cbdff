//! One learner, whose app is told what to do and observed, so that the truth is known.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{
    app::{App, Which},
    bad_network::BadNetwork,
    lateness::Lateness,
    programs::{Learner, PATIENCE, now_ms},
    truth::{Between, Truth},
};

/// What made a write late that matters to a kill happened at most so long before it.
const LATE_WRITE_MS: u64 = 3_000;

/// The learner and the app that runs, if one does.
pub(super) struct Watched {
    pub(super) truth: Truth,
    which: Which,
    learner: Learner,
    app: Option<App>,
    /// The window is hidden.
    hidden: bool,
    joined: bool,
    /// Since when the app has, or may have, no connection.
    cut: Option<u64>,
    lateness: Lateness,
    /// How often the app was killed.
    pub(super) app_kills: u32,
}

impl Watched {
    pub(super) fn new(which: Which, learner: Learner) -> Self {
        Self {
            truth: Truth::default(),
            which,
            learner,
            app: None,
            hidden: false,
            joined: false,
            cut: None,
            lateness: Lateness::watch(),
            app_kills: 0,
        }
    }

    /// Starts the app; it joins.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        self.app = Some(App::start(self.which, &self.learner).await?);
        (self.hidden, self.joined, self.cut) = (false, false, None);
        Ok(())
    }

    /// Waits until the app is in the session and has its connection. One that gave up is
    /// started anew, as a person would.
    pub(super) async fn is_in(&mut self, network: &BadNetwork) -> anyhow::Result<()> {
        let started = tokio::time::Instant::now();
        while !self.joined || self.cut.is_some() {
            if started.elapsed() > PATIENCE {
                bail!("the app did not come (back) into the session");
            }
            let app = self.app.as_mut().context("no app runs")?;
            match app.event(Duration::from_secs(1)).await {
                Some(event) => self.heard(&event, network),
                None if app.has_ended() => self.start().await?,
                None if app.shows_connection() && self.is_back(network) => {
                    let back = json!({
                        "event": "restored", "bridged": true, "at_ms": now_ms(),
                    });
                    self.heard(&back, network);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Whether the app has connected anew since the connection was cut.
    fn is_back(&self, network: &BadNetwork) -> bool {
        self.cut
            .is_some_and(|cut| network.last_handshake_ms() > cut)
    }

    /// Takes in what the app says without waiting for more.
    async fn listen(&mut self, network: &BadNetwork) {
        while let Some(app) = self.app.as_mut()
            && let Some(event) = app.event(Duration::ZERO).await
        {
            self.heard(&event, network);
        }
    }

    /// Lets time pass.
    pub(super) async fn lives(&mut self, network: &BadNetwork, time: Duration) {
        tokio::time::sleep(time).await;
        self.listen(network).await;
    }

    fn heard(&mut self, event: &Value, network: &BadNetwork) {
        let at_ms = event.get("at_ms").and_then(Value::as_u64).unwrap_or(0);
        match event.get("event").and_then(Value::as_str) {
            Some("joined") => {
                self.joined = true;
                self.truth
                    .begins(Between(network.last_handshake_ms().min(at_ms), at_ms));
            }
            Some("lost") => {
                self.cut.get_or_insert(at_ms);
            }
            Some("restored") => {
                let bridged = event.get("bridged").and_then(Value::as_bool);
                let cut = self.cut.take();
                if bridged == Some(false)
                    && let Some(cut) = cut
                {
                    self.truth.ends(Between(cut, at_ms));
                    if !self.hidden {
                        self.truth
                            .begins(Between(network.last_handshake_ms().min(at_ms), at_ms));
                    }
                }
            }
            Some("left") => {
                let last = self.cut.map_or(at_ms, |cut| cut.min(at_ms));
                self.truth.ends(Between(last, at_ms));
                self.joined = false;
            }
            _ => {}
        }
    }

    pub(super) fn looks_away(&self) -> bool {
        self.hidden
    }

    /// Looks away, or back.
    pub(super) async fn toggles(&mut self, network: &BadNetwork) -> anyhow::Result<()> {
        self.listen(network).await;
        let hide = !self.hidden;
        let signal = if hide {
            "window_hidden"
        } else {
            "window_visible"
        };
        let ordered = now_ms();
        let app = self.app.as_mut().context("no app runs")?;
        app.order(&json!({ "watch": signal }))?;
        let started = tokio::time::Instant::now();
        loop {
            let app = self.app.as_mut().context("no app runs")?;
            let event = app.event(PATIENCE).await;
            let event = event
                .filter(|_| started.elapsed() < PATIENCE)
                .with_context(|| format!("the app does not show that it got {signal}"))?;
            self.heard(&event, network);
            let at_ms = event.get("at_ms").and_then(Value::as_u64).unwrap_or(0);
            let counting = event
                .pointer("/view/value/counting")
                .and_then(Value::as_bool);
            let watch = event.pointer("/view/slice").is_some_and(|s| s == "watch");
            if !watch || at_ms < ordered || counting != Some(!hide) {
                continue;
            }
            self.hidden = hide;
            if hide {
                self.truth.ends(Between(ordered, at_ms));
            } else {
                self.truth.begins(Between(ordered, at_ms));
            }
            return Ok(());
        }
    }

    /// The server is about to be killed: from now on the connection is gone.
    pub(super) fn server_goes(&mut self) {
        if self.joined {
            self.cut.get_or_insert_with(now_ms);
        }
    }

    /// Kills the app.
    pub(super) async fn is_killed(&mut self, network: &BadNetwork) -> anyhow::Result<()> {
        let app = self.app.take().context("no app runs")?;
        let before = now_ms();
        let said = app.kill().await?;
        let after = now_ms();
        for event in said {
            self.heard(&event, network);
        }
        self.app_kills += 1;
        // A loss that the app did not come back from is not bridged.
        let stopped = self.cut.unwrap_or(before);
        let late_ms = self
            .lateness
            .worst_ms(after.saturating_sub(LATE_WRITE_MS)..after);
        self.truth
            .ends_by_kill(Between(before, after), stopped, late_ms);
        Ok(())
    }

    /// Leaves the session and ends the app.
    pub(super) async fn leaves(&mut self, network: &BadNetwork) -> anyhow::Result<()> {
        let app = self.app.take().context("no app runs")?;
        let before = now_ms();
        let said = app.leave().await?;
        // Nothing before it left is more certain than that it was told to.
        self.cut.get_or_insert(before);
        for event in said {
            self.heard(&event, network);
        }
        if self.joined {
            bail!("the app ended and did not say that it left");
        }
        Ok(())
    }
}
