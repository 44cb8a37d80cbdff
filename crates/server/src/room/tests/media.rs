//! Media, with what the forwarding unit says fed in.

use kulti_media::sfu::{Command, Event, PeerKey, SfuError, Speaker, Target};
use serde_json::{Value, json};

use super::world::World;
use crate::policy::Policy;
use crate::room::{Input, RoomLimits};

fn world() -> World {
    World::ruled_by(Policy::default().with_media(), RoomLimits::default())
}

fn sdp(kind: &str) -> Value {
    json!({"type": kind, "sdp": format!("v=0 {kind}")})
}

fn track(id: &str, kind: &str, source: &str) -> Value {
    json!({"track_id": id, "stream_id": "s", "type": kind, "source": source, "mute": false, "description": ""})
}

fn tracks(ids: &[(&str, &str, &str)]) -> Value {
    ids.iter()
        .map(|(id, kind, source)| ((*id).to_owned(), track(id, kind, source)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

const CAMERA: (&str, &str, &str) = ("cam", "video", "regular");
const MICROPHONE: (&str, &str, &str) = ("mic", "audio", "regular");
const SCREEN: (&str, &str, &str) = ("scr", "video", "screen");

impl World {
    fn tell(&mut self, event: Event) {
        self.handle(Input::Media(event));
    }

    fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Sends a request whose answer waits for the forwarding unit.
    fn ask(&mut self, peer: &str, id: &str, method: &str, params: Value) {
        let frame = json!({"method": method, "params": params, "id": id, "jsonrpc": "2.0"});
        self.send(peer, &frame);
    }

    fn response(&self, peer: &str, id: &str) -> Option<Value> {
        let frames = &self.clients[peer].frames;
        frames.iter().find(|frame| frame["id"] == id).cloned()
    }

    /// The forwarding unit answers the last request.
    fn unit_answers(&mut self, result: Result<&str, SfuError>) -> PeerKey {
        let asked =
            self.commands
                .iter()
                .rev()
                .find_map(|command| match command {
                    Command::Join { peer, request, .. }
                    | Command::Publish { peer, request, .. } => Some((*peer, *request)),
                    _ => None,
                });
        let (peer, request) = asked.expect("nothing was asked");
        self.tell(Event::Answer {
            peer,
            request,
            result: result.map(str::to_owned),
        });
        peer
    }

    /// The forwarding unit answers all that it was asked: some with a refusal.
    pub(super) fn unit_answers_all(&mut self) {
        for command in self.take_commands() {
            let (Command::Join { peer, request, .. } | Command::Publish { peer, request, .. }) =
                command
            else {
                continue;
            };
            let result = match request % 3 {
                0 => Err(SfuError::Description("fuzz".to_owned())),
                _ => Ok("v=0".to_owned()),
            };
            self.tell(Event::Answer {
                peer,
                request,
                result,
            });
        }
    }

    fn join_live(&mut self, peer: &str, role: &str) -> PeerKey {
        self.open(peer, role);
        self.enter_live(peer)
    }

    fn enter_live(&mut self, peer: &str) -> PeerKey {
        let join = json!({"name": peer, "data": "", "offer": sdp("offer")});
        self.ask(peer, "join", "join", join);
        self.unit_answers(Ok("v=0 answer"))
    }

    fn publish(&mut self, peer: &str, id: &str, published: &[(&str, &str, &str)]) {
        self.offer(peer, id, published);
        self.unit_answers(Ok("v=0 answer"));
    }

    fn offer(&mut self, peer: &str, id: &str, published: &[(&str, &str, &str)]) {
        let params = json!({"desc": sdp("offer"), "tracks": tracks(published)});
        self.ask(peer, id, "offer", params);
    }

    fn tracks_seen(&self, by: &str, of: &str, method: &str) -> Vec<String> {
        self.notices(by, method)
            .iter()
            .filter(|notice| notice["peer"]["peer_id"] == of)
            .flat_map(|notice| notice["tracks"].as_object().unwrap().keys().cloned())
            .collect()
    }

    /// What a peer gets, as the forwarding unit was told last.
    fn subscribed(&self, key: PeerKey) -> Option<Vec<String>> {
        self.commands
            .iter()
            .rev()
            .find_map(|command| match command {
                Command::Subscriptions { peer, tracks } if *peer == key => {
                    Some(tracks.iter().map(|(_, id)| id.clone()).collect())
                }
                _ => None,
            })
    }
}

#[test]
fn a_join_with_an_offer_waits_for_its_answer_and_nobody_else_does() {
    let mut world = world();
    world.join("w", "viewer");
    world.open("a", "viewer");
    world.clear();
    let join = json!({"name": "A", "offer": sdp("offer"), "disableVidAutoSub": true});
    world.ask("a", "1", "join", join);
    assert_eq!(world.response("a", "1"), None);
    assert_eq!(world.notices("w", "on-peer-join").len(), 1);
    assert!(world.notices("a", "peer-list").is_empty());
    let [
        Command::Join {
            id,
            auto_video: false,
            offer,
            ..
        },
    ] = &world.commands[..]
    else {
        panic!("{:?}", world.commands);
    };
    assert_eq!((id.as_str(), offer.as_str()), ("a", "v=0 offer"));

    let key = world.unit_answers(Ok("v=0 answer"));
    let answer = world.response("a", "1").unwrap();
    assert_eq!(world.notices("a", "peer-list").len(), 1);
    assert_eq!(world.clients["a"].frames[0], answer, "it comes first");
    assert_eq!(answer["result"]["type"], "answer");
    assert_eq!(answer["result"]["sdp"], "v=0 answer");
    let node = answer["result"]["sfu_node_id"].as_str().unwrap().to_owned();
    world.tell(Event::Offer {
        peer: key,
        sdp: "v=0 subscribe".to_owned(),
    });
    let offers = world.notices("a", "offer");
    assert_eq!(offers[0]["sdp"], "v=0 subscribe");
    assert_eq!(offers[0]["sfu_node_id"], node.as_str());
    world.take_commands();
    let answer = json!({"desc": sdp("answer"), "sfu_node_id": node});
    world.notify("a", "answer", answer.clone());
    world.notify("a", "answer", answer); // nothing is outstanding any more
    let expected = Command::Answer {
        peer: key,
        sdp: "v=0 answer".to_owned(),
    };
    assert_eq!(world.take_commands(), [expected]);
}

#[test]
fn a_join_whose_offer_cannot_be_used_has_not_happened() {
    let mut world = world();
    world.join("w", "viewer");
    world.open("a", "viewer");
    world.ask(
        "a",
        "1",
        "join",
        json!({"name": "A", "offer": sdp("offer")}),
    );
    world.unit_answers(Err(SfuError::Description("no".to_owned())));
    assert_eq!(world.response("a", "1").unwrap()["error"]["code"], 400);
    assert_eq!(world.notices("w", "on-peer-leave").len(), 1);
    assert!(
        world
            .commands
            .iter()
            .any(|c| matches!(c, Command::Leave { .. }))
    );
    // The socket may try again.
    world.enter_live("a");
    assert!(world.room.has_media("a"));
}

#[test]
fn what_is_published_is_told_to_all_and_found_by_late_joiners() {
    let mut world = world();
    let viewer = world.join_live("v", "viewer");
    let host = world.join_live("h", "host");
    world.publish("h", "1", &[MICROPHONE]);
    world.publish("h", "2", &[MICROPHONE, CAMERA]);
    assert_eq!(world.tracks_seen("v", "h", "on-track-add"), ["mic", "cam"]);
    assert!(world.notices("h", "on-track-add").is_empty());
    assert_eq!(world.subscribed(viewer).unwrap(), ["cam", "mic"]);
    assert_eq!(world.subscribed(host), None, "nobody gets their own");
    let late = world.join_live("l", "viewer");
    let tracks = &world.clients["l"].roster["h"]["tracks"];
    assert_eq!(tracks["cam"]["source"], "regular");
    assert_eq!(world.subscribed(late).unwrap(), ["cam", "mic"]);

    world.publish("h", "3", &[MICROPHONE]);
    assert_eq!(world.tracks_seen("v", "h", "on-track-remove"), ["cam"]);
    assert_eq!(world.subscribed(viewer).unwrap(), ["mic"]);
    assert_eq!(world.room.media_figures(), (3, 1));

    // Whoever leaves takes their tracks along.
    world.notify("h", "leave", json!({}));
    assert_eq!(world.subscribed(viewer).unwrap(), Vec::<String>::new());
    assert!(world.commands.contains(&Command::Leave { peer: host }));
    assert_eq!(world.room.media_figures(), (2, 0));
}

#[test]
fn a_failed_offer_changes_nothing() {
    let mut world = world();
    world.join("v", "viewer");
    world.join_live("h", "host");
    world.offer("h", "1", &[CAMERA]);
    assert!(world.notices("v", "on-track-add").is_empty(), "not yet");
    world.unit_answers(Err(SfuError::TooManyTracks {
        limit: 1,
        place: "by one peer",
    }));
    assert_eq!(world.response("h", "1").unwrap()["error"]["code"], 403);
    assert!(world.notices("v", "on-track-add").is_empty());
}

#[test]
fn roles_publish_what_they_may_and_no_more() {
    let mut world = world();
    world.join_live("v", "viewer");
    world.join_live("h", "host");
    world.offer("v", "1", &[MICROPHONE]);
    assert_eq!(world.response("v", "1").unwrap()["error"]["code"], 403);
    world.publish("h", "1", &[CAMERA, SCREEN]);
    // An id that is taken, and one that is not the track's own.
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "v", "role": "presenter", "force": true}),
    );
    world.offer("v", "2", &[CAMERA]);
    assert_eq!(world.response("v", "2").unwrap()["error"]["code"], 400);
    let params = json!({"desc": sdp("offer"), "tracks": {"x": track("y", "audio", "regular")}});
    world.ask("v", "3", "offer", params);
    assert_eq!(world.response("v", "3").unwrap()["error"]["code"], 400);
    world.ask(
        "v",
        "4",
        "offer",
        json!({"desc": sdp("answer"), "tracks": {}}),
    );
    assert_eq!(world.response("v", "4").unwrap()["error"]["code"], 400);
    world.publish("v", "5", &[MICROPHONE]);
    assert_eq!(world.tracks_seen("h", "v", "on-track-add"), ["mic"]);
}

