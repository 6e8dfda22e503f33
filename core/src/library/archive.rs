//! Extracts voices, indices and pictures from a zip archive, with limits.

use rawzip::{CompressionMethod, FileReader, ZipLocator};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Maximum number of entries in the archive, and of extracted files.
const MAX_ENTRIES: usize = 10_000;
const MAX_FILES: usize = 64;
/// Limits of the total extracted size: this many times the archive's size (weights and vectors
/// compress by a tenth) plus a margin for small archives, and an absolute limit.
const MAX_GROWTH: u64 = 20;
const SMALL_BYTES: u64 = 16 << 20;
const MAX_BYTES: u64 = 8 << 30;
/// Extensions of the files that are extracted.
const WANTED: [&str; 8] = ["pth", "safetensors", "onnx", "index", "png", "jpg", "jpeg", "pt"];

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The system's reason.
    #[error("the archive cannot be read or unpacked: {0}")]
    Io(#[from] std::io::Error),
    /// Not a zip archive, or damaged.
    #[error("it is not a complete zip archive ({0}): copy or download it again")]
    Damaged(String),
    /// Encrypted, or with an unsupported compression.
    #[error(
        "\"{name}\" in it is encrypted or has an unsupported compression: unpack it with another program, and import the files"
    )]
    Packing {
        /// Which member.
        name: String,
    },
    /// Larger than any voice.
    #[error(
        "it unpacks to more than {limit} MB, which is too much for an archive of its size: it is not an archive of a voice, or was manipulated"
    )]
    TooLarge {
        /// The limit.
        limit: u64,
    },
}

/// Extracts the files of voices into `folder`, without the archive's folders.
pub fn unpack(path: &Path, folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let damaged = |error: &rawzip::Error| ArchiveError::Damaged(error.to_string());
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(FileReader::from(file), &mut buffer, len)
        .map_err(|(_, error)| damaged(&error))?;
    let mut wanted = Vec::new();
    let mut names = HashSet::new();
    let mut entries = archive.entries(&mut buffer);
    for _ in 0..MAX_ENTRIES {
        let Some(entry) = entries.next_entry().map_err(|error| damaged(&error))? else {
            break;
        };
        let Some(name) = wanted_name(&String::from_utf8_lossy(entry.file_path().as_ref())) else {
            continue;
        };
        let method = entry.compression_method();
        let known = method == CompressionMethod::STORE || method == CompressionMethod::DEFLATE;
        if !known || entry.flags().is_encrypted() {
            return Err(ArchiveError::Packing { name });
        }
        // Of two files with the same name the first one is used.
        if names.insert(name.to_lowercase()) && wanted.len() < MAX_FILES {
            wanted.push((name, entry.wayfinder(), method));
        }
    }
    let limit = len
        .saturating_mul(MAX_GROWTH)
        .saturating_add(SMALL_BYTES)
        .min(MAX_BYTES);
    let mut left = limit;
    let mut files = Vec::new();
    for (name, wayfinder, method) in wanted {
        let target = folder.join(&name);
        let entry = archive.get_entry(wayfinder).map_err(|error| damaged(&error))?;
        let copied = if method == CompressionMethod::DEFLATE {
            let inflated = flate2::read::DeflateDecoder::new(entry.reader());
            copy(entry.verifying_reader(inflated), &target, left)
        } else {
            copy(entry.verifying_reader(entry.reader()), &target, left)
        };
        match copied? {
            Some(bytes) => left -= bytes,
            None => return Err(ArchiveError::TooLarge { limit: limit >> 20 }),
        }
        files.push(target);
    }
    Ok(files)
}

/// The name of a member that is extracted, without folders; `None` for other members.
fn wanted_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (_, extension) = name.rsplit_once('.')?;
    let wanted = WANTED.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted));
    let plain = !name.starts_with('.') && !name.chars().any(|c| c.is_control() || c == ':');
    (wanted && plain && name.len() <= 200).then(|| name.to_string())
}

/// Copies at most `limit` bytes; `None` if there are more.
fn copy(mut from: impl Read, target: &Path, limit: u64) -> Result<Option<u64>, ArchiveError> {
    let mut to = File::create(target)?;
    let mut buffer = vec![0; 1 << 17];
    let mut copied = 0_u64;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(ArchiveError::Damaged(error.to_string())),
        };
        copied += count as u64;
        if copied > limit {
            return Ok(None);
        }
        to.write_all(&buffer[..count])?;
    }
    Ok(Some(copied))
}
