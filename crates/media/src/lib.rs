//! Live video and audio over WebRTC.

#[cfg(feature = "client")]
pub mod client;
mod rtc;
#[cfg(feature = "sfu")]
pub mod sfu;
