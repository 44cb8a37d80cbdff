//! The life of one bot.

use std::{sync::Arc, time::Duration};

use kulti_client::{
    core::{
        Intent,
        io::Announcement,
        view::{EndReason, ViewEvent},
    },
    drivers::{
        api::ApiError,
        feed::ViewStream,
        join::{JoinError, Server},
        stay::StayHandle,
    },
};
use kulti_protocol::room_code::RoomCode;
use kulti_watch::Signal;
use serde_json::json;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    console::Order,
    lively::{Lively, Mood},
    report::Report,
    telling::Told,
    voting::Voting,
};

/// A bot is awake: it shows a sign of life this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How often a bot tells how much it has watched, if it does.
const TRUTH: Duration = Duration::from_millis(500);
/// Tries at a server that does not answer or asks for patience, 1 s, 2 s … apart.
const TRIES: u32 = 5;

/// How a bot gets into the session.
pub(crate) enum Entrance {
    /// It starts the session, and tells the others the code.
    Host {
        title: String,
        code: watch::Sender<Option<RoomCode>>,
    },
    /// It joins, once there is a code.
    Join(watch::Receiver<Option<RoomCode>>),
}

/// One bot.
pub(crate) struct Participant {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) server: Server,
    pub(crate) entrance: Entrance,
    pub(crate) report: Report,
    /// Whether it tells what happens in the room.
    pub(crate) observes: bool,
    /// Whether it prints its whole view.
    pub(crate) views: bool,
    /// Whether it tells how much it has watched.
    pub(crate) truth: bool,
    /// The seed of its liveliness, if it has any.
    pub(crate) lively: Option<u64>,
    /// Lets a few in at a time.
    pub(crate) turnstile: Arc<Semaphore>,
}

/// What happens next in a stay.
enum Next {
    View(Option<Box<ViewEvent>>),
    Announced(Option<Announcement>),
    Ordered(Option<Order>),
    Mood,
    Vote,
    SignOfLife,
    Truth,
    Stop,
}

/// Why a stay is over.
enum Departure {
    /// For good.
    Gone,
    /// The bot comes back after this time.
    Away(Duration),
}

impl Participant {
    /// Lives until it is stopped or the session is over. Whether it was ever in the
    /// session.
    pub(crate) async fn live(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut stopped: watch::Receiver<bool>,
    ) -> bool {
        let mut lively = self.lively.map(Lively::new);
        let mut was_in = false;
        loop {
            let handle = tokio::select! {
                entered = self.enter() => entered,
                _ = stopped.wait_for(|s| *s) => return was_in,
            };
            let handle = match handle {
                Ok(handle) => handle,
                Err(error) => {
                    self.report.error(Some(self.index), &error.to_string());
                    return was_in;
                }
            };
            let mut told = Told::default();
            let departure = self
                .stay(&handle, &mut told, &mut lively, &mut orders, &mut stopped)
                .await;
            was_in |= told.has_joined();
            let reason = handle.ended().await;
            self.tell_truth(&handle, &mut told).await;
            self.report
                .event(Some(self.index), "left", json!({ "reason": reason }));
            handle.finished().await;
            let back = match departure {
                Departure::Away(time) => {
                    if let Some(lively) = &mut lively {
                        lively.come_back();
                    }
                    tokio::select! {
                        () = sleep(time) => true,
                        _ = stopped.wait_for(|s| *s) => false,
                    }
                }
                Departure::Gone if reason == EndReason::Left => {
                    tokio::select! {
                        back = ordered_back(&mut orders) => back,
                        _ = stopped.wait_for(|s| *s) => false,
                    }
                }
                Departure::Gone => false,
            };
            if !back {
                return was_in;
            }
        }
    }

    /// Joins or hosts, with patience.
    async fn enter(&mut self) -> Result<StayHandle, JoinError> {
        let mut tries = 1;
        loop {
            let patient = match self.try_to_enter().await {
                Err(JoinError::Api(error)) if error.is_transient() && tries < TRIES => error,
                other => return other,
            };
            tracing::info!(bot = self.index, error = %patient, "trying again");
            sleep(Duration::from_secs(tries.into())).await;
            tries += 1;
        }
    }

