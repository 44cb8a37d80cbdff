//! The report of a soak.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{
    app::Which,
    bad_network::Treated,
    end::Paid,
    truth::{KILL_MS, Verdict, WRITE_MS},
};

/// What was done.
pub(super) struct Report {
    pub(super) which: Which,
    pub(super) seed: u64,
    pub(super) lasted_ms: u64,
    pub(super) kills: usize,
    pub(super) server_kills: u32,
    pub(super) app_kills: u32,
    /// How often the app was started after all that, until everything was sent.
    pub(super) restarts: u32,
}

impl Report {
    pub(super) fn print(&self, verdict: &Verdict, treated: &Treated, paid: &Paid) {
        let of = |count: &AtomicU64| count.load(Relaxed);
        println!("\n## Soak: kill -9 at random moments\n");
        println!("| | |\n|---|--:|");
        let row = |what: &str, figure: String| println!("| {what} | {figure} |");
        let app = match self.which {
            Which::Headless => "headless (kulti-bot)",
            Which::Desktop => "desktop, in a window",
        };
        row("the app", app.to_owned());
        row("seed", self.seed.to_string());
        row("lasted", seconds(self.lasted_ms));
        row("kills", self.kills.to_string());
        row(
            "… of the app (while time counted)",
            format!("{} ({})", self.app_kills, verdict.kills_while_counting),
        );
        row("… of the server", self.server_kills.to_string());
        row("watched, for certain", seconds(verdict.certain_ms));
        row("watched, at most", seconds(verdict.possible_ms));
        row(
            "of all beginnings and ends, the worst is known to",
            seconds(verdict.worst_edge_ms),
        );
        row("in the ledger", seconds(verdict.ledger_ms));
        row("lost by kills of the app", seconds(verdict.lost_ms()));
        row("… by the worst one", seconds(verdict.worst_loss_ms()));
        row(
            "… allowed for one: a second, and a write under way",
            format!("{} + {}", seconds(KILL_MS), seconds(WRITE_MS)),
        );
        row(
            "… allowed in all; of that, because the machine was late",
            format!(
                "{}; {}",
                seconds(verdict.allowed_ms),
                seconds(verdict.late_ms)
            ),
        );
        row(
            "lost otherwise",
            seconds(verdict.lost_elsewhere.measure_ms()),
        );
        row(
            "counted and not watched",
            seconds(verdict.too_much.measure_ms()),
        );
        row(
            "heartbeats on the network",
            of(&treated.heartbeats).to_string(),
        );
        row(
            "… lost, answer lost, doubled, delayed, came again later",
            format!(
                "{}, {}, {}, {}, {}",
                of(&treated.lost),
                of(&treated.answers_lost),
                of(&treated.doubled),
                of(&treated.delayed),
                of(&treated.late_copies),
            ),
        );
        row(
            "starts of the app afterwards, until all was sent",
            self.restarts.to_string(),
        );
        row(
            "credits paid for watching; in transactions",
            format!("{}; {}", paid.credits, paid.transactions),
        );
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}
