//! What lies ahead of the newest frame.

use super::{FeatureCache, SynthesizerFrames, fill_noise};
use crate::model::NOISE_CHANNELS;

impl FeatureCache {
    /// What the next 20 ms frame will be like; it is replaced when that frame is known.
    pub fn set_ahead(&mut self, embeddings: [&[f32]; 2], f0_hz: [f32; 2]) {
        let (frames, pitches) = &mut self.ahead;
        frames.clear(frames.dim());
        embeddings
            .into_iter()
            .for_each(|embedding| frames.push(embedding));
        pitches.clear();
        pitches.extend(f0_hz);
    }

    /// Appends the frames of 10 ms that lie ahead to a synthesizer's input; returns their number.
    pub fn append_ahead(&self, input: &mut SynthesizerFrames) -> usize {
        let (frames, pitches) = &self.ahead;
        let mut row = [0.0; NOISE_CHANNELS];
        for ((embedding, f0_hz), frame) in frames.rows().zip(pitches).zip(2 * self.next_frame..) {
            input.embeddings_100hz.push(embedding);
            input.f0_hz.push(*f0_hz);
            fill_noise(frame, &mut row);
            input.noise.push(&row);
        }
        pitches.len()
    }
}
