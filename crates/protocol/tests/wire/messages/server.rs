//! What the server says.

use std::collections::BTreeMap;

use kulti_protocol::{signalling::*, store_keys::*};
use serde_json::{Map, Value, json};

use super::{Example, example, shapes::*};

/// Results of requests, by method, and the error.
pub(super) fn results() -> Vec<Example> {
    vec![
        example(method::JOIN, &description("answer")),
        example("nothing", &Empty::default()),
        example(method::PING, &Ping { timestamp: NOW }),
        example(
            method::BROADCAST,
            &BroadcastResult {
                message_id: "b7d6".into(),
                timestamp: NOW,
            },
        ),
        example(
            method::SET_METADATA,
            &metadata(
                VIEWERS,
                json!({"total": 24, "active": 18, "timestamp": NOW}),
            ),
        ),
        example(
            "get-metadata-unset",
            &MetadataResult {
                change_version: 0,
                updated_by: String::new(),
                updated_at: 0,
                ..metadata("nothing", Value::Null)
            },
        ),
        example(
            method::GROUP_JOIN,
            &GroupsResult {
                groups: vec![HAND_RAISE_GROUP.into()],
            },
        ),
        example(method::GET_PEER, &BriefPeer::from(&ann())),
        example(method::FIND_PEER, &peer_page()),
        example(
            method::PEER_NAME_SEARCH,
            &PeerNamePage {
                count: 1,
                limit: 10,
                offset: 0,
                eof: true,
                peers: vec![PeerSummary {
                    name: "Ann".into(),
                    peer_id: ANN.into(),
                    role: "viewer".into(),
                    kind: "regular".into(),
                }],
            },
        ),
        example(
            "error",
            &RpcError::new(code::FORBIDDEN, "only hosts may do this"),
        ),
    ]
}

/// Every notification of the server.
pub(super) fn notifications() -> Vec<ServerNotification> {
    let notice = TrackNotice {
        tracks: tracks(),
        peer: BriefPeer::from(&host()),
    };
    let others = BTreeMap::from([(HOST.to_owned(), host()), (ANN.to_owned(), ann())]);
    vec![
        ServerNotification::PolicyChange(PolicyChange {
            name: "host".into(),
            known_roles: BTreeMap::from([("host".to_owned(), role())]),
            plugins: Map::new(),
            template_id: "kulti".into(),
            app_data: BTreeMap::from([("course".to_owned(), "rust".to_owned())]),
        }),
        ServerNotification::PeerList(PeerList {
            peers: others.clone(),
            room: room(),
        }),
        ServerNotification::RoomState(RoomState {
            peer_count: 2,
            room: room(),
            peers: Some(others),
        }),
        ServerNotification::RoomInfo(RoomInfo {
            room_id: "64f1c0de".into(),
            name: "Rust from zero".into(),
            description: "Week 1".into(),
            max_size: 500,
            large_room_optimization: true,
        }),
        ServerNotification::SessionInfo(SessionInfo {
            session_id: "64f1c0de64f1c0de64f1c0de".into(),
            room_id: "64f1c0de".into(),
            peer_count: 24,
            track_count: 3,
        }),
        ServerNotification::PeerJoin(ann()),
        ServerNotification::PeerLeave(BriefPeer::from(&ann())),
        ServerNotification::PeerUpdate(ann()),
        ServerNotification::TrackAdd(notice.clone()),
        ServerNotification::TrackUpdate(notice.clone()),
        ServerNotification::TrackRemove(notice),
        ServerNotification::Offer(description("offer")),
        ServerNotification::Trickle(trickle()),
        ServerNotification::NodeInfo(NodeInfo {
            sfu_node_id: "node-2".into(),
        }),
        ServerNotification::ActiveSpeakers(ActiveSpeakers {
            speakers: vec![ActiveSpeaker {
                peer_id: HOST.into(),
                track_id: track().track_id,
                level: 63,
            }],
        }),
        ServerNotification::ConnectionQuality(ConnectionQualityUpdate {
            peers: vec![ConnectionQuality {
                peer_id: ANN.into(),
                downlink_score: 4,
            }],
        }),
        ServerNotification::Broadcast(OnBroadcast {
            peer: Some(BriefPeer::from(&host())),
            roles: vec!["viewer".into()],
            private: false,
            message_id: "b7d6".into(),
            timestamp: NOW,
            info: BroadcastInfo {
                message: "hello".into(),
                kind: "chat".into(),
                reply_to: None,
            },
        }),
        ServerNotification::MetadataChange(MetadataChange {
            values: vec![
                metadata(
                    VIEWERS,
                    json!({"total": 24, "active": 18, "timestamp": NOW}),
                ),
                metadata(ACTIVE_POLL, Value::Null),
            ],
        }),
        ServerNotification::RoleChangeRequest(role_change()),
        ServerNotification::TrackUpdateRequest(OnTrackUpdateRequest {
            requested_by: HOST.into(),
            track_id: track().track_id,
            stream_id: track().stream_id,
            mute: true,
        }),
        ServerNotification::MuteStateRequest(mute_state(Some(HOST))),
        ServerNotification::PeerLeaveRequest(OnPeerLeaveRequest {
            requested_by: HOST.into(),
            reason: "See you tomorrow".into(),
            room_end: true,
        }),
        ServerNotification::Error(RpcError::new(code::GONE, "the session has ended")),
        ServerNotification::Warning(RpcError::new(code::TOO_MANY, "slow down")),
    ]
}
