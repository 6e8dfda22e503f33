//! A fake voice of simple arithmetic, whose output depends on every value of embeddings, pitch and targets.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use std::sync::Arc;
use voxmeld_core::SampleRate;
use voxmeld_core::blend::{Source, Target};
use voxmeld_core::frames::Frames;
use voxmeld_core::model::{
    Encoder, ModelError, PitchTracker, SynthesisInput, Synthesizer, Voice, VoiceLayout,
};
use voxmeld_core::retrieval::Metric;
use voxmeld_core::retrieval::flat::FlatIndex;
use voxmeld_tests::signal::noise;

const DIM: usize = 16;

/// An encoder whose embedding has the levels of 16 pieces of a frame.
struct PieceLevelEncoder;

impl Encoder for PieceLevelEncoder {
    fn dim(&self) -> usize {
        DIM
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        embeddings.clear(DIM);
        for frame in audio_16k.chunks_exact(320) {
            let row: Vec<f32> = frame
                .chunks_exact(20)
                .map(|piece| piece.iter().map(|x| x.abs()).sum::<f32>() / 20.0)
                .collect();
            embeddings.push(&row);
        }
        Ok(())
    }
}

/// A pitch tracker that calls loud frames voiced; the pitch rises with the level.
struct LevelPitchTracker;

impl PitchTracker for LevelPitchTracker {
    fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
        f0_hz.clear();
        f0_hz.extend(audio_16k.chunks_exact(160).map(|half| {
            let level = half.iter().map(|x| x.abs()).sum::<f32>() / 160.0;
            if level > 0.05 { 60.0 + 900.0 * level } else { 0.0 }
        }));
        Ok(())
    }
}

/// A synthesizer whose output is a product of embedding, noise and pitch.
struct ProductSynthesizer;

impl Synthesizer for ProductSynthesizer {
    fn sample_rate(&self) -> SampleRate {
        SampleRate(24_000)
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn synthesize(&mut self, input: SynthesisInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        audio.clear();
        let frames = input
            .embeddings_100hz
            .rows()
            .zip(input.noise.rows())
            .zip(input.f0_hz);
        for ((row, noise), f0_hz) in frames.skip(input.skip_100hz) {
            let pitch = 0.5 + f0_hz / 2_000.0;
            audio.extend((0..240).map(|n| row[n % DIM] * noise[n % noise.len()] * pitch));
        }
        Ok(())
    }
}

/// A target of four recordings with weights 1, 0.5, 0 and 1.
fn target(seed: u64) -> Target {
    let vectors: Vec<f32> = noise(seed, 160 * DIM).iter().map(|x| 0.6 * x.abs()).collect();
    let sources = (0..4).map(|n| Source {
        name: format!("take {n}"),
        ranges: std::iter::once(n * 40..(n + 1) * 40).collect(),
        in_time_order: true,
    });
    let index = FlatIndex::new(Frames::from_data(DIM, vectors), Metric::L2);
    let mut target = Target::new(format!("target {seed}"), Arc::new(index)).with_sources(sources.collect());
    target.set_take_weights(&[1.0, 0.5, 0.0, 1.0]);
    target
}

pub fn voice() -> Voice {
    Voice {
        name: "product".into(),
        encoder: Box::new(PieceLevelEncoder),
        pitch: Box::new(LevelPitchTracker),
        synthesizer: Box::new(ProductSynthesizer),
        targets: (1..=3).map(target).collect(),
        layout: VoiceLayout {
            window_frames_50hz: 12,
            context_frames_100hz: 8,
            ..VoiceLayout::default()
        },
    }
}
