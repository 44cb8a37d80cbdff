//! The session store: which keys are listened to, what their values mean, and which
//! are written.

use std::collections::BTreeSet;

use kulti_protocol::{
    signalling::{GetMetadata, ListenMetadata, MetadataValue, method},
    store_keys::{
        self, ACKNOWLEDGED, ACTIVE_POLL, ROOM_LOCK, UI_STATE, VIEWERS, ViewerCounts, watch_key,
    },
    viewers::viewer_counts,
};

use super::{Purpose, SessionCore};
use crate::core::{
    grid::PAGE_SIZE,
    io::{Announcement, Output},
    presence::Presences,
    requests::AfterLoss,
    roles::Roles,
    roster::Roster,
    stage::{Verdict, Writer},
    view::Notice,
    viewers::{self, CountsWriter},
};

/// Watch keys that are listened to where the server counts viewers: as many as people
/// are shown, beside those on the page that is looked at.
const SHOWN_KEYS: usize = 200;
/// Where clients count, everybody's key is needed. The vendor's store holds 100.
const COUNTED_KEYS: usize = 500;
/// Keys listened to in vain before the set is made smaller.
const SPARE_KEYS: usize = 50;
/// Several people who come at once make one request.
const LISTEN_DELAY_MS: u64 = 250;
/// How often the own watch key is renewed, so that it never gets stale (2 min).
const WATCH_WRITE_MS: u64 = 45_000;
/// The shortest time between two writes of it.
const WATCH_WRITE_GAP_MS: u64 = 1_000;
/// After the store was full, how long watch states go to peer metadata before the
/// store is tried again.
const FULL_FOR_MS: u64 = 300_000;
/// A value in the vendor's store may have 1 KB, in ours 4 KB.
const VENDOR_VALUE_BYTES: usize = 1_024;
const OUR_VALUE_BYTES: usize = 4_096;

/// What this client knows of the store and has told it.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) presences: Presences,
    /// How many watch, by the store.
    pub(super) counts: CountsWriter,
    listened: BTreeSet<String>,
    listen_at: Option<u64>,
    listen_bound: usize,
    pub(super) value_bytes: usize,
    pub(super) watch_written_at: Option<u64>,
    pub(super) watch_written_active: Option<bool>,
    pub(super) full_until: u64,
}

impl Store {
    pub(super) fn new(server_counts_viewers: bool) -> Self {
        let (listen_bound, value_bytes) = if server_counts_viewers {
            (SHOWN_KEYS, OUR_VALUE_BYTES)
        } else {
            (COUNTED_KEYS, VENDOR_VALUE_BYTES)
        };
        Self {
            presences: Presences::default(),
            counts: CountsWriter::default(),
            listened: BTreeSet::new(),
            listen_at: None,
            listen_bound,
            value_bytes,
            watch_written_at: None,
            watch_written_active: None,
            full_until: 0,
        }
    }

    /// The people or the page have changed: other keys may be wanted.
    pub(super) fn listen_soon(&mut self, now: u64) {
        self.listen_at.get_or_insert(now + LISTEN_DELAY_MS);
    }

    /// The own watch key is to be written as soon as possible.
    pub(super) fn write_watch_soon(&mut self) {
        self.watch_written_at = None;
    }

    /// The server does not let this client listen to so many keys.
    pub(super) fn listen_less(&mut self, now: u64) {
        self.listened.clear();
        self.listen_bound /= 2;
        self.listen_at = (self.listen_bound > 0).then_some(now + 4 * LISTEN_DELAY_MS);
    }

    /// The store has no room for the own watch key.
    pub(super) fn is_full(&mut self, now: u64) {
        self.full_until = now + FULL_FOR_MS;
        self.watch_written_at = None;
    }

