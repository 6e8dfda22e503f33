//! SwiftF0 (MIT): a 135 kB pitch tracker, 16 kHz, one value per 256 samples.

use super::session::{ModelFileError, failed, open};
use super::shared_session::SharedSession;
use crate::model::{ModelError, PitchTracker};
use ort::value::{Tensor, TensorRef};
use std::path::Path;

const MODEL: &str = "pitch tracker";
/// Samples from one value to the next; value `k` belongs to sample `256 k`.
const STEP_16K: usize = 256;
/// Values with less confidence count as unvoiced. The authors' threshold of 0.5 is for
/// whole files; at the end of a window, where the newest frames are, confidence is
/// lower. On streams of eight voices outside the pack, this threshold agrees best with
/// the result for whole files (95 % of frames).
const MIN_CONFIDENCE: f32 = 0.45;
/// Samples of the window's end that are appended in reverse, because the network needs
/// context after the last frame. Without it 7 % of all frames become unvoiced.
const MIRROR_16K: usize = 1024;
/// Pieces with a lower peak count as unvoiced, regardless of confidence.
const SILENCE_PEAK: f32 = 1e-3;
/// RVC's pitch range.
const RANGE_HZ: (f32, f32) = (50.0, 1100.0);

/// The pitch tracker.
pub struct SwiftF0 {
    session: SharedSession,
    mirrored_16k: Vec<f32>,
    native_f0_hz: Vec<f32>,
}

impl SwiftF0 {
    /// Opens `path`.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        let session = open(MODEL, path)?;
        let has = |name: &str| session.inputs().iter().any(|input| input.name() == name);
        if !(has("audio") && has("fmin") && has("fmax")) {
            return Err(ModelFileError::Interface {
                model: MODEL,
                path: path.to_path_buf(),
                what: "expected the inputs `audio`, `fmin` and `fmax` of SwiftF0 0.3".to_string(),
            });
        }
        let mut tracker = Self {
            session,
            mirrored_16k: Vec::new(),
            native_f0_hz: Vec::new(),
        };
        let _ = tracker.track(&[0.0; 4096], &mut Vec::new());
        Ok(tracker)
    }
}

impl PitchTracker for SwiftF0 {
    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
        self.mirrored_16k.clear();
        self.mirrored_16k.extend_from_slice(audio_16k);
        self.mirrored_16k
            .extend(audio_16k.iter().rev().skip(1).take(MIRROR_16K));
        let samples = self.mirrored_16k.as_slice();
        let audio = TensorRef::from_array_view(([1, samples.len()], samples)).map_err(failed(MODEL))?;
        let scalar = |value: f32| Tensor::from_array((Vec::<i64>::new(), vec![value])).map_err(failed(MODEL));
        let outputs = self
            .session
            .run(ort::inputs!["audio" => audio, "fmin" => scalar(RANGE_HZ.0)?, "fmax" => scalar(RANGE_HZ.1)?])
            .map_err(failed(MODEL))?;
        let (_, pitch) = outputs["pitch"]
            .try_extract_tensor::<f64>()
            .map_err(failed(MODEL))?;
        let (_, confidence) = outputs["confidence"]
            .try_extract_tensor::<f32>()
            .map_err(failed(MODEL))?;
        self.native_f0_hz.clear();
        for (k, (&pitch, &confidence)) in pitch.iter().zip(confidence).enumerate() {
            let here = (k * STEP_16K).min(samples.len());
            let piece = &samples[here.saturating_sub(STEP_16K / 2)..(here + STEP_16K / 2).min(samples.len())];
            let audible = piece.iter().any(|x| x.abs() >= SILENCE_PEAK);
            #[expect(clippy::cast_possible_truncation, reason = "a pitch of at most 1100 Hz")]
            let pitch = pitch as f32;
            self.native_f0_hz
                .push(if confidence >= MIN_CONFIDENCE && audible && pitch > 0.0 {
                    pitch
                } else {
                    0.0
                });
        }
        f0_hz.clear();
        f0_hz.extend((0..audio_16k.len() / 160).map(|frame| at_sample(&self.native_f0_hz, frame * 160 + 80)));
        Ok(())
    }
}

/// The pitch at a sample: interpolated logarithmically between two voiced values, else
/// the nearer value; after the end the last one.
fn at_sample(native_f0_hz: &[f32], sample_16k: usize) -> f32 {
    let Some(last) = native_f0_hz.len().checked_sub(1) else {
        return 0.0;
    };
    let left = (sample_16k / STEP_16K).min(last);
    let right = (left + 1).min(last);
    let (a, b) = (native_f0_hz[left], native_f0_hz[right]);
    #[expect(clippy::cast_precision_loss, reason = "less than 256")]
    let part = (sample_16k % STEP_16K) as f32 / STEP_16K as f32;
    if a > 0.0 && b > 0.0 {
        a * (b / a).powf(part)
    } else if part < 0.5 {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_sample_interpolates_voiced_values_logarithmically() {
        let native = [100.0, 200.0, 0.0, 0.0, 150.0];
        assert_eq!(at_sample(&native, 0), 100.0);
        assert!((at_sample(&native, 128) - 141.421).abs() < 0.01);
        assert_eq!(at_sample(&native, 256 + 64), 200.0);
        assert_eq!(at_sample(&native, 256 + 200), 0.0);
        assert_eq!(at_sample(&native, 3 * 256 + 200), 150.0);
        assert_eq!(at_sample(&native, 9999), 150.0);
        assert_eq!(at_sample(&[], 10), 0.0);
    }
}
