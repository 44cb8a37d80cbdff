//! A kulti-server as its users run it: the binary, on a port of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::LazyLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::programs::{Program, binary};

/// A running server; killed when dropped.
pub(crate) struct TestServer {
    /// `http://127.0.0.1:PORT`
    pub(crate) origin: String,
    program: Option<Program>,
    settings: Vec<(String, String)>,
    data: TempDir,
}

/// A session, and the tokens of the one who started it.
pub(crate) struct TestSession {
    /// As the API gives it.
    pub(crate) session: Value,
    /// The host's bearer token.
    pub(crate) host: String,
    /// The host's account, as our clients keep it.
    pub(crate) host_account: String,
}

impl TestSession {
    /// The room code.
    pub(crate) fn code(&self) -> &str {
        self.session["room_code"]
            .as_str()
            .expect("a session has a code")
    }

    /// The 100ms room.
    pub(crate) fn room(&self) -> &str {
        self.session["hms_room_id"]
            .as_str()
            .expect("a session has a room")
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With settings as its environment has them, like `KULTI_IDLE_LIMIT`.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut server = Self {
            settings: settings.iter().map(owned).collect(),
            origin: String::new(),
            program: None,
            data: TempDir::new().expect("a folder"),
        };
        server.run("127.0.0.1:0");
        server
    }

    /// Ends the server as a deploy does, and starts it again on the same port and data.
    pub(crate) fn restart(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.signal("TERM");
            program.child().wait().expect("the server ends on TERM");
        }
        let address = self.origin.trim_start_matches("http://").to_owned();
        self.run(&address);
    }

    fn run(&mut self, listen: &str) {
        let mut command = Command::new(binary("kulti-server"));
        command
            .args(["serve", "--listen", listen, "--data"])
            .arg(self.data.path())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut program = Program::start(&mut command);
        let output = program.child().stdout.take().expect("its standard output");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a line");
        self.origin = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("the server said {line:?}"))
            .to_owned();
        self.program = Some(program);
    }

    /// A guest, with the tokens.
    async fn account(&self, name: &str) -> Value {
        self.post("/api/auth/guest", None, json!({"display_name": name}))
            .await
    }

    /// Starts a session without a window.
    pub(crate) async fn session(&self, title: &str) -> TestSession {
        let account = self.account("The host").await;
        let host = account["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let session = self
            .post("/api/sessions/create", Some(&host), json!({"title": title}))
            .await;
        TestSession {
            session,
            host,
            host_account: account.to_string(),
        }
    }

    /// The room of a live session, by its code.
    pub(crate) async fn room_of(&self, code: &str) -> String {
        let account = self.account("Who looks").await;
        let bearer = account["access_token"].as_str().expect("a token");
        let answer = http_client()
            .get(format!("{}/api/sessions/by-code/{code}", self.origin))
            .bearer_auth(bearer)
            .send()
            .await
            .expect("the server answers");
        let session: Value =
            serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        session["hms_room_id"].as_str().expect("a room").to_owned()
    }

    /// An auth token for the official SDK, minted as an operator would.
    pub(crate) fn hms_token(&self, room: &str, user: &str, role: &str) -> String {
        let output = Command::new(binary("kulti-server"))
            .args(["token", "--data"])
            .arg(self.data.path())
            .args(["--room", room, "--user", user, "--role", role])
            .output()
            .expect("kulti-server runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// Gets JSON; panics on a refusal.
    pub(crate) async fn get(&self, path: &str, bearer: &str) -> Value {
        let request = http_client()
            .get(format!("{}{path}", self.origin))
            .bearer_auth(bearer);
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Posts JSON and returns the answer's JSON; panics on a refusal.
    pub(crate) async fn post(&self, path: &str, bearer: Option<&str>, body: Value) -> Value {
        let mut request = http_client()
            .post(format!("{}{path}", self.origin))
            .json(&body);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The workspace's reqwest has no cryptography of its own.
fn http_client() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new()
    });
    &CLIENT
}
