//! A server on a free port, and clients of it.

use std::{path::PathBuf, sync::LazyLock, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use kulti_protocol::api::{AuthResponse, GetTokenResponse, Session, SessionWatchResponse};
use kulti_server::{RunningServer, Server, Settings};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// Long enough for a loaded machine; nothing waits so long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct TestServer {
    pub server: RunningServer,
    pub data: tempfile::TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        Self::start_on(data, change).await
    }

    /// On a data folder that another server may have used.
    pub async fn start_on(data: tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::embedded(data.path());
        change(&mut settings);
        let server = Server::start(settings).await.unwrap();
        Self { server, data }
    }

    /// Stops it, and leaves the data folder.
    pub async fn stop(self) -> tempfile::TempDir {
        self.server.shutdown().await;
        self.data
    }

    pub fn database(&self) -> PathBuf {
        self.data.path().join("kulti.db")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.origin())
    }

    pub async fn guest(&self, name: &str) -> Client {
        let answer = send(
            client()
                .post(self.url("/api/auth/guest"))
                .json(&json!({"display_name": name})),
        )
        .await;
        let auth: AuthResponse = answer.expect(StatusCode::OK);
        self.client(auth)
    }

    pub fn client(&self, auth: AuthResponse) -> Client {
        Client {
            origin: self.server.origin().to_owned(),
            auth,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(client().get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(client().post(self.url(path)).json(&body)).await
    }
}

pub fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // The first one wins; all are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .timeout(PATIENCE)
            // Every test has a runtime of its own: connections must not outlive it.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    });
    CLIENT.clone()
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Client {
    pub origin: String,
    pub auth: AuthResponse,
}

impl Client {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client()
            .request(method, format!("{}{path}", self.origin))
            .bearer_auth(&self.auth.access_token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn create(&self, title: &str) -> Session {
        self.post("/api/sessions/create", json!({"title": title}))
            .await
            .expect(StatusCode::OK)
    }

    pub async fn join(&self, session: &Session) -> Answer {
        let path = format!("/api/sessions/{}/join", session.id);
        send(self.request(Method::POST, &path)).await
    }

    pub async fn books(&self, session: &Session) -> SessionWatchResponse {
        self.get(&format!("/api/sessions/{}/watch", session.id))
            .await
            .expect(StatusCode::OK)
    }

    /// The same person at another server, which has the same data.
    pub fn at(&self, origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            auth: self.auth.clone(),
        }
    }

    pub async fn end(&self, session: &Session) -> Answer {
        self.post("/api/sessions/end", json!({"sessionId": session.id}))
            .await
    }

    pub async fn token(&self, session: &Session) -> GetTokenResponse {
        self.post(
            "/api/hms/get-token",
            json!({"roomId": session.hms_room_id, "sessionId": session.id}),
        )
        .await
        .expect(StatusCode::OK)
    }

    pub async fn balance(&self) -> i64 {
        let answer: Value = self
            .get("/api/credits/balance")
            .await
            .expect(StatusCode::OK);
        answer["balance"].as_i64().unwrap()
    }

    /// Joins the session's room over the signalling connection.
    pub async fn enter(&self, session: &Session, peer_id: &str) -> Signalling {
        let token = self.token(session).await.token;
        Signalling::join(&self.origin, &token, peer_id, &self.auth.user.display_name).await
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn expect<T: serde::de::DeserializeOwned>(self, status: StatusCode) -> T {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_value(self.body).unwrap()
    }

    /// A refusal in the API's form.
    pub fn expect_refusal(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert!(
            self.body["error"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "a refusal says why: {}",
            self.body
        );
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

/// A signalling connection that has joined its room.
pub struct Signalling {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Signalling {
    pub async fn join(origin: &str, token: &str, peer_id: &str, name: &str) -> Self {
        let answer = send(
            client()
                .get(format!("{origin}/init?peer_id={peer_id}"))
                .bearer_auth(token),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let endpoint = answer.body["endpoint"].as_str().unwrap();
        let url = format!("{endpoint}?peer={peer_id}&token={token}");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut this = Self { socket };
        this.until(|frame| frame["method"] == "on-policy-change")
            .await;
        this.request("join", json!({"name": name, "data": ""}))
            .await;
        this
    }

    /// Sends a request that is answered with a result.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Sends a request, and gives the whole answer.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let request = json!({"id": method, "method": method, "jsonrpc": "2.0", "params": params});
        self.socket
            .send(Message::Text(request.to_string().into()))
            .await
            .unwrap();
        self.until(|frame| frame["id"] == method).await
    }

    /// Reads until a frame like this comes.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        tokio::time::timeout(PATIENCE, async {
            loop {
                match self.socket.next().await.unwrap().unwrap() {
                    Message::Text(text) => {
                        let frame: Value = serde_json::from_str(&text).unwrap();
                        if wanted(&frame) {
                            return frame;
                        }
                    }
                    Message::Close(close) => panic!("closed: {close:?}"),
                    _ => {}
                }
            }
        })
        .await
        .expect("the frame should have come")
    }

    pub async fn leave(mut self) {
        let leave = json!({"method": "leave", "params": {"client_reason": "user request"}});
        self.socket
            .send(Message::Text(leave.to_string().into()))
            .await
            .unwrap();
        self.socket.close(None).await.unwrap();
    }
}

/// Asks again until the answer is as wanted.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A number from `/metrics`.
pub async fn metric(server: &TestServer, name: &str) -> u64 {
    let answer = server.get("/metrics").await;
    let text = answer.body.as_str().unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap();
    line.parse().unwrap()
}

/// A moment that has passed by the server's clock too: that counts whole milliseconds from
/// a start that was rounded down, so it is behind the wall clock by two at most.
pub fn passed_ms() -> u64 {
    now_ms() - 2
}

pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
