//! Our types against messages as the vendor's documents and SDK have them: whatever
//! these say must be understood, and written back under the same names.

use kulti_protocol::{
    init::InitResponse,
    signalling::{ClientFrame, ServerFrame},
};
use serde_json::{Value, json};

use crate::messages::all;

/// Where `ours` lacks something that `theirs` says.
fn missing(theirs: &Value, ours: &Value, at: &str) -> Vec<String> {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => theirs
            .iter()
            .flat_map(|(name, value)| {
                let nothing = Value::Null;
                missing(
                    value,
                    ours.get(name).unwrap_or(&nothing),
                    &format!("{at}/{name}"),
                )
            })
            .collect(),
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => theirs
            .iter()
            .zip(ours)
            .enumerate()
            .flat_map(|(index, (theirs, ours))| missing(theirs, ours, &format!("{at}/{index}")))
            .collect(),
        _ if theirs == ours => Vec::new(),
        _ => vec![format!("{at}: {theirs} became {ours}")],
    }
}

fn understood(group: &str, name: &str, theirs: &Value) {
    let examples = all();
    let (_, example) = examples
        .iter()
        .find(|(of, example)| *of == group && example.name == name)
        .unwrap_or_else(|| panic!("no example for {group} {name}"));
    let ours = example
        .reread(theirs.clone())
        .unwrap_or_else(|error| panic!("{group} {name}: {error}"));
    assert_eq!(
        missing(theirs, &ours, ""),
        Vec::<String>::new(),
        "{group} {name}"
    );
}

fn peer() -> Value {
    json!({
        "peer_id": "p-1", "role": "viewer", "groups": ["_handraise"],
        "joined_at": 1_795_329_189_821_u64, "realtime": true,
        "info": {"name": "Ann", "data": "{}", "user_id": "user-7", "type": "sip"},
        "tracks": {"t-1": track()}
    })
}

fn brief_peer() -> Value {
    json!({
        "peer_id": "p-1", "role": "viewer", "groups": [],
        "info": {"name": "Ann", "data": "", "user_id": "user-7", "type": "regular"}
    })
}

fn track() -> Value {
    json!({
        "track_id": "t-1", "stream_id": "s-1", "type": "video", "source": "screen",
        "mute": true, "description": "my screen"
    })
}

fn room() -> Value {
    json!({
        "name": "r", "session_id": "s", "started_at": 1_795_329_111_426_u64,
        "recording": {"sfu": {"enabled": false}, "browser": {"enabled": false}, "hls": {"enabled": false}},
        "streaming": {"enabled": false, "rtmp": {"enabled": false}, "hls": {"enabled": false, "variants": []}},
        "transcriptions": []
    })
}

fn role() -> Value {
    json!({
        "name": "host", "priority": 1,
        "publishParams": {
            "allowed": ["audio", "video", "screen"],
            "audio": {"bitRate": 32, "codec": "opus"},
            "video": {"bitRate": 300, "codec": "vp8", "frameRate": 30, "width": 640, "height": 360},
            "screen": {"bitRate": 1000, "codec": "vp8", "frameRate": 15, "width": 1280, "height": 720},
            "simulcast": {"video": {"layers": [
                {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 500, "maxFramerate": 30}
            ]}, "screen": {"layers": []}}
        },
        "subscribeParams": {"subscribeToRoles": ["host"], "maxSubsBitRate": 3200},
        "permissions": {
            "endRoom": true, "removeOthers": true, "mute": true, "unmute": true,
            "changeRole": true, "hlsStreaming": true, "rtmpStreaming": true,
            "browserRecording": true, "pollRead": true, "pollWrite": true
        }
    })
}

