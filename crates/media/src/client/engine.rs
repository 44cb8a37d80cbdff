//! The thread that owns connections, sockets and the clock, and drives [`Core`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::audio::Mixer;
use super::audio::capture::{Capture, Frame};
use super::audio::driver::Playout;
use super::audio::thread::{AudioThread, MakeDriver, Request};
use super::core::{Core, Input, Output};
use super::interface::{AudioDevices, Command, Event, VideoSink};
use super::network::Network;

/// Pictures that may wait for the engine; later ones are dropped (and a keyframe is asked
/// for by whoever misses them).
const MOST_PICTURES: usize = 32;

/// The engine cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No thread, or no event loop in it.
    #[error("the media engine cannot be started: {0}")]
    Start(#[from] std::io::Error),
}

/// Live video and audio of one participant. Stops when it is dropped.
pub struct Engine {
    commands: mpsc::UnboundedSender<Command>,
    pictures: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads; nothing is sent or opened before [`Command::Start`].
    ///
    /// `make_driver` makes what plays and records ([`super::audio::cpal_driver::CpalDriver`])
    /// on the thread where it stays. `sink` is called on the engine's thread.
    ///
    /// # Errors
    /// The system gives no threads or no event loop.
    pub fn start(
        devices: AudioDevices,
        sink: Box<dyn VideoSink>,
        make_driver: MakeDriver,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, EngineError> {
        let epoch = Instant::now();
        let (commands, received) = mpsc::unbounded_channel();
        let pictures = Arc::new(AtomicUsize::new(0));
        let mixer = Arc::new(Mutex::new(Mixer::new(epoch)));
        let (frames, recorded) = Capture::channel();
        let playout = Playout::new(Arc::clone(&mixer));
        let audio = AudioThread::start(make_driver, playout, frames, events.clone())?;
        audio.send(Request::Use(devices));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let waiting = Arc::clone(&pictures);
        let thread = std::thread::Builder::new()
            .name("media".into())
            .spawn(move || {
                let driver = Driver {
                    core: Core::new(epoch, mixer),
                    sink,
                    audio,
                    events,
                    waiting,
                };
                tokio::task::LocalSet::new().block_on(&runtime, driver.run(received, recorded));
            })?;
        Ok(Self {
            commands,
            pictures,
            thread: Some(thread),
        })
    }

    /// Never blocks. Pictures are dropped while too many wait.
    pub fn send(&self, command: Command) {
        if matches!(command, Command::Send(..)) {
            if self.pictures.load(Ordering::Relaxed) >= MOST_PICTURES {
                return;
            }
            self.pictures.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.commands.send(command);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        // The thread ends when the channel is closed; its last step is short.
        let (closed, _) = mpsc::unbounded_channel();
        self.commands = closed;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Driver {
    core: Core,
    sink: Box<dyn VideoSink>,
    audio: AudioThread,
    events: mpsc::UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Driver {
    async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut recorded: mpsc::Receiver<Frame>,
    ) {
        let (mut network, mut datagrams) = Network::new();
        loop {
            let deadline = self.core.deadline(Instant::now());
            // Sleeping is coarse: a deadline that has passed must not become a busy loop.
            let deadline = deadline.max(Instant::now() + Duration::from_micros(200));
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    self.command(command, &mut network);
                }
                Some(datagram) = datagrams.recv() => {
                    let input = Input::Packet {
                        source: datagram.source,
                        destination: datagram.destination,
                        contents: &datagram.contents,
                    };
                    self.core.handle(input, Instant::now());
                }
                Some(frame) = recorded.recv() => {
                    self.core.handle(Input::Microphone(&frame), Instant::now());
                }
                () = tokio::time::sleep_until(deadline.into()) => {
                    self.core.handle(Input::Timeout, Instant::now());
                }
            }
            while let Some(output) = self.core.poll() {
                self.output(output, &network);
            }
        }
    }

    fn command(&mut self, command: Command, network: &mut Network) {
        match &command {
            Command::Send(..) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            // Where ICE begins (again) the network may have changed.
            Command::Start | Command::RestartIce | Command::Offered { .. } => {
                let (publish, subscribe) = network.refresh();
                self.core
                    .handle(Input::Addresses { publish, subscribe }, Instant::now());
            }
            _ => {}
        }
        self.core.handle(Input::Command(command), Instant::now());
    }

    fn output(&mut self, output: Output, network: &Network) {
        match output {
            Output::Transmit {
                source,
                destination,
                contents,
            } => {
                network.send(source, destination, &contents);
            }
            Output::Event(event) => {
                let _ = self.events.send(event);
            }
            Output::Opened(track_id) => self.sink.opened(&track_id),
            Output::Picture {
                track_id,
                picture,
                follows,
            } => {
                self.sink.picture(&track_id, picture, follows);
            }
            Output::Closed(track_id) => self.sink.closed(&track_id),
            Output::Play(wanted) => self.audio.send(Request::Play(wanted)),
            Output::Record(wanted) => self.audio.send(Request::Record(wanted)),
            Output::Devices(devices) => self.audio.send(Request::Use(devices)),
            Output::ListDevices => self.audio.send(Request::List),
            Output::State | Output::Lost => {}
        }
    }
}
