//! A voice's weights for the graph: shapes are checked, and weight norm is
//! folded in.

use super::super::container::WeightsFile;
use super::super::names::Names;
use super::error::VoiceFileError;

/// Reads weights from a file, one layer at a time.
pub struct Weights<'a> {
    file: &'a mut WeightsFile,
    names: &'a Names,
}

/// Weight and optional bias of a layer.
pub struct Layer {
    /// The weight, row-major.
    pub weight: Vec<f32>,
    /// The bias.
    pub bias: Option<Vec<f32>>,
}

impl<'a> Weights<'a> {
    /// Reads from `file`, whose tensors are `names`.
    pub fn new(file: &'a mut WeightsFile, names: &'a Names) -> Self {
        Self { file, names }
    }

    /// True if there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.names.has(name)
    }

    /// Size of the last axis of a weight.
    pub fn kernel(&self, layer: &str) -> Result<usize, VoiceFileError> {
        let name = format!("{layer}.weight");
        let last = self.names.shape(&name).and_then(<[u64]>::last);
        let kernel = last.and_then(|&size| usize::try_from(size).ok());
        kernel.ok_or(VoiceFileError::Missing { name })
    }

    /// Size of the first axis of a weight.
    pub fn rows(&self, layer: &str) -> Result<usize, VoiceFileError> {
        let name = format!("{layer}.weight");
        let first = self.names.shape(&name).and_then(<[u64]>::first);
        let rows = first.and_then(|&size| usize::try_from(size).ok());
        rows.ok_or(VoiceFileError::Missing { name })
    }

    /// A tensor of the given shape.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, VoiceFileError> {
        let tensor = self.names.get(name);
        let tensor = tensor.ok_or_else(|| VoiceFileError::Missing { name: name.into() })?;
        let same = tensor.shape.len() == shape.len()
            && tensor
                .shape
                .iter()
                .zip(shape)
                .all(|(&found, &wanted)| usize::try_from(found).is_ok_and(|found| found == wanted));
        if !same {
            return Err(VoiceFileError::Shape {
                name: name.into(),
                found: tensor.shape.clone(),
                wanted: shape.to_vec(),
            });
        }
        Ok(self.file.values(tensor, name)?)
    }

    /// A layer's weight of the given shape, and its bias of `outputs` values
    /// if it has one.
    pub fn layer(&mut self, layer: &str, shape: &[usize], outputs: usize) -> Result<Layer, VoiceFileError> {
        let bias = format!("{layer}.bias");
        Ok(Layer {
            weight: self.weight(&format!("{layer}.weight"), shape)?,
            bias: if self.has(&bias) {
                Some(self.tensor(&bias, &[outputs])?)
            } else {
                None
            },
        })
    }

    /// Direction times length, if the file stores them separately. The norm is taken
    /// over all axes except the first, which in a transposed convolution is the
    /// *input* channel.
    fn weight(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, VoiceFileError> {
        let (direction, length) = (format!("{name}_v"), format!("{name}_g"));
        if self.has(name) || !self.has(&direction) {
            return self.tensor(name, shape);
        }
        let mut weight = self.tensor(&direction, shape)?;
        let rows = shape.first().copied().unwrap_or(1);
        let mut one_per_row = vec![1; shape.len()];
        one_per_row[0] = rows;
        let lengths = self.tensor(&length, &one_per_row)?;
        let row_len = (weight.len() / rows.max(1)).max(1);
        for (row, length) in weight.chunks_mut(row_len).zip(lengths) {
            let squares: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            #[expect(clippy::cast_possible_truncation, reason = "weights have 32 bits")]
            let scale = (f64::from(length) / squares.sqrt()) as f32;
            if !scale.is_finite() {
                return Err(VoiceFileError::Read(super::super::error::ReadError::NotFinite {
                    tensor: name.to_string(),
                }));
            }
            row.iter_mut().for_each(|x| *x *= scale);
        }
        Ok(weight)
    }
}
