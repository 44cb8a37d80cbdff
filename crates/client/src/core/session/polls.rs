//! Polls: what the person does with them, what the server says of them, and what is
//! asked and sent because of that.

use kulti_protocol::{
    signalling::{
        GetMetadata, GetPollQuestions, GetPollResponses, ListPolls, MetadataResult, PollId,
        PollInfo, PollLeaderboard, PollLeaderboardRequest, PollList, PollQuestions, PollResponses,
        PollState, PollStats, PollStopped, RespondToPoll, RpcError, SetMetadata, SetPollQuestions,
        code, method,
    },
    store_keys::ACTIVE_POLL,
};
use rand::Rng;
use serde_json::Value;

use super::{Purpose, SessionCore, answers::read};
use crate::core::{
    PollDraft, PollIntent, PollReport,
    polls::{self, Ask, Asker, Audience, Saving},
    requests::{AfterLoss, CODE_CONNECTION_LOST},
    view::{Notice, PollStage, SavingView},
};

/// How much the server is asked for at a time.
const PAGE: u32 = 50;
/// Answers are smaller.
const ANSWERS_PAGE: u32 = 200;
/// Places of a ranking that are shown.
const PLACES: u32 = 20;
/// A poll that closes by itself counts its seconds.
const SECOND_MS: u64 = 1_000;

/// What a request about polls was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    Ask(Ask),
    /// My vote in this poll.
    Vote(String),
    SaveInfo,
    SaveQuestions,
    /// Starting a poll; `saving` if it has just been written.
    Start {
        saving: bool,
    },
    Stop,
    ReadMirror,
    WriteMirror,
}

impl SessionCore {
    pub(super) fn poll_intent(&mut self, intent: PollIntent) {
        self.screen.dirty.polls = true;
        let refused = match intent {
            PollIntent::Vote { poll_id, answers } => {
                let (polls, asker) = self.polls_and_asker();
                polls
                    .vote(&poll_id, &answers, asker)
                    .map_err(|words| ("vote", words))
            }
            PollIntent::Inspect { poll_id } => {
                let (polls, asker) = self.polls_and_asker();
                polls.inspect(poll_id, asker.now);
                Ok(())
            }
            _ if !self.roles.mine_can().poll_write => {
                let words = "Your role does not run polls.".to_owned();
                Err(("runPolls", words))
            }
            PollIntent::Save {
                draft,
                start,
                number,
            } => {
                self.save_poll(&draft, start, number);
                Ok(())
            }
            PollIntent::Start { poll_id } => {
                self.start_poll(poll_id, false);
                Ok(())
            }
            PollIntent::Stop { poll_id } => {
                let params = PollId { poll_id };
                let purpose = Purpose::Poll(About::Stop);
                self.request(purpose, method::POLL_STOP, params, AfterLoss::Repeat);
                Ok(())
            }
        };
        if let Err((action, words)) = refused {
            self.refused(action, code::BAD_REQUEST, &words);
        }
    }

    fn start_poll(&mut self, poll_id: String, saving: bool) {
        let purpose = Purpose::Poll(About::Start { saving });
        let params = PollId { poll_id };
        self.request(purpose, method::POLL_START, params, AfterLoss::Repeat);
    }

    fn save_poll(&mut self, draft: &PollDraft, start: bool, number: u32) {
        if self.polls.saving.is_some() {
            let words = "Another poll is still on its way.";
            self.refused("runPolls", code::TOO_MANY, words);
            return;
        }
        self.polls.saved_number = number;
        // Chosen here, so that a request that comes twice makes one poll.
        let id = draft.poll_id.clone().unwrap_or_else(|| {
            uuid::Builder::from_random_bytes(self.rng.random())
                .into_uuid()
                .to_string()
        });
        let audience = Audience {
            voters: self.roles.poll_voters(),
            runners: self.roles.poll_runners(),
            results_apart: self.config.server_counts_viewers,
        };
        match polls::write(draft, id, audience) {
            Err(message) => self.polls.saved = SavingView::Failed { message },
            Ok(written) => {
                let info = written.info.clone();
                self.polls.saving = Some(Saving { written, start });
                self.polls.saved = SavingView::Saving;
                let purpose = Purpose::Poll(About::SaveInfo);
                self.request(purpose, method::POLL_INFO_SET, info, AfterLoss::Repeat);
            }
        }
    }

