//! What the person does.

use kulti_media::client::interface::AudioDevices;
use kulti_protocol::{
    chat::MarkRequest,
    signalling::{EndRoom, GroupChange, HAND_RAISE_GROUP, PeerLeaveRequest, code, method},
};
use kulti_watch::Signal;
use rand::Rng;

use super::{Purpose, SessionCore, entering::Farewell};
use crate::core::{
    Intent, plain_text,
    requests::AfterLoss,
    stage::Change,
    stage_value::{self, ANNOUNCEMENT_LIMIT, Pin},
    view::EndReason,
};

/// How much of a reason in words is sent.
const REASON_LIMIT: usize = 300;

impl SessionCore {
    pub(super) fn intent(&mut self, intent: Intent) {
        let signal = match intent {
            // The screen's doing, and no evidence of anybody.
            Intent::PromptShown => Some(Signal::PromptShown),
            Intent::ShowPeople { .. } | Intent::ListSoundDevices => None,
            Intent::StillWatching => Some(Signal::PromptAnswered),
            // Any act is a sign that someone is there.
            _ => Some(Signal::Act),
        };
        if let Some(signal) = signal {
            self.watching.signal(self.now.boot_ms, signal);
        }
        match intent {
            // All that they do is in the signal.
            Intent::PromptShown | Intent::StillWatching => {}
            Intent::ShowPage { page } => {
                self.page = usize::try_from(page).unwrap_or(usize::MAX);
                self.screen.dirty.grid = true;
                self.store.listen_soon(self.now.boot_ms);
            }
            Intent::PinForMe { peer_id } => {
                self.local_pin = peer_id.filter(|id| self.roster.get(id).is_some());
                self.screen.dirty.stage = true;
                self.screen.dirty.grid = true;
            }
            Intent::SetHand { raised } => {
                self.hand_wanted = raised;
                self.send_hand(raised);
            }
            Intent::LowerHand { peer_id } => self.lower_hand(peer_id),
            Intent::Spotlight { peer_id } => self.spotlight(peer_id),
            Intent::PinMessage { message_id } => self.pin_message(message_id),
            Intent::Announce { text, shown_for_ms } => {
                self.announce(text.as_deref(), shown_for_ms);
            }
            Intent::SendMessage {
                text,
                audience,
                reply_to,
            } => self.send_message(&text, audience, reply_to),
            Intent::MarkMessage {
                message_id,
                mark,
                on,
            } => self.mark_message(MarkRequest {
                message_id,
                mark: mark.into(),
                on,
            }),
            Intent::EarlierMessages => self.earlier_messages(),
            Intent::DismissAnnouncement { id } => self.dismiss_announcement(&id),
            Intent::ResendMessage { id } => self.resend_message(&id),
            Intent::ChangeRole {
                peer_id,
                role,
                force,
            } => self.change_role(peer_id, role, force),
            Intent::AnswerRoleInvite { accept } => self.answer_invitation(accept),
            Intent::RemovePeer { peer_id, reason } => self.remove_peer(peer_id, &reason),
            Intent::Poll { intent } => self.poll_intent(intent),
            Intent::LowerAllHands => self.lower_all_hands(),
            Intent::LockRoom { locked } => self.lock_room(locked),
            Intent::Rename { name } => self.rename(&name),
            Intent::ShowPeople {
                query,
                first,
                count,
            } => self.show_people(&query, first, count),
            Intent::Publish { source, on } => self.publish(source.into(), on),
            Intent::Talk { held } => self.talk(held),
            Intent::ChooseSound {
                microphone,
                loudspeaker,
            } => self.choose_sound(AudioDevices {
                input: microphone,
                output: loudspeaker,
            }),
            Intent::ListSoundDevices => self.list_sound_devices(),
            Intent::RetryNow => {
                self.connection.retry_now(self.now.boot_ms);
                self.screen.dirty.connection = true;
            }
            Intent::Leave => self.finish(EndReason::Left, Farewell::Leave),
            Intent::EndSession => self.end_session(),
        }
    }

