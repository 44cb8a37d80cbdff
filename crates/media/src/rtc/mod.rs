//! The WebRTC library, wrapped: a change of its version touches only this folder.

#[cfg(feature = "sfu")]
pub(crate) mod forwarding;
#[cfg(feature = "sfu")]
pub(crate) mod mids;
#[cfg(feature = "client")]
pub(crate) mod participant;
#[cfg(feature = "sfu")]
pub(crate) mod stun;
