//! Pitch trackers of the user's: RMVPE and FCPE in the interfaces of [`super::pitch_interface`].

use super::pitch_interface::{PitchInput, PitchInterface, SALIENCE_STEPS};
use super::session::{ModelFileError, failed, open};
use super::shared_session::SharedSession;
use super::signature::Signature;
use super::swift_f0::SwiftF0;
use super::tensors::{floats, read_floats};
use crate::dsp::log_mel::{BANDS, LogMel, MelKind, STEP_16K};
use crate::model::{ModelError, PitchTracker};
use ort::session::SessionInputValue;
use std::path::Path;

const MODEL: &str = "pitch tracker";
/// Least confidence of a voiced frame, RMVPE's; FCPE's is lower.
const THRESHOLD: f32 = 0.03;
const FCPE_THRESHOLD: f32 = 0.006;
/// RMVPE's spectra come in multiples of so many.
const SPECTRA_MULTIPLE: usize = 32;
/// Context in front of the newest frames: with those it makes up about two thirds of a second.
const CONTEXT_FRAMES_50HZ: usize = 30;
/// Pitch of a salience's step 0, in cents above 10 Hz, and cents from step to step.
const FIRST_CENTS: f32 = 1_997.379_4;
const CENTS_PER_STEP: f32 = 20.0;
/// Steps on either side of the highest one that its pitch is averaged over.
const AROUND: usize = 4;

/// Opens the tracker in a file, whichever family it is of, and tries it.
///
/// # Errors
/// See [`ModelFileError`].
pub fn open_pitch_tracker(path: &Path) -> Result<Box<dyn PitchTracker>, ModelFileError> {
    let session = open(MODEL, path)?;
    if session.inputs().iter().any(|input| input.name() == "fmin") {
        return Ok(Box::new(SwiftF0::open(path)?));
    }
    let wrong = |what: String| ModelFileError::Interface {
        model: MODEL,
        path: path.to_path_buf(),
        what,
    };
    let interface = PitchInterface::read(&Signature::of(&session, |_| false)).map_err(wrong)?;
    let mel = match interface.input {
        PitchInput::Waveform => None,
        PitchInput::Bands(kind) | PitchInput::Frames(kind) => Some(LogMel::new(kind)),
    };
    let mut tracker = OnnxPitch {
        session,
        interface,
        mel,
        spectra: Vec::new(),
        values: Vec::new(),
        native_f0_hz: Vec::new(),
    };
    let mut f0_hz = Vec::new();
    let tried = tracker.track(&[0.0; 8_000], &mut f0_hz);
    tried.map_err(|error| wrong(error.to_string()))?;
    Ok(Box::new(tracker))
}

/// A tracker and its buffers.
struct OnnxPitch {
    session: SharedSession,
    interface: PitchInterface,
    mel: Option<LogMel>,
    spectra: Vec<f32>,
    values: Vec<f32>,
    /// One value every [`STEP_16K`] samples.
    native_f0_hz: Vec<f32>,
}

impl PitchTracker for OnnxPitch {
    fn context_frames_50hz(&self) -> usize {
        CONTEXT_FRAMES_50HZ
    }

    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
        let count = self.run(audio_16k)?;
        self.native_f0_hz.clear();
        if self.interface.is_salience {
            let rows = self.values.chunks_exact(SALIENCE_STEPS).take(count);
            self.native_f0_hz.extend(rows.map(pitch_of_salience));
        } else {
            let usable = |hz: &f32| if hz.is_finite() && *hz > 0.0 { *hz } else { 0.0 };
            self.native_f0_hz.extend(self.values.iter().map(usable));
        }
        let wanted = audio_16k.len() / STEP_16K;
        if self.native_f0_hz.len() < wanted {
            return Err(ModelError::Shape {
                model: MODEL,
                expected: wanted,
                got: self.native_f0_hz.len(),
            });
        }
        f0_hz.clear();
        let centred = matches!(
            self.interface.input,
            PitchInput::Bands(MelKind::Fcpe) | PitchInput::Frames(MelKind::Fcpe)
        );
        f0_hz.extend((0..wanted).map(|frame| {
            let here = self.native_f0_hz[frame];
            // Other families' values are at the frames' beginnings.
            let next = self.native_f0_hz.get(frame + 1).filter(|_| !centred);
            next.map_or(here, |&next| middle(here, next))
        }));
        Ok(())
    }
}

