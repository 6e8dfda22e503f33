//! A recording to embeddings, and which of them are speech.

use std::ops::ControlFlow;

use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K, LOOKAHEAD_FRAMES_50HZ};
use crate::model::{Encoder, ModelError};
use crate::retrieval::Span;

/// How much of a recording the encoder sees at a time, and which frames of that
/// are kept. All in frames of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeWindow {
    /// Frames before those that are kept.
    lead: usize,
    /// Frames that are kept.
    step: usize,
    /// Frames after them.
    tail: usize,
}

impl EncodeWindow {
    /// Long windows, as RVC's own extraction sees whole recordings: 10 s of which
    /// the middle 8 are kept.
    pub const LONG: Self = Self {
        lead: 50,
        step: 400,
        tail: 50,
    };

    /// What the engine's encoder sees while it runs: a window of so many frames
    /// of which only the newest frame counts, one of look-ahead behind it. As many
    /// runs as frames, so some twenty times slower than [`Self::LONG`].
    #[must_use]
    pub fn live(frames: usize) -> Self {
        Self {
            lead: frames.saturating_sub(1 + LOOKAHEAD_FRAMES_50HZ),
            step: 1,
            tail: LOOKAHEAD_FRAMES_50HZ,
        }
    }

    /// The window of so many frames in all.
    #[must_use]
    pub fn of(frames: usize) -> Self {
        if frames == Self::LONG.frames() {
            Self::LONG
        } else {
            Self::live(frames)
        }
    }

    /// Frames in all.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.lead + self.step + self.tail
    }
}

/// The speech of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// One embedding per 20 ms of speech.
    pub embeddings: Frames,
    /// Where they are from; `first_id` counts from 0.
    pub spans: Vec<Span>,
    /// Frames of silence that were left out.
    pub silent: usize,
}

/// Shortest recording in frames: half a second, of which an encoder can make sense.
const SHORTEST: usize = 25;

/// Encodes 16 kHz audio and keeps the speech. `on` hears frames done and frames
/// in all and may break; then the result is `None`.
///
/// A recording of less than half a second gives no embeddings.
///
/// # Errors
/// If the encoder fails.
pub fn embed(
    encoder: &mut dyn Encoder,
    audio_16k: &[f32],
    window: EncodeWindow,
    mut on: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Kept>, ModelError> {
    let total = audio_16k.len().saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
    let mut kept = Kept {
        embeddings: Frames::new(encoder.dim()),
        spans: Vec::new(),
        silent: 0,
    };
    if total < SHORTEST {
        kept.silent = total;
        return Ok(Some(kept));
    }
    let speech = speech_frames(audio_16k, total);
    // Zeros around: every window is as long as the others, and the first frames
    // see the same silence before them as in a stream that begins.
    let mut padded = vec![0.0; window.lead * FRAME_STEP_16K];
    padded.extend_from_slice(&audio_16k[..total * FRAME_STEP_16K + FRAME_TAIL_16K]);
    let steps = total.div_ceil(window.step);
    let end = (window.lead + steps * window.step + window.tail) * FRAME_STEP_16K + FRAME_TAIL_16K;
    padded.resize(end.max(padded.len()), 0.0);

    let mut rows = Frames::new(encoder.dim());
    for first in (0..total).step_by(window.step) {
        if on(first, total).is_break() {
            return Ok(None);
        }
        let wanted = first..(first + window.step).min(total);
        if !speech[wanted.clone()].contains(&true) {
            kept.silent += wanted.len();
            continue;
        }
        let start = first * FRAME_STEP_16K;
        let len = window.frames() * FRAME_STEP_16K + FRAME_TAIL_16K;
        encoder.encode(&padded[start..start + len], &mut rows)?;
        for frame in wanted {
            if speech[frame] {
                keep(&mut kept, frame, rows.row(window.lead + frame - first));
            } else {
                kept.silent += 1;
            }
        }
    }
    let _ = on(total, total);
    Ok(Some(kept))
}

fn keep(kept: &mut Kept, frame: usize, row: &[f32]) {
    let id = kept.embeddings.len();
    let frame = frame as u64;
    kept.embeddings.push(row);
    match kept.spans.last_mut() {
        Some(span) if span.start_frame_50hz + span.len as u64 == frame => span.len += 1,
        _ => kept.spans.push(Span {
            first_id: id,
            len: 1,
            start_frame_50hz: frame,
        }),
    }
}

/// Silence is this far below the louder frames of the recording ...
const SILENCE_BELOW_LOUD: f32 = 1e-4; // power: -40 dB
/// ... or below this at all (-66 dB of full scale, power).
const SILENCE: f32 = 2.5e-7;
/// Frames kept before and after speech: consonants are quiet.
const MARGIN: usize = 4;

/// Which frames are speech, or within 80 ms of it.
fn speech_frames(audio_16k: &[f32], total: usize) -> Vec<bool> {
    #[expect(clippy::cast_precision_loss, reason = "320")]
    let power = |frame: &[f32]| frame.iter().map(|x| x * x).sum::<f32>() / FRAME_STEP_16K as f32;
    let powers: Vec<f32> = audio_16k.chunks(FRAME_STEP_16K).take(total).map(power).collect();
    let mut sorted = powers.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let loud = sorted[sorted.len() * 95 / 100];
    let least = SILENCE.max(loud * SILENCE_BELOW_LOUD);
    let mut speech = vec![false; total];
    for (frame, _) in powers.iter().enumerate().filter(|(_, power)| **power > least) {
        speech[frame.saturating_sub(MARGIN)..(frame + MARGIN + 1).min(total)].fill(true);
    }
    speech
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fake::PassThroughEncoder;

    fn tone(seconds: f32, amplitude: f32) -> Vec<f32> {
        (0..(seconds * 16_000.0) as usize)
            .map(|n| amplitude * (n as f32 * 0.05).sin())
            .collect()
    }

    #[test]
    fn silence_is_left_out_and_times_are_kept() {
        let mut audio = tone(1.0, 0.3);
        audio.extend(vec![0.0; 16_000]);
        audio.extend(tone(1.0, 0.3));
        let kept = embed(&mut PassThroughEncoder, &audio, EncodeWindow::LONG, |_, _| {
            ControlFlow::Continue(())
        })
        .expect("encoded")
        .expect("not stopped");
        let [first, second] = kept.spans[..] else {
            panic!("{:?}", kept.spans);
        };
        assert_eq!((first.first_id, first.start_frame_50hz), (0, 0));
        assert_eq!(second.first_id, first.len);
        assert_eq!(second.start_frame_50hz, 100 - MARGIN as u64);
        assert_eq!(kept.embeddings.len(), first.len + second.len);
        assert_eq!(kept.embeddings.len() + kept.silent, 149);
    }

    #[test]
    fn a_stop_is_heard_and_too_short_is_nothing() {
        let mut encoder = PassThroughEncoder;
        let stopped = embed(&mut encoder, &tone(1.0, 0.3), EncodeWindow::LONG, |_, _| {
            ControlFlow::Break(())
        });
        assert!(stopped.expect("no error").is_none());
        let short = embed(&mut encoder, &tone(0.2, 0.3), EncodeWindow::LONG, |_, _| {
            ControlFlow::Continue(())
        });
        assert!(short.expect("no error").expect("done").embeddings.is_empty());
    }
}
