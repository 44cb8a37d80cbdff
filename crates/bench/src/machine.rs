//! What the figures were measured on.

use std::fs;

/// Prints the head of the report.
pub(crate) fn print() -> anyhow::Result<()> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let of = |key: &str| {
        let line = cpus.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(": ")?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    println!("# Benchmarks of Kulti {}\n", env!("CARGO_PKG_VERSION"));
    println!(
        "{} × {}, Linux {}; load of the last 1, 5, 15 minutes at the start: {}.",
        cores,
        of("model name").unwrap_or_else(|| "unknown processor".to_owned()),
        kernel.trim(),
        load.split(' ').take(3).collect::<Vec<_>>().join(", "),
    );
    println!(
        "Servers run on one core, the load generator on another, all over loopback. Absolute \
         figures are this machine's; the ratios are what to compare."
    );
    Ok(())
}
