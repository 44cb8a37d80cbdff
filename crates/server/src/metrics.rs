//! Counters of this server, in the text form of Prometheus.

/// The counters as text, for `GET /metrics`.
#[must_use]
pub fn render() -> String {
    String::new()
}
