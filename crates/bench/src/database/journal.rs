//! What the journal costs the app: one participant that keeps one, beside one that does
//! not.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// A headless app; it ends when this is dropped.
pub(super) struct Participant {
    child: Child,
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    cpu_s: f64,
    /// Sent to the disk.
    written_bytes: f64,
    /// System calls that write, sockets and all.
    writes: f64,
}

impl Participant {
    /// Starts one and waits until it is in the session.
    pub(super) async fn start(port: u16, code: &str, data: Option<&Path>) -> anyhow::Result<Self> {
        let bot = std::env::current_exe()?.with_file_name("kulti-bot");
        if !bot.exists() {
            bail!("{} is missing: build kulti-client first", bot.display());
        }
        let mut command = Command::new(bot);
        command.args([
            "--server",
            &format!("http://127.0.0.1:{port}"),
            "--code",
            code,
        ]);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        let mut child = command
            .arg("--interactive")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no standard output")?;
        let output = tokio::process::ChildStdout::from_std(output)?;
        let participant = Self { child };
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            if line.contains("\"joined\"") {
                // Its further words are few: they fit into the pipe.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(participant);
            }
        }
        bail!("a participant did not join");
    }

    pub(super) fn so_far(&self) -> anyhow::Result<Cost> {
        let folder = format!("/proc/{}", self.child.id());
        let io = fs::read_to_string(format!("{folder}/io"))?;
        let of = |name: &str| {
            let line = io.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok())
                .with_context(|| format!("no {name} in {folder}/io"))
        };
        Ok(Cost {
            cpu_s: crate::cores::of_process(&self.child.id().to_string())?.as_secs_f64(),
            written_bytes: of("write_bytes:")?,
            writes: of("syscw:")?,
        })
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cost {
    pub(super) fn an_hour_since(self, earlier: Self, seconds: f64) -> Self {
        let hour = 3_600.0 / seconds;
        Self {
            cpu_s: (self.cpu_s - earlier.cpu_s) * hour,
            written_bytes: (self.written_bytes - earlier.written_bytes) * hour,
            writes: (self.writes - earlier.writes) * hour,
        }
    }
}

/// Prints the costs of one with a journal and one without.
pub(super) fn print([with, without]: &[Cost; 2]) {
    println!("| | CPU s | written to disk kB | writing system calls |");
    println!("|---|--:|--:|--:|");
    for (name, cost) in [("with a journal", with), ("without", without)] {
        println!(
            "| {name} | {:.2} | {:.0} | {:.0} |",
            cost.cpu_s,
            cost.written_bytes / 1_000.0,
            cost.writes
        );
    }
    println!(
        "| the journal | {:.2} | {:.0} | {:.0} |",
        with.cpu_s - without.cpu_s,
        (with.written_bytes - without.written_bytes) / 1_000.0,
        with.writes - without.writes
    );
}
