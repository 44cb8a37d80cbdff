//! Media over real sockets: what clients are told before they join, and the first offers.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::*;

/// The first offer of a browser: a data channel and nothing else.
fn first_offer() -> Value {
    let fingerprint = ["AB"; 32].join(":");
    let lines = [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=msid-semantic: WMS",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:EsAw",
        "a=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y",
        "a=ice-options:trickle",
        &format!("a=fingerprint:sha-256 {fingerprint}"),
        "a=setup:actpass",
        "a=mid:0",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
        "",
    ];
    json!({"type": "offer", "sdp": lines.join("\r\n")})
}

async fn init(server: &TestServer, token: &str) -> Value {
    let request = client()
        .get(server.url("/init?peer_id=p"))
        .bearer_auth(token);
    let answer = send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

#[tokio::test]
async fn clients_are_told_of_media_and_of_servers_that_help_them_there() {
    let server = TestServer::start_with(|settings| {
        let ice = &mut settings.media.ice;
        ice.urls = vec!["stun:s.example".into(), "turn:t.example".into()];
        ice.turn_secret = Some("north".into());
    })
    .await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let told = init(&server, &ann.token(&session).await.token).await;
    assert_eq!(told["config"]["enabledFlags"], json!(["simulcast"]));
    let servers = &told["rtcConfiguration"]["ice_servers"];
    assert_eq!(servers[0], json!({"urls": ["stun:s.example"]}));
    assert_eq!(servers[1]["urls"], json!(["turn:t.example"]));
    let name = servers[1]["username"].as_str().unwrap();
    assert!(name.ends_with(&format!(":{}", ann.auth.user.id)), "{name}");
    assert!(servers[1]["credential"].is_string());
}

#[tokio::test]
async fn without_media_clients_join_without_an_offer() {
    let server = TestServer::start_with(|settings| settings.media.on = false).await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let told = init(&server, &ann.token(&session).await.token).await;
    assert_eq!(
        told["config"]["enabledFlags"],
        json!(["nonWebRTCDisableOffer"])
    );
    let mut peer = ann.enter(&session, "p").await;
    let params = json!({"desc": first_offer(), "tracks": {}});
    assert_eq!(peer.ask("offer", params).await["error"]["code"], 400);
    assert!(
        !server
            .get("/metrics")
            .await
            .body
            .as_str()
            .unwrap()
            .contains("kulti_media_packets_in_total")
    );
}

#[tokio::test]
async fn an_offer_is_answered_and_followed_by_one_for_what_comes_back() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let mut peer = ann.enter(&session, "p").await;
    let wrong = json!({"desc": {"type": "offer", "sdp": "no SDP"}, "tracks": {}});
    assert_eq!(peer.ask("offer", wrong).await["error"]["code"], 400);

    let params = json!({"desc": first_offer(), "tracks": {}});
    let answer = peer.request("offer", params).await;
    assert_eq!(answer["type"], "answer");
    let sdp = answer["sdp"].as_str().unwrap();
    assert!(sdp.contains("webrtc-datachannel"), "{sdp}");
    assert!(
        sdp.contains("127.0.0.1"),
        "only this machine is told: {sdp}"
    );
    let offer = peer.until(|frame| frame["method"] == "offer").await;
    assert_eq!(offer["params"]["type"], "offer");
    assert_eq!(offer["params"]["sfu_node_id"], answer["sfu_node_id"]);
    assert!(metric(&server, "kulti_media_peers").await >= 1);
    assert_eq!(metric(&server, "kulti_media_packets_out_total").await, 0);

    // Opened to the network, media are carried elsewhere, and begin anew.
    server.server.open_to_network(0).await.unwrap();
    let node = peer.until(|frame| frame["method"] == "node-info").await;
    assert_ne!(node["params"]["sfu_node_id"], answer["sfu_node_id"]);
    let params = json!({"desc": first_offer(), "tracks": {}});
    let again = peer.request("offer", params).await;
    assert_eq!(again["sfu_node_id"], node["params"]["sfu_node_id"]);
    server.server.close_to_network().await;
    peer.until(|frame| frame["method"] == "node-info").await;
}
