//! A client that speaks the protocol as the SDK does.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::server::{TestServer, token};

/// How long anything may take that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An open socket.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    /// Notifications that came while something else was waited for.
    pub seen: VecDeque<Value>,
    next_id: u32,
}

pub async fn try_open(address: SocketAddr, peer: &str, token: &str) -> Result<Client, Error> {
    let stream = TcpStream::connect(address).await?;
    upgrade(stream, peer, token).await
}

/// A client whose socket takes little while nothing is read from it.
pub async fn open_narrow(address: SocketAddr, peer: &str, token: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let stream = socket.connect(address).await.unwrap();
    upgrade(stream, peer, token).await.unwrap()
}

async fn upgrade(stream: TcpStream, peer: &str, token: &str) -> Result<Client, Error> {
    let address = stream.peer_addr()?;
    let url = format!("ws://{address}/ws?peer={peer}&token={token}&protocol_version=2.5");
    let (socket, _) = client_async(url, stream).await?;
    Ok(Client {
        socket,
        seen: VecDeque::new(),
        next_id: 0,
    })
}

impl Client {
    pub async fn open(server: &TestServer, room: &str, peer: &str, role: &str) -> Self {
        let token = token(room, &format!("user-{peer}"), role);
        try_open(server.address, peer, &token).await.unwrap()
    }

    /// Opens and joins.
    pub async fn join(server: &TestServer, room: &str, peer: &str, role: &str) -> Self {
        let mut client = Self::open(server, room, peer, role).await;
        client.enter(peer).await;
        client
    }

    /// As a client that takes little while it does not read.
    pub async fn join_narrow(server: &TestServer, room: &str, peer: &str) -> Self {
        let token = token(room, &format!("user-{peer}"), "viewer");
        let mut client = open_narrow(server.address, peer, &token).await;
        client.enter(peer).await;
        client
    }

    async fn enter(&mut self, peer: &str) {
        self.notice("on-policy-change").await;
        let params = json!({"name": format!("Name {peer}"), "data": ""});
        assert_eq!(self.ok("join", params).await, json!({}));
    }

    pub async fn send(&mut self, frame: Value) {
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"method": method, "params": params})).await;
    }

    /// Sends a request and gives its id.
    pub async fn request(&mut self, method: &str, params: Value) -> String {
        self.next_id += 1;
        let id = format!("id-{}", self.next_id);
        self.send(json!({"method": method, "params": params, "id": id, "jsonrpc": "2.0"}))
            .await;
        id
    }

    /// The next frame; none if the connection has ended.
    pub async fn read(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("nothing came");
            match message? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The answer to a request; notifications before it are kept.
    pub async fn answer(&mut self, id: &str) -> Value {
        loop {
            let frame = self.read().await.expect("the connection has ended");
            if frame.get("id").and_then(Value::as_str) == Some(id) {
                return frame;
            }
            assert!(
                frame.get("id").is_none(),
                "an answer that nobody waits for: {frame}"
            );
            self.seen.push_back(frame);
        }
    }

    pub async fn ok(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        let answer = self.answer(&id).await;
        assert!(answer["result"].is_object(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub async fn refused(&mut self, method: &str, params: Value) -> u64 {
        let id = self.request(method, params).await;
        let answer = self.answer(&id).await;
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        assert!(answer["error"]["message"].is_string());
        answer["error"]["code"].as_u64().unwrap()
    }

    /// The params of the next notification of this method; others before it are dropped.
    pub async fn notice(&mut self, method: &str) -> Value {
        self.notice_where(method, |_| true).await
    }

    pub async fn notice_where(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = match self.seen.pop_front() {
                Some(frame) => frame,
                None => self.read().await.expect("the connection has ended"),
            };
            if frame["method"] == method && wanted(&frame["params"]) {
                return frame["params"].clone();
            }
        }
    }

    /// The next value of a key that fits.
    pub async fn value_where(&mut self, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let params = self.notice("on-metadata-change").await;
            let values = params["values"].as_array().unwrap();
            if let Some(value) = values
                .iter()
                .find(|v| v["key"] == key && wanted(&v["data"]))
            {
                return value.clone();
            }
        }
    }

    /// Everything up to the answer to a ping that is sent now: what had to come has come.
    pub async fn settled(&mut self) -> Vec<Value> {
        self.ok("ping", json!({"timestamp": 1})).await;
        self.seen.drain(..).collect()
    }

    /// Waits for the end of the connection. Gives the last frames.
    pub async fn ended(&mut self) -> Vec<Value> {
        let mut last: Vec<Value> = self.seen.drain(..).collect();
        while let Some(frame) = self.read().await {
            last.push(frame);
        }
        last
    }

    /// Cuts the connection without a word.
    pub fn cut(self) {
        drop(self.socket);
    }
}
