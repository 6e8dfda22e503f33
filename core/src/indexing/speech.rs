//! Which frames of a recording are speech.

use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K};

/// A frame is silent if its power is this far below that of the recording's louder frames (-40 dB) ...
const SILENCE_BELOW_LOUD: f32 = 1e-4;
/// ... or below this (-66 dB of full scale).
const SILENCE_POWER: f32 = 2.5e-7;
/// Frames kept before and after speech: consonants are quiet.
const MARGIN_FRAMES_50HZ: usize = 4;

/// Shortest recording in frames: half a second, below which an encoder has too little context.
const SHORTEST_FRAMES_50HZ: usize = 25;

/// Measures a recording as it is read.
#[derive(Default)]
pub(super) struct SpeechFinder {
    /// Mean power of each whole frame of 20 ms.
    powers: Vec<f32>,
    /// Samples of the frame that is not whole yet.
    rest: Vec<f32>,
    samples_16k: usize,
}

impl SpeechFinder {
    pub(super) fn push(&mut self, audio_16k: &[f32]) {
        #[expect(clippy::cast_precision_loss, reason = "320")]
        let power = |frame: &[f32]| frame.iter().map(|x| x * x).sum::<f32>() / FRAME_STEP_16K as f32;
        self.samples_16k += audio_16k.len();
        self.rest.extend_from_slice(audio_16k);
        let frames = self.rest.chunks_exact(FRAME_STEP_16K);
        let used = self.rest.len() - frames.remainder().len();
        self.powers.extend(frames.map(power));
        self.rest.drain(..used);
    }

    /// One flag per frame that an encoder gives of the whole recording: true if it is speech, or within 80 ms of it.
    pub(super) fn finish(mut self) -> Vec<bool> {
        let total = self.samples_16k.saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
        self.powers.truncate(total);
        let mut speech = vec![false; total];
        if total < SHORTEST_FRAMES_50HZ {
            return speech;
        }
        let mut sorted = self.powers.clone();
        let (_, loud, _) = sorted.select_nth_unstable_by(total * 95 / 100, f32::total_cmp);
        let least = SILENCE_POWER.max(*loud * SILENCE_BELOW_LOUD);
        for (frame, _) in self
            .powers
            .iter()
            .enumerate()
            .filter(|(_, power)| **power > least)
        {
            let end = (frame + MARGIN_FRAMES_50HZ + 1).min(total);
            speech[frame.saturating_sub(MARGIN_FRAMES_50HZ)..end].fill(true);
        }
        speech
    }
}
