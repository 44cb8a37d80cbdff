//! Roles, what they may do, and who may write which key of the session store.
//!
//! The policy is data: a room asks it, and never names a role or a key itself.

mod media;

use std::collections::BTreeMap;

use kulti_protocol::signalling::{Permissions, Role, RpcError, code};
use kulti_protocol::store_keys::{
    ACKNOWLEDGED, ACTIVE_POLL, ROOM_LOCK, UI_STATE, VIEWERS, WATCH_PREFIX, watch_key_user,
};

/// Runs the session.
pub const HOST: &str = "host";
/// Shows something, and may manage the stage.
pub const PRESENTER: &str = "presenter";
/// Watches.
pub const VIEWER: &str = "viewer";

/// Something that needs a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// End the room for everyone.
    EndRoom,
    /// Remove somebody.
    RemoveOthers,
    /// Mute somebody.
    Mute,
    /// Ask somebody to unmute.
    Unmute,
    /// Give somebody another role.
    ChangeRole,
    /// Make and run polls.
    PollWrite,
    /// Read polls.
    PollRead,
    /// Spotlight, pin, announce: write `uiState`.
    ManageStage,
    /// Change somebody else's groups, above all lower a hand.
    ChangeGroups,
    /// Lock the room: write `roomLock`.
    LockRoom,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::EndRoom,
        Self::RemoveOthers,
        Self::Mute,
        Self::Unmute,
        Self::ChangeRole,
        Self::PollWrite,
        Self::PollRead,
        Self::ManageStage,
        Self::ChangeGroups,
        Self::LockRoom,
    ];

    fn in_words(self) -> &'static str {
        match self {
            Self::EndRoom => "end the session",
            Self::RemoveOthers => "remove somebody",
            Self::Mute => "mute somebody",
            Self::Unmute => "ask somebody to unmute",
            Self::ChangeRole => "change a role",
            Self::PollWrite => "run polls",
            Self::PollRead => "read polls",
            Self::ManageStage => "change the stage",
            Self::ChangeGroups => "change somebody else's groups",
            Self::LockRoom => "lock the room",
        }
    }
}

/// Something that a role may publish, in the protocol's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// A microphone, or another sound.
    Audio,
    /// A camera, or another picture.
    Video,
    /// A screen, with or without its sound.
    Screen,
}

impl Media {
    /// As in a role's `publishParams.allowed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Screen => "screen",
        }
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Audio => "sound",
            Self::Video => "pictures of a camera",
            Self::Screen => "a screen",
        }
    }
}

/// Who may write a key of the session store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Every role.
    Everyone,
    /// Roles that may do this.
    Allowed(Action),
    /// The user whose id follows the prefix of the key.
    UserOfKey,
    /// The server alone; a client's write is answered with the true value.
    ServerOnly,
}

/// Which keys a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPattern {
    /// This key.
    Exactly(String),
    /// All keys that start so.
    StartsWith(String),
}

impl KeyPattern {
    fn matches(&self, key: &str) -> bool {
        match self {
            Self::Exactly(this) => this == key,
            Self::StartsWith(prefix) => key.starts_with(prefix.as_str()),
        }
    }
}

/// One rule of the session store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRule {
    /// For these keys.
    pub keys: KeyPattern,
    /// These may write.
    pub writers: Writers,
}

/// One role.
#[derive(Debug, Clone, PartialEq)]
pub struct RolePolicy {
    /// As it goes over the wire.
    pub role: Role,
    /// Whether it may write `uiState`; the vendor's permissions have no word for that.
    pub manage_stage: bool,
}

/// The roles of a room and their rights.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    roles: BTreeMap<String, RolePolicy>,
    /// The first rule that matches a key decides.
    rules: Vec<KeyRule>,
    /// For keys without a rule.
    other_keys: Writers,
}

impl Default for Policy {
    /// Host, presenter and viewer, and the keys that Kulti's clients share.
    fn default() -> Self {
        let host = Permissions {
            end_room: true,
            remove_others: true,
            mute: true,
            unmute: true,
            change_role: true,
            poll_read: true,
            poll_write: true,
            ..Permissions::default()
        };
        let presenter = Permissions {
            poll_read: true,
            poll_write: true,
            ..Permissions::default()
        };
        let viewer = Permissions {
            poll_read: true,
            ..Permissions::default()
        };
        let exactly = |key: &str, writers| KeyRule {
            keys: KeyPattern::Exactly(key.to_owned()),
            writers,
        };
        Self::new(
            vec![
                role(HOST, 1, host, true),
                role(PRESENTER, 2, presenter, true),
                role(VIEWER, 3, viewer, false),
            ],
            vec![
                exactly(VIEWERS, Writers::ServerOnly),
                exactly(ACKNOWLEDGED, Writers::ServerOnly),
                exactly(ROOM_LOCK, Writers::Allowed(Action::LockRoom)),
                exactly(UI_STATE, Writers::Allowed(Action::ManageStage)),
                exactly(ACTIVE_POLL, Writers::Allowed(Action::PollWrite)),
                KeyRule {
                    keys: KeyPattern::StartsWith(WATCH_PREFIX.to_owned()),
                    writers: Writers::UserOfKey,
                },
            ],
            Writers::Everyone,
        )
    }
}

