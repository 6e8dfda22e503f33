//! Reads a ring at another clock's rate.

use super::fill_loop::FillLoop;
use super::ring::RingReader;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable, Async, FixedAsync, Resampler, Resizable, SincInterpolationParameters, WindowFunction,
};

/// Frames resampled at a time.
const CHUNK: usize = 256;
/// Length of the resampler's filter in input frames; half of it is its delay.
const FILTER_FRAMES: usize = 64;
/// Room for the loop's corrections and for a wrong nominal rate.
const MAX_RELATIVE_RATIO: f64 = 1.02;
/// Audio beyond one block of both sides that is kept under way: threads are not woken exactly on time.
const MARGIN_S: f64 = 0.003;
/// By how much more after a gap, and the most.
const MARGIN_AFTER_GAP_S: f64 = 0.005;
const MAX_MARGIN_S: f64 = 0.15;
/// Time at the start during which the rhythm of both sides is measured.
const LEARN_S: f64 = 0.5;
/// Amount above the target at which audio is dropped instead of read a little faster.
const EXCESS_S: f64 = 0.05;
/// Fade after a gap.
const FADE_S: f64 = 0.005;
/// Factor per frame by which the last sample decays when the ring runs empty.
const DECAY: f32 = 0.97;

/// Rates and blocks of both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReaderSetup {
    /// Rate of the writing device.
    pub from_hz: f64,
    /// Rate of the reading device.
    pub to_hz: f64,
    /// Frames that the writer writes at a time.
    pub write_frames: usize,
    /// Frames that the reader reads at a time.
    pub read_frames: usize,
}

/// Rates between which audio cannot be converted.
#[derive(Debug, thiserror::Error)]
#[error(
    "audio at {from_hz} Hz cannot be converted to {to_hz} Hz ({why}): choose the same rate for both devices"
)]
pub struct ReaderError {
    /// Rate of the writing device.
    pub from_hz: f64,
    /// Rate of the reading device.
    pub to_hz: f64,
    /// What the resampler says.
    pub why: String,
}

/// The reading end: silent until enough audio is under way, then without gaps as long as both devices run.
pub struct DriftReader {
    ring: RingReader,
    resampler: Async<f32>,
    setup: ReaderSetup,
    control: FillLoop,
    /// Frames that have to be under way before a read, at the writer's rate.
    target_frames: f64,
    largest_write: usize,
    /// Frames by which the ring runs lower than its mean, as measured.
    burst_frames: f64,
    /// Frames by which the amount under way is above its mean at most, as measured.
    above_frames: f64,
    margin_s: f64,
    rhythm: Option<Rhythm>,
    running: bool,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Newest output frame.
    newest: Vec<f32>,
    /// Gain after a gap, rises to 1.
    gain: f32,
    gain_step: f32,
    gaps: u64,
    deviation_s: f64,
}

impl DriftReader {
    /// Reads `ring`. Allocates.
    ///
    /// # Errors
    /// Rates that cannot be converted.
    pub fn new(ring: RingReader, setup: ReaderSetup) -> Result<Self, ReaderError> {
        let parameters = SincInterpolationParameters::new(FILTER_FRAMES, WindowFunction::BlackmanHarris2);
        let channels = ring.channels();
        let resampler = Async::new_sinc(
            setup.to_hz / setup.from_hz,
            MAX_RELATIVE_RATIO,
            &parameters,
            CHUNK,
            channels,
            FixedAsync::Output,
        )
        .map_err(|error| ReaderError {
            from_hz: setup.from_hz,
            to_hz: setup.to_hz,
            why: error.to_string(),
        })?;
        let input = vec![0.0; channels * resampler.input_frames_max()];
        #[expect(clippy::cast_possible_truncation, reason = "a gain")]
        let gain_step = (1.0 / (FADE_S * setup.to_hz)) as f32;
        let mut reader = Self {
            ring,
            resampler,
            setup,
            control: FillLoop::default(),
            target_frames: 0.0,
            largest_write: setup.write_frames,
            burst_frames: 0.0,
            above_frames: 0.0,
            margin_s: MARGIN_S,
            rhythm: Some(Rhythm::default()),
            running: false,
            input,
            output: vec![0.0; channels * CHUNK],
            newest: vec![0.0; channels],
            gain: 0.0,
            gain_step,
            gaps: 0,
            deviation_s: 0.0,
        };
        reader.set_target();
        Ok(reader)
    }

