//! The local socket for pictures: one page, with a token that is good once.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{StatusCode, header::ORIGIN},
        protocol::WebSocketConfig,
    },
};
use uuid::Uuid;

use super::wire::{FromPage, HEADER, PICTURE_LIMIT, read_picture, read_text};

/// Where the app's own page comes from: as Linux and macOS, and as Windows serves it.
const ORIGINS: [&str; 2] = ["tauri://localhost", "http://tauri.localhost"];
/// The server of `tauri dev`.
const DEVELOPMENT: &str = "http://localhost:1420";
/// Whoever connects says so within this time.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How many may do so at once.
const HANDSHAKES: usize = 8;

/// What a page is told: texts and pictures, in order.
pub(super) type Outgoing = mpsc::Receiver<Message>;

/// Takes what pages say.
pub(super) trait Pages: Send + Sync + 'static {
    /// A page is there, in place of the one before: what it is told comes from here.
    fn came(&self) -> Outgoing;
    /// The page says something.
    fn said(&self, said: FromPage);
}

/// The socket. It is closed when this is dropped.
#[derive(Debug)]
pub(super) struct PictureSocket {
    address: SocketAddr,
    /// Of the page that is expected.
    token: Arc<Mutex<Option<String>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl PictureSocket {
    /// Opens it, on this computer alone.
    pub(super) async fn open(pages: Arc<dyn Pages>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let token = Arc::new(Mutex::new(None));
        let accepting = tokio::spawn(accept(listener, token.clone(), pages));
        Ok(Self {
            address,
            token,
            accepting,
        })
    }

    /// Its address with a fresh token, which is good once; those before are good no more.
    pub(super) fn url(&self) -> String {
        let token = Uuid::new_v4().simple().to_string();
        let url = format!("ws://{}/{token}", self.address);
        *self.token.lock() = Some(token);
        url
    }
}

impl Drop for PictureSocket {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, token: Arc<Mutex<Option<String>>>, pages: Arc<dyn Pages>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    let mut page: Option<tokio::task::AbortHandle> = None;
    let (opened, mut arrived) = mpsc::channel::<WebSocketStream<TcpStream>>(1);
    // Those who serve a page end with this task, since they are its children.
    let mut served = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            connected = listener.accept() => {
                let stream = match connected {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::debug!(%error, "a local connection could not be taken");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                };
                let Ok(permit) = handshakes.clone().try_acquire_owned() else {
                    continue; // closes it
                };
                let (token, opened) = (token.clone(), opened.clone());
                served.spawn(async move {
                    if let Ok(Some(socket)) =
                        tokio::time::timeout(HANDSHAKE, shake_hands(stream, &token)).await
                    {
                        drop(opened.send(socket).await);
                    }
                    drop(permit);
                });
            }
            Some(socket) = arrived.recv() => {
                if let Some(before) = page.take() {
                    before.abort();
                }
                page = Some(served.spawn(serve(socket, pages.clone())));
            }
            Some(_) = served.join_next(), if !served.is_empty() => {}
        }
    }
}

async fn shake_hands(
    stream: TcpStream,
    token: &Mutex<Option<String>>,
) -> Option<WebSocketStream<TcpStream>> {
    stream.set_nodelay(true).ok()?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(HEADER + PICTURE_LIMIT))
        .max_frame_size(Some(HEADER + PICTURE_LIMIT));
    #[allow(clippy::result_large_err, reason = "the library's own form")]
    let check = |request: &Request, response: Response| {
        if is_expected(request, token) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let shaken = accept_hdr_async_with_config(stream, check, Some(config)).await;
    shaken.ok()
}

/// Whether this is the app's own page, with the token that it was given. Uses up the token.
fn is_expected(request: &Request, token: &Mutex<Option<String>>) -> bool {
    let origin = request.headers().get(ORIGIN);
    let origin = origin.and_then(|origin| origin.to_str().ok());
    let is_own = origin.is_some_and(|origin| {
        ORIGINS.contains(&origin) || (cfg!(debug_assertions) && origin == DEVELOPMENT)
    });
    if !is_own {
        tracing::warn!(origin, "somebody else came to the socket for pictures");
        return false;
    }
    let given = request.uri().path().trim_start_matches('/');
    token
        .lock()
        .take_if(|expected| same(expected.as_bytes(), given.as_bytes()))
        .is_some()
}

