//! One session and its participants.

use std::{collections::HashMap, fmt, sync::Arc};

use kulti_protocol::api::{Session, SessionStatus};
use parking_lot::RwLock;

use crate::{
    accounts::Account,
    db::{SessionRow, Write},
};

/// What somebody is in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Host,
    Presenter,
    Viewer,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Presenter => "presenter",
            Self::Viewer => "viewer",
        }
    }

    /// An unknown role gives no rights.
    fn from_name(name: &str) -> Self {
        match name {
            "host" => Self::Host,
            "presenter" => Self::Presenter,
            _ => Self::Viewer,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Participant {
    pub(crate) role: Role,
    /// ms since the epoch.
    pub(crate) joined_at: u64,
}

impl Participant {
    pub(crate) fn is_host(self) -> bool {
        self.role == Role::Host
    }
}

/// A session's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// ms since the epoch.
    pub(crate) at: u64,
    /// Whether it was brought to its end, rather than abandoned.
    pub(crate) completed: bool,
}

/// What a session is made of, but for its code.
pub(super) struct NewSession {
    pub(super) id: String,
    pub(super) hms_room_id: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) is_public: bool,
    pub(super) host: Account,
    pub(super) started_at: u64,
}

/// One session.
pub(crate) struct SessionEntry {
    pub(crate) id: Arc<str>,
    pub(crate) room_code: String,
    pub(crate) hms_room_id: Arc<str>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) host_id: Arc<str>,
    /// ms since the epoch.
    pub(crate) started_at: u64,
    /// Whether it had been paid when it was read from the database.
    pub(crate) was_settled: bool,
    /// Held while the session is being ended.
    pub(crate) ending: tokio::sync::Mutex<()>,
    state: RwLock<State>,
}

struct State {
    host_name: Arc<str>,
    participants: HashMap<Arc<str>, Participant>,
    ended: Option<Ended>,
}

impl SessionEntry {
    pub(super) fn new(new: NewSession, room_code: String) -> Self {
        let host = Participant {
            role: Role::Host,
            joined_at: new.started_at,
        };
        Self {
            id: new.id.into(),
            room_code,
            hms_room_id: new.hms_room_id.into(),
            title: new.title,
            description: new.description,
            is_public: new.is_public,
            started_at: new.started_at,
            was_settled: false,
            ending: tokio::sync::Mutex::new(()),
            state: RwLock::new(State {
                host_name: new.host.display_name,
                participants: HashMap::from([(new.host.id.clone(), host)]),
                ended: None,
            }),
            host_id: new.host.id,
        }
    }

    pub(super) fn from_row(row: SessionRow) -> Self {
        let participants = row
            .participants
            .into_iter()
            .map(|p| {
                let participant = Participant {
                    role: Role::from_name(&p.role),
                    joined_at: p.joined_at,
                };
                (p.user_id, participant)
            })
            .collect();
        Self {
            id: row.id,
            room_code: row.room_code,
            hms_room_id: row.hms_room_id,
            title: row.title,
            description: row.description,
            is_public: row.is_public,
            host_id: row.host_id,
            started_at: row.started_at,
            was_settled: row.settled,
            ending: tokio::sync::Mutex::new(()),
            state: RwLock::new(State {
                host_name: row.host_name,
                participants,
                ended: row.ended_at.map(|at| Ended {
                    at,
                    completed: row.completed,
                }),
            }),
        }
    }

    /// What a new session is to the database.
    pub(super) fn creation(&self) -> Vec<Write> {
        let host = self.host();
        let session = Write::Session {
            id: self.id.to_string(),
            room_code: self.room_code.clone(),
            hms_room_id: self.hms_room_id.to_string(),
            title: self.title.clone(),
            description: self.description.clone(),
            is_public: self.is_public,
            host_id: host.id.clone(),
            host_name: host.display_name.clone(),
            started_at: self.started_at,
        };
        let participant = Participant {
            role: Role::Host,
            joined_at: self.started_at,
        };
        vec![session, self.joining(&host, participant)]
    }

    /// What joining is to the database.
    pub(super) fn joining(&self, account: &Account, participant: Participant) -> Write {
        Write::Participant {
            session_id: self.id.clone(),
            user_id: account.id.clone(),
            display_name: account.display_name.clone(),
            role: participant.role.as_str(),
            joined_at: participant.joined_at,
        }
    }

    /// Only the one who started the session is its host.
    pub(super) fn role_at_joining(&self, user_id: &str) -> Role {
        if *self.host_id == *user_id {
            Role::Host
        } else {
            Role::Viewer
        }
    }

    /// Who started the session, under the name that they have by now.
    pub(crate) fn host(&self) -> Account {
        Account {
            id: self.host_id.clone(),
            display_name: self.state.read().host_name.clone(),
        }
    }

    pub(super) fn set_host_name(&self, name: &Arc<str>) {
        self.state.write().host_name = name.clone();
    }

    /// Adds a participant, unless they are one already.
    pub(super) fn admit(&self, account: &Account, participant: Participant) -> Participant {
        *self
            .state
            .write()
            .participants
            .entry(account.id.clone())
            .or_insert(participant)
    }

    pub(crate) fn participant(&self, user_id: &str) -> Option<Participant> {
        self.state.read().participants.get(user_id).copied()
    }

    pub(crate) fn participants(&self) -> Vec<(Arc<str>, Participant)> {
        self.state
            .read()
            .participants
            .iter()
            .map(|(id, participant)| (id.clone(), *participant))
            .collect()
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.state.read().ended
    }

    /// The first end counts.
    pub(crate) fn set_ended(&self, end: Ended) {
        self.state.write().ended.get_or_insert(end);
    }

    /// The session as the HTTP API gives it.
    pub(crate) fn to_api(&self, participants_now: u32) -> Session {
        let ended_at = self.ended().map(|end| end.at);
        Session {
            id: self.id.to_string(),
            room_code: self.room_code.clone(),
            hms_room_id: self.hms_room_id.to_string(),
            title: self.title.clone(),
            description: self.description.clone(),
            host: self.host().to_user(),
            status: match ended_at {
                None => SessionStatus::Live,
                Some(_) => SessionStatus::Ended,
            },
            started_at: self.started_at,
            ended_at,
            is_public: self.is_public,
            participants: participants_now,
        }
    }
}