#[test]
fn a_role_that_is_taken_away_takes_its_tracks_along() {
    let mut world = world();
    let host = world.join_live("h", "host");
    let other = world.join_live("p", "presenter");
    world.publish("p", "1", &[MICROPHONE, CAMERA]);
    assert_eq!(world.subscribed(host).unwrap(), ["cam", "mic"]);
    world.offer("p", "2", &[MICROPHONE, CAMERA, SCREEN]); // under way
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "p", "role": "viewer", "force": true}),
    );
    assert_eq!(
        world.tracks_seen("h", "p", "on-track-remove"),
        ["cam", "mic"]
    );
    assert_eq!(world.subscribed(host).unwrap(), Vec::<String>::new());
    let silent = |id: &str| Command::Mute {
        peer: other,
        track_id: id.to_owned(),
        mute: true,
    };
    assert!(world.commands.contains(&silent("cam")) && world.commands.contains(&silent("mic")));
    // The answer to what was under way does not bring them back, nor does the SDK's
    // taking them back one by one; and neither is refused.
    world.clear();
    world.unit_answers(Ok("v=0 answer"));
    world.publish("p", "3", &[CAMERA, SCREEN]);
    world.publish("p", "4", &[]);
    for id in ["2", "3", "4"] {
        assert!(
            world.response("p", id).unwrap().get("result").is_some(),
            "{id}"
        );
    }
    assert!(world.notices("h", "on-track-add").is_empty());
    world.pass(20_000);
    world.offer("p", "5", &[("new", "audio", "regular")]);
    assert_eq!(world.response("p", "5").unwrap()["error"]["code"], 403);
    // Given back, it publishes again.
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "p", "role": "presenter", "force": true}),
    );
    world.publish("p", "6", &[("new", "audio", "regular")]);
    assert_eq!(world.tracks_seen("h", "p", "on-track-add"), ["new"]);
}

