//! The synthesizer's input for a hop.

use crate::model::SynthesisInput;
use crate::worker::context::{FeatureCache, SynthesizerFrames};

/// The input of a stateful synthesizer, of which it returns the newest `wanted_100hz` frames.
pub(super) fn streaming_input<'a>(
    frames: &'a mut SynthesizerFrames,
    cache: &FeatureCache,
    looks_ahead: bool,
    wanted_100hz: usize,
) -> SynthesisInput<'a> {
    let skip_100hz = frames.f0_hz.len().saturating_sub(wanted_100hz);
    let ahead_100hz = if looks_ahead {
        cache.append_ahead(frames)
    } else {
        0
    };
    SynthesisInput {
        ahead_100hz,
        held_100hz: 0,
        ..synthesis_input(frames, skip_100hz, ahead_100hz, cache)
    }
}

/// The synthesizer's input; the last frame of `frames` before the `later` ones is the newest of `cache`.
pub(super) fn synthesis_input<'a>(
    frames: &'a SynthesizerFrames,
    skip_100hz: usize,
    later_100hz: usize,
    cache: &FeatureCache,
) -> SynthesisInput<'a> {
    let signed = |n: usize| i64::try_from(n).unwrap_or(0);
    SynthesisInput {
        embeddings_100hz: &frames.embeddings_100hz,
        f0_hz: &frames.f0_hz,
        noise: &frames.noise,
        skip_100hz,
        ahead_100hz: 0,
        held_100hz: later_100hz,
        speaker: frames.speaker,
        first_frame_100hz: 2 * cache.next_frame + signed(later_100hz) - signed(frames.f0_hz.len()),
    }
}
