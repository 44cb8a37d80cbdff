//! The door: a host may lock it, and then nobody new is let in.
//!
//! Whether it is locked is the value of the store key `roomLock`, so that everybody sees
//! it, it outlives the server, and a web client can turn the key too. That a session is
//! over is another matter (`Room::is_locked`, from which nobody comes back).

use kulti_protocol::signalling::{RpcError, code};
use kulti_protocol::store_keys::{ROOM_LOCK, RoomLock};

use super::Room;
use super::limits::OWNERS;
use crate::policy::Action;

impl Room {
    /// Whether a host has locked the door.
    #[must_use]
    pub fn is_door_locked(&self) -> bool {
        self.store.get(ROOM_LOCK).is_some_and(|entry| {
            serde_json::from_str::<RoomLock>(entry.data.get()).is_ok_and(|lock| lock.locked)
        })
    }

    /// Whether this user stands before a locked door: has never been in, and may not
    /// unlock it.
    #[must_use]
    pub fn turns_away(&self, user_id: &str, role: &str) -> bool {
        self.is_door_locked()
            && !self.visitors.contains(user_id)
            && !self.policy.may(role, Action::LockRoom)
    }

    pub(super) fn refuse_new(&self, user_id: &str, role: &str) -> Result<(), RpcError> {
        if self.turns_away(user_id, role) {
            return Err(RpcError::new(
                code::LOCKED,
                "the session is locked: its host lets nobody new in",
            ));
        }
        Ok(())
    }

    /// This user may come back through a locked door.
    pub(super) fn remember_visitor(&mut self, user_id: &str) {
        if self.visitors.len() < OWNERS && !self.visitors.contains(user_id) {
            self.visitors.insert(user_id.to_owned());
        }
    }
}
