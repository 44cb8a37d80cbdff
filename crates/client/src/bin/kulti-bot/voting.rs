//! How a lively bot votes: most do, each in its own time, and many for the same.

use std::{collections::BTreeSet, time::Duration};

use kulti_client::core::{
    AnswerDraft, Intent, PollIntent,
    view::{PollQuestionKind, PollQuestionView, PollStage, PollView, PollsView},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::Instant;

/// The voter in a bot: the same seed, the same votes.
#[derive(Debug)]
pub(crate) struct Voting {
    random: StdRng,
    /// Polls that have been thought about, also those without a vote.
    decided: BTreeSet<String>,
    due: Option<(Instant, Intent)>,
}

impl Voting {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed ^ 0x706F_6C6C),
            decided: BTreeSet::new(),
            due: None,
        }
    }

    /// Looks at the polls and decides on one that it has not decided on yet.
    pub(crate) fn look(&mut self, polls: &PollsView, now: Instant) {
        if self.due.is_some() {
            return;
        }
        let open = polls.polls.iter().find(|poll| {
            poll.stage == PollStage::Running
                && poll.may_vote
                && poll.loaded
                && !poll.questions.iter().any(|question| question.answered)
                && !self.decided.contains(&poll.poll_id)
        });
        let Some(poll) = open else {
            return;
        };
        self.decided.insert(poll.poll_id.clone());
        if self.random.random_bool(0.12) {
            return; // not everybody answers
        }
        let after = self.random.random_range(1_500..20_000);
        let vote = self.vote(poll);
        self.due = Some((now + Duration::from_millis(after), vote));
    }

    /// When it votes.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.due.as_ref().map(|(at, _)| *at)
    }

    /// The vote that is due.
    pub(crate) fn take(&mut self) -> Option<Intent> {
        self.due.take().map(|(_, vote)| vote)
    }

    fn vote(&mut self, poll: &PollView) -> Intent {
        let favourite = poll.poll_id.bytes().map(usize::from).sum();
        let answers = poll.questions.iter();
        let answers = answers.map(|question| self.answer(question, favourite));
        Intent::Poll {
            intent: PollIntent::Vote {
                poll_id: poll.poll_id.clone(),
                answers: answers.collect(),
            },
        }
    }

    fn answer(&mut self, question: &PollQuestionView, favourite: usize) -> AnswerDraft {
        let count = question.options.len().max(1);
        let chosen = if self.random.random_bool(0.45) {
            favourite % count
        } else {
            self.random.random_range(0..count)
        };
        let several = question.kind == PollQuestionKind::Several;
        let options = question.options.iter().enumerate();
        let options = options
            .filter(|(index, _)| *index == chosen || (several && self.random.random_bool(0.25)));
        AnswerDraft {
            question: question.number,
            options: options.map(|(_, option)| option.number).collect(),
            text: (question.kind == PollQuestionKind::Words)
                .then(|| "That depends on the load.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use kulti_client::core::view::{PollOptionView, VoteView};

    use super::*;

    fn polls() -> PollsView {
        let option = |number| PollOptionView {
            number,
            ..PollOptionView::default()
        };
        let question = PollQuestionView {
            number: 1,
            text: "?".into(),
            kind: PollQuestionKind::One,
            changeable: false,
            options: (1..=4).map(option).collect(),
            voters: None,
            selections: None,
            correct: None,
            answered: false,
            words: String::new(),
        };
        let poll = PollView {
            poll_id: "p1".into(),
            title: "?".into(),
            quiz: false,
            stage: PollStage::Running,
            author: String::new(),
            anonymous: false,
            live_results: true,
            seconds: None,
            seconds_left: None,
            started_at_ms: 1,
            may_vote: true,
            sees_results: true,
            loaded: true,
            questions: vec![question],
            voters: None,
            of: 1,
            vote: VoteView::Nothing,
            ranking: Vec::new(),
        };
        PollsView {
            known: true,
            polls: vec![poll],
            ..PollsView::default()
        }
    }

    #[test]
    fn most_vote_once_and_not_all_alike() {
        let now = Instant::now();
        let mut options = BTreeSet::new();
        let mut votes = 0;
        for seed in 0..100 {
            let mut voting = Voting::new(seed);
            voting.look(&polls(), now);
            let Some(Intent::Poll {
                intent: PollIntent::Vote { answers, .. },
            }) = voting.take()
            else {
                continue;
            };
            votes += 1;
            assert_eq!(answers[0].options.len(), 1);
            options.insert(answers[0].options[0]);
            voting.look(&polls(), now);
            assert!(voting.take().is_none(), "no second vote");
        }
        assert!((60..100).contains(&votes), "{votes}");
        assert_eq!(options.len(), 4);
    }

    #[test]
    fn a_poll_that_is_not_open_to_it_is_left_alone() {
        for change in [
            (|poll| poll.may_vote = false) as fn(&mut PollView),
            |poll| poll.stage = PollStage::Closed,
            |poll| poll.questions[0].answered = true,
        ] {
            let mut polls = polls();
            change(&mut polls.polls[0]);
            for seed in 0..20 {
                let mut voting = Voting::new(seed);
                voting.look(&polls, Instant::now());
                assert!(voting.due_at().is_none());
            }
        }
    }
}