    /// When the own watch key is to be written next, given whether I watch.
    pub(super) fn watch_write_at(&self, now: u64, active: bool) -> u64 {
        match self.watch_written_at {
            None => now,
            Some(at) if self.watch_written_active != Some(active) => at + WATCH_WRITE_GAP_MS,
            Some(at) => at + WATCH_WRITE_MS,
        }
    }
}

impl SessionCore {
    /// Takes a value of the store as it is now.
    pub(super) fn value(&mut self, value: &MetadataValue) {
        self.diagnosis.value(value);
        let key = value.key.as_str();
        if key == UI_STATE {
            let verdict = self.stage.set(value, |id| {
                judge(
                    &self.roster,
                    &self.roles,
                    self.config.server_counts_viewers,
                    &self.config.host_name,
                    id,
                )
            });
            self.stage_changed(verdict);
        } else if key == ACTIVE_POLL {
            self.polls.mirror.seen(&value.data);
        } else if key == VIEWERS {
            let counts = serde_json::from_value(value.data.clone()).ok();
            let by_predecessor = self.precedes_me(&value.updated_by);
            let now = self.boot();
            self.store.counts.seen(now, counts, by_predecessor);
            self.screen.dirty.counts = true;
        } else if key == ROOM_LOCK {
            self.lock_told(value);
        } else if key == ACKNOWLEDGED {
            self.acknowledged_told(value);
        } else if let Some(user) = store_keys::watch_key_user(key)
            && self
                .store
                .presences
                .set(user, &value.data, value.updated_at)
        {
            self.screen.dirty.people();
        }
    }

    /// Somebody new is known, who may be the writer of a stage that was not judged.
    pub(super) fn judge_stage(&mut self) {
        let verdict = self.stage.judge(|id| {
            judge(
                &self.roster,
                &self.roles,
                self.config.server_counts_viewers,
                &self.config.host_name,
                id,
            )
        });
        self.stage_changed(verdict);
    }

