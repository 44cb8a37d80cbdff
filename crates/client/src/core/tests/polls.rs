//! Polls, from both sides.

use kulti_protocol::signalling::{RpcError, code, method};
use kulti_protocol::store_keys::ACTIVE_POLL;
use proptest::prelude::*;
use serde_json::json;

use super::world::World;
use crate::core::{
    AnswerDraft, Intent, PollDraft, PollIntent, QuestionDraft,
    view::{Notice, PollStage, PollView, SavingView, ViewEvent, VoteView},
};

fn act(intent: PollIntent) -> Intent {
    Intent::Poll { intent }
}

fn save(draft: PollDraft, start: bool) -> PollIntent {
    PollIntent::Save {
        draft,
        start,
        number: 7,
    }
}

fn question(text: &str, options: &[&str]) -> QuestionDraft {
    QuestionDraft {
        text: text.to_owned(),
        options: options.iter().map(|&text| text.to_owned()).collect(),
        ..QuestionDraft::default()
    }
}

fn pace() -> PollDraft {
    PollDraft {
        live_results: true,
        changeable: true,
        questions: vec![question("The pace?", &["too slow", "right", "too fast"])],
        ..PollDraft::default()
    }
}

fn start(world: &mut World, draft: PollDraft) -> String {
    world.act("host-1", act(save(draft, true)));
    world.run(100);
    polls(world, "host-1")[0].poll_id.clone()
}

fn vote(poll_id: &str, option: u32) -> Intent {
    act(PollIntent::Vote {
        poll_id: poll_id.to_owned(),
        answers: vec![AnswerDraft {
            question: 1,
            options: vec![option],
            text: None,
        }],
    })
}

fn polls<'a>(world: &'a World, id: &str) -> &'a [PollView] {
    &world.shown(id).polls.polls
}

fn votes(world: &World, id: &str) -> Vec<Option<u32>> {
    let options = &polls(world, id)[0].questions[0].options;
    options.iter().map(|option| option.votes).collect()
}

fn mine(world: &World, id: &str) -> Vec<u32> {
    let options = polls(world, id)[0].questions[0].options.iter();
    let mine = options.filter(|option| option.mine);
    mine.map(|option| option.number).collect()
}

fn vote_state(world: &World, id: &str) -> VoteView {
    polls(world, id)[0].vote.clone()
}

#[test]
fn a_poll_from_its_writing_to_its_end() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    let poll_id = start(&mut world, pace());
    let saved = SavingView::Saved {
        poll_id: poll_id.clone(),
    };
    assert_eq!(world.shown("host-1").polls.saving, saved);

    let seen = &polls(&world, "viewer-1")[0];
    assert_eq!(
        (seen.title.as_str(), seen.stage),
        ("The pace?", PollStage::Running)
    );
    assert_eq!((seen.author.as_str(), seen.of), ("Name host-1", 2));
    assert!(seen.may_vote && seen.sees_results && seen.loaded);
    assert!(
        !polls(&world, "host-1")[0].may_vote,
        "hosts ask, they do not vote"
    );

    world.act("viewer-1", vote(&poll_id, 2));
    world.act("viewer-2", vote(&poll_id, 3));
    world.act("viewer-2", vote(&poll_id, 2));
    for id in ["host-1", "viewer-1", "viewer-2"] {
        assert_eq!(votes(&world, id), [Some(0), Some(2), Some(0)], "{id}");
        let question = &polls(&world, id)[0].questions[0];
        assert_eq!((question.voters, question.selections), (Some(2), Some(2)));
        assert!(question.options[1].leading);
    }
    assert_eq!(mine(&world, "viewer-2"), [2]);
    assert_eq!(vote_state(&world, "viewer-2"), VoteView::Counted);

    world.act(
        "host-1",
        act(PollIntent::Stop {
            poll_id: poll_id.clone(),
        }),
    );
    world.run(100);
    world.act("viewer-1", vote(&poll_id, 1));
    for id in ["host-1", "viewer-1"] {
        assert_eq!(polls(&world, id)[0].stage, PollStage::Closed);
        assert_eq!(votes(&world, id), [Some(0), Some(2), Some(0)]);
    }
    let refused = world.clients["viewer-1"].notices.last();
    assert!(matches!(refused, Some(Notice::Refused { action, .. }) if action == "vote"));
}

