//! Formant shift, as RVC does it: the synthesizer makes `factor` times as many frames of the same features, at a pitch that
//! is `factor` times lower, and its audio is played back `factor` times as fast. Pitch and duration are then the old ones, and
//! the formants are `factor` times higher.
//!
//! Times are counted in *made* frames and samples (the synthesizer's) and in frames and samples *played*. Every played
//! frame has its own factor, so that the made time of a played one is the sum of the factors before it, whatever the hop.
//!
//! A stateful synthesizer makes whole frames, an even number at a time. So it is up to two frames ahead of what is played, and
//! those take the newest features that are known: this adds no latency.
//!
//! Thread: worker.

use super::context::{SynthesizerFrames, fill_noise};
use crate::dsp::interpolate::{HALF, HALF_TRANSITION, SincTable, TAPS};
use crate::model::{NOISE_CHANNELS, SynthesisInput};
use std::sync::OnceLock;

/// Audio that was made and is not played yet, and the way from played to made frames.
#[derive(Default)]
pub struct FormantShift {
    /// The synthesizer's input: frames to make.
    pub made: SynthesizerFrames,
    /// Number of the first frame of `made` on the time line of made frames, which keys the noise.
    pub first_made: i64,
    /// Made audio from [`HALF`] samples before the next one to play on.
    waiting: Vec<f32>,
    /// Place in `waiting` of the next sample to play.
    place: f64,
    /// Number of the next frame to make.
    next_made: i64,
    active: bool,
    row: Vec<f32>,
}

impl FormantShift {
    /// True if made audio is waiting to be played.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Drops what is waiting.
    pub fn stop(&mut self) {
        self.active = false;
        self.waiting.clear();
        self.place = 0.0;
    }

    /// Begins at a played frame with the newest audio that was played; what is made next follows it without a gap.
    pub fn begin(&mut self, played: &[f32], first_frame: i64) {
        self.active = true;
        self.waiting.clear();
        self.waiting.resize(HALF, 0.0);
        let known = played.len().min(HALF);
        self.waiting[HALF - known..].copy_from_slice(&played[played.len() - known..]);
        self.place = as_f64(HALF);
        self.next_made = first_frame;
    }

    /// Writes the frames to make to [`Self::made`], so that the frames of `played` from `from` on can be played: from the next
    /// one that is not made yet. The number of frames is a multiple of `multiple`.
    pub fn prepare(&mut self, played: &SynthesizerFrames, from: usize, tick: usize, multiple: usize) {
        let end = total(&played.formants[from..]);
        let ahead = (as_f64(self.waiting.len()) - self.place) / as_f64(tick);
        let missing = end + as_f64(HALF + 2) / as_f64(tick) - ahead;
        let count = ceil(missing).next_multiple_of(multiple);
        self.first_made = self.next_made;
        self.made.clear(played);
        self.made.speaker = played.speaker;
        self.row.resize(NOISE_CHANNELS, 0.0);
        let mut walk = Walk::new(&played.formants, from);
        for n in 0..count {
            let time = walk.played_time(ahead + as_f64(n) + 0.5);
            let (left, right, part) = neighbours(time, played.f0_hz.len());
            let rows = [left, right].map(|row| played.embeddings_100hz.row(row));
            self.made.embeddings_100hz.push(rows[0]);
            if part > 0.0 {
                let row = self.made.embeddings_100hz.len() - 1;
                let mixed = self.made.embeddings_100hz.row_mut(row).iter_mut();
                mixed
                    .zip(rows[1])
                    .for_each(|(value, next)| *value += (next - *value) * part);
            }
            let f0_hz = pitch_between(played.f0_hz[left], played.f0_hz[right], part);
            self.made.f0_hz.push(f0_hz / walk.factor());
            fill_noise(self.next_made, &mut self.row);
            self.made.noise.push(&self.row);
            self.next_made += 1;
        }
    }

