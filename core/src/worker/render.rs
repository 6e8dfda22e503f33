//! The second half of a hop: from features to sound at the host's rate.
//!
//! Two kinds of synthesizers. One that is_stateful gets the new frames only, and
//! what it makes follows what it made before, sample for sample: there is
//! nothing to join. All others (RVC's) get the whole context again, make a
//! window that begins before the hop and lasts beyond it, and SOLA joins it.

use super::context::{FeatureCache, FedFrames, InputStage};
use crate::dsp::resample::{ResampleError, Slope, StreamResampler};
use crate::dsp::{limiter, loudness, sola::Sola};
use crate::geometry::{
    FRAME_STEP_16K, FRAME_TAIL_16K, Geometry, HELD_FRAMES_100HZ, HELD_MS, LOOKAHEAD_FRAMES_50HZ,
};
use crate::model::{ModelError, SynthesisInput, Synthesizer};
use crate::units::{ENCODER_RATE, SampleRate};

/// Samples at 16 kHz in 10 ms.
const TICK_16K: usize = FRAME_STEP_16K / 2;
/// Frames of sound before a hop that its loudness is measured with.
const TRAIL_100HZ: usize = loudness::SPAN_STEPS;

/// Makes the sound of one voice's features, and is_stateful what the next hop
/// must follow.
pub struct Renderer {
    sola: Sola,
    resampler: StreamResampler,
    rate: SampleRate,
    /// Samples in 10 ms at the model's rate.
    tick_model: usize,
    hop_100hz: usize,
    fed: FedFrames,
    audio_model: Vec<f32>,
    /// The newest [`TRAIL_100HZ`] frames as the synthesizer made them.
    trail_model: Vec<f32>,
    joined_model: Vec<f32>,
    input_rms: Vec<f32>,
    output_rms: Vec<f32>,
    /// Number of the frame up to which the synthesizer is_stateful.
    sounded_to: Option<i64>,
    joins_itself: bool,
}

impl Renderer {
    /// For a synthesizer at `rate`.
    ///
    /// # Errors
    /// If its rate does not go with the host's.
    pub fn new(synthesizer: &dyn Synthesizer, geometry: &Geometry) -> Result<Self, ResampleError> {
        let rate = synthesizer.sample_rate();
        let unfit = || ResampleError {
            from: rate.0,
            to: geometry.host_rate.0,
            chunk_ms: geometry.hop.ms(),
        };
        let resampler = StreamResampler::new(
            rate,
            geometry.host_rate,
            geometry.resample_chunk_ms,
            Slope::Gentle,
        )?;
        let sola = Sola::new(rate, geometry.hop.ms()).ok_or_else(unfit)?;
        let tick_model = rate.samples_in_ms(10).filter(|&n| n > 0).ok_or_else(unfit)?;
        Ok(Self {
            sola,
            resampler,
            rate,
            tick_model,
            hop_100hz: geometry.ticks_per_hop,
            fed: FedFrames::default(),
            audio_model: Vec::new(),
            trail_model: vec![0.0; TRAIL_100HZ * tick_model],
            joined_model: Vec::new(),
            input_rms: Vec::new(),
            output_rms: Vec::new(),
            sounded_to: None,
            joins_itself: synthesizer.is_stateful(),
        })
    }

    /// What comes next does not follow what came before.
    pub fn restart(&mut self) {
        self.sola.reset();
        self.resampler.reset();
        self.sounded_to = None;
    }

    /// The sound of the newest hop of `cache`, before loudness and joins.
    /// `spared_100hz`: frames of context to be left out, where a synthesizer
    /// is given any.
    ///
    /// # Errors
    /// See [`ModelError`].
    pub fn synthesize(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        spared_100hz: usize,
    ) -> Result<(), ModelError> {
        if self.joins_itself {
            self.continue_sound(synthesizer, cache)
        } else {
            self.window_of_sound(synthesizer, cache, spared_100hz)
        }
    }

