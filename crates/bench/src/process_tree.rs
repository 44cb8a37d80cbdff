//! A program with all processes that it has started: their memory and CPU time.

use std::{
    collections::HashMap,
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;

/// The unit of times in `/proc`, the same on all Linux systems.
const TICK: Duration = Duration::from_millis(10);

/// One process as `/proc/PID/stat` tells it.
struct Stat {
    parent: u32,
    name: String,
    used: u32,
    started: u32,
}

/// A running program.
pub(crate) struct ProcessTree {
    root: u32,
}

impl ProcessTree {
    /// The one program that `parent` has started.
    pub(crate) fn only_child_of(parent: u32) -> anyhow::Result<Self> {
        let root = all()
            .into_iter()
            .find_map(|(pid, stat)| (stat.parent == parent).then_some(pid))
            .context("it has started nothing")?;
        Ok(Self { root })
    }

    /// The program's own process.
    pub(crate) fn root(&self) -> u32 {
        self.root
    }

    /// When the program was started, since the Unix epoch; exact to 20 ms.
    pub(crate) fn started(&self) -> anyhow::Result<Duration> {
        let stat = stat(self.root).context("the app has ended")?;
        let uptime = fs::read_to_string("/proc/uptime")?;
        let uptime: f64 = uptime
            .split(' ')
            .next()
            .unwrap_or_default()
            .parse()
            .context("reading /proc/uptime")?;
        let booted =
            SystemTime::now().duration_since(UNIX_EPOCH)? - Duration::from_secs_f64(uptime);
        Ok(booted + TICK * stat.started)
    }

    /// Names of the processes with the memory of each in kB: its own, and its part of
    /// what it shares with others (PSS).
    pub(crate) fn memory(&self) -> anyhow::Result<Vec<(String, u64)>> {
        let mut memory = Vec::new();
        for (pid, stat) in self.processes() {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let pss = rollup
                .lines()
                .find_map(|line| line.strip_prefix("Pss:"))
                .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
                .context("no Pss in smaps_rollup")?;
            memory.push((stat.name, pss));
        }
        Ok(memory)
    }

    /// CPU time of all processes so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.processes()
            .iter()
            .map(|(_, stat)| TICK * stat.used)
            .sum()
    }

    fn processes(&self) -> Vec<(u32, Stat)> {
        let mut others = all();
        let mut found = Vec::new();
        let mut open = vec![self.root];
        while let Some(pid) = open.pop() {
            if let Some(stat) = others.remove(&pid) {
                found.push((pid, stat));
            }
            open.extend(
                others
                    .iter()
                    .filter(|(_, stat)| stat.parent == pid)
                    .map(|(child, _)| *child),
            );
        }
        found
    }
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = line.rsplit_once(')')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(Stat {
        parent: number(1)?,
        name: head.split_once('(')?.1.to_owned(),
        used: number(11)? + number(12)?,
        started: number(19)?,
    })
}