#[test]
fn a_vote_is_shown_at_once_and_kept_through_losses_until_it_is_counted() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let poll_id = start(&mut world, pace());
    world.offline("viewer-1");
    world.act("viewer-1", vote(&poll_id, 1));
    assert_eq!(mine(&world, "viewer-1"), [1]);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Retrying);
    world.back("viewer-1");
    world.run(70_000);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Counted);
    assert_eq!(votes(&world, "host-1"), [Some(1), Some(0), Some(0)]);

    // An answer that never comes: the vote is there, and is not counted twice.
    world.room.mute.insert(method::POLL_RESPONSE);
    world.act("viewer-1", vote(&poll_id, 3));
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Sending);
    world.run(31_000);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Retrying);
    world.room.mute.clear();
    world.cut("viewer-1");
    world.run(40_000);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Counted);
    assert_eq!(votes(&world, "host-1"), [Some(0), Some(0), Some(1)]);
}

#[test]
fn a_vote_whose_answer_was_lost_counts_once_also_where_it_cannot_be_changed() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1"]);
    let draft = PollDraft {
        changeable: false,
        ..pace()
    };
    let poll_id = start(&mut world, draft);
    // The server has it, but this client does not know, and sends it again.
    world.room.swallow.insert(method::POLL_RESPONSE);
    world.act("viewer-1", vote(&poll_id, 2));
    world.cut("viewer-1");
    world.run(40_000);
    let sent = world.room.heard("viewer-1", method::POLL_RESPONSE).len();
    assert_eq!(sent, 2);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Counted);
    assert_eq!(votes(&world, "host-1"), [Some(0), Some(1), Some(0)]);
    world.act("viewer-1", vote(&poll_id, 3));
    assert_eq!(mine(&world, "viewer-1"), [2], "it cannot be changed");
}

#[test]
fn a_busy_server_gets_the_vote_again_and_a_refusing_one_is_believed() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let poll_id = start(&mut world, pace());
    let busy = (0..4).map(|_| RpcError::new(503, "busy")).collect();
    world.room.faults.insert(method::POLL_RESPONSE, busy);
    world.act("viewer-1", vote(&poll_id, 1));
    world.run(30_000);
    assert_eq!(vote_state(&world, "viewer-1"), VoteView::Counted);

    let no = vec![RpcError::new(code::FORBIDDEN, "not you")];
    world.room.faults.insert(method::POLL_RESPONSE, no);
    world.act("viewer-1", vote(&poll_id, 2));
    world.run(1_000);
    let message = "not you".to_owned();
    assert_eq!(
        vote_state(&world, "viewer-1"),
        VoteView::Refused { message }
    );
    assert_eq!(mine(&world, "viewer-1"), [1], "what is counted is shown");
}

#[test]
fn whoever_comes_later_or_comes_back_sees_what_runs_and_only_what_is_new_is_news() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let news = |world: &World, id: &str| {
        let notices = world.clients[id].notices.iter();
        notices
            .filter(|notice| matches!(notice, Notice::PollStarted { .. }))
            .count()
    };
    let first = start(&mut world, pace());
    assert_eq!((news(&world, "viewer-1"), news(&world, "host-1")), (1, 0));

    world.join(&["viewer-2"]);
    assert_eq!(polls(&world, "viewer-2").len(), 1);
    assert_eq!(news(&world, "viewer-2"), 0, "it ran before");

    world.offline("viewer-1");
    world.act("host-1", act(PollIntent::Stop { poll_id: first }));
    for _ in 0..3 {
        world.run(10);
        start(&mut world, pace());
    }
    world.back("viewer-1");
    world.run(30_000);
    let stages: Vec<_> = polls(&world, "viewer-1").iter().map(|p| p.stage).collect();
    use PollStage::{Closed, Running};
    assert_eq!(stages, [Running, Running, Running, Closed]);
    assert_eq!(news(&world, "viewer-1"), 4);
    world.cut("viewer-1");
    world.run(30_000);
    assert_eq!(news(&world, "viewer-1"), 4, "nothing is told twice");
}

#[test]
fn hidden_results_are_for_those_who_run_polls_until_it_is_closed() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let draft = PollDraft {
        live_results: false,
        ..pace()
    };
    let poll_id = start(&mut world, draft);
    world.act("viewer-1", vote(&poll_id, 1));
    assert_eq!(votes(&world, "viewer-1"), [None, None, None]);
    assert!(!polls(&world, "viewer-1")[0].sees_results);
    assert_eq!(votes(&world, "host-1"), [Some(1), Some(0), Some(0)]);
    world.act("host-1", act(PollIntent::Stop { poll_id }));
    world.run(100);
    assert_eq!(votes(&world, "viewer-1"), [Some(1), Some(0), Some(0)]);
}

