//! A session's limits and grace periods.

/// How long the person has to answer "Still watching?", and how long before the
/// limit it is asked.
pub const PROMPT_ANSWER_MS: u64 = 60_000;

/// A session's limits and grace periods. The server sends them with the token;
/// these are the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long after its last evidence a person is still taken to be there: 15 min.
    /// People follow a lecture without touching the mouse.
    pub idle_limit_ms: u64,
    /// After how much of an interruption others see the person as inactive: 30 s.
    pub away_grace_ms: u64,
    /// A loss of the connection shorter than this counts: 30 s.
    pub reconnect_grace_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            idle_limit_ms: 15 * 60_000,
            away_grace_ms: 30_000,
            reconnect_grace_ms: 30_000,
        }
    }
}