    /// In the room, for the first time or again.
    pub(super) fn polls_entered(&mut self) {
        let ours = self.config.server_counts_viewers;
        let (polls, asker) = self.polls_and_asker();
        polls.entered(ours, asker);
        self.screen.dirty.polls = true;
        if !ours {
            let key = ACTIVE_POLL.to_owned();
            let purpose = Purpose::Poll(About::ReadMirror);
            self.request(
                purpose,
                method::GET_METADATA,
                GetMetadata { key },
                AfterLoss::Fail,
            );
        }
    }

    pub(super) fn polls_started(&mut self, started: Vec<PollInfo>) {
        for mut info in started {
            info.state = PollState::Started;
            let (polls, asker) = self.polls_and_asker();
            if let Some(new) = polls.learned(info, asker) {
                self.tell_new_poll(&new);
            }
        }
        self.screen.dirty.polls = true;
    }

    fn tell_new_poll(&mut self, poll_id: &str) {
        let Some(view) = self.polls.get(poll_id).map(|poll| self.poll_view(poll)) else {
            return;
        };
        if view.stage == PollStage::Running {
            self.notice(Notice::PollStarted {
                poll_id: view.poll_id,
                author: view.author,
                title: view.title,
                quiz: view.quiz,
            });
        }
    }

    pub(super) fn polls_stopped(&mut self, stopped: &[PollStopped]) {
        for stopped in stopped {
            let (polls, asker) = self.polls_and_asker();
            polls.stopped(stopped, asker);
        }
        self.screen.dirty.polls = true;
    }

    pub(super) fn polls_counted(&mut self, counted: Vec<PollStats>) {
        for stats in counted {
            self.polls.counted(stats, self.now.boot_ms);
        }
        self.screen.dirty.polls = true;
    }

    /// Asks and sends what is due. The room must be up.
    pub(super) fn polls_upkeep(&mut self) {
        let (polls, asker) = self.polls_and_asker();
        polls.upkeep(asker);
        let now = self.boot();
        // All of them first: one that cannot even wait is back at once.
        let votes: Vec<_> = std::iter::from_fn(|| self.polls.next_vote(now)).collect();
        let asks: Vec<Ask> = std::iter::from_fn(|| self.polls.next_ask()).collect();
        for (poll_id, responses) in votes {
            let purpose = Purpose::Poll(About::Vote(poll_id.clone()));
            let params = RespondToPoll { poll_id, responses };
            self.request(purpose, method::POLL_RESPONSE, params, AfterLoss::Fail);
        }
        for ask in asks {
            self.ask_of_polls(ask);
        }
    }

    fn ask_of_polls(&mut self, ask: Ask) {
        let purpose = Purpose::Poll(About::Ask(ask.clone()));
        let after = AfterLoss::Fail;
        match ask {
            Ask::List(state, start) => {
                let count = PAGE;
                let params = ListPolls {
                    state,
                    count,
                    start,
                };
                self.request(purpose, method::POLL_LIST, params, after);
            }
            Ask::Questions(poll_id, index) => {
                let count = PAGE;
                let params = GetPollQuestions {
                    poll_id,
                    index,
                    count,
                };
                self.request(purpose, method::POLL_QUESTIONS_GET, params, after);
            }
            Ask::Own(poll_id) => {
                self.ask_responses(purpose, poll_id, 0, true);
            }
            Ask::Responses(poll_id, index) => {
                self.ask_responses(purpose, poll_id, index, false);
            }
            Ask::Result(poll_id) => {
                self.request(purpose, method::POLL_RESULT, PollId { poll_id }, after);
            }
            Ask::Ranking(poll_id) => {
                let params = PollLeaderboardRequest {
                    poll_id,
                    count: PLACES,
                    offset: 0,
                    question: None,
                };
                self.request(purpose, method::POLL_LEADERBOARD, params, after);
            }
        }
    }

    fn ask_responses(&mut self, purpose: Purpose, poll_id: String, index: u32, own: bool) {
        let params = GetPollResponses {
            poll_id,
            index,
            count: ANSWERS_PAGE,
            own,
        };
        self.request(purpose, method::POLL_RESPONSES, params, AfterLoss::Fail);
    }

