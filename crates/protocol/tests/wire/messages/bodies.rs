//! Values of the session store, and bodies over HTTP.

use kulti_protocol::{api::*, init::*, receipt::*, store_keys::*};
use serde_json::{Map, json};

use super::{Example, example, shapes::*};

/// Values of the session store, by key.
pub(super) fn store_values() -> Vec<Example> {
    vec![
        example(
            WATCH_PREFIX,
            &WatchState {
                user_id: "user-7".into(),
                duration_seconds: 754,
                last_update: NOW,
                is_active: true,
            },
        ),
        example(
            VIEWERS,
            &ViewerCounts {
                total: 24,
                active: 18,
                timestamp: NOW,
            },
        ),
        example(
            UI_STATE,
            &UiState {
                pinned_message_id: Some("b7d6".into()),
                pinned_message_text: Some("Slides: …".into()),
                pinned_message_author: Some("Grace".into()),
                spotlight_peer_id: Some(HOST.into()),
                announcement_text: Some("Break until 11".into()),
                announcement_id: Some("a1".into()),
                announcement_author: Some("Grace".into()),
                announced_at: Some(NOW),
                announcement_expires_at: Some(NOW + 60_000),
                timestamp: NOW,
                other: Map::from_iter([("layout".to_owned(), json!("wide"))]),
            },
        ),
        example(
            ACTIVE_POLL,
            &ActivePoll {
                poll_id: "p1".into(),
                question: "Clear so far?".into(),
                options: vec![ActivePollOption {
                    id: "o1".into(),
                    text: "Yes".into(),
                    votes: 3,
                }],
                total_votes: 3,
                is_active: true,
                created_at: NOW,
            },
        ),
    ]
}

/// Bodies of `/init` and of the Kulti HTTP API.
pub(super) fn http() -> Vec<Example> {
    let user = User {
        id: "user-1".into(),
        display_name: "Grace".into(),
    };
    let session = Session {
        id: "s-1".into(),
        room_code: "VIBE-2K4F".into(),
        hms_room_id: "64f1c0de".into(),
        title: "Rust from zero".into(),
        description: Some("Week 1".into()),
        host: user.clone(),
        status: SessionStatus::Live,
        started_at: STARTED,
        ended_at: None,
        is_public: true,
        participants: 24,
    };
    let ended = Session {
        status: SessionStatus::Ended,
        ended_at: Some(NOW),
        ..session.clone()
    };
    vec![
        example(
            "init",
            &InitResponse {
                endpoint: "wss://live.kulti.dev/ws".into(),
                rtc_configuration: RtcConfiguration {
                    ice_servers: vec![IceServer {
                        urls: vec!["turn:turn.kulti.dev:3478".into()],
                        username: Some("u".into()),
                        credential: Some("c".into()),
                    }],
                    other: Map::from_iter([("iceTransportPolicy".to_owned(), json!("relay"))]),
                },
                config: InitConfig {
                    enabled_flags: vec![FLAG_NON_WEBRTC.into()],
                },
            },
        ),
        example(
            "init-error",
            &InitError {
                code: 401,
                message: "the token has expired".into(),
            },
        ),
        example(
            "error",
            &ErrorBody {
                error: "There is no such session. Check the code.".into(),
                code: "session_not_found".into(),
            },
        ),
        example(
            "auth-guest-request",
            &GuestRequest {
                display_name: "Grace".into(),
            },
        ),
        example(
            "auth-refresh-request",
            &RefreshRequest {
                refresh_token: "r-1".into(),
            },
        ),
        example(
            "auth-response",
            &AuthResponse {
                access_token: "a-1".into(),
                refresh_token: "r-2".into(),
                expires_at: NOW,
                user: user.clone(),
            },
        ),
        example(
            "auth-profile-request",
            &ProfileRequest {
                display_name: "Grace".into(),
            },
        ),
        example("auth-profile-response", &ProfileResponse { user }),
        example(
            "sessions-create-request",
            &CreateSessionRequest {
                title: "Rust from zero".into(),
                description: Some("Week 1".into()),
                is_public: true,
            },
        ),
        example("session", &session),
        example(
            "sessions-list-response",
            &SessionList {
                sessions: vec![session.clone()],
            },
        ),
        example(
            "sessions-join-response",
            &JoinSessionResponse {
                session,
                role: "viewer".into(),
            },
        ),
        example(
            "sessions-end-request",
            &EndSessionRequest {
                session_id: "s-1".into(),
            },
        ),
        example(
            "sessions-end-response",
            &EndSessionResponse {
                success: true,
                session: ended,
            },
        ),
        example(
            "hms-get-token-request",
            &GetTokenRequest {
                room_id: "64f1c0de".into(),
                session_id: "s-1".into(),
            },
        ),
        example(
            "hms-get-token-response",
            &GetTokenResponse {
                token: "eyJ.eyJ.sig".into(),
                expires_at: NOW,
                user_name: "Grace".into(),
                role: "host".into(),
                use_hls: false,
                hls_stream_url: Some("https://cdn.kulti.dev/live.m3u8".into()),
                init_endpoint: Some("https://live.kulti.dev".into()),
                watch_policy: WatchPolicy::default(),
            },
        ),
        example(
            "heartbeat-request",
            &HeartbeatRequest {
                session_id: "s-1".into(),
                is_active: true,
                intervals: Some(vec![[1_795_329_111_426, 1_795_329_141_426]]),
                excluded: Vec::new(),
            },
        ),
        example(
            "heartbeat-request-with-reasons",
            &HeartbeatRequest {
                session_id: "s-1".into(),
                is_active: false,
                intervals: Some(vec![[1_795_329_111_426, 1_795_329_141_426]]),
                excluded: vec![
                    (1_795_329_141_426, 1_795_329_151_426, Exclusion::Hidden),
                    (1_795_329_151_426, 1_795_329_153_426, Exclusion::Locked),
                ],
            },
        ),
        example(
            "heartbeat-response",
            &HeartbeatResponse {
                success: true,
                watch_duration_seconds: 754,
                estimated_credits: 12,
                timestamp: NOW,
                acknowledged: Some(vec![[1_795_329_111_426, 1_795_329_141_426]]),
            },
        ),
        example("sessions-watch-response", &books()),
        example("sessions-insights-response", &insights()),
        example("sessions-receipt-response", &receipt()),
        example("receipts-key-response", &receipt_key().published()),
        example(
            "credits-balance-response",
            &BalanceResponse {
                balance: 1_248,
                total_earned: 1_300,
            },
        ),
        example(
            "credits-transactions-response",
            &TransactionsResponse {
                transactions: vec![Transaction {
                    id: "t-1".into(),
                    amount: 97,
                    kind: "watching".into(),
                    session_id: Some("s-1".into()),
                    created_at: NOW,
                }],
            },
        ),
    ]
}

