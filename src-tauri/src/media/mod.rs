//! Live media of one stay: its engine, which has sound and the connections, and the local
//! socket over which pictures go between engine and page. What is published and what is
//! wanted is decided in the session.

mod encoding;
mod slots;
mod socket;
#[cfg(target_os = "linux")]
pub(crate) mod webview;
mod wire;

use std::{
    io,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use kulti_client::{core::io::ShownTile, drivers::media::MediaPort};
use kulti_media::client::{
    Engine,
    audio::cpal_driver::CpalDriver,
    interface::{AudioDevices, Command, Event, Picture, Source, VideoSink},
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

use self::{
    encoding::Feed,
    slots::{Fate, Slots},
    socket::{Outgoing, Pages, PictureSocket},
    wire::{Captured, FromPage, ToPage},
};

/// Encoders are driven so often, which is no less than any of them needs.
const TICK: Duration = Duration::from_millis(33);
/// And the clock of sound is told so often.
const CLOCK: Duration = Duration::from_secs(1);
/// So many messages may wait for a page that does not read: some seconds' worth.
const QUEUE: usize = 1_024;

/// Media of one stay. The engine starts when the session wants it to, and stops with it.
pub(crate) struct StayMedia {
    shared: Arc<Shared>,
    /// Opened when the page asks for it.
    socket: tokio::sync::Mutex<Option<PictureSocket>>,
}

impl std::fmt::Debug for StayMedia {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StayMedia").finish_non_exhaustive()
    }
}

/// What engine, page and session all reach. No lock is held while another is taken, nor
/// while anything is waited for.
struct Shared {
    /// What times here are counted from.
    epoch: Instant,
    /// What the engine counts its times from: when it was started.
    sound_epoch: Mutex<Option<Instant>>,
    engine: Mutex<Option<Engine>>,
    devices: Mutex<AudioDevices>,
    /// Where the engine's words go.
    events: mpsc::UnboundedSender<Event>,
    view: Mutex<View>,
    shown: watch::Sender<Vec<ShownTile>>,
}

/// The page's side.
#[derive(Default)]
struct View {
    page: Option<mpsc::Sender<Message>>,
    slots: Slots,
    camera: Feed,
    screen: Feed,
}

impl View {
    fn feed(&mut self, source: Captured) -> &mut Feed {
        match source {
            Captured::Camera => &mut self.camera,
            Captured::Screen => &mut self.screen,
        }
    }

    fn send(&mut self, message: Message) {
        // One that has stood still for so long is cut off; it comes again when it can.
        if let Some(page) = &self.page
            && page.try_send(message).is_err()
        {
            tracing::debug!("the page is gone, or does not read");
            self.page = None;
        }
    }

    fn tell(&mut self, message: &ToPage) {
        self.send(Message::text(message.text()));
    }

    /// Tells the page how to encode a source, if that has changed.
    fn tell_encoding(&mut self, source: Captured) {
        match self.feed(source).news(source) {
            Some(Some(encoding)) => self.tell(&ToPage::Encode { source, encoding }),
            Some(None) => self.tell(&ToPage::Stop { source }),
            None => {}
        }
    }
}

impl StayMedia {
    /// Media for a stay that is about to begin, and the session's end of them. Within a
    /// tokio runtime.
    pub(crate) fn new(devices: AudioDevices) -> (Arc<Self>, MediaPort) {
        let (events, from_engine) = mpsc::unbounded_channel();
        let (to_session, for_session) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            epoch: Instant::now(),
            sound_epoch: Mutex::default(),
            engine: Mutex::default(),
            devices: Mutex::new(devices.clone()),
            events,
            view: Mutex::default(),
            shown: watch::Sender::new(Vec::new()),
        });
        tokio::spawn(listen(Arc::downgrade(&shared), from_engine, to_session));
        tokio::spawn(tick(Arc::downgrade(&shared)));
        let ordered = shared.clone();
        let port = MediaPort {
            devices,
            commands: Box::new(move |command| ordered.order(command)),
            events: for_session,
        };
        let media = Self {
            shared,
            socket: tokio::sync::Mutex::default(),
        };
        (Arc::new(media), port)
    }

    /// The local socket's address with a token that is good once.
    pub(crate) async fn socket_url(&self) -> io::Result<String> {
        let mut socket = self.socket.lock().await;
        if let Some(socket) = &*socket {
            return Ok(socket.url());
        }
        let opened = PictureSocket::open(self.shared.clone()).await?;
        Ok(socket.insert(opened).url())
    }

    /// The pictures that can be seen, whenever that changes.
    pub(crate) fn shown(&self) -> watch::Receiver<Vec<ShownTile>> {
        self.shared.shown.subscribe()
    }
}

