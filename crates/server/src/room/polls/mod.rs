//! Polls and quizzes of a room: who makes them, who votes, who sees what, and when
//! the others are told.

mod mirror;
mod poll;
mod requests;
mod right_answer;
mod tally;

use std::collections::BTreeSet;

use kulti_protocol::signalling::{
    PollNotice, PollState, PollStopped, PollStoppedNotice, RpcError, code,
};
use serde::{Deserialize, Serialize};

use super::io::{Class, SocketId};
use super::peers::{Peer, PeerNo};
use super::timers::Due;
use super::{Frame, Room};
use crate::policy::Action;

use mirror::Mirror;
use poll::{Poll, Voter};

/// Polls of one session.
const POLLS: usize = 200;
/// Results are told at most this often, ms: each notice goes to everybody.
const STATS_EVERY_MS: u64 = 250;

/// A poll's place in the order of making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct PollNo(usize);

/// All polls of a room.
#[derive(Debug, Default)]
pub(super) struct Polls {
    list: Vec<Poll>,
    /// Polls whose results have changed since they were told.
    untold: BTreeSet<PollNo>,
    told_at: u64,
    mirror: Mirror,
}

/// What a restart must not lose.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SavedPolls {
    list: Vec<Poll>,
    mirror: Mirror,
}

impl Polls {
    fn find(&self, poll_id: &str) -> Option<PollNo> {
        self.list
            .iter()
            .position(|poll| poll.info.poll_id == poll_id)
            .map(PollNo)
    }

    fn get(&self, no: PollNo) -> Option<&Poll> {
        self.list.get(no.0)
    }

    fn get_mut(&mut self, no: PollNo) -> Option<&mut Poll> {
        self.list.get_mut(no.0)
    }

    fn add(&mut self, poll: Poll) -> Result<PollNo, RpcError> {
        if self.list.len() >= POLLS {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!("a session may have {POLLS} polls"),
            ));
        }
        self.list.push(poll);
        Ok(PollNo(self.list.len() - 1))
    }

    fn running(&self) -> impl Iterator<Item = &Poll> {
        self.list.iter().filter(|poll| poll.is_running())
    }

    /// So many people are in the room now.
    fn people(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        for poll in self.list.iter_mut().filter(|poll| poll.is_running()) {
            poll.most_people = poll.most_people.max(count);
        }
    }

    pub(super) fn save(&self) -> SavedPolls {
        SavedPolls {
            list: self.list.clone(),
            mirror: self.mirror.clone(),
        }
    }
}

impl Room {
    pub(super) fn restore_polls(&mut self, saved: SavedPolls) {
        for (index, poll) in saved.list.iter().enumerate() {
            if let Some(at) = poll.ends_at() {
                self.timers.at(at, Due::PollEnds(PollNo(index)));
            }
        }
        self.polls.list = saved.list;
        self.polls.mirror = saved.mirror;
    }

    fn start_poll_no(&mut self, no: PollNo, by: &str) -> Result<(), RpcError> {
        let people = u32::try_from(self.peers.len()).unwrap_or(u32::MAX);
        let now = self.now;
        let Some(poll) = self.polls.get_mut(no) else {
            return Ok(());
        };
        if !poll.start(by, now, people)? {
            return Ok(());
        }
        if let Some(at) = poll.ends_at() {
            self.timers.at(at, Due::PollEnds(no));
        }
        let notice = PollNotice {
            polls: vec![poll.info.clone()],
        };
        self.changed = true;
        // To whoever started it as well: the SDK learns it only from this.
        let frame = Frame::notification("on-poll-start", &notice);
        let sockets = self.peers.sockets_except(None);
        self.send_all(sockets, frame, Class::Ordinary);
        self.show_in_store(no);
        Ok(())
    }

