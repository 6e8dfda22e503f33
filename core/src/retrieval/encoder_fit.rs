//! Whether an index was made with the encoder that is in use, by the first seconds of speech.
//!
//! Encoders of one width make embeddings of one size whose values mean different things. With
//! the right encoder some vectors of the index are much nearer to a frame than most are, more
//! for some sounds and less for others, and each sound has neighbours of its own. With another
//! one, all frames are about equally far from everything, or the same few vectors are nearest
//! to all of them. Measured with the default pack, three other encoders, five speakers and
//! indices rotated at random, over 150 voiced frames:
//!
//! | | nearest / median distance | its spread (10 to 90 %) | different nearest vectors |
//! | --- | --- | --- | --- |
//! | right encoder | 0.11 to 0.77 | 0.04 to 0.5; at least 0.12 where the share is above 0.72 | at least 49 |
//! | another, rotated or noise | 0.68 to 0.98 | 0.01 to 0.09 | 1 to 64, at most 3 below 0.77 |
//!
//! Thread: worker, command line.

use std::collections::{HashSet, VecDeque};

use super::distance::squared;
use super::sample::spread;
use super::{EmbeddingIndex, Neighbours, SearchError, SearchParams};
use crate::frames::Frames;

/// Voiced frames of 20 ms that are looked at: three seconds of them.
const FRAMES: usize = 150;
/// Vectors of the index that stand for all.
const SAMPLE: usize = 256;
/// Smaller indices do not tell enough.
const LEAST_VECTORS: usize = 512;
/// A nearest vector at this share of the median distance is not much nearer than others.
const FAR: f32 = 0.77;
/// Spread of that share below which all frames are equally far.
const EQUALLY_FAR: f32 = 0.1;
/// Different nearest vectors of all frames, of which speech has more.
const FEW_VECTORS: usize = 12;
/// Frames between two that are compared: speech changes in 200 ms, a tone does not.
const STEP: usize = 10;
/// Change over that time, as a share of a frame's length, that speech exceeds.
const CHANGE: f32 = 0.4;

/// Looks at the first voiced frames of a stream.
pub struct EncoderFit {
    sample: Frames,
    distances: Vec<f32>,
    shares: Vec<f32>,
    nearest_ids: HashSet<i64>,
    past: VecDeque<Vec<f32>>,
    changes: Vec<f32>,
}

impl EncoderFit {
    /// For one index. `None` for those that tell too little: small ones, and ones whose
    /// vectors are only approximated.
    #[must_use]
    pub fn new(index: &dyn EmbeddingIndex) -> Option<Self> {
        let approximate =
            |conversion: &super::Conversion| conversion.unit_length || !conversion.losses.is_empty();
        if index.len() < LEAST_VECTORS || index.conversion().is_some_and(approximate) {
            return None;
        }
        let mut sample = Frames::new(index.dim());
        let mut vector = vec![0.0; index.dim()];
        for row in spread(index.len(), SAMPLE) {
            if index.vector(i64::try_from(row).ok()?, &mut vector) {
                sample.push(&vector);
            }
        }
        Some(Self {
            distances: Vec::with_capacity(sample.len()),
            sample,
            shares: Vec::with_capacity(FRAMES),
            nearest_ids: HashSet::new(),
            past: VecDeque::new(),
            changes: Vec::new(),
        })
    }

    /// Adds a voiced frame, with the id of its nearest vector and the distance (not squared)
    /// to it. Once there are enough: whether the index is of another encoder.
    pub fn add(&mut self, frame: &[f32], nearest_id: i64, nearest_distance: f32) -> Option<bool> {
        if self.shares.len() >= FRAMES {
            return None;
        }
        self.distances.clear();
        self.distances
            .extend(self.sample.rows().map(|vector| squared(frame, vector)));
        let median = percentile(&mut self.distances, 50).sqrt();
        self.shares.push(nearest_distance / median.max(f32::MIN_POSITIVE));
        self.nearest_ids.insert(nearest_id);
        if self.past.len() == STEP
            && let Some(before) = self.past.pop_front()
        {
            let length = frame.iter().map(|value| value * value).sum::<f32>();
            self.changes
                .push((squared(frame, &before) / length.max(f32::MIN_POSITIVE)).sqrt());
        }
        self.past.push_back(frame.to_vec());
        (self.shares.len() == FRAMES).then(|| self.is_of_another_encoder())
    }

