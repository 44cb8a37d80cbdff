//! My own vote in one poll: shown at once, sent until it is counted or refused.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{PollResponse, QuestionKind, RecordedResponse};

use crate::core::view::VoteView;

/// How long a vote rests that the server could not take just now.
const REST_MS: u64 = 3_000;

/// What is chosen in one question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::core) struct Choice {
    /// By number from 1, ascending.
    pub(in crate::core) options: Vec<u32>,
    /// In words, where the question wants them.
    pub(in crate::core) words: String,
    pub(in crate::core) skipped: bool,
}

impl Choice {
    pub(super) fn recorded(response: &RecordedResponse) -> Self {
        let mut options = response.options.clone().unwrap_or_default();
        if options.is_empty() {
            options.extend(response.option.filter(|option| *option > 0));
        }
        options.sort_unstable();
        options.dedup();
        Self {
            options,
            words: response.text.clone().unwrap_or_default(),
            skipped: response.skipped,
        }
    }
}

/// What was answered to one question.
#[derive(Debug, Clone, Default)]
struct Answered {
    /// By the server.
    counted: Option<Choice>,
    /// Or what was sent last, without an answer.
    unsure: bool,
    /// By me, and not counted yet.
    wanted: Option<Choice>,
    kind: QuestionKind,
    took_ms: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ballot {
    answers: BTreeMap<u32, Answered>,
    in_flight: Option<BTreeMap<u32, Choice>>,
    not_before: u64,
    /// It has been sent once and not been counted.
    tried: bool,
    /// The server has refused it, with these words. Whether it has it all the same, for
    /// example from before a loss, is being asked.
    doubt: Option<String>,
    refused: Option<String>,
}

impl Ballot {
    /// I choose this; `took_ms` after the question was there.
    pub(super) fn choose(
        &mut self,
        question: u32,
        kind: QuestionKind,
        choice: Choice,
        took_ms: u64,
    ) {
        // What is on its way replaces what was counted before it.
        let under_way = self.in_flight.as_ref();
        let replaced = under_way.is_some_and(|sent| sent.contains_key(&question));
        let answered = self.answers.entry(question).or_default();
        answered.kind = kind;
        answered.took_ms = took_ms;
        let sure = !replaced && !answered.unsure;
        let is_counted = sure && answered.counted.as_ref() == Some(&choice);
        answered.wanted = (!is_counted).then_some(choice);
        self.refused = None;
        self.tried = false;
        self.not_before = 0;
    }

    /// What I have chosen, counted or not.
    pub(in crate::core) fn choice(&self, question: u32) -> Option<&Choice> {
        let answered = self.answers.get(&question)?;
        answered.wanted.as_ref().or(answered.counted.as_ref())
    }

    /// Whether a question has an answer that the server has, or is about to have.
    pub(super) fn is_answered(&self, question: u32) -> bool {
        self.choice(question).is_some()
    }

    /// The answers to send now, all that wait, unless some are on their way already.
    pub(super) fn next(&mut self, now: u64) -> Option<Vec<PollResponse>> {
        if self.in_flight.is_some() || self.doubt.is_some() || now < self.not_before {
            return None;
        }
        let waiting = self.answers.iter().filter_map(|(question, answered)| {
            let choice = answered.wanted.clone()?;
            Some((*question, answered, choice))
        });
        let mut in_flight = BTreeMap::new();
        let mut responses = Vec::new();
        for (question, answered, choice) in waiting {
            responses.push(response(question, answered, &choice));
            in_flight.insert(question, choice);
        }
        if responses.is_empty() {
            return None;
        }
        self.in_flight = Some(in_flight);
        Some(responses)
    }

    /// When [`Self::next`] has something that it has not now.
    pub(super) fn deadline(&self) -> Option<u64> {
        let waits = self.in_flight.is_none() && self.doubt.is_none() && self.is_open();
        waits.then_some(self.not_before)
    }

    fn is_open(&self) -> bool {
        self.answers
            .values()
            .any(|answered| answered.wanted.is_some())
    }

    /// The server has counted what was sent.
    pub(super) fn counted(&mut self) {
        for (question, choice) in self.in_flight.take().unwrap_or_default() {
            let answered = self.answers.entry(question).or_default();
            // It may have been changed meanwhile: then the change follows.
            answered.wanted.take_if(|wanted| *wanted == choice);
            answered.counted = Some(choice);
            answered.unsure = false;
        }
        self.tried = self.is_open() && self.tried;
    }

    /// What was sent may or may not have come through; it is sent again.
    pub(super) fn lost(&mut self) {
        for question in self.in_flight.take().unwrap_or_default().into_keys() {
            if let Some(answered) = self.answers.get_mut(&question) {
                answered.unsure = true;
            }
        }
        self.tried = self.is_open();
        self.not_before = 0;
    }

    /// The server could not take it just now; it is sent again.
    pub(super) fn put_off(&mut self, now: u64) {
        self.lost();
        self.not_before = now + REST_MS;
    }

    /// The server refuses what was sent: what it has of mine must be asked.
    pub(super) fn doubted(&mut self, message: String) {
        self.in_flight = None;
        self.doubt = Some(message);
    }