    fn stop_poll_no(&mut self, no: PollNo, by: &str) {
        let now = self.now;
        let Some(poll) = self.polls.get_mut(no) else {
            return;
        };
        if !poll.stop(by, now) {
            return;
        }
        let notice = stopped(poll);
        self.changed = true;
        let sockets = self.peers.sockets_except(None);
        let frame = Frame::notification("on-poll-stop", &notice);
        self.send_all(sockets, frame, Class::Ordinary);
        // Now everybody may see them, also where they were hidden before.
        self.tell_stats(no);
        self.mirror_now(no);
    }

    /// A timed poll's time is over, if it still runs.
    pub(super) fn poll_time_over(&mut self, no: PollNo) {
        let over = self
            .polls
            .get(no)
            .and_then(Poll::ends_at)
            .is_some_and(|at| self.now >= at);
        if over {
            self.stop_poll_no(no, "");
        }
    }

    /// Somebody has voted.
    fn votes_changed(&mut self, no: PollNo) {
        self.changed = true;
        if self.polls.untold.is_empty() {
            let at = (self.polls.told_at + STATS_EVERY_MS).max(self.now);
            self.timers.at(at, Due::PollStats);
        }
        self.polls.untold.insert(no);
    }

    /// Results may be told again.
    pub(super) fn poll_stats_due(&mut self) {
        for no in std::mem::take(&mut self.polls.untold) {
            self.polls.told_at = self.now;
            self.tell_stats(no);
            self.mirror_now(no);
        }
    }

    fn tell_stats(&mut self, no: PollNo) {
        let Some(poll) = self.polls.get(no) else {
            return;
        };
        let sockets: Vec<SocketId> = self
            .peers
            .iter()
            .filter(|peer| self.sees_results(poll, &peer.role))
            .filter_map(Peer::socket)
            .collect();
        if !sockets.is_empty() {
            let frame = Frame::notification("on-poll-stats", &tally::stats(poll));
            self.send_all(sockets, frame, Class::Ordinary);
        }
    }

    /// While a poll runs only the roles that it names see its results; afterwards all do.
    fn sees_results(&self, poll: &Poll, role: &str) -> bool {
        self.policy.may(role, Action::PollRead)
            && (!poll.is_running() || may_see_responses(poll, role))
    }

    /// To one who has just come: the polls that run. A client that knows them already
    /// takes no harm.
    pub(super) fn send_running_polls(&mut self, socket: SocketId) {
        let polls: Vec<_> = self.polls.running().map(|poll| poll.info.clone()).collect();
        if !polls.is_empty() {
            let frame = Frame::notification("on-poll-start", &PollNotice { polls });
            self.send(socket, frame);
        }
    }

    /// To one who is back after a loss: what has stopped and started meanwhile.
    pub(super) fn send_missed_polls(&mut self, socket: SocketId, no: PeerNo) {
        let lost_at = self.peers.get(no).map_or(0, |peer| peer.last_loss_ms);
        let stopped: Vec<Frame> = self
            .polls
            .list
            .iter()
            .filter(|poll| poll.info.state == PollState::Stopped)
            .filter(|poll| poll.info.stopped_at >= lost_at)
            .map(|poll| Frame::notification("on-poll-stop", &stopped(poll)))
            .collect();
        for frame in stopped {
            self.send(socket, frame);
        }
        self.send_running_polls(socket);
    }

    /// The most people that were here during a poll are part of its results.
    pub(super) fn count_people_for_polls(&mut self) {
        let count = self.peers.len();
        self.polls.people(count);
    }
}

fn stopped(poll: &Poll) -> PollStoppedNotice {
    PollStoppedNotice {
        polls: vec![PollStopped {
            poll_id: poll.info.poll_id.clone(),
            stopped_at: poll.info.stopped_at,
            stopped_by: poll.info.stopped_by.clone(),
        }],
    }
}

fn may_see_responses(poll: &Poll, role: &str) -> bool {
    let roles = &poll.info.responses;
    roles.is_empty() || roles.iter().any(|named| named == role)
}

fn voter(peer: &Peer) -> Voter<'_> {
    Voter {
        peer_id: &peer.id,
        user_id: &peer.user_id,
        name: &peer.name,
        role: &peer.role,
    }
}
