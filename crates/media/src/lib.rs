//! Live video and audio over WebRTC.

mod rtc;
#[cfg(feature = "sfu")]
pub mod sfu;