    pub(super) fn poll_answered(&mut self, about: About, result: Result<Value, RpcError>) {
        self.screen.dirty.polls = true;
        match about {
            About::Ask(ask) => self.poll_told(ask, result),
            About::Vote(poll_id) => self.vote_answered(&poll_id, result),
            About::SaveInfo => self.info_saved(result),
            About::SaveQuestions => self.questions_saved(result),
            About::Start { saving } => self.poll_start_answered(saving, result),
            About::Stop => {
                if let Err(error) = result {
                    self.refused("runPolls", error.code, &error.message);
                }
            }
            About::ReadMirror => {
                if let Some(value) = read::<MetadataResult>(result) {
                    self.value(&value);
                }
            }
            About::WriteMirror => match result {
                Ok(_) => {
                    if let Some(value) = read::<MetadataResult>(result) {
                        self.value(&value);
                    }
                }
                Err(error) if error.code == CODE_CONNECTION_LOST => {}
                Err(_) => self.polls.mirror.refused(self.now.boot_ms),
            },
        }
    }

    fn poll_told(&mut self, ask: Ask, result: Result<Value, RpcError>) {
        self.polls.asked();
        let now = self.boot();
        let lost = matches!(&result, Err(error) if error.code == CODE_CONNECTION_LOST);
        if let Err(error) = &result {
            tracing::debug!(code = error.code, ?ask, "the server tells nothing of that");
        }
        match ask {
            Ask::List(state, _) => {
                // A server without polls, or one that names them to nobody: none are known.
                let list = match read::<PollList>(result) {
                    None if lost => return,
                    list => list.unwrap_or(PollList {
                        polls: Vec::new(),
                        last: true,
                    }),
                };
                let (polls, asker) = self.polls_and_asker();
                for new in polls.listed(state, list.polls, list.last, asker) {
                    self.tell_new_poll(&new);
                }
            }
            Ask::Questions(..) => {
                if let Some(page) = read::<PollQuestions>(result) {
                    self.polls.take_questions(page, now);
                }
            }
            Ask::Own(poll_id) if lost => self.polls.own_lost(&poll_id),
            Ask::Own(poll_id) => self.polls.take_own(&poll_id, read::<PollResponses>(result)),
            Ask::Result(poll_id) => {
                if let Some(stats) = read::<PollStats>(result) {
                    self.polls.counted(stats, now);
                }
                if !lost {
                    self.polls.result_known(&poll_id);
                }
            }
            Ask::Responses(poll_id, _) => {
                if let Some(page) = read::<PollResponses>(result) {
                    self.polls.take_responses(&poll_id, page);
                }
            }
            Ask::Ranking(_) => {
                if let Some(board) = read::<PollLeaderboard>(result) {
                    self.polls.take_ranking(board);
                }
            }
        }
    }

    fn vote_answered(&mut self, poll_id: &str, result: Result<Value, RpcError>) {
        match result {
            Ok(_) => self.polls.vote_counted(poll_id),
            Err(error) if error.code == CODE_CONNECTION_LOST => self.polls.vote_lost(poll_id),
            Err(error) if error.is_temporary() => {
                self.polls.vote_put_off(poll_id, self.now.boot_ms);
            }
            Err(error) => self.polls.vote_refused(poll_id, error.message),
        }
    }

    fn info_saved(&mut self, result: Result<Value, RpcError>) {
        let answer = match result {
            Ok(value) => serde_json::from_value::<PollId>(value).ok(),
            Err(error) => return self.saving_failed(error.message),
        };
        let Some(saving) = &mut self.polls.saving else {
            return;
        };
        if let Some(answer) = answer.filter(|answer| !answer.poll_id.is_empty()) {
            saving.written.info.poll_id = answer.poll_id;
        }
        let params = SetPollQuestions {
            poll_id: saving.written.info.poll_id.clone(),
            questions: saving.written.questions.clone(),
        };
        let purpose = Purpose::Poll(About::SaveQuestions);
        self.request(
            purpose,
            method::POLL_QUESTIONS_SET,
            params,
            AfterLoss::Repeat,
        );
    }

