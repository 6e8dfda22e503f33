//! The second half of a hop: from features to audio at the host's rate.
//!
//! A stateful synthesizer gets only the new frames, and its output continues the
//! previous output sample by sample. All others (RVC's) get the context again and
//! render a window that begins before the hop and ends after it; SOLA joins it to the
//! previous one.

mod input;
mod shifted;

use super::context::{FeatureCache, InputStage, SynthesizerFrames};
use super::formant::{FormantShift, is_plain};
use super::voice_delay::VoiceDelay;
use crate::dsp::resample::{ResampleError, StreamResampler};
use crate::dsp::{level_guard, limiter, loudness, sola::Sola};
use crate::geometry::{
    FRAME_STEP_16K, FRAME_TAIL_16K, Geometry, HELD_FRAMES_100HZ, HELD_MS, LOOKAHEAD_FRAMES_50HZ,
};
use crate::model::{ModelError, Synthesizer};
use crate::units::ENCODER_RATE;
use input::{streaming_input, synthesis_input};

/// Samples at 16 kHz in 10 ms.
const TICK_16K: usize = FRAME_STEP_16K / 2;
/// Frames before a hop that its loudness is measured over.
const TAIL_100HZ: usize = loudness::SPAN_STEPS;

/// Input after the newest frame's end, which was only look-ahead for the encoder.
const AHEAD_16K: usize = FRAME_TAIL_16K + LOOKAHEAD_FRAMES_50HZ * FRAME_STEP_16K;

/// Synthesizes one voice's features and keeps the state that the next hop continues.
pub struct Renderer {
    sola: Sola,
    resampler: StreamResampler,
    /// Samples in 10 ms at the model's rate.
    tick_model: usize,
    hop_100hz: usize,
    hop_host: usize,
    frames: SynthesizerFrames,
    formant: FormantShift,
    audio_model: Vec<f32>,
    /// What a synthesizer makes whose formants are shifted.
    made_model: Vec<f32>,
    /// The newest [`TAIL_100HZ`] frames of the synthesizer's output, before loudness.
    tail_model: Vec<f32>,
    joined_model: Vec<f32>,
    input_rms: Vec<f32>,
    output_rms: Vec<f32>,
    gains: Vec<f32>,
    /// Frame after the last one in the state of a stateful synthesizer.
    synthesized_to: Option<i64>,
    stateful: bool,
    looks_ahead: bool,
    delay: VoiceDelay,
}

impl Renderer {
    /// For a synthesizer at `rate`.
    ///
    /// # Errors
    /// If its rate cannot be resampled to the host's.
    pub fn new(synthesizer: &dyn Synthesizer, geometry: &Geometry) -> Result<Self, ResampleError> {
        let rate = synthesizer.sample_rate();
        let unfit = || ResampleError {
            from: rate.0,
            to: geometry.host_rate.0,
            chunk_ms: geometry.hop.ms(),
        };
        let resampler = StreamResampler::exact(rate, geometry.host_rate, geometry.resample_chunk_ms)?;
        let sola = Sola::new(rate, geometry.hop.ms()).ok_or_else(unfit)?;
        let tick_model = rate.samples_in_ms(10).filter(|&n| n > 0).ok_or_else(unfit)?;
        let delay = VoiceDelay::new(synthesizer, geometry).ok_or_else(unfit)?;
        Ok(Self {
            sola,
            resampler,
            tick_model,
            hop_100hz: geometry.ticks_per_hop,
            hop_host: geometry.hop_host,
            frames: SynthesizerFrames::default(),
            formant: FormantShift::default(),
            audio_model: Vec::new(),
            made_model: Vec::new(),
            tail_model: vec![0.0; TAIL_100HZ * tick_model],
            joined_model: Vec::new(),
            input_rms: Vec::new(),
            output_rms: Vec::new(),
            gains: Vec::new(),
            synthesized_to: None,
            stateful: synthesizer.is_stateful(),
            looks_ahead: synthesizer.looks_ahead(),
            delay,
        })
    }

    /// Discards all state: the next hop does not continue the one before.
    pub fn restart(&mut self) {
        self.sola.reset();
        self.resampler.reset();
        self.formant.stop();
        self.delay.reset();
        self.synthesized_to = None;
    }

    /// Synthesizes the newest hop of `cache`, before loudness and join.
    /// `omitted_100hz`: context frames to leave out, for a synthesizer that is not
    /// stateful. Another `speaker` begins with this hop; windows are cross-faded at their joins.
    ///
    /// # Errors
    /// See [`ModelError`].
    pub fn synthesize(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        omitted_100hz: usize,
        speaker: usize,
    ) -> Result<(), ModelError> {
        self.frames.speaker = speaker;
        if self.stateful {
            self.synthesize_streaming_hop(synthesizer, cache)
        } else {
            self.synthesize_window(synthesizer, cache, omitted_100hz)
        }
    }

