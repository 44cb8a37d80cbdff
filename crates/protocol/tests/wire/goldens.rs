//! Every message against its golden file. A change of what is on the wire shows up
//! here, and must be meant: then `INSTA_UPDATE=always` writes the new files.

use std::collections::BTreeSet;

use insta::{Settings, assert_json_snapshot};
use kulti_protocol::signalling::{
    ClientFrame, RpcError, ServerFrame, ServerNotification, code, method, notification, request,
    response_error, response_ok,
};
use serde_json::Value;

use crate::messages::all;

const ID: &str = "3b241101-e2bb-4255-8caf-4136c566a962";

/// Methods that the client sends without waiting for an answer.
const WITHOUT_ANSWER: [&str; 4] = [
    method::LEAVE,
    method::TRACK_UPDATE,
    method::ANSWER,
    method::TRICKLE,
];

/// What stands on the wire for an example.
fn on_the_wire(group: &str, name: &str, json: &Value) -> String {
    match group {
        "request" if WITHOUT_ANSWER.contains(&name) => notification(name, json),
        "request" => request(ID, name, json),
        "notification" => notification(name, json),
        "result" if name == "error" => {
            let error: RpcError = serde_json::from_value(json.clone()).unwrap();
            response_error(ID, &error)
        }
        "result" => response_ok(ID, json),
        _ => Ok(json.to_string()),
    }
    .unwrap()
}

#[test]
fn every_message_is_as_it_was() {
    for (group, example) in all() {
        let text = on_the_wire(group, &example.name, &example.json);
        let json: Value = serde_json::from_str(&text).unwrap();
        let mut settings = Settings::clone_current();
        settings.set_snapshot_path(format!("snapshots/{group}"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let file = example.name.replace(':', "");
        settings.bind(|| assert_json_snapshot!(file, json));
    }
}

#[test]
fn every_message_survives_the_way_over_the_wire() {
    for (group, example) in all() {
        let name = &example.name;
        let again = example.reread(example.json.clone()).unwrap();
        assert_eq!(again, example.json, "{group} {name}");

        let text = on_the_wire(group, name, &example.json);
        match group {
            "request" => {
                let frame = ClientFrame::parse(&text).unwrap();
                let id = (!WITHOUT_ANSWER.contains(&name.as_str())).then(|| ID.to_owned());
                assert_eq!((&frame.method, frame.id), (name, id));
                assert_eq!(frame.params, example.json);
            }
            "notification" => {
                let ServerFrame::Notification { method, params } =
                    ServerFrame::parse(&text).unwrap()
                else {
                    panic!("{text} is a notification");
                };
                assert_eq!((&method, &params), (name, &example.json));
                let written = ServerNotification::parse(&method, params)
                    .unwrap()
                    .to_frame();
                let written: Value = serde_json::from_str(&written.unwrap()).unwrap();
                assert_eq!(written, serde_json::from_str::<Value>(&text).unwrap());
            }
            "result" => {
                let ServerFrame::Response { id, result } = ServerFrame::parse(&text).unwrap()
                else {
                    panic!("{text} is a response");
                };
                assert_eq!(id, ID);
                match result {
                    Ok(result) => assert_eq!(result, example.json),
                    Err(error) => {
                        assert_eq!(serde_json::to_value(error).unwrap(), example.json);
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn no_message_is_without_an_example() {
    let of = |wanted: &str| -> BTreeSet<String> {
        all()
            .into_iter()
            .filter(|(group, _)| *group == wanted)
            .map(|(_, example)| example.name)
            .collect()
    };
    let notifications = ServerNotification::METHODS.iter().map(|m| (*m).to_owned());
    assert_eq!(of("notification"), notifications.collect());
    let requests = of("request");
    for name in [
        method::JOIN,
        method::PING,
        method::LEAVE,
        method::TRACK_UPDATE,
        method::BROADCAST,
        method::SET_METADATA,
        method::GET_METADATA,
        method::LISTEN_METADATA,
        method::PEER_UPDATE,
        method::GROUP_JOIN,
        method::GROUP_LEAVE,
        method::GROUP_ADD,
        method::GROUP_REMOVE,
        method::GET_PEER,
        method::FIND_PEER,
        method::PEER_ITER_NEXT,
        method::PEER_NAME_SEARCH,
        method::ROLE_CHANGE_REQUEST,
        method::ROLE_CHANGE,
        method::PEER_LEAVE_REQUEST,
        method::TRACK_UPDATE_REQUEST,
        method::MUTE_STATE_REQUEST,
        method::END_ROOM,
        method::POLL_INFO_SET,
        method::POLL_INFO_GET,
        method::POLL_QUESTIONS_SET,
        method::POLL_QUESTIONS_GET,
        method::POLL_START,
        method::POLL_STOP,
        method::POLL_RESPONSE,
        method::POLL_RESPONSES,
        method::POLL_RESULT,
        method::POLL_LIST,
        method::POLL_LEADERBOARD,
    ] {
        assert!(requests.contains(name), "{name}");
    }
}

/// What the official SDK tests for truthiness, or throws at.
#[test]
fn frames_have_the_form_that_the_sdk_demands() {
    let object = |text: String| -> serde_json::Map<String, Value> {
        serde_json::from_str::<Value>(&text)
            .unwrap()
            .as_object()
            .unwrap()
            .clone()
    };
    let notice = object(notification("on-peer-join", serde_json::json!({})).unwrap());
    assert!(!notice.contains_key("id"), "never an id on a notification");
    let answer = object(response_ok(ID, serde_json::json!({})).unwrap());
    assert!(answer["result"].is_object() && !answer.contains_key("error"));
    let refusal = object(response_error(ID, &RpcError::new(code::CONFLICT, "no")).unwrap());
    assert_eq!(refusal["error"]["code"], 409);
    assert!(!refusal.contains_key("result"));

    for (group, example) in all() {
        if group == "result" && example.name != "error" {
            assert!(example.json.is_object(), "{}", example.name);
        }
        if example.name == "on-peer-join" || example.name == "on-peer-update" {
            assert_eq!(example.json["realtime"], true);
            for member in ["role", "groups", "info", "tracks"] {
                assert!(!example.json[member].is_null(), "{member} is complete");
            }
        }
    }
}