#[test]
fn mute_reaches_the_others_and_the_forwarding_unit() {
    let mut world = world();
    world.join_live("v", "viewer");
    let host = world.join_live("h", "host");
    world.publish("h", "1", &[MICROPHONE]);
    world.take_commands();
    let mut muted = track("mic", "audio", "regular");
    muted["mute"] = json!(true);
    world.notify(
        "h",
        "track-update",
        json!({"tracks": {"mic": muted, "ghost": muted}}),
    );
    let notice = &world.notices("v", "on-track-update")[0];
    assert_eq!(notice["tracks"]["mic"]["mute"], true);
    assert_eq!(notice["tracks"].as_object().unwrap().len(), 1);
    let expected = Command::Mute {
        peer: host,
        track_id: "mic".to_owned(),
        mute: true,
    };
    assert_eq!(world.take_commands(), [expected]);
}

#[test]
fn candidates_go_through_but_empty_and_endless_ones() {
    let mut world = world();
    let peer = world.join_live("v", "viewer");
    world.take_commands();
    for candidate in [String::new(), "x".repeat(2_000), "candidate:1".to_owned()] {
        world.notify(
            "v",
            "trickle",
            json!({"target": 1, "candidate": {"candidate": candidate}}),
        );
    }
    let expected = Command::Trickle {
        peer,
        target: Target::Subscribe,
        candidate: "candidate:1".to_owned(),
    };
    assert_eq!(world.take_commands(), [expected]);
}

