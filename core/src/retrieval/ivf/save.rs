//! An index into a file.

use std::io::BufWriter;
use std::path::Path;

use super::error::SaveError;
use super::raw::Raw;
use super::stream;
use crate::whole_file::WholeFile;

/// Writes a file that becomes `path` when it is committed.
pub(super) fn write(index: &Raw, path: &Path) -> Result<WholeFile, SaveError> {
    let mut whole = WholeFile::create(path)?;
    stream::write(index, BufWriter::new(whole.file()?.try_clone()?)).map_err(SaveError::Write)?;
    Ok(whole)
}

/// Writes the file, whole or not at all.
pub(super) fn save(index: &Raw, path: &Path) -> Result<(), SaveError> {
    Ok(write(index, path)?.commit()?)
}
