//! What was on stage: announcements and who has read them, and writes that did not count.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What was on stage in this stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StageLogView {
    /// Newest first; at most [`StageLogView::LIMIT`].
    pub announcements: Vec<PastAnnouncementView>,
    /// Who has read the one that is shown now; for those who may announce, and where the
    /// server counts.
    pub acknowledged: Option<AcknowledgedView>,
    /// Changes of the stage by somebody who may not, newest first; at most
    /// [`StageLogView::LIMIT`].
    pub ignored: Vec<IgnoredWriteView>,
}

impl StageLogView {
    /// How many of each are kept.
    pub const LIMIT: usize = 50;
}

/// An announcement that was made while I was here, or stood when I came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PastAnnouncementView {
    /// The same for everyone and over reconnects.
    pub id: String,
    /// The host who announced.
    pub author: String,
    /// At most 500 characters.
    pub text: String,
    /// When it was announced.
    #[specta(type = u32)] // a JavaScript number
    pub announced_at_ms: u64,
    /// Whether it stands now: neither taken back nor replaced nor run out.
    pub current: bool,
    /// How many had acknowledged it when it was counted last; none where nobody counts.
    pub acknowledged: Option<u32>,
}

/// How many have acknowledged an announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AcknowledgedView {
    /// Which.
    pub announcement_id: String,
    /// How many people have.
    pub count: u32,
    /// Of how many, the one who announced left out.
    pub of: u32,
}

/// A change of the stage that was ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredWriteView {
    /// Who wrote it.
    pub name: String,
    /// When.
    #[specta(type = u32)] // a JavaScript number
    pub at_ms: u64,
}