#[test]
fn who_has_not_answered_is_known_to_whoever_looks() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2", "viewer-3"]);
    let poll_id = start(&mut world, pace());
    let look = act(PollIntent::Inspect {
        poll_id: Some(poll_id.clone()),
    });
    world.act("host-1", look);
    world.act("viewer-1", vote(&poll_id, 1));
    world.act("viewer-3", vote(&poll_id, 1));
    world.run(3_000);
    let waiting = |world: &World| {
        let inspected = world.shown("host-1").polls.inspected.clone().unwrap();
        let names = inspected.waiting_for.into_iter().map(|who| who.user_id);
        (inspected.known, names.collect::<Vec<_>>())
    };
    assert_eq!(waiting(&world), (true, vec!["user-viewer-2".to_owned()]));
    world.act("viewer-2", vote(&poll_id, 2));
    world.run(3_000);
    assert_eq!(waiting(&world), (true, Vec::new()));
    let report = world.clients["host-1"].core.poll_report(&poll_id).unwrap();
    assert_eq!((report.voters, report.answers.len()), (3, 3));
}

#[test]
fn in_an_anonymous_poll_nobody_is_named() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let draft = PollDraft {
        anonymous: true,
        ..pace()
    };
    let poll_id = start(&mut world, draft);
    world.act("viewer-1", vote(&poll_id, 1));
    let look = PollIntent::Inspect {
        poll_id: Some(poll_id.clone()),
    };
    world.act("host-1", act(look));
    world.run(3_000);
    let inspected = world.shown("host-1").polls.inspected.clone().unwrap();
    assert!(!inspected.known && inspected.waiting_for.is_empty());
    let report = world.clients["host-1"].core.poll_report(&poll_id).unwrap();
    assert_eq!((report.voters, report.answers.len()), (1, 0));
}

#[test]
fn a_draft_is_kept_changed_and_started_later() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let draft = pace();
    world.act("host-1", act(save(draft, false)));
    world.run(100);
    let kept = polls(&world, "host-1")[0].clone();
    assert_eq!(kept.stage, PollStage::Draft);
    assert!(polls(&world, "viewer-1").is_empty());

    let draft = PollDraft {
        poll_id: Some(kept.poll_id.clone()),
        questions: vec![question("How fast?", &["slow", "fast"])],
        ..pace()
    };
    world.act("host-1", act(save(draft, false)));
    let poll_id = kept.poll_id;
    world.act("host-1", act(PollIntent::Start { poll_id }));
    world.run(100);
    assert_eq!(polls(&world, "host-1").len(), 1);
    let seen = &polls(&world, "viewer-1")[0];
    assert_eq!(
        (seen.title.as_str(), seen.questions[0].options.len()),
        ("How fast?", 2)
    );
}

#[test]
fn what_cannot_be_saved_is_said_and_nothing_is_sent() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let draft = PollDraft::default();
    world.act("host-1", act(save(draft, true)));
    let saving = &world.shown("host-1").polls.saving;
    assert!(matches!(saving, SavingView::Failed { message } if message.contains("question")));
    let draft = pace();
    world.act("viewer-1", act(save(draft, true)));
    assert!(world.room.heard("host-1", method::POLL_INFO_SET).is_empty());
    assert!(
        world
            .room
            .heard("viewer-1", method::POLL_INFO_SET)
            .is_empty()
    );
}

#[test]
fn a_timed_poll_counts_its_seconds_and_a_quiz_has_a_ranking() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let draft = PollDraft {
        quiz: true,
        seconds: Some(20),
        changeable: false,
        questions: vec![QuestionDraft {
            right: vec![2],
            ..question("2 + 2?", &["3", "4"])
        }],
        ..PollDraft::default()
    };
    let poll_id = start(&mut world, draft);
    world.act("viewer-1", vote(&poll_id, 2));
    world.run(5_000);
    let left = polls(&world, "viewer-1")[0].seconds_left.unwrap();
    assert!((14..=15).contains(&left), "{left}");
    let shown: Vec<u32> = world.clients["viewer-1"]
        .views
        .iter()
        .filter_map(|view| match view {
            ViewEvent::Polls(view) => view.polls.first()?.seconds_left,
            _ => None,
        })
        .collect();
    assert!((15..20).all(|second| shown.contains(&second)), "{shown:?}");
    world.room.stop_poll(&poll_id, "").unwrap();
    world.run(1_000);
    let closed = &polls(&world, "viewer-1")[0];
    assert_eq!(
        (closed.stage, closed.seconds_left),
        (PollStage::Closed, None)
    );
    assert!(closed.questions[0].options[1].right);
    assert!(closed.ranking[0].mine);
}

