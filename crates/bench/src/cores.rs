//! Who uses which core, and how much.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

/// The core that servers run on; the load generator takes the other.
pub(crate) const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";
/// Above this share of its core the generator may be what is measured.
const GENERATOR_LIMIT: f64 = 0.85;
/// Above this share of the machine other programs may be what is measured.
const DISTURBANCE_LIMIT: f64 = 0.05;
/// The unit of `/proc/stat`, the same on all Linux systems.
const TICKS_PER_SECOND: f64 = 100.0;

/// Moves this process, which generates the load, to its core.
pub(crate) fn take_generator_core() -> anyhow::Result<()> {
    let pid = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-a", "-p", "-c", GENERATOR_CORE, &pid])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("taskset (of util-linux) is needed to give programs their cores")?;
    if !pinned.success() {
        println!("note: this machine has one core; generator and server share it");
    }
    Ok(())
}

/// The generator's share of its core, for a table.
pub(crate) fn share(share: f64) -> String {
    let marked = if share > GENERATOR_LIMIT {
        " (bottleneck)"
    } else {
        ""
    };
    format!("{:.0} %{marked}", share.min(1.0) * 100.0)
}

/// CPU time used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTime {
    pub(crate) server: Duration,
    pub(crate) generator: Duration,
    /// Of this process and its ended children, in ticks.
    ours: f64,
    /// Of all programs, in ticks.
    everybody: f64,
    /// What all cores together could have used, in ticks.
    available: f64,
}

impl CpuTime {
    /// With that of the server that has this process id.
    pub(crate) fn now(server: Option<u32>) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        let total: Vec<f64> = numbers(stat.lines().next().unwrap_or_default());
        let of = |index: usize| total.get(index).copied().unwrap_or(0.0);
        let own = fs::read_to_string("/proc/self/stat")?;
        let after_name = own.rsplit_once(')').context("no command name")?.1;
        Ok(Self {
            server: match server {
                Some(pid) => of_process(&pid.to_string())?,
                None => Duration::ZERO,
            },
            generator: of_process("self")?,
            // utime, stime, cutime, cstime: servers are children and have ended.
            ours: numbers(after_name).iter().skip(10).take(4).sum(),
            // user, nice, system, and steal, which is other machines' use of the core.
            everybody: of(0) + of(1) + of(2) + of(7),
            available: total.iter().take(8).sum(),
        })
    }

    /// What was used since an earlier time.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            server: self.server.saturating_sub(earlier.server),
            generator: self.generator.saturating_sub(earlier.generator),
            ours: self.ours - earlier.ours,
            everybody: self.everybody - earlier.everybody,
            available: self.available - earlier.available,
        }
    }

    /// Says how much of the machine other programs have used since then. All servers
    /// must have ended.
    pub(crate) fn print_disturbance(&self) -> anyhow::Result<()> {
        let used = Self::now(None)?.since(self);
        let others = ((used.everybody - used.ours) / used.available).max(0.0);
        let marked = if others > DISTURBANCE_LIMIT {
            " (too much: these figures are worse than the servers are)"
        } else {
            ""
        };
        let seconds = used.available / TICKS_PER_SECOND;
        println!(
            "Other programs used {:.0} % of the machine's {seconds:.0} CPU s meanwhile{marked}.",
            others * 100.0
        );
        Ok(())
    }
}

/// CPU time of all threads that a process has now.
pub(crate) fn of_process(pid: &str) -> anyhow::Result<Duration> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("the server has ended")?;
    let mut nanoseconds = 0;
    for task in tasks {
        // A thread may end meanwhile; then it is one that did nothing for long.
        let Ok(line) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let spent = line.split(' ').next().and_then(|n| n.parse::<u64>().ok());
        nanoseconds += spent.unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The numbers of a line; its first word is skipped.
fn numbers(line: &str) -> Vec<f64> {
    let words = line.split_whitespace().skip(1);
    words.filter_map(|word| word.parse().ok()).collect()
}
