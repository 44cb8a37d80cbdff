//! From the microphone's callback to the engine.

use tokio::sync::mpsc;

use super::FRAME;

/// Frames that may wait for the engine; what it cannot take in 200 ms is lost.
const MOST_WAITING: usize = 10;

/// 20 ms of sound.
pub(crate) type Frame = Box<[f32; FRAME]>;

/// Takes samples of any number, gives frames of 20 ms.
pub struct Capture {
    frames: mpsc::Sender<Frame>,
    filled: usize,
    frame: Frame,
}

impl Capture {
    pub(crate) fn new(frames: mpsc::Sender<Frame>) -> Self {
        Self {
            frames,
            filled: 0,
            frame: Box::new([0.0; FRAME]),
        }
    }

    /// Where frames come out.
    pub(crate) fn channel() -> (mpsc::Sender<Frame>, mpsc::Receiver<Frame>) {
        mpsc::channel(MOST_WAITING)
    }

    /// Samples of the microphone, mono, at 48 kHz. Never blocks.
    pub fn push(&mut self, samples: impl IntoIterator<Item = f32>) {
        for sample in samples {
            // A device that gives nonsense must not spoil the encoder's memory.
            let sample = if sample.is_finite() {
                sample.clamp(-1.0, 1.0)
            } else {
                0.0
            };
            self.frame[self.filled] = sample;
            self.filled += 1;
            if self.filled == FRAME {
                self.filled = 0;
                let _ = self.frames.try_send(self.frame.clone());
            }
        }
    }
}
