//! The watch timer: signals in, active time out.

use std::borrow::Cow;

use crate::{
    IntervalSet, Policy, Presence, Reason, Report, Signal, Span, Status,
    evidence::Evidence,
    stay::{Conditions, Loss, Stay},
    tiling::Tiling,
};

/// Turns signals into active time, presence, and the reasons for what did not count.
///
/// It reads no clock: every moment is passed in, in ms of the boot-time clock, which
/// never jumps and goes on while the machine sleeps. At the start the window is
/// visible, the screen unlocked, the machine awake, idleness known and the
/// connection up.
///
/// The one law: signals come in the order in which they happened. One that is older
/// than the newest so far is late, has been overtaken, and changes nothing. Questions
/// may be asked at any time; they change nothing either.
///
/// Memory grows with the number of changes between counting and not counting, never
/// with the number of signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchTimer {
    policy: Policy,
    conditions: Conditions,
    offset_ms: i64,
    /// The newest signal.
    newest_ms: u64,
    /// When the connection was back last.
    restored_ms: u64,
    /// The stay that is going on.
    current: Option<Stay>,
    /// Stays that are over.
    past: Vec<Stay>,
}

impl WatchTimer {
    /// A timer outside of any stay.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            conditions: Conditions::default(),
            offset_ms: 0,
            newest_ms: 0,
            restored_ms: 0,
            current: None,
            past: Vec::new(),
        }
    }

    /// Takes in what happened at `at_ms`.
    pub fn handle(&mut self, at_ms: u64, signal: Signal) {
        if at_ms < self.newest_ms {
            return;
        }
        self.newest_ms = at_ms;
        if let Some(stay) = &mut self.current {
            stay.advance(at_ms, &self.conditions, &self.policy);
        }
        match signal {
            Signal::Joined => self.join(at_ms),
            Signal::Left => self.leave(),
            Signal::WindowVisible => self.conditions.visible = true,
            Signal::WindowHidden => self.conditions.visible = false,
            Signal::Locked => self.conditions.locked = true,
            Signal::Unlocked => self.conditions.locked = false,
            Signal::Suspended => self.conditions.suspended = true,
            Signal::Resumed => self.conditions.suspended = false,
            Signal::Slept { for_ms } => {
                for stay in self.past.iter_mut().chain(&mut self.current) {
                    stay.slept(at_ms.saturating_sub(for_ms), at_ms);
                }
            }
            Signal::Input if !self.conditions.idle_known => {}
            Signal::Input | Signal::Act | Signal::PromptAnswered => {
                if let Some(stay) = &mut self.current {
                    stay.evidence = Evidence::new(at_ms);
                }
            }
            Signal::IdleUnknown => self.conditions.idle_known = false,
            Signal::IdleKnown => self.conditions.idle_known = true,
            Signal::PromptShown => {
                if let Some(stay) = &mut self.current {
                    stay.evidence.prompt_shown(at_ms, &self.policy);
                }
            }
            Signal::ConnectionLost => self.lose_connection(at_ms),
            Signal::ConnectionSilent { for_ms } => {
                let joined_ms = self.current.as_ref().map_or(at_ms, |stay| stay.joined_ms);
                let earliest_ms = joined_ms.max(self.restored_ms);
                self.lose_connection(at_ms.saturating_sub(for_ms).max(earliest_ms));
            }
            Signal::ConnectionRestored => self.restore_connection(at_ms),
            Signal::ClockOffset { offset_ms } => self.offset_ms = offset_ms,
        }
        if let Some(stay) = &mut self.current {
            stay.observe(&self.conditions, &self.policy);
        }
    }

    /// When the newest signal happened. An earlier one that comes now changes nothing.
    #[must_use]
    pub const fn newest_ms(&self) -> u64 {
        self.newest_ms
    }

    /// When the state can next change without a signal: "Still watching?" is due, the
    /// evidence of a person ends, others see the person go inactive, a lost connection
    /// can no longer be bridged. Always later than `now_ms`. Ask again after every
    /// signal.
    #[must_use]
    pub fn next_deadline_ms(&self, now_ms: u64) -> Option<u64> {
        let now_ms = now_ms.max(self.newest_ms);
        let current = self.current.as_ref()?;
        let mut stay = current.clone();
        stay.advance(now_ms, &self.conditions, &self.policy);
        let evidence = stay.evidence;
        let away = stay.presence.due_ms(self.policy.away_grace_ms);
        let bridge = self
            .conditions
            .loss
            .and_then(|loss| loss.bridge_ends_ms(&self.policy));
        let end = Some(evidence.ends_ms(&self.policy));
        let prompt = Some(evidence.prompt_from_ms(&self.policy))
            .filter(|_| self.conditions.obstacle().is_none() && !evidence.prompt_open());
        [away, bridge, prompt, end]
            .into_iter()
            .flatten()
            .filter(|deadline_ms| *deadline_ms > now_ms)
            .min()
    }

    /// The state at `now_ms`, given that no signal came since the newest one.
    #[must_use]
    pub fn status(&self, now_ms: u64) -> Status {
        let now_ms = now_ms.max(self.newest_ms);
        let Some(stay) = self.stay_at(now_ms) else {
            return Status::outside();
        };
        let elapsed_ms = stay.until_ms - stay.joined_ms;
        let counted = &stay.tiling().counted;
        if self.current.is_none() {
            return Status {
                active_ms: counted.measure_ms(),
                elapsed_ms,
                ..Status::outside()
            };
        }
        let loss = self.conditions.loss;
        let bridgeable = loss.filter(|loss| loss.is_bridged(now_ms, &self.policy));
        let unconfirmed_ms =
            bridgeable.map_or(0, |loss| counted.clip(loss.since_ms, now_ms).measure_ms());
        let ends_ms = stay.evidence.ends_ms(&self.policy);
        let someone_there = now_ms < ends_ms;
        let obstacle = self.conditions.obstacle();
        let paused_by = obstacle
            .or((!someone_there).then_some(Reason::NobodyThere))
            .or((loss.is_some() && bridgeable.is_none()).then_some(Reason::ConnectionLost));
        let prompt_open = stay.evidence.prompt_open() && someone_there;
        Status {
            in_stay: true,
            counting: paused_by.is_none(),
            paused_by,
            active_ms: counted.measure_ms(),
            unconfirmed_ms,
            elapsed_ms,
            presence: stay.presence.presence(),
            prompt_due: someone_there
                && !prompt_open
                && obstacle.is_none()
                && stay.evidence.prompt_from_ms(&self.policy) <= now_ms,
            prompt_open,
            evidence_ends_ms: someone_there.then_some(ends_ms),
            bridge_ends_ms: bridgeable.and_then(|loss| loss.bridge_ends_ms(&self.policy)),
            next_deadline_ms: self.next_deadline_ms(now_ms),
        }
    }

    /// What counted for certain until `now_ms`, in server time, over all stays. This
    /// is what to journal and to send: as time goes on it only grows (except that sleep
    /// that is found out takes the slept time out, so hand in [`Signal::Slept`] first
    /// thing after waking up). The time of a lost connection is not in it before
    /// the connection is back.
    #[must_use]
    pub fn intervals(&self, now_ms: u64) -> IntervalSet {
        self.certain_tiling(now_ms.max(self.newest_ms)).counted
    }

    /// The stay that is going on, else the last one, stretch by stretch, in ms since
    /// joining. Touching stretches differ in their reason. A loss that can still be
    /// bridged is shown as counting, as in [`Status::counting`].
    #[must_use]
    pub fn ribbon(&self, now_ms: u64) -> Vec<Span> {
        let Some(stay) = self.stay_at(now_ms.max(self.newest_ms)) else {
            return Vec::new();
        };
        stay.tiling().map(|at_ms| at_ms - stay.joined_ms).spans()
    }

    /// Everything until `now_ms`, in server time, over all stays. A connection that is
    /// still lost has not been bridged.
    #[must_use]
    pub fn report(&self, now_ms: u64) -> Report {
        let now_ms = now_ms.max(self.newest_ms);
        let tiling = self.certain_tiling(now_ms);
        let current = self
            .current
            .is_some()
            .then(|| self.stay_at(now_ms))
            .flatten();
        Report {
            active_ms: tiling.counted.measure_ms(),
            excluded: tiling.excluded(),
            presence: self
                .past
                .iter()
                .chain(current.as_deref())
                .flat_map(Stay::presence_in_server_time)
                .collect(),
            intervals: tiling.counted,
        }
    }

    fn join(&mut self, at_ms: u64) {
        if self.current.is_some() {
            return;
        }
        if let Some(loss) = &mut self.conditions.loss {
            loss.in_this_stay = false;
        }
        self.current = Some(Stay::join(
            at_ms,
            self.offset_ms,
            &self.conditions,
            &self.policy,
        ));
    }

    fn leave(&mut self) {
        if let Some(mut stay) = self.current.take() {
            stay.leave(&self.conditions);
            self.past.push(stay);
        }
    }

    fn lose_connection(&mut self, since_ms: u64) {
        self.conditions.loss.get_or_insert(Loss {
            since_ms,
            in_this_stay: self.current.is_some(),
        });
    }

    fn restore_connection(&mut self, at_ms: u64) {
        let Some(loss) = self.conditions.loss.take() else {
            return;
        };
        self.restored_ms = at_ms;
        if let Some(stay) = &mut self.current
            && !loss.is_bridged(at_ms, &self.policy)
        {
            stay.lose(loss);
        }
    }

    /// The stay that is going on with the time until `now_ms`, else the last one. A
    /// loss that can be bridged no more is taken away, one that still can is not.
    fn stay_at(&self, now_ms: u64) -> Option<Cow<'_, Stay>> {
        let Some(current) = &self.current else {
            return self.past.last().map(Cow::Borrowed);
        };
        let mut stay = current.clone();
        stay.advance(now_ms, &self.conditions, &self.policy);
        if let Some(loss) = self.conditions.loss
            && !loss.is_bridged(now_ms, &self.policy)
        {
            stay.lose(loss);
        }
        Some(Cow::Owned(stay))
    }

    fn certain_tiling(&self, now_ms: u64) -> Tiling {
        let mut total = Tiling::default();
        for stay in &self.past {
            total.absorb(&stay.tiling_in_server_time());
        }
        if let Some(current) = &self.current {
            let mut stay = current.clone();
            stay.advance(now_ms, &self.conditions, &self.policy);
            if let Some(loss) = self.conditions.loss {
                stay.lose(loss);
            }
            total.absorb(&stay.tiling_in_server_time());
        }
        total
    }
}

impl Status {
    /// Before the first stay.
    const fn outside() -> Self {
        Self {
            in_stay: false,
            counting: false,
            paused_by: None,
            active_ms: 0,
            unconfirmed_ms: 0,
            elapsed_ms: 0,
            presence: Presence::Inactive,
            prompt_due: false,
            prompt_open: false,
            evidence_ends_ms: None,
            bridge_ends_ms: None,
            next_deadline_ms: None,
        }
    }
}
