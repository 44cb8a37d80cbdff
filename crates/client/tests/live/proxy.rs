//! A TCP proxy that a test puts between client and server, to be a bad network.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Everything passes.
    Good,
    /// Connections stay open, and nothing gets through, either way.
    Silent,
    /// Connections are cut, and new ones are cut at once.
    Down,
}

/// The proxy; it stops when it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    network: watch::Sender<Network>,
}

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (network, state) = watch::channel(Network::Good);
        let mut gone = state.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (client, _) = accepted.unwrap();
                        tokio::spawn(carry(client, server, state.clone()));
                    }
                    _ = closed(&mut gone) => return,
                }
            }
        });
        Self { address, network }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn carry(client: TcpStream, server: SocketAddr, state: watch::Receiver<Network>) {
    let mut is_down = state.clone();
    let mut gone = state.clone();
    let carried = async {
        let server = TcpStream::connect(server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        tokio::try_join!(
            pass(client_reads, server_writes, state.clone()),
            pass(server_reads, client_writes, state.clone()),
        )?;
        io::Result::Ok(())
    };
    tokio::select! {
        _ = carried => {}
        _ = is_down.wait_for(|network| *network == Network::Down) => {}
        () = closed(&mut gone) => {}
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<Network>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        if state
            .wait_for(|network| *network != Network::Silent)
            .await
            .is_err()
        {
            return Ok(());
        }
        to.write_all(&buffer[..count]).await?;
    }
}

/// Waits until the proxy is dropped.
async fn closed(state: &mut watch::Receiver<Network>) {
    while state.changed().await.is_ok() {}
}
