//! Arrays of an `.npz`, checked against what a voice takes.

use anyhow::{Context, Result, bail, ensure};
use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadableElement};
use std::fs::File;
use std::path::Path;

/// Longest input: ten minutes of frames.
const MAX_FRAMES: usize = 60_000;

/// An opened `.npz`.
pub struct Arrays {
    npz: NpzReader<File>,
    names: Vec<String>,
}

impl Arrays {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let no_npz = || format!("{} is no NumPy .npz file", path.display());
        let mut npz = NpzReader::new(file).with_context(no_npz)?;
        let names = npz.names().with_context(no_npz)?;
        Ok(Self { npz, names })
    }

    /// The elements of an array whose shape is `shape`, where `None` fits any size.
    pub fn read<T: ReadableElement + Clone>(
        &mut self,
        name: &str,
        shape: &[Option<usize>],
    ) -> Result<(Vec<T>, Vec<usize>)> {
        let stored = [name.to_string(), format!("{name}.npy")];
        let Some(stored) = stored.iter().find(|stored| self.names.contains(stored)) else {
            bail!(
                "the inputs have no `{name}` (they have: {})",
                self.names.join(", ")
            );
        };
        let array: ArrayD<T> = self.npz.by_name(stored).with_context(|| {
            format!(
                "`{name}` of the inputs cannot be read; it has to be an array of {}",
                std::any::type_name::<T>()
            )
        })?;
        let found = array.shape().to_vec();
        let fits = found.len() == shape.len()
            && found
                .iter()
                .zip(shape)
                .all(|(found, wanted)| wanted.is_none_or(|wanted| wanted == *found));
        ensure!(
            fits,
            "`{name}` of the inputs has the shape {found:?}; {} fits",
            described(shape)
        );
        // In the order of its axes, however it was stored.
        Ok((array.iter().cloned().collect(), found))
    }

    /// Embeddings `[1, T, width]`, and T.
    pub fn phone(&mut self, width: usize) -> Result<(Vec<f32>, usize)> {
        let (phone, shape) = self.read("phone", &[Some(1), None, Some(width)])?;
        let frames = shape[1];
        ensure!(
            (1..=MAX_FRAMES).contains(&frames),
            "`phone` of the inputs has {frames} frames; 1 to {MAX_FRAMES} can be rendered"
        );
        Ok((phone, frames))
    }
}

fn described(shape: &[Option<usize>]) -> String {
    let sizes: Vec<String> = shape
        .iter()
        .map(|size| size.map_or_else(|| "T".to_string(), |size| size.to_string()))
        .collect();
    format!("[{}]", sizes.join(", "))
}
