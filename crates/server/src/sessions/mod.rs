//! Sessions: their codes, who is in them, their end. All that live are in memory; the
//! database is written before anything is confirmed.

mod end;
mod entry;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use kulti_protocol::{api::CreateSessionRequest, room_code::RoomCode};
use parking_lot::RwLock;
use uuid::Uuid;

use entry::NewSession;
pub(crate) use entry::{Ended, Participant, Role, SessionEntry};

use crate::{
    accounts::{Account, clean_text},
    db::{Db, DbError},
    ledger::Ledger,
    rooms::{ArchiveError, RoomMeta, Rooms},
};

/// Longest title, in characters.
pub(crate) const TITLE_CHARS: usize = 120;
/// Longest description, in characters.
pub(crate) const DESCRIPTION_CHARS: usize = 2_000;
/// Sessions in one list.
const LISTED: usize = 200;

/// Why something about a session is refused.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the title must have 1 to 120 characters")]
    BadTitle,
    #[error("the description must have at most 2,000 characters")]
    BadDescription,
    #[error("no live session has this code: check it with the host")]
    NoSuchCode,
    #[error("there is no such session")]
    NoSuchSession,
    #[error("the session is over")]
    Ended,
    #[error("you host too many live sessions: end one first")]
    TooMany,
    #[error("no room code is free: try again later")]
    NoFreeCode,
    #[error("only the host may end the session")]
    NotTheHost,
    #[error("you were removed from this session")]
    Removed,
    #[error("the session is locked: its host lets nobody new in")]
    Locked,
    #[error("the room is not the one of this session")]
    WrongRoom,
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the room could not be changed: {0}")]
    Room(String),
}

impl From<ArchiveError> for SessionError {
    fn from(error: ArchiveError) -> Self {
        Self::Room(error.to_string())
    }
}

#[derive(Default)]
struct Index {
    /// Live ones, and those over that somebody asked for lately.
    by_id: HashMap<Arc<str>, Arc<SessionEntry>>,
    /// Live ones only, like those below.
    by_code: HashMap<String, Arc<SessionEntry>>,
    by_room: HashMap<Arc<str>, Arc<SessionEntry>>,
    live_by_host: HashMap<Arc<str>, u32>,
}

/// All sessions.
pub(crate) struct Sessions {
    db: Db,
    rooms: Rooms,
    ledger: Arc<Ledger>,
    sessions_per_user: u32,
    index: RwLock<Index>,
}

impl Sessions {
    /// Reads all live sessions and opens their rooms. Those that were being ended when the
    /// server was killed are read too: [`Sessions::resume_ends`].
    pub(crate) async fn load(
        db: Db,
        rooms: Rooms,
        ledger: Arc<Ledger>,
        sessions_per_user: u32,
    ) -> Result<Self, SessionError> {
        let sessions = Self {
            db,
            rooms,
            ledger,
            sessions_per_user,
            index: RwLock::default(),
        };
        for row in sessions.db.unsettled_sessions().await? {
            let entry = Arc::new(SessionEntry::from_row(row));
            sessions.ledger.load(&entry).await?;
            if entry.ended().is_some() {
                sessions.index.write().remember(&entry);
                continue;
            }
            sessions
                .rooms
                .open(&entry.hms_room_id, meta(&entry))
                .await?;
            sessions.index.write().insert_live(&entry);
        }
        Ok(sessions)
    }