    /// A hop of silence without the synthesizer, which later continues as if it had made the frames up
    /// to `next_frame`.
    pub fn rest(&mut self, next_frame: i64, output: &mut Vec<f32>) {
        if self.synthesized_to.is_some() {
            self.synthesized_to = Some(next_frame);
        }
        self.formant.stop();
        self.delay.reset();
        output.clear();
        output.resize(self.hop_host, 0.0);
    }

    /// True if all samples are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        limiter::all_finite(&self.audio_model)
    }

    /// Synthesizes the new frames from the synthesizer's state; where that state does
    /// not end at the first new frame, all frames, of which only the last are output.
    fn synthesize_streaming_hop(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
    ) -> Result<(), ModelError> {
        let before = cache.next_frame - i64::try_from(self.hop_100hz / 2).unwrap_or(0);
        let continues = self.synthesized_to.take() == Some(before);
        if self.is_shifted(cache) {
            self.synthesize_shifted_hop(synthesizer, cache, continues)?;
        } else if self.formant.is_active() && continues {
            self.end_shift(synthesizer, cache)?;
        } else if continues {
            cache.fill_input(self.hop_100hz, 0, &mut self.frames);
            let input = streaming_input(&mut self.frames, cache, self.looks_ahead, usize::MAX);
            synthesizer.synthesize_streaming(input, &mut self.audio_model)?;
        } else {
            self.formant.stop();
            self.synthesize_context_and_hop(synthesizer, cache)?;
        }
        if !continues {
            self.delay.begin_after(&self.tail_model);
        }
        self.delay.fill_up_model(&mut self.audio_model);
        self.synthesized_to = Some(cache.next_frame);
        Ok(())
    }

    /// Synthesizes all frames without state; the next hop continues from there.
    fn synthesize_context_and_hop(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
    ) -> Result<(), ModelError> {
        cache.fill_input(usize::MAX, 0, &mut self.frames);
        let wanted = self.hop_100hz + TAIL_100HZ;
        let input = streaming_input(&mut self.frames, cache, self.looks_ahead, wanted);
        synthesizer.synthesize(input, &mut self.audio_model)?;
        self.keep_tail();
        Ok(())
    }

    /// Moves what comes before the hop to the tail.
    fn keep_tail(&mut self) {
        let hop_model = self.hop_100hz * self.tick_model;
        let early = self.audio_model.len().saturating_sub(hop_model);
        let missing = self.tail_model.len().saturating_sub(early);
        self.tail_model.clear();
        self.tail_model.resize(missing, 0.0);
        self.tail_model.extend(self.audio_model.drain(..early));
    }

    /// Synthesizes the window that SOLA joins: half its search range before the hop,
    /// the hop, and the held frames.
    fn synthesize_window(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        omitted_100hz: usize,
    ) -> Result<(), ModelError> {
        cache.fill_input(usize::MAX, HELD_FRAMES_100HZ, &mut self.frames);
        let spare = HELD_FRAMES_100HZ * self.tick_model - self.sola.held_len();
        let wanted = (self.sola.window_len() + spare).div_ceil(self.tick_model);
        let frames = self.frames.f0_hz.len();
        self.frames
            .drop_front(omitted_100hz.min(frames.saturating_sub(wanted) / 2 * 2));
        let skip_100hz = self.frames.f0_hz.len().saturating_sub(wanted);
        if is_plain(&self.frames.formants) {
            let input = synthesis_input(&self.frames, skip_100hz, HELD_FRAMES_100HZ, cache);
            synthesizer.synthesize(input, &mut self.audio_model)?;
        } else {
            self.synthesize_shifted(synthesizer, cache, skip_100hz, HELD_FRAMES_100HZ)?;
        }
        self.audio_model
            .truncate(self.audio_model.len().saturating_sub(spare));
        let early = self.audio_model.len().saturating_sub(self.sola.window_len());
        self.audio_model.drain(..early);
        Ok(())
    }

    /// Matches loudness, bounds the level by the input's, joins, resamples and limits: exactly one hop of `output`.
    pub fn join(&mut self, input: &InputStage, follow: f32, output: &mut Vec<f32>) {
        let follow = follow.min(1.0);
        self.joined_model.clear();
        if self.stateful {
            let hop = self.tail_model.len();
            self.tail_model.extend_from_slice(&self.audio_model);
            self.measure_backwards(input);
            self.set_level(input, follow);
            self.tail_model.drain(..self.tail_model.len() - hop);
            self.joined_model.append(&mut self.audio_model);
        } else {
            self.measure_window(input);
            self.set_level(input, follow);
            self.sola.join(&self.audio_model, &mut self.joined_model);
        }
        output.clear();
        self.resampler.process(&self.joined_model, output);
        self.delay.fill_up_host(output);
        limiter::soft_limit(output);
    }

    /// Levels of input and output, measured over the past of each point, so that a hop begins with the gain at which the
    /// previous one ended.
    fn measure_backwards(&mut self, input: &InputStage) {
        let len_16k = (self.hop_100hz + TAIL_100HZ) * TICK_16K;
        let input_16k = input.window(len_16k, AHEAD_16K + self.delay.own_16k());
        loudness::trailing_rms_curve(input_16k, TICK_16K, &mut self.input_rms);
        loudness::trailing_rms_curve(&self.tail_model, self.tick_model, &mut self.output_rms);
    }

    /// Levels of input and output around each point of a window.
    fn measure_window(&mut self, input: &InputStage) {
        let len_16k = (self.hop_100hz + HELD_FRAMES_100HZ) * TICK_16K;
        // The window ends with held frames, after the newest one: there the input is known.
        let held_16k = ENCODER_RATE.samples_in_ms(HELD_MS).unwrap_or(0);
        let step_model = self.audio_model.len() * TICK_16K / len_16k;
        let input_16k = input.window(len_16k, AHEAD_16K - held_16k);
        loudness::rms_curve(input_16k, TICK_16K, &mut self.input_rms);
        loudness::rms_curve(&self.audio_model, step_model, &mut self.output_rms);
    }

    fn set_level(&mut self, input: &InputStage, follow: f32) {
        let (input_rms, output_rms) = (&self.input_rms, &self.output_rms);
        loudness::match_level(&mut self.audio_model, input_rms, output_rms, follow);
        level_guard::gains(input_rms, output_rms, follow, input.clipping(), &mut self.gains);
        level_guard::apply(&mut self.audio_model, &self.gains);
    }
}

