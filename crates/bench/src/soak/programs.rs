//! The server and the headless app: started, spoken to, and killed without warning.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};

/// How long is waited for what should happen soon. Long, since machines are busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// Now, ms since the epoch: server, app and this program run on one machine and share
/// its clock.
pub(super) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.exists() {
        bail!(
            "{} is missing: build it in the same profile first",
            path.display()
        );
    }
    Ok(path)
}

/// A kulti-server that can be killed and started again, on the same port and data.
pub(super) struct Server {
    pub(super) port: u16,
    data: PathBuf,
    child: Child,
}

impl Server {
    pub(super) async fn start(data: &Path) -> anyhow::Result<Self> {
        // A port that is free now, to have the same one after a restart.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?
            .local_addr()?
            .port();
        let child = Self::run(data, port).await?;
        Ok(Self {
            port,
            data: data.to_owned(),
            child,
        })
    }

    async fn run(data: &Path, port: u16) -> anyhow::Result<Child> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))?;
        let mut child = Command::new(binary("kulti-server")?)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
            .env("KULTI_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("starting kulti-server")?;
        let output = child.stdout.take().context("no standard output")?;
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let line = timeout(PATIENCE, line).await???;
        if !line.starts_with("listening on ") {
            bail!("kulti-server said {line:?} instead of where it listens");
        }
        Ok(child)
    }

    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(super) async fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = Self::run(&self.data, self.port).await?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who takes part, and where it keeps its account and its journal.
pub(super) struct Learner {
    pub(super) origin: String,
    pub(super) code: String,
    pub(super) data: PathBuf,
}

/// The headless app: the whole client stack, with its journal, and scripted signals.
pub(super) struct HeadlessApp {
    child: Child,
    orders: Option<ChildStdin>,
    events: mpsc::UnboundedReceiver<Value>,
}

impl HeadlessApp {
    pub(super) fn start(learner: &Learner) -> anyhow::Result<Self> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(learner.data.with_extension("log"))?;
        let mut child = Command::new(binary("kulti-bot")?)
            .args(["--server", &learner.origin, "--code", &learner.code])
            .args(["--name", "Learner", "--interactive", "--views", "--data"])
            .arg(&learner.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("starting kulti-bot")?;
        let output = child.stdout.take().context("no standard output")?;
        let orders = child.stdin.take();
        let (sender, events) = mpsc::unbounded_channel();
        // What it says is kept, for when something goes wrong.
        let mut said = std::fs::File::options()
            .create(true)
            .append(true)
            .open(learner.data.with_extension("events"))?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = writeln!(said, "{line}");
                // The last line of one that is killed may be cut off.
                if let Ok(event) = serde_json::from_str(&line)
                    && sender.send(event).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            orders,
            events,
        })
    }

    /// Orders that come when the app has just gone are lost, as are clicks.
    pub(super) fn order(&mut self, order: &Value) {
        if let Some(orders) = &mut self.orders {
            let _ = writeln!(orders, "{order}");
        }
    }

    /// The next event; none after `wait`, and none when the app has ended.
    pub(super) async fn event(&mut self, wait: Duration) -> Option<Value> {
        timeout(wait, self.events.recv()).await.ok().flatten()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Kills it. What it has said until then comes back.
    pub(super) async fn kill(mut self) -> anyhow::Result<Vec<Value>> {
        self.child.kill()?;
        self.child.wait()?;
        let mut said = Vec::new();
        while let Some(event) = self.event(PATIENCE).await {
            said.push(event);
        }
        Ok(said)
    }

    /// Ends its orders, at which it leaves, and waits until it has ended by itself. What
    /// it has said until then comes back.
    pub(super) async fn leave(mut self) -> anyhow::Result<Vec<Value>> {
        self.orders = None;
        let mut said = Vec::new();
        while let Some(event) = self.event(PATIENCE).await {
            said.push(event);
        }
        if !self.has_ended() {
            // Its output ends a moment before it does.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        if !self.has_ended() {
            self.child.kill()?;
            self.child.wait()?;
            bail!("the app left and did not end");
        }
        Ok(said)
    }
}

impl Drop for HeadlessApp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
