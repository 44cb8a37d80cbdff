//! The product's published rules, in numbers.

use kulti_watch::{
    MILESTONES, Measure,
    credits::{
        ACTIVE_CAP_MS, HOSTING_PER_MINUTE, HostFacts, Rule, WATCHING_PER_MINUTE, WatcherFacts,
        estimate, for_host, for_watcher,
    },
};
use proptest::prelude::*;

const MINUTE: u64 = 60_000;

fn watcher(minutes: u64, chatted: bool, helped_someone: bool, sessions_before: u32) -> u64 {
    let facts = WatcherFacts {
        active_ms: minutes * MINUTE,
        chatted,
        helped_someone,
        sessions_before,
    };
    for_watcher(&facts).credits
}

/// An hour with two viewers on average.
const HOSTED: HostFacts = HostFacts {
    active_ms: 60 * MINUTE,
    duration_ms: 60 * MINUTE,
    viewers_active_ms: 120 * MINUTE,
    messages: 0,
    completed: false,
    people_helped: 0,
};

#[test]
fn watching_pays_one_a_minute_and_multiplies() {
    assert_eq!(watcher(54, false, false, 1), 54);
    assert_eq!(watcher(54, true, false, 1), 81);
    assert_eq!(watcher(54, false, true, 1), 108);
    assert_eq!(watcher(54, false, false, 2), 54);
    assert_eq!(watcher(54, false, false, 3), 64); // 64.8
    assert_eq!(watcher(54, false, false, 0), 81);
    assert_eq!(watcher(54, true, false, 23), 97); // 97.2
    assert_eq!(watcher(100, true, true, 0), 450);
    assert_eq!(watcher(0, true, true, 0), 0);
}

#[test]
fn the_sum_is_floored_once_at_the_end() {
    // 59.999 s × 1.5 × 2 × 1.2 is 3.59994: flooring earlier would lose all of it.
    let facts = WatcherFacts {
        active_ms: 59_999,
        chatted: true,
        helped_someone: true,
        sessions_before: 5,
    };
    assert_eq!(for_watcher(&facts).credits, 3);
    let exactly_one = WatcherFacts {
        active_ms: 50_000,
        sessions_before: 5,
        ..WatcherFacts::default()
    };
    assert_eq!(for_watcher(&exactly_one).credits, 1, "no rounding error");
}

#[test]
fn at_most_four_hours_count() {
    assert_eq!(watcher(240, false, false, 1), 240);
    assert_eq!(watcher(10_000, false, false, 1), 240);
    assert_eq!(estimate(10_000 * MINUTE, WATCHING_PER_MINUTE).credits, 240);
    assert_eq!(estimate(ACTIVE_CAP_MS, HOSTING_PER_MINUTE).credits, 1_200);
    assert_eq!(estimate(ACTIVE_CAP_MS, HOSTING_PER_MINUTE).next_in_ms, None);
}

#[test]
fn hosting_pays_five_a_minute_and_two_for_each_viewer() {
    assert_eq!(for_host(&HOSTED).credits, 300 + 240);
    let half_a_viewer = HostFacts {
        viewers_active_ms: 30 * MINUTE,
        ..HOSTED
    };
    assert_eq!(for_host(&half_a_viewer).credits, 300 + 60);
    let lively = HostFacts {
        messages: 120,
        ..HOSTED
    };
    assert_eq!(for_host(&lively).credits, 1_080);
    let quiet = HostFacts {
        messages: 119,
        ..HOSTED
    };
    assert_eq!(for_host(&quiet).credits, 540);
    let all = HostFacts {
        messages: 500,
        completed: true,
        people_helped: 3,
        ..HOSTED
    };
    assert_eq!(for_host(&all).credits, 540 * 4 + 150);
}

#[test]
fn a_completed_session_needs_thirty_minutes() {
    let session = |minutes_ms, completed| {
        for_host(&HostFacts {
            active_ms: minutes_ms,
            duration_ms: minutes_ms,
            completed,
            ..HostFacts::default()
        })
        .credits
    };
    assert_eq!(session(30 * MINUTE, true), 300);
    assert_eq!(session(30 * MINUTE, false), 150);
    assert_eq!(session(30 * MINUTE - 1, true), 149);
}

#[test]
fn a_host_gets_at_most_ten_thousand() {
    let crowd = HostFacts {
        viewers_active_ms: 500 * 60 * MINUTE,
        people_helped: 10,
        ..HOSTED
    };
    let credits = for_host(&crowd);
    assert_eq!(credits.credits, 10_000);
    let cap = credits.steps.last().unwrap();
    assert_eq!((cap.rule, cap.applied), (Rule::Cap, true));
}

