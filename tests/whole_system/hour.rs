//! The scripted hour of `kulti-bench watch`, played faster in the real app: what the
//! ledger has in the end is what was watched, to a tenth of a second at every change.
//!
//! Two of its events cannot be brought about for one window: sleep that nothing announces
//! (the kernel's clocks are everybody's) and a change of the time zone (nothing that
//! measures time reads it). They remain with the core's test of the same hour. The app
//! lives in another time zone than its server here.

// The one definition of the hour.
#[path = "../../crates/bench/src/watch/hour.rs"]
mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kulti_protocol::api::{Exclusion, SessionWatchResponse};
use serde_json::json;

use self::script::{Device, Event, Moment};
use crate::{
    activity::{Act, EXACT_MS, run},
    app_window::AppWindow,
    bots::{Bots, is},
    covers::{Cover, OtherWindow, is_on_screen},
    cuttable_link::CuttableLink,
    lateness::Lateness,
    logind::Logind,
    server::{TestServer, TestSession},
    two_windows::DISPLAY,
    waiting::until,
    wall_clock::WallClock,
};

/// So many times faster than written the hour is played.
const FASTER: u64 = 20;
/// The idle limit that the script is written for.
const SCRIPT_IDLE_LIMIT_MS: u64 = 15 * 60_000;
/// The one here: the prompt comes 60 s before it, and waits for 60 s, also here.
const IDLE_LIMIT_MS: u64 = 65_000;
/// Between the two losses of the connection, also on a busy machine.
const RECONNECT_GRACE: &str = "8s";

/// A change is noticed through the window manager, the X server and the app, of which
/// each may have to wait for a machine that is late.
const PROGRAMS: u64 = 3;

/// Why time did not count, in order. Between the third and the fourth lies the sleep that
/// nothing announces.
const REASONS: [Exclusion; 7] = [
    Exclusion::Hidden,
    Exclusion::Hidden,
    Exclusion::Locked,
    Exclusion::Asleep,
    Exclusion::ConnectionLost,
    Exclusion::Hidden,
    Exclusion::NobodyThere,
];

/// When the moments of the script were.
#[derive(Default)]
struct Played {
    acts: BTreeMap<u64, Act>,
    left_out: BTreeSet<u64>,
}

impl Played {
    /// When a change of the script's truth was: at an event, or an idle limit after one.
    /// None for events that were not played.
    fn change(&self, script_ms: u64) -> Option<Act> {
        if self.left_out.contains(&script_ms) {
            return None;
        }
        let evidence = || {
            let at_ms = script_ms.checked_sub(SCRIPT_IDLE_LIMIT_MS)?;
            Some(self.acts.get(&at_ms)?.later_by(IDLE_LIMIT_MS))
        };
        let act = self.acts.get(&script_ms).copied().or_else(evidence);
        Some(act.unwrap_or_else(|| panic!("nothing happened at {script_ms} ms of the script")))
    }

    /// The changes of the truth: by turns when time began to count, and when it stopped.
    fn truth(&self) -> Vec<(u64, Act)> {
        script::truth()
            .iter()
            .flat_map(|(start, end)| [start, end])
            .filter_map(|script_ms| Some((script_ms, self.change(script_ms)?)))
            .collect()
    }
}

/// The person, with all that they have.
struct Person {
    window: AppWindow,
    id: String,
    link: CuttableLink,
    logind: Logind,
    clock: WallClock,
    session: TestSession,
    editor: Option<OtherWindow>,
    cover: Option<Cover>,
    /// How often the window was hidden: each time in another way.
    hidden: usize,
    other_computer: Option<Bots>,
}

impl Person {
    async fn at(server: &TestServer) -> Self {
        let link = CuttableLink::to(&server.origin).await;
        let logind = Logind::start().await;
        let clock = WallClock::new();
        let session = server.session("An hour").await;
        let mut environment = clock.environment();
        let bus = logind
            .environment()
            .map(|(name, value)| (name, value.to_owned()));
        environment.extend(bus);
        environment.push(("TZ", "Asia/Kolkata".to_owned()));
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let window = AppWindow::open_with("Ines Duarte", &environment).await;
        Self {
            id: window.x11_id(),
            window,
            link,
            logind,
            clock,
            session,
            editor: None,
            cover: None,
            hidden: 0,
            other_computer: None,
        }
    }

    async fn pauses(&self, reason: &str) {
        let text = format!("Paused: {reason}");
        self.window.sees("[data-testid=credits]", &text).await;
    }

    async fn counts(&self) {
        self.window.sees("[data-testid=credits]", "Counting").await;
    }

