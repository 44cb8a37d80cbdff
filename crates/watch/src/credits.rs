//! Credits for active time: the client's live estimate and the ledger's truth, by the
//! same integer arithmetic. A sum is kept as an exact fraction and floored once, at
//! the very end.

use serde::{Deserialize, Serialize};

/// Credits for a minute of watching.
pub const WATCHING_PER_MINUTE: u32 = 1;
/// Credits for a minute of hosting.
pub const HOSTING_PER_MINUTE: u32 = 5;
/// Of one session at most this much active time counts: 4 hours.
pub const ACTIVE_CAP_MS: u64 = 4 * 60 * MINUTE_MS;
/// A host gets at most this for one session.
pub const HOST_CAP: u64 = 10_000;

const MINUTE_MS: u64 = 60_000;
const VIEWER_PER_MINUTE: u128 = 2;
const LIVELY_MESSAGES_PER_MINUTE: u128 = 2;
const COMPLETED_FROM_MS: u64 = 30 * MINUTE_MS;
const PER_PERSON_HELPED: u128 = 50;
const REPEAT_FROM_SESSIONS: u32 = 3;

/// Credits for active time alone, while a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Whole credits so far.
    pub credits: u64,
    /// The way to the next credit, 0 to 999.
    pub next_permille: u16,
    /// Active time until the next credit; none when the session's cap is reached.
    pub next_in_ms: Option<u64>,
}

/// The estimate for `active_ms` of active time at [`WATCHING_PER_MINUTE`] or
/// [`HOSTING_PER_MINUTE`].
#[must_use]
pub fn estimate(active_ms: u64, credits_per_minute: u32) -> Estimate {
    let rate = u64::from(credits_per_minute);
    let earned = active_ms.min(ACTIVE_CAP_MS) * rate;
    let beyond = earned % MINUTE_MS;
    let next_in_ms = (MINUTE_MS - beyond)
        .checked_add(rate.saturating_sub(1))
        .and_then(|missing| missing.checked_div(rate))
        .filter(|missing_ms| active_ms.saturating_add(*missing_ms) <= ACTIVE_CAP_MS);
    Estimate {
        credits: earned / MINUTE_MS,
        next_permille: u16::try_from(beyond * 1_000 / MINUTE_MS).unwrap_or_default(),
        next_in_ms,
    }
}

/// What a watcher's credits for a session that is over depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatcherFacts {
    /// Active time that the ledger vouches for.
    pub active_ms: u64,
    /// Whether the watcher wrote in the chat.
    pub chatted: bool,
    /// Whether the watcher helped someone.
    pub helped_someone: bool,
    /// How many sessions the watcher had attended before.
    pub sessions_before: u32,
}

/// What a host's credits for a session that is over depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// The host's active time that the ledger vouches for.
    pub active_ms: u64,
    /// From the session's start to its end.
    pub duration_ms: u64,
    /// The watchers' active time, added up: divided by `duration_ms` it is the average
    /// number of concurrent viewers.
    pub viewers_active_ms: u64,
    /// Messages that were written by anyone.
    pub messages: u64,
    /// Whether the session was brought to its end, rather than abandoned.
    pub completed: bool,
    /// How many people the host helped.
    pub people_helped: u32,
}

/// What changes the credits of a session, in the order in which it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// 1 for each minute watched.
    MinutesWatched,
    /// 5 for each minute hosted.
    MinutesHosted,
    /// ×1.5: the watcher wrote in the chat.
    Chatted,
    /// ×2: the watcher helped someone.
    HelpedSomeone,
    /// ×1.2: the watcher has attended three or more sessions before.
    RepeatViewer,
    /// ×1.5: it was the watcher's first session ever.
    FirstSession,
    /// + 2 a minute for each average concurrent viewer.
    Viewers,
    /// ×2: at least two messages a minute.
    LivelyChat,
    /// ×2: a completed session of at least 30 minutes.
    Completed,
    /// + 50 for each person helped.
    PeopleHelped,
    /// At most 10,000.
    Cap,
}

impl Rule {
    /// Its name in the ledger and on the wire: as it is serialised.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinutesWatched => "minutes_watched",
            Self::MinutesHosted => "minutes_hosted",
            Self::Chatted => "chatted",
            Self::HelpedSomeone => "helped_someone",
            Self::RepeatViewer => "repeat_viewer",
            Self::FirstSession => "first_session",
            Self::Viewers => "viewers",
            Self::LivelyChat => "lively_chat",
            Self::Completed => "completed",
            Self::PeopleHelped => "people_helped",
            Self::Cap => "cap",
        }
    }
}

