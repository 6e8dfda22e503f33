//! A whole recording in memory.

use std::path::Path;

use super::error::RecordingError;
use super::reader::SoundReader;
use super::resample::Resampler;

/// Longest recording that is held in memory, in hours.
const MAX_HOURS: u64 = 4;

/// One channel of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Samples per second.
    pub rate_hz: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Recording {
    /// Reads a whole file of any supported kind; its channels are averaged.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        Self::of(SoundReader::open(path)?)
    }

    /// Reads all that a reader has.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn of(mut reader: SoundReader) -> Result<Self, RecordingError> {
        let rate_hz = reader.rate_hz();
        let mut samples = Vec::new();
        while reader.read(&mut samples)? {
            if samples.len() as u64 > MAX_HOURS * 3600 * u64::from(rate_hz) {
                return Err(reader.too_long(MAX_HOURS));
            }
        }
        if samples.is_empty() {
            return Err(reader.empty());
        }
        Ok(Self { rate_hz, samples })
    }

    /// The same sound at another rate, without delay. `None` if there is no resampler for these rates.
    #[must_use]
    pub fn at_rate(&self, rate_hz: u32) -> Option<Vec<f32>> {
        let mut resampler = Resampler::new(self.rate_hz, rate_hz)?;
        let mut samples = Vec::new();
        resampler.push(&self.samples, &mut samples);
        resampler.finish(&mut samples);
        Some(samples)
    }
}