    /// Whether the server's word on what it has of mine is waited for.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    /// The server has these answers of mine, and no others.
    pub(super) fn recorded(&mut self, recorded: impl IntoIterator<Item = (u32, Choice)>) {
        let recorded: BTreeMap<u32, Choice> = recorded.into_iter().collect();
        for (question, answered) in &mut self.answers {
            answered.counted = recorded.get(question).cloned();
            answered.unsure = false;
        }
        for (question, choice) in recorded {
            self.answers.entry(question).or_default().counted = Some(choice);
        }
        let doubt = self.doubt.take();
        let mut refused = false;
        for answered in self.answers.values_mut() {
            if answered.wanted.is_some() && answered.wanted == answered.counted {
                answered.wanted = None;
            }
            if doubt.is_some() {
                refused |= answered.wanted.take().is_some();
            }
        }
        if refused {
            self.refused = doubt;
        }
        self.tried = self.tried && self.is_open();
    }

    /// What the server has could not be learned: it is believed to have nothing new.
    pub(super) fn not_recorded(&mut self) {
        let Some(doubt) = self.doubt.take() else {
            return;
        };
        for answered in self.answers.values_mut() {
            answered.wanted = None;
        }
        self.refused = Some(doubt);
    }

    /// How far it has got; `up` says whether there is a connection.
    pub(super) fn view(&self, up: bool) -> VoteView {
        if self.is_open() {
            return if self.tried || !up {
                VoteView::Retrying
            } else {
                VoteView::Sending
            };
        }
        if let Some(message) = self.refused.clone() {
            return VoteView::Refused { message };
        }
        let counted = self
            .answers
            .values()
            .any(|answered| answered.counted.is_some());
        if counted {
            VoteView::Counted
        } else {
            VoteView::Nothing
        }
    }
}

fn response(question: u32, answered: &Answered, choice: &Choice) -> PollResponse {
    let mut response = PollResponse {
        question,
        kind: kind_name(answered.kind).to_owned(),
        duration: answered.took_ms,
        update: answered.counted.is_some(),
        skipped: choice.skipped,
        ..PollResponse::default()
    };
    match answered.kind {
        QuestionKind::SingleChoice => response.option = choice.options.first().copied(),
        QuestionKind::MultipleChoice => response.options = Some(choice.options.clone()),
        QuestionKind::ShortAnswer | QuestionKind::LongAnswer => {
            response.text = Some(choice.words.clone());
        }
    }
    response
}

fn kind_name(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::SingleChoice => "single-choice",
        QuestionKind::MultipleChoice => "multiple-choice",
        QuestionKind::ShortAnswer => "short-answer",
        QuestionKind::LongAnswer => "long-answer",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn options(options: &[u32]) -> Choice {
        Choice {
            options: options.to_vec(),
            ..Choice::default()
        }
    }

    fn chosen(option: u32) -> Ballot {
        let mut ballot = Ballot::default();
        ballot.choose(1, QuestionKind::SingleChoice, options(&[option]), 900);
        ballot
    }

    #[test]
    fn a_vote_is_shown_at_once_and_counted_once() {
        let mut ballot = chosen(2);
        assert_eq!(ballot.choice(1), Some(&options(&[2])));
        assert_eq!(ballot.view(true), VoteView::Sending);
        let sent = ballot.next(0).unwrap();
        assert_eq!((sent[0].option, sent[0].update), (Some(2), false));
        assert_eq!(ballot.next(0), None, "one at a time");
        ballot.counted();
        assert_eq!(
            (ballot.view(true), ballot.next(9)),
            (VoteView::Counted, None)
        );
    }

    #[test]
    fn a_change_on_the_way_follows() {
        let mut ballot = chosen(1);
        ballot.next(0).unwrap();
        ballot.choose(1, QuestionKind::SingleChoice, options(&[3]), 1_000);
        ballot.counted();
        assert_eq!(ballot.view(true), VoteView::Sending);
        let sent = ballot.next(0).unwrap();
        assert_eq!((sent[0].option, sent[0].update), (Some(3), true));
    }

    #[test]
    fn a_lost_vote_is_kept_and_sent_again() {
        let mut ballot = chosen(1);
        ballot.next(0).unwrap();
        ballot.lost();
        assert_eq!(ballot.view(false), VoteView::Retrying);
        assert_eq!(ballot.choice(1), Some(&options(&[1])));
        ballot.next(10).unwrap();
        ballot.put_off(10);
        assert_eq!(ballot.deadline(), Some(10 + REST_MS));
        assert_eq!(ballot.next(10), None);
        assert!(ballot.next(10 + REST_MS).is_some());
    }

    #[test]
    fn a_refused_vote_that_the_server_has_is_counted() {
        let mut ballot = chosen(1);
        ballot.next(0).unwrap();
        ballot.doubted("answered already".into());
        assert_eq!(ballot.next(0), None, "not before the server's word");
        ballot.recorded([(1, options(&[1]))]);
        assert_eq!(ballot.view(true), VoteView::Counted);
    }

    #[test]
    fn a_refused_vote_gives_way_to_what_the_server_has() {
        let mut ballot = chosen(1);
        ballot.next(0).unwrap();
        ballot.doubted("answered already".into());
        ballot.recorded([(1, options(&[2]))]);
        let message = "answered already".to_owned();
        assert_eq!(ballot.view(true), VoteView::Refused { message });
        assert_eq!(ballot.choice(1), Some(&options(&[2])));

        let mut ballot = chosen(1);
        ballot.next(0).unwrap();
        ballot.doubted("too late".into());
        ballot.not_recorded();
        assert_eq!(ballot.choice(1), None);
    }
}
