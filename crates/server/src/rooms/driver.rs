//! The task that drives one room: inputs and time go in, outputs are carried out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kulti_media::sfu::Event;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::delivery::Delivery;
use super::media::{RoomMedia, Told};
use super::{ArchiveError, Attendance, RoomEvent, RoomMessage, RoomMeta, Shared, Status};
use crate::metrics::METRICS;
use crate::room::{Input, Output, Room, RoomSnapshot};

/// So many messages are taken from the inbox at once, and what they cause for one
/// receiver goes out in one write.
const BATCH: usize = 64;
/// A room of which nothing is worth keeping is unloaded so soon.
const UNLOAD_BLANK: Duration = Duration::from_secs(5);
/// Looking for nothing to do takes place this often.
const IDLE_CHECK: Duration = Duration::from_secs(5);

type Inbox = mpsc::Receiver<RoomMessage>;

/// Runs a room until it is unloaded or the server goes down.
pub(super) async fn run(shared: Arc<Shared>, id: String, mut inbox: Inbox, status: Arc<Status>) {
    let (room, archived) = match load(&shared, &id).await {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::error!(room = id, %error, "a room cannot be opened");
            shared.rooms.lock().remove(&id);
            refuse_all(&mut inbox, &error);
            return;
        }
    };
    METRICS.rooms.add(1);
    let mut driver = Driver {
        last_used: Instant::now(),
        next_save: None,
        saving: None,
        archived,
        media: RoomMedia::of(&shared),
        shared,
        id,
        room,
        delivery: Delivery::default(),
        status,
        peers: 0,
    };
    driver.input(Input::Timer); // counts those who were here before a restart
    driver.publish();
    driver.drive(&mut inbox).await;
    METRICS.rooms.add(-1);
    METRICS.peers.add(-driver.peers);
    driver.media.count((0, 0));
}

/// The room, and whether the archive has a state of it.
async fn load(shared: &Shared, id: &str) -> Result<(Room, bool), ArchiveError> {
    let now = shared.clock.now_ms();
    let seed = rand::random();
    let policy = shared.policy.clone();
    let limits = shared.limits.clone();
    if let Some(bytes) = shared.archive.load(id).await? {
        match RoomSnapshot::from_bytes(&bytes) {
            Ok(saved) => {
                let mut room = Room::restore(id, saved, policy, limits, seed, now);
                match shared.archive.history(id).await {
                    Ok(history) => room.remember(history),
                    Err(error) => {
                        tracing::error!(room = id, %error, "what was said cannot be read");
                    }
                }
                return Ok((room, true));
            }
            // Better an empty room than none: people come back to it by themselves.
            Err(error) => tracing::error!(room = id, %error, "a saved room is lost"),
        }
    }
    let meta = RoomMeta {
        title: id.to_owned(),
        session_id: uuid::Uuid::new_v4().to_string(),
        started_at_ms: now,
    };
    Ok((Room::new(id, meta, policy, limits, seed), false))
}

fn refuse_all(inbox: &mut Inbox, error: &ArchiveError) {
    inbox.close();
    while let Ok(message) = inbox.try_recv() {
        match message {
            RoomMessage::Connect(connection, _) => {
                connection.close(1_011, "the room cannot be opened");
            }
            RoomMessage::Open(_, reply) | RoomMessage::End(_, reply) => {
                let _ = reply.send(Err(ArchiveError(error.0.clone())));
            }
            _ => {} // whoever asked sees that the answer will not come
        }
    }
}

struct Driver {
    shared: Arc<Shared>,
    id: String,
    room: Room,
    delivery: Delivery,
    media: RoomMedia,
    status: Arc<Status>,
    /// When the room was last of use to anybody.
    last_used: Instant,
    /// When the room is to be saved, if it has changed.
    next_save: Option<Instant>,
    saving: Option<JoinHandle<()>>,
    /// Whether the archive has a state of this room.
    archived: bool,
    /// As counted in the metrics.
    peers: i64,
}

