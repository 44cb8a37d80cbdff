//! What a person does: the one door through which acts enter the session core.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{
    PollIntent,
    view::{Audience, MarkKind, MediaSource},
};

/// A person's act. Peer and message ids are those of the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Intent {
    /// Look at a page of the grid; counts from 0, clamped to the last page.
    ShowPage {
        /// Which.
        page: u32,
    },
    /// Raise or lower my hand.
    SetHand {
        /// Whether it is up.
        raised: bool,
    },
    /// Lower somebody's hand.
    LowerHand {
        /// Whose.
        peer_id: String,
    },
    /// Put somebody in the centre for everyone, or nobody.
    Spotlight {
        /// Whom; none ends it.
        peer_id: Option<String>,
    },
    /// Put somebody in the centre for me alone, or nobody.
    PinForMe {
        /// Whom; none ends it.
        peer_id: Option<String>,
    },
    /// Pin a message for everyone, or none.
    PinMessage {
        /// Which; none unpins.
        message_id: Option<String>,
    },
    /// Announce to everyone.
    Announce {
        /// 1 to 500 characters; none takes the announcement back.
        text: Option<String>,
        /// How long it is shown; none: until it is taken back.
        shown_for_ms: Option<u32>,
    },
    /// "Got it": hide the announcement here, and have it counted as read.
    DismissAnnouncement {
        /// Which.
        id: String,
    },
    /// Say something.
    SendMessage {
        /// 1 to [`super::view::ChatView::TEXT_LIMIT`] characters.
        text: String,
        /// To whom.
        #[serde(default)]
        audience: Audience,
        /// The message that it answers.
        #[serde(default)]
        reply_to: Option<String>,
    },
    /// Put something on a message, or take it away.
    MarkMessage {
        /// Which.
        message_id: String,
        /// What.
        mark: MarkKind,
        /// Whether it is there from now on.
        on: bool,
    },
    /// Fetch what was said before the oldest message that is here.
    EarlierMessages,
    /// Send a failed message again.
    ResendMessage {
        /// Its local id.
        id: String,
    },
    /// Give somebody another role.
    ChangeRole {
        /// Whom.
        peer_id: String,
        /// The role's name.
        role: String,
        /// Without asking; else the person may refuse.
        force: bool,
    },
    /// Answer an invitation to another role.
    AnswerRoleInvite {
        /// Whether to take it.
        accept: bool,
    },
    /// Remove somebody.
    RemovePeer {
        /// Whom.
        peer_id: String,
        /// Told to that person; may be empty.
        reason: String,
    },
    /// Do something with polls.
    Poll {
        /// What.
        intent: PollIntent,
    },
    /// Lower all hands.
    LowerAllHands,
    /// Let nobody new in, or everybody again.
    LockRoom {
        /// Whether it is to be locked.
        locked: bool,
    },
    /// Be called otherwise from now on.
    Rename {
        /// 1 to 80 characters.
        name: String,
    },
    /// Look at a part of the list of people, from now on. The screen's doing, and no
    /// evidence of anybody.
    ShowPeople {
        /// Shows only people with this in their names; empty shows everybody.
        query: String,
        /// The first row, from 0.
        first: u32,
        /// How many rows; 0 stops looking.
        count: u32,
    },
    /// Send something from now on, or not. A microphone and a camera that were sent stay
    /// published, muted; a screen is not shared any more.
    Publish {
        /// What.
        source: MediaSource,
        /// Whether it is sent.
        on: bool,
    },
    /// Send the microphone while a key is held.
    Talk {
        /// Whether it is held.
        held: bool,
    },
    /// Use other sound devices.
    ChooseSound {
        /// Microphone, by its id; none: the system's.
        microphone: Option<String>,
        /// Loudspeaker, by its id; none: the system's.
        loudspeaker: Option<String>,
    },
    /// Look anew which sound devices there are. The screen's doing, and no evidence of
    /// anybody.
    ListSoundDevices,
    /// "Still watching?" is on the screen, drawn and visible. No act of the person.
    PromptShown,
    /// The person answered "Still watching?".
    StillWatching,
    /// Try to connect now instead of waiting.
    RetryNow,
    /// Leave the session.
    Leave,
    /// End the session for everyone (hosts).
    EndSession,
}

impl Intent {
    /// To say something to everyone.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self::SendMessage {
            text: text.into(),
            audience: Audience::Everyone,
            reply_to: None,
        }
    }
}
