//! The signalling WebSocket: one JSON object a text frame.

mod error;
mod frame;
mod media;
mod messages;
mod notifications;
mod peer;
mod polls;
mod requests;
mod role;
mod room;
mod store;
mod track;

pub use error::{RpcError, code};
pub use frame::{
    ClientFrame, FrameError, JSONRPC, ServerFrame, notification, request, response_error,
    response_ok,
};
pub use media::{
    ActiveSpeaker, ActiveSpeakers, Answer, ConnectionQuality, ConnectionQualityUpdate,
    IceCandidate, NodeInfo, Offer, PUBLISH, SUBSCRIBE, Trickle,
};
pub use messages::{Broadcast, BroadcastInfo, BroadcastResult, OnBroadcast};
pub use notifications::ServerNotification;
pub use peer::{BriefPeer, HAND_RAISE_GROUP, Peer, PeerInfo, PeerSummary};
pub use polls::*;
pub use requests::*;
pub use role::{Permissions, PolicyChange, PublishParams, Role, SubscribeParams};
pub use room::{PeerList, Room, RoomInfo, RoomState, SessionInfo};
pub use store::{
    GetMetadata, ListenMetadata, MetadataChange, MetadataResult, MetadataValue, SetMetadata,
};
pub use track::{Track, TrackNotice};