impl OnnxPitch {
    /// Runs the model; its output is in `values`. Returns the number of spectra.
    fn run(&mut self, audio_16k: &[f32]) -> Result<usize, ModelError> {
        let (count, shape, values) = match (self.interface.input, &mut self.mel) {
            (PitchInput::Bands(_), Some(mel)) => {
                let count = mel.spectra(audio_16k, &mut self.spectra);
                let padded = count.next_multiple_of(SPECTRA_MULTIPLE);
                let mut turned = vec![0.0; BANDS * padded];
                for (k, spectrum) in self.spectra.chunks_exact(BANDS).enumerate() {
                    for (band, &value) in spectrum.iter().enumerate() {
                        turned[band * padded + k] = value;
                    }
                }
                (count, vec![1, BANDS, padded], turned)
            }
            (PitchInput::Frames(_), Some(mel)) => {
                let count = mel.spectra(audio_16k, &mut self.spectra);
                (count, vec![1, count, BANDS], self.spectra.clone())
            }
            _ => (0, vec![1, audio_16k.len()], audio_16k.to_vec()),
        };
        let port = &self.interface.port;
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = vec![(
            &port.name,
            floats(port.element, shape, values).map_err(failed(MODEL))?,
        )];
        if let Some(port) = &self.interface.threshold {
            let least = match self.interface.input {
                PitchInput::Frames(MelKind::Fcpe) => FCPE_THRESHOLD,
                _ => THRESHOLD,
            };
            let shape = vec![1; port.rank()];
            let threshold = floats(port.element, shape, vec![least]).map_err(failed(MODEL))?;
            inputs.push((&port.name, threshold));
        }
        let outputs = self.session.run(inputs).map_err(failed(MODEL))?;
        let output = outputs.get(&self.interface.output).ok_or(ModelError::Shape {
            model: MODEL,
            expected: 1,
            got: 0,
        })?;
        read_floats(output, &mut self.values).map_err(failed(MODEL))?;
        Ok(count)
    }
}

/// RMVPE's reading of a salience: the mean of the steps around the highest one by their salience; 0 where that is low.
fn pitch_of_salience(salience: &[f32]) -> f32 {
    let best = (0..salience.len()).max_by(|&a, &b| salience[a].total_cmp(&salience[b]));
    let Some(best) = best.filter(|&best| salience[best] > THRESHOLD) else {
        return 0.0;
    };
    let around = best.saturating_sub(AROUND)..(best + AROUND + 1).min(salience.len());
    let (sum, total) = around.fold((0.0, 0.0), |(sum, total), step| {
        #[expect(clippy::cast_precision_loss, reason = "at most 360")]
        let cents = FIRST_CENTS + CENTS_PER_STEP * step as f32;
        (sum + salience[step] * cents, total + salience[step])
    });
    10.0 * (sum / total / 1200.0).exp2()
}

/// The pitch between two values: over octaves where both are voiced, else the first one.
fn middle(here_hz: f32, next_hz: f32) -> f32 {
    if here_hz > 0.0 && next_hz > 0.0 {
        (here_hz * next_hz).sqrt()
    } else {
        here_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salience_is_read_as_rmvpe_reads_it() {
        let mut salience = [0.0; SALIENCE_STEPS];
        assert_eq!(pitch_of_salience(&salience), 0.0);
        salience[200] = 0.02;
        assert_eq!(pitch_of_salience(&salience), 0.0, "too low");
        // 1997.379 + 20 * 200 cents above 10 Hz.
        salience[200] = 0.9;
        assert!((pitch_of_salience(&salience) - 319.516).abs() < 0.01);
        salience[201] = 0.9;
        assert!((pitch_of_salience(&salience) - 321.367).abs() < 0.01);
        // At the edges there are fewer steps.
        let mut lowest = [0.0; SALIENCE_STEPS];
        lowest[0] = 1.0;
        assert!((pitch_of_salience(&lowest) - 31.70).abs() < 0.01);
    }

    #[test]
    fn the_middle_of_two_voiced_values_is_their_geometric_mean() {
        assert_eq!(middle(100.0, 400.0), 200.0);
        assert_eq!(middle(100.0, 0.0), 100.0);
        assert_eq!(middle(0.0, 100.0), 0.0);
    }
}
