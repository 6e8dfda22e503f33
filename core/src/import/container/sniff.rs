//! Recognises a file's type by its first bytes.

use super::super::error::ReadError;
use super::source::Source;
use crate::file_kind::FileKind;

/// The supported containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PyTorch since 1.6.
    Zip,
    /// PyTorch before 1.6, and later with `_use_new_zipfile_serialization=False`.
    Legacy,
    /// Hugging Face's.
    Safetensors,
}

/// Recognises the container; an error names what the file is instead.
pub fn format(source: &Source) -> Result<Format, ReadError> {
    let head = source.read_up_to(0, 512, "its first bytes")?;
    let begins = |with: &[u8]| head.starts_with(with);
    if begins(b"PK\x03\x04") {
        return Ok(Format::Zip);
    }
    // A pickle of protocol 2 to 5.
    if head.len() > 2 && head[0] == 0x80 && (2..=5).contains(&head[1]) {
        return Ok(Format::Legacy);
    }
    if head.get(8) == Some(&b'{') {
        return Ok(Format::Safetensors);
    }
    let found = match FileKind::of_bytes(&head) {
        FileKind::Empty => "empty",
        FileKind::LfsPointer => "a pointer of Git LFS: the file itself was not downloaded",
        FileKind::WebPage | FileKind::Text => "text or a web page: the download failed",
        FileKind::Zip => "an empty or split zip archive",
        FileKind::Archive if head.get(257..262) == Some(b"ustar") => {
            "a tar archive (unpack it; PyTorch before 0.2 also wrote such files)"
        }
        FileKind::Archive => "a packed archive: unpack it",
        FileKind::FaissIndex => "a faiss index: choose it as the index, not as the voice",
        FileKind::Onnx => "an ONNX model, which can be chosen directly",
        FileKind::Unknown => "something else",
        other => other.words(),
    };
    Err(ReadError::OtherFormat { found })
}
