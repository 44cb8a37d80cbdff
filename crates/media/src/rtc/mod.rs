//! The WebRTC library, wrapped: a change of its version touches only this folder.

<<<<<<< HEAD
#[cfg(feature = "client")]
pub(crate) mod participant;
=======
>>>>>>> media-client
#[cfg(feature = "sfu")]
pub(crate) mod forwarding;
#[cfg(feature = "sfu")]
pub(crate) mod mids;
#[cfg(feature = "client")]
pub(crate) mod participant;
#[cfg(feature = "sfu")]
pub(crate) mod stun;