#[test]
fn on_the_cloud_one_client_mirrors_the_poll() {
    let mut world = World::cloud();
    world.join(&["host-1", "host-2", "viewer-1"]);
    let poll_id = start(&mut world, pace());
    world.act("viewer-1", vote(&poll_id, 3));
    world.run(8_000);
    let stored = world.room.value(ACTIVE_POLL).data;
    assert_eq!(stored["pollId"], json!(poll_id));
    assert_eq!(stored["totalVotes"], 1);
    assert_eq!(stored["options"][2]["votes"], 1);
    assert_eq!(stored["isActive"], true);
    world.act("host-1", act(PollIntent::Stop { poll_id }));
    world.run(8_000);
    assert_eq!(world.room.value(ACTIVE_POLL).data["isActive"], false);
    let wrote = |id: &str| {
        let writes = world.room.heard(id, method::SET_METADATA);
        writes.iter().filter(|w| w["key"] == ACTIVE_POLL).count()
    };
    assert!(wrote("host-1") > 0);
    assert_eq!((wrote("host-2"), wrote("viewer-1")), (0, 0));
}

#[test]
fn at_our_server_nobody_mirrors() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let poll_id = start(&mut world, pace());
    world.act("viewer-1", vote(&poll_id, 3));
    world.run(15_000);
    assert!(world.room.value(ACTIVE_POLL).data.is_null());
}

#[test]
fn a_late_subscriber_sees_the_same_polls() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let poll_id = start(&mut world, pace());
    world.act("viewer-1", vote(&poll_id, 3));
    world.run(1_000);
    let client = &world.clients["viewer-1"];
    assert_eq!(client.snapshot().polls, client.shown.polls);
}

/// What befalls voters.
#[derive(Debug, Clone)]
enum Event {
    Vote(usize, u32),
    Cut(usize),
    Offline(usize),
    Back(usize),
    /// The next vote is counted, but nobody is told.
    Swallow,
    Busy,
    Pass(u64),
}

const VOTERS: [&str; 4] = ["viewer-1", "viewer-2", "viewer-3", "viewer-4"];

fn event() -> impl Strategy<Value = Event> {
    let who = 0..VOTERS.len();
    prop_oneof![
        6 => (who.clone(), 1..=3_u32).prop_map(|(who, option)| Event::Vote(who, option)),
        2 => who.clone().prop_map(Event::Cut),
        1 => who.clone().prop_map(Event::Offline),
        2 => who.prop_map(Event::Back),
        1 => Just(Event::Swallow),
        1 => Just(Event::Busy),
        3 => (1..20_000_u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// One vote for each voter, the last one that was shown as theirs, whatever happens
    /// to connections and answers.
    #[test]
    fn what_voters_see_is_what_is_counted(
        ours in any::<bool>(),
        changeable in any::<bool>(),
        events in prop::collection::vec(event(), 1..50),
    ) {
        let mut world = if ours { World::new() } else { World::cloud() };
        world.join(&["host-1"]);
        world.join(&VOTERS);
        let poll_id = start(&mut world, PollDraft { changeable, ..pace() });
        let mut voted = std::collections::BTreeSet::new();
        for event in events {
            match event {
                Event::Vote(who, option) => {
                    voted.insert(VOTERS[who]);
                    world.act(VOTERS[who], vote(&poll_id, option));
                }
                Event::Cut(who) => world.cut(VOTERS[who]),
                Event::Offline(who) => world.offline(VOTERS[who]),
                Event::Back(who) => world.back(VOTERS[who]),
                Event::Swallow => {
                    world.room.swallow.insert(method::POLL_RESPONSE);
                }
                Event::Busy => {
                    let busy = vec![RpcError::new(503, "busy")];
                    world.room.faults.insert(method::POLL_RESPONSE, busy);
                }
                Event::Pass(ms) => world.run(ms),
            }
        }
        world.room.swallow.clear();
        for who in VOTERS {
            world.back(who);
        }
        world.run(180_000);
        for who in VOTERS {
            let ballots = &world.room.poll(&poll_id).unwrap().ballots;
            let counted = ballots.get(&format!("user-{who}")).and_then(|ballot| ballot[&1].option);
            prop_assert_eq!(counted.is_some(), voted.contains(who), "{}", who);
            prop_assert_eq!(mine(&world, who), Vec::from_iter(counted), "{}", who);
        }
        let stats = world.room.poll(&poll_id).unwrap().stats();
        let told: Vec<Option<u32>> = stats.questions[0].options.iter().flatten().copied().map(Some).collect();
        for who in ["host-1", "viewer-1", "viewer-4"] {
            prop_assert_eq!(&votes(&world, who), &told);
            prop_assert_eq!(polls(&world, who)[0].voters, Some(stats.user_count));
        }
    }
}