    async fn try_to_enter(&mut self) -> Result<StayHandle, JoinError> {
        let code = match &mut self.entrance {
            Entrance::Host { title, code } => {
                let _place = self.turnstile.acquire().await;
                let handle = self.server.host(title, false, &self.name).await?;
                let room_code = handle.config().room_code.clone();
                self.report.event(
                    Some(self.index),
                    "hosting",
                    json!({
                        "code": room_code,
                        "link": handle.config().share_link,
                        "session_id": handle.config().session_id,
                    }),
                );
                let parsed: Option<RoomCode> = room_code.parse().ok();
                code.send_replace(parsed.clone());
                if let Some(parsed) = parsed {
                    // After leaving it comes back to the same session.
                    self.entrance = Entrance::Join(watch::channel(Some(parsed)).1);
                }
                return Ok(handle);
            }
            Entrance::Join(code) => match code.wait_for(Option::is_some).await {
                Ok(code) => code.clone(),
                Err(_) => None,
            },
        };
        let code = code.ok_or_else(|| {
            JoinError::Api(ApiError::Unreadable {
                message: "the host's bot got no session to join".to_owned(),
            })
        })?;
        let _place = self.turnstile.acquire().await;
        self.server.join(&code, &self.name).await
    }

    async fn stay(
        &self,
        handle: &StayHandle,
        told: &mut Told,
        lively: &mut Option<Lively>,
        orders: &mut mpsc::Receiver<Order>,
        stopped: &mut watch::Receiver<bool>,
    ) -> Departure {
        let mut view: ViewStream = handle.subscribe();
        let mut announcements = handle.announcements();
        let mut departure = Departure::Gone;
        let mut next_mood = Instant::now() + lively.as_mut().map(Lively::pause).unwrap_or_default();
        let mut voting = self.lively.map(Voting::new);
        let mut next_sign = Instant::now() + SIGN_OF_LIFE;
        let mut next_truth = Instant::now();
        let mut obeys = true;
        let mut stays = true;
        loop {
            let next_vote = voting.as_ref().and_then(Voting::due_at);
            let next = tokio::select! {
                event = view.next() => Next::View(event.map(Box::new)),
                announced = announcements.recv() => match announced {
                    Ok(announcement) => Next::Announced(Some(announcement)),
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => Next::Announced(None),
                },
                order = orders.recv(), if obeys => Next::Ordered(order),
                () = sleep_until(next_mood), if stays && lively.is_some() => Next::Mood,
                () = sleep_until(next_vote.unwrap_or(next_sign)), if stays && next_vote.is_some() => {
                    Next::Vote
                }
                () = sleep_until(next_sign) => Next::SignOfLife,
                () = sleep_until(next_truth), if self.truth => Next::Truth,
                _ = stopped.wait_for(|s| *s), if stays => Next::Stop,
            };
            let done = match next {
                Next::View(None) | Next::Announced(None) => return departure,
                Next::View(Some(event)) => {
                    if let (Some(voting), ViewEvent::Polls(polls)) = (&mut voting, &*event) {
                        voting.look(polls, Instant::now());
                    }
                    self.tell(handle, told, &event);
                    Ok(())
                }
                Next::Announced(Some(announcement)) => {
                    self.tell_announcement(&announcement);
                    Ok(())
                }
                Next::Ordered(None) => {
                    obeys = false; // nobody gives orders (any more)
                    continue;
                }
                Next::Ordered(Some(order)) => match order {
                    Order::Act(intent) => handle.act(intent),
                    Order::Watch(signal) => handle.watch(signal),
                    Order::CutSocket => handle.cut_socket(),
                    Order::Rejoin => Ok(()), // it is here
                },
                Next::Mood => {
                    let Some(lively) = lively else { continue };
                    next_mood = Instant::now() + lively.pause();
                    match lively.next() {
                        Mood::Act(intent) => handle.act(intent),
                        Mood::Signal(signal) => handle.watch(signal),
                        Mood::GoAway(time) => {
                            departure = Departure::Away(time);
                            handle.act(Intent::Leave)
                        }
                    }
                }
                Next::Vote => match voting.as_mut().and_then(Voting::take) {
                    Some(vote) => handle.act(vote),
                    None => Ok(()),
                },
                Next::SignOfLife => {
                    next_sign = Instant::now() + SIGN_OF_LIFE;
                    handle.watch(Signal::Input)
                }
                Next::Truth => {
                    next_truth = Instant::now() + TRUTH;
                    self.tell_truth(handle, told).await;
                    Ok(())
                }
                Next::Stop => {
                    stays = false;
                    departure = Departure::Gone;
                    handle.act(Intent::Leave)
                }
            };
            if let Err(error) = done {
                self.report.error(Some(self.index), &error.to_string());
            }
        }
    }
}

/// Waits to be told to come back; false if nobody can tell any more.
async fn ordered_back(orders: &mut mpsc::Receiver<Order>) -> bool {
    while let Some(order) = orders.recv().await {
        if order == Order::Rejoin {
            return true;
        }
    }
    false
}
