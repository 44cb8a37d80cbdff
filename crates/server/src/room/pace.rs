//! How much one user may send to the others, whichever connections it comes over.
//!
//! A receiver that cannot keep up is closed, so one who floods a room would push the
//! slower ones out. Everything beyond the allowance is refused with 429.

use std::collections::HashMap;

use kulti_protocol::chat::MESSAGES;
use kulti_protocol::signalling::{RpcError, code, method};

/// Users that are remembered before those at rest are swept out.
const SWEEP_AT: usize = 1_000;

/// So many acts a second in the long run, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// In the long run; at least 1.
    pub per_second: u32,
    /// At once; at least 1.
    pub burst: u32,
}

/// What the others hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Message,
    Change,
    Write,
}

/// Allowances of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    /// Broadcasts.
    pub messages: Allowance,
    /// Changes of name, metadata, groups and tracks.
    pub changes: Allowance,
    /// Writes to the session store.
    pub writes: Allowance,
}

impl Default for Allowances {
    fn default() -> Self {
        let allowance = |per_second, burst| Allowance { per_second, burst };
        Self {
            messages: allowance(5, 30),
            changes: allowance(5, 20),
            writes: allowance(50, 200),
        }
    }
}

impl Act {
    fn of(name: &str) -> Option<Self> {
        match name {
            method::BROADCAST => Some(Self::Message),
            method::SET_METADATA => Some(Self::Write),
            method::PEER_UPDATE
            | method::GROUP_JOIN
            | method::GROUP_LEAVE
            | method::GROUP_ADD
            | method::GROUP_REMOVE
            | method::GROUP_CLEAR
            | method::TRACK_UPDATE
            | method::OFFER
            | method::POLL_INFO_SET
            | method::POLL_QUESTIONS_SET
            | method::POLL_START
            | method::POLL_STOP
            | method::POLL_RESPONSE
            // Nobody hears of it, but a page of messages is not cheap.
            | MESSAGES => Some(Self::Change),
            _ => None,
        }
    }
}

/// For each kind of act the moment at which its allowance is whole again, us.
type WholeAt = [u64; 3];

/// The users of a room who have sent something lately.
#[derive(Debug, Default)]
pub(super) struct Paces {
    by_user: HashMap<String, WholeAt>,
    sweep_at: usize,
}

impl Paces {
    /// Counts a call of this method, at `now_ms`, if the others hear of such calls.
    pub(super) fn spend(
        &mut self,
        user_id: &str,
        name: &str,
        limits: &Allowances,
        now_ms: u64,
    ) -> Result<(), RpcError> {
        let Some(act) = Act::of(name) else {
            return Ok(());
        };
        let (slot, allowance) = match act {
            Act::Message => (0, limits.messages),
            Act::Change => (1, limits.changes),
            Act::Write => (2, limits.writes),
        };
        let now = now_ms.saturating_mul(1_000);
        if !self.by_user.contains_key(user_id) {
            self.sweep(now);
            self.by_user.insert(user_id.to_owned(), WholeAt::default());
        }
        let Some(whole_at) = self
            .by_user
            .get_mut(user_id)
            .and_then(|paces| paces.get_mut(slot))
        else {
            return Ok(());
        };
        let each = 1_000_000 / u64::from(allowance.per_second.clamp(1, 1_000_000));
        let ahead = (*whole_at).max(now) - now;
        if ahead > each.saturating_mul(u64::from(allowance.burst.max(1)) - 1) {
            return Err(RpcError::new(
                code::TOO_MANY,
                format!("you send {name} too often: wait a moment"),
            ));
        }
        *whole_at = now.saturating_add(ahead).saturating_add(each);
        Ok(())
    }

    /// Those whose allowances are whole can be forgotten.
    fn sweep(&mut self, now: u64) {
        if self.by_user.len() < self.sweep_at.max(SWEEP_AT) {
            return;
        }
        self.by_user
            .retain(|_, paces| paces.iter().any(|whole_at| *whole_at > now));
        self.sweep_at = self.by_user.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate_for_each_user_and_kind() {
        let (mut paces, limits) = (Paces::default(), Allowances::default());
        let mut send = |user: &str, name: &str, at: u64| paces.spend(user, name, &limits, at);
        for n in 0..30 {
            assert!(send("ann", method::BROADCAST, 5_000).is_ok(), "message {n}");
        }
        let refusal = send("ann", method::BROADCAST, 5_000).err();
        assert_eq!(refusal.map(|error| error.code), Some(code::TOO_MANY));
        assert!(send("ann", method::BROADCAST, 5_199).is_err());
        assert!(send("ann", method::BROADCAST, 5_200).is_ok());
        assert!(send("ann", method::BROADCAST, 5_200).is_err());
        assert!(send("ann", method::SET_METADATA, 5_200).is_ok());
        assert!(send("ann", method::PING, 5_200).is_ok());
        assert!(send("bob", method::BROADCAST, 5_200).is_ok());
    }

    #[test]
    fn users_at_rest_are_forgotten() {
        let (mut paces, limits) = (Paces::default(), Allowances::default());
        for n in 0..10_000 {
            let sent = paces.spend(&n.to_string(), method::BROADCAST, &limits, n * 1_000);
            assert!(sent.is_ok());
        }
        assert!(paces.by_user.len() <= SWEEP_AT);
    }
}
