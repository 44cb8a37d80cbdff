//! What clients say.

use kulti_protocol::signalling::*;
use serde_json::json;

use super::{Example, example, shapes::*};

/// Params of every request and notification of the client, by method.
pub(super) fn params() -> Vec<Example> {
    let raised = GroupChange {
        name: HAND_RAISE_GROUP.into(),
        peer_id: None,
    };
    let lowered = GroupChange {
        peer_id: Some(ANN.into()),
        ..raised.clone()
    };
    vec![
        example(
            method::JOIN,
            &Join {
                name: "Ann Łukasz 安".into(),
                data: r#"{"active":true}"#.into(),
                offer: Some(description("offer")),
                disable_vid_auto_sub: true,
                server_sub_degrade: true,
                simulcast: true,
                on_demand_tracks: true,
            },
        ),
        example(method::PING, &Ping { timestamp: NOW }),
        example(
            method::LEAVE,
            &Leave {
                client_reason: "user request".into(),
            },
        ),
        example(
            method::OFFER,
            &Offer {
                desc: description("offer"),
                tracks: tracks(),
                sfu_node_id: Some("node-1".into()),
            },
        ),
        example(
            method::ANSWER,
            &Answer {
                desc: description("answer"),
                sfu_node_id: None,
            },
        ),
        example(method::TRICKLE, &trickle()),
        example(method::TRACK_UPDATE, &TrackUpdate { tracks: tracks() }),
        example(
            method::BROADCAST,
            &Broadcast {
                info: BroadcastInfo {
                    message: "hello <b>there</b> 👋".into(),
                    kind: "chat".into(),
                    reply_to: None,
                },
                roles: Some(vec!["host".into()]),
                peer_id: Some(HOST.into()),
            },
        ),
        example(
            method::SET_METADATA,
            &SetMetadata {
                key: "uiState".into(),
                data: json!({"announcementText": "Break until 11", "timestamp": NOW}),
                if_change_version: Some(11),
            },
        ),
        example(
            method::GET_METADATA,
            &GetMetadata {
                key: "viewers".into(),
            },
        ),
        example(
            method::LISTEN_METADATA,
            &ListenMetadata {
                keys: vec!["uiState".into(), "viewers".into()],
            },
        ),
        example(
            method::PEER_UPDATE,
            &PeerUpdate {
                name: Some("Ann".into()),
                data: Some("{}".into()),
            },
        ),
        example(method::GROUP_JOIN, &raised),
        example(method::GROUP_LEAVE, &raised),
        example(method::GROUP_ADD, &lowered),
        example(method::GROUP_REMOVE, &lowered),
        example(
            method::GET_PEER,
            &GetPeer {
                peer_id: ANN.into(),
            },
        ),
        example(
            method::FIND_PEER,
            &FindPeer {
                limit: 10,
                role: Some("viewer".into()),
                group: Some(HAND_RAISE_GROUP.into()),
                peers: Some(vec![ANN.into()]),
            },
        ),
        example(
            method::PEER_ITER_NEXT,
            &PeerIterNext {
                iterator: "it-1".into(),
                limit: 10,
            },
        ),
        example(
            method::PEER_NAME_SEARCH,
            &PeerNameSearch {
                query: "an".into(),
                limit: 10,
                offset: 20,
            },
        ),
        example(
            method::ROLE_CHANGE_REQUEST,
            &RoleChangeRequest {
                requested_for: Some(ANN.into()),
                roles: Some(vec!["viewer".into()]),
                role: "presenter".into(),
                force: true,
            },
        ),
        example(method::ROLE_CHANGE, &role_change()),
        example(
            method::PEER_LEAVE_REQUEST,
            &PeerLeaveRequest {
                requested_for: ANN.into(),
                reason: "spam".into(),
            },
        ),
        example(
            method::TRACK_UPDATE_REQUEST,
            &TrackUpdateRequest {
                requested_for: ANN.into(),
                track_id: track().track_id,
                stream_id: track().stream_id,
                mute: true,
            },
        ),
        example(method::MUTE_STATE_REQUEST, &mute_state(None)),
        example(
            method::END_ROOM,
            &EndRoom {
                lock: true,
                reason: "See you tomorrow".into(),
            },
        ),
    ]
}
