//! The floor: the same datagrams, sent and nothing else.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    PAUSE,
    participant::{FRAME_INTERVAL, PACKET, PACKETS},
};

/// What RTP, SRTP and the VP8 descriptor add.
const OVERHEAD: usize = 12 + 8 + 10;

/// The CPU time, as a share of a core, of a thread that sends one camera's packets to so
/// many receivers.
pub(super) fn cost(receivers: usize, time: Duration) -> anyhow::Result<f64> {
    let sockets = (0..receivers)
        .map(|_| UdpSocket::bind("127.0.0.1:0"))
        .collect::<Result<Vec<_>, _>>()?;
    let addresses = sockets
        .iter()
        .map(UdpSocket::local_addr)
        .collect::<Result<Vec<_>, _>>()?;
    for socket in &sockets {
        socket.set_nonblocking(true)?;
    }
    let worker = std::thread::spawn(move || send(&addresses, time));
    // A full socket would take datagrams for less than they cost.
    let mut drain = [0; 2_048];
    while !worker.is_finished() {
        for socket in &sockets {
            while socket.recv(&mut drain).is_ok() {}
        }
        std::thread::sleep(PAUSE);
    }
    worker.join().ok().context("the sender has failed")?
}

fn send(addresses: &[SocketAddr], time: Duration) -> anyhow::Result<f64> {
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    let datagram = [0; PACKET + OVERHEAD];
    let start = Instant::now();
    let mut next = start;
    while start.elapsed() < time {
        for _ in 0..PACKETS {
            for address in addresses {
                sender.send_to(&datagram, address)?;
            }
        }
        next += FRAME_INTERVAL;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(on_cpu()? as f64 / 1e9 / start.elapsed().as_secs_f64())
}

/// CPU time of this thread up to its last sleep, in ns.
fn on_cpu() -> anyhow::Result<u64> {
    let line = fs::read_to_string("/proc/thread-self/schedstat")?;
    let spent = line.split(' ').next().context("an empty schedstat")?;
    Ok(spent.parse()?)
}
