//! Peers, tracks, roles and rooms that the messages are about.

use std::collections::BTreeMap;

use kulti_protocol::signalling::*;
use serde_json::{Value, json};

pub(super) const HOST: &str = "0c1e4f60-7d59-4b7c-9f0e-1f6d3a1c2b00";
pub(super) const ANN: &str = "6f6b1c0e-3a62-4a0f-8d0b-0d6c6a0b7a11";
pub(super) const NOW: u64 = 1_795_329_189_821;
pub(super) const STARTED: u64 = 1_795_329_111_426;

pub(super) fn info(name: &str, user: &str) -> PeerInfo {
    PeerInfo {
        name: name.into(),
        data: r#"{"active":true}"#.into(),
        user_id: user.into(),
        kind: "regular".into(),
    }
}

pub(super) fn track() -> Track {
    Track {
        track_id: "7c6f2f0a-4c1d-4f3e-9a43-0f1f1f6f8a01".into(),
        stream_id: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed".into(),
        kind: "video".into(),
        source: "regular".into(),
        mute: true,
        description: "camera".into(),
    }
}

pub(super) fn tracks() -> BTreeMap<String, Track> {
    BTreeMap::from([(track().track_id, track())])
}

pub(super) fn ann() -> Peer {
    Peer {
        peer_id: ANN.into(),
        role: "viewer".into(),
        groups: vec![HAND_RAISE_GROUP.into()],
        joined_at: NOW,
        realtime: true,
        info: info("Ann Łukasz 安", "user-7"),
        tracks: BTreeMap::new(),
    }
}

pub(super) fn host() -> Peer {
    Peer {
        peer_id: HOST.into(),
        role: "host".into(),
        groups: Vec::new(),
        joined_at: STARTED,
        realtime: true,
        info: info("Grace", "user-1"),
        tracks: tracks(),
    }
}

pub(super) fn room() -> Room {
    Room::new("Rust from zero", "64f1c0de64f1c0de64f1c0de", STARTED)
}

pub(super) fn role() -> Role {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    Role {
        name: "host".into(),
        priority: 1,
        publish_params: PublishParams {
            allowed: ["audio", "video", "screen"].map(Into::into).into(),
            audio: Some(json!({"bitRate": 32, "codec": "opus"})),
            video: Some(
                json!({"bitRate": 300, "codec": "vp8", "frameRate": 30, "width": 640, "height": 360}),
            ),
            screen: Some(
                json!({"bitRate": 1000, "codec": "vp8", "frameRate": 15, "width": 1280, "height": 720}),
            ),
            simulcast: object(json!({"video": {"layers": [
                {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 500, "maxFramerate": 30}
            ]}})),
        },
        subscribe_params: SubscribeParams {
            subscribe_to_roles: vec!["host".into(), "presenter".into()],
            max_subs_bit_rate: 3_200,
        },
        permissions: Permissions {
            end_room: true,
            remove_others: true,
            mute: true,
            unmute: true,
            change_role: true,
            poll_read: true,
            poll_write: true,
            ..Permissions::default()
        },
    }
}

pub(super) fn metadata(key: &str, data: Value) -> MetadataResult {
    MetadataResult {
        key: key.into(),
        data,
        change_version: 12,
        updated_by: HOST.into(),
        updated_at: NOW,
    }
}

pub(super) fn description(kind: &str) -> SessionDescription {
    SessionDescription {
        kind: kind.into(),
        sdp: "v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".into(),
        sfu_node_id: Some("node-1".into()),
    }
}

pub(super) fn trickle() -> Trickle {
    Trickle {
        target: SUBSCRIBE,
        candidate: IceCandidate {
            candidate: "candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host".into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("EsAw".into()),
        },
        sfu_node_id: Some("node-1".into()),
    }
}

pub(super) fn peer_page() -> PeerPage {
    PeerPage {
        iterator: "it-1".into(),
        total: 24,
        eof: false,
        peers: vec![BriefPeer::from(&ann())],
    }
}

pub(super) fn role_change() -> RoleChange {
    RoleChange {
        requested_by: Some(HOST.into()),
        role: "presenter".into(),
        token: "9f2c".into(),
    }
}

pub(super) fn mute_state(requested_by: Option<&str>) -> MuteStateRequest {
    MuteStateRequest {
        requested_by: requested_by.map(Into::into),
        value: true,
        kind: Some("audio".into()),
        source: Some("regular".into()),
        roles: Some(vec!["viewer".into()]),
    }
}
