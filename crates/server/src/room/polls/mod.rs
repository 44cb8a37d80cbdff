//! Polls and quizzes of a room: who makes them, who votes, who sees what, and when
//! the others are told.

mod form;
mod mirror;
mod poll;
mod requests;
mod right_answer;
mod summary;
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;

use kulti_protocol::signalling::{
    PollNotice, PollState, PollStats, PollStatsNotice, PollStopped, PollStoppedNotice, RpcError,
};
use serde::{Deserialize, Serialize};

use super::io::{Class, SocketId};
use super::notices::notice_interval_ms;
use super::peers::{Peer, PeerNo};
use super::timers::Due;
use super::{Frame, Room};
use crate::policy::Action;

use form::too_large;
use mirror::Mirror;
use poll::{Poll, Voter};

/// Polls of one session.
const POLLS: usize = 200;

/// A poll's place in the order of making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct PollNo(usize);

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
#[serde(default)]
pub(super) struct SavedPolls {
    list: Vec<Poll>,
    mirror: Mirror,
}

impl Polls {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

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
            return Err(too_large(format!("a session may have {POLLS} polls")));
        }
        self.list.push(poll);
        Ok(PollNo(self.list.len() - 1))
    }

    /// So many people are in the room now.
    fn people(&mut self, count: u32) {
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
        for at in saved.list.iter().filter_map(Poll::ends_at) {
            self.timers.at(at, Due::PollEnds);
        }
        self.polls.list = saved.list;
        self.polls.mirror = saved.mirror;
    }

    /// Begins to take votes. False if the poll does so already; else
    /// [`Room::announce_poll_start`] is due.
    fn begin_poll(&mut self, no: PollNo, by: &str) -> Result<bool, RpcError> {
        let (now, people) = (self.now, self.people_here());
        let Some(poll) = self.polls.get_mut(no) else {
            return Ok(false);
        };
        if !poll.start(by, now, people)? {
            return Ok(false);
        }
        if let Some(at) = poll.ends_at() {
            self.timers.at(at, Due::PollEnds);
        }
        self.changed = true;
        Ok(true)
    }

    fn announce_poll_start(&mut self, no: PollNo) {
        let Some(poll) = self.polls.get(no) else {
            return;
        };
        // To whoever started it as well: the SDK learns it only from this.
        let frame = started(poll);
        let sockets = self.poll_readers();
        self.send_all(sockets, frame, Class::Ordinary);
        self.show_in_store(no);
    }

    /// Takes no more votes, and tells everybody, also the results that were hidden.
    fn stop_poll_no(&mut self, no: PollNo, by: &str) {
        let now = self.now;
        let Some(poll) = self.polls.get_mut(no) else {
            return;
        };
        if !poll.stop(by, now) {
            return;
        }
        let frame = stopped(poll);
        self.changed = true;
        let sockets = self.poll_readers();
        self.send_all(sockets, frame, Class::Ordinary);
        self.tell_stats(no);
        self.mirror_now(no);
    }

    /// Timed polls whose time is over stop.
    pub(super) fn stop_overdue_polls(&mut self) {
        let now = self.now;
        let is_over = |poll: &Poll| poll.ends_at().is_some_and(|at| now >= at);
        let over: Vec<PollNo> = (0..)
            .zip(&self.polls.list)
            .filter(|(_, poll)| is_over(poll))
            .map(|(index, _)| PollNo(index))
            .collect();
        for no in over {
            self.stop_poll_no(no, "");
        }
    }

    /// The session ends: nobody is left to vote, or to be told.
    pub(super) fn stop_polls_at_end(&mut self) {
        let now = self.now;
        for poll in &mut self.polls.list {
            poll.stop("", now);
        }
        self.polls.untold.clear();
        self.polls.mirror = Mirror::default();
    }

    /// Somebody has voted.
    fn votes_changed(&mut self, no: PollNo) {
        self.changed = true;
        self.polls.untold.insert(no);
        self.tell_results();
    }

    /// Results that have changed are told, now or as soon as it is time: each notice
    /// goes to everybody.
    pub(super) fn tell_results(&mut self) {
        if self.polls.untold.is_empty() {
            return;
        }
        let at = self.polls.told_at + notice_interval_ms(self.peers.len());
        if self.now < at {
            self.timers.at(at, Due::PollResults);
            return;
        }
        self.polls.told_at = self.now;
        for no in std::mem::take(&mut self.polls.untold) {
            self.tell_stats(no);
            self.mirror_now(no);
        }
    }

    fn tell_stats(&mut self, no: PollNo) {
        self.polls.untold.remove(&no);
        let Some(poll) = self.polls.get(no) else {
            return;
        };
        let (mut hosts, mut voters) = (Vec::new(), Vec::new());
        for peer in self.peers.iter() {
            let Some(socket) = peer.socket() else {
                continue;
            };
            if !self.sees_results(poll, &peer.role) {
                continue;
            }
            if self.policy.may(&peer.role, Action::PollWrite) {
                hosts.push(socket);
            } else {
                voters.push(socket);
            }
        }
        // For who is slow the newest results replace older ones, as those of a store key do.
        let class = Class::Value(Arc::from(format!("on-poll-stats {}", poll.info.poll_id)));
        let stats = tally::stats(poll);
        let for_voters = stats_frame(tally::for_voters(poll, stats.clone()));
        let for_hosts = stats_frame(stats);
        self.send_all(hosts, for_hosts, class.clone());
        self.send_all(voters, for_voters, class);
    }

    /// While a poll runs only the roles that it names see its results, unless it shows them
    /// to all; afterwards all do.
    fn sees_results(&self, poll: &Poll, role: &str) -> bool {
        let shown = !poll.is_running() || poll.info.shows_live_results();
        self.policy.may(role, Action::PollRead) && (shown || may_see_responses(poll, role))
    }

    fn stats_for(&self, poll: &Poll, role: &str) -> PollStats {
        let stats = tally::stats(poll);
        if self.policy.may(role, Action::PollWrite) {
            stats
        } else {
            tally::for_voters(poll, stats)
        }
    }

    /// To one who has just come: the polls that run.
    pub(super) fn send_running_polls(&mut self, socket: SocketId, no: PeerNo) {
        self.send_polls(socket, no, |poll| poll.is_running().then(|| started(poll)));
    }

    /// To one who is back after a loss: what has started and stopped meanwhile. That may
    /// have gone into a connection that was dead before anybody knew; what is older is not
    /// told again, since the SDK would announce it again.
    pub(super) fn send_missed_polls(&mut self, socket: SocketId, no: PeerNo) {
        let silence = self.limits.silence_ms;
        let lost_at = self.peers.get(no).map_or(0, |peer| peer.last_loss_ms);
        let since = lost_at.saturating_sub(silence);
        self.send_polls(socket, no, |poll| match poll.info.state {
            PollState::Started if poll.info.started_at >= since => Some(started(poll)),
            PollState::Stopped if poll.info.stopped_at >= since => Some(stopped(poll)),
            _ => None,
        });
    }

    /// Notices of polls, and the results so far of those that run.
    fn send_polls(
        &mut self,
        socket: SocketId,
        no: PeerNo,
        notice: impl Fn(&Poll) -> Option<Frame>,
    ) {
        let Some(role) = self.peers.get(no).map(|peer| peer.role.as_str()) else {
            return;
        };
        if !self.policy.may(role, Action::PollRead) {
            return;
        }
        let mut frames = Vec::new();
        for poll in &self.polls.list {
            frames.extend(notice(poll));
            if poll.is_running() && poll.has_votes() && self.sees_results(poll, role) {
                frames.push(stats_frame(self.stats_for(poll, role)));
            }
        }
        for frame in frames {
            self.send(socket, frame);
        }
    }

    /// The most people that were here during a poll are part of its results.
    pub(super) fn count_people_for_polls(&mut self) {
        let people = self.people_here();
        self.polls.people(people);
    }

    /// People, not connections: one on two devices is one.
    fn people_here(&self) -> u32 {
        u32::try_from(self.peers.user_count()).unwrap_or(u32::MAX)
    }

    fn poll_readers(&self) -> Vec<SocketId> {
        self.peers
            .iter()
            .filter(|peer| self.policy.may(&peer.role, Action::PollRead))
            .filter_map(Peer::socket)
            .collect()
    }
}

// One poll in each notice: the SDK stops reading at one that it knows already, or does
// not know yet.

fn started(poll: &Poll) -> Frame {
    let notice = PollNotice {
        polls: vec![poll.info.clone()],
    };
    Frame::notification("on-poll-start", &notice)
}

fn stopped(poll: &Poll) -> Frame {
    let notice = PollStoppedNotice {
        polls: vec![PollStopped {
            poll_id: poll.info.poll_id.clone(),
            stopped_at: poll.info.stopped_at,
            stopped_by: poll.info.stopped_by.clone(),
        }],
    };
    Frame::notification("on-poll-stop", &notice)
}

fn stats_frame(stats: PollStats) -> Frame {
    Frame::notification("on-poll-stats", &PollStatsNotice { polls: vec![stats] })
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
