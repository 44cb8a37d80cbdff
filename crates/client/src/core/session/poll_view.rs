//! Polls as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use kulti_protocol::signalling::{PollLeaderboardEntry, PollQuestion, PollState, QuestionKind};

use super::SessionCore;
use crate::core::{
    person, plain_text,
    polls::{Poll, is_right, may_change},
    roster::Person,
    view::{
        InspectedView, PollOptionView, PollQuestionKind, PollQuestionView, PollStage, PollView,
        PollsView, RankView, VoterView,
    },
};

/// How many characters of what others wrote are shown.
const TEXT_LIMIT: usize = 1_000;
/// Questions and options of one poll that are shown.
const QUESTIONS_LIMIT: usize = 50;

impl SessionCore {
    pub(super) fn polls_view(&self) -> PollsView {
        let mut shown: Vec<&Poll> = self.polls.iter().collect();
        shown.sort_by_key(|poll| {
            let info = &poll.info;
            let group = match info.state {
                PollState::Started => 0,
                PollState::Created => 1,
                PollState::Stopped => 2,
            };
            let newest = std::cmp::Reverse(info.started_at.max(info.created_at));
            (group, newest, &info.poll_id)
        });
        PollsView {
            known: self.polls.is_settled(),
            polls: shown
                .into_iter()
                .take(PollsView::LIMIT)
                .map(|poll| self.poll_view(poll))
                .collect(),
            saving: self.polls.saved.clone(),
            saving_number: self.polls.saved_number,
            inspected: self.polls.inspected().map(|poll| self.inspected_view(poll)),
        }
    }

    pub(super) fn poll_view(&self, poll: &Poll) -> PollView {
        let info = &poll.info;
        let by = [&info.started_by, &info.created_by];
        let author = by
            .into_iter()
            .find_map(|id| self.roster.name_and_role(id))
            .map_or_else(
                || self.config.host_name.clone(),
                |(name, _)| name.to_owned(),
            );
        let sees_results = poll.shows_results_to(self.roles.mine());
        let voters = poll
            .stats
            .as_ref()
            .filter(|_| sees_results)
            .map(|stats| stats.user_count);
        let eligible = if poll.is_running() {
            u32::try_from(self.eligible(poll).len()).unwrap_or(u32::MAX)
        } else {
            0
        };
        let questions = poll.questions.as_deref().unwrap_or_default();
        PollView {
            poll_id: info.poll_id.clone(),
            title: self.poll_title(poll),
            quiz: poll.is_quiz(),
            stage: match info.state {
                PollState::Created => PollStage::Draft,
                PollState::Started => PollStage::Running,
                PollState::Stopped => PollStage::Closed,
            },
            author,
            anonymous: info.anonymous,
            live_results: poll.has_live_results(),
            seconds: u32::try_from(info.duration).ok().filter(|s| *s > 0),
            seconds_left: poll.ends_at().map(|ends| {
                let left = ends.saturating_sub(self.server_ms()).div_ceil(1_000);
                u32::try_from(left).unwrap_or(u32::MAX)
            }),
            started_at_ms: info.started_at,
            may_vote: poll.lets_vote(self.roles.mine()),
            sees_results,
            loaded: poll.questions.is_some(),
            questions: questions
                .iter()
                .take(QUESTIONS_LIMIT)
                .map(|question| question_view(poll, question, sees_results))
                .collect(),
            of: eligible.max(voters.unwrap_or(0)),
            voters,
            vote: poll.vote_view(self.connection.is_up()),
            ranking: poll
                .ranking
                .iter()
                .map(|entry| self.rank_view(entry))
                .collect(),
        }
    }

    fn poll_title(&self, poll: &Poll) -> String {
        let title = plain_text::line(&poll.info.title, TEXT_LIMIT);
        if !title.is_empty() {
            return title;
        }
        let first = poll.questions.iter().flatten().next();
        first.map_or_else(String::new, |first| {
            plain_text::line(&first.question.text, TEXT_LIMIT)
        })
    }

