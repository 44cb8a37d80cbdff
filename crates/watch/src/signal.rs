//! What the operating system, the person and the connection tell.

/// Something that happened. It goes to [`WatchTimer::handle`](crate::WatchTimer::handle)
/// with the moment at which it happened.
///
/// A signal that changes nothing (a second [`Signal::Locked`]) changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A stay begins. Evidence of a person.
    Joined,
    /// The stay ends.
    Left,
    /// The window can be seen.
    WindowVisible,
    /// The window is minimised, in the tray, on another workspace or fully covered.
    WindowHidden,
    /// The screen is locked.
    Locked,
    /// The screen is unlocked.
    Unlocked,
    /// The machine goes to sleep.
    Suspended,
    /// The machine is awake again.
    Resumed,
    /// Found out by comparing clocks: the time before this signal was sleep.
    Slept {
        /// For how long.
        for_ms: u64,
    },
    /// Keyboard, mouse or touch input anywhere in the operating system. Evidence of
    /// a person, while idleness is known.
    Input,
    /// An act in the app: a vote, a message, a click. Evidence of a person, always.
    Act,
    /// The operating system cannot tell (any more) whether there is input.
    IdleUnknown,
    /// The operating system can tell whether there is input.
    IdleKnown,
    /// "Still watching?" is on the screen: proof that the person could answer.
    PromptShown,
    /// "Still watching?" was answered. Evidence of a person, always.
    PromptAnswered,
    /// The connection to the session is lost.
    ConnectionLost,
    /// Found out, since nothing has come over the connection: it has been lost for so
    /// long already, though not from before joining or from before it was last back. Like
    /// [`Signal::ConnectionLost`] at that moment.
    ConnectionSilent {
        /// For how long nothing has come.
        for_ms: u64,
    },
    /// The connection to the session is back.
    ConnectionRestored,
    /// Server time minus boot time. The last one before [`Signal::Joined`] holds for
    /// the whole stay, so that no correction ever changes a duration.
    ClockOffset {
        /// The difference.
        offset_ms: i64,
    },
}
