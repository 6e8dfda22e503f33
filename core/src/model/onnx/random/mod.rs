//! Replaces the random nodes of a model by inputs.
//!
//! Two renders are equal only if their noise is, so a model's random nodes are replaced by
//! inputs when it is loaded, and filled by the counter-based generator, keyed by the
//! absolute frame. For that their shapes must be known: the unchanged file is run at two
//! lengths, with its random values as additional outputs. An axis that grows with the
//! length is time, with a fixed number of values per frame; values without such an axis
//! are constant.
//!
//! If that is not possible, the model runs unchanged and is reported as not reproducible.

mod graph;
mod wire;

use super::session::{ModelFileError, from_bytes, read};
use crate::dsp::noise;
use graph::{Distribution, RandomNode};
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::Tensor;
use std::borrow::Cow;
use std::path::Path;

/// Seed of this noise; differs from that of the noise input of voices.
const SEED: u64 = 0x524E_444E_4F44_4553;

/// True if two runs of the model at `path` may differ.
///
/// # Errors
/// If the file cannot be read; see [`ModelFileError`].
pub fn is_random(model: &'static str, path: &Path) -> Result<bool, ModelFileError> {
    let bytes = read(model, path)?;
    Ok(graph::find(&bytes).is_ok_and(|found| found.is_random()))
}

/// How a model's random nodes are handled.
pub enum ModelNoise {
    /// There are none.
    None,
    /// Their shapes are being probed.
    Probing {
        /// The file.
        bytes: Vec<u8>,
        /// The nodes.
        nodes: Vec<RandomNode>,
        /// Number of frames of each run, and the shapes of the nodes in it.
        runs: Vec<(usize, Vec<Vec<usize>>)>,
    },
    /// They are replaced by inputs.
    Replaced(Vec<NoiseInput>),
    /// They stay random.
    Random,
}

impl ModelNoise {
    /// Opens a model. If the result is [`Self::Probing`], run it at two lengths, pass the
    /// outputs to [`Self::record_shapes`], and call [`Self::finish_probing`].
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(model: &'static str, path: &Path) -> Result<(Session, Self), ModelFileError> {
        let bytes = read(model, path)?;
        let found = graph::find(&bytes).unwrap_or_default();
        if !found.is_random() {
            return Ok((from_bytes(path, &bytes)?, Self::None));
        }
        let probing = graph::with_inputs(&bytes, &[], &[])
            .and_then(|bytes| Ok((graph::with_outputs(&bytes, &found.nodes)?, bytes)));
        let (false, Ok((with_outputs, bytes))) = (found.has_others, probing) else {
            return Ok((from_bytes(path, &bytes)?, Self::Random));
        };
        if found.nodes.is_empty() {
            // There are only dropouts, and their training mode has been disabled.
            return Ok((from_bytes(path, &bytes)?, Self::None));
        }
        let Ok(session) = from_bytes(path, &with_outputs) else {
            return Ok((from_bytes(path, &bytes)?, Self::Random));
        };
        let noise = Self::Probing {
            bytes,
            nodes: found.nodes,
            runs: Vec::new(),
        };
        Ok((session, noise))
    }

    /// Records the shapes of a run over `frames`, while probing.
    pub fn record_shapes(&mut self, frames: usize, outputs: &SessionOutputs<'_>) {
        if let Self::Probing { nodes, runs, .. } = self {
            let shape_of = |node: &RandomNode| -> Vec<usize> {
                let value = outputs.get(node.name.as_str());
                value
                    .and_then(|value| value.try_extract_tensor::<f32>().ok())
                    .map(|(shape, _)| {
                        let sizes = shape.iter().map(|&size| usize::try_from(size).unwrap_or(0));
                        sizes.collect()
                    })
                    // Not 32-bit floats: an impossible shape.
                    .unwrap_or_else(|| vec![0])
            };
            runs.push((frames, nodes.iter().map(shape_of).collect()));
        }
    }

    /// The session to use after the runs; `None`: the present one.
    ///
    /// # Errors
    /// If the unchanged file does not load.
    pub fn finish_probing(&mut self, path: &Path) -> Result<Option<Session>, ModelFileError> {
        let Self::Probing { bytes, nodes, runs } = self else {
            return Ok(None);
        };
        let inputs: Option<Vec<NoiseInput>> = nodes
            .iter()
            .enumerate()
            .map(|(n, node)| {
                let shapes = runs.iter().map(|(frames, shapes)| (*frames, &shapes[n][..]));
                NoiseInput::from_shapes(node, n as u64, &shapes.collect::<Vec<_>>())
            })
            .collect();
        let replaced = inputs.and_then(|inputs| {
            let ranks: Vec<usize> = inputs.iter().map(|input| input.shape.len()).collect();
            let changed = graph::with_inputs(bytes, nodes, &ranks).ok()?;
            Some((from_bytes(path, &changed).ok()?, inputs))
        });
        let session = match replaced {
            Some((session, inputs)) => {
                *self = Self::Replaced(inputs);
                session
            }
            None => {
                let session = from_bytes(path, bytes)?;
                *self = Self::Random;
                session
            }
        };
        Ok(Some(session))
    }

