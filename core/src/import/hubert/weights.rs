//! An encoder's weights; shapes are checked.

use super::super::container::WeightsFile;
use super::super::error::ReadError;
use super::super::names::Names;
use super::error::EncoderFileError;

/// Reads weights from a file, one tensor at a time.
pub struct Weights<'a> {
    pub file: &'a mut WeightsFile,
    pub names: Names,
}

impl Weights<'_> {
    /// True if there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.names.has(name)
    }

    /// Sizes of a weight, stored directly or as weight norm.
    pub fn sizes<const N: usize>(&self, name: &str) -> Result<[usize; N], EncoderFileError> {
        let missing = || EncoderFileError::Missing { name: name.into() };
        let found = self.names.shape(name).ok_or_else(missing)?;
        let mut sizes = [0; N];
        let fits = found.len() == N
            && sizes.iter_mut().zip(found).all(|(size, &found)| {
                *size = usize::try_from(found).unwrap_or(usize::MAX);
                (1..=MAX_SIZE).contains(size)
            });
        if fits {
            return Ok(sizes);
        }
        Err(EncoderFileError::Unsupported {
            what: format!("`{name}` of the shape {found:?}"),
        })
    }

    /// A tensor of the given shape.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderFileError> {
        let tensor = self.names.get(name);
        let tensor = tensor.ok_or_else(|| EncoderFileError::Missing { name: name.into() })?;
        let same = tensor.shape.len() == shape.len()
            && tensor
                .shape
                .iter()
                .zip(shape)
                .all(|(&found, &wanted)| usize::try_from(found).is_ok_and(|found| found == wanted));
        if !same {
            return Err(EncoderFileError::Shape {
                name: name.into(),
                found: tensor.shape.clone(),
                wanted: shape.to_vec(),
            });
        }
        Ok(self.file.values(tensor, name)?)
    }

    /// The weight of the positional convolution. Its norm is taken over the first two axes:
    /// one length for each position of the kernel (`dim=2`).
    pub fn positions(&mut self, layer: &str, shape: &[usize; 3]) -> Result<Vec<f32>, EncoderFileError> {
        let name = format!("{layer}.weight");
        if self.has(&name) || !self.has(&format!("{name}_v")) {
            return self.tensor(&name, shape);
        }
        let kernel = shape[2];
        let mut weight = self.tensor(&format!("{name}_v"), shape)?;
        let lengths = self.tensor(&format!("{name}_g"), &[1, 1, kernel])?;
        let mut squares = vec![0.0_f64; kernel];
        for row in weight.chunks_exact(kernel) {
            for (sum, &x) in squares.iter_mut().zip(row) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "weights have 32 bits")]
        let scales: Vec<f32> = lengths
            .iter()
            .zip(&squares)
            .map(|(&length, &squares)| (f64::from(length) / squares.sqrt()) as f32)
            .collect();
        if scales.iter().any(|scale| !scale.is_finite()) {
            return Err(EncoderFileError::Read(ReadError::NotFinite { tensor: name }));
        }
        for row in weight.chunks_exact_mut(kernel) {
            row.iter_mut().zip(&scales).for_each(|(x, scale)| *x *= scale);
        }
        Ok(weight)
    }
}

/// Widest accepted layer; wider than any encoder's.
const MAX_SIZE: usize = 1 << 16;
