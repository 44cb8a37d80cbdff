//! Taking out of the library all that it has to say.

use std::time::Instant;

use str0m::{Event, Output, Rtc};

use super::told::{Happening, Out};

/// What draining gave. Sections are looked up while the library is at hand.
#[allow(clippy::large_enum_variant)] // Lives for a moment only.
pub(super) enum Drained {
    Transmit(Out),
    Opened(Happening),
    Event(Event),
}

/// Until the library waits; `None` if it has failed.
pub(super) fn drain(rtc: &mut Rtc, drained: &mut Vec<Drained>) -> Option<Instant> {
    loop {
        let event = match rtc.poll_output() {
            Ok(Output::Timeout(deadline)) => return Some(deadline),
            Ok(Output::Transmit(transmit)) => {
                drained.push(Drained::Transmit(Out::Transmit {
                    source: transmit.source,
                    destination: transmit.destination,
                    contents: transmit.contents.into(),
                }));
                continue;
            }
            Ok(Output::Event(event)) => event,
            Err(error) => {
                tracing::warn!(%error, "media connection");
                return None;
            }
        };
        let section = match &event {
            Event::MediaAdded(added) => Some((added.mid, added.direction)),
            Event::MediaChanged(changed) => Some((changed.mid, changed.direction)),
            _ => None,
        };
        let Some((section, direction)) = section else {
            drained.push(Drained::Event(event));
            continue;
        };
        let Some(media) = rtc.media(section) else {
            continue;
        };
        drained.push(Drained::Opened(
            if direction.is_receiving() && !media.stopped() {
                Happening::Opened {
                    section,
                    kind: media.kind().into(),
                    stream_id: media.stream_id().to_owned(),
                    track_id: media.track_id().to_owned(),
                }
            } else {
                Happening::Closed(section)
            },
        ));
    }
}