impl Driver {
    async fn drive(&mut self, inbox: &mut Inbox) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let due = self.due();
            tokio::select! {
                count = inbox.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break; // nobody can reach this room any more
                    }
                }
                told = self.media.told() => self.media_told(told),
                () = tokio::time::sleep_until(due) => {}
            }
            let mut done = None;
            for message in batch.drain(..) {
                if let Some(reply) = self.message(message).await {
                    done = Some(reply);
                    break;
                }
            }
            if let Some(reply) = done {
                self.shut_down().await;
                let _ = reply.send(());
                return;
            }
            let now = self.shared.clock.now_ms();
            if self.room.deadline_ms().is_some_and(|due| due <= now) {
                self.input(Input::Timer);
            }
            self.delivery.flush();
            self.publish();
            self.save_if_due();
            if self.unload(inbox) {
                self.save_finally().await;
                return;
            }
        }
        self.save_finally().await;
    }

    /// When the loop must turn at the latest.
    fn due(&self) -> Instant {
        let now = Instant::now();
        let mut due = now + IDLE_CHECK;
        if let Some(at) = self.room.deadline_ms() {
            let wait = at.saturating_sub(self.shared.clock.now_ms());
            due = due.min(now + Duration::from_millis(wait));
        }
        for at in [self.next_save, self.delivery.presence_due()] {
            due = at.map_or(due, |at| due.min(at));
        }
        due
    }

    /// Gives the reply that ends the driver.
    async fn message(&mut self, message: RoomMessage) -> Option<oneshot::Sender<()>> {
        match message {
            RoomMessage::Connect(connection, admission) => {
                let socket = connection.id;
                self.delivery.insert(connection);
                self.input(Input::SocketOpened { socket, admission });
            }
            RoomMessage::Input(input) => {
                if let Input::SocketClosed { socket, .. } = &input {
                    self.delivery.remove(*socket);
                }
                self.input(input);
            }
            RoomMessage::Open(meta, reply) => {
                self.room.set_meta(meta);
                self.last_used = Instant::now();
                let _ = reply.send(self.save_now(false).await);
            }
            RoomMessage::End(reason, reply) => {
                if !self.room.is_locked() {
                    self.input(Input::End { reason });
                    self.delivery.flush();
                }
                let _ = reply.send(self.save_now(false).await);
            }
            RoomMessage::Remembers(peer, user, reply) => {
                let _ = reply.send(self.room.remembers(&peer, &user));
            }
            RoomMessage::HasRemoved(user, reply) => {
                let _ = reply.send(self.room.has_removed(&user));
            }
            RoomMessage::Messages(reader, asked, reply) => {
                let _ = reply.send(self.room.messages(&reader.user_id, &reader.role, &asked));
            }
            RoomMessage::TurnsAway(user, role, reply) => {
                let _ = reply.send(self.room.turns_away(&user, &role));
            }
            RoomMessage::IsLocked(reply) => {
                let _ = reply.send(self.room.is_locked());
            }
            RoomMessage::Insights(reply) => {
                let _ = reply.send(self.room.insights(self.shared.clock.now_ms()));
            }
            RoomMessage::IsRunBy(user, reply) => {
                let _ = reply.send(self.room.is_run_by(&user));
            }
            RoomMessage::Polls(reply) => {
                let _ = reply.send(self.room.poll_summaries());
            }
            RoomMessage::ShutDown(reply) => return Some(reply),
        }
        None
    }

    /// What the forwarding unit has to say, and what more it has said meanwhile.
    fn media_told(&mut self, told: Told) {
        let mut next = Some(told);
        let mut rest = BATCH;
        while let Some(told) = next {
            match told {
                Told::Event(event) => {
                    if let Event::Lost { .. } | Event::Failed { .. } = event {
                        METRICS.media_losses.add(1);
                    }
                    self.input(Input::Media(event));
                }
                Told::Moved => self.input(Input::MediaMoved),
            }
            rest -= 1;
            next = if rest > 0 {
                self.media.told_already()
            } else {
                None
            };
        }
    }

    fn input(&mut self, input: Input) {
        self.room.handle(self.shared.clock.now_ms(), input);
        for output in self.room.take_outputs() {
            self.output(output);
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send { to, frame, class } => self.delivery.send(&to, &frame, &class),
            Output::Close {
                socket,
                code,
                reason,
            } => self.delivery.close(socket, code, reason),
            Output::Media(command) => self.media.command(&self.id, command),
            Output::Save => self.next_save = Some(Instant::now()),
            Output::Attendance {
                user_id,
                connected,
                at_ms,
            } => self.event(RoomEvent::Attendance(Attendance {
                room_id: self.id.clone(),
                user_id,
                connected,
                at_ms,
            })),
            Output::Said { user_id } => self.event(RoomEvent::Said {
                room_id: self.id.clone(),
                user_id,
            }),
            Output::Kept(message) => self.event(RoomEvent::Kept {
                room_id: self.id.clone(),
                message,
            }),
            Output::Marked(change) => self.event(RoomEvent::Marked {
                room_id: self.id.clone(),
                change,
            }),
            Output::Ended {
                user_id,
                reason,
                locked,
            } => {
                self.next_save = Some(Instant::now());
                self.event(RoomEvent::Ended {
                    room_id: self.id.clone(),
                    user_id,
                    reason,
                    locked,
                    at_ms: self.shared.clock.now_ms(),
                });
            }
        }
    }

    fn event(&self, event: RoomEvent) {
        if self.shared.events.send(event).is_err() {
            tracing::debug!(room = self.id, "nobody listens to events any more");
        }
    }

    /// Tells the rest of the server what it may know.
    fn publish(&mut self) {
        let occupancy = self.room.occupancy();
        self.status.total.store(occupancy.total, Ordering::Relaxed);
        self.status
            .active
            .store(occupancy.active, Ordering::Relaxed);
        METRICS.refusals.add(self.room.take_refusals());
        let peers = i64::try_from(self.room.peer_count()).unwrap_or(i64::MAX);
        METRICS.peers.add(peers - self.peers);
        self.peers = peers;
        self.media.count(self.room.media_figures());
        if self.delivery.len() > 0 || peers > 0 {
            self.last_used = Instant::now();
        }
    }

    fn save_if_due(&mut self) {
        let now = Instant::now();
        if self.room.take_changed() && self.next_save.is_none() {
            self.next_save = Some(now + Duration::from_millis(self.shared.limits.save_every_ms));
        }
        let saving = self
            .saving
            .as_ref()
            .is_some_and(|saving| !saving.is_finished());
        if self.next_save.is_none_or(|at| at > now) {
            return;
        }
        if saving {
            // The disk is slow: not before the last one is done.
            self.next_save = Some(now + Duration::from_millis(self.shared.limits.save_every_ms));
            return;
        }
        self.next_save = None;
        self.archived = true;
        let snapshot = self.room.snapshot(false);
        let shared = self.shared.clone();
        let id = self.id.clone();
        self.saving = Some(tokio::spawn(async move {
            if let Err(error) = store(&shared, &id, snapshot).await {
                tracing::error!(room = id, %error, "a room cannot be saved");
            }
        }));
    }

    /// Saves at once and waits for it.
    async fn save_now(&mut self, clean: bool) -> Result<(), ArchiveError> {
        if let Some(saving) = self.saving.take() {
            let _ = saving.await; // an older state must not overwrite this one
        }
        self.room.take_changed();
        self.next_save = None;
        self.archived = true;
        store(&self.shared, &self.id, self.room.snapshot(clean)).await
    }

    /// Saves for the last time.
    async fn save_finally(&mut self) {
        let outcome = match (self.room.is_blank(), self.archived) {
            (true, false) => Ok(()),
            (true, true) => self.remove().await,
            (false, _) => self.save_now(true).await,
        };
        if let Err(error) = outcome {
            tracing::error!(room = self.id, %error, "a room cannot be saved");
        }
    }

    async fn remove(&mut self) -> Result<(), ArchiveError> {
        if let Some(saving) = self.saving.take() {
            let _ = saving.await; // it would bring the state back
        }
        self.shared.archive.remove(&self.id).await
    }

    async fn shut_down(&mut self) {
        self.input(Input::ShutDown);
        self.delivery.close_all(1_001, "the server is going down");
        self.save_finally().await;
        self.publish();
    }

    /// Whether the room has been taken out of the registry, so that nobody can reach
    /// it any more. Inlets are given out only with the registry locked, so if there
    /// is none but the registry's own, there will be none.
    fn unload(&self, inbox: &Inbox) -> bool {
        let patience = if self.room.is_blank() || self.room.is_locked() {
            UNLOAD_BLANK
        } else {
            Duration::from_millis(self.shared.limits.unload_after_ms)
        };
        if self.last_used.elapsed() < patience {
            return false;
        }
        let mut rooms = self.shared.rooms.lock();
        if inbox.sender_strong_count() > 1 || !inbox.is_empty() {
            return false;
        }
        rooms.remove(&self.id);
        true
    }
}

/// Encoding a large room takes some milliseconds: not in the room's own task.
async fn store(shared: &Shared, id: &str, snapshot: RoomSnapshot) -> Result<(), ArchiveError> {
    let bytes = tokio::task::spawn_blocking(move || snapshot.to_bytes())
        .await
        .map_err(|error| ArchiveError(error.to_string()))?
        .map_err(|error| ArchiveError(error.to_string()))?;
    shared.archive.save(id, bytes).await
}
