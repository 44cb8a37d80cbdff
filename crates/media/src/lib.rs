//! Live video and audio over WebRTC.

<<<<<<< HEAD
=======
#[cfg(feature = "client")]
>>>>>>> media-client
pub mod client;
mod rtc;
#[cfg(feature = "sfu")]
pub mod sfu;
