//! Synthesizers with the interface of RVC WebUI's ONNX export.

use super::random::ModelNoise;
use super::session::{ModelFileError, failed};
use super::state::ModelState;
use crate::frames::Frames;
use crate::model::{ModelError, NOISE_CHANNELS, SynthesisInput, Synthesizer};
use crate::units::SampleRate;
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;
use std::borrow::Cow;
use std::path::Path;

const MODEL: &str = "synthesizer";
/// RVC draws its noise at two thirds of unit variance.
const NOISE_SCALE: f32 = 0.666_66;

/// `phone, phone_lengths, pitch, pitchf, ds[, rnd][, skip_head, return_length]
/// -> audio`. With the last two (as in the deiteris fork's exports) the model renders only
/// the wanted frames; without them the rest is cut off here. With a [`ModelState`] in the
/// file, streams need no context.
pub struct RvcSynthesizer {
    session: Session,
    output: String,
    takes_noise: bool,
    crops: bool,
    noise: ModelNoise,
    state: ModelState,
    dim: usize,
    rate: SampleRate,
    speaker: i64,
}

impl RvcSynthesizer {
    /// Opens `path`. The sample rate is found by a run, so no metadata is needed.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        let (session, noise) = ModelNoise::open(MODEL, path)?;
        let wrong = |what: String| ModelFileError::Interface {
            model: MODEL,
            path: path.to_path_buf(),
            what,
        };
        let names: Vec<&str> = session.inputs().iter().map(ort::value::Outlet::name).collect();
        for name in ["phone", "phone_lengths", "pitch", "pitchf", "ds"] {
            if !names.contains(&name) {
                return Err(wrong(format!(
                    "the input `{name}` is missing (it has: {}); an RVC export has phone, phone_lengths, pitch, pitchf, ds and usually rnd",
                    names.join(", ")
                )));
            }
        }
        let takes_noise = names.contains(&"rnd");
        let crops = names.contains(&"skip_head") && names.contains(&"return_length");
        let dim = session
            .inputs()
            .iter()
            .find(|input| input.name() == "phone")
            .and_then(|input| input.dtype().tensor_shape()?.last().copied())
            .and_then(|dim| usize::try_from(dim).ok())
            .filter(|&dim| dim > 0)
            .ok_or_else(|| {
                wrong("the size of its embeddings (last dimension of `phone`) is not fixed".to_string())
            })?;
        let state = ModelState::find(&session);
        let mut outputs = session.outputs().iter().map(ort::value::Outlet::name);
        let Some(output) = outputs
            .find(|name| !state.is_state_output(name))
            .map(str::to_string)
        else {
            return Err(wrong("it has no output".to_string()));
        };
        let mut synthesizer = Self {
            session,
            output,
            takes_noise,
            crops,
            noise,
            state,
            dim,
            rate: SampleRate(0),
            speaker: 0,
        };
        synthesizer.probe(&wrong)?;
        if let Some(session) = synthesizer.noise.finish_probing(path)? {
            synthesizer.session = session;
        }
        Ok(synthesizer)
    }

    /// Chooses the speaker of the following calls.
    pub fn set_speaker(&mut self, speaker: u32) {
        self.speaker = i64::from(speaker);
    }

    /// Synthesizes two lengths: finds the rate, detects a length that the exporter fixed,
    /// and makes the slow first run.
    fn probe(&mut self, wrong: &impl Fn(String) -> ModelFileError) -> Result<(), ModelFileError> {
        let mut per_frame = Vec::new();
        for frames in [30, 26] {
            let mut embeddings = Frames::new(self.dim);
            embeddings.resize(frames);
            let mut noise = Frames::new(NOISE_CHANNELS);
            noise.resize(frames);
            let f0_hz = vec![120.0; frames];
            let input = SynthesisInput {
                embeddings_100hz: &embeddings,
                f0_hz: &f0_hz,
                noise: &noise,
                skip_100hz: 0,
                held_100hz: 0,
                first_frame_100hz: 0,
            };
            let mut audio = Vec::new();
            self.state.reset();
            self.run(input, &mut audio).map_err(|error| {
                wrong(format!(
                    "it does not run on {frames} frames (was it exported for one fixed length?): {error}"
                ))
            })?;
            per_frame.push((audio.len() / frames, audio.len() % frames));
        }
        let (samples, rest) = per_frame[0];
        if per_frame[0] != per_frame[1] || rest != 0 || !(80..=960).contains(&samples) {
            return Err(wrong(
                "its audio is not a whole number of samples per 10 ms".to_string(),
            ));
        }
        self.rate = SampleRate(u32::try_from(samples * 100).unwrap_or(0));
        Ok(())
    }

    fn run(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let frames = input.embeddings_100hz.len();
        let failed = || failed(MODEL);
        let frames_i64 = i64::try_from(frames).unwrap_or(0);
        let coarse: Vec<i64> = input.f0_hz.iter().map(|&f0| coarse_pitch(f0)).collect();
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = vec![
            (
                "phone".into(),
                Tensor::from_array(([1, frames, self.dim], input.embeddings_100hz.data().to_vec()))
                    .map_err(failed())?
                    .into(),
            ),
            (
                "phone_lengths".into(),
                Tensor::from_array(([1], vec![frames_i64]))
                    .map_err(failed())?
                    .into(),
            ),
            (
                "pitch".into(),
                Tensor::from_array(([1, frames], coarse))
                    .map_err(failed())?
                    .into(),
            ),
            (
                "pitchf".into(),
                Tensor::from_array(([1, frames], input.f0_hz.to_vec()))
                    .map_err(failed())?
                    .into(),
            ),
            (
                "ds".into(),
                Tensor::from_array(([1], vec![self.speaker]))
                    .map_err(failed())?
                    .into(),
            ),
        ];
        if self.takes_noise {
            let noise = by_channel(input.noise);
            values.push((
                "rnd".into(),
                Tensor::from_array(([1, NOISE_CHANNELS, frames], noise))
                    .map_err(failed())?
                    .into(),
            ));
        }
        if self.crops {
            let skip = i64::try_from(input.skip_100hz).unwrap_or(0);
            for (name, value) in [("skip_head", skip), ("return_length", frames_i64 - skip)] {
                let scalar = Tensor::from_array((Vec::<i64>::new(), vec![value])).map_err(failed())?;
                values.push((name.into(), scalar.into()));
            }
        }
        self.noise
            .add_inputs(frames, input.first_frame_100hz, &mut values)
            .map_err(failed())?;
        self.state.add_inputs(&mut values).map_err(failed())?;
        let outputs = self.session.run(values).map_err(failed())?;
        self.state.store(&outputs).map_err(failed())?;
        // If the file crops, the length of its noise may depend on `skip_head`: such noise
        // cannot be replaced.
        if !self.crops {
            self.noise.record_shapes(frames, &outputs);
        }
        let (_, samples) = outputs[self.output.as_str()]
            .try_extract_tensor::<f32>()
            .map_err(failed())?;
        audio.clear();
        audio.extend_from_slice(samples);
        Ok(())
    }
}

