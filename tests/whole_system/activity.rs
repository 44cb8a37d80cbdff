//! From what happens on the desktop to the time that is told to the server: each
//! change of activity is where it happened, to a tenth of a second.

use std::{ops::Range, process::Command};

use kulti_watch::IntervalSet;

use crate::{
    app_window::AppWindow,
    covers::{Cover, OtherWindow},
    heartbeat_tap::{HeartbeatTap, server_ms},
    logind::Logind,
    notification_daemon::NotificationDaemon,
    server::TestServer,
    two_windows::DISPLAY,
    waiting::{PATIENCE, until},
};

/// How exact the times of changes must be.
pub(crate) const EXACT_MS: u64 = 100;
/// Before and after an act, what happens may matter to how it is noticed.
const NOTICED_MS: u64 = 1_000;

/// A learner in a session, whose heartbeats are read.
struct Learner {
    window: AppWindow,
    id: String,
    tap: HeartbeatTap,
    _server: TestServer,
}

/// An act, from just before to just after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) before_ms: u64,
    pub(crate) after_ms: u64,
}

impl Act {
    /// At a moment that is known.
    pub(crate) fn at(at_ms: u64) -> Self {
        Self {
            before_ms: at_ms,
            after_ms: at_ms,
        }
    }

    pub(crate) fn new(act: impl FnOnce()) -> Self {
        let before_ms = server_ms();
        act();
        Self {
            before_ms,
            after_ms: server_ms(),
        }
    }

    pub(crate) async fn of(act: impl Future<Output = ()>) -> Self {
        let before_ms = server_ms();
        act.await;
        Self {
            before_ms,
            after_ms: server_ms(),
        }
    }

    /// Programs that move windows only ask for it: the act is over when it `is_done`.
    pub(crate) fn until(self, is_done: impl Fn() -> bool) -> Self {
        let started = std::time::Instant::now();
        while !is_done() {
            assert!(
                started.elapsed() < PATIENCE,
                "the window manager does nothing"
            );
        }
        Self {
            after_ms: server_ms(),
            ..self
        }
    }

    /// What an act brings about after a while.
    pub(crate) fn later_by(self, ms: u64) -> Self {
        Self {
            before_ms: self.before_ms + ms,
            after_ms: self.after_ms + ms,
        }
    }

    /// When it is noticed, with some room.
    pub(crate) fn noticed(self) -> Range<u64> {
        self.before_ms.saturating_sub(NOTICED_MS)..self.after_ms + NOTICED_MS
    }

    /// How far off a recorded time is.
    pub(crate) fn error_ms(self, recorded_ms: u64) -> u64 {
        if recorded_ms < self.before_ms {
            self.before_ms - recorded_ms
        } else {
            recorded_ms.saturating_sub(self.after_ms)
        }
    }
}

impl Learner {
    /// In a session at a server with these settings, in an app with this environment.
    async fn join(settings: &[(&str, &str)], environment: &[(&str, &str)]) -> Self {
        let server = TestServer::start_with(settings);
        let tap = HeartbeatTap::before(&server.origin).await;
        let session = server.session("Exact to a tenth").await;
        let window = AppWindow::open_with("Ines Duarte", environment).await;
        let link = format!("kulti://join/{}?server={}", session.code(), tap.origin);
        window.join(&link).await;
        window.sees("[data-testid=credits]", "Counting").await;
        let id = window.x11_id();
        Self {
            window,
            id,
            tap,
            _server: server,
        }
    }

    /// What the counter says once time has stopped.
    async fn pauses(&self, reason: &str) {
        let text = format!("Paused: {reason}");
        self.window.sees("[data-testid=credits]", &text).await;
    }

    async fn counts(&self) {
        self.window.sees("[data-testid=credits]", "Counting").await;
    }

    /// Brings the window back to where a person sees it.
    fn activate(&self) {
        run("wmctrl", &["-i", "-a", &self.id]);
    }

    /// Leaves; gives all that was told.
    async fn leave(self) -> IntervalSet {
        self.window.close().await;
        self.tap.told()
    }
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{program} {arguments:?}"
    );
}