    fn questions_saved(&mut self, result: Result<Value, RpcError>) {
        if let Err(error) = result {
            return self.saving_failed(error.message);
        }
        let server_ms = self.server_ms();
        let Some(saving) = self.polls.saving.take() else {
            return;
        };
        let poll_id = saving.written.info.poll_id.clone();
        let mut written = saving.written;
        written.info.created_at = server_ms;
        let (polls, asker) = self.polls_and_asker();
        polls.saved(written, asker);
        if saving.start {
            self.start_poll(poll_id, true);
        } else {
            self.polls.saved = SavingView::Saved { poll_id };
        }
    }

    fn poll_start_answered(&mut self, saving: bool, result: Result<Value, RpcError>) {
        match result {
            Ok(value) => {
                let answer = serde_json::from_value::<PollId>(value);
                if saving {
                    let poll_id = answer.map(|answer| answer.poll_id).unwrap_or_default();
                    self.polls.saved = SavingView::Saved { poll_id };
                }
            }
            // It has been kept at least; there it can be started again.
            Err(error) if saving => self.saving_failed(error.message),
            Err(error) => self.refused("runPolls", error.code, &error.message),
        }
    }

    fn saving_failed(&mut self, message: String) {
        self.polls.saving = None;
        self.polls.saved = SavingView::Failed { message };
    }

    /// On the 100ms cloud the elected client keeps `activePoll`.
    pub(super) fn write_active_poll(&mut self) {
        let role = self.roles.mine();
        let newest = self
            .polls
            .iter()
            .filter(|poll| poll.info.started_at > 0 && poll.shows_results_to(role))
            .max_by_key(|poll| (poll.is_running(), poll.info.started_at));
        let Some(poll) = newest else {
            return;
        };
        // A poll that a web client made knows nobody but that client: it stays.
        let theirs = polls::polls_id(self.polls.mirror.stored())
            .is_some_and(|id| self.polls.get(id).is_none());
        if theirs && !poll.is_running() {
            return;
        }
        let Some(data) = polls::mirrored(poll, self.store.value_bytes) else {
            return;
        };
        let place = self.place_in_line();
        if !self.polls.mirror.is_due(self.now.boot_ms, place, &data) {
            return;
        }
        let write = SetMetadata {
            key: ACTIVE_POLL.to_owned(),
            data,
            if_change_version: None,
        };
        let purpose = Purpose::Poll(About::WriteMirror);
        self.request(purpose, method::SET_METADATA, write, AfterLoss::Fail);
    }

    /// When polls have something to do, or their seconds to count.
    pub(super) fn polls_deadline(&self) -> Option<u64> {
        let now = self.boot();
        let server_ms = self.server_ms();
        let counts_down = self
            .polls
            .iter()
            .filter_map(polls::Poll::ends_at)
            .filter(|ends| *ends > server_ms)
            .map(|ends| {
                let to_next = (ends - server_ms - 1) % SECOND_MS + 1;
                now + to_next
            })
            .min();
        let work = self
            .connection
            .is_up()
            .then(|| self.polls.deadline())
            .flatten();
        [counts_down, work].into_iter().flatten().min()
    }

    /// The seconds that all timed polls have left: another number, another view.
    pub(super) fn poll_seconds_left(&self) -> u64 {
        let server_ms = self.server_ms();
        let ends = self.polls.iter().filter_map(polls::Poll::ends_at);
        ends.map(|ends| ends.saturating_sub(server_ms).div_ceil(SECOND_MS))
            .fold(0, u64::saturating_add)
    }

    /// What is known of a poll, to be kept in a file.
    pub fn poll_report(&self, poll_id: &str) -> Option<PollReport> {
        let poll = self.polls.get(poll_id)?;
        Some(PollReport::of(poll, &self.config.title))
    }

    /// The polls, and who asks.
    fn polls_and_asker(&mut self) -> (&mut polls::Polls, Asker<'_>) {
        let asker = Asker {
            role: self.roles.mine(),
            runs: self.roles.mine_can().poll_write,
            peer_id: &self.config.peer_id,
            now: self.now.boot_ms,
        };
        (&mut self.polls, asker)
    }
}
