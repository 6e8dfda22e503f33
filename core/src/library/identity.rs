//! Identifies a file by its size and checksum.

use crate::selection::FileRef;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Path, size and modification time.
type Version = (PathBuf, u64, Option<SystemTime>);

/// Checksums of files that were read, for all instances, by path, size and time of the last
/// change, so that a large encoder is read only once.
static KNOWN: Mutex<BTreeMap<Version, String>> = Mutex::new(BTreeMap::new());
/// Maximum number of stored checksums.
const MAX_KNOWN: usize = 1000;

/// Size and checksum of a file, which is read from disk if it has changed since it was last read;
/// `None` if it cannot be read, or as soon as `cancelled` is true.
#[must_use]
pub fn identify(path: &Path, cancelled: impl Fn() -> bool) -> Option<FileRef> {
    let metadata = std::fs::metadata(path).ok()?;
    let key = (path.to_path_buf(), metadata.len(), metadata.modified().ok());
    if let Some(sha256) = KNOWN.lock().get(&key) {
        return Some(FileRef {
            path: path.to_path_buf(),
            sha256: Some(sha256.clone()),
            len_bytes: Some(metadata.len()),
        });
    }
    let found = read(path, cancelled)?;
    let mut known = KNOWN.lock();
    if known.len() >= MAX_KNOWN {
        known.clear();
    }
    known.insert(key, found.sha256.clone()?);
    Some(found)
}

fn read(path: &Path, cancelled: impl Fn() -> bool) -> Option<FileRef> {
    let mut file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut len_bytes = 0_u64;
    loop {
        if cancelled() {
            return None;
        }
        let count = file.read(&mut buffer).ok()?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        len_bytes += count as u64;
    }
    Some(FileRef {
        path: path.to_path_buf(),
        sha256: Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
        len_bytes: Some(len_bytes),
    })
}
