//! One WebRTC connection of the SFU, in RTP mode.
//!
//! The library panics on its own defects by policy. Each call into it is guarded, so that a
//! defect ends one connection ([`Happening::Failed`]) and not the thread that has hundreds.
//!
//! Its law: after each change [`Connection::poll`] must be called until it says
//! [`Polled::Wait`], before the next change.

mod factory;
mod negotiation;
mod packet;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use str0m::channel::ChannelId;
pub(crate) use str0m::media::Mid;
use str0m::media::Pt;
use str0m::net::{Protocol, Receive};
use str0m::rtp::Ssrc;
use str0m::stats::MediaEgressStats;
use str0m::{Event, IceConnectionState, Input, Output, Rtc};

pub(crate) use factory::Factory;
pub(crate) use negotiation::{Answered, NewSection};
pub(crate) use packet::{Numbers, Packet};

use super::mids::MidNumbers;
use negotiation::Pending;
use packet::Incoming;

/// The data channel of the protocol.
const CHANNEL: &str = "ion-sfu";

/// A connection. All of it is sans-IO.
pub(crate) struct Connection {
    /// `None` once it has failed.
    rtc: Option<Rtc>,
    local: Vec<SocketAddr>,
    numbers: MidNumbers,
    pending: Option<Pending>,
    incoming: HashMap<Ssrc, Incoming>,
    outgoing: HashMap<Mid, (Ssrc, Pt)>,
    /// Packets and requests to send again, as they were counted last.
    sent: HashMap<Mid, (u64, u64)>,
    channel: Option<ChannelId>,
    candidates: u32,
    failure_told: bool,
    #[cfg(test)]
    defect: bool,
}

/// What a connection has to say.
pub(crate) enum Polled {
    /// Send this.
    Send(SocketAddr, Vec<u8>),
    /// Take note of this.
    Happened(Happening),
    /// Nothing until then (or for good), unless something is done to it.
    Wait(Option<Instant>),
}

/// Something that happened in a connection.
pub(crate) enum Happening {
    /// ICE and DTLS are up, for the first time or again.
    Connected,
    /// Nothing is heard from the other side.
    Disconnected,
    /// It is of no use any more. The last thing that it says.
    Failed,
    /// The other side has added a section.
    Added(Mid),
    /// Media came.
    Packet(Box<Packet>),
    /// The receiver of this section cannot decode without a keyframe.
    KeyframeWanted(Mid),
    /// The data channel is open.
    ChannelOpen,
    /// A message came over the data channel.
    Message(Vec<u8>),
    /// What the receiver of one section reports.
    Report {
        /// Share of packets lost on the way, 0 to 1, also if they were made good.
        loss: f32,
        /// Round trip.
        rtt: Option<Duration>,
    },
}

impl Connection {
    /// Whether this datagram is for this connection.
    pub(crate) fn accepts(&self, source: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let (Some(rtc), Some(input)) = (&self.rtc, receive(&self.local, source, datagram, now))
        else {
            return false;
        };
        catch_unwind(AssertUnwindSafe(|| rtc.accepts(&input))).unwrap_or(false)
    }

    /// A datagram that it [accepts](Self::accepts).
    pub(crate) fn receive(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) {
        let Some(input) = receive(&self.local, source, datagram, now) else {
            return;
        };
        // Anybody can send a bad packet with a forged address: it ends nothing.
        if let Some(Err(error)) = guard(&mut self.rtc, |rtc| rtc.handle_input(input)) {
            tracing::debug!(%error, "a datagram was refused");
        }
    }

    /// The time that [`Polled::Wait`] gave has come.
    pub(crate) fn time(&mut self, now: Instant) {
        if let Some(Err(error)) = guard(&mut self.rtc, |rtc| rtc.handle_input(Input::Timeout(now)))
        {
            tracing::debug!(%error, "a media connection has failed");
            self.rtc = None;
        }
    }

    /// It is of no use any more; [`Happening::Failed`] follows.
    pub(crate) fn abandon(&mut self) {
        self.rtc = None;
    }

