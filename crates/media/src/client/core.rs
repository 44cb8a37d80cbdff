//! The engine without sockets, threads and clocks: commands, datagrams, sound and time go
//! in by [`Core::handle`]; what is to be done comes out of [`Core::poll`].

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::audio::{FRAME, Mixer};
use super::interface::{AudioDevices, Command, Event, Picture, Source, Target};
use super::publish::Publisher;
use super::subscribe::Subscriber;

/// Without anything due, time is looked at so often.
const IDLE: Duration = Duration::from_secs(1);

/// Something that goes in.
pub(super) enum Input<'a> {
    /// The session wants something.
    Command(Command),
    /// A datagram came.
    Packet {
        /// From there.
        source: SocketAddr,
        /// To this socket.
        destination: SocketAddr,
        /// What.
        contents: &'a [u8],
    },
    /// 20 ms of the microphone.
    Microphone(&'a [f32; FRAME]),
    /// The addresses of the sockets there are now, for each connection others: a server may
    /// have a single one for all, so that only ours tell its datagrams apart.
    Addresses {
        /// Of the publish connection.
        publish: Vec<SocketAddr>,
        /// Of the subscribe connection.
        subscribe: Vec<SocketAddr>,
    },
    /// Time passes.
    Timeout,
}

/// Something to be done.
#[derive(Debug)]
pub(super) enum Output {
    /// Send a datagram.
    Transmit {
        /// From this socket.
        source: SocketAddr,
        /// To there.
        destination: SocketAddr,
        /// What.
        contents: Vec<u8>,
    },
    /// Tell the session.
    Event(Event),
    /// Pictures of this track come.
    Opened(String),
    /// A picture.
    Picture {
        /// Of which track.
        track_id: String,
        /// What.
        picture: Picture,
        /// See [`super::interface::VideoSink::picture`].
        follows: bool,
    },
    /// No more pictures of this track.
    Closed(String),
    /// Whether sound is played.
    Play(bool),
    /// Whether the microphone is open.
    Record(bool),
    /// Use these devices.
    Devices(AudioDevices),
    /// Tell which devices there are.
    ListDevices,
    /// A connection is up; for [`Core`] itself.
    State,
    /// A connection is lost; for [`Core`] itself.
    Lost,
}

/// Outputs in order.
pub(super) type Outbox = VecDeque<Output>;

/// Both connections.
pub(super) struct Core {
    publish_addresses: Vec<SocketAddr>,
    subscribe_addresses: Vec<SocketAddr>,
    publisher: Publisher,
    subscriber: Subscriber,
    is_recording: bool,
    told_up: bool,
    out: Outbox,
}

impl Core {
    /// `epoch`: what the times of pictures are counted from. `mixer` is where sound goes.
    pub(super) fn new(epoch: Instant, mixer: Arc<Mutex<Mixer>>) -> Self {
        Self {
            publish_addresses: Vec::new(),
            subscribe_addresses: Vec::new(),
            publisher: Publisher::new(),
            subscriber: Subscriber::new(epoch, mixer),
            is_recording: false,
            told_up: false,
            out: Outbox::new(),
        }
    }

    /// Takes something.
    pub(super) fn handle(&mut self, input: Input<'_>, now: Instant) {
        match input {
            Input::Command(command) => self.command(command, now),
            Input::Packet { source, destination, contents } => {
                let connections = [self.publisher.connection(), self.subscriber.connection()];
                for connection in connections.into_iter().flatten() {
                    if connection.receive(source, destination, contents, now) {
                        break;
                    }
                }
            }
            Input::Microphone(frame) => self.publisher.record(frame, now, &mut self.out),
            Input::Addresses { publish, subscribe } => {
                self.publish_addresses = publish;
                self.subscribe_addresses = subscribe;
            }
            Input::Timeout => {}
        }
        self.publisher.timeout(now, &mut self.out);
        self.subscriber.timeout(now, &mut self.out);
        self.publisher.poll(now, &mut self.out);
        self.subscriber.poll(now, &mut self.out);
        let records = self.publisher.has(Source::Microphone);
        if records != std::mem::replace(&mut self.is_recording, records) {
            self.out.push_back(Output::Record(records));
        }
    }

    /// The next thing to do.
    pub(super) fn poll(&mut self) -> Option<Output> {
        loop {
            match self.out.pop_front()? {
                Output::State => {
                    let up = self.publisher.is_up() && self.subscriber.is_up();
                    if up && !std::mem::replace(&mut self.told_up, up) {
                        return Some(Output::Event(Event::Connected(true)));
                    }
                }
                Output::Lost => {
                    self.told_up = false;
                    return Some(Output::Event(Event::Connected(false)));
                }
                output => return Some(output),
            }
        }
    }

    /// When [`Input::Timeout`] is due.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        let deadlines = [self.publisher.deadline(), self.subscriber.deadline()];
        deadlines.into_iter().flatten().fold(now + IDLE, Instant::min)
    }

    fn command(&mut self, command: Command, now: Instant) {
        let out = &mut self.out;
        match command {
            Command::Start => {
                self.told_up = false;
                out.push_back(Output::Play(true));
                self.subscriber.start(&self.subscribe_addresses, now, out);
                self.publisher.start(&self.publish_addresses, now, out);
            }
            Command::Answered { sdp } => self.publisher.answered(&sdp, out),
            Command::Refused => self.publisher.refused(out),
            Command::Offered { sdp } => {
                self.subscriber.offered(&sdp, &self.subscribe_addresses, out);
            }
            Command::Trickle { target, candidate } => {
                let connection = match target {
                    Target::Publish => self.publisher.connection(),
                    Target::Subscribe => self.subscriber.connection(),
                };
                if let Some(connection) = connection {
                    connection.add_remote_candidate(&candidate);
                }
            }
            Command::Publish(source) => self.publisher.publish(source, out),
            Command::Unpublish(source) => self.publisher.unpublish(source, out),
            Command::Mute(source, muted) => self.publisher.mute(source, muted, now, out),
            Command::Send(source, picture) => self.publisher.send(source, picture, now, out),
            Command::Layers(layers) => self.subscriber.layers(layers, now, out),
            Command::Keyframe { track_id } => self.subscriber.keyframe(&track_id, now),
            Command::Devices(devices) => out.push_back(Output::Devices(devices)),
            Command::ListDevices => out.push_back(Output::ListDevices),
            Command::RestartIce => self.publisher.restart_ice(&self.publish_addresses, out),
            Command::Stop => {
                self.publisher.stop();
                self.subscriber.stop(out);
                self.told_up = false;
                out.push_back(Output::Play(false));
            }
        }
    }
}

#[cfg(test)]
mod tests;
