//! An input that replaces a random node, and the numbers for it.

use super::graph::{Distribution, RandomNode};
use crate::dsp::noise;

/// Seed of this noise; differs from that of the noise input of voices.
const SEED: u64 = 0x524E_444E_4F44_4553;

/// Shape and type of a node's values in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Sizes of the axes; `[0]` where the values are not floats of 32 or 16 bits.
    pub shape: Vec<usize>,
    /// True for 16 bits.
    pub half: bool,
}

/// The length of a run: the number of frames in the input, and how many of them at the
/// beginning are left out of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLength {
    /// Frames of 10 ms.
    pub frames: usize,
    /// Number of these that are only context.
    pub skipped: usize,
}

/// An input that replaces a random node.
#[derive(Debug, PartialEq)]
pub struct NoiseInput {
    pub(super) name: String,
    distribution: Distribution,
    key: u64,
    /// Its shape; on the axis `time`, values per frame of 10 ms.
    pub(super) shape: Vec<usize>,
    pub(super) time: Option<usize>,
    /// Number of frames before the returned ones that still have values, in models that crop.
    lead: usize,
    /// True for 16-bit floats.
    pub half: bool,
}

impl NoiseInput {
    /// Derives the shape per frame from the shapes of several runs; `None` if they do not
    /// determine it. `fixed`: all runs have the model's only length.
    pub fn from_runs(node: &RandomNode, key: u64, runs: &[(RunLength, &Drawn)], fixed: bool) -> Option<Self> {
        let (length, first) = *runs.first()?;
        if first.shape.contains(&0) || runs.iter().any(|(_, run)| run.shape.len() != first.shape.len()) {
            return None;
        }
        let axes = 0..first.shape.len();
        let mut times: Vec<usize> = if fixed {
            axes.clone()
                .filter(|&axis| first.shape[axis].is_multiple_of(length.frames))
                .collect()
        } else {
            let grows = |axis: &usize| runs.iter().any(|(_, run)| run.shape[*axis] != first.shape[*axis]);
            axes.filter(grows).collect()
        };
        if fixed && times.len() > 1 {
            // Most nodes draw one value per frame.
            times.retain(|&axis| first.shape[axis] == length.frames);
        }
        let time = match times[..] {
            [] => None,
            [axis] => Some(axis),
            _ => return None,
        };
        let (mut shape, mut lead) = (first.shape.clone(), usize::MAX);
        if let Some(axis) = time {
            let frames = length.frames - length.skipped;
            shape[axis] /= frames.max(1);
            let covered = |run: &Drawn| {
                let per_frame = shape[axis].max(1);
                run.shape[axis]
                    .is_multiple_of(per_frame)
                    .then_some(run.shape[axis] / per_frame)
            };
            for (length, run) in runs {
                let before = covered(run)?.checked_sub(length.frames - length.skipped)?;
                if before > length.skipped {
                    return None;
                }
                if before < length.skipped {
                    lead = before;
                }
            }
        }
        Some(Self {
            name: node.name.clone(),
            distribution: node.distribution,
            key,
            shape,
            time,
            lead,
            half: first.half,
        })
    }

    /// Frames at the beginning of a run that have no values.
    fn omitted(&self, length: RunLength) -> usize {
        length.skipped.saturating_sub(self.lead)
    }

    /// The shape in a run.
    pub fn shape_of(&self, length: RunLength) -> Vec<usize> {
        let mut shape = self.shape.clone();
        if let Some(axis) = self.time {
            shape[axis] *= length.frames - self.omitted(length);
        }
        shape
    }

    /// The values of a run; those of a frame are the same in every run that contains it.
    pub fn draw(&self, length: RunLength, first_frame: i64) -> Vec<f32> {
        let block_len: usize = self.shape.iter().product();
        let Some(axis) = self.time else {
            let mut values = vec![0.0; block_len];
            self.draw_block(0, &mut values);
            return values;
        };
        let omitted = self.omitted(length);
        let (frames, first_frame) = (length.frames - omitted, first_frame + signed(omitted));
        let outer: usize = self.shape[..axis].iter().product();
        // The values of one frame are contiguous, once per outer index.
        let piece = block_len / outer.max(1);
        let mut values = vec![0.0; block_len * frames];
        let mut block = vec![0.0; block_len];
        for frame in 0..frames {
            self.draw_block(first_frame + signed(frame), &mut block);
            for (row, part) in block.chunks_exact(piece).enumerate() {
                let start = (row * frames + frame) * piece;
                values[start..start + piece].copy_from_slice(part);
            }
        }
        values
    }

    fn draw_block(&self, frame: i64, block: &mut [f32]) {
        let seed = SEED ^ noise::mix(self.key);
        match self.distribution {
            Distribution::Normal { mean, scale } => {
                noise::fill_normal(seed, frame, block);
                block.iter_mut().for_each(|x| *x = mean + scale * *x);
            }
            Distribution::Uniform { low, high } => {
                noise::fill_uniform(seed, frame, block);
                block.iter_mut().for_each(|x| *x = low + (high - low) * *x);
            }
        }
    }
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(distribution: Distribution) -> RandomNode {
        RandomNode {
            name: "noise".into(),
            distribution,
        }
    }

    fn normal() -> RandomNode {
        node(Distribution::Normal {
            mean: 0.0,
            scale: 1.0,
        })
    }

