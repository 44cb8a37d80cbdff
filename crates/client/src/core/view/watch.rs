//! Watch time: the credits counter, its ribbon, the prompt.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Watch time and credits of this stay. Sent once a second while something moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WatchView {
    /// Whether time counts right now.
    pub counting: bool,
    /// Why not, when it does not.
    pub paused_by: Option<PauseReason>,
    /// Active time so far.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// Time since joining.
    #[specta(type = u32)] // a JavaScript number
    pub elapsed_ms: u64,
    /// Whole credits so far, by the client's estimate.
    pub credits: u32,
    /// The way to the next credit, 0 to 1000.
    pub next_credit_permille: u16,
    /// Active time until the next credit.
    pub next_credit_in_ms: u32,
    /// Credits a minute for my role: 1 watching, 5 hosting.
    pub credits_per_minute: u32,
    /// This stay from its start: stretches that touch, first to last.
    pub ribbon: Vec<RibbonSpan>,
    /// How much of the active time the server has confirmed.
    #[specta(type = u32)] // a JavaScript number
    pub confirmed_ms: u64,
    /// "Still watching?", while it should be on the screen.
    pub prompt: Option<PromptView>,
}

/// The question whether someone is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PromptView {
    /// How long until time stops counting, if there is no answer and no other sign of
    /// the person.
    pub stops_in_ms: u32,
}

/// One stretch of the stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RibbonSpan {
    /// Since joining.
    #[specta(type = u32)] // a JavaScript number
    pub start_ms: u64,
    /// Since joining; later than `start_ms`.
    #[specta(type = u32)] // a JavaScript number
    pub end_ms: u64,
    /// None where it counted.
    pub reason: Option<PauseReason>,
}

/// Why time does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PauseReason {
    /// The machine slept.
    Asleep,
    /// The screen is locked.
    Locked,
    /// The window cannot be seen.
    Hidden,
    /// No sign of a person for too long.
    NobodyThere,
    /// No connection for longer than the grace period.
    ConnectionLost,
}
