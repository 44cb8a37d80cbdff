//! The real app behind a plain browser, without its window: for tests of the UI and
//! for working on it.
//!
//! ```sh
//! cargo run --example browser_bridge        # prints an address; open it in a browser
//! ```
//!
//! It serves `ui/dist` on this machine and speaks to the page over one WebSocket:
//!
//! ```text
//! page → app   {"id":1,"command":"look_up","args":{…}}
//! app → page   {"id":1,"ok":…} | {"id":1,"error":{code,message}}
//!              {"channel":7,"event":…}
//! ```
//!
//! The address holds a token, so that no other page of this machine can get in. The
//! app's data is where `KULTI_DATA_DIR` says, else in a folder that goes when it ends.
#![allow(clippy::print_stdout)] // the address is this program's result

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use kulti_desktop::{
    app::{App, AppConfig},
    by_name::{self, Sink},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

/// Events that wait for the page; it is on the same machine.
const WAITING: usize = 4_096;

#[derive(Clone)]
struct Bridge {
    app: Arc<App>,
    token: Arc<str>,
    page: Arc<Path>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let temporary = tempfile::tempdir()?;
    let data_dir = std::env::var_os("KULTI_DATA_DIR")
        .map_or_else(|| temporary.path().join("data"), PathBuf::from);
    let app = App::open(AppConfig {
        log_dir: data_dir.join("logs"),
        downloads_dir: data_dir.join("Downloads"),
        data_dir,
        demo: false,
    })?;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/dist");
    let bridge = Bridge {
        app: app.clone(),
        token: uuid::Uuid::new_v4().to_string().into(),
        page: page.into(),
    };
    let token = bridge.token.clone();
    let routes = Router::new()
        .route("/bridge", get(open_bridge))
        .fallback(get(file))
        .with_state(bridge);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/?token={token}", listener.local_addr()?);
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop())
        .await?;
    app.close().await;
    Ok(())
}

/// Waits for the wish to end.
async fn stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A file of the page.
async fn file(State(bridge): State<Bridge>, request: Request) -> Response {
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let is_plain = |part: &str| !part.is_empty() && part != ".." && !part.contains(['\\', ':']);
    if !path.split('/').all(is_plain) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read(bridge.page.join(path)).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, media_type(path))], bytes).into_response(),
        Err(_) => (
            StatusCode::NOT_FOUND,
            "build the page first: cd ui && npm run build",
        )
            .into_response(),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[derive(Deserialize)]
struct Entrance {
    token: String,
}

/// Becomes the page's WebSocket, if it has the token.
async fn open_bridge(
    State(bridge): State<Bridge>,
    Query(entrance): Query<Entrance>,
    headers: HeaderMap,
    mut request: Request,
) -> Response {
    if *entrance.token != *bridge.token {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(stream) => {
                let io = TokioIo::new(stream);
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                if let Err(error) = serve(bridge.app, socket).await {
                    tracing::info!("the page is gone: {error:#}");
                }
            }
            Err(error) => tracing::warn!(%error, "no WebSocket came about"),
        }
    });
    let upgraded = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, upgraded).into_response()
}

#[derive(Deserialize)]
struct Call {
    id: u64,
    command: String,
    #[serde(default)]
    args: Value,
}

/// Runs commands until the page goes.
async fn serve<S>(app: Arc<App>, socket: WebSocketStream<S>) -> anyhow::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut to_page, mut from_page) = socket.split();
    let (outbox, mut waiting) = mpsc::channel::<Value>(WAITING);
    let writer = tokio::spawn(async move {
        while let Some(value) = waiting.recv().await {
            to_page.send(Message::text(value.to_string())).await?;
        }
        to_page.close().await
    });
    let events = outbox.clone();
    let sink: Sink = Arc::new(move |channel, event| {
        events
            .try_send(json!({"channel": channel, "event": event}))
            .is_ok()
    });
    while let Some(message) = from_page.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        let call: Call = serde_json::from_str(&text).context("not a command")?;
        let (app, sink, outbox) = (app.clone(), sink.clone(), outbox.clone());
        tokio::spawn(async move {
            let reply = match by_name::run(&app, &call.command, &call.args, &sink).await {
                Ok(answer) => json!({"id": call.id, "ok": answer}),
                Err(error) => json!({"id": call.id, "error": error}),
            };
            // An error says that the page is gone.
            drop(outbox.send(reply).await);
        });
    }
    writer.abort();
    Ok(())
}
