//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use kulti_client::drivers::{join::ServerAddress, tls::Pin};
use kulti_protocol::room_code::RoomCode;

use crate::names;

/// Headless participants of a Kulti session.
///
/// Each bot joins through the whole client stack, with a guest account of its own.
/// One JSON object a line goes to standard output, at once; logs go to standard
/// error (RUST_LOG). The exit code is 1 if no bot could join.
#[derive(Debug, Parser)]
#[command(name = "kulti-bot", version, after_long_help = EVENTS)]
pub(crate) struct Arguments {
    /// The server's address, like https://kulti.dev or http://127.0.0.1:8787.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The code of the session to join, like VIBE-2K4F.
    #[arg(long, required_unless_present_any = ["host", "send_only"], conflicts_with = "host")]
    pub(crate) code: Option<RoomCode>,
    /// Bot 0 starts a session with this title, and the others join it.
    #[arg(long, value_name = "TITLE")]
    pub(crate) host: Option<String>,
    /// How many bots.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) count: u32,
    /// The display name; more than one bot are numbered. By default, names from all
    /// over the world.
    #[arg(long)]
    name: Option<String>,
    /// Leave after this time: 500ms, 60s, 5m, 2h. By default, stay.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Keep the bots' accounts and the journal of their watch time here: they are the same
    /// people next time, and send then what this server has not acknowledged.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Join nothing: only send what earlier runs have left in --data. The exit code is 1
    /// if something is still left after 60 s.
    #[arg(long, requires = "data", conflicts_with_all = ["code", "host"])]
    pub(crate) send_only: bool,
    /// SHA-256 of the server's certificate (hex), for servers that make their own.
    #[arg(long, value_name = "HEX")]
    pin: Option<Pin>,
    /// Allow plain http to this server although it is another computer.
    #[arg(long)]
    allow_plain: bool,
    /// Where /init is for sessions for which the server names no place; by default, the
    /// 100ms cloud's.
    #[arg(long, value_name = "URL")]
    pub(crate) init_endpoint: Option<url::Url>,
    /// Behave like a class: come and go, raise and lower hands, look away, talk, vote.
    #[arg(long)]
    pub(crate) lively: bool,
    /// Makes names and liveliness the same each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Obey orders from standard input, one JSON object a line; leave at its end.
    #[arg(long)]
    pub(crate) interactive: bool,
    /// Obey the orders in this file, as with --interactive; the bots stay at its end.
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Tell twice a second how much each bot has watched by its own timer, and what the
    /// server has acknowledged.
    #[arg(long)]
    pub(crate) truth: bool,
    /// Print the whole view of each bot too, slice by slice.
    #[arg(long)]
    pub(crate) views: bool,
    /// Only the first N bots tell what happens in the room; all tell of themselves.
    /// For load tests, where everybody would tell the same.
    #[arg(long, value_name = "N")]
    pub(crate) observers: Option<u32>,
}

impl Arguments {
    pub(crate) fn address(&self) -> ServerAddress {
        ServerAddress {
            origin: self.server.clone(),
            pin: self.pin,
            plain_allowed: self.allow_plain,
        }
    }

    pub(crate) fn name_of(&self, index: u32) -> String {
        match &self.name {
            Some(name) if self.count == 1 => name.clone(),
            Some(name) => format!("{name} {}", index + 1),
            None => names::name(self.seed.unwrap_or(0), index),
        }
    }

    pub(crate) fn seed_of(&self, index: u32) -> u64 {
        match self.seed {
            // Spread, so that neighbours do not behave alike.
            Some(seed) => seed ^ (u64::from(index) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            None => rand::random(),
        }
    }
}

/// A number and a unit.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("{unit:?} is none of ms, s, m, h")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_ms))
        .map(Duration::from_millis)
        .ok_or_else(|| "a time looks like 60s".to_owned())
}

const EVENTS: &str = "\
Events (one JSON object a line; every one has `event`, `at_ms` (ms since the epoch)
and, unless it concerns all, `bot` (counts from 0)):
  hosting       code, link, session_id     bot 0 has started the session (--host)
  joined        name, peer_id, user_id, role, session_id, code
  lost          the connection was lost and is being tried again
  restored      lost_ms, bridged           it is back
  counts        total, active, hands
  message       id, from, user_id, text, mine, delivery (sending, sent, failed)
  announcement  id, author, text           each one once
  spotlight     peer_id, name              both null when it ends
  pinned        message_id, text           both null when it ends
  poll          poll_id, title, stage (draft, running, closed), vote {state}, voters, votes
                (of each option of each question; null where they are not shown)
  role          role                       the bot's role has changed
  notice        notice                     a toast of the app
  truth         session_id, user_id, active_ms, intervals   with --truth, twice a second and
                after the last moment: what counted by the bot's own timer, [start, end) in
                ms of server time
  acknowledged  session_id, user_id, active_ms, intervals   with --truth: what of that the
                server has acknowledged, whenever that has changed
  journal       unsent: [{session_id, user_id, active_ms, refused}], set_aside, not_written
                with --data: what is left of earlier stays, and how the journal is doing
  view          view                       with --views: any slice, as the app's UI gets it
  left          reason: {kind: left | sessionEnded | removed | failed, ...}
  error         message, and line for orders that were not understood

Orders (--interactive, --script; one JSON object a line; `bot` is a number or \"all\",
default 0; with `after_ms` the order, and all that follow, wait that long first):
  {\"bot\":0,\"act\":\"sendMessage\",\"text\":\"hello\"}      any act of the app's UI: setHand
      {raised}, lowerHand {peerId}, spotlight {peerId}, pinForMe {peerId}, pinMessage
      {messageId}, announce {text}, dismissAnnouncement {id}, sendMessage {text,
      audience, replyTo}, resendMessage {id}, markMessage {messageId, mark, on},
      earlierMessages, changeRole {peerId, role, force}, answerRoleInvite {accept},
      removePeer {peerId, reason}, showPage {page}, retryNow, leave, endSession,
      poll {intent: {do: save {draft, start, number} | start {pollId} | stop {pollId} |
      vote {pollId, answers: [{question, options}]} | inspect {pollId}}}
  {\"bot\":0,\"watch\":\"window_hidden\"}    a signal of the watch timer: window_visible,
      window_hidden, locked, unlocked, suspended, resumed, input, act, idle_unknown,
      idle_known, prompt_shown, prompt_answered
  {\"bot\":0,\"do\":\"cutSocket\"}           drop the connection, as a network loss does
  {\"bot\":0,\"do\":\"rejoin\"}              join again after leaving
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("60"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7_200)));
        for bad in [
            "",
            "s",
            "-1s",
            "1.5h",
            "1 day",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