    fn length(frames: usize, skipped: usize) -> RunLength {
        RunLength { frames, skipped }
    }

    fn fit(node: &RandomNode, runs: &[((usize, usize), &[usize])], fixed: bool) -> Option<NoiseInput> {
        let drawn: Vec<Drawn> = runs
            .iter()
            .map(|(_, shape)| Drawn {
                shape: shape.to_vec(),
                half: false,
            })
            .collect();
        let runs: Vec<(RunLength, &Drawn)> = runs
            .iter()
            .zip(&drawn)
            .map(|(((frames, skipped), _), drawn)| (length(*frames, *skipped), drawn))
            .collect();
        NoiseInput::from_runs(node, 3, &runs, fixed)
    }

    fn two(a: &[usize], b: &[usize]) -> Option<NoiseInput> {
        fit(&normal(), &[((30, 0), a), ((26, 0), b)], false)
    }

    #[test]
    fn the_one_growing_axis_is_time() {
        let input = two(&[1, 14_400, 9], &[1, 12_480, 9]).expect("480 a frame");
        assert_eq!((input.time, &input.shape[..]), (Some(1), &[1, 480, 9][..]));
        assert_eq!(input.shape_of(length(50, 0)), [1, 24_000, 9]);
        let still = two(&[1, 9], &[1, 9]).expect("no time");
        assert_eq!((still.time, still.shape_of(length(50, 0))), (None, vec![1, 9]));
        assert_eq!(two(&[1, 31], &[1, 27]), None, "one more value than frames");
        assert_eq!(two(&[30, 30], &[26, 26]), None, "two axes");
        assert_eq!(two(&[30], &[26, 1]), None, "another rank");
        assert_eq!(two(&[0], &[0]), None, "no floats");
    }

    #[test]
    fn the_axis_of_a_fixed_length_is_time() {
        let run = |shape: &[usize]| fit(&normal(), &[((1000, 0), shape), ((1000, 0), shape)], true);
        let input = run(&[1, 192, 1000]).expect("one a frame");
        assert_eq!((input.time, &input.shape[..]), (Some(2), &[1, 192, 1][..]));
        assert_eq!(run(&[1, 9]).expect("no time").time, None);
        let input = run(&[1, 1000, 4000]).expect("4000 a frame");
        assert_eq!(
            (input.time, input.shape_of(length(1000, 0))),
            (Some(1), vec![1, 1000, 4000])
        );
        assert_eq!(run(&[1000, 1000]), None, "two axes");
    }

    #[test]
    fn noise_of_models_that_crop_covers_all_or_the_returned_frames_or_some_before() {
        let run = |cropped: usize| {
            let runs: [((usize, usize), &[usize]); 3] = [
                ((30, 0), &[1, 300]),
                ((26, 0), &[1, 260]),
                ((60, 40), &[1, cropped]),
            ];
            fit(&normal(), &runs, false)
        };
        for (cropped, sizes) in [(600, 500), (200, 200), (440, 440)] {
            let input = run(cropped).expect("a rule");
            assert_eq!(input.shape_of(length(50, 30)), [1, sizes], "{cropped}");
            // The values of the last frame do not depend on what is left out before it.
            let (whole, cut) = (input.draw(length(50, 0), 0), input.draw(length(50, 30), 0));
            assert_eq!(whole[490..], cut[cut.len() - 10..], "{cropped}");
        }
        assert_eq!(run(605), None, "no whole frames");
        assert_eq!(run(100), None, "fewer than are returned");
    }

    #[test]
    fn overlapping_windows_have_equal_values_in_shared_frames() {
        for (axis, shape) in [(1, &[1, 60, 3][..]), (1, &[2, 30][..]), (0, &[30][..])] {
            let mut other = shape.to_vec();
            other[axis] = other[axis] / 30 * 26;
            let input = two(shape, &other).expect("a rule");
            let (early, late) = (input.draw(length(10, 0), 100), input.draw(length(8, 0), 104));
            // Frames 104 to 109 are in both.
            let outer: usize = shape[..axis].iter().product();
            let piece = early.len() / outer / 10;
            for row in 0..outer {
                let a = &early[(row * 10 + 4) * piece..(row + 1) * 10 * piece];
                let b = &late[row * 8 * piece..(row * 8 + 6) * piece];
                assert_eq!(a, b, "{shape:?}, row {row}");
            }
        }
    }

    #[test]
    fn drawn_values_have_the_mean_and_variance_of_the_distribution() {
        let runs: [((usize, usize), &[usize]); 2] = [((30, 0), &[30_000]), ((26, 0), &[26_000])];
        let draw = |distribution| {
            let input = fit(&node(distribution), &runs, false).expect("a rule");
            let values = input.draw(length(10, 0), 0);
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / values.len() as f32;
            (values, mean, variance)
        };
        let (values, mean, _) = draw(Distribution::Uniform { low: -2.0, high: 4.0 });
        assert!(values.iter().all(|x| (-2.0..4.0).contains(x)) && (mean - 1.0).abs() < 0.1);
        let (_, mean, variance) = draw(Distribution::Normal {
            mean: 5.0,
            scale: 0.5,
        });
        assert!((mean - 5.0).abs() < 0.02 && (variance - 0.25).abs() < 0.02);
    }
}
