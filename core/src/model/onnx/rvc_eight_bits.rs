//! An RVC voice in 8 bits: the ranges of its layers are measured on sample speech, and so is what is lost.

use super::rvc_voice::RvcVoice;
use super::session::ModelFileError;
use crate::frames::Frames;
use crate::import::rvc::{Precision, Ranges};
use crate::model::{ModelError, NOISE_CHANNELS, SynthesisInput, Synthesizer};
use std::path::Path;

/// Features of sample speech, 100 frames a second.
pub struct SampleFeatures {
    /// Embeddings of the encoder that the voice will run with.
    pub embeddings_100hz: Frames,
    /// Pitches in Hz, 0 = unvoiced.
    pub f0_hz: Vec<f32>,
}

/// New frames of a call, frames ahead, and new frames of the first call.
const HOP: usize = 8;
const AHEAD: usize = 2;
const FIRST: usize = 24;
/// The least ratio of voice to loss at which a voice runs in 8 bits.
const LEAST_SNR_DB: f64 = 20.0;

/// What 8 bits cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Ratio of the voice in 32 bits to the difference, in dB.
    pub snr_db: f64,
    /// Layers in 8 bits, and all that could have been.
    pub layers: (usize, usize),
}

/// The voice at `path` in 8 bits, with ranges that were measured before or are measured now; the voice in 32 bits, with
/// a note, if it would lose too much. Returns the ranges too. Thread: the loader's.
///
/// # Errors
/// See [`ModelFileError`].
pub fn open_in_8_bits(
    path: &Path,
    known: Option<Ranges>,
    sample: &SampleFeatures,
) -> Result<(RvcVoice, Ranges), ModelFileError> {
    let failed = |error: ModelError| ModelFileError::Weights {
        path: path.to_path_buf(),
        why: format!("it was tried and does not work: {error}"),
    };
    if let Some(ranges) = known {
        let voice = RvcVoice::open_as(path, Precision::EightBits(&ranges))?;
        return Ok((voice, ranges));
    }
    let mut watched = RvcVoice::open_as(path, Precision::Watched)?;
    let whole = sound(&mut watched, sample).map_err(failed)?;
    let ranges = watched.ranges();
    drop(watched);
    let mut voice = RvcVoice::open_as(path, Precision::EightBits(&ranges))?;
    let rounded = sound(&mut voice, sample).map_err(failed)?;
    let loss = Loss {
        snr_db: snr_db(&whole, &rounded),
        layers: (
            ranges.values().filter(|range| range.bears_8_bits()).count(),
            ranges.len(),
        ),
    };
    if loss.snr_db >= LEAST_SNR_DB {
        voice.add_note(format!(
            "this voice runs in 8 bits ({} of {} layers), {:.0} dB above the loss on sample speech",
            loss.layers.0, loss.layers.1, loss.snr_db
        ));
        return Ok((voice, ranges));
    }
    let mut voice = RvcVoice::open_as(path, Precision::Float)?;
    voice.add_note(format!(
        "this voice runs in 32 bits: in 8 it would be only {:.0} dB above the loss",
        loss.snr_db
    ));
    Ok((voice, Ranges::new()))
}

/// Streams the sample through a voice, at several pitches.
fn sound(voice: &mut RvcVoice, sample: &SampleFeatures) -> Result<Vec<f32>, ModelError> {
    let frames = sample.f0_hz.len().min(sample.embeddings_100hz.len());
    let f0_hz: Vec<f32> = sample
        .f0_hz
        .iter()
        .enumerate()
        // A second each as spoken, a fifth higher and a fifth lower.
        .map(|(n, f0_hz)| f0_hz * [1.0, 1.5, 2.0 / 3.0][n / 100 % 3])
        .collect();
    let (mut from, mut all, mut audio) = (0, Vec::new(), Vec::new());
    while from + FIRST + AHEAD <= frames {
        let hop = if from == 0 { FIRST } else { HOP };
        let range = from..from + hop + AHEAD;
        let mut embeddings = Frames::new(sample.embeddings_100hz.dim());
        let rows = sample.embeddings_100hz.rows().skip(from).take(range.len());
        rows.for_each(|row| embeddings.push(row));
        let mut noise = Frames::new(NOISE_CHANNELS);
        let mut row = [0.0; NOISE_CHANNELS];
        for frame in range.clone() {
            crate::dsp::noise::fill_normal(1, i64::try_from(frame).unwrap_or(0), &mut row);
            noise.push(&row);
        }
        let input = SynthesisInput {
            embeddings_100hz: &embeddings,
            f0_hz: &f0_hz[range],
            noise: &noise,
            skip_100hz: 0,
            ahead_100hz: AHEAD,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz: i64::try_from(from).unwrap_or(0),
        };
        if from == 0 {
            voice.synthesize(input, &mut audio)?;
        } else {
            voice.synthesize_streaming(input, &mut audio)?;
        }
        all.append(&mut audio);
        from += hop;
    }
    Ok(all)
}

fn snr_db(wanted: &[f32], made: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let signal: f64 = wanted.iter().map(|&x| square(x)).sum();
    let off: f64 = wanted.iter().zip(made).map(|(a, b)| square(a - b)).sum();
    10.0 * (signal / off.max(1e-30)).log10()
}
