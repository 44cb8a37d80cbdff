//! How many are here and watch: one function for whoever counts. On our server that
//! is the server, on the 100ms cloud an elected client.

use crate::store_keys::{ViewerCounts, WatchState};

/// Counts participants and, of them, those whose watch state says that they watch at
/// `now_ms`. A state that is missing or stale is not active.
///
/// One entry for each participant (peer): the newest watch state of its user, if any.
#[must_use]
pub fn viewer_counts<'a>(
    participants: impl IntoIterator<Item = Option<&'a WatchState>>,
    now_ms: u64,
) -> ViewerCounts {
    let (mut total, mut active) = (0_u32, 0_u32);
    for state in participants {
        total = total.saturating_add(1);
        if state.is_some_and(|state| state.is_active_at(now_ms)) {
            active = active.saturating_add(1);
        }
    }
    ViewerCounts {
        total,
        active,
        timestamp: now_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(is_active: bool, last_update: u64) -> WatchState {
        WatchState {
            user_id: "u".into(),
            duration_seconds: 0,
            last_update,
            is_active,
        }
    }

    #[test]
    fn stale_and_missing_states_are_here_but_not_active() {
        let (fresh, away, stale) = (state(true, 200_000), state(false, 200_000), state(true, 10));
        let counts = viewer_counts([Some(&fresh), Some(&away), Some(&stale), None], 200_001);
        assert_eq!((counts.total, counts.active), (4, 1));
        assert_eq!(counts.timestamp, 200_001);
    }
}
