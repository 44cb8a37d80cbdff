//! A server that writes down what it is asked, and refuses.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ACCOUNT: &str = r#"{"user":{"id":"u1","display_name":"Mara"},"access_token":"a","refresh_token":"r","expires_at":9999999999999}"#;

pub(super) struct StrangeServer {
    pub(super) origin: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Starts of requests, and the bodies to answer with.
    answers: Arc<Mutex<Vec<(String, String)>>>,
}

impl StrangeServer {
    /// Refuses everything.
    pub(super) async fn start() -> Self {
        Self::answering(None).await
    }

    /// Makes accounts for whoever asks, and refuses everything else.
    pub(super) async fn that_knows_everyone() -> Self {
        Self::answering(Some(ACCOUNT)).await
    }

    async fn answering(account: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let (written, prepared) = (requests.clone(), answers.clone());
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let request = read_request(&mut caller).await;
                let body = account
                    .filter(|_| request.starts_with("POST /api/auth/"))
                    .map(str::to_owned)
                    .or_else(|| {
                        let prepared = prepared.lock();
                        let mut fitting = prepared.iter().filter(|(to, _)| request.starts_with(to));
                        fitting.next().map(|(_, body)| body.clone())
                    });
                written.lock().push(request);
                let (status, body) =
                    body.map_or(("403 Forbidden", "{}".to_owned()), |body| ("200 OK", body));
                let answer = format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                caller.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self {
            origin,
            requests,
            answers,
        }
    }

    /// From now on requests that start like this, with method and path, are answered.
    pub(super) fn answers(&self, to: &str, body: &serde_json::Value) {
        let to = format!("{to} ");
        self.answers.lock().push((to, body.to_string()));
    }

    /// Every request so far, heads and bodies.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().clone()
    }
}

/// A request whose body, if there is one, is one JSON object without a nested one.
async fn read_request(caller: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && (body.ends_with('}') || !head.to_lowercase().contains("content-length"))
        {
            return text.into_owned();
        }
        assert_ne!(caller.read_buf(&mut request).await.unwrap(), 0, "cut short");
    }
}