/// Which rules rooms have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RoomPolicy {
    /// Kulti's: rights by role and key, and keys that the server itself keeps.
    Kulti,
    /// Like the 100ms cloud's: everybody may write every key, and nobody but clients
    /// does. Clients are not told that the rooms are here, so that they behave as there:
    /// they are to be sent here by other means.
    Vendor,
}

impl RoomPolicy {
    /// The rules themselves.
    #[must_use]
    pub fn policy(self) -> Policy {
        match self {
            Self::Kulti => Policy::default(),
            Self::Vendor => Policy {
                rules: Vec::new(),
                ..Policy::default()
            },
        }
    }
}

/// A role that neither publishes nor subscribes: then the SDK joins without media.
fn role(name: &str, priority: u32, permissions: Permissions, manage_stage: bool) -> RolePolicy {
    RolePolicy {
        role: Role {
            name: name.to_owned(),
            priority,
            permissions,
            ..Role::default()
        },
        manage_stage,
    }
}

impl Policy {
    /// A policy of these roles and rules.
    #[must_use]
    pub fn new(roles: Vec<RolePolicy>, rules: Vec<KeyRule>, other_keys: Writers) -> Self {
        Self {
            roles: roles
                .into_iter()
                .map(|policy| (policy.role.name.clone(), policy))
                .collect(),
            rules,
            other_keys,
        }
    }

