//! Sound files, as 16 kHz mono.

use std::fs::File;
use std::path::{Path, PathBuf};

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::DecoderOptions;
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::FormatOptions;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::probe::Hint;

/// What people keep recordings in, and what is decoded here.
const EXTENSIONS: [&str; 5] = ["wav", "flac", "mp3", "ogg", "oga"];

/// Longest recording taken, in seconds: what fits in memory without harm.
const MAX_SECONDS: usize = 4 * 3600;

/// A recording that cannot be used; the others go on.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system would not let us read it.
    #[error("{} could not be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Nothing that is decoded here.
    #[error("{} is no WAV, FLAC, MP3 or OGG (Vorbis) recording: {why}", path.display())]
    NotSound {
        /// Which file.
        path: PathBuf,
        /// The decoder's words.
        why: String,
    },
    /// Begins well and goes wrong.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The decoder's words.
        why: String,
    },
    /// Hours of it.
    #[error("{} is longer than {} hours; cut it into parts", path.display(), MAX_SECONDS / 3600)]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
}

/// One channel of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Samples per second.
    pub rate_hz: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Recording {
    /// Reads WAV, FLAC, MP3 or OGG (Vorbis); channels are averaged.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let path_buf = || path.to_path_buf();
        let unreadable = |why| RecordingError::Unreadable {
            path: path_buf(),
            why,
        };
        let not_sound = |why: String| RecordingError::NotSound {
            path: path_buf(),
            why,
        };
        let damaged = |why: String| RecordingError::Damaged {
            path: path_buf(),
            why,
        };

        let file = File::open(path).map_err(unreadable)?;
        let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
            hint.with_extension(extension);
        }
        let (format, meta) = (FormatOptions::default(), MetadataOptions::default());
        let mut format = symphonia::default::get_probe()
            .format(&hint, stream, &format, &meta)
            .map_err(|error| not_sound(error.to_string()))?
            .format;
        let track = format
            .default_track()
            .ok_or_else(|| not_sound("no track".into()))?;
        let (track_id, params) = (track.id, track.codec_params.clone());
        let rate_hz = params
            .sample_rate
            .filter(|&rate| rate > 0)
            .ok_or_else(|| not_sound("it does not tell its sample rate".into()))?;
        let mut decoder = symphonia::default::get_codecs()
            .make(&params, &DecoderOptions::default())
            .map_err(|error| not_sound(error.to_string()))?;
        let mut samples = Vec::new();
        loop {
            let packet = match format.next_packet() {
                Ok(packet) => packet,
                Err(DecodeError::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    break;
                }
                Err(error) => return Err(damaged(error.to_string())),
            };
            if packet.track_id() != track_id {
                continue;
            }
            let decoded = match decoder.decode(&packet) {
                Ok(decoded) => decoded,
                // One packet of junk, as MP3 files have at their ends; its 20 ms are missing.
                Err(DecodeError::DecodeError(_)) => continue,
                Err(error) => return Err(damaged(error.to_string())),
            };
            let channels = decoded.spec().channels.count().max(1);
            let mut buffer = SampleBuffer::<f32>::new(decoded.capacity() as u64, *decoded.spec());
            buffer.copy_interleaved_ref(decoded);
            #[expect(clippy::cast_precision_loss, reason = "a few channels")]
            let share = 1.0 / channels as f32;
            samples.extend(
                buffer
                    .samples()
                    .chunks_exact(channels)
                    .map(|frame| frame.iter().sum::<f32>() * share),
            );
            if samples.len() / rate_hz as usize > MAX_SECONDS {
                return Err(RecordingError::TooLong { path: path_buf() });
            }
        }
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(damaged("it holds values that are not numbers".into()));
        }
        Ok(Self { rate_hz, samples })
    }

    /// The same sound at another rate, its timing kept. `None` if the rates do
    /// not go together.
    #[must_use]
    pub fn at_rate(&self, rate_hz: u32) -> Option<Vec<f32>> {
        if self.rate_hz == rate_hz || self.samples.is_empty() {
            return Some(self.samples.clone());
        }
        let (from, to) = (self.rate_hz as usize, rate_hz as usize);
        let mut resampler = Fft::<f32>::new(from, to, 1024, 1, FixedSync::Both).ok()?;
        let len = self.samples.len();
        let source = SequentialSlice::new(&self.samples, 1, len).ok()?;
        let resampled = resampler.process_all(&source, len, None).ok()?;
        Some(resampled.take_data())
    }
}

/// True if a file's name says that it is a recording.
#[must_use]
pub fn is_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|found| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

/// The recordings in a folder and its folders, by name.
///
/// # Errors
/// If a folder cannot be listed.
pub fn recordings_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // Not through links: they may lead in a circle.
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if is_recording(&entry.path()) && entry.path().is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
