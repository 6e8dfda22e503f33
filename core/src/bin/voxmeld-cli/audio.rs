//! Recordings out.

use anyhow::Result;
use std::path::Path;
use voxmeld_core::indexing::Recording;

/// Writes 32-bit float WAV.
pub fn write(path: &Path, audio: &Recording) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: audio.rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for &sample in &audio.samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()?;
    Ok(())
}