#[test]
fn no_session_pays_nothing() {
    assert_eq!(for_host(&HostFacts::default()).credits, 0);
    let odd = HostFacts {
        viewers_active_ms: u64::MAX,
        messages: u64::MAX,
        active_ms: 5 * MINUTE,
        ..HostFacts::default()
    };
    assert_eq!(for_host(&odd).credits, 25, "no duration, no average");
}

#[test]
fn each_step_is_explained() {
    let credits = for_watcher(&WatcherFacts {
        active_ms: 54 * MINUTE,
        chatted: true,
        helped_someone: false,
        sessions_before: 23,
    });
    let steps: Vec<_> = credits
        .steps
        .iter()
        .map(|step| (step.rule, step.applied, step.subtotal_hundredths))
        .collect();
    assert_eq!(
        steps,
        [
            (Rule::MinutesWatched, true, 5_400),
            (Rule::Chatted, true, 8_100),
            (Rule::HelpedSomeone, false, 8_100),
            (Rule::RepeatViewer, true, 9_720),
            (Rule::FirstSession, false, 9_720),
        ]
    );
}

#[test]
fn milestones_are_the_published_ones() {
    let of = |measure| -> Vec<(u64, u64)> {
        MILESTONES
            .iter()
            .filter(|milestone| milestone.measure == measure)
            .map(|milestone| (milestone.at_least, milestone.credits))
            .collect()
    };
    let hours = |hours: u64| hours * 60 * MINUTE;
    assert_eq!(
        of(Measure::SessionsAttended),
        [(1, 100), (10, 500), (50, 2_500), (100, 10_000)]
    );
    assert_eq!(
        of(Measure::WatchedMs),
        [(hours(10), 1_000), (hours(50), 5_000), (hours(100), 15_000)]
    );
    assert_eq!(
        of(Measure::SessionsHosted),
        [(1, 200), (10, 1_000), (50, 5_000)]
    );
    assert_eq!(
        of(Measure::HostedMs),
        [(hours(10), 2_000), (hours(50), 10_000)]
    );
    let mut ids: Vec<_> = MILESTONES.iter().map(|milestone| milestone.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MILESTONES.len(), "each id once");
}

proptest! {
    #[test]
    fn the_estimate_is_what_a_session_without_bonus_pays(active_ms in 0..20_000_000u64) {
        let facts = WatcherFacts { active_ms, sessions_before: 1, ..WatcherFacts::default() };
        prop_assert_eq!(
            estimate(active_ms, WATCHING_PER_MINUTE).credits,
            for_watcher(&facts).credits
        );
        let hosted = HostFacts { active_ms, duration_ms: active_ms, ..HostFacts::default() };
        prop_assert_eq!(
            estimate(active_ms, HOSTING_PER_MINUTE).credits,
            for_host(&hosted).credits
        );
    }

    #[test]
    fn the_next_credit_comes_when_it_was_said(active_ms in 0..15_000_000u64, rate in 1..70u32) {
        let now = estimate(active_ms, rate);
        prop_assert!(now.next_permille < 1_000);
        if let Some(wait) = now.next_in_ms {
            prop_assert!(wait > 0);
            prop_assert_eq!(estimate(active_ms + wait, rate).credits, now.credits + 1);
            prop_assert_eq!(estimate(active_ms + wait - 1, rate).credits, now.credits);
        } else {
            prop_assert_eq!(estimate(u64::MAX, rate).credits, now.credits);
        }
    }

    #[test]
    fn more_never_pays_less_and_nothing_overflows(
        active_ms: u64,
        more: u64,
        duration_ms: u64,
        viewers_active_ms: u64,
        messages: u64,
        people_helped: u32,
        completed: bool,
    ) {
        let facts = HostFacts {
            active_ms, duration_ms, viewers_active_ms, messages, completed, people_helped,
        };
        let longer = HostFacts { active_ms: active_ms.saturating_add(more), ..facts };
        prop_assert!(for_host(&facts).credits <= for_host(&longer).credits);
        prop_assert!(for_host(&longer).credits <= 10_000);
    }
}

/// The ledger and the wire use the same words.
#[test]
fn rules_are_named_as_they_are_serialised() {
    let steps = [
        for_watcher(&WatcherFacts::default()).steps,
        for_host(&HostFacts::default()).steps,
    ]
    .concat();
    assert_eq!(steps.len(), 11, "every rule");
    for step in steps {
        let serialised = serde_json::to_value(step.rule).unwrap();
        assert_eq!(serialised, step.rule.name());
    }
}