    /// Time from the moment at which a frame was captured to the call of [`Self::pull`] that returns it as its first
    /// frame. Constant, once the reader runs.
    #[must_use]
    pub fn latency_s(&self) -> f64 {
        (self.target_frames + half_filter()) / self.setup.from_hz
    }

    /// Gaps: the ring ran empty, or audio was dropped because too much was under way.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// By how much the writer's clock is faster than the reader's, in parts per million, as learned so far.
    #[must_use]
    pub fn drift_ppm(&self) -> f64 {
        self.control.drift_ppm()
    }

    /// Deviation of the amount under way from its target at the last read, in seconds.
    #[must_use]
    pub fn deviation_s(&self) -> f64 {
        self.deviation_s
    }

    /// Fills `out` (interleaved) at `now_s`.
    ///
    /// # Real-time
    /// Yes.
    pub fn pull(&mut self, out: &mut [f32], now_s: f64) {
        // Not by the clock: of blocks that are read in a burst each counts as much as the first.
        let elapsed_s = frames(out.len() / self.ring.channels()) / self.setup.to_hz;
        self.follow_writer();
        if self.learn(now_s, out.len()) || !self.steer(now_s, elapsed_s) {
            self.decay(out);
            return;
        }
        let channels = self.ring.channels();
        let mut done = 0;
        while done < out.len() {
            let end = (done + CHUNK * channels).min(out.len());
            if !self.resample(&mut out[done..end]) {
                self.interrupt();
                self.decay(&mut out[done..]);
                return;
            }
            done = end;
        }
    }

    /// The target allows for the largest write, which may be larger than the device announced.
    fn follow_writer(&mut self) {
        let largest = self.ring.largest_write();
        if largest > self.largest_write {
            self.largest_write = largest;
            self.set_target();
            self.running = false;
        }
    }

    fn set_target(&mut self) {
        let per_read = self.setup.from_hz / self.setup.to_hz;
        self.target_frames = frames(self.setup.read_frames) * per_read
            + frames(self.largest_write).max(self.burst_frames)
            + self.margin_s * self.setup.from_hz;
    }

    /// True while the rhythm is measured; nothing is played meanwhile.
    fn learn(&mut self, now_s: f64, out_len: usize) -> bool {
        let Some(rhythm) = &mut self.rhythm else {
            return false;
        };
        let Some((age_s, fill)) = self.ring.last_write(now_s) else {
            return true;
        };
        let since = (age_s * self.setup.from_hz).min(frames(self.largest_write));
        rhythm.note(frames(fill) - rhythm.owed, since);
        let pulled = frames(out_len / self.ring.channels()) * self.setup.from_hz / self.setup.to_hz;
        // Read only in thought, so that the ring runs neither empty nor full meanwhile.
        let skipped = self.ring.skip(fill);
        rhythm.owed += pulled - frames(skipped);
        let began_s = *rhythm.began_s.get_or_insert(now_s);
        if now_s - began_s > LEARN_S {
            self.burst_frames = rhythm.burst_frames();
            self.above_frames = rhythm.above_frames();
            self.rhythm = None;
            self.set_target();
        }
        true
    }

