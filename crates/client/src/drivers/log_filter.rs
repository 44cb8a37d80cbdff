//! What must not get into a log, whatever it is asked to hold.

use tracing_subscriber::filter::{FilterFn, filter_fn};

/// Libraries that print requests, with the tokens in their addresses, and whole
/// messages when they are traced.
const TALKATIVE: [&str; 5] = [
    "tungstenite",
    "tokio_tungstenite",
    "hyper",
    "hyper_util",
    "reqwest",
];

/// Lets everything through but what could hold a token or the text of a message.
/// To be combined with the filter that a person chose.
#[must_use]
pub fn without_secrets() -> FilterFn<fn(&tracing::Metadata<'_>) -> bool> {
    filter_fn(holds_no_secret)
}

fn holds_no_secret(about: &tracing::Metadata<'_>) -> bool {
    let library = about.target().split("::").next().unwrap_or_default();
    *about.level() != tracing::Level::TRACE || !TALKATIVE.contains(&library)
}
