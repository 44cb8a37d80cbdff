//! The app that is killed: the headless one, or the real one in its window.

use std::time::Duration;

use serde_json::Value;

use super::{
    desktop::DesktopApp,
    programs::{HeadlessApp, Learner},
};

/// Which app is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Which {
    /// `kulti-bot`: the whole client without a window, told signals by its orders.
    Headless,
    /// The desktop app in a window, on the display that there is.
    Desktop,
}

/// A running app. What both tell and take are the words of `kulti-bot`.
pub(super) enum App {
    Headless(HeadlessApp),
    Desktop(Box<DesktopApp>),
}

impl App {
    /// Starts it; it joins.
    pub(super) async fn start(which: Which, learner: &Learner) -> anyhow::Result<Self> {
        Ok(match which {
            Which::Headless => Self::Headless(HeadlessApp::start(learner)?),
            Which::Desktop => Self::Desktop(Box::new(DesktopApp::start(learner).await?)),
        })
    }

    /// Has it see, or not see, its window.
    pub(super) fn order(&mut self, order: &Value) -> anyhow::Result<()> {
        match self {
            Self::Headless(app) => {
                app.order(order);
                Ok(())
            }
            Self::Desktop(app) => app.order(order),
        }
    }

    /// The next event; none after `wait`, and none when the app has ended.
    pub(super) async fn event(&mut self, wait: Duration) -> Option<Value> {
        match self {
            Self::Headless(app) => app.event(wait).await,
            Self::Desktop(app) => app.event(wait).await,
        }
    }

    /// Whether it shows that it is connected. The headless one never fails to tell when
    /// that changes; a window may have been looked at too late.
    pub(super) fn shows_connection(&self) -> bool {
        match self {
            Self::Headless(_) => false,
            Self::Desktop(app) => app.shows_connection(),
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        match self {
            Self::Headless(app) => app.has_ended(),
            Self::Desktop(app) => app.has_ended(),
        }
    }

    /// Kills it. What it has said until then comes back.
    pub(super) async fn kill(self) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Headless(app) => app.kill().await,
            Self::Desktop(app) => app.kill().await.map(|()| Vec::new()),
        }
    }

    /// Has it leave, and waits until it has ended by itself. What it has said until then
    /// comes back.
    pub(super) async fn leave(self) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Headless(app) => app.leave().await,
            Self::Desktop(app) => app.leave().await.map(|left| vec![left]),
        }
    }
}
