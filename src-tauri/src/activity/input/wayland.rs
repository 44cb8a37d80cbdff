//! Wayland's ext-idle-notify, from its second version on.
//!
//! The first version takes a player's wish to keep the screen on for input: a
//! playlist would keep an empty chair awake for ever.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop,
    protocol::{
        wl_registry::{self, WlRegistry},
        wl_seat::WlSeat,
    },
};
use wayland_protocols::ext::idle_notify::v1::client::{
    ext_idle_notification_v1::{self, ExtIdleNotificationV1},
    ext_idle_notifier_v1::ExtIdleNotifierV1,
};

use super::{Counter, IdleCounter, NoInput};
use crate::app::model::ActivitySourceName;

/// Without input for so long, a seat counts as idle. As short as the poll is long:
/// while it is not idle, the last input is less than one poll ago.
const QUIET: Duration = Duration::from_secs(1);

/// Seats beyond these are not followed; one is usual.
const SEATS: usize = 16;

/// What is known of all seats.
#[derive(Debug, Default)]
struct Seats {
    /// When each had its last input; none while there is some.
    last_input: HashMap<u32, Option<Instant>>,
    /// Why nothing is heard any more.
    ended: Option<String>,
}

struct IdleNotify {
    seats: Arc<Mutex<Seats>>,
}

impl IdleCounter for IdleNotify {
    fn name(&self) -> ActivitySourceName {
        ActivitySourceName::WaylandIdleNotify
    }

    fn idle(&mut self) -> Result<Duration, NoInput> {
        let seats = self.seats.lock();
        if let Some(reason) = &seats.ended {
            return Err(NoInput::because(reason));
        }
        let idle = seats.last_input.values().map(|last| match last {
            Some(at) => at.elapsed(),
            None => Duration::ZERO,
        });
        idle.min().ok_or(NoInput::because("there is no seat"))
    }
}

/// The state of the event queue.
struct Listener {
    seats: Arc<Mutex<Seats>>,
    notifier: Option<ExtIdleNotifierV1>,
    /// Seats that came before the notifier, by their names.
    waiting: Vec<(u32, WlSeat)>,
    notifications: HashMap<u32, ExtIdleNotificationV1>,
}

pub(super) fn open() -> Result<Counter, NoInput> {
    let connection = Connection::connect_to_env().map_err(NoInput::because)?;
    let mut queue = connection.new_event_queue();
    let handle = queue.handle();
    connection.display().get_registry(&handle, ());
    let seats = Arc::new(Mutex::new(Seats::default()));
    let mut listener = Listener {
        seats: seats.clone(),
        notifier: None,
        waiting: Vec::new(),
        notifications: HashMap::new(),
    };
    // Twice: what there is, then what was asked for it.
    for _ in 0..2 {
        queue.roundtrip(&mut listener).map_err(NoInput::because)?;
    }
    if listener.notifier.is_none() {
        return Err(NoInput::because("no ext-idle-notify of version 2"));
    }
    let thread = std::thread::Builder::new().name("wayland-idle".into());
    thread
        .spawn(move || listen(queue, listener))
        .map_err(NoInput::because)?;
    Ok(Box::new(IdleNotify { seats }))
}

fn listen(mut queue: EventQueue<Listener>, mut listener: Listener) {
    loop {
        if let Err(error) = queue.blocking_dispatch(&mut listener) {
            listener.seats.lock().ended = Some(error.to_string());
            return;
        }
        // Nobody asks any more.
        if Arc::strong_count(&listener.seats) == 1 {
            return;
        }
    }
}

impl Listener {
    fn follow(&mut self, name: u32, seat: WlSeat, handle: &QueueHandle<Self>) {
        let Some(notifier) = &self.notifier else {
            self.waiting.push((name, seat));
            return;
        };
        let quiet_ms = u32::try_from(QUIET.as_millis()).unwrap_or(u32::MAX);
        let notification = notifier.get_input_idle_notification(quiet_ms, &seat, handle, name);
        self.notifications.insert(name, notification);
        self.seats.lock().last_input.insert(name, None);
    }
}

impl Dispatch<WlRegistry, ()> for Listener {
    fn event(
        state: &mut Self,
        registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        match event {
            wl_registry::Event::Global {
                name,
                interface,
                version,
            } => {
                if interface == ExtIdleNotifierV1::interface().name && version >= 2 {
                    state.notifier = Some(registry.bind(name, 2, handle, ()));
                    for (name, seat) in std::mem::take(&mut state.waiting) {
                        state.follow(name, seat, handle);
                    }
                } else if interface == WlSeat::interface().name
                    && state.notifications.len() + state.waiting.len() < SEATS
                {
                    let seat = registry.bind(name, 1, handle, ());
                    state.follow(name, seat, handle);
                }
            }
            wl_registry::Event::GlobalRemove { name } => {
                state.waiting.retain(|(waiting, _)| *waiting != name);
                state.seats.lock().last_input.remove(&name);
                if let Some(notification) = state.notifications.remove(&name) {
                    notification.destroy();
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<ExtIdleNotificationV1, u32> for Listener {
    fn event(
        state: &mut Self,
        _: &ExtIdleNotificationV1,
        event: ext_idle_notification_v1::Event,
        seat: &u32,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        let last_input = match event {
            ext_idle_notification_v1::Event::Idled => Instant::now().checked_sub(QUIET),
            ext_idle_notification_v1::Event::Resumed => None,
            _ => return,
        };
        if let Some(known) = state.seats.lock().last_input.get_mut(seat) {
            *known = last_input;
        }
    }
}

delegate_noop!(Listener: ignore WlSeat);
delegate_noop!(Listener: ignore ExtIdleNotifierV1);
