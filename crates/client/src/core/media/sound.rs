//! The sound devices of this computer.

use kulti_media::client::interface::{AudioDevice, AudioDevices, DeviceFailure};

use crate::core::view::{SoundDeviceView, SoundFailure, SoundView};

/// How many devices of a kind are shown.
const DEVICES: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::core) struct Sound {
    chosen: AudioDevices,
    inputs: Vec<AudioDevice>,
    outputs: Vec<AudioDevice>,
    input_failure: Option<SoundFailure>,
    output_failure: Option<SoundFailure>,
}

impl Sound {
    pub(in crate::core) fn new(chosen: AudioDevices) -> Self {
        Self {
            chosen,
            ..Self::default()
        }
    }

    /// Others are used from now on.
    pub(in crate::core) fn choose(&mut self, chosen: AudioDevices) {
        self.chosen = chosen;
    }

    /// Which there are.
    pub(in crate::core) fn found(&mut self, inputs: Vec<AudioDevice>, outputs: Vec<AudioDevice>) {
        (self.inputs, self.outputs) = (inputs, outputs);
    }

    /// One cannot be used, or can again.
    pub(in crate::core) fn failed(&mut self, input: bool, failure: Option<&DeviceFailure>) {
        let failure = failure.map(|failure| match failure {
            DeviceFailure::None => SoundFailure::None,
            DeviceFailure::Gone => SoundFailure::Gone,
            DeviceFailure::Busy => SoundFailure::Busy,
            DeviceFailure::Refused => SoundFailure::Refused,
            DeviceFailure::Other(_) => SoundFailure::Other,
        });
        if input {
            self.input_failure = failure;
        } else {
            self.output_failure = failure;
        }
    }

    pub(in crate::core) fn view(&self) -> SoundView {
        let devices = |devices: &[AudioDevice]| {
            let shown = devices.iter().take(DEVICES);
            let shown = shown.map(|device| SoundDeviceView {
                id: device.id.clone(),
                name: device.name.clone(),
                is_default: device.is_default,
            });
            shown.collect()
        };
        SoundView {
            microphones: devices(&self.inputs),
            loudspeakers: devices(&self.outputs),
            microphone: self.chosen.input.clone(),
            loudspeaker: self.chosen.output.clone(),
            microphone_failure: self.input_failure,
            loudspeaker_failure: self.output_failure,
        }
    }
}
