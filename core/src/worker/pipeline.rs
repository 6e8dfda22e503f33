//! One hop through one voice, in order.

use super::context::{ControlTrack, FeatureCache, InputStage, MAX_WINDOW_FRAMES_50HZ};
use super::ladder::QualityReduction;
use super::render::Renderer;
use super::report::{HopError, HopReport, Stopwatch};
use super::rest::Rest;
use crate::blend::{Blender, FrameInput, target_pitch_hz};
use crate::dsp::resample::ResampleError;
use crate::dsp::{limiter, loudness};
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K, Geometry, LOOKAHEAD_FRAMES_50HZ};
use crate::model::{ModelError, PITCH_CONTEXT_50HZ, Voice};
use crate::pitch::PitchStage;
use crate::units::ENCODER_RATE;
use std::time::Duration;

/// Samples at 16 kHz in half a frame (10 ms).
const HALF_STEP_16K: usize = FRAME_STEP_16K / 2;

/// The frames that a hop adds, and their place in the window.
struct NewFrames {
    /// Number of the first one.
    first: i64,
    count: usize,
    /// Frames given to the encoder; the new ones are the last of them before the look-ahead.
    encoded: usize,
    /// Frames given to the pitch tracker, up to the window's end.
    pitch_frames: usize,
}

/// A voice and its state for one stream.
pub struct Chain {
    voice: Voice,
    /// Frames given to the encoder per hop.
    window_frames: usize,
    min_window_frames: usize,
    full_window_frames: usize,
    cache_frames: usize,
    reduction: QualityReduction,
    cache: FeatureCache,
    renderer: Renderer,
    hop_16k: usize,
    embeddings: Frames,
    blender: Blender,
    blended: [Vec<f32>; 2],
    /// The synthesizer looks ahead.
    looks_ahead: bool,
    ahead: [Vec<f32>; 2],
    f0_hz: Vec<f32>,
    pitch: PitchStage,
    /// Frame after the last one in the state of a stateful encoder.
    encoded_to: Option<i64>,
    rest: Rest,
}

impl Chain {
    /// Prepares a (checked) voice for a stream.
    ///
    /// # Errors
    /// If its rate cannot be resampled to the host's; the voice is returned.
    pub fn new(voice: Voice, geometry: &Geometry) -> Result<Self, (Box<Voice>, ResampleError)> {
        let renderer = match Renderer::new(voice.synthesizer.as_ref(), geometry) {
            Ok(renderer) => renderer,
            Err(error) => return Err((Box::new(voice), error)),
        };
        let cache_frames = voice.layout.context_frames_100hz.div_ceil(2) + geometry.hop.frames_50hz();
        let min_window_frames = geometry.hop.frames_50hz() + LOOKAHEAD_FRAMES_50HZ + 1;
        let window_frames =
            (voice.layout.window_frames_50hz.max(min_window_frames)).min(MAX_WINDOW_FRAMES_50HZ);
        let dim = voice.encoder.dim();
        // All input that a frame of the synthesizer's context was computed from.
        let needed_16k = (window_frames.max(voice.pitch.context_frames_50hz()) + cache_frames)
            * FRAME_STEP_16K
            + FRAME_TAIL_16K;
        let delay_16k = ENCODER_RATE.samples_in_ms(geometry.voice_delay_ms).unwrap_or(0);
        Ok(Self {
            window_frames,
            min_window_frames,
            full_window_frames: window_frames,
            cache_frames,
            reduction: QualityReduction::NONE,
            cache: FeatureCache::new(dim),
            renderer,
            hop_16k: geometry.hop_16k,
            embeddings: Frames::new(dim),
            blender: Blender::new(dim).with_columns(voice.layout.columns),
            blended: [vec![0.0; dim], vec![0.0; dim]],
            looks_ahead: voice.synthesizer.looks_ahead(),
            ahead: [vec![0.0; dim], vec![0.0; dim]],
            f0_hz: Vec::new(),
            pitch: PitchStage::default(),
            encoded_to: None,
            rest: Rest::new(needed_16k + delay_16k),
            voice,
        })
    }

