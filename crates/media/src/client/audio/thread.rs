//! The thread that sound devices live on.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc as async_mpsc;

use super::capture::{Capture, Frame};
use super::driver::{AudioDriver, OnFailure, OpenDevice, Playout};
use crate::client::interface::{AudioDevices, DeviceFailure, Event};

/// Between attempts to open a device again.
const RETRY: Duration = Duration::from_secs(2);

/// What the thread is told.
pub(crate) enum Request {
    /// Other devices.
    Use(AudioDevices),
    /// Whether sound is played.
    Play(bool),
    /// Whether the microphone is open.
    Record(bool),
    /// Tell which devices there are.
    List,
    /// A device stopped working.
    Failed {
        input: bool,
        generation: u64,
        failure: DeviceFailure,
    },
    /// End.
    Stop,
}

/// Makes the driver on the thread where it stays.
pub type MakeDriver = Box<dyn FnOnce() -> Box<dyn AudioDriver> + Send>;

/// The thread's other end; it stops when this is dropped.
pub(crate) struct AudioThread {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl AudioThread {
    /// Starts it. Nothing is opened yet.
    pub(crate) fn start(
        make_driver: MakeDriver,
        playout: Playout,
        frames: async_mpsc::Sender<Frame>,
        events: async_mpsc::UnboundedSender<Event>,
    ) -> std::io::Result<Self> {
        let (requests, received) = channel();
        let own = requests.clone();
        let thread = std::thread::Builder::new()
            .name("sound devices".into())
            .spawn(move || {
                let mut devices = Devices {
                    driver: make_driver(),
                    chosen: AudioDevices::default(),
                    input: Slot::default(),
                    output: Slot::default(),
                    playout,
                    frames,
                    events,
                    requests: own,
                };
                devices.run(&received);
            })?;
        Ok(Self {
            requests,
            thread: Some(thread),
        })
    }

    /// Never blocks.
    pub(crate) fn send(&self, request: Request) {
        let _ = self.requests.send(request);
    }
}

impl Drop for AudioThread {
    fn drop(&mut self) {
        self.send(Request::Stop);
        // Not waited for: a sound server that hangs must not hang the program's end.
        drop(self.thread.take());
    }
}

/// One direction.
#[derive(Default)]
struct Slot {
    wanted: bool,
    open: Option<Box<dyn OpenDevice>>,
    /// Counts openings, to tell a late failure of an earlier one.
    generation: u64,
    /// What was told last.
    failure: Option<DeviceFailure>,
}

struct Devices {
    driver: Box<dyn AudioDriver>,
    chosen: AudioDevices,
    input: Slot,
    output: Slot,
    playout: Playout,
    frames: async_mpsc::Sender<Frame>,
    events: async_mpsc::UnboundedSender<Event>,
    requests: Sender<Request>,
}

impl Devices {
    fn run(&mut self, received: &Receiver<Request>) {
        loop {
            match received.recv_timeout(RETRY) {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
                Ok(request) => self.take(request),
            }
            // With many requests in a row this tries more often than said: no harm.
            self.open(false);
            self.open(true);
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Use(chosen) => {
                if chosen.input != self.chosen.input {
                    self.input.open = None;
                }
                if chosen.output != self.chosen.output {
                    self.output.open = None;
                }
                self.chosen = chosen;
            }
            Request::Play(wanted) => self.slot(false).want(wanted),
            Request::Record(wanted) => self.slot(true).want(wanted),
            Request::List => {
                let (inputs, outputs) = self.driver.devices();
                let _ = self.events.send(Event::Devices { inputs, outputs });
            }
            Request::Failed {
                input,
                generation,
                failure,
            } => {
                if self.slot(input).generation == generation {
                    self.slot(input).open = None;
                    self.tell(input, failure);
                }
            }
            Request::Stop => {}
        }
    }

    fn slot(&mut self, input: bool) -> &mut Slot {
        if input {
            &mut self.input
        } else {
            &mut self.output
        }
    }

    fn open(&mut self, input: bool) {
        let slot = self.slot(input);
        if !slot.wanted || slot.open.is_some() {
            return;
        }
        slot.generation += 1;
        let generation = slot.generation;
        let chosen = if input {
            self.chosen.input.clone()
        } else {
            self.chosen.output.clone()
        };
        let mut outcome = self.open_one(input, generation, chosen.as_deref());
        // What was chosen is not there: better another one than none.
        if chosen.is_some()
            && let Err(failure) = outcome
        {
            self.tell(input, failure);
            outcome = self.open_one(input, generation, None);
        }
        match outcome {
            Ok(open) => {
                let slot = self.slot(input);
                slot.open = Some(open);
                if slot.failure.take().is_some() {
                    let _ = self.events.send(Event::AudioRestored { input });
                }
            }
            Err(failure) => self.tell(input, failure),
        }
    }

    fn open_one(
        &mut self,
        input: bool,
        generation: u64,
        id: Option<&str>,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let requests = self.requests.clone();
        let on_failure: OnFailure = Box::new(move |failure| {
            let _ = requests.send(Request::Failed {
                input,
                generation,
                failure,
            });
        });
        if input {
            self.driver
                .open_input(id, Capture::new(self.frames.clone()), on_failure)
        } else {
            self.driver
                .open_output(id, self.playout.clone(), on_failure)
        }
    }

    /// Tells a failure once, not at each attempt.
    fn tell(&mut self, input: bool, failure: DeviceFailure) {
        let slot = self.slot(input);
        if slot.failure.as_ref() != Some(&failure) {
            slot.failure = Some(failure.clone());
            let _ = self.events.send(Event::AudioFailed { input, failure });
        }
    }
}

impl Slot {
    fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
        if !wanted {
            self.open = None;
            self.failure = None;
        }
    }
}

#[cfg(test)]
mod tests;
