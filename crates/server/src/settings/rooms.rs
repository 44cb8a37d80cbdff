//! Limits of rooms and of their connections, as settings.

use std::time::Duration;

use clap::Args;

use super::{Limits, duration::millis, parse_duration};
use crate::{
    connections::ConnectionLimits,
    policy::RoomPolicy,
    room::{Allowance, Allowances},
    rooms::RoomLimits,
};

/// Limits of one room and of its connections.
#[derive(Debug, Clone, Args)]
pub struct RoomSettings {
    /// The rules of rooms. `vendor` is for trying how clients get on at the 100ms cloud,
    /// where everybody may write every key.
    #[arg(long, env = "KULTI_ROOM_POLICY", value_enum, default_value_t = RoomPolicy::Kulti)]
    pub room_policy: RoomPolicy,

    /// Keys in a room's session store.
    #[arg(
        long,
        env = "KULTI_STORE_KEYS",
        value_name = "N",
        default_value_t = 10_000
    )]
    pub store_keys: usize,

    /// Bytes of one value in the session store, as JSON.
    #[arg(long, env = "KULTI_STORE_VALUE_BYTES", value_name = "BYTES", default_value_t = 4 * 1024)]
    pub store_value_bytes: usize,

    /// Bytes of a room's session store in all, keys included.
    #[arg(long, env = "KULTI_STORE_BYTES", value_name = "BYTES", default_value_t = 4 * 1024 * 1024)]
    pub store_bytes: usize,

    /// Participants of one room.
    #[arg(
        long,
        env = "KULTI_PEERS_PER_ROOM",
        value_name = "N",
        default_value_t = 20_000
    )]
    pub peers_per_room: usize,

    /// Connections of one user to one room.
    #[arg(
        long,
        env = "KULTI_CONNECTIONS_PER_USER",
        value_name = "N",
        default_value_t = 20
    )]
    pub connections_per_user: usize,

    /// Bytes of one frame from a client.
    #[arg(long, env = "KULTI_FRAME_BYTES", value_name = "BYTES", default_value_t = 256 * 1024)]
    pub frame_bytes: usize,

    /// Bytes of one message to others (broadcast).
    #[arg(long, env = "KULTI_MESSAGE_BYTES", value_name = "BYTES", default_value_t = 16 * 1024)]
    pub message_bytes: usize,

    /// Frames a second of one connection, in the long run; a faster one is read more slowly.
    #[arg(
        long,
        env = "KULTI_FRAMES_PER_SECOND",
        value_name = "N",
        default_value_t = 100
    )]
    pub frames_per_second: u32,

    /// Frames that one connection may send at once.
    #[arg(
        long,
        env = "KULTI_FRAMES_BURST",
        value_name = "N",
        default_value_t = 400
    )]
    pub frames_burst: u32,

    /// Messages to others (broadcasts) a second of one user in a room, in the long run.
    #[arg(
        long,
        env = "KULTI_MESSAGES_PER_SECOND",
        value_name = "N",
        default_value_t = 5
    )]
    pub messages_per_second: u32,

    /// Messages to others (broadcasts) of one user at once.
    #[arg(
        long,
        env = "KULTI_MESSAGES_BURST",
        value_name = "N",
        default_value_t = 30
    )]
    pub messages_burst: u32,

    /// Changes of name, metadata, groups and tracks a second of one user in a room, in the long run.
    #[arg(
        long,
        env = "KULTI_CHANGES_PER_SECOND",
        value_name = "N",
        default_value_t = 5
    )]
    pub changes_per_second: u32,

    /// Changes of name, metadata, groups and tracks of one user at once.
    #[arg(
        long,
        env = "KULTI_CHANGES_BURST",
        value_name = "N",
        default_value_t = 20
    )]
    pub changes_burst: u32,

    /// Writes to the session store a second of one user in a room, in the long run.
    #[arg(
        long,
        env = "KULTI_WRITES_PER_SECOND",
        value_name = "N",
        default_value_t = 50
    )]
    pub writes_per_second: u32,

    /// Writes to the session store of one user at once.
    #[arg(
        long,
        env = "KULTI_WRITES_BURST",
        value_name = "N",
        default_value_t = 200
    )]
    pub writes_burst: u32,

    /// Messages of a session are deleted so long after its end.
    #[arg(long, env = "KULTI_MESSAGES_KEPT", value_name = "TIME", value_parser = parse_duration,
          default_value = "30d")]
    pub messages_kept: Duration,

    /// How long somebody who lost the connection is kept for their return.
    #[arg(long, env = "KULTI_PEER_GRACE", value_name = "TIME", value_parser = parse_duration,
          default_value = "60s")]
    pub peer_grace: Duration,

    /// A client silent for this long is taken for lost.
    #[arg(long, env = "KULTI_SILENCE_LIMIT", value_name = "TIME", value_parser = parse_duration,
          default_value = "30s")]
    pub silence_limit: Duration,
}

impl Default for RoomSettings {
    fn default() -> Self {
        Self {
            room_policy: RoomPolicy::Kulti,
            store_keys: 10_000,
            store_value_bytes: 4 * 1024,
            store_bytes: 4 * 1024 * 1024,
            peers_per_room: 20_000,
            connections_per_user: 20,
            frame_bytes: 256 * 1024,
            message_bytes: 16 * 1024,
            frames_per_second: 100,
            frames_burst: 400,
            messages_per_second: 5,
            messages_burst: 30,
            changes_per_second: 5,
            changes_burst: 20,
            writes_per_second: 50,
            writes_burst: 200,
            messages_kept: Duration::from_secs(30 * 24 * 60 * 60),
            peer_grace: Duration::from_secs(60),
            silence_limit: Duration::from_secs(30),
        }
    }
}

impl RoomSettings {
    /// For the rooms themselves.
    #[must_use]
    pub fn room_limits(&self) -> RoomLimits {
        RoomLimits {
            grace_ms: millis(self.peer_grace),
            silence_ms: millis(self.silence_limit),
            peers: self.peers_per_room,
            store_keys: self.store_keys,
            store_value_bytes: self.store_value_bytes,
            store_bytes: self.store_bytes,
            message_bytes: self.message_bytes,
            allowances: Allowances {
                messages: Allowance {
                    per_second: self.messages_per_second,
                    burst: self.messages_burst,
                },
                changes: Allowance {
                    per_second: self.changes_per_second,
                    burst: self.changes_burst,
                },
                writes: Allowance {
                    per_second: self.writes_per_second,
                    burst: self.writes_burst,
                },
            },
            ..RoomLimits::default()
        }
    }

    /// For their connections. Web origins are checked before a request gets there.
    #[must_use]
    pub fn connection_limits(&self, limits: &Limits) -> ConnectionLimits {
        ConnectionLimits {
            message_bytes: self.frame_bytes,
            messages_per_second: self.frames_per_second,
            message_burst: self.frames_burst,
            per_user: self.connections_per_user,
            per_address: usize::try_from(limits.connections_per_address).unwrap_or(usize::MAX),
            total: usize::try_from(limits.connections).unwrap_or(usize::MAX),
            handshake_ms: millis(limits.handshake_timeout),
            origins: Vec::new(),
            ..ConnectionLimits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_connections_are_those_of_the_settings() {
        let limits = Limits {
            connections_per_address: 7,
            connections: 11,
            ..Limits::default()
        };
        let limits = RoomSettings::default().connection_limits(&limits);
        assert_eq!((limits.per_address, limits.total), (7, 11));
    }
}
