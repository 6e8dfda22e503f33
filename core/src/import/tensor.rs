//! A tensor's checked position in its storage, and its values as 32-bit floats.

use super::error::{MAX_RANK, ReadError};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// Type of a storage's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// 64-bit floating point.
    F64,
    /// 32-bit floating point.
    F32,
    /// Half precision.
    F16,
    /// Half precision with the exponent of f32.
    Bf16,
    /// Integers or booleans with this number of bytes.
    Integer(u8),
}

impl ElementType {
    /// Bytes per element.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Integer(bytes) => u64::from(bytes),
        }
    }

    /// PyTorch's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::Integer(_) => "integers",
        }
    }
}

/// A contiguous range of elements in the file, identified by the file's own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Key within the file.
    pub key: Box<str>,
    /// Type of its elements.
    pub element: ElementType,
    /// Number of elements.
    pub len: u64,
}

/// A view of a storage. Created only by [`Tensor::checked`], so that it is always
/// inside its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Number of the storage in its tree.
    pub storage: usize,
    /// Type of the elements.
    pub element: ElementType,
    /// Number of elements in the storage before the first one.
    pub offset: u64,
    /// Number of elements in each dimension.
    pub shape: Vec<u64>,
    /// Stride of each dimension, in elements.
    pub strides: Vec<u64>,
    /// Total number of elements.
    pub len: u64,
}

impl Tensor {
    /// Checks that a view is inside `storage` and covers no element twice.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn checked(
        number: usize,
        storage: &Storage,
        offset: u64,
        shape: Vec<u64>,
        strides: Vec<u64>,
    ) -> Result<Self, ReadError> {
        if shape.len() != strides.len() || shape.len() > MAX_RANK {
            return Err(ReadError::BadShape {
                what: format!("{} dimensions and {} strides", shape.len(), strides.len()),
            });
        }
        let outside = || ReadError::OutOfStorage {
            shape: shape.clone(),
            storage_len: storage.len,
        };
        let len = shape
            .iter()
            .try_fold(1_u64, |len, &size| len.checked_mul(size))
            .ok_or_else(outside)?;
        if len > 0 {
            let last = shape
                .iter()
                .zip(&strides)
                .try_fold(offset, |at, (&size, &stride)| {
                    at.checked_add((size - 1).checked_mul(stride)?)
                });
            if last.is_none_or(|last| last >= storage.len) {
                return Err(outside());
            }
            if overlaps(&shape, &strides) {
                return Err(ReadError::Overlapping { shape, strides });
            }
        }
        Ok(Self {
            storage: number,
            element: storage.element,
            offset,
            shape,
            strides,
            len,
        })
    }

    /// The values in row-major order; `bytes` are those of [`Self::byte_range`].
    ///
    /// # Errors
    /// If they are not floating-point numbers, or not finite. `name` appears in
    /// the messages.
    pub fn values(&self, bytes: &[u8], name: &str) -> Result<Vec<f32>, ReadError> {
        let not_here = || ReadError::damaged(format!("the storage of `{name}` is too short"));
        let (start, end) = self.byte_range();
        if u64::try_from(bytes.len()).ok() != end.checked_sub(start) {
            return Err(not_here());
        }
        let mut values = self.element.to_f32(bytes, name)?;
        if !self.is_contiguous() {
            values = self.picked(&values).ok_or_else(not_here)?;
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(ReadError::NotFinite {
                tensor: name.to_string(),
            });
        }
        Ok(values)
    }

    /// Range of bytes of its storage that it covers; empty if it has no elements.
    #[must_use]
    pub fn byte_range(&self) -> (u64, u64) {
        let spans = self.shape.iter().zip(&self.strides);
        let span: u64 = if self.len == 0 {
            0
        } else {
            1 + spans.map(|(&size, &stride)| (size - 1) * stride).sum::<u64>()
        };
        let size = self.element.bytes();
        (self.offset * size, (self.offset + span) * size)
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size > 1 && stride != expected {
                return false;
            }
            expected *= size.max(1);
        }
        true
    }

    fn picked(&self, from: &[f32]) -> Option<Vec<f32>> {
        let mut picked = Vec::with_capacity(usize::try_from(self.len).ok()?);
        let mut index = vec![0_u64; self.shape.len()];
        for _ in 0..self.len {
            let at: u64 = index
                .iter()
                .zip(&self.strides)
                .map(|(i, stride)| i * stride)
                .sum();
            picked.push(*from.get(usize::try_from(at).ok()?)?);
            for (i, &size) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < size {
                    break;
                }
                *i = 0;
            }
        }
        Some(picked)
    }
}

/// True if two indices may refer to the same element. In a view without overlap, with the
/// dimensions sorted by stride, each stride exceeds the span of all smaller ones.
fn overlaps(shape: &[u64], strides: &[u64]) -> bool {
    let mut dims: Vec<(u64, u64)> = strides.iter().copied().zip(shape.iter().copied()).collect();
    dims.retain(|&(_, size)| size > 1);
    dims.sort_unstable();
    let mut below = 1_u64;
    for (stride, size) in dims {
        if stride < below {
            return true;
        }
        below = stride.saturating_mul(size - 1).saturating_add(below);
    }
    false
}

