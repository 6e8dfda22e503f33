//! RVC voices in 8 bits: measured on sample speech through the encoder that they will run with. Takes some seconds, so
//! the result is kept in the user's folder, by the voice's content.

use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K};
use crate::import::rvc::Ranges;
use crate::indexing::Recording;
use crate::library::{identify, own_dir};
use crate::model::onnx::{ModelFileError, SampleFeatures, open_in_8_bits};
use crate::model::{Encoder, PitchTracker, Synthesizer};
use crate::pack::sample_speech;
use crate::units::ENCODER_RATE;
use crate::whole_file;
use std::path::{Path, PathBuf};

/// Frames of 20 ms of sample speech that are used: 3 s.
const SAMPLE_FRAMES: usize = 150;
/// Folder of the results, in the user's folder.
const FOLDER: &str = "measured";

/// The synthesizer at `path` in 8 bits, or in 32 if it would lose too much. `measuring` is called before it is measured.
///
/// # Errors
/// See [`ModelFileError`].
pub(super) fn open(
    path: &Path,
    encoder: &mut dyn Encoder,
    pitch: &mut dyn PitchTracker,
    measuring: impl FnOnce(),
) -> Result<Box<dyn Synthesizer>, ModelFileError> {
    let kept = kept_at(path, encoder.dim());
    let known = kept.as_deref().and_then(read);
    let is_new = known.is_none();
    let sample = if is_new {
        measuring();
        match features(encoder, pitch) {
            Ok(sample) => sample,
            Err(why) => {
                tracing::warn!("the voice runs in 32 bits: {why}");
                return crate::model::onnx::open_synthesizer(path);
            }
        }
    } else {
        SampleFeatures {
            embeddings_100hz: Frames::new(encoder.dim()),
            f0_hz: Vec::new(),
        }
    };
    let (voice, ranges) = open_in_8_bits(path, known, &sample)?;
    if let Some(kept) = kept.filter(|_| is_new)
        && let Err(error) = write(&kept, &ranges)
    {
        tracing::warn!("{} was not written: {error}", kept.display());
    }
    Ok(Box::new(voice))
}

/// The file with what was measured of a voice.
fn kept_at(path: &Path, dim: usize) -> Option<PathBuf> {
    let sha256 = identify(path, || false)?.sha256?;
    Some(own_dir().join(FOLDER).join(format!("{sha256}-{dim}.json")))
}

fn read(kept: &Path) -> Option<Ranges> {
    let text = std::fs::read(kept).ok()?;
    serde_json::from_slice(&text).ok()
}

fn write(kept: &Path, ranges: &Ranges) -> std::io::Result<()> {
    if let Some(folder) = kept.parent() {
        std::fs::create_dir_all(folder)?;
    }
    whole_file::write(kept, &serde_json::to_vec(ranges)?)
}

/// Embeddings and pitch of sample speech.
fn features(encoder: &mut dyn Encoder, pitch: &mut dyn PitchTracker) -> Result<SampleFeatures, String> {
    let path = sample_speech().ok_or("the sample speech is missing; reinstall the plugin")?;
    let recording = Recording::read(&path).map_err(|error| error.to_string())?;
    if recording.rate_hz != ENCODER_RATE.0 {
        return Err(format!("{} is not at 16 kHz", path.display()));
    }
    let wanted = SAMPLE_FRAMES * FRAME_STEP_16K + FRAME_TAIL_16K;
    let audio = recording
        .samples
        .get(..wanted)
        .ok_or("the sample speech is too short")?;
    let mut embeddings = Frames::new(encoder.dim());
    encoder
        .encode(audio, &mut embeddings)
        .map_err(|error| error.to_string())?;
    let mut f0_hz = Vec::new();
    pitch
        .track(audio, &mut f0_hz)
        .map_err(|error| error.to_string())?;
    let mut embeddings_100hz = Frames::new(encoder.dim());
    for row in embeddings.rows() {
        embeddings_100hz.push(row);
        embeddings_100hz.push(row);
    }
    Ok(SampleFeatures {
        embeddings_100hz,
        f0_hz,
    })
}