/// In the same time whatever differs.
fn same(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len()
        && expected
            .iter()
            .zip(given)
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
}

async fn serve(socket: WebSocketStream<TcpStream>, pages: Arc<dyn Pages>) {
    let (mut sink, mut stream) = socket.split();
    let mut outgoing = pages.came();
    let write = async {
        while let Some(message) = outgoing.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            let said = match &message {
                Message::Text(text) => read_text(text),
                Message::Binary(picture) => read_picture(picture),
                Message::Close(_) => return,
                _ => continue,
            };
            match said {
                Some(said) => pages.said(said),
                None => tracing::debug!("the page said what cannot be read"),
            }
        }
    };
    tokio::select! {
        () = write => {}
        () = read => {}
    }
    tracing::debug!("the socket for pictures is closed");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio_tungstenite::{
        connect_async,
        tungstenite::{Error, client::IntoClientRequest},
    };

    use super::*;

    struct Recorder {
        said: mpsc::UnboundedSender<FromPage>,
        page: Mutex<Option<mpsc::Sender<Message>>>,
    }

    impl Pages for Recorder {
        fn came(&self) -> Outgoing {
            let (sender, outgoing) = mpsc::channel(1);
            sender.try_send(Message::text("hello")).unwrap();
            *self.page.lock() = Some(sender);
            outgoing
        }

        fn said(&self, said: FromPage) {
            self.said.send(said).unwrap();
        }
    }

    type Client = WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

    async fn connect(url: &str, origin: &str) -> Result<Client, Error> {
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert(ORIGIN, origin.parse().unwrap());
        connect_async(request).await.map(|(client, _)| client)
    }

    async fn open() -> (PictureSocket, mpsc::UnboundedReceiver<FromPage>) {
        let (said, heard) = mpsc::unbounded_channel();
        let page = Mutex::default();
        let socket = PictureSocket::open(Arc::new(Recorder { said, page })).await;
        (socket.unwrap(), heard)
    }

    #[tokio::test]
    async fn the_page_is_told_and_heard() {
        let (socket, mut heard) = open().await;
        let mut page = connect(&socket.url(), "tauri://localhost").await.unwrap();
        assert_eq!(
            page.next().await.unwrap().unwrap(),
            Message::text("hello")
        );
        page.send(Message::text("nonsense")).await.unwrap();
        let lost = r#"{"type":"lost","slot":3}"#;
        page.send(Message::text(lost)).await.unwrap();
        assert_eq!(heard.recv().await, Some(FromPage::Lost { slot: 3 }));
    }

    #[tokio::test]
    async fn nobody_else_gets_in() {
        let (socket, _heard) = open().await;
        let url = socket.url();
        assert!(connect(&url, "https://evil.example").await.is_err());
        assert!(connect(&url, "null").await.is_err());
        let wrong = format!("ws://{}/{}", socket.address, "0".repeat(32));
        assert!(connect(&wrong, "tauri://localhost").await.is_err());
        let mut page = connect(&url, "tauri://localhost").await.unwrap();
        assert!(page.next().await.unwrap().is_ok());
        let again = connect(&url, "tauri://localhost").await;
        assert!(again.is_err(), "a token is good once");
    }

    #[tokio::test]
    async fn a_new_page_takes_the_place_of_the_old_one() {
        let (socket, _heard) = open().await;
        let mut old = connect(&socket.url(), "tauri://localhost").await.unwrap();
        old.next().await.unwrap().unwrap();
        let mut new = connect(&socket.url(), "tauri://localhost").await.unwrap();
        new.next().await.unwrap().unwrap();
        let end = old.next().await;
        assert!(end.is_none_or(|message| message.is_err()), "closed");
    }

    #[tokio::test]
    async fn too_long_a_message_ends_the_connection() {
        let (socket, _heard) = open().await;
        let mut page = connect(&socket.url(), "tauri://localhost").await.unwrap();
        page.next().await.unwrap().unwrap();
        let long = Message::binary(vec![2; HEADER + PICTURE_LIMIT + 1]);
        drop(page.send(long).await); // may be cut off while it is written
        while let Some(Ok(_)) = page.next().await {}
    }
}