impl Shared {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn engine(&self, command: Command) {
        if let Some(engine) = &*self.engine.lock() {
            engine.send(command);
        }
    }

    /// What the session wants of the engine.
    fn order(self: &Arc<Self>, command: Command) {
        match &command {
            Command::Start => self.start_engine(),
            Command::Stop => return self.stop_engine(),
            Command::Devices(devices) => self.devices.lock().clone_from(devices),
            Command::Publish(source) => self.change_feed(*source, |feed| feed.muted(false)),
            Command::Mute(source, muted) => self.change_feed(*source, |feed| feed.muted(*muted)),
            Command::Unpublish(source) => self.change_feed(*source, Feed::unwanted),
            _ => {}
        }
        self.engine(command);
    }

    fn change_feed(&self, source: Source, change: impl FnOnce(&mut Feed)) {
        if let Some(source) = Captured::of(source) {
            let mut view = self.view.lock();
            change(view.feed(source));
            view.tell_encoding(source);
        }
    }

    fn start_engine(self: &Arc<Self>) {
        let mut engine = self.engine.lock();
        if engine.is_some() {
            return;
        }
        let sink = Sink {
            shared: Arc::downgrade(self),
        };
        let driver = Box::new(|| {
            let driver: Box<dyn kulti_media::client::audio::driver::AudioDriver> =
                Box::new(CpalDriver::new());
            driver
        });
        let devices = self.devices.lock().clone();
        let events = self.events.clone();
        *self.sound_epoch.lock() = Some(Instant::now());
        match Engine::start(devices, Box::new(sink), driver, events) {
            Ok(started) => *engine = Some(started),
            // The session waits for its offer a moment, and goes on without media.
            Err(error) => tracing::error!(%error, "no media"),
        }
    }

    fn stop_engine(&self) {
        for source in Captured::ALL {
            self.change_feed(source.into(), Feed::unwanted);
        }
        let engine = self.engine.lock().take();
        // Waits for its thread.
        std::thread::spawn(move || drop(engine));
    }

    fn ask_keyframe(&self, track_id: String) {
        self.engine(Command::Keyframe { track_id });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.get_mut().take() {
            std::thread::spawn(move || drop(engine));
        }
    }
}

/// Where the engine puts pictures. Called on its thread.
struct Sink {
    shared: Weak<Shared>,
}

impl VideoSink for Sink {
    fn opened(&mut self, track_id: &str) {
        if let Some(shared) = self.shared.upgrade() {
            let mut view = shared.view.lock();
            if let Some(message) = view.slots.opened(track_id) {
                view.tell(&message);
            }
        }
    }

    fn picture(&mut self, track_id: &str, picture: Picture, follows: bool) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let now = shared.now_ms();
        let ask = {
            let mut view = shared.view.lock();
            match view.slots.picture(track_id, &picture, follows, now) {
                Fate::Sent(message) => {
                    view.send(Message::binary(message));
                    false
                }
                // Without a page nobody sees it.
                Fate::Dropped { ask } => ask && view.page.is_some(),
            }
        };
        if ask {
            shared.ask_keyframe(track_id.to_owned());
        }
    }

    fn closed(&mut self, track_id: &str) {
        if let Some(shared) = self.shared.upgrade() {
            let mut view = shared.view.lock();
            if let Some(message) = view.slots.closed(track_id) {
                view.tell(&message);
            }
        }
    }
}

