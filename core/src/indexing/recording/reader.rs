//! One recording, opened and handed out block by block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use symphonia::core::io::MediaSource;

use super::container::Container;
use super::error::{Fault, RecordingError};
use super::file_kind::{self, FileKind};
use super::source::SampleSource;
use super::wav::WavSource;

/// Longest recording that is read, in hours: far beyond any real one, and a bound for files that claim more.
pub(super) const MAX_HOURS: u64 = 24;

/// Sample rates that are taken, in Hz.
pub(super) const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// A recording of any supported kind; its channels are averaged. Uses memory for one block, not for the file.
///
/// Thread: command line, background task. Reading may take as long as the disk does.
pub struct SoundReader {
    path: PathBuf,
    source: Box<dyn SampleSource>,
    samples_read: u64,
    has_failed: bool,
}

impl SoundReader {
    /// Opens a file; what it is is decided by its contents, its name is only a hint.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let opened = File::open(path).map_err(Fault::from).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(Fault::NotSound("it is a folder".into()));
            }
            let extension = path.extension().and_then(|extension| extension.to_str());
            without_panic(|| source(Box::new(file), extension))
        });
        Ok(Self {
            path: path.to_path_buf(),
            source: opened.map_err(|fault| fault.at(path))?,
            samples_read: 0,
            has_failed: false,
        })
    }

    /// The same for bytes in memory, as a file of that name would be read.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn from_bytes(bytes: Vec<u8>, name: &Path) -> Result<Self, RecordingError> {
        let extension = name.extension().and_then(|extension| extension.to_str());
        let opened = without_panic(|| source(Box::new(io::Cursor::new(bytes)), extension));
        Ok(Self {
            path: name.to_path_buf(),
            source: opened.map_err(|fault| fault.at(name))?,
            samples_read: 0,
            has_failed: false,
        })
    }

    /// Samples per second.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.source.rate_hz()
    }

    /// Appends the next samples to `out`; false once the recording has ended.
    ///
    /// # Errors
    /// See [`RecordingError`]; nothing can be read after one.
    pub fn read(&mut self, out: &mut Vec<f32>) -> Result<bool, RecordingError> {
        let before = out.len();
        if self.has_failed {
            return Ok(false);
        }
        let result = without_panic(|| self.source.read(out));
        let checked = result.and_then(|more| {
            if out[before..].iter().all(|sample| sample.is_finite()) {
                Ok(more)
            } else {
                Err(Fault::Damaged("it holds values that are not numbers".into()))
            }
        });
        self.has_failed = checked.is_err();
        let more = checked.map_err(|fault| fault.at(&self.path))?;
        self.samples_read += (out.len() - before) as u64;
        if self.samples_read > MAX_HOURS * 3600 * u64::from(self.rate_hz()) {
            self.has_failed = true;
            return Err(self.too_long(MAX_HOURS));
        }
        Ok(more)
    }

    pub(super) fn too_long(&self, hours: u64) -> RecordingError {
        RecordingError::TooLong {
            path: self.path.clone(),
            hours,
        }
    }

    /// The error for a rate that there is no resampler for.
    pub(in crate::indexing) fn unusable_rate(&self) -> RecordingError {
        let why = format!("its sample rate of {} Hz cannot be converted", self.rate_hz());
        Fault::NotSound(why).at(&self.path)
    }

    pub(super) fn empty(&self) -> RecordingError {
        Fault::NotSound("it holds no sound".into()).at(&self.path)
    }
}

/// Chooses the reader for a file by its first bytes.
fn source(mut file: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Box<dyn SampleSource>, Fault> {
    let mut head = Vec::new();
    file.by_ref().take(file_kind::HEAD_BYTES).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let source: Box<dyn SampleSource> = match file_kind::of(&head) {
        FileKind::Wav => Box::new(WavSource::open(file)?),
        FileKind::Mp4 => Box::new(Container::of_mp4(file)?),
        FileKind::Matroska => Box::new(Container::of_matroska(file)?),
        FileKind::Other => Box::new(Container::open(file, extension)?),
        FileKind::Unsupported(what) => return Err(Fault::NotSound(what.into())),
    };
    if !RATES_HZ.contains(&source.rate_hz()) {
        return Err(Fault::NotSound(format!(
            "its sample rate is {} Hz; {} to {} Hz can be used",
            source.rate_hz(),
            RATES_HZ.start(),
            RATES_HZ.end()
        )));
    }
    Ok(source)
}

/// Runs a decoder's code; a panic in it is a fault of this file alone.
fn without_panic<T>(decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // The state behind a panic is never used again: `SoundReader` reads nothing after a fault.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(Fault::Damaged(
            "the decoder failed on it (an internal error, which the decoder's authors would like to see)"
                .into(),
        ))
    })
}
