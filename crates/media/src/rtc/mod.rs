//! The WebRTC library, wrapped: a change of its version touches only this folder.

#[cfg(feature = "client")]
pub(crate) mod participant;
