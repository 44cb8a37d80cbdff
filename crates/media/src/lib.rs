//! Live video and audio over WebRTC.