    /// Adds the noise of `frames` frames of 10 ms from frame `first_frame` of the stream on.
    ///
    /// # Errors
    /// If the runtime is out of memory.
    pub fn add_inputs<'a>(
        &'a self,
        frames: usize,
        first_frame: i64,
        values: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
    ) -> Result<(), ort::Error> {
        if let Self::Replaced(inputs) = self {
            for input in inputs {
                let tensor = Tensor::from_array((input.shape_of(frames), input.draw(frames, first_frame)))?;
                values.push((input.name.clone().into(), tensor.into()));
            }
        }
        Ok(())
    }

    /// True if two renders are the same.
    #[must_use]
    pub fn is_reproducible(&self) -> bool {
        matches!(self, Self::None | Self::Replaced(_))
    }
}

/// An input that replaces a random node.
#[derive(Debug, PartialEq)]
pub struct NoiseInput {
    name: String,
    distribution: Distribution,
    key: u64,
    /// Its shape; on the axis `time`, values per frame of 10 ms.
    shape: Vec<usize>,
    time: Option<usize>,
}

impl NoiseInput {
    /// Derives the shape per frame from the shapes of two runs; `None` if they do not
    /// determine it.
    fn from_shapes(node: &RandomNode, key: u64, runs: &[(usize, &[usize])]) -> Option<Self> {
        let [(frames_a, a), (frames_b, b)] = *runs else {
            return None;
        };
        if a.len() != b.len() || a.contains(&0) || frames_a == frames_b {
            return None;
        }
        let mut grows = (0..a.len()).filter(|&axis| a[axis] != b[axis]);
        let time = grows.next();
        if grows.next().is_some() {
            return None;
        }
        let mut shape = a.to_vec();
        if let Some(axis) = time {
            let per_frame = a[axis] / frames_a;
            if per_frame * frames_a != a[axis] || per_frame * frames_b != b[axis] {
                return None;
            }
            shape[axis] = per_frame;
        }
        Some(Self {
            name: node.name.clone(),
            distribution: node.distribution,
            key,
            shape,
            time,
        })
    }

    fn shape_of(&self, frames: usize) -> Vec<usize> {
        let mut shape = self.shape.clone();
        if let Some(axis) = self.time {
            shape[axis] *= frames;
        }
        shape
    }

    /// The values of a run; those of a frame are the same in every run that contains it.
    fn draw(&self, frames: usize, first_frame: i64) -> Vec<f32> {
        let block_len: usize = self.shape.iter().product();
        let Some(axis) = self.time else {
            let mut values = vec![0.0; block_len];
            self.draw_block(0, &mut values);
            return values;
        };
        let outer: usize = self.shape[..axis].iter().product();
        // The values of one frame are contiguous, once per outer index.
        let piece = block_len / outer.max(1);
        let mut values = vec![0.0; block_len * frames];
        let mut block = vec![0.0; block_len];
        for frame in 0..frames {
            self.draw_block(first_frame + i64::try_from(frame).unwrap_or(0), &mut block);
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

    #[test]
    fn from_shapes_takes_the_one_growing_axis_as_time() {
        let fit = |a: &[usize], b: &[usize]| NoiseInput::from_shapes(&normal(), 0, &[(30, a), (26, b)]);
        let input = fit(&[1, 14_400, 9], &[1, 12_480, 9]).expect("480 a frame");
        assert_eq!((input.time, &input.shape[..]), (Some(1), &[1, 480, 9][..]));
        assert_eq!(input.shape_of(50), [1, 24_000, 9]);
        let still = fit(&[1, 9], &[1, 9]).expect("no time");
        assert_eq!((still.time, still.shape_of(50)), (None, vec![1, 9]));
        assert_eq!(fit(&[1, 31], &[1, 27]), None, "one more value than frames");
        assert_eq!(fit(&[30, 30], &[26, 26]), None, "two axes");
        assert_eq!(fit(&[30], &[26, 1]), None, "another rank");
        assert_eq!(fit(&[0], &[0]), None, "no floats");
    }

    #[test]
    fn overlapping_windows_have_equal_values_in_shared_frames() {
        for shape in [&[1, 60, 3][..], &[2, 30][..], &[30][..]] {
            let axis = shape.len().saturating_sub(2).max(usize::from(shape.len() > 1));
            let axis = if shape.len() == 1 { 0 } else { axis };
            let mut other = shape.to_vec();
            other[axis] = other[axis] / 30 * 26;
            let input = NoiseInput::from_shapes(&normal(), 3, &[(30, shape), (26, &other)]).expect("a rule");
            let (early, late) = (input.draw(10, 100), input.draw(8, 104));
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
        let shape = [30_000];
        let runs = [(30, &shape[..]), (26, &[26_000][..])];
        let distribution = Distribution::Uniform { low: -2.0, high: 4.0 };
        let input = NoiseInput::from_shapes(&node(distribution), 0, &runs).expect("a rule");
        let values = input.draw(10, 0);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(values.iter().all(|x| (-2.0..4.0).contains(x)) && (mean - 1.0).abs() < 0.1);
        let distribution = Distribution::Normal {
            mean: 5.0,
            scale: 0.5,
        };
        let input = NoiseInput::from_shapes(&node(distribution), 0, &runs).expect("a rule");
        let values = input.draw(10, 0);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / values.len() as f32;
        assert!((mean - 5.0).abs() < 0.02 && (variance - 0.25).abs() < 0.02);
    }
}