/// `[T, 192]` to RVC's `[192, T]`, scaled.
fn by_channel(noise: &Frames) -> Vec<f32> {
    (0..noise.dim())
        .flat_map(|channel| noise.rows().map(move |row| row[channel] * NOISE_SCALE))
        .collect()
}

/// RVC's coarse pitch code: 1 for unvoiced, else 1..=255 on the mel scale
/// between 50 and 1100 Hz.
#[must_use]
pub fn coarse_pitch(f0_hz: f32) -> i64 {
    let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
    let (low, high) = (mel(50.0), mel(1100.0));
    let here = mel(f64::from(f0_hz.max(0.0)));
    if here <= 0.0 {
        return 1;
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte's range")]
    let code = ((here - low) * 254.0 / (high - low) + 1.0)
        .clamp(1.0, 255.0)
        .round_ties_even() as i64;
    code
}

impl Synthesizer for RvcSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn is_reproducible(&self) -> bool {
        self.noise.is_reproducible()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        self.state.reset();
        self.synthesize_streaming(input, audio)
    }

    fn is_stateful(&self) -> bool {
        self.state.is_stateful()
    }

    fn synthesize_streaming(
        &mut self,
        input: SynthesisInput<'_>,
        audio: &mut Vec<f32>,
    ) -> Result<(), ModelError> {
        let frame_len = self.rate.samples_in_ms(10).unwrap_or(0);
        let skipped = input.skip_100hz * frame_len;
        let whole = input.embeddings_100hz.len() * frame_len;
        self.run(input, audio)?;
        let expected = if self.crops { whole - skipped } else { whole };
        if audio.len() != expected {
            return Err(ModelError::Shape {
                model: MODEL,
                expected,
                got: audio.len(),
            });
        }
        if !self.crops {
            audio.drain(..skipped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_pitch_matches_rvcs_codes() {
        // f0 -> code, computed by hand from the formula.
        for (f0_hz, code) in [
            (0.0, 1),
            (50.0, 1),
            (1100.0, 255),
            (2000.0, 255),
            (440.0, 122),
            (110.0, 23),
            (20.0, 1),
        ] {
            assert_eq!(coarse_pitch(f0_hz), code, "{f0_hz} Hz");
        }
    }

    #[test]
    fn by_channel_transposes_and_scales_noise() {
        let noise = Frames::from_data(2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let scaled: Vec<f32> = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
            .iter()
            .map(|x| x * NOISE_SCALE)
            .collect();
        assert_eq!(by_channel(&noise), scaled);
    }
}
