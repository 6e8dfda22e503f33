//! An opened file, whatever its container.

use super::super::error::ReadError;
use super::super::pickle::Tree;
use super::super::tensor::Tensor;
use super::place::Place;
use super::sniff::{Format, format};
use super::source::Source;
use super::{legacy, safetensors, zip};
use rawzip::{FileReader, ReaderAt};
use std::path::Path;

/// True if a file's first bytes are those of a PyTorch file. A safetensors file, which
/// begins with a length, can only be recognised by its extension.
#[must_use]
pub fn looks_like_weights(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else {
        return false;
    };
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    let source = Source::new(FileReader::from(file), len);
    matches!(format(&source), Ok(Format::Zip | Format::Legacy))
}

/// An opened file of weights: its tree of values, and access to the tensors' numbers.
pub struct WeightsFile {
    source: Source,
    format: Format,
    tree: Tree,
    /// Place in the file of each storage, by the storage's number.
    places: Vec<Place>,
    /// Number of bytes that may still be read.
    budget: u64,
    /// The storage that was read last, because tensors that share a storage follow each other.
    newest: Option<(usize, Vec<u8>)>,
}

impl WeightsFile {
    /// Opens a file. Thread: any except the audio thread; reads from disk.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        Self::from_reader(FileReader::from(file), metadata.len())
    }

    /// As [`Self::open`], for a file in memory.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ReadError> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self::from_reader(bytes, len)
    }

    fn from_reader(reader: impl ReaderAt + Send + Sync + 'static, len: u64) -> Result<Self, ReadError> {
        let source = Source::new(reader, len);
        let format = format(&source)?;
        let (tree, places) = match format {
            Format::Zip => zip::open(&source)?,
            Format::Legacy => legacy::open(&source)?,
            Format::Safetensors => safetensors::open(&source)?,
        };
        Ok(Self {
            source,
            format,
            tree,
            places,
            // Each byte may be read twice, plus a margin for small files.
            budget: len.saturating_mul(2).saturating_add(1 << 20),
            newest: None,
        })
    }

    /// The values of the file.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Name of its container.
    #[must_use]
    pub fn container(&self) -> &'static str {
        match self.format {
            Format::Zip => "PyTorch zip",
            Format::Legacy => "PyTorch legacy",
            Format::Safetensors => "safetensors",
        }
    }

    /// The numbers of a tensor of this file in row-major order, all finite.
    ///
    /// # Errors
    /// See [`ReadError`]; `name` appears in the messages.
    pub fn values(&mut self, tensor: &Tensor, name: &str) -> Result<Vec<f32>, ReadError> {
        let (start, end) = tensor.byte_range();
        let place = self.places.get(tensor.storage).copied();
        let place = place.filter(|place| end <= place.len);
        let place =
            place.ok_or_else(|| ReadError::damaged(format!("the storage of `{name}` is too short")))?;
        self.spend((end - start).max(tensor.len.saturating_mul(tensor.element.bytes())))?;
        if place.crc32.is_none() {
            let bytes = self.source.read(place.start + start, end - start, name)?;
            return tensor.values(&bytes, name);
        }
        if self
            .newest
            .as_ref()
            .is_none_or(|(number, _)| *number != tensor.storage)
        {
            self.newest = None;
            if place.len > end - start {
                self.spend(place.len - (end - start))?;
            }
            let bytes = self.source.read(place.start, place.len, name)?;
            if place.crc32 != Some(rawzip::crc32(&bytes)) {
                return Err(ReadError::damaged(format!("the checksum of `{name}` is wrong")));
            }
            self.newest = Some((tensor.storage, bytes));
        }
        let bytes = self.newest.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let bytes = range
            .and_then(|(start, end)| bytes.get(start..end))
            .unwrap_or(&[]);
        tensor.values(bytes, name)
    }

    /// Counts the bytes that are read, to bound the memory for many tensors that share one storage.
    fn spend(&mut self, bytes: u64) -> Result<(), ReadError> {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or(ReadError::TooLarge {
            what: "the total size of its tensors",
            limit: "twice the file's size".into(),
        })?;
        Ok(())
    }
}
