//! Models that draw their own random numbers, made to draw ours.
//!
//! Two renders are equal only if the noise in them is, so a model's random
//! nodes are made inputs when it is loaded, and fed from the counter-based
//! generator, keyed by the absolute frame. For that their shapes must be
//! known: the file is run once as it is, at two lengths, with its random
//! values among its outputs. An axis that grows with the length is time, and
//! as many values as it has per frame belong to that frame; values without
//! such an axis are drawn once and stay.
//!
//! Where that cannot be, the model runs as it is and says that it is not
//! reproducible.

mod graph;
mod wire;

use super::session::{ModelFileError, from_bytes, read};
use crate::dsp::noise;
use graph::{Law, Source};
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::Tensor;
use std::borrow::Cow;
use std::path::Path;

/// Key of this noise; another than that of the noise which voices ask for.
const SEED: u64 = 0x524E_444E_4F44_4553;

/// True if two runs of the model at `path` may differ.
///
/// # Errors
/// If the file cannot be read; see [`ModelFileError`].
pub fn draws_its_own(model: &'static str, path: &Path) -> Result<bool, ModelFileError> {
    let bytes = read(model, path)?;
    Ok(graph::find(&bytes).is_ok_and(|found| found.is_random()))
}

/// What a model's random nodes have become.
pub enum ModelNoise {
    /// It has none.
    None,
    /// Their shapes are being learned.
    Learning {
        /// The file.
        bytes: Vec<u8>,
        /// The nodes.
        sources: Vec<Source>,
        /// Frames of a run, and the shape of each source in it.
        seen: Vec<(usize, Vec<Vec<usize>>)>,
    },
    /// They are inputs.
    Fed(Vec<NoiseInput>),
    /// They draw as they like.
    Unfed,
}

impl ModelNoise {
    /// Opens a model. If it is [`Self::Learning`] then, run it at two lengths,
    /// show the outputs to [`Self::look`], and go on with [`Self::learned`].
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(model: &'static str, path: &Path) -> Result<(Session, Self), ModelFileError> {
        let bytes = read(model, path)?;
        let found = graph::find(&bytes).unwrap_or_default();
        if !found.is_random() {
            return Ok((from_bytes(path, &bytes)?, Self::None));
        }
        let learning = graph::with_inputs(&bytes, &[], &[])
            .and_then(|bytes| Ok((graph::with_outputs(&bytes, &found.sources)?, bytes)));
        let (false, Ok((shown, bytes))) = (found.others, learning) else {
            return Ok((from_bytes(path, &bytes)?, Self::Unfed));
        };
        if found.sources.is_empty() {
            // Dropouts only, and they are told to drop nothing.
            return Ok((from_bytes(path, &bytes)?, Self::None));
        }
        let Ok(session) = from_bytes(path, &shown) else {
            return Ok((from_bytes(path, &bytes)?, Self::Unfed));
        };
        let noise = Self::Learning {
            bytes,
            sources: found.sources,
            seen: Vec::new(),
        };
        Ok((session, noise))
    }

    /// Notes the shapes of a run over `frames`, while they are being learned.
    pub fn look(&mut self, frames: usize, outputs: &SessionOutputs<'_>) {
        if let Self::Learning { sources, seen, .. } = self {
            let shape_of = |source: &Source| -> Vec<usize> {
                let value = outputs.get(source.name.as_str());
                value
                    .and_then(|value| value.try_extract_tensor::<f32>().ok())
                    .map(|(shape, _)| {
                        let sizes = shape.iter().map(|&size| usize::try_from(size).unwrap_or(0));
                        sizes.collect()
                    })
                    // No 32-bit floats: a shape that nothing fits.
                    .unwrap_or_else(|| vec![0])
            };
            seen.push((frames, sources.iter().map(shape_of).collect()));
        }
    }

    /// The session to go on with, once two lengths were seen; `None`: the
    /// one that there is.
    ///
    /// # Errors
    /// If the file as it is does not load.
    pub fn learned(&mut self, path: &Path) -> Result<Option<Session>, ModelFileError> {
        let Self::Learning { bytes, sources, seen } = self else {
            return Ok(None);
        };
        let inputs: Option<Vec<NoiseInput>> = sources
            .iter()
            .enumerate()
            .map(|(n, source)| {
                let shapes = seen.iter().map(|(frames, shapes)| (*frames, &shapes[n][..]));
                NoiseInput::fit(source, n as u64, &shapes.collect::<Vec<_>>())
            })
            .collect();
        let made = inputs.and_then(|inputs| {
            let ranks: Vec<usize> = inputs.iter().map(|input| input.shape.len()).collect();
            let fed = graph::with_inputs(bytes, sources, &ranks).ok()?;
            Some((from_bytes(path, &fed).ok()?, inputs))
        });
        let session = match made {
            Some((session, inputs)) => {
                *self = Self::Fed(inputs);
                session
            }
            None => {
                let session = from_bytes(path, bytes)?;
                *self = Self::Unfed;
                session
            }
        };
        Ok(Some(session))
    }

