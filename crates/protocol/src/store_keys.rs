//! The session store keys that Kulti's clients share, and their values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{null_as_default, whole_number};

/// Key of [`ViewerCounts`].
pub const VIEWERS: &str = "viewers";
/// Key of [`ActivePoll`].
pub const ACTIVE_POLL: &str = "activePoll";
/// Key of [`UiState`].
pub const UI_STATE: &str = "uiState";
/// Key of [`RoomLock`].
pub const ROOM_LOCK: &str = "roomLock";
/// Key of [`Acknowledged`].
pub const ACKNOWLEDGED: &str = "acknowledged";
/// Start of every [`WatchState`]'s key.
pub const WATCH_PREFIX: &str = "watch:";

/// A watch state not renewed for this long is not active, in milliseconds.
pub const WATCH_STALE_MS: u64 = 120_000;

/// The store key of a user's [`WatchState`].
#[must_use]
pub fn watch_key(user_id: &str) -> String {
    format!("{WATCH_PREFIX}{user_id}")
}

/// The user of a watch key, if it is one.
#[must_use]
pub fn watch_key_user(key: &str) -> Option<&str> {
    key.strip_prefix(WATCH_PREFIX)
        .filter(|user| !user.is_empty())
}

/// `watch:<userId>`: what a person's client says of its watching. Written by that user only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchState {
    /// Whose.
    pub user_id: String,
    /// Active time so far in whole seconds.
    #[serde(default, deserialize_with = "whole_number")]
    pub duration_seconds: u64,
    /// When it was written, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub last_update: u64,
    /// Whether the person watches.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_active: bool,
}

impl WatchState {
    /// Whether this says that its user watches at `now_ms`: stale states do not.
    #[must_use]
    pub fn is_active_at(&self, now_ms: u64) -> bool {
        self.is_active && now_ms.saturating_sub(self.last_update) < WATCH_STALE_MS
    }
}

/// `viewers`: how many are here and watching. On our server written by the server only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerCounts {
    /// Participants.
    #[serde(default, deserialize_with = "whole_number")]
    pub total: u32,
    /// Those that watch.
    #[serde(default, deserialize_with = "whole_number")]
    pub active: u32,
    /// When it was counted, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
}

/// `uiState`: the stage. Written by roles that may manage it.
///
/// Members that this crate does not know are kept, so that a newer client's are not
/// lost when an older one merges its change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UiState {
    /// The message that is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_message_id: Option<String>,
    /// Its text, so that late joiners can read it (ours; at most 300 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_message_text: Option<String>,
    /// Its writer's name (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_message_author: Option<String>,
    /// Who is in the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spotlight_peer_id: Option<String>,
    /// The announcement, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_text: Option<String>,
    /// The same over reconnects and for everyone (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_id: Option<String>,
    /// Name of the host who announced (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_author: Option<String>,
    /// When it was announced, ms since the epoch (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<u64>,
    /// From when on the announcement is not shown any more, ms since the epoch in the
    /// server's time (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_expires_at: Option<u64>,
    /// When the value was written, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `roomLock`: whether nobody new may join. Written by roles that may remove others; on
/// our server it decides who is let in. Absent, `null` and anything else are not locked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomLock {
    /// Whether it is locked.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locked: bool,
    /// Name of the host who locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_by: Option<String>,
    /// When, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
}

/// `acknowledged`: how many have acknowledged the announcement that stands in `uiState`.
///
/// On our server derived by the server. Whoever sets it, to `{"announcementId": …}`, says
/// "got it": each user counts once, and the answer is the true value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    /// Of which announcement; absent where its writer gave it no id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_id: Option<String>,
    /// How many people, the one who announced left out.
    #[serde(default, deserialize_with = "whole_number")]
    pub acknowledged: u32,
    /// When it was counted, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
}

/// `activePoll`: the running poll, for web clients that read the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivePoll {
    /// The poll.
    pub poll_id: String,
    /// Its question.
    pub question: String,
    /// Its options with their tallies.
    pub options: Vec<ActivePollOption>,
    /// Votes in all.
    #[serde(default, deserialize_with = "whole_number")]
    pub total_votes: u32,
    /// Whether votes are taken.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_active: bool,
    /// When it was made, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub created_at: u64,
}

/// One option of an [`ActivePoll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivePollOption {
    /// The option.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Its votes.
    #[serde(default, deserialize_with = "whole_number")]
    pub votes: u32,
}
