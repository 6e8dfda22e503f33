//! Synthesis with shifted formants; see [`crate::worker::formant`].

use super::{Renderer, TAIL_100HZ};
use crate::model::{ModelError, Synthesizer};
use crate::worker::context::FeatureCache;
use crate::worker::formant::{as_f64, floor, is_plain, total};

/// Frames before a hop whose features those at its beginning are interpolated with.
const BEFORE_100HZ: usize = 2;

impl Renderer {
    /// True if the formants of the newest hop are shifted.
    pub(super) fn is_shifted(&self, cache: &FeatureCache) -> bool {
        !is_plain(cache.newest_formants(self.hop_100hz))
    }

    /// Synthesizes the newest hop from a stateful synthesizer's state; where that does not end at its first frame, from all
    /// frames.
    pub(super) fn synthesize_shifted_hop(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        continues: bool,
    ) -> Result<(), ModelError> {
        if !continues {
            cache.fill_input(usize::MAX, 0, &mut self.frames);
            let wanted = self.hop_100hz + TAIL_100HZ;
            let skip_100hz = self.frames.f0_hz.len().saturating_sub(wanted);
            self.synthesize_shifted(synthesizer, cache, skip_100hz, 0)?;
            self.keep_tail();
            return Ok(());
        }
        cache.fill_input(self.hop_100hz + BEFORE_100HZ, 0, &mut self.frames);
        let from = self.frames.f0_hz.len() - self.hop_100hz;
        if !self.formant.is_active() {
            let first = 2 * cache.next_frame - signed(self.hop_100hz);
            self.formant.begin(&self.tail_model, first);
        }
        // A stateful synthesizer makes frames in pairs.
        self.formant.prepare(&self.frames, from, self.tick_model, 2);
        if !self.formant.made.f0_hz.is_empty() {
            synthesizer.synthesize_streaming(self.formant.input(0, 0), &mut self.made_model)?;
            self.formant.accept(&self.made_model);
        }
        self.audio_model.clear();
        self.formant.play(
            &self.frames.formants[from..],
            self.tick_model,
            &mut self.audio_model,
        );
        Ok(())
    }

    /// Synthesizes `frames` without state, and plays them from `skip_100hz` on.
    pub(super) fn synthesize_shifted(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
        skip_100hz: usize,
        held_100hz: usize,
    ) -> Result<(), ModelError> {
        let factors = &self.frames.formants;
        let newest = factors.last().copied().unwrap_or(1.0);
        let first = 2 * cache.next_frame + signed(held_100hz) - signed(factors.len());
        // So that a frame has the same noise in all windows while the factor stays.
        let first_made = scaled(first, newest);
        self.formant.begin(&[], first_made);
        self.formant.prepare(&self.frames, 0, self.tick_model, 2);
        let skipped = total(&factors[..skip_100hz]);
        // One frame more, which the interpolation looks back to.
        let skip_made = floor(skipped).saturating_sub(1);
        let held_made = floor((f64::from(newest) * as_f64(held_100hz)).ceil());
        synthesizer.synthesize(self.formant.input(skip_made, held_made), &mut self.made_model)?;
        self.formant.accept(&self.made_model);
        self.formant
            .seek((skipped - as_f64(skip_made)) * as_f64(self.tick_model));
        self.audio_model.clear();
        let played = &self.frames.formants[skip_100hz..];
        self.formant.play(played, self.tick_model, &mut self.audio_model);
        if !self.stateful {
            self.formant.stop();
        }
        Ok(())
    }

    /// Back to no shift: the hop is made once more as before and fades out in its first 10 ms, while the synthesizer begins
    /// again with the context.
    pub(super) fn end_shift(
        &mut self,
        synthesizer: &mut dyn Synthesizer,
        cache: &FeatureCache,
    ) -> Result<(), ModelError> {
        self.synthesize_shifted_hop(synthesizer, cache, true)?;
        let mut old_model = std::mem::take(&mut self.audio_model);
        old_model.truncate(self.tick_model);
        self.formant.stop();
        let tail_model = std::mem::take(&mut self.tail_model);
        self.synthesize_context_and_hop(synthesizer, cache)?;
        // The tail that was played, not the one of the new beginning.
        self.tail_model = tail_model;
        let len = as_f64(old_model.len() + 1);
        for (n, (new, old)) in self.audio_model.iter_mut().zip(&old_model).enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
            let part = (as_f64(n + 1) / len * std::f64::consts::FRAC_PI_2).sin().powi(2) as f32;
            *new = old + (*new - old) * part;
        }
        Ok(())
    }
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "frames of a stream; only the key of its noise"
)]
fn scaled(frame: i64, factor: f32) -> i64 {
    (frame as f64 * f64::from(factor)).floor() as i64
}
