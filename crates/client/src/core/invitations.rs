//! Invitations to another role: the one to me, and those of mine.
//!
//! The protocol has no word for "no": silence is refusal. Kulti's clients tell the one
//! who asked with a directed message of a type of their own; of others, silence for a
//! minute is told as what it is.

use std::collections::VecDeque;

use kulti_protocol::signalling::RoleChange;

use super::view::{InvitationView, InvitedView, Notice};

/// After so long without an answer the host is told.
const UNANSWERED_MS: u64 = 60_000;
/// Invitations of mine that are remembered.
const LIMIT: usize = 200;

#[derive(Debug, Clone)]
struct Mine {
    view: InvitedView,
    asked_at: u64,
    told: bool,
}

#[derive(Debug)]
struct ToMe {
    change: RoleChange,
    view: InvitationView,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Invitations {
    to_me: Option<ToMe>,
    /// The token of the last invitation that was told: a server repeats it after a loss.
    told: String,
    mine: VecDeque<Mine>,
}

impl Invitations {
    /// Somebody invites me. None if that is known.
    pub(super) fn came(&mut self, change: RoleChange, name: String) -> Option<Notice> {
        if self.told == change.token {
            return None;
        }
        self.told.clone_from(&change.token);
        let role = change.role.clone();
        self.to_me = Some(ToMe {
            change,
            view: InvitationView {
                name: name.clone(),
                role: role.clone(),
            },
        });
        Some(Notice::RoleInvite { name, role })
    }

    /// The invitation to me, which is answered with this.
    pub(super) fn take(&mut self) -> Option<RoleChange> {
        self.to_me.take().map(|to_me| to_me.change)
    }

    pub(super) fn to_me(&self) -> Option<InvitationView> {
        self.to_me.as_ref().map(|to_me| to_me.view.clone())
    }

    /// My role is this one now: an invitation to it is settled.
    pub(super) fn my_role(&mut self, role: &str) {
        self.to_me.take_if(|to_me| to_me.view.role == role);
    }

    /// I invite somebody, perhaps once more.
    pub(super) fn invited(&mut self, view: InvitedView, now: u64) {
        self.mine.retain(|mine| mine.view.peer_id != view.peer_id);
        if self.mine.len() >= LIMIT {
            self.mine.pop_front();
        }
        self.mine.push_back(Mine {
            view,
            asked_at: now,
            told: false,
        });
    }

    /// Those who have not answered.
    pub(super) fn open(&self) -> Vec<InvitedView> {
        let open = self.mine.iter().filter(|mine| !mine.told);
        open.map(|mine| mine.view.clone()).collect()
    }

    /// Somebody has this role now.
    pub(super) fn has_role(&mut self, peer_id: &str, role: &str) -> Option<Notice> {
        let invited = self.remove(peer_id, |view| view.role == role)?;
        Some(Notice::InvitationAccepted {
            name: invited.view.name,
            role: invited.view.role,
        })
    }

    /// Somebody says no.
    pub(super) fn declined(&mut self, peer_id: &str) -> Option<Notice> {
        let invited = self.remove(peer_id, |_| true)?;
        Some(Notice::InvitationDeclined {
            name: invited.view.name,
            role: invited.view.role,
        })
    }

    /// Somebody has left.
    pub(super) fn left(&mut self, peer_id: &str) -> Option<Notice> {
        let invited = self.remove(peer_id, |_| true)?;
        (!invited.told).then_some(Notice::InvitationUnanswered {
            name: invited.view.name,
            role: invited.view.role,
        })
    }

    /// The request was refused.
    pub(super) fn refused(&mut self, peer_id: &str) {
        self.remove(peer_id, |_| true);
    }

    fn remove(&mut self, peer_id: &str, is_it: impl Fn(&InvitedView) -> bool) -> Option<Mine> {
        let place = self
            .mine
            .iter()
            .position(|mine| mine.view.peer_id == peer_id && is_it(&mine.view))?;
        self.mine.remove(place)
    }

    /// Who has been silent for long enough to be told of.
    pub(super) fn due(&mut self, now: u64) -> Option<Notice> {
        let silent = self
            .mine
            .iter_mut()
            .find(|mine| !mine.told && now >= mine.asked_at + UNANSWERED_MS)?;
        silent.told = true; // a late yes is still told
        Some(Notice::InvitationUnanswered {
            name: silent.view.name.clone(),
            role: silent.view.role.clone(),
        })
    }

    /// When [`Self::due`] has something to tell.
    pub(super) fn deadline(&self) -> Option<u64> {
        let open = self.mine.iter().filter(|mine| !mine.told);
        open.map(|mine| mine.asked_at + UNANSWERED_MS).min()
    }
}