    pub(super) fn send_hand(&mut self, raised: bool) {
        let method = if raised {
            method::GROUP_JOIN
        } else {
            method::GROUP_LEAVE
        };
        let group = GroupChange {
            name: HAND_RAISE_GROUP.to_owned(),
            peer_id: None,
        };
        self.request(Purpose::Hand, method, group, AfterLoss::Repeat);
    }

    pub(super) fn lower_hand(&mut self, peer_id: String) {
        let group = GroupChange {
            name: HAND_RAISE_GROUP.to_owned(),
            peer_id: Some(peer_id),
        };
        self.request(
            Purpose::Act("lowerHand"),
            method::GROUP_REMOVE,
            group,
            AfterLoss::Repeat,
        );
    }

    fn spotlight(&mut self, peer_id: Option<String>) {
        if let Some(id) = &peer_id
            && self.roster.get(id).is_none()
        {
            self.refused("spotlight", code::NOT_FOUND, "That person has left.");
            return;
        }
        self.change_stage(Change::Spotlight(peer_id));
    }

    fn pin_message(&mut self, message_id: Option<String>) {
        let pin = match message_id {
            None => None,
            Some(id) => match self.chat.get(&id) {
                // A local id means nothing to the others.
                Some(message) if message.delivery == crate::core::view::Delivery::Sent => {
                    Some(Pin {
                        message_id: id,
                        author: message.name.clone(),
                        text: message.text.clone(),
                    })
                }
                _ => {
                    let Some(pin) = self.stage.past_pin(&id) else {
                        self.refused(
                            "pinMessage",
                            code::NOT_FOUND,
                            "That message is not here any more.",
                        );
                        return;
                    };
                    Some(pin)
                }
            },
        };
        self.change_stage(Change::Pin(pin));
    }

    fn announce(&mut self, text: Option<&str>, shown_for_ms: Option<u32>) {
        let Some(text) = text else {
            self.change_stage(Change::Announce(None));
            return;
        };
        let length = text.trim().chars().count();
        if length > ANNOUNCEMENT_LIMIT {
            let words = format!("{length} characters, {ANNOUNCEMENT_LIMIT} fit.");
            self.refused("announce", code::TOO_LARGE, &words);
            return;
        }
        let seed = self.rng.random();
        let author = self.my_name();
        let now = self.server_ms();
        if let Some(new) = stage_value::new_announcement(text, &author, now, shown_for_ms, seed) {
            self.change_stage(Change::Announce(Some(new)));
        }
    }

    fn change_stage(&mut self, change: Change) {
        let action = change.action();
        if !self.roles.mine_can().manage_stage {
            self.refused(
                action,
                code::FORBIDDEN,
                "Only hosts and presenters manage the stage.",
            );
        } else if self.stage.change(change).is_err() {
            self.refused(
                action,
                code::TOO_MANY,
                "Too many changes wait for the connection.",
            );
        }
    }

    fn remove_peer(&mut self, peer_id: String, reason: &str) {
        let params = PeerLeaveRequest {
            requested_for: peer_id,
            reason: plain_text::line(reason, REASON_LIMIT),
        };
        self.request(
            Purpose::Act("removePeer"),
            method::PEER_LEAVE_REQUEST,
            params,
            AfterLoss::Repeat,
        );
    }

    fn end_session(&mut self) {
        if !self.connection.is_up() {
            self.refused(
                "endSession",
                0,
                "There is no connection. Try again when it is back.",
            );
            return;
        }
        // On our server an ended session stays ended, so whoever comes back is told so.
        // A room of the 100ms cloud may be used again.
        let params = EndRoom {
            lock: self.config.server_counts_viewers,
            reason: String::new(),
        };
        self.request(Purpose::EndRoom, method::END_ROOM, params, AfterLoss::Fail);
    }

    pub(super) fn my_name(&self) -> String {
        self.roster
            .me()
            .map_or_else(String::new, |me| me.name.clone())
    }
}
