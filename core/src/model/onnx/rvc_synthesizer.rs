//! RVC synthesizers in all known ONNX export formats.

use super::graph_facts::GraphFacts;
use super::random::ModelNoise;
use super::rvc_inputs::{self, Cut};
use super::session::{ModelFileError, failed, read};
use super::shared_session::SharedSession;
use super::signature::Signature;
use super::state::ModelState;
use super::synthesizer_interface::SynthesizerInterface;
use super::tensors;
use crate::frames::Frames;
use crate::model::{ModelError, NOISE_CHANNELS, SynthesisInput, Synthesizer};
use crate::units::SampleRate;
use std::path::Path;

const MODEL: &str = "synthesizer";
/// VC Client's property with JSON.
const METADATA: &str = "metadata";
/// Samples per frame of 10 ms: 8 to 96 kHz.
const SAMPLES_PER_FRAME: std::ops::RangeInclusive<usize> = 80..=960;
/// Shortest fixed length: a call must be able to return a hop and its joins.
const MIN_FIXED_FRAMES: usize = 30;
/// Lengths that exporters bake into a file without declaring them: RVC WebUI's example, VC Client's, and 10 s.
const BAKED_FRAMES: [usize; 3] = [200, 1000, 2192];
/// Input frames, and how many of them are context, in the runs at load.
const PROBES: [(usize, usize); 3] = [(30, 0), (26, 0), (60, 40)];

/// A synthesizer with a [`SynthesizerInterface`]. If it has inputs that crop, the model renders
/// only the needed frames; else the rest is cut off here. With a [`ModelState`] in the file,
/// streams need no context.
pub struct RvcSynthesizer {
    session: SharedSession,
    interface: SynthesizerInterface,
    noise: ModelNoise,
    state: ModelState,
    samples_per_frame: usize,
    /// Stated rate divided by that at which its audio is played.
    pitch_factor: f32,
}

impl RvcSynthesizer {
    /// Opens `path`. The samples per frame are found by runs, so no metadata is needed.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        Self::from_bytes(path, &read(MODEL, path)?)
    }

    /// A model from its bytes; `path` is for messages.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, ModelFileError> {
        let (session, noise) = ModelNoise::open(path, bytes)?;
        let wrong = |what: String| ModelFileError::Interface {
            model: MODEL,
            path: path.to_path_buf(),
            what,
        };
        let state = ModelState::find(&session);
        let signature = Signature::of(&session, |output| state.is_state_output(output));
        let metadata = session.metadata().ok().and_then(|all| all.custom(METADATA));
        let facts = |speaker: Option<&str>, embeddings: &str| GraphFacts::find(bytes, speaker, embeddings);
        let interface = SynthesizerInterface::read(&signature, metadata.as_deref(), facts)
            .map_err(|error| wrong(error.to_string()))?;
        let mut synthesizer = Self {
            session,
            interface,
            noise,
            state,
            samples_per_frame: 0,
            pitch_factor: 1.0,
        };
        synthesizer.probe().map_err(wrong)?;
        let fixed = synthesizer.interface.fixed_frames.is_some();
        if let Some(session) = synthesizer.noise.finish_probing(path, fixed)? {
            synthesizer.session = session;
        }
        synthesizer.pitch_factor = synthesizer.pitch_factor();
        Ok(synthesizer)
    }

    /// Synthesizes several lengths: finds the samples per frame and a length that the
    /// exporter fixed, and makes the slow first run.
    fn probe(&mut self) -> Result<(), String> {
        if let Some(fixed) = self.interface.fixed_frames
            && fixed < MIN_FIXED_FRAMES
        {
            return Err(format!(
                "it was exported for exactly {fixed} frames, but a hop needs {MIN_FIXED_FRAMES}: export it with a variable length"
            ));
        }
        let first = self.probe_run(PROBES[0]);
        let samples = match (first, self.interface.fixed_frames) {
            (Ok(samples), _) => samples,
            (Err(error), Some(_)) => return Err(format!("it does not run: {error}")),
            (Err(error), None) => self.probe_baked_lengths().ok_or_else(|| {
                format!(
                    "it does not run on {} frames (was it exported for one fixed length?): {error}",
                    PROBES[0].0
                )
            })?,
        };
        let crops = self.interface.crop.is_some();
        for probe in PROBES[1..].iter().take(if crops { 2 } else { 1 }) {
            let other = self
                .probe_run(*probe)
                .map_err(|error| format!("it does not run: {error}"))?;
            if other != samples {
                return Err(uneven());
            }
        }
        self.samples_per_frame = samples;
        Ok(())
    }

    /// Tries the fixed lengths that exporters use.
    fn probe_baked_lengths(&mut self) -> Option<usize> {
        for frames in BAKED_FRAMES {
            self.interface.fixed_frames = Some(frames);
            if let Ok(samples) = self.probe_run(PROBES[0]) {
                return Some(samples);
            }
        }
        self.interface.fixed_frames = None;
        None
    }

    /// One run; returns the samples per frame.
    fn probe_run(&mut self, (frames, skip): (usize, usize)) -> Result<usize, String> {
        let mut embeddings = Frames::new(self.interface.width);
        embeddings.resize(frames);
        let mut noise = Frames::new(NOISE_CHANNELS);
        noise.resize(frames);
        let f0_hz = vec![120.0; frames];
        let input = SynthesisInput {
            embeddings_100hz: &embeddings,
            f0_hz: &f0_hz,
            noise: &noise,
            skip_100hz: skip,
            ahead_100hz: 0,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz: 0,
        };
        let mut audio = Vec::new();
        self.state.reset();
        let cut = self.run(input, &mut audio).map_err(|error| error.to_string())?;
        let returned = self.returned_frames(cut);
        let samples = audio.len() / returned;
        if audio.len() % returned != 0 || !SAMPLES_PER_FRAME.contains(&samples) {
            return Err(uneven());
        }
        Ok(samples)
    }

    /// Frames of audio that a call returns.
    fn returned_frames(&self, cut: Cut) -> usize {
        cut.run
            - if self.interface.crop.is_some() {
                cut.skip
            } else {
                0
            }
    }

    /// A model of, for example, 22,050 Hz outputs 220 samples per frame and is played at 22,000 Hz. To
    /// compensate, it gets a pitch that is higher by the same factor. If the stated rate differs
    /// more, it is wrong, and the rate of the audio is used.
    fn pitch_factor(&self) -> f32 {
        let Some(stated_hz) = self.interface.stated_rate_hz else {
            return 1.0;
        };
        #[expect(clippy::cast_possible_truncation, reason = "a factor of about one")]
        let factor = (f64::from(stated_hz) / f64::from(self.sample_rate().0)) as f32;
        if (factor - 1.0).abs() < 0.02 { factor } else { 1.0 }
    }

    fn run(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<Cut, ModelError> {
        let failed = || failed(MODEL);
        let frames = input.embeddings_100hz.len();
        let fixed = self.interface.fixed_frames;
        let cut = Cut::new(frames, input.skip_100hz, fixed).ok_or(ModelError::Shape {
            model: MODEL,
            expected: frames - input.skip_100hz,
            got: fixed.unwrap_or(0),
        })?;
        let input = SynthesisInput {
            speaker: input.speaker,
            ..input
        };
        let first_frame = input.first_frame_100hz + i64::try_from(cut.dropped).unwrap_or(0);
        let mut values = Vec::new();
        rvc_inputs::add(&self.interface, input, cut, self.pitch_factor, &mut values).map_err(failed())?;
        self.noise
            .add_inputs(cut.length(), first_frame, &mut values)
            .map_err(failed())?;
        self.state.add_inputs(&mut values).map_err(failed())?;
        let outputs = self.session.run(values).map_err(failed())?;
        self.state.store(&outputs).map_err(failed())?;
        self.noise.record_shapes(cut.length(), &outputs);
        tensors::read_floats(&outputs[self.interface.output.as_str()], audio).map_err(failed())?;
        Ok(cut)
    }
}

