//! The default pack's encoder and index without a stream: embeddings of recordings, and what retrieval finds for
//! them, frame by frame.

use crate::audio::Sound;
use anyhow::{Result, ensure};
use voxmeld_core::blend::{Blender, FrameInput, FrameReport, Target};
use voxmeld_core::controls::{Controls, Listen};
use voxmeld_core::frames::Frames;
use voxmeld_core::loader::load_voice;
use voxmeld_core::model::Voice;
use voxmeld_core::selection::VoiceSelection;

/// Loads the default voice.
///
/// # Errors
/// If there is no bundle.
pub fn default_voice() -> Result<Voice> {
    crate::env::use_data()?;
    Ok(load_voice(&VoiceSelection::default(), |_, _| {})?)
}

/// Embeddings of 16 kHz audio, encoded in rolling windows as in the engine.
///
/// # Errors
/// If the encoder fails, or the recording is shorter than half a second.
pub fn embed(voice: &mut Voice, audio: &[f32]) -> Result<Frames> {
    let window = voice.layout.window_frames_50hz;
    let mut all = Frames::new(voice.encoder.dim());
    let mut rows = Frames::new(voice.encoder.dim());
    let silence = vec![0.0; window * 320];
    let audio = [&silence[..], audio].concat();
    for end in window + 2..audio.len() / 320 {
        voice
            .encoder
            .encode(&audio[(end - window) * 320..end * 320 + 80], &mut rows)?;
        all.push(rows.row(window - 2));
    }
    ensure!(all.len() > 20, "the recording is shorter than half a second");
    Ok(all)
}

/// The retrieved embedding of every frame, and the blender's reports.
#[must_use]
pub fn retrieve(targets: &[Target], live: &Frames, mut controls: Controls) -> (Frames, Vec<FrameReport>) {
    controls.blend.listen = Listen::Retrieved;
    let dim = live.dim();
    let mut blender = Blender::new(dim);
    let (mut rows, mut reports) = (Frames::new(dim), Vec::new());
    for row in live.rows() {
        let (mut first, mut second) = (vec![0.0; dim], vec![0.0; dim]);
        let input = FrameInput {
            live: row,
            f0_hz: [120.0; 2],
            level: [0.1; 2],
            controls: &controls,
        };
        reports.push(blender.frame(targets, &input, [&mut first, &mut second]));
        rows.push(&second);
    }
    (rows, reports)
}

/// Statistics of trust and confidence over a recording.
#[derive(Clone, Copy, Debug)]
pub struct TrustStats {
    /// Number of frames.
    pub frames: usize,
    /// Mean rank of the nearest neighbour's distance among the distances inside the index.
    pub rank: f64,
    /// Mean factor on the ratio at full trust.
    pub factor: f64,
    /// Tenth percentile of that factor.
    pub lowest_tenth: f64,
    /// Mean confidence.
    pub confidence: f64,
}

impl TrustStats {
    /// For embeddings and one target.
    #[must_use]
    pub fn of(target: &Target, live: &Frames) -> Self {
        let (_, reports) = retrieve(std::slice::from_ref(target), live, Controls::default());
        let mut factors: Vec<f64> = reports
            .iter()
            .map(|report| f64::from(voxmeld_core::blend::trust::factor(report.rank, 1.0)))
            .collect();
        factors.sort_by(f64::total_cmp);
        let mean = |value: &dyn Fn(&FrameReport) -> f32| {
            reports.iter().map(|r| f64::from(value(r))).sum::<f64>() / reports.len().max(1) as f64
        };
        Self {
            frames: reports.len(),
            rank: mean(&|report| report.rank),
            factor: factors.iter().sum::<f64>() / factors.len().max(1) as f64,
            lowest_tenth: factors.get(factors.len() / 10).copied().unwrap_or(0.0),
            confidence: mean(&|report| report.confidence),
        }
    }
}

impl std::fmt::Display for TrustStats {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:4} frames, rank {:.2}, at full trust {:3.0} % of the ratio (a tenth of frames below {:3.0} %), confidence {:.2}",
            self.frames,
            self.rank,
            100.0 * self.factor,
            100.0 * self.lowest_tenth,
            self.confidence
        )
    }
}

/// The frames (20 ms) of a recording that are louder than -45 dB relative to its loudest frame.
#[must_use]
pub fn non_silent_frames(audio_16k: &[f32], live: &Frames) -> Frames {
    let level = |n: usize| {
        let end = audio_16k.len().min((n + 1) * 320);
        let frame = audio_16k.get(n * 320..end).unwrap_or_default();
        frame.iter().map(|x| x * x).sum::<f32>()
    };
    let loudest = (0..live.len()).map(level).fold(0.0, f32::max);
    let mut kept = Frames::new(live.dim());
    for n in (0..live.len()).filter(|&n| level(n) > loudest * 3e-5) {
        kept.push(live.row(n));
    }
    kept
}

/// The samples of a recording at 16 kHz.
///
/// # Errors
/// If it cannot be resampled.
pub fn at_16k(sound: &Sound) -> Result<Vec<f32>> {
    Ok(sound.at_rate(16_000)?.samples)
}
