//! tokio-tungstenite as its own examples use it: defaults, a task and a channel for
//! each connection. What one connection sends goes to all others.

use std::{collections::HashMap, sync::Arc};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};
use tokio_tungstenite::tungstenite::Message;

type Connections = Arc<Mutex<HashMap<u64, mpsc::UnboundedSender<Message>>>>;

const JOIN_NOTICE: &str = r#"{"method":"on-peer-join","params":{"peer_id":"b6a5b7f0-7c4e-4c0e-9d0b-000000000000","role":"viewer","info":{"name":"A participant with a name","user_id":"user"}}}"#;

pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    let connections = Connections::default();
    for number in 0.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(connections.clone(), number, stream));
    }
    Ok(())
}

async fn connection(connections: Connections, number: u64, stream: TcpStream) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let (mut sink, mut source) = socket.split();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    send_to_others(&connections, number, &Message::text(JOIN_NOTICE)).await;
    connections.lock().await.insert(number, sender);
    tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
    });
    while let Some(Ok(message)) = source.next().await {
        if message.is_text() {
            send_to_others(&connections, number, &message).await;
        }
    }
    connections.lock().await.remove(&number);
}

async fn send_to_others(connections: &Connections, sender: u64, message: &Message) {
    for (_, connection) in connections
        .lock()
        .await
        .iter()
        .filter(|(n, _)| **n != sender)
    {
        let _ = connection.send(message.clone());
    }
}