impl ElementType {
    /// Converts little-endian bytes to numbers; an incomplete last element is ignored.
    fn to_f32(self, bytes: &[u8], name: &str) -> Result<Vec<f32>, ReadError> {
        match self {
            Self::F32 => {
                let four = bytes.as_chunks::<4>().0.iter();
                Ok(four.map(|four| f32::from_le_bytes(*four)).collect())
            }
            Self::F16 => {
                let two = bytes.as_chunks::<2>().0.iter();
                let halves: Vec<f16> = two.map(|two| f16::from_le_bytes(*two)).collect();
                Ok(halves.to_f32_vec())
            }
            Self::Bf16 => {
                let two = bytes.as_chunks::<2>().0.iter();
                let halves: Vec<bf16> = two.map(|two| bf16::from_le_bytes(*two)).collect();
                Ok(halves.to_f32_vec())
            }
            #[expect(clippy::cast_possible_truncation, reason = "the engine works in 32 bits")]
            Self::F64 => {
                let eight = bytes.as_chunks::<8>().0.iter();
                Ok(eight.map(|eight| f64::from_le_bytes(*eight) as f32).collect())
            }
            Self::Integer(_) => Err(ReadError::DataType {
                tensor: name.to_string(),
                found: self.name(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(len: u64) -> Storage {
        Storage {
            key: "0".into(),
            element: ElementType::F32,
            len,
        }
    }

    fn view(len: u64, offset: u64, shape: &[u64], strides: &[u64]) -> Result<Tensor, ReadError> {
        Tensor::checked(0, &storage(len), offset, shape.to_vec(), strides.to_vec())
    }

    fn bytes(count: usize) -> Vec<u8> {
        (0..count).flat_map(|n| (n as f32).to_le_bytes()).collect()
    }

    #[test]
    fn values_of_a_view_are_in_row_major_order() {
        let read = |tensor: Tensor| {
            let (start, end) = tensor.byte_range();
            let bytes = &bytes(12)[start as usize..end as usize];
            tensor.values(bytes, "x").expect("values")
        };
        assert_eq!(
            read(view(12, 2, &[2, 3], &[3, 1]).expect("plain")),
            [2., 3., 4., 5., 6., 7.]
        );
        assert_eq!(
            read(view(12, 0, &[3, 2], &[1, 3]).expect("transposed")),
            [0., 3., 1., 4., 2., 5.]
        );
        assert_eq!(
            read(view(12, 1, &[2, 2], &[6, 2]).expect("sliced")),
            [1., 3., 7., 9.]
        );
        assert_eq!(read(view(12, 11, &[], &[]).expect("scalar")), [11.]);
        assert_eq!(
            read(view(12, 5, &[0, 3], &[3, 1]).expect("empty")),
            [] as [f32; 0]
        );
        // The strides of dimensions with one element have no meaning.
        assert_eq!(
            read(view(12, 0, &[1, 2, 1], &[0, 1, 77]).expect("ones")),
            [0., 1.]
        );
    }

    #[test]
    fn views_outside_the_storage_are_rejected() {
        for (offset, shape, strides) in [
            (0, &[13][..], &[1][..]),
            (1, &[12], &[1]),
            (0, &[2, 6], &[7, 1]),
            (12, &[], &[]),
            (u64::MAX, &[2], &[1]),
            (0, &[u64::MAX, u64::MAX], &[1, 1]),
            (0, &[2], &[u64::MAX]),
            (0, &[1 << 40], &[1]),
        ] {
            assert!(
                matches!(
                    view(12, offset, shape, strides),
                    Err(ReadError::OutOfStorage { .. })
                ),
                "{offset} {shape:?} {strides:?}"
            );
        }
    }

    #[test]
    fn views_that_cover_an_element_twice_are_rejected() {
        for (shape, strides) in [
            (&[4][..], &[0][..]),
            (&[3, 3], &[1, 1]),
            (&[2, 4], &[3, 1]),
            (&[2, 2, 2], &[1, 2, 2]),
        ] {
            assert!(
                matches!(view(12, 0, shape, strides), Err(ReadError::Overlapping { .. })),
                "{shape:?}"
            );
        }
        assert!(matches!(
            view(12, 0, &[2, 2], &[2]),
            Err(ReadError::BadShape { .. })
        ));
        assert!(matches!(
            view(12, 0, &[1; 9], &[1; 9]),
            Err(ReadError::BadShape { .. })
        ));
    }

    #[test]
    fn non_finite_values_and_truncated_storages_are_rejected() {
        let tensor = view(3, 0, &[3], &[1]).expect("whole");
        for bad in [f32::NAN, f32::INFINITY] {
            let bytes: Vec<u8> = [0.0, bad, 1.0]
                .iter()
                .flat_map(|x: &f32| x.to_le_bytes())
                .collect();
            assert!(
                matches!(tensor.values(&bytes, "w"), Err(ReadError::NotFinite { tensor }) if tensor == "w")
            );
        }
        assert!(tensor.values(&bytes(2), "w").is_err(), "a truncated storage");
    }

    #[test]
    fn every_floating_point_type_becomes_f32() {
        let values = [0.0_f32, -1.5, 0.25, 1024.0];
        let of = |element: ElementType, bytes: Vec<u8>| element.to_f32(&bytes, "x").expect("numbers");
        let f16s = values
            .iter()
            .flat_map(|&x| f16::from_f32(x).to_le_bytes())
            .collect();
        let bf16s = values
            .iter()
            .flat_map(|&x| bf16::from_f32(x).to_le_bytes())
            .collect();
        let f64s = values.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
        assert_eq!(of(ElementType::F16, f16s), values);
        assert_eq!(of(ElementType::Bf16, bf16s), values);
        assert_eq!(of(ElementType::F64, f64s), values);
        assert!(ElementType::Integer(8).to_f32(&[0; 8], "x").is_err());
    }
}