#[test]
fn what_the_sdk_says_is_understood() {
    for (method, params) in [
        (
            "join",
            json!({
                "name": "Ann", "data": "{}", "disableVidAutoSub": true, "server_sub_degrade": true,
                "simulcast": true, "onDemandTracks": true, "offer": {"type": "offer", "sdp": "v=0"}
            }),
        ),
        ("ping", json!({"timestamp": 1_795_329_189_821_u64})),
        ("leave", json!({"client_reason": "user request"})),
        ("track-update", json!({"tracks": {"t-1": track()}})),
        (
            "broadcast",
            json!({"info": {"message": "hi", "type": "chat"}, "roles": ["host"]}),
        ),
        (
            "broadcast",
            json!({"info": {"message": "hi", "type": "note"}, "peer_id": "p-1"}),
        ),
        (
            "set-metadata",
            json!({"key": "k", "data": [1, {"a": null}]}),
        ),
        ("set-metadata", json!({"key": "default"})),
        ("get-metadata", json!({"key": "k"})),
        ("listen-metadata-change", json!({"keys": ["a", "b"]})),
        ("peer-update", json!({"name": "Ann B."})),
        ("peer-update", json!({"data": "{}"})),
        ("group-join", json!({"name": "_handraise"})),
        (
            "group-remove",
            json!({"name": "_handraise", "peer_id": "p-1"}),
        ),
        ("get-peer", json!({"peer_id": "p-1"})),
        ("find-peer", json!({"limit": 10, "group": "_handraise"})),
        (
            "find-peer",
            json!({"limit": 10, "role": "viewer", "peers": ["p-1"]}),
        ),
        ("peer-iter-next", json!({"iterator": "i", "limit": 10})),
        (
            "peer-name-search",
            json!({"query": "ann", "limit": 10, "offset": 0}),
        ),
        (
            "role-change-request",
            json!({"requested_for": "p-1", "role": "host", "force": true}),
        ),
        (
            "role-change-request",
            json!({"roles": ["viewer"], "role": "host", "force": true}),
        ),
        (
            "role-change",
            json!({"requested_by": "p-2", "role": "host", "token": "t"}),
        ),
        (
            "peer-leave-request",
            json!({"requested_for": "p-1", "reason": "spam"}),
        ),
        (
            "track-update-request",
            json!({
                "requested_for": "p-1", "track_id": "t-1", "stream_id": "s-1", "mute": true
            }),
        ),
        (
            "change-track-mute-state-request",
            json!({
                "value": true, "type": "audio", "source": "regular", "roles": ["viewer"]
            }),
        ),
        ("end-room", json!({"lock": true, "reason": "over"})),
        (
            "poll-questions-set",
            json!({"poll_id": "p", "questions": [
                {"question": {"index": 1, "text": "?", "type": "single-choice", "once": false},
                 "options": [{"index": 1, "text": "x"}], "answer": {"hidden": false, "option": 1}},
                {"question": {"index": 2, "text": "?", "type": "long-answer"},
                 "answer": {"hidden": false}}
            ]}),
        ),
        (
            "poll-questions-get",
            json!({"poll_id": "p", "index": 0, "count": 50}),
        ),
        (
            "poll-response",
            json!({"poll_id": "p", "responses": [
                {"duration": 0, "type": "multiple-choice", "question": 1, "options": [1, 2]},
                {"duration": 0, "type": "short-answer", "question": 2, "text": "x"}
            ]}),
        ),
        (
            "poll-responses",
            json!({"poll_id": "p", "index": 0, "count": 50, "self": true}),
        ),
        ("poll-list", json!({"count": 50, "state": "stopped"})),
        (
            "poll-leaderboard",
            json!({"poll_id": "p", "count": 5, "offset": 0}),
        ),
    ] {
        understood("request", method, &params);
        let request = json!({"method": method, "params": params, "id": "1", "jsonrpc": "2.0"});
        let frame = ClientFrame::parse(&request.to_string()).unwrap();
        assert_eq!((frame.method.as_str(), frame.params), (method, params));
        assert_eq!(frame.id.as_deref(), Some("1"));
    }
    // A notification of the SDK has neither an id nor `jsonrpc`.
    let leave = ClientFrame::parse(r#"{"method":"leave","params":{}}"#).unwrap();
    assert_eq!(leave.id, None);
}

#[test]
fn what_the_vendors_server_answers_is_understood() {
    let metadata = json!({
        "key": "k", "data": {"a": 1}, "change_version": 3, "updated_by": "p-1", "updated_at": 5
    });
    for (name, result) in [
        (
            "join",
            json!({"type": "answer", "sdp": "v=0", "sfu_node_id": "n-1"}),
        ),
        ("nothing", json!({"sfu_node_id": ""})),
        ("broadcast", json!({"message_id": "m-1", "timestamp": 5})),
        ("set-metadata", metadata),
        ("set-metadata", json!({"key": "k", "data": 7})),
        ("group-join", json!({"groups": ["_handraise"]})),
        ("get-peer", brief_peer()),
        (
            "find-peer",
            json!({"iterator": "i", "total": 9, "eof": true, "peers": [brief_peer()]}),
        ),
        (
            "peer-name-search",
            json!({
                "count": 1, "limit": 10, "offset": 5, "eof": true,
                "peers": [{"name": "Ann", "peer_id": "p-1", "role": "viewer", "type": "regular"}]
            }),
        ),
        (
            "poll-list",
            json!({"polls": [{"poll_id": "p"}], "last": true}),
        ),
        ("error", json!({"code": 404, "message": "no such peer"})),
    ] {
        understood("result", name, &result);
    }
    let bare = r#"{"id":"1","result":{"groups":[]}}"#;
    let ServerFrame::Response { result, .. } = ServerFrame::parse(bare).unwrap() else {
        panic!("a response needs no `jsonrpc`");
    };
    assert_eq!(result, Ok(json!({"groups": []})));
}

#[test]
fn what_the_vendors_server_tells_is_understood() {
    let notice = json!({"tracks": {"t-1": track()}, "peer": brief_peer()});
    for (method, params) in [
        (
            "on-policy-change",
            json!({
                "name": "host", "known_roles": {"host": role()}, "template_id": "t",
                "plugins": {"whiteboard": {"permissions": {"admin": [], "writer": [], "reader": []}}},
                "app_data": {"a": "b"}
            }),
        ),
        (
            "peer-list",
            json!({"peers": {"p-1": peer()}, "room": room()}),
        ),
        ("room-state", json!({"peer_count": 4, "room": room()})),
        (
            "room-state",
            json!({"peer_count": 4, "room": room(), "peers": {"p-1": peer()}}),
        ),
        (
            "room-info",
            json!({
                "room_id": "r", "name": "n", "description": "d", "max_size": 9,
                "large_room_optimization": true
            }),
        ),
        (
            "session-info",
            json!({
                "session_id": "s", "room_id": "r", "peer_count": 4, "track_count": 2
            }),
        ),
        ("on-peer-join", peer()),
        ("on-peer-leave", json!({"peer_id": "p-1"})),
        ("on-peer-update", peer()),
        ("on-track-add", notice.clone()),
        ("on-track-update", notice.clone()),
        ("on-track-remove", notice),
        (
            "on-broadcast",
            json!({
                "peer": brief_peer(), "roles": ["host"], "private": true, "message_id": "m",
                "timestamp": 5, "info": {"message": "hi", "type": "chat"}
            }),
        ),
        (
            "on-metadata-change",
            json!({"values": [
                {"key": "k", "data": 1, "change_version": 3, "updated_by": "p-1", "updated_at": 5}
            ]}),
        ),
        (
            "on-role-change-request",
            json!({"requested_by": "p-2", "role": "host", "token": "t"}),
        ),
        (
            "on-track-update-request",
            json!({
                "requested_by": "p-2", "track_id": "t-1", "stream_id": "s-1", "mute": true
            }),
        ),
        (
            "on-change-track-mute-state-request",
            json!({
                "requested_by": "p-2", "type": "audio", "source": "regular", "roles": ["viewer"],
                "value": true
            }),
        ),
        (
            "on-peer-leave-request",
            json!({"requested_by": "p-2", "reason": "over", "room_end": true}),
        ),
        (
            "on-poll-start",
            json!({"polls": [{
                "poll_id": "p", "title": "T", "type": "quiz", "state": "started", "duration": 60,
                "anonymous": false, "visibility": false, "locked": true, "mode": "userid",
                "vote": ["viewer"], "responses": ["host"], "questions_count": 2,
                "created_by": "p-1", "created_at": 5, "started_by": "p-1", "started_at": 6
            }]}),
        ),
        (
            "on-poll-stats",
            json!({"polls": [{
                "poll_id": "p", "max_user": 3, "user_count": 2, "total_response": 3,
                "questions": [{"question": 1, "type": "single-choice", "options": [2, 1, 0],
                    "correct": 0, "skipped": 0, "total": 3}]
            }]}),
        ),
        (
            "on-poll-stop",
            json!({"polls": [{"poll_id": "p", "stopped_at": 7, "stopped_by": "p-1"}]}),
        ),
        ("on-error", json!({"code": 410, "message": "over"})),
        ("on-warning", json!({"code": 429, "message": "slow down"})),
    ] {
        understood("notification", method, &params);
    }
}

#[test]
fn the_smallest_init_answer_that_the_sdk_takes_is_understood() {
    understood(
        "http",
        "init",
        &json!({
            "endpoint": "ws://host/ws", "rtcConfiguration": {"ice_servers": []},
            "config": {"enabledFlags": ["nonWebRTCDisableOffer"]}
        }),
    );
    let with_more = json!({
        "endpoint": "wss://host/ws?a=b",
        "rtcConfiguration": {"ice_servers": [
            {"urls": ["stun:stun.example:19302"]},
            {"urls": ["turn:turn.example"], "username": "u", "credential": "c"}
        ], "iceTransportPolicy": "relay"},
        "config": {"enabledFlags": []}
    });
    understood("http", "init", &with_more);
}

#[test]
fn a_single_ice_url_may_be_plain_text() {
    let init: InitResponse = serde_json::from_value(json!({
        "endpoint": "wss://host/ws",
        "rtcConfiguration": {"ice_servers": [{"urls": "stun:stun.example:19302"}]}
    }))
    .unwrap();
    let urls = &init.rtc_configuration.ice_servers[0].urls;
    assert_eq!(urls, &["stun:stun.example:19302"]);
}