fn books() -> SessionWatchResponse {
    let step = |rule: &str, applied, subtotal_hundredths| CreditStepBody {
        rule: rule.into(),
        applied,
        subtotal_hundredths,
    };
    SessionWatchResponse {
        session_id: "s-1".into(),
        title: "Rust from zero".into(),
        status: SessionStatus::Ended,
        role: "viewer".into(),
        joined_at: STARTED,
        until: STARTED + 180_000,
        active_ms: 120_000,
        intervals: vec![[1_795_329_111_426, 1_795_329_231_426]],
        excluded: vec![
            (1_795_329_231_426, 1_795_329_281_426, Exclusion::Hidden),
            (1_795_329_281_426, 1_795_329_291_426, Exclusion::NotReported),
        ],
        credits: SessionCreditsBody {
            credits: 3,
            settled: true,
            steps: vec![
                step("minutes_watched", true, 200),
                step("chatted", true, 300),
                step("helped_someone", false, 300),
            ],
        },
        milestones: vec![Transaction {
            id: "t-2".into(),
            amount: 100,
            kind: "milestone:first_session".into(),
            session_id: Some("s-1".into()),
            created_at: NOW,
        }],
        balance: 103,
        audience: Some(AudienceBody {
            people: 2,
            active_ms: 180_000,
            average_active_ms: 90_000,
            median_active_ms: 90_000,
        }),
    }
}

fn insights() -> InsightsResponse {
    InsightsResponse {
        session_id: "s-1".into(),
        title: "Rust from zero".into(),
        status: SessionStatus::Live,
        started_at: STARTED,
        until: STARTED + 25_000,
        here: 7,
        active: 5,
        peak: Some(InsightsPeak {
            active: 6,
            at: STARTED + 12_000,
        }),
        watch_time: WatchTimeInsights {
            people: 6,
            average_active_ms: Some(15_000),
            median_active_ms: Some(17_000),
            spread: Some(WatchTimeSpread {
                step_ms: 12_500,
                people: vec![2, 4],
            }),
        },
        polls: vec![PollInsights {
            poll_id: "poll-1".into(),
            title: "Ready?".into(),
            running: false,
            answered: 4,
            asked: 6,
        }],
        hands_up: 1,
        messages: 12,
        writers: 3,
        series: InsightsSeries {
            started_at: STARTED,
            step_ms: 10_000,
            here: vec![4, 7, 7],
            active: vec![3, 5, 5],
            messages: vec![2, 0, 10],
            arrivals: vec![4, 3, 0],
            departures: vec![0, 0, 0],
        },
    }
}

fn receipt_key() -> ReceiptKey {
    ReceiptKey::from_seed(&[7; SEED_BYTES]).unwrap()
}

/// Signed for real: Ed25519 gives the same signature for the same bytes, so that this
/// example shows any change of what is signed.
fn receipt() -> SignedReceipt {
    let entries = vec![Transaction {
        id: "1".into(),
        amount: 3,
        kind: "watching".into(),
        session_id: Some("s-1".into()),
        created_at: NOW,
    }];
    let body = ReceiptBody {
        version: VERSION,
        user: User {
            id: "user-7".into(),
            display_name: "Ann Łukasz 安".into(),
        },
        session_id: "s-1".into(),
        title: "Rust from zero".into(),
        host_name: "Grace".into(),
        role: "viewer".into(),
        started_at: STARTED,
        ended_at: STARTED + 180_000,
        intervals: vec![[1_795_329_111_426, 1_795_329_231_426]],
        active_ms: 120_000,
        credits: 3,
        entries_sha256: entries_sha256(&entries).unwrap(),
        entries,
        issued_at: NOW,
    };
    receipt_key().sign(&body).unwrap()
}