/// One line of the explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// Whether it changed anything: else a bonus that was not earned.
    pub applied: bool,
    /// The sum after this step in hundredths of a credit, to show. The next step
    /// goes on from the exact sum.
    pub subtotal_hundredths: u64,
}

/// The credits of one person for one session, with the way to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCredits {
    /// Whole credits.
    pub credits: u64,
    /// Every rule in the order of its application.
    pub steps: Vec<Step>,
}

/// A watcher's credits for a session that is over.
#[must_use]
pub fn for_watcher(facts: &WatcherFacts) -> SessionCredits {
    let minutes = u128::from(facts.active_ms.min(ACTIVE_CAP_MS));
    let mut sum = Sum::over(u128::from(MINUTE_MS));
    sum.add(
        Rule::MinutesWatched,
        minutes * u128::from(WATCHING_PER_MINUTE),
    );
    sum.multiply(Rule::Chatted, facts.chatted, 3, 2);
    sum.multiply(Rule::HelpedSomeone, facts.helped_someone, 2, 1);
    let repeated = facts.sessions_before >= REPEAT_FROM_SESSIONS;
    sum.multiply(Rule::RepeatViewer, repeated, 6, 5);
    sum.multiply(Rule::FirstSession, facts.sessions_before == 0, 3, 2);
    sum.finish()
}

/// A host's credits for a session that is over.
#[must_use]
pub fn for_host(facts: &HostFacts) -> SessionCredits {
    let minutes = u128::from(facts.active_ms.min(ACTIVE_CAP_MS));
    // In units of a credit / (a minute × the duration), so that the average number
    // of viewers stays exact.
    let duration = u128::from(facts.duration_ms.max(1));
    let mut sum = Sum::over(u128::from(MINUTE_MS) * duration);
    sum.add(
        Rule::MinutesHosted,
        minutes * u128::from(HOSTING_PER_MINUTE) * duration,
    );
    let viewers = if facts.duration_ms == 0 {
        0
    } else {
        u128::from(facts.viewers_active_ms)
    };
    sum.add(Rule::Viewers, minutes * viewers * VIEWER_PER_MINUTE);
    let lively = facts.duration_ms > 0
        && u128::from(facts.messages) * u128::from(MINUTE_MS)
            >= LIVELY_MESSAGES_PER_MINUTE * duration;
    sum.multiply(Rule::LivelyChat, lively, 2, 1);
    let completed = facts.completed && facts.duration_ms >= COMPLETED_FROM_MS;
    sum.multiply(Rule::Completed, completed, 2, 1);
    let helped = u128::from(facts.people_helped) * PER_PERSON_HELPED;
    sum.add(Rule::PeopleHelped, helped * sum.denominator);
    sum.cap(Rule::Cap, u128::from(HOST_CAP));
    sum.finish()
}

/// An exact sum on its way through the rules. The largest facts that fit their
/// types stay below 2^124, far from overflow.
struct Sum {
    numerator: u128,
    denominator: u128,
    steps: Vec<Step>,
}

impl Sum {
    const fn over(denominator: u128) -> Self {
        Self {
            numerator: 0,
            denominator,
            steps: Vec::new(),
        }
    }

    /// Adds `amount / denominator`.
    fn add(&mut self, rule: Rule, amount: u128) {
        self.numerator += amount;
        self.step(rule, amount > 0);
    }

    fn multiply(&mut self, rule: Rule, applied: bool, by: u128, over: u128) {
        if applied {
            self.numerator *= by;
            self.denominator *= over;
        }
        self.step(rule, applied);
    }

    fn cap(&mut self, rule: Rule, most: u128) {
        let applied = self.numerator > most * self.denominator;
        if applied {
            self.numerator = most * self.denominator;
        }
        self.step(rule, applied);
    }

    fn step(&mut self, rule: Rule, applied: bool) {
        let hundredths = self.numerator.saturating_mul(100) / self.denominator;
        self.steps.push(Step {
            rule,
            applied,
            subtotal_hundredths: u64::try_from(hundredths).unwrap_or(u64::MAX),
        });
    }

    fn finish(self) -> SessionCredits {
        SessionCredits {
            credits: u64::try_from(self.numerator / self.denominator).unwrap_or(u64::MAX),
            steps: self.steps,
        }
    }
}
