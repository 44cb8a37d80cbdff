//! Descriptions: who offers what.

use str0m::Candidate;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};

use super::packet::kind;
use super::{CHANNEL, Connection, guard};
use crate::rtc::mids::answers;
use crate::sfu::{Kind, SfuError};

/// Candidates of the other side that are looked at. An ICE-lite agent needs none of them.
const MOST_CANDIDATES: u32 = 30;

pub(super) struct Pending {
    pub(super) changes: SdpPendingOffer,
    /// As it was told.
    pub(super) sdp: String,
}

/// A section that the other side has described.
pub(crate) struct Section {
    /// First word of its `a=msid`.
    pub(crate) stream_id: String,
    /// Second word of its `a=msid`.
    pub(crate) track_id: String,
    /// What it carries.
    pub(crate) kind: Kind,
}

/// A section to be offered.
pub(crate) struct NewSection {
    /// What it carries.
    pub(crate) kind: Kind,
    /// First word of its `a=msid`.
    pub(crate) stream_id: String,
    /// Second word of its `a=msid`.
    pub(crate) track_id: String,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It holds now.
    Accepted,
    /// It answers no offer that is outstanding.
    Stale,
}

impl Connection {
    /// The other side's offer. Gives our answer.
    pub(crate) fn accept_offer(&mut self, sdp: &str) -> Result<String, SfuError> {
        guard(&mut self.rtc, |rtc| {
            let offer = SdpOffer::from_sdp_string(sdp).map_err(description)?;
            let answer = rtc.sdp_api().accept_offer(offer).map_err(description)?;
            Ok(answer.to_sdp_string())
        })
        .unwrap_or(Err(SfuError::Failed))
    }

    /// Offers changes; gives the description and the mids of the new sections. `None` if
    /// there is nothing to be agreed on, or an offer is outstanding already.
    pub(crate) fn offer(
        &mut self,
        with_channel: bool,
        add: &[NewSection],
        stop: &[Mid],
        restart_ice: bool,
    ) -> Option<(String, Vec<Mid>)> {
        if self.pending.is_some() {
            return None;
        }
        let (offer, changes, added) = guard(&mut self.rtc, |rtc| {
            let mut api = rtc.sdp_api();
            if with_channel {
                api.add_channel(CHANNEL.to_owned());
            }
            if restart_ice {
                api.ice_restart(true);
            }
            for mid in stop {
                api.stop_media(*mid);
            }
            let added = add
                .iter()
                .map(|section| {
                    let kind = match section.kind {
                        Kind::Audio => MediaKind::Audio,
                        Kind::Video => MediaKind::Video,
                    };
                    let stream = Some(section.stream_id.clone());
                    let track = Some(section.track_id.clone());
                    api.add_media(kind, Direction::SendOnly, stream, track, None)
                })
                .collect();
            let (offer, changes) = api.apply()?;
            Some((offer.to_sdp_string(), changes, added))
        })??;
        for mid in stop {
            self.sent.remove(mid);
            self.outgoing.remove(mid);
        }
        let sdp = self.numbers.outgoing(&offer);
        self.pending = Some(Pending {
            changes,
            sdp: sdp.clone(),
        });
        Some((sdp, added))
    }

    /// The offer that waits for its answer.
    pub(crate) fn outstanding_offer(&self) -> Option<&str> {
        self.pending.as_ref().map(|pending| pending.sdp.as_str())
    }

    /// The answer to the outstanding offer.
    pub(crate) fn accept_answer(&mut self, sdp: &str) -> Result<Answered, SfuError> {
        let Some(pending) = &self.pending else {
            return Ok(Answered::Stale);
        };
        // One that was meant for an earlier offer and came twice.
        if !answers(&pending.sdp, sdp) {
            return Ok(Answered::Stale);
        }
        let sdp = self.numbers.incoming(sdp);
        let Some(pending) = self.pending.take() else {
            return Ok(Answered::Stale);
        };
        guard(&mut self.rtc, |rtc| {
            let answer = SdpAnswer::from_sdp_string(&sdp).map_err(description)?;
            rtc.sdp_api()
                .accept_answer(pending.changes, answer)
                .map_err(description)
        })
        .unwrap_or(Err(SfuError::Failed))?;
        Ok(Answered::Accepted)
    }

    /// A candidate of the other side's. One that cannot be understood is no harm: the other
    /// side is learned from its checks.
    pub(crate) fn add_candidate(&mut self, candidate: &str) {
        if self.candidates >= MOST_CANDIDATES {
            return;
        }
        self.candidates += 1;
        guard(&mut self.rtc, |rtc| {
            if let Ok(candidate) = Candidate::from_sdp_string(candidate) {
                rtc.add_remote_candidate(candidate);
            }
        });
    }

    /// Our ICE user name fragment, which changes when ICE starts again.
    pub(crate) fn local_user(&mut self) -> Option<String> {
        guard(&mut self.rtc, |rtc| {
            rtc.direct_api().local_ice_credentials().ufrag
        })
    }

    /// A section of the other side's.
    pub(crate) fn section(&self, mid: Mid) -> Option<Section> {
        let media = self.rtc.as_ref()?.media(mid)?;
        Some(Section {
            stream_id: media.stream_id().to_owned(),
            track_id: media.track_id().to_owned(),
            kind: kind(media.kind()),
        })
    }
}

fn description(error: impl std::fmt::Display) -> SfuError {
    let mut reason = error.to_string();
    if let Some((end, _)) = reason.char_indices().nth(200) {
        reason.truncate(end);
    }
    SfuError::Description(reason)
}
