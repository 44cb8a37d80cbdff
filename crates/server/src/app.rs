//! What handlers and background tasks share.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use kulti_protocol::{receipt::ReceiptKey, token::HmsKeys};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::Accounts,
    clock::ServerClock,
    db::{ChatWrite, Db, Write},
    ledger::Ledger,
    rate_limit::RateLimit,
    room_archive::FileArchive,
    rooms::{RoomEvent, Rooms},
    sessions::Sessions,
    settings::{Limits, Settings, millis},
};

/// Between two rounds of tidying up.
const TIDY_EVERY: Duration = Duration::from_secs(60);
const TIDY_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Between two sweeps of the disk.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// Sessions that are over stay in memory for so long after their end: clients that
/// were offline send their last watch time.
const KEEP_ENDED_MS: u64 = 60 * 60 * 1_000;

/// Guests that one computer of the local network may make at once, and a minute after.
const NETWORK_GUESTS_BURST: u32 = 20;
const NETWORK_GUESTS_PER_MINUTE: u32 = 6;
/// An address may look up so many times more wrong codes than one user.
const CLASS: u32 = 10;

/// The parts of a running server.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<ServerClock>,
    pub(crate) keys: HmsKeys,
    pub(crate) receipt_key: ReceiptKey,
    pub(crate) db: Db,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) rooms: Rooms,
    pub(crate) limits: RateLimits,
}

/// Rate limits of the HTTP API.
pub(crate) struct RateLimits {
    pub(crate) guests: RateLimit<IpAddr>,
    /// Of an embedded server: every guest from the local network has an own address.
    pub(crate) network_guests: RateLimit<IpAddr>,
    pub(crate) refreshes: RateLimit<IpAddr>,
    pub(crate) wrong_codes: RateLimit<(IpAddr, Arc<str>)>,
    /// So that nobody guesses with many accounts. Larger: one person's wrong codes must
    /// not lock out a class behind the same router.
    pub(crate) wrong_codes_of_address: RateLimit<IpAddr>,
    pub(crate) requests: RateLimit<Arc<str>>,
}

impl RateLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            guests: RateLimit::new(limits.guests_burst, limits.guests_per_minute),
            network_guests: RateLimit::new(
                limits.guests_burst.min(NETWORK_GUESTS_BURST),
                limits.guests_per_minute.min(NETWORK_GUESTS_PER_MINUTE),
            ),
            // Everybody who is a guest may come back.
            refreshes: RateLimit::new(
                limits.guests_burst,
                limits.guests_per_minute.saturating_mul(10),
            ),
            wrong_codes: RateLimit::new(limits.wrong_codes_burst, limits.wrong_codes_per_minute),
            wrong_codes_of_address: RateLimit::new(
                limits.wrong_codes_burst.saturating_mul(CLASS),
                limits.wrong_codes_per_minute.saturating_mul(CLASS),
            ),
            requests: RateLimit::new(limits.requests_per_minute, limits.requests_per_minute),
        }
    }
}

impl App {
    /// Tells ledger and sessions what happens in rooms, until `stop`.
    pub(crate) async fn follow_rooms(
        self: Arc<Self>,
        mut events: mpsc::UnboundedReceiver<RoomEvent>,
        stop: CancellationToken,
    ) {
        loop {
            let event = tokio::select! {
                biased;
                // What has happened before the end is not lost.
                event = events.recv() => event,
                () = stop.cancelled() => return,
            };
            match event {
                Some(event) => self.room_event(event),
                None => return,
            }
        }
    }

    fn room_event(self: &Arc<Self>, event: RoomEvent) {
        match event {
            RoomEvent::Attendance(attendance) => {
                if let Some(session) = self.sessions.by_room(&attendance.room_id) {
                    self.ledger.attendance(
                        &session,
                        &attendance.user_id,
                        attendance.connected,
                        attendance.at_ms,
                    );
                }
            }
            RoomEvent::Said { room_id, user_id } => {
                if let Some(session) = self.sessions.by_room(&room_id) {
                    self.ledger.said(&session, &user_id);
                }
            }
            RoomEvent::Kept { room_id, message } => {
                if let Some(session) = self.sessions.by_room(&room_id) {
                    self.ledger.keep_message(&session, message);
                }
            }
            RoomEvent::Marked { room_id, change } => {
                if let Some(session) = self.sessions.by_room(&room_id) {
                    self.ledger.marked(&session, change);
                }
            }
            // Without a lock people may come back: the session goes on.
            RoomEvent::Ended { locked: false, .. } => {}
            RoomEvent::Ended {
                room_id,
                user_id,
                reason,
                at_ms,
                ..
            } => {
                let app = self.clone();
                // Waits for the database: the next events must not.
                tokio::spawn(async move {
                    let Some(session) = app.sessions.by_room(&room_id) else {
                        return;
                    };
                    let ended = app
                        .sessions
                        .end(&session, Some(&user_id), &reason, true, at_ms)
                        .await;
                    if let Err(error) = ended {
                        tracing::error!(session = %session.id, %error, "an ended room's session was not ended");
                    }
                });
            }
        }
    }

    /// Ends abandoned sessions and frees memory, until `stop`.
    pub(crate) async fn tidy(self: Arc<Self>, stop: CancellationToken) {
        let pause = self
            .settings
            .watch
            .abandoned_after
            .clamp(TIDY_AT_MOST_EVERY, TIDY_EVERY);
        self.sessions.resume_ends().await;
        let mut swept: Option<tokio::time::Instant> = None;
        loop {
            if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
                swept = Some(tokio::time::Instant::now());
                self.sweep_disk().await;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => self.tidy_once().await,
            }
        }
    }

    /// What nobody can use any more leaves the disk.
    async fn sweep_disk(&self) {
        let now = self.clock.now_ms();
        let kept = millis(self.settings.room.messages_kept);
        let writes = vec![
            Write::ForgetTokens { before: now },
            Write::Chat(ChatWrite::Forget {
                before: now.saturating_sub(kept),
            }),
        ];
        if let Err(error) = self.db.commit(writes).await {
            tracing::warn!(%error, "expired tokens and old messages stay in the database for now");
        }
        let data = self.settings.data.clone();
        let age = self.settings.tokens.hms_token_ttl + SWEEP_EVERY;
        let sweep = move || FileArchive::remove_ended(&data, age, SystemTime::now());
        match tokio::task::spawn_blocking(sweep).await {
            Ok(Ok(0)) => {}
            Ok(Ok(rooms)) => tracing::info!(rooms, "rooms of ended sessions were removed"),
            Ok(Err(error)) => tracing::warn!(%error, "rooms of ended sessions stay for now"),
            Err(error) => tracing::error!(%error, "the sweep of rooms failed"),
        }
    }

    async fn tidy_once(&self) {
        let now = self.clock.now_ms();
        let abandoned_after = millis(self.settings.watch.abandoned_after);
        let before = now.saturating_sub(abandoned_after);
        for (session, left_at) in self.sessions.abandoned(before, now) {
            let reason = "the host has not been in the session for too long";
            let ended = self
                .sessions
                .end(&session, None, reason, false, left_at)
                .await;
            if let Err(error) = ended {
                tracing::error!(session = %session.id, %error, "an abandoned session was not ended");
            }
        }
        self.sessions
            .forget_ended(now.saturating_sub(KEEP_ENDED_MS))
            .await;
    }
}
