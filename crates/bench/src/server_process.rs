//! A server under test: its process, its CPU time and its memory.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::cores::SERVER_CORE;

/// Which server is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Length-prefixed frames over TCP: the floor.
    Tcp,
    /// tokio-tungstenite as its examples use it.
    Websocket,
    /// Socket.IO from npm.
    SocketIo,
    /// Ours.
    Kulti,
}

impl Peer {
    /// The floor first, since ratios refer to it.
    pub(crate) const ALL: [Self; 4] = [Self::Tcp, Self::Websocket, Self::SocketIo, Self::Kulti];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "raw TCP (floor)",
            Self::Websocket => "tokio-tungstenite",
            Self::SocketIo => "Socket.IO",
            Self::Kulti => "kulti-server",
        }
    }
}

/// All connections come from this machine, from one program that is busy; and the
/// writer is measured, not the limit on its pace.
const KULTI_SETTINGS: [(&str, &str); 10] = [
    ("KULTI_CONNECTIONS", "100000"),
    ("KULTI_CONNECTIONS_PER_ADDRESS", "100000"),
    ("KULTI_CONNECTIONS_PER_USER", "100000"),
    ("KULTI_PEERS_PER_ROOM", "100000"),
    ("KULTI_FRAMES_PER_SECOND", "10000"),
    ("KULTI_FRAMES_BURST", "10000"),
    ("KULTI_MESSAGES_PER_SECOND", "10000"),
    ("KULTI_MESSAGES_BURST", "10000"),
    ("KULTI_SILENCE_LIMIT", "10m"),
    ("KULTI_LOG", "error"),
];

/// A running server; killed when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) port: u16,
    _data: tempfile::TempDir,
}

impl ServerProcess {
    /// Starts a server on its core and waits until it accepts connections.
    pub(crate) fn start(peer: Peer) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let this = std::env::current_exe()?;
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]);
        match peer {
            Peer::Tcp => command.arg(this).arg("serve-tcp"),
            Peer::Websocket => command.arg(this).arg("serve-websocket"),
            Peer::SocketIo => command.arg(node()).arg(socketio_script()?),
            Peer::Kulti => {
                let server = this.with_file_name("kulti-server");
                if !server.exists() {
                    bail!(
                        "{} is missing: build kulti-server in the same profile first",
                        server.display()
                    );
                }
                command
                    .arg(server)
                    .args(["serve", "--listen", "127.0.0.1:0", "--data"])
                    .arg(data.path())
                    .env("KULTI_HMS_ACCESS_KEY", crate::dialect::BENCH_ACCESS_KEY)
                    .env("KULTI_HMS_SECRET", crate::dialect::BENCH_SECRET)
                    .envs(KULTI_SETTINGS)
            }
        };
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", peer.name()))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line
            .trim()
            .rsplit(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|digits| digits.parse().ok())
            .with_context(|| format!("{} said {line:?} instead of its port", peer.name()))?;
        Ok(Self {
            child,
            port,
            _data: data,
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in kB.
    pub(crate) fn resident_kb(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .context("no VmRSS")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn node() -> PathBuf {
    std::env::var_os("KULTI_NODE").map_or_else(|| "node".into(), PathBuf::from)
}

fn socketio_script() -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("socketio");
    if !folder.join("node_modules").exists() {
        bail!(
            "Socket.IO is not installed: run `npm ci` in {}",
            folder.display()
        );
    }
    Ok(folder.join("server.mjs"))
}
