//! Opening an embedded server to the local network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use tokio::net::TcpListener;

/// How programs on other machines of the network reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Origins like `https://192.168.1.20:8788`, the likeliest first. Empty if this
    /// machine is in no network.
    pub addresses: Vec<String>,
    /// SHA-256 of the server's certificate, lower-case hex.
    pub pin: String,
}

/// Listens on all addresses of this machine.
pub(crate) async fn listen(port: u16) -> std::io::Result<TcpListener> {
    // On Linux and macOS the IPv6 listener takes IPv4 connections too.
    if cfg!(not(windows))
        && let Ok(listener) =
            TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await
    {
        return Ok(listener);
    }
    TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await
}

/// The https origins of this machine in its networks.
pub(crate) fn origins(port: u16) -> Vec<String> {
    let mut addresses = interface_addresses();
    let preferred = address_towards_the_internet();
    addresses.sort_by_key(|address| (Some(*address) != preferred, address.is_ipv6(), *address));
    addresses.dedup();
    addresses
        .into_iter()
        .map(|address| format!("https://{}", SocketAddr::new(address, port)))
        .collect()
}

pub(crate) fn interface_addresses() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces
            .iter()
            .filter(|interface| !is_inside_this_machine(&interface.name))
            .map(if_addrs::Interface::ip)
            .filter(|address| is_reachable(*address))
            .collect(),
        Err(error) => {
            tracing::warn!(%error, "the network interfaces cannot be listed");
            address_towards_the_internet().into_iter().collect()
        }
    }
}

/// The address that the system would use for connections to the internet. Nothing is sent.
fn address_towards_the_internet() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    is_reachable(address).then_some(address)
}

fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        // A link-local IPv6 address needs a scope, which means nothing elsewhere.
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

/// Networks of containers and virtual machines on this machine.
fn is_inside_this_machine(interface: &str) -> bool {
    [
        "docker", "br-", "veth", "virbr", "vboxnet", "vmnet", "lxc", "lxd", "podman", "cni",
    ]
    .iter()
    .any(|prefix| interface.starts_with(prefix))
}