    /// Adds the noise of `frames` frames of 10 ms, the first of them being
    /// frame `first_frame` of the stream.
    ///
    /// # Errors
    /// If the runtime is out of memory.
    pub fn feed<'a>(
        &'a self,
        frames: usize,
        first_frame: i64,
        values: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
    ) -> Result<(), ort::Error> {
        if let Self::Fed(inputs) = self {
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
        matches!(self, Self::None | Self::Fed(_))
    }
}

/// A random node that has become an input.
#[derive(Debug, PartialEq)]
pub struct NoiseInput {
    name: String,
    law: Law,
    key: u64,
    /// Its shape; along `time` the values per frame of 10 ms.
    shape: Vec<usize>,
    time: Option<usize>,
}

impl NoiseInput {
    /// The rule behind the shapes that were seen at some lengths; `None` if
    /// there is no such rule.
    fn fit(source: &Source, key: u64, seen: &[(usize, &[usize])]) -> Option<Self> {
        let [(frames_a, a), (frames_b, b)] = *seen else {
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
            name: source.name.clone(),
            law: source.law,
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

    /// The values of a run: those of a frame are the same in every run that
    /// holds it.
    fn draw(&self, frames: usize, first_frame: i64) -> Vec<f32> {
        let block_len: usize = self.shape.iter().product();
        let Some(axis) = self.time else {
            let mut values = vec![0.0; block_len];
            self.draw_block(0, &mut values);
            return values;
        };
        let outer: usize = self.shape[..axis].iter().product();
        // What belongs to one frame lies together, once per outer index.
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
        match self.law {
            Law::Normal { mean, scale } => {
                noise::fill_normal(seed, frame, block);
                block.iter_mut().for_each(|x| *x = mean + scale * *x);
            }
            Law::Uniform { low, high } => {
                noise::fill_uniform(seed, frame, block);
                block.iter_mut().for_each(|x| *x = low + (high - low) * *x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(law: Law) -> Source {
        Source {
            name: "noise".into(),
            law,
        }
    }

    fn normal() -> Source {
        source(Law::Normal {
            mean: 0.0,
            scale: 1.0,
        })
    }

    #[test]
    fn the_axis_that_grows_is_time() {
        let fit = |a: &[usize], b: &[usize]| NoiseInput::fit(&normal(), 0, &[(30, a), (26, b)]);
        let input = fit(&[1, 14_400, 9], &[1, 12_480, 9]).expect("480 a frame");
        assert_eq!((input.time, &input.shape[..]), (Some(1), &[1, 480, 9][..]));
        assert_eq!(input.shape_of(50), [1, 24_000, 9]);
        let still = fit(&[1, 9], &[1, 9]).expect("no time");
        assert_eq!((still.time, still.shape_of(50)), (None, vec![1, 9]));
        assert_eq!(fit(&[1, 31], &[1, 27]), None, "one more than there are frames");
        assert_eq!(fit(&[30, 30], &[26, 26]), None, "two axes");
        assert_eq!(fit(&[30], &[26, 1]), None, "another rank");
        assert_eq!(fit(&[0], &[0]), None, "no floats");
    }

    #[test]
    fn a_frame_has_its_values_in_every_window() {
        for shape in [&[1, 60, 3][..], &[2, 30][..], &[30][..]] {
            let axis = shape.len().saturating_sub(2).max(usize::from(shape.len() > 1));
            let axis = if shape.len() == 1 { 0 } else { axis };
            let mut other = shape.to_vec();
            other[axis] = other[axis] / 30 * 26;
            let input = NoiseInput::fit(&normal(), 3, &[(30, shape), (26, &other)]).expect("a rule");
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
    fn laws_are_kept() {
        let shape = [30_000];
        let seen = [(30, &shape[..]), (26, &[26_000][..])];
        let law = Law::Uniform { low: -2.0, high: 4.0 };
        let input = NoiseInput::fit(&source(law), 0, &seen).expect("a rule");
        let values = input.draw(10, 0);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(values.iter().all(|x| (-2.0..4.0).contains(x)) && (mean - 1.0).abs() < 0.1);
        let law = Law::Normal {
            mean: 5.0,
            scale: 0.5,
        };
        let input = NoiseInput::fit(&source(law), 0, &seen).expect("a rule");
        let values = input.draw(10, 0);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / values.len() as f32;
        assert!((mean - 5.0).abs() < 0.02 && (variance - 0.25).abs() < 0.02);
    }
}