    /// Whether there is such a role. Tokens with another one must be refused: the
    /// SDK takes an unknown role for one with media.
    #[must_use]
    pub fn knows(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    /// All roles as they go over the wire.
    #[must_use]
    pub fn known_roles(&self) -> BTreeMap<String, Role> {
        self.roles
            .iter()
            .map(|(name, policy)| (name.clone(), policy.role.clone()))
            .collect()
    }

    /// Whether a role may do something. An unknown role may do nothing.
    #[must_use]
    pub fn may(&self, role: &str, action: Action) -> bool {
        let Some(policy) = self.roles.get(role) else {
            return false;
        };
        let permissions = policy.role.permissions;
        match action {
            Action::EndRoom => permissions.end_room,
            Action::RemoveOthers => permissions.remove_others,
            Action::Mute => permissions.mute,
            Action::Unmute => permissions.unmute,
            Action::ChangeRole => permissions.change_role,
            Action::PollWrite => permissions.poll_write,
            Action::PollRead => permissions.poll_read,
            Action::ManageStage => policy.manage_stage,
            Action::ChangeGroups => permissions.change_role || permissions.remove_others,
            // To let nobody in is to remove them before they came.
            Action::LockRoom => permissions.remove_others,
        }
    }

    /// [`Policy::may`], as the refusal to send.
    ///
    /// # Errors
    /// 403 if the role may not.
    pub fn require(&self, role: &str, action: Action) -> Result<(), RpcError> {
        if self.may(role, action) {
            return Ok(());
        }
        Err(RpcError::new(
            code::FORBIDDEN,
            format!("the role {role} may not {}", action.in_words()),
        ))
    }

    /// Who may write a key.
    #[must_use]
    pub fn writers_of(&self, key: &str) -> Writers {
        self.rules
            .iter()
            .find(|rule| rule.keys.matches(key))
            .map_or(self.other_keys, |rule| rule.writers)
    }

    /// Whether a rule is about exactly this key: the session itself needs it, so the
    /// store must have room for it.
    #[must_use]
    pub fn names_key(&self, key: &str) -> bool {
        self.rules
            .iter()
            .any(|rule| matches!(&rule.keys, KeyPattern::Exactly(this) if this == key))
    }

    /// Whether a client may write a key. [`Writers::ServerOnly`] is no refusal: the
    /// caller answers with the true value.
    ///
    /// # Errors
    /// 403 if the user in this role may not.
    pub fn require_write(&self, role: &str, user_id: &str, key: &str) -> Result<(), RpcError> {
        match self.writers_of(key) {
            Writers::Everyone | Writers::ServerOnly => Ok(()),
            Writers::Allowed(action) => self.require(role, action),
            Writers::UserOfKey if watch_key_user(key) == Some(user_id) => Ok(()),
            Writers::UserOfKey => Err(RpcError::new(
                code::FORBIDDEN,
                "a watch key may be written by its own user only",
            )),
        }
    }

    /// The same with live video and audio: those who manage the stage publish, and
    /// everybody gets it. Who watches may be invited to another role.
    #[must_use]
    pub fn with_media(mut self) -> Self {
        let publishers: Vec<String> = self
            .roles
            .iter()
            .filter(|(_, policy)| policy.manage_stage)
            .map(|(name, _)| name.clone())
            .collect();
        for policy in self.roles.values_mut() {
            if policy.manage_stage {
                policy.role.publish_params = media::publish_params();
            }
            policy.role.subscribe_params = media::subscribe_params(&publishers);
        }
        self
    }

    /// Whether any role has to do with media.
    #[must_use]
    pub fn carries_media(&self) -> bool {
        self.roles.values().any(|policy| {
            !policy.role.publish_params.allowed.is_empty()
                || !policy.role.subscribe_params.subscribe_to_roles.is_empty()
        })
    }

    /// Whether a role may publish this.
    #[must_use]
    pub fn may_publish(&self, role: &str, media: Media) -> bool {
        self.roles.get(role).is_some_and(|policy| {
            let allowed = &policy.role.publish_params.allowed;
            allowed.iter().any(|name| name == media.name())
        })
    }

    /// Whether a role gets what the role `publisher` publishes.
    #[must_use]
    pub fn gets(&self, role: &str, publisher: &str) -> bool {
        self.roles.get(role).is_some_and(|policy| {
            let roles = &policy.role.subscribe_params.subscribe_to_roles;
            roles.iter().any(|role| role == publisher)
        })
    }

    /// Whether people of this role are told about one by one also in a large room:
    /// those that may publish or manage the stage.
    #[must_use]
    pub fn always_announced(&self, role: &str) -> bool {
        self.roles.get(role).is_some_and(|policy| {
            policy.manage_stage || !policy.role.publish_params.allowed.is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Every role and every action: changing a right must change this table.
    #[test]
    fn rights_are_those_of_the_table() {
        let policy = Policy::default();
        let table = [
            (Action::EndRoom, [true, false, false]),
            (Action::RemoveOthers, [true, false, false]),
            (Action::Mute, [true, false, false]),
            (Action::Unmute, [true, false, false]),
            (Action::ChangeRole, [true, false, false]),
            (Action::PollWrite, [true, true, false]),
            (Action::PollRead, [true, true, true]),
            (Action::ManageStage, [true, true, false]),
            (Action::ChangeGroups, [true, false, false]),
            (Action::LockRoom, [true, false, false]),
        ];
        assert_eq!(table.len(), Action::ALL.len(), "an action has no row");
        for (action, allowed) in table {
            for (role, expected) in [HOST, PRESENTER, VIEWER].into_iter().zip(allowed) {
                assert_eq!(policy.may(role, action), expected, "{role}: {action:?}");
                assert_eq!(policy.require(role, action).is_ok(), expected);
            }
            assert!(
                !policy.may("nobody", action),
                "an unknown role got {action:?}"
            );
        }
    }

    #[test]
    fn keys_are_written_by_those_of_the_table() {
        let policy = Policy::default();
        let table = [
            ("uiState", [true, true, false]),
            ("activePoll", [true, true, false]),
            ("watch:ann", [true, true, true]),
            ("watch:bob", [false, false, false]),
            ("watch:", [false, false, false]),
            ("viewers", [true, true, true]),
            ("acknowledged", [true, true, true]),
            ("roomLock", [true, false, false]),
            ("anything", [true, true, true]),
        ];
        for (key, allowed) in table {
            for (role, expected) in [HOST, PRESENTER, VIEWER].into_iter().zip(allowed) {
                let outcome = policy.require_write(role, "ann", key);
                assert_eq!(outcome.is_ok(), expected, "{role} writes {key}");
                if let Err(refusal) = outcome {
                    assert_eq!(refusal.code, code::FORBIDDEN);
                }
            }
        }
        assert_eq!(policy.writers_of("viewers"), Writers::ServerOnly);
        assert_eq!(policy.writers_of("acknowledged"), Writers::ServerOnly);
    }

    #[test]
    fn at_the_vendors_everybody_writes_every_key_and_the_server_none() {
        let policy = RoomPolicy::Vendor.policy();
        for key in ["uiState", "activePoll", "watch:bob", "viewers", "anything"] {
            assert_eq!(policy.writers_of(key), Writers::Everyone, "{key}");
            assert!(!policy.names_key(key), "{key}");
        }
        let ours = Policy::default();
        assert_eq!(policy.known_roles(), ours.known_roles());
        assert_eq!(RoomPolicy::Kulti.policy(), ours);
    }

    #[test]
    fn with_media_the_stage_publishes_and_everybody_gets_it() {
        let policy = Policy::default().with_media();
        assert!(policy.carries_media() && !Policy::default().carries_media());
        for media in [Media::Audio, Media::Video, Media::Screen] {
            let may = [HOST, PRESENTER, VIEWER].map(|role| policy.may_publish(role, media));
            assert_eq!(may, [true, true, false], "{media:?}");
        }
        for receiver in [HOST, PRESENTER, VIEWER] {
            let gets = [HOST, PRESENTER, VIEWER].map(|role| policy.gets(receiver, role));
            assert_eq!(gets, [true, true, false], "{receiver}");
        }
        assert!(!policy.may_publish("nobody", Media::Audio) && !policy.gets("nobody", HOST));
        // Rights are no different.
        for action in Action::ALL {
            assert!(!policy.may(VIEWER, action) || Policy::default().may(VIEWER, action));
        }
    }

    #[test]
    fn roles_let_the_sdk_join_without_media() {
        for role in Policy::default().known_roles().values() {
            assert!(role.publish_params.allowed.is_empty());
            assert!(role.subscribe_params.subscribe_to_roles.is_empty());
        }
    }
}
