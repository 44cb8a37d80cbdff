//! `GET /init`: where the signalling WebSocket is, and the media configuration.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{null_as_default, whole_number};

/// The flag that lets a role which neither publishes nor subscribes join without an offer.
pub const FLAG_NON_WEBRTC: &str = "nonWebRTCDisableOffer";

/// The flag that lets camera video be published in the layers of the publisher's role.
pub const FLAG_SIMULCAST: &str = "simulcast";

/// Answer of `/init` with status 200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitResponse {
    /// `ws://` or `wss://` URL; the client adds its query parameters to those it has.
    pub endpoint: String,
    /// For both peer connections.
    #[serde(
        rename = "rtcConfiguration",
        default,
        deserialize_with = "null_as_default"
    )]
    pub rtc_configuration: RtcConfiguration,
    /// Required by the SDK, which reads it without a check.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: InitConfig,
}

/// `RTCConfiguration`, with the vendor's name for the servers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RtcConfiguration {
    /// STUN and TURN servers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ice_servers: Vec<IceServer>,
    /// Any other member is handed to the peer connections as it is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One STUN or TURN server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:` and `turn:` URLs. A browser takes a single one as plain text, too.
    #[serde(deserialize_with = "one_or_many")]
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    /// Leaves user and credential out: they must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// Feature flags and their settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitConfig {
    /// Flags that are on, like [`FLAG_NON_WEBRTC`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub enabled_flags: Vec<String>,
}

/// Answer of `/init` with any other status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitError {
    /// The error's code; 0 or absent stands for the HTTP status.
    #[serde(default, deserialize_with = "whole_number")]
    pub code: u16,
    /// Shown to the person.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message: String,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(url) => vec![url],
        OneOrMany::Many(urls) => urls,
    })
}