    /// Sends a text over the data channel. False if it is not open, or its receiver too slow.
    pub(crate) fn say(&mut self, text: &str) -> bool {
        let Some(id) = self.channel else { return false };
        guard(&mut self.rtc, |rtc| {
            rtc.channel(id)
                .is_some_and(|mut channel| channel.write(false, text.as_bytes()).unwrap_or(false))
        })
        .unwrap_or(false)
    }

    /// What it has to say next.
    pub(crate) fn poll(&mut self) -> Polled {
        loop {
            #[cfg(test)]
            let defect = std::mem::take(&mut self.defect);
            let output = guard(&mut self.rtc, |rtc| {
                #[cfg(test)]
                assert!(!defect, "a defect, for a test");
                rtc.is_alive().then(|| rtc.poll_output())
            });
            match output.flatten() {
                Some(Ok(Output::Timeout(at))) => return Polled::Wait(Some(at)),
                Some(Ok(Output::Transmit(transmit))) => {
                    return Polled::Send(transmit.destination, transmit.contents.into());
                }
                Some(Ok(Output::Event(event))) => {
                    if let Some(happening) = self.happening(event) {
                        return Polled::Happened(happening);
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "a media connection has failed");
                    self.rtc = None;
                }
                None if self.failure_told => return Polled::Wait(None),
                None => {
                    self.rtc = None;
                    self.failure_told = true;
                    return Polled::Happened(Happening::Failed);
                }
            }
        }
    }

    fn happening(&mut self, event: Event) -> Option<Happening> {
        Some(match event {
            Event::Connected => Happening::Connected,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                Happening::Disconnected
            }
            Event::IceConnectionStateChange(state) if state.is_connected() => {
                // The first time DTLS is still to come.
                if !self.rtc.as_ref().is_some_and(Rtc::is_connected) {
                    return None;
                }
                Happening::Connected
            }
            Event::MediaAdded(added) => Happening::Added(added.mid),
            Event::RtpPacket(packet) => Happening::Packet(Box::new(self.packet(packet)?)),
            Event::KeyframeRequest(request) => Happening::KeyframeWanted(request.mid),
            Event::ChannelOpen(id, label) if label == CHANNEL => {
                self.channel = Some(id);
                Happening::ChannelOpen
            }
            Event::ChannelData(data) if Some(data.id) == self.channel => {
                Happening::Message(data.data)
            }
            Event::MediaEgressStats(stats) => self.report(&stats)?,
            _ => return None,
        })
    }

    /// Receivers report what is missing in the end. What was lost and sent again is told by
    /// how often they asked for it.
    fn report(&mut self, stats: &MediaEgressStats) -> Option<Happening> {
        let last = self
            .sent
            .insert(stats.mid, (stats.packets, stats.nacks))
            .unwrap_or_default();
        let packets = stats.packets.saturating_sub(last.0);
        if packets == 0 {
            return None;
        }
        let asked_again = stats.nacks.saturating_sub(last.1) as f32 / packets as f32;
        let loss = stats.loss.unwrap_or(0.0).max(asked_again);
        Some(Happening::Report {
            loss,
            rtt: stats.rtt,
        })
    }

    /// Lets the next call into the library meet a defect.
    #[cfg(test)]
    pub(crate) fn plant_defect(&mut self) {
        self.defect = true;
    }
}

fn guard<T>(rtc: &mut Option<Rtc>, work: impl FnOnce(&mut Rtc) -> T) -> Option<T> {
    let alive = rtc.as_mut()?;
    if let Ok(value) = catch_unwind(AssertUnwindSafe(|| work(alive))) {
        return Some(value);
    }
    tracing::error!("a defect in the WebRTC library has ended a connection");
    // Its state may be anything: that it can be dropped is not sure either.
    if let Some(broken) = rtc.take() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
    }
    None
}

fn receive<'a>(
    local: &[SocketAddr],
    source: SocketAddr,
    datagram: &'a [u8],
    now: Instant,
) -> Option<Input<'a>> {
    // A socket does not say by which of its addresses it was reached. For ICE it must be
    // one that was announced, and of the same family.
    let destination = local
        .iter()
        .find(|address| address.is_ipv4() == source.is_ipv4())?;
    let receive = catch_unwind(|| Receive::new(Protocol::Udp, source, *destination, datagram).ok());
    Some(Input::Receive(now, receive.ok()??))
}