    /// The name of the voice.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.voice.name
    }

    /// The voice, to change its settings between two hops.
    pub fn voice_mut(&mut self) -> &mut Voice {
        &mut self.voice
    }

    /// The voice.
    pub fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Returns the voice, for another stream.
    #[must_use]
    pub fn into_voice(self) -> Voice {
        self.voice
    }

    /// With `true`, the models run on silence too.
    pub fn run_in_silence(&mut self, always: bool) {
        self.rest.enable(!always);
    }

    /// Sets what the following hops leave out.
    pub fn reduce_quality(&mut self, reduction: QualityReduction) {
        if reduction != self.reduction {
            self.rest.wake();
        }
        self.reduction = reduction;
        self.window_frames = reduction
            .context(self.full_window_frames)
            .max(self.min_window_frames);
    }

    /// See [`Blender::set_search_budget`].
    pub fn set_search_budget(&mut self, budget: Option<Duration>) {
        self.blender.set_search_budget(budget);
    }

    /// Discards all state: the next hop does not continue the one before.
    pub fn restart(&mut self) {
        self.encoded_to = None;
        self.rest.restart();
        self.cache.restart(i64::MIN);
        self.blender.restart();
        self.pitch.restart();
        self.renderer.restart();
    }

    /// Converts the newest hop of `input` to exactly one hop of `output`, at the host's rate.
    ///
    /// # Errors
    /// See [`HopError`]; `output` is then unspecified.
    pub fn hop(
        &mut self,
        input: &InputStage,
        track: &ControlTrack,
        output: &mut Vec<f32>,
    ) -> Result<HopReport, HopError> {
        let mut report = HopReport::default();
        let mut clock = Stopwatch::start();
        let ended = input.frames_ended();
        let (first, new) = self.new_frames(ended);
        report.new_frames = new;

        let pitch_frames = self.pitch_frames(new);
        let resting = self.rest.begin(input.silent_16k(), new);
        report.rests = resting.is_some();
        let encoded = match resting {
            Some(encoded) => encoded,
            None => self.run_encoder_and_pitch(input, ended, new, pitch_frames, &mut clock, &mut report)?,
        };

        let new = NewFrames {
            first,
            count: new,
            encoded,
            pitch_frames,
        };
        self.retrieve_and_blend(&new, input, track, &mut report);
        report.times.blend = clock.since_last().saturating_sub(report.times.search);

        self.cache.fit(self.cache_frames);
        if report.rests {
            self.renderer.rest(self.cache.next_frame, output);
            self.encoded_to = Some(ended);
            return Ok(report);
        }
        let newest = track.at_frame(ended - 1);
        let result = self.synthesize(newest.speaker);
        clock.lap(&mut report.times.synthesize);
        if let Err(error) = result {
            // The next hop must not continue from a failed one, nor from the state that a model kept of it.
            self.renderer.restart();
            return Err(error);
        }

        self.renderer.join(input, newest.loudness_follow, output);
        clock.lap(&mut report.times.join);
        if !limiter::all_finite(output) {
            return Err(HopError::NonFinite);
        }
        // The state may be continued only after a hop that succeeded.
        self.encoded_to = Some(ended);
        let settled = self.voice.encoder.is_settled();
        self.rest
            .ran(input.silent_16k(), (new.count, encoded), settled, output);
        Ok(report)
    }

    /// Frames given to the pitch tracker.
    fn pitch_frames(&self, new: usize) -> usize {
        let context = self.voice.pitch.context_frames_50hz();
        let most = if context > PITCH_CONTEXT_50HZ {
            MAX_WINDOW_FRAMES_50HZ
        } else {
            self.full_window_frames
        };
        (new + LOOKAHEAD_FRAMES_50HZ + context).min(most)
    }

    /// Runs the models that need only the input. Returns the number of frames that the encoder received.
    fn run_encoder_and_pitch(
        &mut self,
        input: &InputStage,
        ended: i64,
        new: usize,
        pitch_frames: usize,
        clock: &mut Stopwatch,
        report: &mut HopReport,
    ) -> Result<usize, ModelError> {
        let encoded = self.encode(input, ended, new)?;
        clock.lap(&mut report.times.encode);
        let pitch_16k = pitch_frames * FRAME_STEP_16K + FRAME_TAIL_16K;
        self.voice
            .pitch
            .track(input.window(pitch_16k, 0), &mut self.f0_hz)?;
        clock.lap(&mut report.times.pitch);
        Ok(encoded)
    }

    /// Encodes the `new` frames. Returns how many frames were given to the encoder:
    /// a whole window, or only the new ones where a stateful encoder can continue.
    fn encode(&mut self, input: &InputStage, ended: i64, new: usize) -> Result<usize, ModelError> {
        let len_16k = |frames: usize| frames * FRAME_STEP_16K + FRAME_TAIL_16K;
        let encoder = &mut self.voice.encoder;
        let before = ended - i64::try_from(new).unwrap_or(0);
        if encoder.is_stateful() && self.encoded_to.take() == Some(before) {
            let encoded = new + LOOKAHEAD_FRAMES_50HZ;
            encoder.encode_streaming(input.window(len_16k(encoded), 0), &mut self.embeddings)?;
            return Ok(encoded);
        }
        let encoded = self.window_frames;
        encoder.encode(input.window(len_16k(encoded), 0), &mut self.embeddings)?;
        Ok(encoded)
    }

    /// First new frame and number of new frames: usually one hop's; after a gap as
    /// many as the cache and the window hold.
    fn new_frames(&mut self, ended: i64) -> (i64, usize) {
        let signed = |n: usize| i64::try_from(n).unwrap_or(0);
        let end = ended - signed(LOOKAHEAD_FRAMES_50HZ);
        let oldest = (ended - signed(self.window_frames)).max(end - signed(self.cache_frames));
        if self.cache.next_frame < oldest || self.cache.next_frame > end {
            self.cache.restart(oldest);
            self.blender.restart();
            self.pitch.skip();
        }
        let first = self.cache.next_frame;
        let new = usize::try_from(end - first).unwrap_or(0);
        if new != self.hop_16k / FRAME_STEP_16K {
            // A hop was skipped: there is nothing to join this one to, and the
            // resampler's state is stale.
            self.renderer.restart();
        }
        (first, new)
    }

    /// Searches for the neighbours of the new frames, blends them and appends them to the cache.
    fn retrieve_and_blend(
        &mut self,
        new: &NewFrames,
        input: &InputStage,
        track: &ControlTrack,
        report: &mut HopReport,
    ) {
        let window_16k = input.window(new.encoded * FRAME_STEP_16K + FRAME_TAIL_16K, 0);
        let first_row = new.encoded - LOOKAHEAD_FRAMES_50HZ - new.count;
        for n in 0..new.count {
            let number = new.first + i64::try_from(n).unwrap_or(0);
            let mut controls = track.at_frame(number);
            report.requested_search = self.voice.max_search(controls.search);
            controls.search = self.reduction.search(controls.search);
            self.blender.hold(self.reduction.holds_frame(number));
            let row = first_row + n;
            let f0_row = 2 * (row + new.pitch_frames - new.encoded);
            let f0_hz = [0, 1].map(|half| {
                let tracked_hz = self.f0_hz.get(f0_row + half).copied().unwrap_or(0.0);
                self.pitch.correct(tracked_hz, &controls.pitch)
            });
            let level = [0, 1].map(|half| {
                let start = row * FRAME_STEP_16K + half * HALF_STEP_16K;
                loudness::rms(&window_16k[start..start + HALF_STEP_16K])
            });
            let frame = FrameInput {
                live: self.embeddings.row(row),
                f0_hz,
                level,
                controls: &controls,
            };
            let [first, second] = &mut self.blended;
            let blended = self.blender.frame(&self.voice.targets, &frame, [first, second]);
            report.times.search += blended.search;
            report.add_frame(number, blended);
            let target_hz = target_pitch_hz(&self.voice.targets, &controls.blend.morph);
            let f0_hz = f0_hz.map(|f0_hz| self.pitch.transpose(f0_hz, &controls, target_hz));
            report.target_f0_hz = target_hz;
            report.speaker_f0_hz = self.pitch.speaker_hz();
            self.cache
                .push([first, second], f0_hz, controls.pitch.formant_factor());
        }
        if self.looks_ahead {
            self.look_ahead(new, track);
        }
    }

    /// What the frame after the new ones will be like: the encoder has it already, but without its own look-ahead.
    /// It is blended like the newest one, by the same difference, so that nothing of it stays in the blender.
    fn look_ahead(&mut self, new: &NewFrames, track: &ControlTrack) {
        let row = new.encoded - LOOKAHEAD_FRAMES_50HZ;
        let (newest, next) = (self.embeddings.row(row - 1), self.embeddings.row(row));
        let [_, blended] = &self.blended;
        for ahead in &mut self.ahead {
            for (n, value) in ahead.iter_mut().enumerate() {
                *value = next[n] + blended[n] - newest[n];
            }
        }
        let f0_row = 2 * (row + new.pitch_frames - new.encoded);
        let tracked_hz = |row: usize| self.f0_hz.get(row).copied().unwrap_or(0.0);
        let sent_hz = self.cache.f0_hz.last().copied().unwrap_or(0.0);
        // Transposed as the newest one; where that has no pitch, by the pitch shift alone.
        let factor = match tracked_hz(f0_row - 1) {
            newest_hz if newest_hz > 0.0 && sent_hz > 0.0 => sent_hz / newest_hz,
            _ => track.at_frame(self.cache.next_frame - 1).pitch_shift.ratio(),
        };
        let f0_hz = [0, 1].map(|half| tracked_hz(f0_row + half) * factor);
        let [first, second] = &self.ahead;
        self.cache.set_ahead([first, second], f0_hz);
    }

    /// Synthesizes the hop. Checked for finite samples before they reach the state
    /// of SOLA and resampler.
    fn synthesize(&mut self, speaker: usize) -> Result<(), HopError> {
        let context = self.cache_frames - self.hop_16k / FRAME_STEP_16K;
        let omitted_100hz = 2 * (context - self.reduction.context(context));
        let synthesizer = self.voice.synthesizer.as_mut();
        self.renderer
            .synthesize(synthesizer, &self.cache, omitted_100hz, speaker)?;
        if self.renderer.is_finite() {
            Ok(())
        } else {
            Err(HopError::NonFinite)
        }
    }
}
