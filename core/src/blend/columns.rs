//! Columns of an embedding with their own share of the ratio.
//!
//! A retrieved frame comes from another moment of the target's speech: it often belongs to
//! another phoneme, and always has another timing. If an embedding separates content
//! (the words), detail (differences between frames of equal content) and speaker into columns, a pack can
//! set how far each of them follows the ratio.
//!
//! Thread: worker, once per frame; [`DetailSmoother::new`] at load time.

/// Column layout of a pack's embedding: first the content columns, then those of detail,
/// then all others. By default all columns follow the ratio, as for all usual encoders.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Deserialize)]
pub struct Columns {
    /// Content columns: the words.
    #[serde(default)]
    pub content: Content,
    /// Columns that distinguish frames of equal content and speaker.
    #[serde(default)]
    pub detail: Detail,
}

/// Content columns, which follow only a share of the ratio, so that the input's words
/// are kept.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct Content {
    /// Number of columns.
    pub columns: usize,
    /// Their share of the ratio, 0..1.
    pub share: f32,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            columns: 0,
            share: 1.0,
        }
    }
}

/// Detail columns, in which the difference from the live to the retrieved embedding is
/// averaged over the newest frames: the lasting part (speaker) is converted, fast
/// movement mostly stays the input's.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct Detail {
    /// Number of columns.
    pub columns: usize,
    /// Frames of 20 ms in the mean, including the current one; 1: no mean.
    pub settle_frames: usize,
    /// Share of the fast part (difference minus mean) that follows too, 0..1, at a ratio
    /// of 1; at lower ratios it is scaled by the cube of the ratio.
    #[serde(default)]
    pub quick: f32,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            columns: 0,
            settle_frames: 1,
            quick: 0.0,
        }
    }
}

/// Longest mean (2.56 s).
const MAX_SETTLE_FRAMES: usize = 128;

/// Averages the newest differences from live to retrieved detail.
pub struct DetailSmoother {
    first: usize,
    columns: usize,
    frames: usize,
    quick: f32,
    /// [frames * columns], oldest overwritten first.
    deltas: Vec<f32>,
    /// Frames since the restart.
    seen: usize,
    /// Mean of the newest differences.
    mean: Vec<f32>,
    /// The embedding to blend towards, all columns.
    goal: Vec<f32>,
}

impl DetailSmoother {
    /// For embeddings of `dim` values; columns beyond them are ignored.
    #[must_use]
    pub fn new(columns: Columns, dim: usize) -> Self {
        let first = columns.content.columns.min(dim);
        let count = columns.detail.columns.min(dim - first);
        let frames = columns.detail.settle_frames.clamp(1, MAX_SETTLE_FRAMES);
        Self {
            first,
            columns: count,
            frames,
            quick: columns.detail.quick.clamp(0.0, 1.0),
            deltas: vec![0.0; frames * count],
            seen: 0,
            mean: vec![0.0; count],
            goal: vec![0.0; dim],
        }
    }

    /// Drops the previous frames.
    pub fn restart(&mut self) {
        self.seen = 0;
    }

    /// Adds a frame.
    ///
    /// # Panics
    /// If either is not of `dim` values.
    pub fn push(&mut self, live: &[f32], retrieved: &[f32]) {
        self.goal.copy_from_slice(retrieved);
        let part = self.first..self.first + self.columns;
        let newest = self.seen % self.frames * self.columns;
        let delta = &mut self.deltas[newest..newest + self.columns];
        for ((delta, &own), &other) in delta.iter_mut().zip(&live[part.clone()]).zip(&retrieved[part]) {
            *delta = other - own;
        }
        self.seen += 1;
        let count = self.seen.min(self.frames);
        #[expect(clippy::cast_precision_loss, reason = "at most 128")]
        let divisor = count as f32;
        for (column, mean) in self.mean.iter_mut().enumerate() {
            // Summed from scratch, so that rounding errors do not accumulate and a bad
            // frame leaves the mean.
            let deltas = self.deltas.iter().skip(column).step_by(self.columns);
            *mean = deltas.take(count).sum::<f32>() / divisor;
        }
    }

    /// The embedding to blend towards at `ratio`: the retrieved one with smoothed detail.
    pub fn goal(&mut self, live: &[f32], retrieved: &[f32], ratio: f32) -> &[f32] {
        if self.frames > 1 {
            let part = self.first..self.first + self.columns;
            let quick = self.quick * ratio.powi(3);
            let (live, retrieved) = (&live[part.clone()], &retrieved[part.clone()]);
            for (((goal, mean), &own), &other) in self.goal[part]
                .iter_mut()
                .zip(&self.mean)
                .zip(live)
                .zip(retrieved)
            {
                *goal = own + mean + quick * (other - own - mean);
            }
        }
        &self.goal
    }
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "a few frames")]
mod tests {
    use super::super::{Blender, FrameInput, Target};
    use super::*;
    use crate::controls::Controls;
    use crate::frames::Frames;
    use crate::retrieval::{FlatIndex, Metric};
    use std::sync::Arc;

