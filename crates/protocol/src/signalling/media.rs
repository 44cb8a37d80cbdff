//! Media: descriptions and candidates of the two connections, and what the media server
//! tells about speakers and connections.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use crate::lenient::null_as_default;

use super::{SessionDescription, Track};

/// [`Trickle::target`] of the connection over which a client publishes.
pub const PUBLISH: u8 = 0;
/// [`Trickle::target`] of the connection over which a client receives.
pub const SUBSCRIBE: u8 = 1;

/// Params of the request `offer`: the publish connection is negotiated anew. The result
/// is a [`SessionDescription`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The offer.
    pub desc: SessionDescription,
    /// All that the sender publishes from now on, by track id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tracks: BTreeMap<String, Track>,
    /// The media node that it is meant for, if the sender knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu_node_id: Option<String>,
}

/// Params of the client's notification `answer`, to the server's `offer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer.
    pub desc: SessionDescription,
    /// The media node that it is meant for, if the sender knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu_node_id: Option<String>,
}

/// Params of the notification `trickle`, in either direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trickle {
    /// [`PUBLISH`] or [`SUBSCRIBE`].
    #[serde(default, deserialize_with = "target")]
    pub target: u8,
    /// The candidate.
    pub candidate: IceCandidate,
    /// The media node, if the sender knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu_node_id: Option<String>,
}

/// A browser's `RTCIceCandidate` as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// `candidate:…`; empty at the end of the candidates.
    #[serde(default, deserialize_with = "null_as_default")]
    pub candidate: String,
    /// The section that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The same as a number.
    #[serde(
        rename = "sdpMLineIndex",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sdp_m_line_index: Option<u16>,
    /// The user name of the ICE credentials that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// Params of `node-info`: the media node that serves the receiver from now on. One that
/// differs from an earlier one makes the SDK begin both its connections anew, with an
/// `offer` without tracks, and publish everything again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// The node.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sfu_node_id: String,
}

/// Params of `active-speakers`: who speaks now, loudest first; the whole list each time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSpeakers {
    /// Those who are silent are left out.
    #[serde(rename = "speaker-list", default, deserialize_with = "null_as_default")]
    pub speakers: Vec<ActiveSpeaker>,
}

/// One who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSpeaker {
    /// Who.
    pub peer_id: String,
    /// Their audio track.
    #[serde(default, deserialize_with = "null_as_default")]
    pub track_id: String,
    /// 0 to 100.
    #[serde(default, deserialize_with = "small")]
    pub level: u8,
}

/// Params of `on-connection-quality-update`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionQualityUpdate {
    /// Only these are meant.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peers: Vec<ConnectionQuality>,
}

/// How good somebody's connection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionQuality {
    /// Whose.
    pub peer_id: String,
    /// 0 (worst) to 5.
    #[serde(default, deserialize_with = "small")]
    pub downlink_score: u8,
}

/// A small number as JavaScript writes it: fractions are dropped, what is too small or
/// too large is the nearest that there is.
fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates: meant
    Ok(number
        .and_then(|number| number.as_f64())
        .map_or(0, |number| number as u8))
}

fn target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let target = small(deserializer)?;
    if target > SUBSCRIBE {
        return Err(serde::de::Error::custom(
            "the target is neither 0 (publish) nor 1 (subscribe)",
        ));
    }
    Ok(target)
}