    fn rank_view(&self, entry: &PollLeaderboardEntry) -> RankView {
        let peer = &entry.peer;
        let nameless = peer.userid.is_empty() && peer.username.is_empty();
        let name = if nameless {
            String::new()
        } else {
            person::display_name(&peer.username)
        };
        RankView {
            place: entry.position,
            initials: person::initials(&name),
            hue: person::hue(&peer.userid),
            mine: !peer.userid.is_empty() && peer.userid == self.config.user_id,
            name,
            score: i32::try_from(entry.score).unwrap_or(if entry.score < 0 {
                i32::MIN
            } else {
                i32::MAX
            }),
            correct: entry.correct_responses,
            time_ms: entry.duration,
        }
    }

    /// The people here who may vote in a poll, by user: each has one vote, whatever
    /// devices.
    fn eligible(&self, poll: &Poll) -> BTreeMap<&str, &Person> {
        let may = self.roster.iter().filter(|p| poll.lets_vote(&p.role));
        may.map(|person| (person.user_id.as_str(), person))
            .collect()
    }

    fn inspected_view(&self, poll: &Poll) -> InspectedView {
        let poll_id = poll.info.poll_id.clone();
        let responses = poll.responses.as_ref().filter(|_| !poll.info.anonymous);
        let Some(responses) = responses else {
            return InspectedView {
                poll_id,
                ..InspectedView::default()
            };
        };
        let answered: BTreeSet<&str> = responses
            .iter()
            .map(|item| item.peer.userid.as_str())
            .collect();
        let mut waiting: Vec<&Person> = self
            .eligible(poll)
            .into_iter()
            .filter(|(user_id, _)| !answered.contains(user_id))
            .map(|(_, person)| person)
            .collect();
        waiting.sort_by(|a, b| (&a.name, &a.user_id).cmp(&(&b.name, &b.user_id)));
        InspectedView {
            poll_id,
            known: true,
            waiting: u32::try_from(waiting.len()).unwrap_or(u32::MAX),
            waiting_for: waiting
                .into_iter()
                .take(PollsView::NAMES_LIMIT)
                .map(|person| VoterView {
                    user_id: person.user_id.clone(),
                    name: person.name.clone(),
                    initials: person::initials(&person.name),
                    hue: person::hue(&person.user_id),
                })
                .collect(),
        }
    }
}

fn question_view(poll: &Poll, question: &PollQuestion, sees_results: bool) -> PollQuestionView {
    let info = &question.question;
    let tally = poll.tally_of(question).filter(|_| sees_results);
    let (tally, correct) = tally.unzip();
    let mine = poll.my_choice(info.index);
    let at = |votes: fn(&crate::core::polls::Tally) -> &Vec<u32>, index: usize| {
        tally.as_ref().and_then(|t| votes(t).get(index).copied())
    };
    let most = tally.as_ref().map_or(0, |tally| tally.most);
    let options = question.options.iter().flatten().take(QUESTIONS_LIMIT);
    PollQuestionView {
        number: info.index,
        text: plain_text::line(&info.text, TEXT_LIMIT),
        kind: match info.kind {
            QuestionKind::SingleChoice => PollQuestionKind::One,
            QuestionKind::MultipleChoice => PollQuestionKind::Several,
            QuestionKind::ShortAnswer | QuestionKind::LongAnswer => PollQuestionKind::Words,
        },
        changeable: may_change(question),
        options: options
            .enumerate()
            .map(|(index, option)| {
                let votes = at(|tally| &tally.votes, index);
                PollOptionView {
                    number: option.index,
                    text: plain_text::line(&option.text, TEXT_LIMIT),
                    votes,
                    percent: at(|tally| &tally.percents, index),
                    leading: votes.is_some_and(|votes| votes > 0 && votes == most),
                    mine: mine.is_some_and(|mine| mine.options.contains(&option.index)),
                    right: is_right(question, option.index),
                }
            })
            .collect(),
        voters: tally.as_ref().map(|tally| tally.voters),
        selections: tally.as_ref().map(|tally| tally.selections),
        correct: correct.filter(|_| poll.is_quiz()),
        answered: mine.is_some(),
        words: mine.map_or_else(String::new, |mine| {
            plain_text::block(&mine.words, PollsView::WORDS_LIMIT)
        }),
    }
}
