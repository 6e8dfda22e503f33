//! Scalar quantisation: each value for itself, with 4 to 16 bits.

use std::io::{Read, Seek};

use half::{bf16, f16};

use super::parts::corrupt;
use crate::retrieval::error::IndexFileError;
use crate::retrieval::format::Cursor;

/// How a value is kept (faiss's `QuantizerType`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A whole number of so many bits, within the range of its column, or of all.
    Bits { bits: usize, one_range: bool },
    /// IEEE half precision.
    Half,
    /// The upper half of a 32-bit float.
    Brain,
    /// 0 to 255.
    Bytes,
    /// -128 to 127.
    SignedBytes,
}

/// The ranges.
pub(super) struct ScalarQuantizer {
    form: Form,
    dim: usize,
    /// Least values and spans: one for each column, or one for all; else empty.
    least: Vec<f32>,
    span: Vec<f32>,
}

impl ScalarQuantizer {
    /// Reads ranges for vectors of `dim` values.
    pub fn read<R: Read + Seek>(cursor: &mut Cursor<R>, dim: usize) -> Result<Self, IndexFileError> {
        let kind = cursor.i32()?;
        cursor.skip(8)?; // how the ranges were chosen
        let (of_dim, code_size) = (cursor.u64()?, cursor.u64()?);
        let ranges = cursor.counted_floats()?;
        let bits = |bits, one_range| Form::Bits { bits, one_range };
        let form = match kind {
            0 => bits(8, false),
            1 => bits(4, false),
            2 => bits(8, true),
            3 => bits(4, true),
            4 => Form::Half,
            5 => Form::Bytes,
            6 => bits(6, false),
            7 => Form::Brain,
            8 => Form::SignedBytes,
            _ => return Err(corrupt("the kind of its codes")),
        };
        let columns = match form {
            Form::Bits { one_range: true, .. } => 1,
            Form::Bits { .. } => dim,
            _ => 0,
        };
        let quantizer = Self {
            form,
            dim,
            least: ranges.iter().take(columns).copied().collect(),
            span: ranges.iter().skip(columns).copied().collect(),
        };
        // For the forms without ranges faiss leaves there what a training found.
        let fits = columns == 0 || ranges.len() == 2 * columns;
        if of_dim != dim as u64 || code_size != quantizer.code_size() as u64 || !fits {
            return Err(corrupt("the ranges of its codes"));
        }
        Ok(quantizer)
    }

    /// Bytes of a vector.
    pub fn code_size(&self) -> usize {
        match self.form {
            Form::Bits { bits, .. } => (self.dim * bits).div_ceil(8),
            Form::Half | Form::Brain => self.dim * 2,
            Form::Bytes | Form::SignedBytes => self.dim,
        }
    }

    /// Adds the vector of a code to `out`.
    pub fn add_decoded(&self, code: &[u8], out: &mut [f32]) {
        let (words, _) = code.as_chunks();
        match self.form {
            Form::Half => add(out, words.iter().map(|word| f16::from_le_bytes(*word).to_f32())),
            Form::Brain => add(out, words.iter().map(|word| bf16::from_le_bytes(*word).to_f32())),
            Form::Bytes => add(out, code.iter().map(|&byte| f32::from(byte))),
            Form::SignedBytes => add(out, code.iter().map(|&byte| f32::from(byte) - 128.0)),
            Form::Bits { bits, one_range } => {
                let steps = f32::from(u8::MAX >> (8 - bits));
                let column = |n: usize| if one_range { 0 } else { n };
                let values = (0..self.dim).map(|n| {
                    let share = (f32::from(number(code, n * bits, bits)) + 0.5) / steps;
                    self.least[column(n)] + share * self.span[column(n)]
                });
                add(out, values);
            }
        }
    }

    /// Description of the codes, for the user.
    pub fn words(&self) -> &'static str {
        match self.form {
            Form::Bits { bits: 4, .. } => "4-bit scalar codes",
            Form::Bits { bits: 6, .. } => "6-bit scalar codes",
            Form::Bits { .. } => "8-bit scalar codes",
            Form::Half => "half precision",
            Form::Brain => "bfloat16 precision",
            Form::Bytes | Form::SignedBytes => "whole numbers of 8 bits",
        }
    }
}

fn add(out: &mut [f32], values: impl Iterator<Item = f32>) {
    out.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// The number of `bits` (at most 8) bits at bit `at`, the lowest first.
fn number(code: &[u8], at: usize, bits: usize) -> u8 {
    let low = u16::from(code[at / 8]);
    let high = u16::from(code.get(at / 8 + 1).copied().unwrap_or(0));
    let [value, _] = ((low | high << 8) >> (at % 8)).to_le_bytes();
    value & (u8::MAX >> (8 - bits))
}