#[test]
fn a_lost_socket_leaves_media_alone_and_what_was_missed_is_said_again() {
    let mut world = world();
    let viewer = world.join_live("v", "viewer");
    world.join_live("h", "host");
    world.publish("h", "1", &[CAMERA]);
    world.take_commands();
    world.cut("v");
    world.tell(Event::Offer {
        peer: viewer,
        sdp: "v=0 missed".to_owned(),
    });
    world.tell(Event::Lost {
        peer: viewer,
        target: Target::Subscribe,
    });
    assert_eq!(world.take_commands(), []);
    world.clear();
    world.open("v", "viewer");
    assert_eq!(world.notices("v", "offer")[0]["sdp"], "v=0 missed");
    assert!(world.notices("v", "node-info").is_empty());
    assert_eq!(
        world.take_commands(),
        [Command::RestartIce { peer: viewer }]
    );
    assert!(world.notices("h", "on-track-remove").is_empty());

    // Heard again, there is nothing to do at the next return.
    world.tell(Event::Connected {
        peer: viewer,
        target: Target::Subscribe,
    });
    world.cut("v");
    world.open("v", "viewer");
    assert_eq!(world.take_commands(), []);
    // With a socket there is no waiting.
    world.tell(Event::Lost {
        peer: viewer,
        target: Target::Subscribe,
    });
    assert_eq!(
        world.take_commands(),
        [Command::RestartIce { peer: viewer }]
    );
    // The grace is over: all of it is.
    world.cut("v");
    world.pass(60_000);
    assert!(
        world
            .take_commands()
            .contains(&Command::Leave { peer: viewer })
    );
}

#[test]
fn a_request_that_was_lost_with_its_socket_is_asked_again() {
    let mut world = world();
    world.join_live("v", "viewer");
    world.join_live("h", "host");
    world.offer("h", "1", &[CAMERA]);
    world.cut("h");
    world.unit_answers(Ok("v=0 answer"));
    assert_eq!(world.tracks_seen("v", "h", "on-track-add"), ["cam"]);
    world.open("h", "host");
    world.publish("h", "2", &[CAMERA]);
    assert!(world.response("h", "2").unwrap().get("result").is_some());
    assert_eq!(world.tracks_seen("v", "h", "on-track-add"), ["cam"]);
    // So is a join.
    world.open("j", "viewer");
    world.ask(
        "j",
        "1",
        "join",
        json!({"name": "J", "offer": sdp("offer")}),
    );
    world.cut("j");
    world.open("j", "viewer");
    world.enter_live("j");
    assert!(world.response("j", "join").unwrap().get("result").is_some());
}

#[test]
fn a_connection_that_failed_is_begun_anew() {
    let mut world = world();
    world.join_live("v", "viewer");
    let host = world.join_live("h", "host");
    let node = world.response("h", "join").unwrap()["result"]["sfu_node_id"].clone();
    world.publish("h", "1", &[CAMERA]);
    world.tell(Event::Failed {
        peer: host,
        target: Target::Publish,
    });
    assert_eq!(world.tracks_seen("v", "h", "on-track-remove"), ["cam"]);
    let told = world.notices("h", "node-info")[0]["sfu_node_id"].clone();
    assert_ne!(told, node);
    // What was meant for the old one needs no answer.
    let old = json!({"desc": sdp("offer"), "tracks": tracks(&[CAMERA]), "sfu_node_id": node});
    assert_eq!(world.call("h", "offer", old), Err(421));
    assert_eq!(
        world.call(
            "h",
            "offer",
            json!({"desc": sdp("offer"), "tracks": tracks(&[CAMERA])})
        ),
        Err(421)
    );
    // Begun anew as the SDK does.
    let anew = json!({"desc": sdp("offer"), "tracks": {}, "sfu_node_id": told});
    world.ask("h", "2", "offer", anew);
    assert!(
        matches!(world.commands.last(), Some(Command::Join { .. })),
        "{:?}",
        world.commands
    );
    world.unit_answers(Ok("v=0 answer"));
    assert_eq!(
        world.response("h", "2").unwrap()["result"]["sfu_node_id"],
        told
    );
    world.publish("h", "3", &[("cam2", "video", "regular")]);
    assert_eq!(world.tracks_seen("v", "h", "on-track-add"), ["cam", "cam2"]);
}

