//! Requests to mute and unmute are relayed; the media itself is the peers' own affair.

use serde_json::json;

use super::client::Client;
use super::server::TestServer;

#[tokio::test]
async fn a_request_to_mute_one_track_reaches_its_owner_alone() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let mut one = Client::join(&server, "room", "one", "viewer").await;
    let mut two = Client::join(&server, "room", "two", "viewer").await;
    for mute in [true, false] {
        let wanted =
            json!({"requested_for": "one", "track_id": "t1", "stream_id": "s1", "mute": mute});
        host.ok("track-update-request", wanted).await;
        assert_eq!(
            one.notice("on-track-update-request").await,
            json!({"requested_by": "h", "track_id": "t1", "stream_id": "s1", "mute": mute})
        );
    }
    let nobody = json!({"requested_for": "nobody", "track_id": "t1", "mute": true});
    assert_eq!(host.refused("track-update-request", nobody).await, 404);
    let seen = two.settled().await;
    assert!(
        seen.iter()
            .all(|frame| frame["method"] != "on-track-update-request"),
        "somebody else's track: {seen:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_request_to_mute_many_reaches_the_roles_that_it_names() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let mut presenter = Client::join(&server, "room", "p", "presenter").await;
    let mut viewer = Client::join(&server, "room", "v", "viewer").await;
    let method = "change-track-mute-state-request";
    let told = "on-change-track-mute-state-request";

    let viewers = json!({"value": true, "type": "audio", "source": "regular", "roles": ["viewer"]});
    host.ok(method, viewers).await;
    assert_eq!(
        viewer.notice(told).await,
        json!({"requested_by": "h", "value": true, "type": "audio", "source": "regular",
               "roles": ["viewer"]})
    );
    host.ok(method, json!({"value": false})).await;
    for peer in [&mut viewer, &mut presenter] {
        let asked = peer.notice(told).await;
        assert_eq!(
            (&asked["value"], &asked["requested_by"]),
            (&json!(false), &json!("h"))
        );
    }
    let seen = host.settled().await;
    assert!(
        seen.iter().all(|frame| frame["method"] != told),
        "never oneself: {seen:?}"
    );
    server.stop().await;
}