    /// Plays an event at the laptop, and waits until the app shows what it makes of it.
    /// None if it cannot be played.
    async fn does(&mut self, event: Event) -> Option<Act> {
        let id = self.id.clone();
        let act = match event {
            Event::Joined => {
                let link = format!(
                    "kulti://join/{}?server={}",
                    self.session.code(),
                    self.link.origin
                );
                self.window.join(&link).await;
                self.counts().await;
                Act::at(self.link.joined_ms())
            }
            Event::Left => Act::new(|| run("wmctrl", &["-i", "-c", &id])),
            Event::OtherInFront => {
                let editor = OtherWindow::open("Kulti's test editor");
                let act = Act::of(editor.activate()).await;
                self.editor = Some(editor);
                self.counts().await;
                act
            }
            Event::InFront => {
                let act = Act::new(|| run("wmctrl", &["-i", "-a", &id]));
                self.counts().await;
                act
            }
            Event::Hidden => {
                let act = Act::new(|| match self.hidden {
                    0 => run("xdotool", &["windowminimize", "--sync", &id]),
                    1 => run("wmctrl", &["-s", "1"]),
                    _ => self.cover = Some(Cover::open(0, 0, 2_000, 2_000)),
                });
                let covered = self.cover.is_some();
                let act = act.until(|| covered || !is_on_screen(&id));
                self.pauses("window hidden").await;
                act
            }
            Event::Visible => {
                let act = Act::new(|| match self.hidden {
                    0 => run("wmctrl", &["-i", "-a", &id]),
                    1 => run("wmctrl", &["-s", "0"]),
                    _ => self.cover.take().into_iter().for_each(Cover::close),
                });
                let act = act.until(|| is_on_screen(&id));
                self.hidden += 1;
                self.counts().await;
                act
            }
            Event::Locked => {
                let act = Act::of(self.logind.hint(true)).await;
                self.pauses("screen locked").await;
                act
            }
            Event::Unlocked => {
                let act = Act::of(self.logind.hint(false)).await;
                self.counts().await;
                act
            }
            Event::Suspended => {
                let act = Act::of(self.logind.prepare_for_sleep(true)).await;
                self.pauses("computer asleep").await;
                act
            }
            Event::Resumed => {
                let act = Act::of(self.logind.prepare_for_sleep(false)).await;
                self.counts().await;
                act
            }
            Event::Offline => {
                let act = Act::new(|| self.link.cut());
                self.window.element("[data-testid=connection-lost]").await;
                act
            }
            Event::Online => {
                self.link.mend();
                self.window
                    .script(
                        "document.querySelector('[data-testid=connection-lost] button')?.click()",
                        vec![],
                    )
                    .await;
                self.window
                    .sees_no_more("[data-testid=connection-lost]")
                    .await;
                self.counts().await;
                // The app cannot know of the network before it has tried it.
                Act::at(self.link.joined_ms())
            }
            Event::Input => Act::new(|| run("xdotool", &["key", "Shift_L"])),
            Event::PromptShown => {
                self.window.element("[data-testid=still-watching]").await;
                Act::new(|| {})
            }
            Event::PromptAnswered => {
                let (x, y) = self
                    .window
                    .centre_of("[data-testid=still-watching] .answer button")
                    .await;
                let click = ["mousemove", "--window", &id, &x, &y, "click", "1"];
                let act = Act::new(|| run("xdotool", &click));
                self.window
                    .sees_no_more("[data-testid=still-watching]")
                    .await;
                self.counts().await;
                act
            }
            Event::WallClockJumps { by_ms } => {
                let act = Act::new(|| self.clock.jump(by_ms));
                until("the app's wall clock has jumped", || async {
                    let page_ms = self.window.script("return Date.now()", vec![]).await;
                    self.clock.agrees(page_ms.as_i64()?).then_some(())
                })
                .await;
                act
            }
            Event::FellAsleep | Event::WokeUp | Event::TimeZoneChanges => return None,
        };
        Some(act)
    }

    /// The same at a second computer of this person.
    async fn does_elsewhere(&mut self, event: Event, server: &TestServer) -> Act {
        if event == Event::Joined {
            let account = self.account();
            let code = self.session.code().to_owned();
            let bot = Bots::join_as(&account, &[], &server.origin, &code, "Ines Duarte");
            bot.says("joined", is("joined")).await;
            self.other_computer = Some(bot);
            return Act::new(|| {});
        }
        let bot = self.other_computer.as_mut().expect("it has joined");
        match event {
            Event::Input => Act::new(|| bot.act(json!({"watch": "input"}))),
            Event::Left => {
                let act = Act::new(|| bot.act(json!({"act": "leave"})));
                bot.says("left", is("left")).await;
                act
            }
            other => panic!("the second computer cannot do {other:?}"),
        }
    }

