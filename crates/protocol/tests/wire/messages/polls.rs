//! Polls and quizzes.

use kulti_protocol::{api::*, signalling::*};

use super::{Example, example, shapes::*};

/// Params of the requests, by method.
pub(super) fn params() -> Vec<Example> {
    let id = PollId {
        poll_id: "p1".into(),
    };
    vec![
        example(
            method::POLL_INFO_SET,
            &PollInfo {
                poll_id: String::new(),
                state: PollState::Created,
                created_by: String::new(),
                created_at: 0,
                started_by: String::new(),
                started_at: 0,
                stopped_by: String::new(),
                stopped_at: 0,
                questions_count: 0,
                ..info()
            },
        ),
        example(method::POLL_INFO_GET, &id),
        example(
            method::POLL_QUESTIONS_SET,
            &SetPollQuestions {
                poll_id: "p1".into(),
                questions: questions(),
            },
        ),
        example(
            method::POLL_QUESTIONS_GET,
            &GetPollQuestions {
                poll_id: "p1".into(),
                index: 0,
                count: 50,
            },
        ),
        example(method::POLL_START, &id),
        example(method::POLL_STOP, &id),
        example(
            method::POLL_RESPONSE,
            &RespondToPoll {
                poll_id: "p1".into(),
                responses: vec![
                    PollResponse {
                        question: 1,
                        kind: "single-choice".into(),
                        option: Some(2),
                        duration: 4_300,
                        ..PollResponse::default()
                    },
                    PollResponse {
                        question: 2,
                        kind: "multiple-choice".into(),
                        options: Some(vec![1, 3]),
                        duration: 9_100,
                        update: true,
                        ..PollResponse::default()
                    },
                    PollResponse {
                        question: 3,
                        kind: "short-answer".into(),
                        text: Some("lifetimes".into()),
                        ..PollResponse::default()
                    },
                    PollResponse {
                        question: 4,
                        kind: "long-answer".into(),
                        skipped: true,
                        ..PollResponse::default()
                    },
                ],
            },
        ),
        example(
            method::POLL_RESPONSES,
            &GetPollResponses {
                poll_id: "p1".into(),
                index: 0,
                count: 50,
                own: true,
            },
        ),
        example(method::POLL_RESULT, &id),
        example(
            method::POLL_LIST,
            &ListPolls {
                state: PollState::Started,
                count: 50,
                start: Some("p0".into()),
            },
        ),
        example(
            method::POLL_LEADERBOARD,
            &PollLeaderboardRequest {
                poll_id: "p1".into(),
                count: 10,
                offset: 20,
                question: Some(1),
            },
        ),
    ]
}

/// Results of the requests, by method.
pub(super) fn results() -> Vec<Example> {
    let started = PollStarted {
        poll_id: "p1".into(),
        duration: 60,
    };
    vec![
        example(
            method::POLL_INFO_SET,
            &PollId {
                poll_id: "p1".into(),
            },
        ),
        example(method::POLL_INFO_GET, &info()),
        example(
            method::POLL_QUESTIONS_SET,
            &PollQuestionsSet {
                poll_id: "p1".into(),
                total_questions: 4,
            },
        ),
        example(
            method::POLL_QUESTIONS_GET,
            &PollQuestions {
                poll_id: "p1".into(),
                questions: questions(),
                last: true,
            },
        ),
        example(method::POLL_START, &started),
        example(method::POLL_STOP, &started),
        example(
            method::POLL_RESPONSE,
            &ResponseOutcomes {
                poll_id: "p1".into(),
                result: vec![ResponseOutcome {
                    question: 1,
                    correct: false,
                }],
            },
        ),
        example(
            method::POLL_RESPONSES,
            &PollResponses {
                poll_id: "p1".into(),
                last: true,
                responses: vec![PollResponseItem {
                    is_final: true,
                    response: RecordedResponse {
                        response_id: "p1-7".into(),
                        question: 2,
                        kind: QuestionKind::MultipleChoice,
                        options: Some(vec![1, 3]),
                        update: true,
                        ..RecordedResponse::default()
                    },
                    peer: voter(),
                }],
            },
        ),
        example(method::POLL_RESULT, &stats()),
        example(
            method::POLL_LIST,
            &PollList {
                polls: vec![info()],
                last: true,
            },
        ),
        example(
            method::POLL_LEADERBOARD,
            &PollLeaderboard {
                poll_id: "p1".into(),
                total_users: 24,
                voted_users: 18,
                correct_users: 3,
                avg_time: 5_250.5,
                avg_score: 7.25,
                questions: vec![PollLeaderboardEntry {
                    position: 1,
                    score: 20,
                    total_responses: 4,
                    correct_responses: 4,
                    duration: 21_000,
                    peer: voter(),
                }],
                last: false,
            },
        ),
    ]
}

