//! An index into a file.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use super::error::SaveError;
use super::raw::Raw;
use super::stream;

/// Writes beside `path` first, then renames.
pub(super) fn save(index: &Raw, path: &Path) -> Result<(), SaveError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let file = File::create(&beside)?;
    let written = stream::write(index, BufWriter::new(file)).map_err(SaveError::Write);
    let result = written.and_then(|()| Ok(fs::rename(&beside, path)?));
    if result.is_err() {
        // What is left is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    result
}
