//! How each server wants to be spoken to: the little of its protocol that the load
//! generator needs. Received bytes are searched for markers and not parsed, so that
//! the generator costs the same for all and is not what is measured.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::bail;
use kulti_protocol::{
    signalling::{self, Join, ListenMetadata, SetMetadata, method},
    token::{HmsKeys, TokenClaims},
};
use memchr::memmem;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{plain_tcp, server_process::Peer};

pub(crate) const BENCH_ACCESS_KEY: &str = "bench";
pub(crate) const BENCH_SECRET: &str = "a secret of the benchmark, good for nothing else";

/// The value that is written: 150 bytes, with the time of sending after the marker.
pub(crate) const MARKER: &[u8] = b"sent@";
/// Digits of the time after the marker.
pub(crate) const STAMP_DIGITS: usize = 16;
const VALUE_BYTES: usize = 150;
const KEY: &str = "bench";

/// One participant.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    /// What came after the last thing that was waited for.
    pub(crate) unread: Vec<u8>,
}

/// Connects one participant and brings it to where it gets what others write.
pub(crate) async fn connect(peer: Peer, port: u16, number: usize) -> anyhow::Result<Connection> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let unread = Vec::new();
    let mut connection = Connection { stream, unread };
    match peer {
        Peer::Tcp => {
            connection.read_past(plain_tcp::WELCOME).await?;
        }
        Peer::Websocket => connection.upgrade("/").await?,
        Peer::SocketIo => {
            connection
                .upgrade("/socket.io/?EIO=4&transport=websocket")
                .await?;
            connection.read_past(b"pingInterval").await?;
            connection.write("40").await?;
            connection.read_past(b"40{").await?;
        }
        Peer::Kulti => connection.join(number).await?,
    }
    Ok(connection)
}

/// What is looked for to count the joins of others.
pub(crate) fn join_marker(peer: Peer) -> &'static [u8] {
    match peer {
        Peer::Tcp => b"\x00\x00\x00\xb4j",
        Peer::Websocket | Peer::Kulti => b"\"on-peer-join\"",
        Peer::SocketIo => b"[\"joined\"",
    }
}

/// One write of the writer, stamped with `now_micros`.
pub(crate) fn write(peer: Peer, now_micros: u64, number: u64) -> anyhow::Result<Vec<u8>> {
    let marker = std::str::from_utf8(MARKER)?;
    let mut value = format!("{marker}{now_micros:0width$} ", width = STAMP_DIGITS);
    while value.len() < VALUE_BYTES {
        value.push('x');
    }
    Ok(match peer {
        Peer::Tcp => plain_tcp::framed(value.as_bytes()),
        Peer::Websocket => client_frame(&json!({"key": KEY, "data": value}).to_string()),
        Peer::SocketIo => client_frame(&format!("42{}", json!(["set", value]))),
        Peer::Kulti => client_frame(&signalling::request(
            &format!("w{number}"),
            method::SET_METADATA,
            SetMetadata {
                key: KEY.to_owned(),
                data: json!(value),
                if_change_version: None,
            },
        )?),
    })
}

/// What keeps an otherwise silent connection alive.
pub(crate) fn keep_alive(peer: Peer) -> anyhow::Result<Option<Vec<u8>>> {
    Ok(match peer {
        Peer::Tcp | Peer::Websocket => None,
        Peer::SocketIo => Some(client_frame("3")),
        Peer::Kulti => Some(client_frame(&signalling::request(
            "p",
            method::PING,
            json!({"timestamp": 0}),
        )?)),
    })
}

impl Connection {
    /// Joins a room of ours with a token that its server gave out.
    pub(crate) async fn with_token(port: u16, token: &str, name: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let unread = Vec::new();
        let mut connection = Self { stream, unread };
        connection.enter(token, name).await?;
        Ok(connection)
    }

    async fn join(&mut self, number: usize) -> anyhow::Result<()> {
        let keys = HmsKeys {
            access_key: BENCH_ACCESS_KEY.to_owned(),
            secret: BENCH_SECRET.to_owned(),
        };
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let user = format!("user-{number}");
        let role = if number == 0 { "host" } else { "viewer" };
        let token = TokenClaims::new("bench-room", &user, role, &user, now_s, 7_200).sign(&keys)?;
        self.enter(&token, &format!("Participant number {number}"))
            .await?;
        let listen = ListenMetadata {
            keys: vec![KEY.to_owned()],
        };
        self.write(&signalling::request("l", method::LISTEN_METADATA, listen)?)
            .await
    }

    async fn enter(&mut self, token: &str, name: &str) -> anyhow::Result<()> {
        let id = uuid::Uuid::new_v4();
        self.upgrade(&format!(
            "/ws?peer={id}&token={token}&protocol_version=2.5&protocol_spec=20250115"
        ))
        .await?;
        self.read_past(b"\"on-policy-change\"").await?;
        let join = Join {
            name: name.to_owned(),
            ..Join::default()
        };
        self.write(&signalling::request("j", method::JOIN, join)?)
            .await?;
        // The server may send the answer in several pieces; the list comes after it.
        self.read_past(b"\"peer-list\"").await?;
        Ok(())
    }

    async fn write(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.stream.write_all(&client_frame(text)).await?)
    }

    async fn upgrade(&mut self, path: &str) -> anyhow::Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let head = self.read_past(b"\r\n\r\n").await?;
        if !head.starts_with(b"HTTP/1.1 101") {
            bail!("upgrade refused: {}", String::from_utf8_lossy(&head));
        }
        Ok(())
    }

    /// Reads up to the end of `marker`; what comes after it stays unread.
    async fn read_past(&mut self, marker: &[u8]) -> anyhow::Result<Vec<u8>> {
        let finder = memmem::Finder::new(marker);
        let mut searched = 0;
        loop {
            let from = searched.min(self.unread.len());
            if let Some(at) = self.unread.get(from..).and_then(|rest| finder.find(rest)) {
                let rest = self.unread.split_off(from + at + marker.len());
                return Ok(std::mem::replace(&mut self.unread, rest));
            }
            searched = self.unread.len().saturating_sub(marker.len());
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                bail!(
                    "the server closed before {:?}: {}",
                    String::from_utf8_lossy(marker),
                    String::from_utf8_lossy(&self.unread)
                );
            }
        }
    }
}

/// A masked text frame. The mask is zero: masking protects proxies, not this.
fn client_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}
