//! What the server tells: notifications by method.

use serde_json::Value;

use super::{
    ActiveSpeakers, BriefPeer, ConnectionQualityUpdate, MetadataChange, MuteStateRequest, NodeInfo,
    OnBroadcast, OnPeerLeaveRequest, OnTrackUpdateRequest, Peer, PeerList, PolicyChange,
    PollNotice, PollStatsNotice, PollStoppedNotice, RoleChange, RoomInfo, RoomState, RpcError,
    SessionDescription, SessionInfo, TrackNotice, Trickle,
};

macro_rules! notifications {
    ($($(#[$doc:meta])* $variant:ident($params:ty) = $method:literal,)*) => {
        /// A notification of the server.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum ServerNotification {
            $($(#[$doc])* $variant($params),)*
            /// One that this client has no use for, or does not know.
            Other {
                /// Its method.
                method: String,
            },
        }

        impl ServerNotification {
            /// Reads a notification.
            ///
            /// # Errors
            /// If the params of a known method have not its form.
            pub fn parse(method: &str, params: Value) -> Result<Self, serde_json::Error> {
                let params = match params {
                    Value::Null => Value::Object(serde_json::Map::new()),
                    params => params,
                };
                match method {
                    $($method => serde_json::from_value(params).map(Self::$variant),)*
                    _ => Ok(Self::Other { method: method.to_owned() }),
                }
            }

            /// Writes a notification as a frame.
            ///
            /// # Errors
            /// If the params cannot be written as JSON; never for values made here.
            pub fn to_frame(&self) -> Result<String, super::FrameError> {
                match self {
                    $(Self::$variant(params) => super::notification($method, params),)*
                    Self::Other { method } => super::notification(method, serde_json::Map::new()),
                }
            }

            /// The methods that are known, for tests that go through all.
            pub const METHODS: &[&str] = &[$($method),*];
        }
    };
}

notifications! {
    /// The receiver's role and all roles; unlocks the join.
    PolicyChange(PolicyChange) = "on-policy-change",
    /// The others in the room.
    PeerList(PeerList) = "peer-list",
    /// For sockets that have not joined.
    RoomState(RoomState) = "room-state",
    /// About the room.
    RoomInfo(RoomInfo) = "room-info",
    /// About the running session.
    SessionInfo(SessionInfo) = "session-info",
    /// Somebody joined.
    PeerJoin(Peer) = "on-peer-join",
    /// Somebody left; only the id is meant.
    PeerLeave(BriefPeer) = "on-peer-leave",
    /// Name, metadata, role or groups changed.
    PeerUpdate(Peer) = "on-peer-update",
    /// Tracks were published.
    TrackAdd(TrackNotice) = "on-track-add",
    /// Tracks were muted, unmuted or described.
    TrackUpdate(TrackNotice) = "on-track-update",
    /// Tracks were unpublished.
    TrackRemove(TrackNotice) = "on-track-remove",
    /// The subscribe connection is negotiated: wants an `answer`.
    Offer(SessionDescription) = "offer",
    /// A candidate of the media server.
    Trickle(Trickle) = "trickle",
    /// The media node that serves me.
    NodeInfo(NodeInfo) = "node-info",
    /// Who speaks.
    ActiveSpeakers(ActiveSpeakers) = "active-speakers",
    /// How good connections are.
    ConnectionQuality(ConnectionQualityUpdate) = "on-connection-quality-update",
    /// A message.
    Broadcast(OnBroadcast) = "on-broadcast",
    /// Store values changed.
    MetadataChange(MetadataChange) = "on-metadata-change",
    /// Somebody asks me to take a role.
    RoleChangeRequest(RoleChange) = "on-role-change-request",
    /// Somebody wants one of my tracks muted or unmuted.
    TrackUpdateRequest(OnTrackUpdateRequest) = "on-track-update-request",
    /// Somebody wants many tracks muted or unmuted.
    MuteStateRequest(MuteStateRequest) = "on-change-track-mute-state-request",
    /// I have to go.
    PeerLeaveRequest(OnPeerLeaveRequest) = "on-peer-leave-request",
    /// Polls take votes from now on.
    PollStart(PollNotice) = "on-poll-start",
    /// Results of polls.
    PollStats(PollStatsNotice) = "on-poll-stats",
    /// Polls take no more votes.
    PollStop(PollStoppedNotice) = "on-poll-stop",
    /// Fatal.
    Error(RpcError) = "on-error",
    /// For the log.
    Warning(RpcError) = "on-warning",
}
