//! First runs of all models, before the voice is used.

use super::error::LoadError;
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K, LOOKAHEAD_FRAMES_50HZ};
use crate::model::{NOISE_CHANNELS, SynthesisInput, Voice};

/// Runs every model at the sizes of the default hop: first runs are several times slower
/// than later ones and would cause xruns.
pub(super) fn warm_up(voice: &mut Voice) -> Result<(), LoadError> {
    let audio = vec![1e-4; voice.layout.window_frames_50hz * FRAME_STEP_16K + FRAME_TAIL_16K];
    let mut embeddings = Frames::new(voice.encoder.dim());
    for _ in 0..2 {
        voice.encoder.encode(&audio, &mut embeddings)?;
        if voice.encoder.is_stateful() {
            let piece_16k = (1 + LOOKAHEAD_FRAMES_50HZ) * FRAME_STEP_16K + FRAME_TAIL_16K;
            voice
                .encoder
                .encode_streaming(&audio[..piece_16k.min(audio.len())], &mut embeddings)?;
        }
        voice
            .pitch
            .track(&audio[..audio.len().min(4240)], &mut Vec::new())?;
        let frames = 2 * (voice.layout.context_frames_100hz.div_ceil(2) + 2);
        let mut doubled = Frames::new(embeddings.dim());
        doubled.resize(frames);
        let mut noise = Frames::new(NOISE_CHANNELS);
        noise.resize(frames);
        let f0_hz = vec![0.0; frames];
        let input = SynthesisInput {
            embeddings_100hz: &doubled,
            f0_hz: &f0_hz,
            noise: &noise,
            skip_100hz: 0,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz: 0,
        };
        voice.synthesizer.synthesize(input, &mut Vec::new())?;
        if voice.synthesizer.is_stateful() {
            let (mut two, mut two_noise) = (Frames::new(doubled.dim()), Frames::new(NOISE_CHANNELS));
            two.resize(2);
            two_noise.resize(2);
            let input = SynthesisInput {
                embeddings_100hz: &two,
                f0_hz: &f0_hz[..2],
                noise: &two_noise,
                ..input
            };
            voice.synthesizer.synthesize_streaming(input, &mut Vec::new())?;
        }
    }
    Ok(())
}