    /// Starts a session with `host` as its first participant.
    pub(crate) async fn create(
        &self,
        host: &Account,
        request: &CreateSessionRequest,
        now: u64,
    ) -> Result<Arc<SessionEntry>, SessionError> {
        let title = clean_text(&request.title);
        if !(1..=TITLE_CHARS).contains(&title.chars().count()) {
            return Err(SessionError::BadTitle);
        }
        let description = request
            .description
            .as_deref()
            .map(clean_lines)
            .filter(|text| !text.is_empty());
        if description
            .as_ref()
            .is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS)
        {
            return Err(SessionError::BadDescription);
        }
        let new = NewSession {
            id: Uuid::new_v4().to_string(),
            hms_room_id: Uuid::new_v4().simple().to_string(),
            title,
            description,
            is_public: request.is_public,
            host: host.clone(),
            started_at: now,
        };
        let entry = self.index.write().reserve(new, self.sessions_per_user)?;
        let written = self.db.commit(entry.creation()).await;
        if let Err(error) = written {
            self.index.write().remove_live(&entry);
            return Err(error.into());
        }
        self.ledger.open(&entry);
        self.index.write().show(&entry);
        if let Err(error) = self.rooms.open(&entry.hms_room_id, meta(&entry)).await {
            // The first connection opens it again.
            tracing::warn!(session = %entry.id, %error, "the room could not be opened yet");
        }
        Ok(entry)
    }

    /// Live public sessions, newest first.
    pub(crate) fn live_public(&self) -> Vec<Arc<SessionEntry>> {
        let mut list: Vec<_> = self
            .index
            .read()
            .by_room
            .values()
            .filter(|entry| entry.is_public)
            .cloned()
            .collect();
        list.sort_by_key(|entry| std::cmp::Reverse(entry.started_at));
        list.truncate(LISTED);
        list
    }

    /// The live session with this code.
    pub(crate) fn by_code(&self, code: &RoomCode) -> Result<Arc<SessionEntry>, SessionError> {
        let index = self.index.read();
        index
            .by_code
            .get(code.as_str())
            // A code is reserved a moment before its session is written.
            .filter(|entry| index.by_room.contains_key(&entry.hms_room_id))
            .cloned()
            .ok_or(SessionError::NoSuchCode)
    }

    /// The live session that has this room, if any.
    pub(crate) fn by_room(&self, room_id: &str) -> Option<Arc<SessionEntry>> {
        self.index.read().by_room.get(room_id).cloned()
    }

    /// A session, over or not.
    pub(crate) async fn get(&self, id: &str) -> Result<Arc<SessionEntry>, SessionError> {
        if let Some(entry) = self.index.read().by_id.get(id) {
            return Ok(entry.clone());
        }
        // Ids are UUIDs: anything else needs no look into the database.
        if Uuid::try_parse(id).is_err() {
            return Err(SessionError::NoSuchSession);
        }
        let row = self
            .db
            .session(id)
            .await?
            .ok_or(SessionError::NoSuchSession)?;
        let entry = Arc::new(SessionEntry::from_row(row));
        self.ledger.load(&entry).await?;
        Ok(self
            .index
            .write()
            .by_id
            .entry(entry.id.clone())
            .or_insert(entry)
            .clone())
    }

    /// Makes somebody a participant of a live session. Joining again changes nothing.
    pub(crate) async fn join(
        &self,
        entry: &Arc<SessionEntry>,
        account: &Account,
        now: u64,
    ) -> Result<Role, SessionError> {
        if entry.ended().is_some() {
            return Err(SessionError::Ended);
        }
        let role = entry.role_at_joining(&account.id);
        if role != Role::Host
            && self
                .rooms
                .has_removed(&entry.hms_room_id, &account.id)
                .await
        {
            return Err(SessionError::Removed);
        }
        let (room, name) = (&entry.hms_room_id, role.as_str());
        if self.rooms.turns_away(room, &account.id, name).await {
            return Err(SessionError::Locked);
        }
        if let Some(participant) = entry.participant(&account.id) {
            return Ok(participant.role);
        }
        let participant = Participant {
            role,
            joined_at: now,
        };
        self.db
            .commit(vec![entry.joining(account, participant)])
            .await?;
        Ok(entry.admit(account, participant).role)
    }

    /// Shows the live sessions of a host under the name that the host has by now.
    pub(crate) fn host_is_called(&self, host: &Account) {
        let index = self.index.read();
        if index.live_by_host.contains_key(&host.id) {
            for entry in index.by_code.values() {
                if entry.host_id == host.id {
                    entry.set_host_name(&host.display_name);
                }
            }
        }
    }

    /// How many live sessions there are.
    pub(crate) fn live_count(&self) -> usize {
        self.index.read().by_room.len()
    }

    /// How many are in a session's room now.
    pub(crate) fn participants_now(&self, entry: &SessionEntry) -> u32 {
        match entry.ended() {
            Some(_) => 0,
            None => self.rooms.occupancy(&entry.hms_room_id).total,
        }
    }
}

impl Index {
    /// Takes a free code and the host's place, before the session is written.
    fn reserve(
        &mut self,
        new: NewSession,
        sessions_per_user: u32,
    ) -> Result<Arc<SessionEntry>, SessionError> {
        if self.live_by_host.get(&new.host.id).copied().unwrap_or(0) >= sessions_per_user {
            return Err(SessionError::TooMany);
        }
        // Half a million codes: a few hundred attempts fail only when nearly all are taken.
        for _ in 0..256 {
            let code = RoomCode::from_random(rand::random()).as_str().to_owned();
            if let Entry::Vacant(place) = self.by_code.entry(code.clone()) {
                let entry = Arc::new(SessionEntry::new(new, code));
                place.insert(entry.clone());
                *self.live_by_host.entry(entry.host_id.clone()).or_default() += 1;
                return Ok(entry);
            }
        }
        Err(SessionError::NoFreeCode)
    }

    /// Keeps a session, live or over.
    fn remember(&mut self, entry: &Arc<SessionEntry>) {
        self.by_id.insert(entry.id.clone(), entry.clone());
    }

    /// Shows a session whose code was reserved.
    fn show(&mut self, entry: &Arc<SessionEntry>) {
        self.remember(entry);
        self.by_room
            .insert(entry.hms_room_id.clone(), entry.clone());
    }

    fn insert_live(&mut self, entry: &Arc<SessionEntry>) {
        self.by_code.insert(entry.room_code.clone(), entry.clone());
        *self.live_by_host.entry(entry.host_id.clone()).or_default() += 1;
        self.show(entry);
    }

    fn remove_live(&mut self, entry: &SessionEntry) {
        self.by_code.remove(&entry.room_code);
        self.by_room.remove(&entry.hms_room_id);
        if let Some(count) = self.live_by_host.get_mut(&entry.host_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.live_by_host.remove(&entry.host_id);
            }
        }
    }
}

/// As [`clean_text`], line by line.
fn clean_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(clean_text).collect();
    lines.join("\n").trim().to_owned()
}

fn meta(entry: &SessionEntry) -> RoomMeta {
    RoomMeta {
        title: entry.title.clone(),
        session_id: entry.id.to_string(),
        started_at_ms: entry.started_at,
    }
}
