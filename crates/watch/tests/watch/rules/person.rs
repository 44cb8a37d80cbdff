//! Is someone there: evidence, the limit, and the prompt.

use kulti_watch::{Presence, Reason, Signal};

use super::{LIMIT, MINUTE, SECOND, counted, excluded, report, status};
use Presence::Active;
use Reason::NobodyThere;
use Signal::{
    Act, IdleKnown, IdleUnknown, Input, Joined, Left, PromptAnswered, PromptShown, WindowHidden,
    WindowVisible,
};

#[test]
fn without_a_prompt_the_limit_is_twice_as_long() {
    let stream = [(0, Joined), (MINUTE, Input)];
    let end = MINUTE + 2 * LIMIT;
    assert_eq!(counted(&stream, end + MINUTE), [(0, end)]);
    assert_eq!(excluded(&stream, end + 1), [(end, end + 1, NobodyThere)]);
}

#[test]
fn with_a_prompt_in_time_it_stops_exactly_at_the_limit() {
    let stream = [(0, Joined), (LIMIT - MINUTE, PromptShown)];
    assert_eq!(counted(&stream, 3 * LIMIT), [(0, LIMIT)]);
    let early = [
        (0, Joined),
        (10, PromptShown),
        (LIMIT - MINUTE, PromptShown),
    ];
    assert_eq!(counted(&early, 3 * LIMIT), [(0, LIMIT)]);
}

#[test]
fn the_first_late_prompt_leaves_a_minute_to_answer() {
    let shown = LIMIT + 20 * SECOND;
    let again = shown + 30 * SECOND;
    let stream = [(0, Joined), (shown, PromptShown), (again, PromptShown)];
    assert_eq!(counted(&stream, 3 * LIMIT), [(0, shown + MINUTE)]);
    // Also when that is after twice the limit.
    let last_moment = 2 * LIMIT - SECOND;
    let stream = [(0, Joined), (last_moment, PromptShown)];
    assert_eq!(counted(&stream, 3 * LIMIT), [(0, last_moment + MINUTE)]);
}

#[test]
fn a_prompt_is_no_evidence() {
    let stream = [(0, Joined), (2 * LIMIT + SECOND, PromptShown)];
    assert_eq!(counted(&stream, 4 * LIMIT), [(0, 2 * LIMIT)]);
}

#[test]
fn evidence_after_the_prompt_starts_anew() {
    let asked = LIMIT - MINUTE;
    for evidence in [Input, Act, PromptAnswered] {
        let stream = [(0, Joined), (asked, PromptShown), (asked + 5, evidence)];
        assert_eq!(counted(&stream, 9 * LIMIT), [(0, asked + 5 + 2 * LIMIT)]);
        let same_moment = [(0, Joined), (asked, PromptShown), (asked, evidence)];
        assert_eq!(counted(&same_moment, 9 * LIMIT), [(0, asked + 2 * LIMIT)]);
        let before = [(0, Joined), (asked, evidence), (asked, PromptShown)];
        assert_eq!(counted(&before, 9 * LIMIT), [(0, asked + LIMIT)]);
    }
}

#[test]
fn evidence_at_the_very_end_leaves_no_gap() {
    let stream = [(0, Joined), (LIMIT - MINUTE, PromptShown), (LIMIT, Act)];
    assert_eq!(counted(&stream, LIMIT + MINUTE), [(0, LIMIT + MINUTE)]);
    assert_eq!(report(&stream, LIMIT + MINUTE).presence, [(0, Active)]);
}

#[test]
fn input_is_evidence_only_while_idleness_is_known() {
    let unknown = [(0, Joined), (10, IdleUnknown), (LIMIT, Input)];
    assert_eq!(counted(&unknown, 9 * LIMIT), [(0, 2 * LIMIT)]);
    let known_again = [
        (0, Joined),
        (10, IdleUnknown),
        (20, IdleKnown),
        (LIMIT, Input),
    ];
    assert_eq!(counted(&known_again, 9 * LIMIT), [(0, 3 * LIMIT)]);
    for evidence in [Act, PromptAnswered] {
        let stream = [(0, Joined), (10, IdleUnknown), (LIMIT, evidence)];
        assert_eq!(counted(&stream, 9 * LIMIT), [(0, 3 * LIMIT)]);
    }
}

#[test]
fn evidence_while_hidden_counts_as_evidence() {
    let stream = [
        (0, Joined),
        (10, WindowHidden),
        (LIMIT, Input),
        (2 * LIMIT + 5, WindowVisible),
    ];
    assert_eq!(
        counted(&stream, 9 * LIMIT),
        [(0, 10), (2 * LIMIT + 5, 3 * LIMIT)]
    );
}

#[test]
fn joining_is_evidence_and_a_new_stay_knows_no_old_prompt() {
    let stream = [
        (0, Joined),
        (LIMIT - MINUTE, PromptShown),
        (LIMIT - 5, Left),
        (LIMIT, Joined),
    ];
    assert_eq!(
        counted(&stream, 9 * LIMIT),
        [(0, LIMIT - 5), (LIMIT, 3 * LIMIT)]
    );
    let second_join = [(0, Joined), (LIMIT, Joined)];
    assert_eq!(
        counted(&second_join, 9 * LIMIT),
        [(0, 2 * LIMIT)],
        "changes nothing"
    );
}

#[test]
fn the_prompt_is_due_a_minute_before_the_limit_where_it_can_be_seen() {
    let watching = [(0, Joined)];
    assert_eq!(status(&watching, 0).next_deadline_ms, Some(LIMIT - MINUTE));
    assert!(!status(&watching, LIMIT - MINUTE - 1).prompt_due);
    let due = status(&watching, LIMIT - MINUTE);
    assert!(due.prompt_due && !due.prompt_open);
    assert_eq!(due.evidence_ends_ms, Some(2 * LIMIT));

    let shown = status(
        &[(0, Joined), (LIMIT - MINUTE, PromptShown)],
        LIMIT - MINUTE,
    );
    assert!(!shown.prompt_due && shown.prompt_open);
    assert_eq!(shown.evidence_ends_ms, Some(LIMIT));

    let hidden = [(0, Joined), (10, WindowHidden)];
    assert!(!status(&hidden, LIMIT).prompt_due);
    let back = [(0, Joined), (10, WindowHidden), (LIMIT, WindowVisible)];
    assert!(status(&back, LIMIT).prompt_due);
    let over = status(&watching, 2 * LIMIT);
    assert!(!over.prompt_due);
    assert_eq!(
        (over.paused_by, over.evidence_ends_ms),
        (Some(NobodyThere), None)
    );
}