    /// Two columns of content, two of detail, one of voice.
    const DIM: usize = 5;
    const COLUMNS: Columns = Columns {
        content: Content {
            columns: 2,
            share: 0.25,
        },
        detail: Detail {
            columns: 2,
            settle_frames: 3,
            quick: 0.5,
        },
    };
    /// The target: two sounds of one voice.
    const TARGET: [[f32; DIM]; 2] = [[1.0, 0.0, 0.2, -0.1, 0.5], [0.0, 1.0, -0.2, 0.1, 0.5]];

    /// Live frames near the two sounds in turn, each a little different.
    fn live(count: usize) -> Vec<[f32; DIM]> {
        let frame = |n: usize| {
            let small = 0.01 * n as f32;
            let sound = TARGET[n % 2];
            [sound[0] - small, sound[1] + small, 0.1 + small, 0.3 - small, -0.5]
        };
        (0..count).map(frame).collect()
    }

    fn blended(blender: &mut Blender, frames: &[[f32; DIM]], blend_ratio: f32) -> Vec<Vec<f32>> {
        let index = FlatIndex::new(Frames::from_data(DIM, TARGET.concat()), Metric::L2);
        let targets = [Target::new("a voice", Arc::new(index))];
        let mut controls = Controls {
            blend_ratio,
            ..Controls::default()
        };
        controls.search.k = 1;
        let row = |live: &[f32; DIM]| {
            let mut rows = [vec![0.0; DIM], vec![0.0; DIM]];
            let [first, second] = &mut rows;
            let input = FrameInput {
                live,
                f0_hz: [0.0; 2],
                level: [0.0; 2],
                controls: &controls,
            };
            blender.frame(&targets, &input, [first, second]);
            rows[1].clone()
        };
        frames.iter().map(row).collect()
    }

    #[test]
    fn content_follows_its_share_of_the_ratio_and_detail_the_mean_difference() {
        let frames = live(8);
        let mut blender = Blender::new(DIM).with_columns(COLUMNS);
        for (n, row) in blended(&mut blender, &frames, 0.6).iter().enumerate() {
            let delta = |frame: usize, column: usize| TARGET[frame % 2][column] - frames[frame][column];
            for (column, value) in row.iter().enumerate() {
                let first = (n + 1).saturating_sub(3);
                let mean =
                    (first..=n).map(|frame| delta(frame, column)).sum::<f32>() / (n + 1 - first) as f32;
                let wanted = match column {
                    0..2 => 0.6 * 0.25 * delta(n, column),
                    2..4 => 0.6 * (mean + 0.5 * 0.216 * (delta(n, column) - mean)),
                    _ => 0.6 * delta(n, column),
                };
                let found = value - frames[n][column];
                assert!(
                    (found - wanted).abs() < 1e-6,
                    "frame {n}, column {column}: {found}"
                );
            }
        }
    }

    #[test]
    fn ratio_0_returns_the_live_embedding() {
        let frames = live(5);
        let rows = blended(&mut Blender::new(DIM).with_columns(COLUMNS), &frames, 0.0);
        let own: Vec<Vec<f32>> = frames.iter().map(|frame| frame.to_vec()).collect();
        assert_eq!(rows, own);
    }

    #[test]
    fn a_restart_drops_the_detail_of_previous_frames() {
        let frames = live(6);
        let mut blender = Blender::new(DIM).with_columns(COLUMNS);
        let fresh = blended(&mut blender, &frames, 1.0);
        assert_ne!(
            blended(&mut blender, &frames, 1.0),
            fresh,
            "detail depends on previous frames"
        );
        blender.restart();
        assert_eq!(blended(&mut blender, &frames, 1.0), fresh);
    }

    #[test]
    fn columns_beyond_the_embedding_are_ignored() {
        let wide = Columns {
            content: Content {
                columns: 3,
                share: 0.5,
            },
            detail: Detail {
                columns: 99,
                settle_frames: 0,
                quick: 0.0,
            },
        };
        let frames = live(3);
        let rows = blended(&mut Blender::new(DIM).with_columns(wide), &frames, 1.0);
        assert_eq!(
            rows[2][3..],
            TARGET[0][3..],
            "with 0 settle frames only the newest counts"
        );
    }
}
