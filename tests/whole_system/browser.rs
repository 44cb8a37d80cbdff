//! Chromium with the official SDK, through ChromeDriver.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse as _, routing::get};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    programs::{Program, free_port, repository},
    waiting::until,
};

/// A page with the official SDK on it.
pub(crate) struct SdkPage {
    name: String,
    client: Client,
    _driver: Program,
    _profile: TempDir,
    _pages: tokio::task::JoinHandle<()>,
}

impl SdkPage {
    /// Opens the page; it has not joined anything yet.
    pub(crate) async fn open(name: &str) -> Self {
        Self::open_with(name, &[]).await
    }

    /// With a camera that shows a moving figure on green, and a microphone that beeps; the
    /// page may use both.
    pub(crate) async fn open_with_devices(name: &str) -> Self {
        let devices = [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            "--autoplay-policy=no-user-gesture-required",
        ];
        Self::open_with(name, &devices).await
    }

    async fn open_with(name: &str, switches: &[&str]) -> Self {
        let (address, pages) = serve_pages().await;
        let profile = TempDir::new().expect("a folder");
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command
            .arg(format!("--port={port}"))
            // Chromium would wake a notification daemon on the bus that the windows share.
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = Program::start(&mut command);
        until("ChromeDriver answers", || async {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        let mut arguments = vec![
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &profile_argument,
        ];
        arguments.extend(switches);
        let capabilities = json!({
            "goog:chromeOptions": {"args": arguments},
            "timeouts": {"script": 60_000},
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        client
            .goto(&format!("{address}/page.html"))
            .await
            .expect("the page opens");
        let page = Self {
            name: name.to_owned(),
            client,
            _driver: driver,
            _profile: profile,
            _pages: pages,
        };
        assert_eq!(
            page.run("return typeof window.hms.actions.join").await,
            json!("function"),
            "the SDK is on the page"
        );
        page
    }

    /// Loads the page anew, as a person does who presses F5.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// Joins, and waits until the SDK says that it has.
    pub(crate) async fn join(&self, origin: &str, token: &str) {
        let answer = self.try_join(origin, token).await;
        assert_eq!(answer, json!("joined"), "{} joins", self.name);
    }

    /// Joins with camera and microphone on, where the role has them.
    pub(crate) async fn join_live(&self, origin: &str, token: &str) {
        let answer = self.try_join_muted(origin, token, false).await;
        assert_eq!(answer, json!("joined"), "{} joins", self.name);
    }

    /// Joins; "joined", or the SDK's error as text.
    pub(crate) async fn try_join(&self, origin: &str, token: &str) -> Value {
        self.try_join_muted(origin, token, true).await
    }

    async fn try_join_muted(&self, origin: &str, token: &str, muted: bool) -> Value {
        // The SDK splits its endpoint at "https://"; over plain http a fragment does it.
        let endpoint = format!("{origin}#https://x");
        self.run_async(
            "const [token, name, endpoint, muted] = arguments;
             await hms.actions.join({ userName: name, authToken: token, initEndpoint: endpoint,
               settings: { isAudioMuted: muted, isVideoMuted: muted } });
             await until(() => hms.store.getState(HMS.selectIsConnectedToRoom));
             return 'joined';",
            vec![
                json!(token),
                json!(self.name),
                json!(endpoint),
                json!(muted),
            ],
        )
        .await
    }

    /// Runs a script and returns what it returns.
    pub(crate) async fn run(&self, source: &str) -> Value {
        self.client
            .execute(source, vec![])
            .await
            .expect("the page answers")
    }

    /// Runs an async function's body, with `until(condition)` at hand. An exception
    /// comes back as its text, with its code.
    pub(crate) async fn run_async(&self, body: &str, arguments: Vec<Value>) -> Value {
        let source = format!(
            "const done = arguments[arguments.length - 1];
             const until = async (condition, ms = 50000) => {{
               const end = Date.now() + ms;
               for (;;) {{
                 const value = condition();
                 if (value) return value;
                 if (Date.now() > end) throw new Error('waited in vain: ' + condition);
                 await new Promise((resolve) => setTimeout(resolve, 30));
               }}
             }};
             (async function () {{ {body} }}).apply(null, [...arguments].slice(0, -1))
               .then((value) => done(value === undefined ? null : value),
                     (error) => done('error ' + (error.code || '') + ': ' + (error.description || error.message || error)));"
        );
        self.client
            .execute_async(&source, arguments)
            .await
            .unwrap_or_else(|error| panic!("{}'s page refuses a script: {error}", self.name))
    }

    /// Runs a body that must not fail.
    pub(crate) async fn does(&self, body: &str, arguments: Vec<Value>) -> Value {
        let answer = self.run_async(body, arguments).await;
        if let Some(error) = answer.as_str().filter(|text| text.starts_with("error ")) {
            let log = "return JSON.stringify(window.hms?.log?.slice(-20))";
            let log = self.client.execute(log, vec![]).await;
            panic!("{}: {error}; {log:?}", self.name);
        }
        answer
    }

    /// Closes the browser.
    pub(crate) async fn close(self) {
        let _ = self.client.close().await;
    }
}

/// Serves the built page on a port of its own.
async fn serve_pages() -> (String, tokio::task::JoinHandle<()>) {
    let folder = Arc::new(repository("tests/sdk/dist"));
    let file = |name: &'static str, kind: &'static str| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; `./kulti test` builds it", path.display())
        });
        get(move || {
            let bytes = bytes.clone();
            async move { ([(CONTENT_TYPE, kind)], bytes).into_response() }
        })
    };
    let router = Router::new()
        .route("/page.html", file("page.html", "text/html; charset=utf-8"))
        .route("/page.js", file("page.js", "text/javascript"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    (address, task)
}
