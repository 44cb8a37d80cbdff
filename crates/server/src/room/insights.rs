//! What a host may know of the room as a whole: sums, and never a person.

use kulti_protocol::{api::PollSummary, signalling::HAND_RAISE_GROUP};
use serde::{Deserialize, Serialize};

use super::notices::count;
use super::{Chronicle, Occupancy, Room};
use crate::policy::Action;

/// The room in numbers, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInsights {
    /// How it went until then.
    pub chronicle: Chronicle,
    /// The polls that were started, oldest first.
    #[serde(default)]
    pub polls: Vec<PollSummary>,
    /// How many are here and watch.
    #[serde(skip)]
    pub occupancy: Occupancy,
    /// How many hands are up.
    #[serde(skip)]
    pub hands_up: u32,
}

impl RoomInsights {
    /// What is left of it when it ended at `end`, ms since the epoch: the story.
    #[must_use]
    pub fn ended(self, end: u64) -> Self {
        Self {
            chronicle: self.chronicle.told(end),
            polls: self.polls,
            occupancy: Occupancy::default(),
            hands_up: 0,
        }
    }
}

impl Room {
    /// The room in numbers at `now_ms`, server time.
    #[must_use]
    pub fn insights(&self, now_ms: u64) -> RoomInsights {
        let hands_up = self.peers.iter().filter(|peer| {
            let mut groups = peer.groups.iter();
            groups.any(|group| group == HAND_RAISE_GROUP)
        });
        RoomInsights {
            chronicle: self.chronicle.told(now_ms),
            polls: self.poll_summaries(),
            occupancy: self.occupancy(),
            hands_up: count(hands_up.count()),
        }
    }

    /// Whether this user is here in a role that runs the session.
    #[must_use]
    pub fn is_run_by(&self, user_id: &str) -> bool {
        let mut peers = self.peers.iter();
        peers.any(|peer| peer.user_id == user_id && self.policy.may(&peer.role, Action::EndRoom))
    }
}
