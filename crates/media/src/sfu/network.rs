//! Sockets and addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::SfuError;

/// A keyframe for a hundred receivers is a burst of megabytes.
const BUFFER: usize = 4 * 1024 * 1024;

/// Where shard `index` listens.
pub(super) fn address(listen: SocketAddr, index: usize) -> Result<SocketAddr, SfuError> {
    let mut address = listen;
    if listen.port() != 0 {
        let port = u16::try_from(index)
            .ok()
            .and_then(|index| listen.port().checked_add(index));
        let Some(port) = port else {
            let reason = format!("there is no port for shard {index}");
            return Err(SfuError::Socket {
                address: listen,
                reason,
            });
        };
        address.set_port(port);
    }
    Ok(address)
}

/// A socket with large buffers. One for `[::]` takes IPv4 as well.
pub(super) fn open(address: SocketAddr) -> Result<UdpSocket, SfuError> {
    let open = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(address.ip() != IpAddr::V6(Ipv6Addr::UNSPECIFIED))?;
        }
        // The system grants what it allows.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        socket.bind(&address.into())?;
        Ok(UdpSocket::from(socket))
    };
    open().map_err(|error: std::io::Error| SfuError::Socket {
        address,
        reason: error.to_string(),
    })
}

/// The addresses that clients are given: those announced, else those of this machine that
/// the socket can be reached by. The loopback is only one where there is no other.
pub(super) fn candidates(local: SocketAddr, announced: &[IpAddr]) -> Vec<SocketAddr> {
    let addresses = if !announced.is_empty() {
        announced.to_vec()
    } else if local.ip().is_unspecified() {
        let takes = |ip: &IpAddr| ip.is_ipv4() || local.is_ipv6();
        let all: Vec<_> = if_addrs::get_if_addrs()
            .unwrap_or_default()
            .into_iter()
            .filter(|interface| !interface.is_link_local())
            .map(|interface| interface.ip())
            .filter(takes)
            .collect();
        let outside: Vec<_> = all.iter().copied().filter(|ip| !ip.is_loopback()).collect();
        if outside.is_empty() { all } else { outside }
    } else {
        vec![local.ip()]
    };
    addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, local.port()))
        .collect()
}

/// An address as it is meant: a socket that takes both families maps IPv4.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// An address as a socket of `local`'s family takes it.
pub(super) fn mapped(to: SocketAddr, local: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(to) if local.is_ipv6() => {
            SocketAddr::new(IpAddr::V6(to.ip().to_ipv6_mapped()), to.port())
        }
        _ => to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_take_ports_in_a_row_or_any() {
        let fixed: SocketAddr = "0.0.0.0:7000".parse().unwrap();
        assert_eq!(address(fixed, 2).unwrap().port(), 7002);
        let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
        assert_eq!(address(any, 2).unwrap().port(), 0);
        let last: SocketAddr = "0.0.0.0:65535".parse().unwrap();
        assert!(address(last, 1).is_err());
    }

    #[test]
    fn announced_addresses_replace_those_of_the_machine() {
        let local = "0.0.0.0:7000".parse().unwrap();
        let announced = ["203.0.113.7".parse().unwrap()];
        assert_eq!(
            candidates(local, &announced),
            ["203.0.113.7:7000".parse().unwrap()]
        );
        let own: SocketAddr = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(candidates(own, &[]), [own]);
        assert!(!candidates(local, &[]).is_empty());
    }

    #[test]
    fn mapped_addresses_come_back() {
        let local = "[::]:1".parse().unwrap();
        let v4: SocketAddr = "192.0.2.1:5".parse().unwrap();
        assert_eq!(canonical(mapped(v4, local)), v4);
        assert!(mapped(v4, local).is_ipv6());
    }
}
