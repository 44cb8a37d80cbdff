//! The thread with a driver whose devices are plugged in and out by the test.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::*;
use crate::client::audio::Mixer;
use crate::client::interface::AudioDevice;

/// By name: whether it can be opened, and what to call when it fails.
#[derive(Default)]
struct Plugs {
    working: HashMap<String, bool>,
    open: Vec<(String, OnFailure)>,
}

struct VirtualDriver(Arc<Mutex<Plugs>>);

struct Opened;

impl OpenDevice for Opened {}

impl VirtualDriver {
    fn open(&self, id: Option<&str>, on_failure: OnFailure) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let mut plugs = self.0.lock();
        let name = id.unwrap_or("default").to_owned();
        match plugs.working.get(&name) {
            Some(true) => {
                plugs.open.push((name, on_failure));
                Ok(Box::new(Opened))
            }
            Some(false) => Err(DeviceFailure::Busy),
            None if id.is_none() => Err(DeviceFailure::None),
            None => Err(DeviceFailure::Gone),
        }
    }
}

impl AudioDriver for VirtualDriver {
    fn devices(&mut self) -> (Vec<AudioDevice>, Vec<AudioDevice>) {
        let device = |id: &String| AudioDevice { id: id.clone(), name: id.clone(), is_default: false };
        (Vec::new(), self.0.lock().working.keys().map(device).collect())
    }

    fn open_output(
        &mut self,
        id: Option<&str>,
        _: Playout,
        on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        self.open(id, on_failure)
    }

    fn open_input(
        &mut self,
        id: Option<&str>,
        _: Capture,
        on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        self.open(id, on_failure)
    }
}

fn start(working: &[(&str, bool)]) -> (AudioThread, Arc<Mutex<Plugs>>, async_mpsc::UnboundedReceiver<Event>) {
    let plugs = Arc::new(Mutex::new(Plugs::default()));
    plugs.lock().working.extend(working.iter().map(|(name, works)| ((*name).to_owned(), *works)));
    let (events, received) = async_mpsc::unbounded_channel();
    let (frames, _) = Capture::channel();
    let playout = Playout::new(Arc::new(Mutex::new(Mixer::new(Instant::now()))));
    let of_thread = Arc::clone(&plugs);
    let make = Box::new(move || Box::new(VirtualDriver(of_thread)) as Box<dyn AudioDriver>);
    (AudioThread::start(make, playout, frames, events).unwrap(), plugs, received)
}

fn failed(failure: DeviceFailure) -> Option<Event> {
    Some(Event::AudioFailed { input: false, failure })
}

#[test]
fn without_a_device_it_tells_so_once_and_plays_when_there_is_one() {
    let (audio, plugs, mut events) = start(&[]);
    audio.send(Request::Play(true));
    assert_eq!(events.blocking_recv(), failed(DeviceFailure::None));
    audio.send(Request::Play(true));
    plugs.lock().working.insert("default".into(), true);
    audio.send(Request::Play(true));
    assert_eq!(events.blocking_recv(), Some(Event::AudioRestored { input: false }));
}

#[test]
fn a_device_that_is_unplugged_is_told_and_the_default_takes_over() {
    let (audio, plugs, mut events) = start(&[("headset", true), ("default", true)]);
    audio.send(Request::Use(AudioDevices { input: None, output: Some("headset".into()) }));
    audio.send(Request::Play(true));
    audio.send(Request::List);
    assert!(matches!(events.blocking_recv(), Some(Event::Devices { .. })));
    let (name, mut on_failure) = plugs.lock().open.pop().unwrap();
    assert_eq!(name, "headset");
    plugs.lock().working.remove("headset");
    on_failure(DeviceFailure::Gone);
    assert_eq!(events.blocking_recv(), failed(DeviceFailure::Gone));
    assert_eq!(events.blocking_recv(), Some(Event::AudioRestored { input: false }));
    assert_eq!(plugs.lock().open.pop().unwrap().0, "default");
    // What an earlier device still says does not matter.
    on_failure(DeviceFailure::Gone);
    audio.send(Request::List);
    assert!(matches!(events.blocking_recv(), Some(Event::Devices { .. })));
}

#[test]
fn a_device_that_is_busy_is_told_as_such() {
    let (audio, _, mut events) = start(&[("default", false)]);
    audio.send(Request::Play(true));
    assert_eq!(events.blocking_recv(), failed(DeviceFailure::Busy));
}