#[cfg(test)]
mod shifted_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Hop;
    use crate::model::SynthesisInput;
    use crate::units::SampleRate;

    /// Stateless, but records its calls; every sample is the number of its frame.
    #[derive(Default)]
    struct RecordingSynthesizer {
        calls: Vec<(&'static str, usize)>,
        fails: bool,
    }

    impl RecordingSynthesizer {
        fn make(
            &mut self,
            how: &'static str,
            input: SynthesisInput<'_>,
            audio: &mut Vec<f32>,
        ) -> Result<(), ModelError> {
            self.calls.push((how, input.f0_hz.len()));
            if std::mem::take(&mut self.fails) {
                return Err(ModelError::Backend {
                    model: "synthesizer",
                    why: "injected".to_string(),
                });
            }
            audio.clear();
            for n in input.skip_100hz..input.f0_hz.len() {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let number = (input.first_frame_100hz + i64::try_from(n).unwrap_or(0)) as f32;
                audio.extend([number; 240]);
            }
            Ok(())
        }
    }

    impl Synthesizer for RecordingSynthesizer {
        fn sample_rate(&self) -> SampleRate {
            SampleRate(24_000)
        }
        fn dim(&self) -> usize {
            2
        }
        fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
            self.make("whole window", input, audio)
        }
        fn is_stateful(&self) -> bool {
            true
        }
        fn synthesize_streaming(
            &mut self,
            input: SynthesisInput<'_>,
            audio: &mut Vec<f32>,
        ) -> Result<(), ModelError> {
            self.make("streaming", input, audio)
        }
    }

    #[test]
    fn a_stateful_synthesizer_continues_only_from_its_own_last_frame() {
        let geometry = Geometry::new(48_000.0, Hop::Ms20, 480).expect("a usual set-up");
        let mut synthesizer = RecordingSynthesizer::default();
        let mut renderer = Renderer::new(&synthesizer, &geometry).expect("rates that fit");
        let mut cache = FeatureCache::new(2);
        cache.restart(0);
        let mut hop = |frames: usize, fails: bool, restarts: bool| {
            for _ in 0..frames {
                cache.push([&[0.0; 2]; 2], [0.0; 2], 1.0);
            }
            if restarts {
                renderer.restart();
            }
            synthesizer.fails = fails;
            let result = renderer.synthesize(&mut synthesizer, &cache, 0, 0);
            assert_eq!(result.is_err(), fails);
            if result.is_ok() {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let newest = 2.0 * cache.next_frame as f32;
                let audio = &renderer.audio_model;
                assert_eq!(
                    (audio.len(), audio[0], audio[479]),
                    (480, newest - 2.0, newest - 1.0)
                );
            }
            *synthesizer.calls.last().expect("it was called")
        };
        assert_eq!(hop(20, false, false), ("whole window", 40), "first hop");
        assert_eq!(hop(1, false, false), ("streaming", 2));
        assert_eq!(hop(1, false, false), ("streaming", 2));
        assert_eq!(hop(2, false, false), ("whole window", 48), "a hop was skipped");
        assert_eq!(hop(1, true, false), ("streaming", 2));
        assert_eq!(
            hop(1, false, false),
            ("whole window", 52),
            "the hop before failed"
        );
        assert_eq!(hop(1, false, false), ("streaming", 2));
        assert_eq!(hop(1, false, true), ("whole window", 56), "after a restart");
    }
}
