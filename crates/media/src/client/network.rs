//! The UDP sockets: for each connection one at each address of this computer, so that a
//! server on it, in the same network or far away is reached in the same way.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::interface::Target;

/// More addresses are not used: each makes the checks of a connection longer.
const MOST_ADDRESSES: usize = 12;

/// Datagrams that may wait; later ones are dropped, as the network would.
const MOST_WAITING: usize = 1024;

/// Longer than any datagram that a media server sends.
const LONGEST: usize = 2048;

/// A datagram that came.
pub(super) struct Datagram {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) contents: Vec<u8>,
}

struct Socket {
    target: Target,
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    reader: JoinHandle<()>,
}

/// All sockets.
pub(super) struct Network {
    sockets: Vec<Socket>,
    came: mpsc::Sender<Datagram>,
}

impl Network {
    /// None yet. Datagrams come out of the receiver.
    pub(super) fn new() -> (Self, mpsc::Receiver<Datagram>) {
        let (came, receiver) = mpsc::channel(MOST_WAITING);
        (Self { sockets: Vec::new(), came }, receiver)
    }

    /// Opens sockets for addresses that are new and closes those of addresses that are gone;
    /// gives all there are, of the publish and of the subscribe connection.
    pub(super) fn refresh(&mut self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let here = addresses();
        self.sockets.retain(|socket| {
            let stays = here.contains(&socket.address.ip());
            if !stays {
                socket.reader.abort();
            }
            stays
        });
        for target in [Target::Publish, Target::Subscribe] {
            for &ip in &here {
                let is_there = |s: &Socket| s.target == target && s.address.ip() == ip;
                if self.sockets.iter().any(is_there) {
                    continue;
                }
                match self.open(target, ip) {
                    Ok(socket) => self.sockets.push(socket),
                    Err(error) => tracing::debug!(%error, "a socket for media"),
                }
            }
        }
        let (publish, subscribe): (Vec<_>, Vec<_>) =
            self.sockets.iter().partition(|socket| socket.target == Target::Publish);
        let addresses = |sockets: Vec<&Socket>| sockets.iter().map(|s| s.address).collect();
        (addresses(publish), addresses(subscribe))
    }

    /// Sends without waiting: what the system cannot take now is lost.
    pub(super) fn send(&self, source: SocketAddr, destination: SocketAddr, contents: &[u8]) {
        let socket = self.sockets.iter().find(|socket| socket.address == source);
        if let Some(socket) = socket {
            let _ = socket.socket.try_send_to(contents, destination);
        }
    }

    fn open(&self, target: Target, ip: IpAddr) -> std::io::Result<Socket> {
        let std_socket = std::net::UdpSocket::bind((ip, 0))?;
        std_socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(std_socket)?);
        let address = socket.local_addr()?;
        let (reading, came) = (Arc::clone(&socket), self.came.clone());
        let reader = tokio::task::spawn_local(async move {
            let mut buffer = vec![0; LONGEST];
            loop {
                // Errors are those of earlier sends (nobody listens there): ICE notices.
                let Ok((length, source)) = reading.recv_from(&mut buffer).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let contents = buffer[..length].to_vec();
                let _ = came.try_send(Datagram { source, destination: address, contents });
            }
        });
        Ok(Socket { target, address, socket, reader })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for socket in &self.sockets {
            socket.reader.abort();
        }
    }
}

/// The addresses of this computer, those of networks first.
fn addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|interface| interface.ip())
        // Without the interface's number these cannot be sent from.
        .filter(|ip| !matches!(ip, IpAddr::V6(ip) if is_link_local(*ip)))
        .collect();
    found.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    found.dedup();
    let loopback: Vec<_> = found.iter().copied().filter(IpAddr::is_loopback).collect();
    found.retain(|ip| !ip.is_loopback());
    found.truncate(MOST_ADDRESSES - loopback.len().min(2));
    found.extend(loopback.into_iter().take(2));
    found
}

fn is_link_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xffc0 == 0xfe80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_has_an_address_and_they_are_not_too_many() {
        let found = addresses();
        assert!(!found.is_empty() && found.len() <= MOST_ADDRESSES, "{found:?}");
        assert!(found.iter().any(IpAddr::is_loopback), "{found:?}");
    }

    #[test]
    fn link_local_addresses_are_told_from_others() {
        assert!(is_link_local("fe80::1".parse().unwrap()));
        assert!(is_link_local("febf::1".parse().unwrap()));
        assert!(!is_link_local("fec0::1".parse().unwrap()));
        assert!(!is_link_local("2001:db8::1".parse().unwrap()));
    }
}
