//! The hour through the whole session core, as a device's driver would bring it there:
//! joining, losing the connection and coming back, heartbeats sent, lost and repeated.

use kulti_client::core::{
    Intent, SessionCore,
    io::{ConnectFailure, Input, Now, Output, StayConfig},
};
use kulti_protocol::{
    api::{HeartbeatRequest, HeartbeatResponse, WatchPolicy},
    signalling::{self, ClientFrame, PeerList, PolicyChange, Role, Room, ServerNotification},
};
use kulti_watch::IntervalSet;
use serde_json::json;

use super::{
    hour::{Device, Event, Moment},
    ours::{SERVER_MS, booted_ms, signal, since_joining},
};

/// The union of all heartbeats that arrived, of both devices, in ms since the laptop
/// joined.
///
/// # Errors
/// When a frame cannot be written.
pub(super) fn ledger(hour: &[Moment]) -> anyhow::Result<IntervalSet> {
    let mut ledger = IntervalSet::new();
    for device in [Device::Laptop, Device::Desktop] {
        let mut driver = Driver::new(device);
        for moment in hour.iter().filter(|moment| moment.device == device) {
            driver.live_until(moment.at_ms)?;
            driver.happens(moment.event)?;
        }
        ledger.merge(&driver.arrived);
    }
    Ok(since_joining(&ledger))
}

/// One device: its clocks, its network, its core.
struct Driver {
    core: SessionCore,
    device: Device,
    /// Ms since the laptop joined.
    at_ms: u64,
    /// How wrong the wall clock is.
    wall_error_ms: i64,
    online: bool,
    /// Since when the machine sleeps: nothing runs on it.
    asleep_since: Option<u64>,
    beats: u64,
    arrived: IntervalSet,
}

impl Driver {
    fn new(device: Device) -> Self {
        let at_ms = 0;
        // A wall clock that is seven seconds slow: server time is not to be had from it.
        let wall_error_ms = -7_000;
        Self {
            core: SessionCore::new(config(device), now(device, at_ms, wall_error_ms)),
            device,
            at_ms,
            wall_error_ms,
            online: true,
            asleep_since: None,
            beats: 0,
            arrived: IntervalSet::new(),
        }
    }

    /// Lets the core do what is due before `until_ms`.
    fn live_until(&mut self, until_ms: u64) -> anyhow::Result<()> {
        while self.asleep_since.is_none()
            && let Some(due) = self.core.deadline_ms()
            && due < booted_ms(self.device) + until_ms
        {
            self.at_ms = self.at_ms.max(due.saturating_sub(booted_ms(self.device)));
            self.input(Input::Tick)?;
        }
        self.at_ms = until_ms;
        Ok(())
    }

    fn happens(&mut self, event: Event) -> anyhow::Result<()> {
        let slept_ms = self.asleep_since.map_or(0, |since| self.at_ms - since);
        let heard = |event| signal(event, slept_ms).map(Input::Watch);
        match event {
            Event::Joined => self.input(Input::Start),
            Event::Left => self.input(Input::Intent(Intent::Leave)),
            Event::Offline => {
                self.online = false;
                let reason = "the network is gone".to_owned();
                self.input(Input::SocketClosed { reason })
            }
            Event::Online => {
                self.online = true;
                self.input(Input::Intent(Intent::RetryNow))
            }
            Event::WallClockJumps { by_ms } => {
                self.wall_error_ms += by_ms;
                Ok(())
            }
            Event::FellAsleep | Event::Suspended => {
                let done = heard(event).map_or(Ok(()), |input| self.input(input));
                self.asleep_since = Some(self.at_ms);
                done
            }
            Event::WokeUp | Event::Resumed => {
                self.asleep_since = None;
                heard(event).map_or(Ok(()), |input| self.input(input))
            }
            _ => heard(event).map_or(Ok(()), |input| self.input(input)),
        }
    }

