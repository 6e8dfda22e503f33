//! Features in NumPy files (`.npy`), as RVC's extraction and other programs leave them.

use crate::frames::Frames;
use crate::retrieval::MAX_DIM;

/// A file that is no usable array of features.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeaturesError {
    /// Not a NumPy file at all.
    #[error("it is no NumPy .npy file")]
    NotNumpy,
    /// Its header cannot be read.
    #[error("its header is damaged: {0}")]
    Header(&'static str),
    /// Values that are not floating point numbers.
    #[error("its values are of the kind {0}; float16, float32 and float64 can be used")]
    Kind(String),
    /// Not a table.
    #[error("its shape is {0}; features are a table [frames, values] or [1, frames, values]")]
    Shape(String),
    /// Rows that no encoder gives.
    #[error("its rows have {0} values; features have 1 to {MAX_DIM} (256 and 768 in RVC)")]
    Dim(usize),
    /// More or fewer bytes than the header says.
    #[error("its header announces {announced} bytes of values, but {found} follow")]
    Length {
        /// By the header.
        announced: u64,
        /// In the file.
        found: u64,
    },
}

/// How a value is stored.
#[derive(Clone, Copy)]
struct Values {
    bytes: usize,
    is_big_endian: bool,
}

/// Reads an array `[n, d]` or `[1, n, d]` of float16, float32 or float64 in either byte order and either order of
/// axes. Nothing is allocated that the file's own length does not account for.
///
/// # Errors
/// See [`FeaturesError`].
pub fn parse_npy(bytes: &[u8]) -> Result<Frames, FeaturesError> {
    let (header, data) = split(bytes)?;
    let values = values(header)?;
    let is_fortran = match value_of(header, "fortran_order") {
        Some(text) if text.starts_with("True") => true,
        Some(text) if text.starts_with("False") => false,
        _ => return Err(FeaturesError::Header("no order of axes")),
    };
    let (rows, dim) = shape(header)?;
    let announced = (rows as u128) * (dim as u128) * (values.bytes as u128);
    if announced != data.len() as u128 {
        return Err(FeaturesError::Length {
            announced: u64::try_from(announced).unwrap_or(u64::MAX),
            found: data.len() as u64,
        });
    }
    if dim == 0 || dim > MAX_DIM {
        return Err(FeaturesError::Dim(dim));
    }
    let value = |n: usize| values.read(&data[n * values.bytes..(n + 1) * values.bytes]);
    let count = rows * dim;
    let table = if is_fortran {
        (0..count).map(|n| value(n % dim * rows + n / dim)).collect()
    } else {
        (0..count).map(value).collect()
    };
    Ok(Frames::from_data(dim, table))
}

/// The header's text, and the bytes that follow it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), FeaturesError> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or(FeaturesError::NotNumpy)?;
    let damaged = FeaturesError::Header("it is cut off");
    let (version, rest) = rest.split_at_checked(2).ok_or(damaged.clone())?;
    let (len, rest) = match version[0] {
        1 => {
            let (len, rest) = rest.split_first_chunk().ok_or(damaged.clone())?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        2 | 3 => {
            let (len, rest) = rest.split_first_chunk().ok_or(damaged.clone())?;
            (
                usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX),
                rest,
            )
        }
        _ => return Err(FeaturesError::Header("an unknown version")),
    };
    let (header, data) = rest.split_at_checked(len).ok_or(damaged)?;
    let header = std::str::from_utf8(header).map_err(|_| FeaturesError::Header("it is no text"))?;
    Ok((header, data))
}

/// What follows a key of the header, which is a Python dictionary.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let after = ['\'', '"'].iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        Some(&header[header.find(&quoted)? + quoted.len()..])
    })?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

fn values(header: &str) -> Result<Values, FeaturesError> {
    let text = value_of(header, "descr").ok_or(FeaturesError::Header("no kind of values"))?;
    let quoted = text
        .strip_prefix(['\'', '"'])
        .and_then(|text| text.split(['\'', '"']).next());
    let kind = quoted.ok_or_else(|| FeaturesError::Kind("a record".into()))?;
    let unknown = || FeaturesError::Kind(kind.escape_default().take(40).collect());
    let (is_big_endian, kind) = match kind.split_at_checked(1).ok_or_else(unknown)? {
        ("<" | "=", kind) => (false, kind),
        (">", kind) => (true, kind),
        _ => return Err(unknown()),
    };
    let bytes = match kind {
        "f2" => 2,
        "f4" => 4,
        "f8" => 8,
        _ => return Err(unknown()),
    };
    Ok(Values { bytes, is_big_endian })
}

/// Rows and values in a row.
fn shape(header: &str) -> Result<(usize, usize), FeaturesError> {
    let text = value_of(header, "shape").ok_or(FeaturesError::Header("no shape"))?;
    let inside = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let inside = inside.ok_or(FeaturesError::Header("its shape"))?.0;
    let unusable = || {
        FeaturesError::Shape(format!(
            "({})",
            inside.escape_default().take(60).collect::<String>()
        ))
    };
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes: Vec<usize> = sizes
        .map(|size| size.parse().map_err(|_| unusable()))
        .collect::<Result<_, _>>()?;
    match sizes[..] {
        [rows, dim] | [1, rows, dim] => Ok((rows, dim)),
        _ => Err(unusable()),
    }
}

impl Values {
    fn read(self, stored: &[u8]) -> f32 {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(stored) {
            *to = *from;
        }
        if self.is_big_endian {
            bytes[..self.bytes].reverse();
        }
        let [a, b, c, d, ..] = bytes;
        match self.bytes {
            2 => half::f16::from_le_bytes([a, b]).to_f32(),
            4 => f32::from_le_bytes([a, b, c, d]),
            _ => {
                #[expect(clippy::cast_possible_truncation, reason = "24 bits of precision are plenty")]
                let value = f64::from_le_bytes(bytes) as f32;
                value
            }
        }
    }
}

#[cfg(test)]
mod tests;