/// Checks that time stopped and went on with each pair of acts, and nowhere else.
fn check(told: &IntervalSet, pauses: &[(&str, Act, Act)]) {
    let told: Vec<(u64, u64)> = told.iter().collect();
    assert_eq!(
        told.len(),
        pauses.len() + 1,
        "one stretch between two pauses: {told:?}, {pauses:?}"
    );
    for (stretches, (what, stop, go)) in told.windows(2).zip(pauses) {
        let [(_, stopped), (went_on, _)] = stretches else {
            unreachable!("windows of two")
        };
        let (off, on) = (stop.error_ms(*stopped), go.error_ms(*went_on));
        eprintln!("{what}: stopped {off} ms off, went on {on} ms off");
        assert!(off <= EXACT_MS, "{what}: stopped {off} ms off: {told:?}");
        assert!(on <= EXACT_MS, "{what}: went on {on} ms off: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stops_while_the_window_cannot_be_seen() {
    let _display = DISPLAY.lock().await;
    let learner = Learner::join(&[], &[]).await;
    let id = learner.id.clone();
    let mut pauses = Vec::new();

    let stop = Act::new(|| run("xdotool", &["windowminimize", "--sync", &id]));
    learner.pauses("window hidden").await;
    let go = Act::new(|| learner.activate());
    learner.counts().await;
    pauses.push(("minimised", stop, go));

    let stop = Act::new(|| run("wmctrl", &["-s", "1"]));
    learner.pauses("window hidden").await;
    let go = Act::new(|| run("wmctrl", &["-s", "0"]));
    learner.counts().await;
    pauses.push(("other workspace", stop, go));

    let stop = Act::new(|| run("wmctrl", &["-k", "on"]));
    learner.pauses("window hidden").await;
    let go = Act::new(|| run("wmctrl", &["-k", "off"]));
    learner.counts().await;
    pauses.push(("the desktop shown", stop, go));

    let mut cover = None;
    let stop = Act::new(|| cover = Some(Cover::open(0, 0, 2_000, 2_000)));
    learner.pauses("window hidden").await;
    let go = Act::new(|| cover.into_iter().for_each(Cover::close));
    learner.counts().await;
    pauses.push(("covered", stop, go));

    // Half of it is enough to see something; the other half makes it whole.
    let left = Cover::open(0, 0, 640, 2_000);
    learner.counts().await;
    let mut right = None;
    let stop = Act::new(|| right = Some(Cover::open(640, 0, 2_000, 2_000)));
    learner.pauses("window hidden").await;
    let go = Act::new(|| left.close());
    learner.counts().await;
    right.into_iter().for_each(Cover::close);
    pauses.push(("covered by two", stop, go));

    check(&learner.leave().await, &pauses);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stops_while_the_screen_is_locked_or_the_machine_sleeps() {
    let _display = DISPLAY.lock().await;
    let logind = Logind::start().await;
    let learner = Learner::join(&[], &logind.environment()).await;
    let mut pauses = Vec::new();

    let stop = Act::of(logind.hint(true)).await;
    learner.pauses("screen locked").await;
    let go = Act::of(logind.hint(false)).await;
    learner.counts().await;
    pauses.push(("the hint", stop, go));

    let stop = Act::of(logind.ask_to("Lock")).await;
    learner.pauses("screen locked").await;
    // Mouse and keys are no sign of a person while the screen is locked.
    run("xdotool", &["mousemove", "200", "200"]);
    learner.pauses("screen locked").await;
    let go = Act::of(logind.ask_to("Unlock")).await;
    learner.counts().await;
    pauses.push(("a request", stop, go));

    let stop = Act::of(logind.prepare_for_sleep(true)).await;
    learner.pauses("computer asleep").await;
    let go = Act::of(logind.prepare_for_sleep(false)).await;
    learner.counts().await;
    pauses.push(("sleep", stop, go));

    check(&learner.leave().await, &pauses);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_works_in_another_window_is_asked_there_and_answers_by_a_click() {
    let _display = DISPLAY.lock().await;
    let daemon = NotificationDaemon::start().await;
    // The prompt comes 60 s before the limit: 5 s after the last sign of a person.
    let learner = Learner::join(&[("KULTI_IDLE_LIMIT", "65s")], &[]).await;
    let other = OtherWindow::open("Kulti's test editor");
    other.activate().await;

    daemon.shows("Still watching").await;
    daemon.click();
    until("the answered notification goes", || async {
        (daemon.displayed() == 0).then_some(())
    })
    .await;

    // Answered: it is asked again only after the same time, and by then the window is
    // in front, raised by the click. Then any input is an answer.
    other.activate().await;
    until("it is asked again", || async {
        (daemon.displayed() == 1).then_some(())
    })
    .await;
    run("xdotool", &["mousemove_relative", "--", "3", "3"]);
    until("input makes the notification go", || async {
        (daemon.displayed() == 0).then_some(())
    })
    .await;
    learner.counts().await;

    drop(other);
    let told = learner.leave().await;
    assert_eq!(told.len(), 1, "all of it counted: {told:?}");
}