    /// Adjusts the speed; false while there is nothing to read yet.
    fn steer(&mut self, now_s: f64, elapsed_s: f64) -> bool {
        let Some((age_s, fill)) = self.ring.last_write(now_s) else {
            return false;
        };
        // What the device has captured since its last write is under way too, but never more than it writes at once.
        let since = (age_s * self.setup.from_hz).min(frames(self.largest_write));
        let excess = frames(fill) + since - self.target_frames;
        if !self.running {
            // The first chunk fills the filter too, and this may be the moment with the most under way.
            let excess = excess - half_filter() - self.above_frames;
            if excess < 0.0 {
                return false;
            }
            self.ring.skip(whole(excess));
            self.resampler.reset();
            self.running = true;
            self.control.restart();
            self.deviation_s = 0.0;
            return true;
        }
        self.deviation_s = excess / self.setup.from_hz;
        if self.deviation_s > EXCESS_S {
            self.ring.skip(whole(excess));
            self.gaps += 1;
            self.gain = 0.0;
            self.control.restart();
            self.deviation_s = 0.0;
        }
        let faster = self.control.next(self.deviation_s, elapsed_s);
        // The correction is far inside the limits of the resampler.
        let _ = self
            .resampler
            .set_resample_ratio_relative(1.0 / (1.0 + faster), true);
        true
    }

    /// One chunk; false if the ring has not enough for it.
    fn resample(&mut self, out: &mut [f32]) -> bool {
        let channels = self.ring.channels();
        let len = out.len() / channels;
        if self.resampler.set_chunk_size(len).is_err() {
            return false;
        }
        let needed = self.resampler.input_frames_next();
        if self.ring.frames() < needed {
            return false;
        }
        let input = &mut self.input[..needed * channels];
        self.ring.read(input);
        let output = &mut self.output[..len * channels];
        let Ok(from) = InterleavedSlice::new(input, channels, needed) else {
            return false;
        };
        let Ok(mut into) = InterleavedSlice::new_mut(output, channels, len) else {
            return false;
        };
        if self
            .resampler
            .process_into_buffer(&from, &mut into, None)
            .is_err()
        {
            return false;
        }
        for (to, from) in out.chunks_exact_mut(channels).zip(output.chunks_exact(channels)) {
            for (to, from) in to.iter_mut().zip(from) {
                *to = from * self.gain;
            }
            self.gain = (self.gain + self.gain_step).min(1.0);
        }
        if let Some(newest) = out.chunks_exact(channels).last() {
            self.newest.copy_from_slice(newest);
        }
        true
    }

    /// The ring ran empty: wait until enough is under way again.
    fn interrupt(&mut self) {
        self.gaps += 1;
        self.margin_s = (self.margin_s + MARGIN_AFTER_GAP_S).min(MAX_MARGIN_S);
        self.set_target();
        self.running = false;
        self.gain = 0.0;
    }

    /// From the newest frame to silence.
    fn decay(&mut self, out: &mut [f32]) {
        for frame in out.chunks_exact_mut(self.ring.channels()) {
            for (sample, newest) in frame.iter_mut().zip(&mut self.newest) {
                *newest = if newest.abs() < 1e-6 { 0.0 } else { *newest * DECAY };
                *sample = *newest;
            }
        }
    }
}

/// How regularly both sides call. Systems between a program and a device hand over several blocks at once and then
/// pause, on either side.
#[derive(Default)]
struct Rhythm {
    began_s: Option<f64>,
    /// Frames that would have been read, less those that were dropped.
    owed: f64,
    /// Lowest amount found by a read; highest amount under way, and its mean.
    lowest: f64,
    highest: f64,
    sum: f64,
    count: f64,
}

impl Rhythm {
    fn note(&mut self, amount: f64, since: f64) {
        self.lowest = if self.count == 0.0 {
            amount
        } else {
            self.lowest.min(amount)
        };
        let under_way = amount + since;
        self.highest = if self.count == 0.0 {
            under_way
        } else {
            self.highest.max(under_way)
        };
        self.sum += under_way;
        self.count += 1.0;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    /// By how much the lowest amount is below the mean.
    fn burst_frames(&self) -> f64 {
        (self.mean() - self.lowest).max(0.0)
    }

    /// By how much the highest amount under way is above the mean.
    fn above_frames(&self) -> f64 {
        (self.highest - self.mean()).max(0.0)
    }
}

fn half_filter() -> f64 {
    frames(FILTER_FRAMES / 2)
}

fn frames(count: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of frames in a ring")]
    let count = count as f64;
    count
}

fn whole(count: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates"
    )]
    let count = count.max(0.0) as usize;
    count
}