impl Pages for Shared {
    fn came(&self) -> Outgoing {
        let (page, outgoing) = mpsc::channel(QUEUE);
        let now = self.now_ms();
        let asked = {
            let mut view = self.view.lock();
            view.page = Some(page);
            view.camera.begin_anew();
            view.screen.begin_anew();
            let (told, asked) = view.slots.begin_anew(now);
            for message in &told {
                view.tell(message);
            }
            asked
        };
        self.tell_clock();
        for track_id in asked {
            self.ask_keyframe(track_id);
        }
        outgoing
    }

    fn said(&self, said: FromPage) {
        let now = self.now_ms();
        match said {
            FromPage::Shown(tiles) => {
                self.shown.send_replace(tiles);
            }
            FromPage::Painted {
                slot,
                sequence,
                waiting,
            } => {
                let asked = self.view.lock().slots.painted(slot, sequence, waiting, now);
                if let Some(track_id) = asked {
                    self.ask_keyframe(track_id);
                }
            }
            FromPage::Lost { slot } => {
                let asked = self.view.lock().slots.lost(slot, now);
                if let Some(track_id) = asked {
                    self.ask_keyframe(track_id);
                }
            }
            FromPage::Captured {
                source,
                width,
                height,
            } => self.change_feed(source.into(), |feed| feed.captured(width, height)),
            FromPage::Ended { source, reason } => {
                tracing::info!(?source, reason, "nothing is captured any more");
                self.view.lock().feed(source).ended();
            }
            FromPage::Picture {
                source,
                sequence,
                picture,
            } => {
                let follows = {
                    let mut view = self.view.lock();
                    let follows = view.feed(source).follows(sequence, picture.is_key);
                    if !follows {
                        view.tell(&ToPage::Keyframe { source });
                    }
                    follows
                };
                if follows {
                    self.engine(Command::Send(source.into(), picture));
                }
            }
        }
    }
}

impl Shared {
    fn tell_clock(&self) {
        let Some(epoch) = *self.sound_epoch.lock() else {
            return;
        };
        let at_us = u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.view.lock().tell(&ToPage::Clock { at_us });
    }
}

/// Hands on what the engine says: how to encode, to the page; all else, to the session.
async fn listen(
    shared: Weak<Shared>,
    mut from_engine: mpsc::UnboundedReceiver<Event>,
    to_session: mpsc::UnboundedSender<Event>,
) {
    while let Some(event) = from_engine.recv().await {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        match event {
            Event::Encode { source, bitrate } => {
                shared.change_feed(source, |feed| feed.wanted(bitrate));
            }
            Event::KeyframeWanted(source) => {
                if let Some(source) = Captured::of(source) {
                    shared.view.lock().tell(&ToPage::Keyframe { source });
                }
            }
            Event::NotPublished(source) => {
                shared.change_feed(source, Feed::unwanted);
                drop(to_session.send(event)); // an error says that the stay is over
            }
            event => drop(to_session.send(event)),
        }
    }
}

/// Drives encoders, whose timers the page may not be given while its window is hidden,
/// and tells the clock of sound.
async fn tick(shared: Weak<Shared>) {
    let mut clock_told: Option<Instant> = None;
    let mut period = CLOCK;
    loop {
        tokio::time::sleep(period).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if clock_told.is_none_or(|at| at.elapsed() >= CLOCK) {
            clock_told = Some(Instant::now());
            shared.tell_clock();
        }
        let mut view = shared.view.lock();
        let is_running = view.camera.is_running() || view.screen.is_running();
        if is_running {
            view.tell(&ToPage::Tick);
        }
        period = if is_running { TICK } else { CLOCK };
    }
}
