//! Replaces very many vectors by few centres: RVC does so above 200,000 vectors (mini-batch k-means to 10,000), here it
//! is an option whose loss of recall is measured.
//!
//! An index of centres is small and quick, but every neighbour is a mean of some
//! twenty frames, and nobody knows any more which recording it came from.
//!
//! Thread: command line, or a background task; minutes.

use std::ops::ControlFlow;

use crate::controls::MAX_K;
use crate::frames::Frames;
use crate::retrieval::ivf::{Assigner, BuildError};
use crate::retrieval::{nearest_of_sample, nearest_rows};

/// When vectors are replaced by centres, and by how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Centres {
    /// Number of centres.
    pub count: usize,
    /// Up to this number, vectors are kept as they are.
    pub above: usize,
}

impl Centres {
    /// RVC replaces vectors above this number.
    pub const RVC_ABOVE: usize = 200_000;
    /// RVC's number of centres.
    pub const RVC_COUNT: usize = 10_000;

    /// Number of rows in the index for this number of vectors.
    #[must_use]
    pub fn left_of(wanted: Option<Self>, vectors: usize) -> usize {
        match wanted {
            Some(centres) if vectors > centres.above => centres.count.clamp(1, vectors),
            _ => vectors,
        }
    }
}

/// Vectors per update of the centres. RVC takes 256 times the number of cores; a fixed size gives the same index on
/// every machine.
const BATCH: usize = 2048;
/// Passes over all vectors.
const EPOCHS: usize = 3;

/// Centres that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The centres.
    pub centres: Frames,
    /// Vectors that each stands for.
    pub members: Vec<u32>,
}