/// What everybody is told.
pub(super) fn notifications() -> Vec<ServerNotification> {
    vec![
        ServerNotification::PollStart(PollNotice {
            polls: vec![info()],
        }),
        ServerNotification::PollStats(PollStatsNotice {
            polls: vec![stats()],
        }),
        ServerNotification::PollStop(PollStoppedNotice {
            polls: vec![PollStopped {
                poll_id: "p1".into(),
                stopped_at: NOW,
                stopped_by: HOST.into(),
            }],
        }),
    ]
}

/// Bodies over HTTP.
pub(super) fn bodies() -> Vec<Example> {
    vec![example(
        "poll-summary",
        &PollSummary {
            id: "p1".into(),
            title: "Ownership".into(),
            kind: PollKind::Quiz,
            state: PollState::Stopped,
            anonymous: false,
            voters: 18,
            people: 24,
            started_at: NOW,
            stopped_at: Some(NOW + 60_000),
            questions: vec![QuestionSummary {
                text: "What moves?".into(),
                kind: QuestionKind::SingleChoice,
                answered: 17,
                skipped: 1,
                right: Some(12),
                options: vec![OptionSummary {
                    text: "A String".into(),
                    votes: 12,
                    is_right: true,
                }],
            }],
        },
    )]
}

fn info() -> PollInfo {
    PollInfo {
        poll_id: "p1".into(),
        title: "Ownership".into(),
        kind: PollKind::Quiz,
        state: PollState::Stopped,
        duration: 60,
        anonymous: true,
        visibility: true,
        locked: true,
        mode: VoterMode::UserId,
        vote: vec!["viewer".into()],
        responses: vec!["host".into()],
        questions_count: 4,
        created_by: HOST.into(),
        created_at: NOW,
        started_by: HOST.into(),
        started_at: NOW + 1_000,
        stopped_by: HOST.into(),
        stopped_at: NOW + 61_000,
    }
}

fn questions() -> Vec<PollQuestion> {
    let option = |index, text: &str| PollOption {
        index,
        text: text.into(),
        weight: None,
    };
    let question = |index, kind, text: &str| QuestionInfo {
        index,
        text: text.into(),
        kind,
        ..QuestionInfo::default()
    };
    vec![
        PollQuestion {
            question: QuestionInfo {
                skippable: Some(false),
                duration: Some(30),
                once: Some(true),
                weight: Some(10),
                negative: Some(true),
                ..question(1, QuestionKind::SingleChoice, "What moves?")
            },
            options: Some(vec![option(1, "An i32"), option(2, "A String")]),
            answer: Some(PollAnswer {
                option: Some(2),
                ..PollAnswer::default()
            }),
        },
        PollQuestion {
            question: QuestionInfo {
                once: Some(false),
                ..question(2, QuestionKind::MultipleChoice, "What is Copy?")
            },
            options: Some(vec![
                option(1, "bool"),
                option(2, "Vec"),
                PollOption {
                    weight: Some(2),
                    ..option(3, "&str")
                },
            ]),
            answer: Some(PollAnswer {
                options: Some(vec![1, 3]),
                ..PollAnswer::default()
            }),
        },
        PollQuestion {
            question: QuestionInfo {
                answer_min_len: Some(2),
                answer_max_len: Some(40),
                ..question(3, QuestionKind::ShortAnswer, "What does 'a name?")
            },
            options: None,
            answer: Some(PollAnswer {
                hidden: true,
                text: Some("lifetimes".into()),
                case: Some(false),
                trim: Some(true),
                ..PollAnswer::default()
            }),
        },
        PollQuestion {
            question: QuestionInfo {
                skippable: Some(true),
                ..question(4, QuestionKind::LongAnswer, "Anything unclear?")
            },
            options: None,
            answer: None,
        },
    ]
}

fn voter() -> PollVoter {
    PollVoter {
        hash: String::new(),
        peerid: ANN.into(),
        userid: "user-7".into(),
        username: "Ann".into(),
    }
}

fn stats() -> PollStats {
    PollStats {
        poll_id: "p1".into(),
        max_user: 24,
        user_count: 18,
        total_response: 36,
        questions: vec![
            QuestionStats {
                question: 1,
                kind: QuestionKind::SingleChoice,
                options: Some(vec![6, 12]),
                correct: 12,
                skipped: 0,
                total: 18,
            },
            QuestionStats {
                question: 3,
                kind: QuestionKind::ShortAnswer,
                options: None,
                correct: 2,
                skipped: 1,
                total: 18,
            },
        ],
    }
}