    /// Searches `frames` of speech one by one. `None` if there are too few, or the index
    /// tells too little.
    ///
    /// # Errors
    /// See [`SearchError`].
    pub fn of_frames(index: &dyn EmbeddingIndex, frames: &Frames) -> Result<Option<bool>, SearchError> {
        let Some(mut fit) = Self::new(index) else {
            return Ok(None);
        };
        let mut query = Frames::new(index.dim());
        let mut found = Neighbours::default();
        let mut vector = vec![0.0; index.dim()];
        for frame in frames.rows() {
            query.clear(index.dim());
            query.push(frame);
            index.search(&query, SearchParams::default(), &mut found)?;
            let Some(&id) = found.ids.first().filter(|&&id| index.vector(id, &mut vector)) else {
                continue;
            };
            if let Some(other) = fit.add(frame, id, squared(frame, &vector).sqrt()) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn is_of_another_encoder(&mut self) -> bool {
        // Something held or silent, no speech.
        if percentile(&mut self.changes, 50) < CHANGE {
            return false;
        }
        let shares = &mut self.shares;
        let spread = percentile(shares, 90) - percentile(shares, 10);
        let equally_far = percentile(shares, 50) >= FAR && spread <= EQUALLY_FAR;
        equally_far || self.nearest_ids.len() <= FEW_VECTORS
    }
}

/// Changes the order of the values; 0 of none.
fn percentile(values: &mut [f32], percent: usize) -> f32 {
    let rank = values.len() * percent / 100;
    if rank >= values.len() {
        return 0.0;
    }
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise;
    use crate::retrieval::{FlatIndex, Metric};

    const DIM: usize = 128;

    /// Frames around `centres` places, as speech is around its sounds.
    fn frames(seed: u64, centres: i64, count: i64, width: f32) -> Frames {
        let mut all = Frames::new(DIM);
        let (mut centre, mut offset) = ([0.0; DIM], [0.0; DIM]);
        for n in 0..count {
            noise::fill_normal(seed, n * 7 % centres, &mut centre);
            noise::fill_normal(seed + 1000, n, &mut offset);
            let width = width * (0.5 + 0.1 * (n % 11) as f32);
            let row: Vec<f32> = centre.iter().zip(&offset).map(|(a, b)| a + width * b).collect();
            all.push(&row);
        }
        all
    }

    #[test]
    fn frames_around_the_same_places_fit_and_others_do_not() {
        let index = FlatIndex::new(frames(1, 40, 2000, 0.2), Metric::L2);
        let mut same = frames(1, 40, 4000, 0.2);
        same.drop_front(2000);
        let fit = |frames: &Frames| EncoderFit::of_frames(&index, frames).expect("searched");
        assert_eq!(fit(&same), Some(false));
        assert_eq!(fit(&frames(2, 40, 300, 0.2)), Some(true), "other places");
        let mut large = frames(2, 40, 300, 0.2);
        large.data_mut().iter_mut().for_each(|value| *value *= 30.0);
        assert_eq!(fit(&large), Some(true), "another scale");
        let mut small = frames(2, 40, 300, 0.2);
        small.data_mut().iter_mut().for_each(|value| *value *= 0.03);
        assert_eq!(fit(&small), Some(true), "the same few vectors are nearest");
    }

    #[test]
    fn a_held_tone_too_few_frames_and_small_indices_give_no_verdict() {
        let index = FlatIndex::new(frames(1, 40, 2000, 0.2), Metric::L2);
        let fit = |frames: &Frames| EncoderFit::of_frames(&index, frames).expect("searched");
        assert_eq!(fit(&frames(2, 1, 300, 0.01)), Some(false), "a tone");
        assert_eq!(fit(&frames(2, 40, 149, 0.2)), None);
        let small = FlatIndex::new(frames(1, 40, 500, 0.2), Metric::L2);
        assert!(EncoderFit::new(&small).is_none());
    }
}