    /// Hands something in, and does what the core wants done.
    fn input(&mut self, input: Input) -> anyhow::Result<()> {
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            for input in std::mem::take(&mut inputs) {
                let now = now(self.device, self.at_ms, self.wall_error_ms);
                self.core.handle(input, now);
                while let Some(output) = self.core.poll() {
                    self.carry_out(output, &mut inputs)?;
                }
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output, answers: &mut Vec<Input>) -> anyhow::Result<()> {
        match output {
            Output::Connect if self.online => {
                answers.push(Input::SocketOpened { takes_media: false });
                answers.push(told(&ServerNotification::PolicyChange(policy()))?);
            }
            Output::Connect => answers.push(Input::ConnectFailed(ConnectFailure {
                code: 0,
                message: "the network is gone".to_owned(),
                terminal: false,
            })),
            Output::Send(text) => {
                let frame = ClientFrame::parse(&text)?;
                let Some(id) = frame.id else {
                    // "I go on": the server shows that it knows this stay.
                    answers.push(told(&peer_list())?);
                    return Ok(());
                };
                let server_ms = SERVER_MS + self.at_ms;
                let result = json!({ "timestamp": server_ms });
                let text = signalling::response_ok(&id, result)?;
                answers.push(Input::SocketFrame(text));
                if frame.method == signalling::method::JOIN {
                    answers.push(told(&peer_list())?);
                }
            }
            Output::Heartbeat { sequence, request } => {
                let result = self.heartbeat(request);
                answers.push(Input::HeartbeatAnswered { sequence, result });
            }
            _ => {}
        }
        Ok(())
    }

    /// Of five heartbeats one is lost, and one arrives with its answer lost. None does
    /// without a network. But for the last: leaving is not tried again here.
    fn heartbeat(&mut self, request: HeartbeatRequest) -> Result<HeartbeatResponse, String> {
        self.beats += 1;
        let leaving = !request.is_active;
        let lost = self.beats % 5 == 1 && !leaving;
        if !self.online || lost {
            return Err("lost on the way".to_owned());
        }
        let intervals = request.intervals.unwrap_or_default();
        for [start, end] in &intervals {
            self.arrived
                .insert(start.cast_unsigned(), end.cast_unsigned());
        }
        if self.beats % 5 == 3 {
            return Err("the answer was lost".to_owned());
        }
        Ok(HeartbeatResponse {
            success: true,
            watch_duration_seconds: 0,
            estimated_credits: 0,
            timestamp: SERVER_MS + self.at_ms,
            acknowledged: Some(intervals),
        })
    }
}

fn now(device: Device, at_ms: u64, wall_error_ms: i64) -> Now {
    Now {
        boot_ms: booted_ms(device) + at_ms,
        wall_ms: (SERVER_MS + at_ms).saturating_add_signed(wall_error_ms),
    }
}

fn told(notification: &ServerNotification) -> anyhow::Result<Input> {
    Ok(Input::SocketFrame(notification.to_frame()?))
}

fn policy() -> PolicyChange {
    let role = Role {
        name: "viewer".to_owned(),
        ..Role::default()
    };
    PolicyChange {
        name: role.name.clone(),
        known_roles: [(role.name.clone(), role)].into(),
        plugins: serde_json::Map::new(),
        template_id: String::new(),
        app_data: std::collections::BTreeMap::new(),
    }
}

fn peer_list() -> ServerNotification {
    ServerNotification::PeerList(PeerList {
        peers: std::collections::BTreeMap::new(),
        room: Room::new("room", "s1", SERVER_MS),
    })
}

fn config(device: Device) -> StayConfig {
    StayConfig {
        session_id: "s1".to_owned(),
        title: "The hour".to_owned(),
        room_code: "VIBE-2K4F".to_owned(),
        share_link: String::new(),
        host_name: "Mara Okafor".to_owned(),
        started_at_ms: SERVER_MS,
        server: "https://example.org".to_owned(),
        peer_id: format!("{device:?}"),
        user_id: "learner".to_owned(),
        name: "Learner".to_owned(),
        role: "viewer".to_owned(),
        watch_policy: WatchPolicy::default(),
        media: None,
        server_counts_viewers: true,
        seed: 1,
    }
}
