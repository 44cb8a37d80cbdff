//! Counters of this server, in the text form of Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Something that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `count`.
    pub fn add(&self, count: u64) {
        if count > 0 {
            self.0.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Something that comes and goes.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Adds `count`, which may be negative.
    pub fn add(&self, count: i64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there are.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All counters of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Rooms in memory.
    pub rooms: Gauge,
    /// Peers that have joined, those in their grace included.
    pub peers: Gauge,
    /// Open signalling connections.
    pub connections: Gauge,
    /// Messages from clients.
    pub frames_in: Counter,
    /// Messages to clients, each receiver counted.
    pub frames_out: Counter,
    /// Bytes written to clients.
    pub bytes_out: Counter,
    /// Store values that a newer one replaced before a slow receiver took them.
    pub values_replaced: Counter,
    /// Connections closed because they took nothing.
    pub slow_receivers: Counter,
    /// Requests that were refused.
    pub refusals: Counter,
    /// WebSocket handshakes that were refused.
    pub handshakes_refused: Counter,
    /// Connections dropped because nothing was heard.
    pub silent: Counter,
    /// Times that a connection was read more slowly because it sent too much.
    pub slowed: Counter,
    /// Peers with media connections.
    pub media_peers: Gauge,
    /// Tracks that are published.
    pub media_tracks: Gauge,
    /// Media connections that were lost or have failed.
    pub media_losses: Counter,
}

/// The counters of this process.
pub static METRICS: Metrics = Metrics {
    rooms: Gauge(AtomicI64::new(0)),
    peers: Gauge(AtomicI64::new(0)),
    connections: Gauge(AtomicI64::new(0)),
    frames_in: Counter(AtomicU64::new(0)),
    frames_out: Counter(AtomicU64::new(0)),
    bytes_out: Counter(AtomicU64::new(0)),
    values_replaced: Counter(AtomicU64::new(0)),
    slow_receivers: Counter(AtomicU64::new(0)),
    refusals: Counter(AtomicU64::new(0)),
    handshakes_refused: Counter(AtomicU64::new(0)),
    silent: Counter(AtomicU64::new(0)),
    slowed: Counter(AtomicU64::new(0)),
    media_peers: Gauge(AtomicI64::new(0)),
    media_tracks: Gauge(AtomicI64::new(0)),
    media_losses: Counter(AtomicU64::new(0)),
};

/// The counters as text, for `GET /metrics`.
#[must_use]
pub fn render() -> String {
    let metrics = &METRICS;
    let mut text = String::with_capacity(2_048);
    let gauges = [
        ("kulti_rooms", "Rooms in memory.", &metrics.rooms),
        ("kulti_peers", "Peers that have joined.", &metrics.peers),
        (
            "kulti_connections",
            "Open signalling connections.",
            &metrics.connections,
        ),
        (
            "kulti_media_peers",
            "Peers with media connections.",
            &metrics.media_peers,
        ),
        (
            "kulti_media_tracks",
            "Tracks that are published.",
            &metrics.media_tracks,
        ),
    ];
    for (name, help, gauge) in gauges {
        line(&mut text, name, help, "gauge", &gauge.get().to_string());
    }
    let counters = [
        (
            "kulti_frames_in_total",
            "Messages from clients.",
            &metrics.frames_in,
        ),
        (
            "kulti_frames_out_total",
            "Messages to clients, each receiver counted.",
            &metrics.frames_out,
        ),
        (
            "kulti_bytes_out_total",
            "Bytes written to clients.",
            &metrics.bytes_out,
        ),
        (
            "kulti_values_replaced_total",
            "Store values that a newer one replaced in a queue.",
            &metrics.values_replaced,
        ),
        (
            "kulti_slow_receivers_closed_total",
            "Connections closed because they took nothing.",
            &metrics.slow_receivers,
        ),
        (
            "kulti_refusals_total",
            "Requests that were refused.",
            &metrics.refusals,
        ),
        (
            "kulti_handshakes_refused_total",
            "WebSocket handshakes that were refused.",
            &metrics.handshakes_refused,
        ),
        (
            "kulti_silent_connections_total",
            "Connections dropped because nothing was heard.",
            &metrics.silent,
        ),
        (
            "kulti_slowed_connections_total",
            "Times that a connection was read more slowly.",
            &metrics.slowed,
        ),
        (
            "kulti_media_losses_total",
            "Media connections that were lost or have failed.",
            &metrics.media_losses,
        ),
    ];
    for (name, help, counter) in counters {
        line(&mut text, name, help, "counter", &counter.get().to_string());
    }
    text
}

fn line(text: &mut String, name: &str, help: &str, kind: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_its_help_and_type() {
        METRICS.frames_in.add(2);
        let text = render();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len(), 15);
        for sample in samples {
            let name = sample.split(' ').next().unwrap_or_default();
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
        }
    }
}