    /// [`Self::made`] for the synthesizer.
    pub fn input(&self, skip_100hz: usize, held_100hz: usize) -> SynthesisInput<'_> {
        SynthesisInput {
            embeddings_100hz: &self.made.embeddings_100hz,
            f0_hz: &self.made.f0_hz,
            noise: &self.made.noise,
            skip_100hz,
            // A shifted stream does not look ahead: what it makes is final.
            ahead_100hz: 0,
            held_100hz,
            speaker: self.made.speaker,
            first_frame_100hz: self.first_made,
        }
    }

    /// Appends the audio of [`Self::made`].
    pub fn accept(&mut self, audio: &[f32]) {
        self.waiting.extend_from_slice(audio);
    }

    /// Leaves out made samples that are not to be played.
    pub fn seek(&mut self, samples: f64) {
        self.place += samples;
    }

    /// Plays one frame of `tick` samples for each of the factors; appends to `audio`.
    pub fn play(&mut self, factors: &[f32], tick: usize, audio: &mut Vec<f32>) {
        for &factor in factors {
            let table = table(factor);
            let step = f64::from(factor);
            for _ in 0..tick {
                audio.push(sample(&self.waiting, self.place, table));
                self.place += step;
            }
        }
        let done = floor(self.place).saturating_sub(HALF).min(self.waiting.len());
        self.waiting.drain(..done);
        self.place -= as_f64(done);
    }
}

/// True if nothing is shifted.
pub fn is_plain(factors: &[f32]) -> bool {
    factors.iter().all(|&factor| factor == 1.0)
}

/// The value at a place between two samples.
fn sample(waiting: &[f32], place: f64, table: &SincTable) -> f32 {
    let left = floor(place);
    let first = (left + 1).saturating_sub(HALF);
    match waiting
        .get(first..first + TAPS)
        .and_then(|around| around.try_into().ok())
    {
        Some(around) => table.at(around, place - as_f64(left)),
        None => 0.0,
    }
}

/// From made to played time, forwards.
struct Walk<'a> {
    factors: &'a [f32],
    at: usize,
    /// Made time at the beginning of frame `at`.
    made: f64,
}

impl<'a> Walk<'a> {
    /// Made time 0 is the beginning of frame `from`.
    fn new(factors: &'a [f32], from: usize) -> Self {
        Self {
            factors,
            at: from,
            made: 0.0,
        }
    }

    /// The factor at the last time.
    fn factor(&self) -> f32 {
        self.factors[self.at]
    }

    /// The played time of a made one, in frames; the last frame goes on for ever.
    fn played_time(&mut self, made: f64) -> f64 {
        while self.at + 1 < self.factors.len() && made >= self.made + f64::from(self.factor()) {
            self.made += f64::from(self.factor());
            self.at += 1;
        }
        as_f64(self.at) + (made - self.made) / f64::from(self.factor())
    }
}

/// The frames whose middles are around a time, and how far it is from the first to the second.
fn neighbours(time: f64, frames: usize) -> (usize, usize, f32) {
    let last = frames - 1;
    let from_middle = (time - 0.5).max(0.0);
    let left = floor(from_middle).min(last);
    let right = (left + 1).min(last);
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let part = (from_middle - as_f64(left)) as f32;
    (left, right, if left == right { 0.0 } else { part })
}

/// A pitch between two frames: over octaves where both are voiced, else the nearer one's.
fn pitch_between(left_hz: f32, right_hz: f32, part: f32) -> f32 {
    if left_hz > 0.0 && right_hz > 0.0 {
        left_hz * (right_hz / left_hz).powf(part)
    } else if part < 0.5 {
        left_hz
    } else {
        right_hz
    }
}

/// The interpolation that leaves out what would be above half the rate when played at a factor; one for every semitone.
fn table(factor: f32) -> &'static SincTable {
    static TABLES: [OnceLock<SincTable>; 13] = [const { OnceLock::new() }; 13];
    let semitone = ceil(f64::from(12.0 * factor.log2()) - 1e-3).min(12);
    TABLES[semitone].get_or_init(|| {
        let highest = 0.5 / (as_f64(semitone) / 12.0).exp2();
        SincTable::new(highest - HALF_TRANSITION)
    })
}

/// Sum of the factors of some frames: made frames for them.
pub fn total(factors: &[f32]) -> f64 {
    factors.iter().map(|&factor| f64::from(factor)).sum()
}

/// A small number of samples or frames.
#[expect(clippy::cast_precision_loss, reason = "samples and frames of a window")]
pub fn as_f64(n: usize) -> f64 {
    n as f64
}

/// The whole number below; 0 for negative ones.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; negative values count as 0"
)]
pub fn floor(value: f64) -> usize {
    value.floor() as usize
}

fn ceil(value: f64) -> usize {
    floor(value.ceil())
}
