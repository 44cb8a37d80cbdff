//! A shard: a thread with a socket that drives a [`Core`].

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::core::{Core, Limits, Output, RoomKey};
use super::figures::{Counters, ShardFigures};
use super::{Command, Event, SfuError, network};

/// Commands that cost milliseconds (a handshake begins, descriptions are read): only so many
/// a turn, so that a rush of people does not hold up those who are there.
const HEAVY_COMMANDS: usize = 2;
/// Other commands a turn.
const COMMANDS: usize = 64;
/// Datagrams a turn.
const DATAGRAMS: usize = 128;
/// Longer than any that is taken.
const DATAGRAM: usize = 2048;
/// Connections that ask for the time at once must not let the thread spin.
const SHORTEST_WAIT: Duration = Duration::from_micros(500);
/// Should a wake-up call be lost.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// How often the CPU time is read.
const CPU_INTERVAL: Duration = Duration::from_secs(1);

enum Order {
    Open(RoomKey, UnboundedSender<Event>),
    Command(RoomKey, Command),
    Close(RoomKey),
}

/// A running shard. Stops and waits for its thread when dropped.
pub(super) struct Shard {
    handle: Arc<ShardHandle>,
    thread: Option<JoinHandle<()>>,
}

/// The way to a shard.
pub(super) struct ShardHandle {
    orders: Sender<Order>,
    /// Sends the shard's socket an empty datagram: the thread may be waiting at it.
    waker: UdpSocket,
    is_woken: Arc<AtomicBool>,
    must_stop: Arc<AtomicBool>,
    counters: Arc<Counters>,
    address: SocketAddr,
    /// Rooms that were given out, also those that the thread has not heard of yet.
    rooms: AtomicU64,
}

impl Shard {
    pub(super) fn start(
        listen: SocketAddr,
        announced: &[IpAddr],
        limits: Limits,
    ) -> Result<Self, SfuError> {
        let socket = network::open(listen)?;
        let failed = |error: std::io::Error| SfuError::Socket {
            address: listen,
            reason: error.to_string(),
        };
        let address = socket.local_addr().map_err(failed)?;
        let waker = waker(address).map_err(failed)?;
        let counters = Arc::new(Counters::default());
        let candidates = network::candidates(address, announced);
        tracing::info!(%address, ?candidates, "media are forwarded here");
        let core = Core::new(candidates, limits, Arc::clone(&counters)).ok_or(SfuError::Failed)?;
        let (orders, receiver) = channel();
        let is_woken = Arc::new(AtomicBool::new(false));
        let must_stop = Arc::new(AtomicBool::new(false));
        let driver = Driver {
            core,
            socket,
            local: address,
            waker: waker.local_addr().map_err(failed)?,
            orders: receiver,
            rooms: HashMap::new(),
            counters: Arc::clone(&counters),
            is_woken: Arc::clone(&is_woken),
            must_stop: Arc::clone(&must_stop),
        };
        let thread = std::thread::Builder::new()
            .name("sfu".to_owned())
            .spawn(move || driver.run())
            .map_err(failed)?;
        let handle = Arc::new(ShardHandle {
            orders,
            waker,
            is_woken,
            must_stop,
            counters,
            address,
            rooms: AtomicU64::new(0),
        });
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }

    pub(super) fn handle(&self) -> Arc<ShardHandle> {
        Arc::clone(&self.handle)
    }

