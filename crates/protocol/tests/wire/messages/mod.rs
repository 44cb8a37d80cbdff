//! One realistic example of every message, in both directions.

mod bodies;
mod client;
mod polls;
mod server;
mod shapes;

use kulti_protocol::signalling::{FrameError, ServerNotification};
use serde_json::Value;

/// A message with its name and the JSON that stands on the wire, envelope left out.
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) json: Value,
    /// Reads JSON as the message of this name and writes it again.
    reread: fn(&str, Value) -> Result<Value, FrameError>,
}

impl Example {
    /// Reads JSON as this kind of message and writes it again.
    pub(crate) fn reread(&self, json: Value) -> Result<Value, FrameError> {
        (self.reread)(&self.name, json)
    }
}

fn example<T>(name: &str, value: &T) -> Example
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    Example {
        name: name.to_owned(),
        json: serde_json::to_value(value).unwrap(),
        reread: |_, json| Ok(serde_json::to_value(serde_json::from_value::<T>(json)?)?),
    }
}

/// Everything, with the group that it belongs to.
pub(crate) fn all() -> Vec<(&'static str, Example)> {
    let all = server::notifications().into_iter();
    let notices = all.chain(polls::notifications()).map(|notice| {
        let (name, json) = taken_apart(&notice.to_frame().unwrap());
        Example {
            name,
            json,
            reread: |name, json| {
                let frame = ServerNotification::parse(name, json)?.to_frame()?;
                Ok(taken_apart(&frame).1)
            },
        }
    });
    [
        ("request", client::params()),
        ("request", polls::params()),
        ("result", server::results()),
        ("result", polls::results()),
        ("notification", notices.collect()),
        ("store", bodies::store_values()),
        ("http", bodies::http()),
        ("http", polls::bodies()),
    ]
    .into_iter()
    .flat_map(|(group, examples)| examples.into_iter().map(move |example| (group, example)))
    .collect()
}

/// Method and params of a frame.
fn taken_apart(frame: &str) -> (String, Value) {
    let mut frame: Value = serde_json::from_str(frame).unwrap();
    (
        frame["method"].as_str().unwrap().to_owned(),
        frame["params"].take(),
    )
}
