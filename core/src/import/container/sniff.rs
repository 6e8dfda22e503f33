//! Recognises a file's type by its first bytes.

use super::super::error::ReadError;
use super::source::Source;

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
    let found = if head.is_empty() {
        "empty"
    } else if begins(b"PK") {
        "an empty or split zip archive"
    } else if head.get(257..262) == Some(b"ustar") {
        "a tar archive (unpack it; PyTorch before 0.2 also wrote such files)"
    } else if begins(b"version https://git-lfs") {
        "a pointer of Git LFS: the file itself was not downloaded"
    } else if begins(b"<") || begins(b"\n<") || begins(b"{") {
        "text or a web page: the download failed"
    } else if begins(b"Rar!") || begins(b"7z\xBC\xAF") || begins(&[0x1F, 0x8B]) {
        "a packed archive: unpack it"
    } else if begins(b"GGUF") {
        "a GGUF model"
    } else if begins(b"Iw") || begins(b"IxF") {
        "a faiss index: choose it as the index, not as the voice"
    } else if begins(&[0x08])
        && head
            .windows(7)
            .any(|piece| piece == b"pytorch" || piece == b"ai.onnx")
    {
        "an ONNX model, which can be chosen directly"
    } else {
        "something else"
    };
    Err(ReadError::OtherFormat { found })
}