    pub(super) fn figures(&self) -> ShardFigures {
        self.handle.counters.read()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.handle.address
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.handle.must_stop.store(true, Release);
        self.handle.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl ShardHandle {
    /// How much it has to do: peers, then rooms.
    pub(super) fn load(&self) -> (u64, u64) {
        (self.counters.peers.load(Relaxed), self.rooms.load(Relaxed))
    }

    pub(super) fn open(&self, key: RoomKey, events: UnboundedSender<Event>) {
        self.rooms.fetch_add(1, Relaxed);
        self.order(Order::Open(key, events));
    }

    pub(super) fn command(&self, key: RoomKey, command: Command) {
        self.order(Order::Command(key, command));
    }

    pub(super) fn close(&self, key: RoomKey) {
        self.rooms.fetch_sub(1, Relaxed);
        self.order(Order::Close(key));
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_ok() {
            self.wake();
        }
    }

    fn wake(&self) {
        if !self.is_woken.swap(true, AcqRel) {
            let _ = self.waker.send(&[]);
        }
    }
}

/// A socket that sends to `shard` from its own machine.
fn waker(shard: SocketAddr) -> std::io::Result<UdpSocket> {
    let ip = match shard.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let waker = UdpSocket::bind(SocketAddr::new(ip, 0))?;
    waker.connect(SocketAddr::new(ip, shard.port()))?;
    waker.set_nonblocking(true)?;
    Ok(waker)
}

struct Driver {
    core: Core,
    socket: UdpSocket,
    local: SocketAddr,
    waker: SocketAddr,
    orders: Receiver<Order>,
    rooms: HashMap<RoomKey, UnboundedSender<Event>>,
    counters: Arc<Counters>,
    is_woken: Arc<AtomicBool>,
    must_stop: Arc<AtomicBool>,
}

impl Driver {
    fn run(mut self) {
        let mut buffer = vec![0; DATAGRAM];
        let mut cpu_at = Instant::now();
        while !self.must_stop.load(Acquire) {
            self.is_woken.store(false, Release);
            let has_more = self.obey();
            let now = Instant::now();
            self.core.time(now);
            self.flush();
            if now >= cpu_at {
                cpu_at = now + CPU_INTERVAL;
                self.counters.cpu_ns.store(thread_cpu_ns(), Relaxed);
            }
            let wait = if has_more { SHORTEST_WAIT } else { self.wait() };
            self.receive(&mut buffer, wait);
        }
        // Those who wait for an event learn that there will be none.
        self.rooms.clear();
    }

    fn wait(&self) -> Duration {
        let next = self.core.next_time();
        let wait = next.map(|at| at.saturating_duration_since(Instant::now()));
        wait.unwrap_or(LONGEST_WAIT)
            .clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }

    /// Does what rooms want. Gives whether there may be more.
    fn obey(&mut self) -> bool {
        let (mut count, mut heavy) = (0, 0);
        while count < COMMANDS && heavy < HEAVY_COMMANDS {
            count += 1;
            let now = Instant::now();
            match self.orders.try_recv() {
                Ok(Order::Open(key, events)) => {
                    self.rooms.insert(key, events);
                    self.core.open(key, now);
                }
                Ok(Order::Command(key, command)) => {
                    heavy += usize::from(matches!(
                        command,
                        Command::Join { .. } | Command::Publish { .. } | Command::Answer { .. }
                    ));
                    self.core.command(key, command, now);
                }
                Ok(Order::Close(key)) => {
                    self.core.close(key);
                    self.rooms.remove(&key);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return false,
            }
            self.flush();
        }
        true
    }

    /// Waits for a datagram, then takes all that are there.
    fn receive(&mut self, buffer: &mut [u8], wait: Duration) {
        // On some systems a wait of zero means one without end.
        let blocking = self
            .socket
            .set_nonblocking(false)
            .and_then(|()| self.socket.set_read_timeout(Some(wait.max(SHORTEST_WAIT))));
        if let Err(error) = blocking {
            tracing::error!(%error, "the media socket does not wait");
            std::thread::sleep(SHORTEST_WAIT);
        }
        let mut first = self.socket.recv_from(buffer);
        if self.socket.set_nonblocking(true).is_err() {
            return;
        }
        for _ in 0..DATAGRAMS {
            match first {
                Ok((length, source)) => {
                    let source = network::canonical(source);
                    if source != network::canonical(self.waker)
                        && let Some(datagram) = buffer.get(..length)
                    {
                        self.core.datagram(source, datagram, Instant::now());
                        self.flush();
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return;
                }
                // A receiver is gone: its system says so by ICMP, and ours tells it here.
                Err(_) => {}
            }
            first = self.socket.recv_from(buffer);
        }
    }

    fn flush(&mut self) {
        while let Some(output) = self.core.poll() {
            match output {
                Output::Send(to, datagram) => {
                    let to = network::mapped(to, self.local);
                    if self.socket.send_to(&datagram, to).is_err() {
                        self.counters.unsent.fetch_add(1, Relaxed);
                    }
                }
                Output::Tell(key, event) => {
                    if let Some(events) = self.rooms.get(&key) {
                        // The room may be gone; its order to close comes then.
                        let _ = events.send(event);
                    }
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let ns = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(ns).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn thread_cpu_ns() -> u64 {
    0
}