    /// True if the sound is nothing but numbers.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        limiter::all_finite(&self.audio_model)
    }

    /// The new frames after what the synthesizer is_stateful; where it is_stateful
    /// something else, all frames, of which only the last sound.
    fn continue_sound(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
    ) -> Result<(), ModelError> {
        let hop_model = self.hop_100hz * self.tick_model;
        let before = cache.next_frame - i64::try_from(self.hop_100hz / 2).unwrap_or(0);
        if self.sounded_to.take() == Some(before) {
            cache.fill_input(self.hop_100hz, 0, &mut self.fed);
            synthesizer.synthesize_streaming(input(&self.fed, 0, 0, cache), &mut self.audio_model)?;
        } else {
            cache.fill_input(usize::MAX, 0, &mut self.fed);
            let wanted = self.hop_100hz + TRAIL_100HZ;
            let skip_100hz = self.fed.f0_hz.len().saturating_sub(wanted);
            synthesizer.synthesize(input(&self.fed, skip_100hz, 0, cache), &mut self.audio_model)?;
            let early = self.audio_model.len().saturating_sub(hop_model);
            let missing = self.trail_model.len().saturating_sub(early);
            self.trail_model.clear();
            self.trail_model.resize(missing, 0.0);
            self.trail_model.extend(self.audio_model.drain(..early));
        }
        self.sounded_to = Some(cache.next_frame);
        Ok(())
    }

    /// The window that SOLA joins: half its search before the hop, the hop,
    /// and the held rest.
    fn window_of_sound(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        spared_100hz: usize,
    ) -> Result<(), ModelError> {
        cache.fill_input(usize::MAX, HELD_FRAMES_100HZ, &mut self.fed);
        let spare = HELD_FRAMES_100HZ * self.tick_model - self.rate.samples_in_ms(HELD_MS).unwrap_or(0);
        let wanted = (self.sola.window_len() + spare).div_ceil(self.tick_model);
        let fed = self.fed.f0_hz.len();
        self.fed
            .drop_front(spared_100hz.min(fed.saturating_sub(wanted) / 2 * 2));
        let skip_100hz = self.fed.f0_hz.len().saturating_sub(wanted);
        let input = input(&self.fed, skip_100hz, HELD_FRAMES_100HZ, cache);
        synthesizer.synthesize(input, &mut self.audio_model)?;
        self.audio_model
            .truncate(self.audio_model.len().saturating_sub(spare));
        let early = self.audio_model.len().saturating_sub(self.sola.window_len());
        self.audio_model.drain(..early);
        Ok(())
    }

    /// Loudness, join, host rate, limiter: exactly one hop of `output`.
    pub fn join(&mut self, heard: &InputStage, follow: f32, output: &mut Vec<f32>) {
        // The newest frame's end: what comes after it only helped to encode it.
        let ahead_16k = FRAME_TAIL_16K + LOOKAHEAD_FRAMES_50HZ * FRAME_STEP_16K;
        let follow = follow.min(1.0);
        self.joined_model.clear();
        if self.joins_itself {
            let hop = self.trail_model.len();
            self.trail_model.extend_from_slice(&self.audio_model);
            if follow > 0.0 {
                // Measured backwards from each point, so that a hop begins with the gain that the one before ended with.
                let len_16k = (self.hop_100hz + TRAIL_100HZ) * TICK_16K;
                let input_16k = heard.window(len_16k, ahead_16k);
                loudness::trailing_rms_curve(input_16k, TICK_16K, &mut self.input_rms);
                loudness::trailing_rms_curve(&self.trail_model, self.tick_model, &mut self.output_rms);
                loudness::match_level(&mut self.audio_model, &self.input_rms, &self.output_rms, follow);
            }
            self.trail_model.drain(..self.trail_model.len() - hop);
            self.joined_model.append(&mut self.audio_model);
        } else {
            if follow > 0.0 {
                let len_16k = (self.hop_100hz + HELD_FRAMES_100HZ) * TICK_16K;
                // The window's end was held beyond the newest frame: there the input is known.
                let held_16k = ENCODER_RATE.samples_in_ms(HELD_MS).unwrap_or(0);
                let step_model = self.audio_model.len() * TICK_16K / len_16k;
                let input_16k = heard.window(len_16k, ahead_16k - held_16k);
                loudness::rms_curve(input_16k, TICK_16K, &mut self.input_rms);
                loudness::rms_curve(&self.audio_model, step_model, &mut self.output_rms);
                loudness::match_level(&mut self.audio_model, &self.input_rms, &self.output_rms, follow);
            }
            self.sola.join(&self.audio_model, &mut self.joined_model);
        }
        output.clear();
        self.resampler.process(&self.joined_model, output);
        limiter::soft_limit(output);
    }
}

/// The frames of `fed`, the last of which is the newest of `cache`, `held` ones aside.
fn input<'a>(
    fed: &'a FedFrames,
    skip_100hz: usize,
    held_100hz: usize,
    cache: &FeatureCache,
) -> SynthesisInput<'a> {
    let signed = |n: usize| i64::try_from(n).unwrap_or(0);
    SynthesisInput {
        embeddings_100hz: &fed.embeddings_100hz,
        f0_hz: &fed.f0_hz,
        noise: &fed.noise,
        skip_100hz,
        held_100hz,
        first_frame_100hz: 2 * cache.next_frame + signed(held_100hz) - signed(fed.f0_hz.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Hop;

    /// Remembers nothing really, but tells how it was called; every sample is
    /// the number of its frame.
    #[derive(Default)]
    struct Publishing {
        calls: Vec<(&'static str, usize)>,
        fails: bool,
    }

    impl Publishing {
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
                    why: "told to".to_string(),
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

    impl Synthesizer for Publishing {
        fn sample_rate(&self) -> SampleRate {
            SampleRate(24_000)
        }
        fn dim(&self) -> usize {
            2
        }
        fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
            self.make("anew", input, audio)
        }
        fn is_stateful(&self) -> bool {
            true
        }
        fn synthesize_streaming(
            &mut self,
            input: SynthesisInput<'_>,
            audio: &mut Vec<f32>,
        ) -> Result<(), ModelError> {
            self.make("on", input, audio)
        }
    }

    #[test]
    fn a_synthesizer_goes_on_only_from_where_it_stopped() {
        let geometry = Geometry::new(48_000.0, Hop::Ms20, 480).expect("a usual set-up");
        let mut synthesizer = Publishing::default();
        let mut renderer = Renderer::new(&synthesizer, &geometry).expect("rates that fit");
        let mut cache = FeatureCache::new(2);
        cache.restart(0);
        let mut hop = |frames: usize, fails: bool, restarts: bool| {
            for _ in 0..frames {
                cache.push([&[0.0; 2]; 2], [0.0; 2]);
            }
            if restarts {
                renderer.restart();
            }
            synthesizer.fails = fails;
            let made = renderer.synthesize(&mut synthesizer, &cache, 0);
            assert_eq!(made.is_err(), fails);
            if made.is_ok() {
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
        assert_eq!(hop(20, false, false), ("anew", 40), "nothing came before");
        assert_eq!(hop(1, false, false), ("on", 2));
        assert_eq!(hop(1, false, false), ("on", 2));
        assert_eq!(hop(2, false, false), ("anew", 48), "a hop is missing");
        assert_eq!(hop(1, true, false), ("on", 2));
        assert_eq!(hop(1, false, false), ("anew", 52), "the one before failed");
        assert_eq!(hop(1, false, false), ("on", 2));
        assert_eq!(hop(1, false, true), ("anew", 56), "told to forget");
    }
}
