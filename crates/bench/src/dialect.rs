//! How each server wants to be spoken to: the little of its protocol that the load
//! generator needs. Received bytes are searched for markers and not parsed, so that
//! the generator costs the same for all and is not what is measured.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use kulti_protocol::{
    signalling::{self, Join, ListenMetadata, SetMetadata, method},
    token::{HmsKeys, TokenClaims},
};
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

/// Connects one participant and brings it to where it gets what others write.
pub(crate) async fn connect(peer: Peer, port: u16, number: usize) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    match peer {
        Peer::Tcp => {}
        Peer::Websocket => upgrade(&mut stream, "/").await?,
        Peer::SocketIo => {
            upgrade(&mut stream, "/socket.io/?EIO=4&transport=websocket").await?;
            read_until(&mut stream, b"pingInterval").await?;
            stream.write_all(&client_frame("40")).await?;
            read_until(&mut stream, b"40{").await?;
        }
        Peer::Kulti => join(&mut stream, number).await?,
    }
    Ok(stream)
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

async fn join(stream: &mut TcpStream, number: usize) -> anyhow::Result<()> {
    let keys = HmsKeys {
        access_key: BENCH_ACCESS_KEY.to_owned(),
        secret: BENCH_SECRET.to_owned(),
    };
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let user = format!("user-{number}");
    let role = if number == 0 { "host" } else { "viewer" };
    let token = TokenClaims::new("bench-room", &user, role, &user, now_s, 7_200).sign(&keys)?;
    let id = uuid::Uuid::new_v4();
    upgrade(
        stream,
        &format!("/ws?peer={id}&token={token}&protocol_version=2.5&protocol_spec=20250115"),
    )
    .await?;
    read_until(stream, b"\"on-policy-change\"").await?;
    let name = format!("Participant number {number}");
    let join = Join {
        name,
        ..Join::default()
    };
    stream
        .write_all(&client_frame(&signalling::request(
            "j",
            method::JOIN,
            join,
        )?))
        .await?;
    // The server may send the answer in several pieces; the list comes after it.
    read_until(stream, b"\"peer-list\"").await?;
    let listen = ListenMetadata {
        keys: vec![KEY.to_owned()],
    };
    stream
        .write_all(&client_frame(&signalling::request(
            "l",
            method::LISTEN_METADATA,
            listen,
        )?))
        .await?;
    Ok(())
}

async fn upgrade(stream: &mut TcpStream, path: &str) -> anyhow::Result<()> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte, so that nothing behind the head is swallowed.
        head.push(
            stream
                .read_u8()
                .await
                .context("the server closed during the upgrade")?,
        );
        if head.len() > 8_192 {
            bail!("the server's answer to the upgrade is too long");
        }
    }
    if !head.starts_with(b"HTTP/1.1 101") {
        bail!("upgrade refused: {}", String::from_utf8_lossy(&head));
    }
    Ok(())
}

async fn read_until(stream: &mut TcpStream, marker: &[u8]) -> anyhow::Result<()> {
    let mut seen = Vec::with_capacity(1_024);
    while !contains(&seen, marker) {
        let read = stream.read_buf(&mut seen).await?;
        if read == 0 {
            bail!(
                "the server closed before {:?}: {}",
                String::from_utf8_lossy(marker),
                String::from_utf8_lossy(&seen)
            );
        }
    }
    Ok(())
}

/// Whether `marker` stands in `bytes`.
pub(crate) fn contains(bytes: &[u8], marker: &[u8]) -> bool {
    find(bytes, marker).is_some()
}

/// Where `marker` first stands in `bytes`.
pub(crate) fn find(bytes: &[u8], marker: &[u8]) -> Option<usize> {
    let first = *marker.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|b| *b == first) {
        let start = from + at;
        if bytes.get(start..)?.starts_with(marker) {
            return Some(start);
        }
        from = start + 1;
    }
    None
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