    fn stage_changed(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Nothing => {}
            Verdict::Ignored(name) => {
                let at = self.server_ms();
                self.stage_log.ignored(&name, at);
                self.screen.dirty.stage_log = true;
                self.diagnosis.ignored(&name, at);
                self.notice(Notice::StageWriteIgnored { name });
            }
            Verdict::Accepted => {
                self.screen.dirty.stage = true;
                self.screen.dirty.grid = true;
                self.stage.runs_out(self.server_ms());
                self.stage_log.stands(self.stage.announced());
                self.screen.dirty.stage_log = true;
                let news = self.stage.news(&self.config.peer_id);
                // What ran out while I was away is no news.
                if let Some(new) = news.filter(|_| self.stage.announced().is_some()) {
                    self.emit(Output::Announce(Announcement {
                        id: new.id,
                        title: self.config.title.clone(),
                        author: new.author,
                        text: new.text,
                        mention: false,
                    }));
                }
            }
        }
    }

    /// How many are here, and how many of them watch.
    pub(super) fn counts(&self) -> ViewerCounts {
        let total = u32::try_from(self.roster.len()).unwrap_or(u32::MAX);
        if self.config.server_counts_viewers
            && let Some(counted) = self.store.counts.stored()
        {
            // Of a large room not everybody is named.
            let total = if self.large_room {
                total.max(counted.total)
            } else {
                total
            };
            return ViewerCounts {
                total,
                active: counted.active.min(total),
                ..counted
            };
        }
        let now = self.boot();
        let server_ms = self.server_ms();
        let mine = self.watching.state(now, &self.config.user_id, server_ms);
        let states = self.roster.iter().map(|person| {
            if person.peer_id == self.config.peer_id {
                Some(&mine)
            } else {
                self.store
                    .presences
                    .newest(&person.user_id, person.watch.as_ref())
            }
        });
        viewer_counts(states, server_ms)
    }

    /// Tells the server which keys are wanted, all of them.
    pub(super) fn listen(&mut self) {
        self.store.listened = self.wanted_keys();
        self.store.listen_at = None;
        let keys = self.store.listened.iter().cloned().collect();
        self.request(
            Purpose::Listen,
            method::LISTEN_METADATA,
            ListenMetadata { keys },
            AfterLoss::Fail,
        );
    }

    fn wanted_keys(&self) -> BTreeSet<String> {
        let first = self.grid.iter().take(self.store.listen_bound);
        let page = self.grid.page(self.page, self.page_size());
        let watch_keys = first
            .chain(page)
            .chain(self.people_in_window())
            .filter_map(|id| self.roster.get(id))
            .map(|person| watch_key(&person.user_id));
        // Where the server keeps the polls, it writes this one for others than us.
        let mirrored = (!self.config.server_counts_viewers).then_some(ACTIVE_POLL);
        let reads_counts = self.config.server_counts_viewers && self.roles.mine_can().manage_stage;
        let ours = [
            self.config.server_counts_viewers.then_some(ROOM_LOCK),
            reads_counts.then_some(ACKNOWLEDGED),
        ];
        [UI_STATE, VIEWERS]
            .into_iter()
            .chain(mirrored)
            .chain(ours.into_iter().flatten())
            .map(str::to_owned)
            .chain(watch_keys)
            .collect()
    }

    /// Reads what must be right after coming back, whatever the server pushes by itself.
    pub(super) fn read_fixed_keys(&mut self) {
        self.read_stage();
        let key = VIEWERS.to_owned();
        self.request(
            Purpose::ReadViewers,
            method::GET_METADATA,
            GetMetadata { key },
            AfterLoss::Fail,
        );
    }

    pub(super) fn read_stage(&mut self) {
        let key = UI_STATE.to_owned();
        self.request(
            Purpose::ReadStage,
            method::GET_METADATA,
            GetMetadata { key },
            AfterLoss::Fail,
        );
    }

    /// Listens and writes what is due. The room must be up.
    pub(super) fn store_upkeep(&mut self) {
        let now = self.boot();
        if self.store.listen_at.is_some_and(|at| now >= at) {
            self.store.listen_at = None;
            let wanted = self.wanted_keys();
            let spare = self.store.listened.difference(&wanted).count();
            if spare > SPARE_KEYS + PAGE_SIZE || !wanted.is_subset(&self.store.listened) {
                self.listen();
            }
        }
        self.write_stage();
        self.write_watch();
        if !self.config.server_counts_viewers {
            self.write_counts();
            self.write_active_poll();
        }
    }

    fn write_stage(&mut self) {
        let server_ms = self.server_ms();
        if let Some(write) = self.stage.next_write(server_ms, self.store.value_bytes) {
            self.request(
                Purpose::WriteStage,
                method::SET_METADATA,
                write,
                AfterLoss::Fail,
            );
        }
    }

    /// When [`Self::store_upkeep`] has something to do.
    pub(super) fn store_deadline(&self) -> Option<u64> {
        let now = self.boot();
        let active = self.watching.is_active(now);
        let watch = Some(self.store.watch_write_at(now, active));
        let counts = (!self.config.server_counts_viewers).then(|| now + viewers::GAP_MS);
        [self.store.listen_at, watch, counts]
            .into_iter()
            .flatten()
            .min()
    }
}

/// Whether somebody may manage the stage. Our server lets nobody else write it, and
/// knows better than this client which role a writer had at the time.
fn judge(
    roster: &Roster,
    roles: &Roles,
    server_enforces: bool,
    host_name: &str,
    peer_id: &str,
) -> Writer {
    let known = roster.name_and_role(peer_id);
    match known {
        Some((name, _)) if server_enforces || peer_id == roster.my_id() => {
            Writer::Trusted(name.to_owned())
        }
        Some((name, role)) if roles.manages_stage(role) => Writer::Trusted(name.to_owned()),
        Some((name, _)) => Writer::Untrusted(name.to_owned()),
        None if server_enforces => Writer::Trusted(host_name.to_owned()),
        None => Writer::Unknown,
    }
}