/// Mini-batch k-means (D. Sculley, "Web-scale k-means clustering", 2010): each centre
/// moves towards every vector that is nearest to it by 1 / (vectors that it has had).
/// The same vectors and seed give the same centres. `on` hears batches done and in
/// all, and may break; then the result is `None`.
///
/// # Errors
/// See [`BuildError`].
pub fn minibatch_centres(
    vectors: &Frames,
    count: usize,
    seed: u32,
    mut on: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Found>, BuildError> {
    let mut dice = Dice(u64::from(seed) ^ 0x9e37_79b9_7f4a_7c15);
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    dice.shuffle(&mut order);
    let dim = vectors.dim();
    let mut centres = Frames::new(dim);
    let first = order.iter().take(count.clamp(1, vectors.len()));
    first.for_each(|&row| centres.push(vectors.row(row)));
    let mut had = vec![0_u32; centres.len()];
    let mut members = had.clone();
    let mut assigner = Assigner::new(dim)?;
    let mut batch = Frames::new(dim);
    let batches = vectors.len().div_ceil(BATCH);
    for epoch in 0..EPOCHS {
        members.fill(0);
        dice.shuffle(&mut order);
        for (n, rows) in order.chunks(BATCH).enumerate() {
            if on(epoch * batches + n, EPOCHS * batches).is_break() {
                return Ok(None);
            }
            batch.clear(dim);
            rows.iter().for_each(|&row| batch.push(vectors.row(row)));
            let nearest = assigner.nearest(&centres, &batch)?;
            for (vector, centre) in batch.rows().zip(nearest) {
                members[centre] += 1;
                had[centre] += 1;
                #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
                let share = 1.0 / had[centre] as f32;
                for (value, &towards) in centres.row_mut(centre).iter_mut().zip(vector) {
                    *value += share * (towards - *value);
                }
            }
        }
        // One that nothing is near to begins again at some vector.
        for centre in (0..had.len()).filter(|&centre| epoch + 1 < EPOCHS && had[centre] == 0) {
            let row = dice.below(vectors.len());
            centres.row_mut(centre).copy_from_slice(vectors.row(row));
        }
    }
    Ok(Some(Found { centres, members }))
}

/// What the centres find of what the vectors held: of a sample's true `k` nearest
/// vectors (its own neighbours in time left out), the share that is expected among `k`
/// vectors taken from the nearest centres in order, each as good as any other that its
/// centre stands for.
///
/// # Errors
/// See [`BuildError`].
pub fn recall_of_centres(vectors: &Frames, found: &Found, k: usize) -> Result<f32, BuildError> {
    let sample = nearest_of_sample(vectors, k);
    let nearest_centres = nearest_rows(&found.centres, &sample.queries, MAX_K, |_, _| true);
    let mut assigner = Assigner::new(vectors.dim())?;
    let mut centres_of = |rows: &mut dyn Iterator<Item = usize>| {
        let mut these = Frames::new(vectors.dim());
        rows.for_each(|row| these.push(vectors.row(row)));
        assigner.nearest(&found.centres, &these)
    };
    let (mut hits, mut all) = (0.0, 0);
    for ((own, truth), centres) in sample.rows.iter().zip(&sample.nearest).zip(nearest_centres) {
        let wanted = centres_of(&mut truth.iter().copied())?;
        let shut_out = centres_of(&mut sample.shut_out(*own, vectors.len()))?;
        let count = |these: &[usize], centre| these.iter().filter(|&&c| c == centre).count();
        let mut slots = k;
        for centre in centres {
            let good = count(&wanted, centre);
            let there = (found.members[centre] as usize).saturating_sub(count(&shut_out, centre));
            let there = there.max(good);
            let taken = there.min(slots);
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let expected = (good * taken) as f32 / there.max(1) as f32;
            hits += expected;
            slots -= taken;
        }
        all += wanted.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let recall = hits / all.max(1) as f32;
    Ok(recall)
}

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.bits() % count.max(1) as u64).unwrap_or(0)
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for n in (1..order.len()).rev() {
            let other = self.below(n + 1);
            order.swap(n, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise;

    /// Two hundred vectors around each of ten places far apart.
    fn clouds() -> Frames {
        let mut values = vec![0.0; 8 * 2000];
        noise::fill_normal(3, 0, &mut values);
        let mut vectors = Frames::from_data(8, values);
        for row in 0..vectors.len() {
            vectors.row_mut(row)[row % 8] += if row % 10 < 5 { 40.0 } else { -40.0 };
            vectors.row_mut(row)[0] += 100.0 * (row % 10) as f32;
        }
        vectors
    }

    fn run(count: usize, seed: u32) -> Found {
        let go = |_, _| ControlFlow::Continue(());
        let centres = minibatch_centres(&clouds(), count, seed, go);
        centres.expect("made").expect("not stopped")
    }

    #[test]
    fn centres_lie_where_vectors_lie_and_the_same_seed_gives_the_same() {
        let found = run(400, 1);
        assert_eq!((found.centres.len(), found.centres.dim()), (400, 8));
        assert_eq!(found.members.iter().sum::<u32>(), 2000);
        let vectors = clouds();
        let near = nearest_rows(&found.centres, &vectors, 1, |_, _| true);
        for (vector, near) in vectors.rows().zip(near) {
            let distance = crate::retrieval::distance::squared(vector, found.centres.row(near[0]));
            assert!(distance < 100.0, "{distance}");
        }
        assert_eq!(run(400, 1), found);
        assert!(run(400, 2) != found);
    }

    #[test]
    fn more_centres_find_more_and_all_vectors_everything() {
        let recall = |found: &Found| recall_of_centres(&clouds(), found, 8).expect("measured");
        let (few, more) = (recall(&run(40, 1)), recall(&run(400, 1)));
        let all = recall(&Found {
            centres: clouds(),
            members: vec![1; 2000],
        });
        assert!(
            0.0 < few && few < more && more < all && all > 0.99,
            "{few} {more} {all}"
        );
    }

    #[test]
    fn a_stop_is_heard() {
        let stop = |_, _| ControlFlow::Break(());
        assert!(
            minibatch_centres(&clouds(), 20, 1, stop)
                .expect("no error")
                .is_none()
        );
    }
}