#[test]
fn a_restarted_server_keeps_no_ghosts_and_lets_media_begin_anew() {
    for clean in [true, false] {
        let mut world = world();
        world.join_live("v", "viewer");
        world.join_live("h", "host");
        world.join("n", "viewer");
        world.publish("h", "1", &[CAMERA]);
        let node = world.response("h", "join").unwrap()["result"]["sfu_node_id"].clone();
        world.restart(clean);
        world.clear();
        assert_eq!(world.room.media_figures(), (0, 0));
        for peer in ["v", "h", "n"] {
            world.open(peer, "viewer");
        }
        assert_eq!(world.clients["v"].roster["h"]["tracks"], json!({}));
        // The SDK restarts ICE at once, which must be over before it begins anew.
        assert!(world.notices("h", "node-info").is_empty());
        let old = json!({"desc": sdp("offer"), "tracks": tracks(&[CAMERA]), "sfu_node_id": node});
        assert_eq!(world.call("h", "offer", old), Err(421));
        let told = world.notices("h", "node-info")[0]["sfu_node_id"].clone();
        assert_ne!(told, node);
        // Who makes no offer is told a little later.
        assert!(world.notices("v", "node-info").is_empty());
        world.pass(2_000);
        assert_eq!(world.notices("v", "node-info").len(), 1);
        assert!(
            world.notices("n", "node-info").is_empty(),
            "it had no media"
        );
        let anew = json!({"desc": sdp("offer"), "tracks": {}, "sfu_node_id": told});
        world.ask("h", "2", "offer", anew);
        world.unit_answers(Ok("v=0 answer"));
        world.publish("h", "3", &[("again", "video", "regular")]);
        assert_eq!(world.tracks_seen("v", "h", "on-track-add"), ["again"]);
    }
}

#[test]
fn who_joins_without_an_offer_gets_everything_but_media() {
    let mut world = world();
    world.join("n", "viewer");
    let host = world.join_live("h", "host");
    world.publish("h", "1", &[MICROPHONE]);
    assert_eq!(world.tracks_seen("n", "h", "on-track-add"), ["mic"]);
    assert!(!world.room.has_media("n"));
    let speaker = Speaker {
        peer: host,
        track_id: "mic".to_owned(),
        level: 60,
    };
    world.tell(Event::Speakers(vec![speaker.clone()]));
    world.tell(Event::Speakers(vec![Speaker {
        level: 61,
        ..speaker
    }]));
    world.tell(Event::Speakers(Vec::new()));
    let heard = world.notices("n", "active-speakers");
    assert_eq!(heard.len(), 2);
    assert_eq!(
        heard[0]["speaker-list"],
        json!([{"peer_id": "h", "track_id": "mic", "level": 60}])
    );
    assert_eq!(heard[1]["speaker-list"], json!([]));
    assert!(
        world.notices("h", "active-speakers").is_empty(),
        "it has a data channel"
    );

    // It may get media later, with a first offer without tracks.
    world.ask(
        "n",
        "1",
        "offer",
        json!({"desc": sdp("offer"), "tracks": {}}),
    );
    let key = world.unit_answers(Ok("v=0 answer"));
    assert_eq!(world.subscribed(key).unwrap(), ["mic"]);
}

#[test]
fn when_media_move_everybody_begins_anew() {
    let mut world = world();
    world.join_live("v", "viewer");
    world.join_live("h", "host");
    world.publish("h", "1", &[CAMERA]);
    world.offer("h", "2", &[CAMERA, SCREEN]);
    world.handle(Input::MediaMoved);
    assert_eq!(world.response("h", "2").unwrap()["error"]["code"], 421);
    assert_eq!(world.room.media_figures(), (0, 0));
    for peer in ["v", "h"] {
        assert_eq!(world.notices(peer, "node-info").len(), 1, "{peer}");
    }
}

#[test]
fn the_end_of_a_room_ends_its_media() {
    let mut world = world();
    let viewer = world.join_live("v", "viewer");
    world.join_live("h", "host");
    world.ok("h", "end-room", json!({"lock": true, "reason": "over"}));
    assert!(world.commands.contains(&Command::Leave { peer: viewer }));
}
