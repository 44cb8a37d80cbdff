//! How connections of the SFU are made.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::config::{CryptoProvider, DtlsCert};
use str0m::rtp::Extension;
use str0m::{Candidate, Input, Rtc, RtcConfig};

use super::Connection;
use crate::rtc::mids::MidNumbers;

/// How often a connection that sends tells what its receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(2);
/// What a data channel may hold back for a slow receiver before messages are dropped.
const CHANNEL_BUFFER: usize = 256 * 1024;
/// The longest message that is taken from a data channel.
const CHANNEL_MESSAGE: u32 = 16 * 1024;
/// Makes connections of one shard: they share its addresses and its certificate.
pub(crate) struct Factory {
    provider: Arc<CryptoProvider>,
    certificate: DtlsCert,
    candidates: Vec<SocketAddr>,
}

impl Factory {
    /// For connections that are reached at `candidates`. `None` if no certificate can be
    /// made.
    pub(crate) fn new(candidates: Vec<SocketAddr>) -> Option<Self> {
        let provider = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = provider.dtls_provider.generate_certificate()?;
        Some(Self {
            provider,
            certificate,
            candidates,
        })
    }

    /// A connection by which a peer sends.
    pub(crate) fn publish(&self, now: Instant) -> Connection {
        self.build(self.config(), now)
    }

    /// A connection by which a peer receives. No mids in RTP (see [`MidNumbers`]: receivers
    /// go by the SSRCs of the description), and no transport-wide feedback, which nobody
    /// would read while there is no bandwidth estimation.
    pub(crate) fn subscribe(&self, now: Instant) -> Connection {
        let config = self
            .config()
            .clear_extension_map()
            .set_extension(1, Extension::AudioLevel)
            .set_extension(13, Extension::VideoOrientation)
            .set_stats_interval(Some(REPORT_INTERVAL));
        self.build(config, now)
    }

    fn config(&self) -> RtcConfig {
        Rtc::builder()
            .set_crypto_provider(Arc::clone(&self.provider))
            .set_dtls_cert(self.certificate.clone())
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_sctp_max_buffered_amount(CHANNEL_BUFFER)
            .set_sctp_max_message_size(CHANNEL_MESSAGE)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
    }

    fn build(&self, config: RtcConfig, now: Instant) -> Connection {
        let rtc = catch_unwind(AssertUnwindSafe(|| {
            let mut rtc = config.build(now);
            for address in &self.candidates {
                if let Ok(candidate) = Candidate::host(*address, "udp") {
                    rtc.add_local_candidate(candidate);
                }
            }
            // Its clock starts with the first time that it is given.
            rtc.handle_input(Input::Timeout(now)).ok().map(|()| rtc)
        }));
        Connection {
            rtc: rtc.ok().flatten(),
            local: self.candidates.clone(),
            numbers: MidNumbers::default(),
            pending: None,
            incoming: HashMap::new(),
            outgoing: HashMap::new(),
            sent: HashMap::new(),
            channel: None,
            candidates: 0,
            failure_told: false,
            #[cfg(test)]
            defect: false,
        }
    }
}
