//! The floor: length-prefixed frames over TCP, without JSON, WebSocket or roles.
//! What one connection sends goes to all others.

use std::{collections::HashMap, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

type Connections = Arc<Mutex<HashMap<u64, Arc<TcpStream>>>>;

/// As long as one of our join notices.
const JOIN_NOTICE: &[u8] = &[b'j'; 180];

/// Tells a newcomer that it is in, as the other servers do: connections that are opened
/// faster than a server takes them would wait for the kernel to try again after a second.
pub(crate) const WELCOME: &[u8] = b"\0\0\0\x07welcome";

pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    let connections = Connections::default();
    for number in 0.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        send_to_others(&connections, number, &framed(JOIN_NOTICE)).await;
        connections.lock().await.insert(number, stream.clone());
        stream.writable().await?;
        stream.try_write(WELCOME)?;
        tokio::spawn(read(connections.clone(), number, stream));
    }
    Ok(())
}

async fn read(connections: Connections, number: u64, stream: Arc<TcpStream>) {
    let mut buffer = Vec::new();
    loop {
        if stream.readable().await.is_err() {
            break;
        }
        match stream.try_read_buf(&mut buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        }
        while let Some(end) = frame_end(&buffer) {
            let frame: Vec<u8> = buffer.drain(..end).collect();
            send_to_others(&connections, number, &frame).await;
        }
    }
    connections.lock().await.remove(&number);
}

async fn send_to_others(connections: &Connections, sender: u64, frame: &[u8]) {
    for (_, stream) in connections
        .lock()
        .await
        .iter()
        .filter(|(n, _)| **n != sender)
    {
        let mut rest = frame;
        while !rest.is_empty() {
            match stream.try_write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    if stream.writable().await.is_err() {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
    }
}

/// A frame: its length as four bytes, big-endian, then the body.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

fn frame_end(buffer: &[u8]) -> Option<usize> {
    let length: [u8; 4] = buffer.get(..4)?.try_into().ok()?;
    let end = 4 + u32::from_be_bytes(length) as usize;
    (buffer.len() >= end).then_some(end)
}