fn uneven() -> String {
    "its audio is not a whole number of samples per 10 ms, or its rate is not between 8 and 96 kHz"
        .to_string()
}

impl Synthesizer for RvcSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(u32::try_from(self.samples_per_frame * 100).unwrap_or(0))
    }

    fn is_reproducible(&self) -> bool {
        self.noise.is_reproducible()
    }

    fn dim(&self) -> usize {
        self.interface.width
    }

    fn speakers(&self) -> usize {
        self.interface.speakers
    }

    fn description(&self) -> String {
        format!(
            "{:?}, {} values per embedding, {} Hz, speakers: {}, pitch: {}",
            self.interface.family(),
            self.interface.width,
            self.sample_rate().0,
            self.interface.speakers,
            self.interface.has_f0(),
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(frames) = self.interface.fixed_frames {
            notes.push(format!(
                "the voice was exported for exactly {frames} frames and computes all of these ({} ms) at every hop: export it with a variable length, or choose a long hop",
                frames * 10
            ));
        }
        let rate_hz = self.sample_rate().0;
        if let Some(stated_hz) = self.interface.stated_rate_hz
            && stated_hz.abs_diff(rate_hz) > rate_hz / 50
        {
            notes.push(format!(
                "the voice's file says {stated_hz} Hz, but it makes {} samples per 10 ms: it is played at {rate_hz} Hz",
                self.samples_per_frame
            ));
        }
        notes
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
        let cut = self.run(input, audio)?;
        let expected = self.returned_frames(cut) * self.samples_per_frame;
        if audio.len() != expected {
            return Err(ModelError::Shape {
                model: MODEL,
                expected,
                got: audio.len(),
            });
        }
        if self.interface.crop.is_none() {
            audio.drain(..cut.skip * self.samples_per_frame);
        }
        audio.truncate((cut.frames - cut.skip) * self.samples_per_frame);
        Ok(())
    }
}
