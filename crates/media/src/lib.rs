//! Live video and audio over WebRTC.

pub mod client;
mod rtc;
#[cfg(feature = "sfu")]
pub mod sfu;