    /// Who they are at this server, with the tokens.
    fn account(&self) -> String {
        let port = self.link.origin.rsplit(':').next().expect("a port");
        self.window.account_at(port)
    }
}

async fn play(person: &mut Person, server: &TestServer) -> Played {
    let mut played = Played::default();
    let mut last = None::<Moment>;
    for moment in script::hour() {
        let Moment {
            at_ms,
            device,
            event,
        } = moment;
        let since_ms = at_ms - last.map_or(0, |last| last.at_ms);
        match (last.map(|last| last.event), event) {
            // The app decides when.
            (_, Event::PromptShown) => {}
            // Nobody answers: the limit passes before anybody comes back.
            (Some(Event::PromptShown), Event::Input) => {
                person.pauses("nobody there").await;
                pause(2_000 * FASTER).await;
            }
            _ => pause(since_ms).await,
        }
        last = Some(moment);
        if event == Event::Input && played.acts.contains_key(&at_ms) && device == Device::Laptop {
            continue; // the click on the answer, and the like, was input
        }
        let act = match device {
            Device::Laptop => person.does(event).await,
            Device::Desktop => Some(person.does_elsewhere(event, server).await),
        };
        match act {
            Some(act) => {
                played.acts.entry(at_ms).or_insert(act);
            }
            None => {
                played.left_out.insert(at_ms);
            }
        }
    }
    played
}

/// Lets so much time of the script pass.
async fn pause(script_ms: u64) {
    tokio::time::sleep(Duration::from_millis(script_ms / FASTER)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripted_hour_is_in_the_ledger_as_it_was_watched() {
    let _display = DISPLAY.lock().await;
    let idle_limit = format!("{IDLE_LIMIT_MS}ms");
    let server = TestServer::start_with(&[
        ("KULTI_IDLE_LIMIT", &idle_limit),
        ("KULTI_RECONNECT_GRACE", RECONNECT_GRACE),
    ]);
    let mut person = Person::at(&server).await;
    let lateness = Lateness::watch();
    let played = play(&mut person, &server).await;
    let truth = played.truth();
    let account: serde_json::Value = serde_json::from_str(&person.account()).expect("JSON");
    let bearer = account["access_token"].as_str().expect("a token");
    let path = format!(
        "/api/sessions/{}/watch",
        person.session.session["id"].as_str().expect("an id")
    );
    person.window.ends().await; // its window was closed to leave

    let (_, left) = *truth.last().expect("it has an end");
    let books = until("the end of it is in the ledger", || async {
        let books = server.get(&path, bearer).await;
        let books: SessionWatchResponse = serde_json::from_value(books).expect("books");
        let [_, end] = *books.intervals.last()?;
        (end.cast_unsigned() + 1_000 > left.after_ms).then_some(books)
    })
    .await;

    let ledger: Vec<u64> = books
        .intervals
        .iter()
        .flat_map(|interval| interval.map(i64::cast_unsigned))
        .collect();
    let told = || format!("ledger: {:?}\ntruth: {truth:?}", books.intervals);
    assert_eq!(ledger.len(), truth.len(), "{}", told());
    let mut worst_ms = 0;
    let mut exact = true;
    for ((script_ms, act), recorded_ms) in truth.iter().zip(&ledger) {
        let error_ms = act.error_ms(*recorded_ms);
        let late_ms = lateness.worst_ms(act.noticed());
        eprintln!("{script_ms:>7} ms of the script: {error_ms} ms off, the machine {late_ms}");
        worst_ms = worst_ms.max(error_ms);
        exact &= error_ms <= EXACT_MS + PROGRAMS * late_ms;
    }

    let reasons: Vec<Exclusion> = books
        .intervals
        .windows(2)
        .map(|two| {
            let middle = i64::midpoint(two[0][1], two[1][0]);
            let found = books
                .excluded
                .iter()
                .find(|(start, end, _)| (*start..*end).contains(&middle));
            found.expect("every gap has its reason").2
        })
        .collect();
    assert_eq!(reasons, REASONS, "{:?}", books.excluded);

    let (mut least_ms, mut most_ms) = (0, 0);
    for stretch in truth.chunks_exact(2) {
        let ((_, start), (_, end)) = (stretch[0], stretch[1]);
        least_ms += end.before_ms - start.after_ms;
        most_ms += end.after_ms - start.before_ms;
    }
    eprintln!(
        "{} s played in {} s: watched {least_ms} to {most_ms} ms, in the ledger {} ms; \
         {} changes, the worst {worst_ms} ms off",
        script::LENGTH_MS / 1_000,
        (left.after_ms - truth[0].1.before_ms) / 1_000,
        books.active_ms,
        truth.len(),
    );
    assert!(exact, "{}", told());
}
