//! Loads the voice of a selection on the calling thread.

use super::eight_bits;
use super::error::LoadError;
use super::parts::{encoder_choice, part_path, stem};
use super::targets::load_targets;
use crate::blend::Target;
use crate::model::onnx::{ContentEncoder, open_pitch_tracker, open_synthesizer, rvc_width};
use crate::model::{Encoder, Voice, VoiceLayout};
use crate::pack::{PackManifest, find_pack};
use crate::selection::{PackRef, VoiceSelection};
use std::path::Path;

/// As [`load_voice_as`], in 32 bits.
///
/// # Errors
/// See [`LoadError`].
pub fn load_voice(selection: &VoiceSelection, progress: impl FnMut(f32, &str)) -> Result<Voice, LoadError> {
    load_voice_as(selection, false, progress)
}

/// Loads all parts of a selection; RVC voices and encoders from their weights in 8 bits where that is wanted. Nothing is run yet: see [`crate::worker::try_out`]. `progress` is called with 0..1 and the current step.
///
/// # Errors
/// See [`LoadError`].
pub fn load_voice_as(
    selection: &VoiceSelection,
    in_8_bits: bool,
    mut progress: impl FnMut(f32, &str),
) -> Result<Voice, LoadError> {
    let pack = match &selection.pack {
        PackRef::Embedded(name) => Some(find_pack(name)?),
        PackRef::None => None,
    };
    let pack = pack.as_ref();
    progress(0.1, "voice");
    let own_synthesizer = selection.synthesizer.as_ref().map(|file| file.path.as_path());
    let synthesizer_path = part_path(
        own_synthesizer,
        pack.map(|pack| (pack, &pack.synthesizer.file)),
        "voice",
    )?;
    // In 8 bits it is opened when the models are there with which it is measured.
    let width = if in_8_bits {
        rvc_width(&synthesizer_path)
    } else {
        None
    };
    let opened = match width {
        Some(_) => None,
        None => Some(open_synthesizer(&synthesizer_path)?),
    };
    let dim = opened.as_ref().map(|synthesizer| synthesizer.dim()).or(width);
    progress(0.4, "encoder");
    let mut encoder = load_encoder(selection, pack, dim.unwrap_or(0), in_8_bits)?;
    progress(0.7, "pitch tracker");
    // Without a pack, the pitch tracker of the default pack is used.
    let pitch_pack = if pack.is_none() {
        Some(find_pack("default")?)
    } else {
        None
    };
    let pitch_path = part_path(
        selection.pitch.as_ref().map(|file| file.path.as_path()),
        pack.or(pitch_pack.as_ref()).map(|pack| (pack, &pack.pitch)),
        "pitch tracker",
    )?;
    let mut pitch = open_pitch_tracker(&pitch_path)?;
    let synthesizer = match opened {
        Some(synthesizer) => synthesizer,
        None => eight_bits::open(&synthesizer_path, &mut encoder, pitch.as_mut(), || {
            progress(0.75, "measuring the voice, once");
        })?,
    };
    progress(0.8, "index");
    let targets = load_targets(selection, pack, encoder.dim())?;
    let all_packed = selection.encoder.is_none() && own_synthesizer.is_none();
    let voice = Voice {
        name: voice_name(targets.first(), pack, own_synthesizer),
        encoder: Box::new(encoder),
        pitch,
        synthesizer,
        targets,
        layout: pack
            .filter(|_| all_packed)
            .map_or_else(VoiceLayout::default, PackManifest::layout),
    };
    voice.check()?;
    Ok(voice)
}

fn load_encoder(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    synthesizer_dim: usize,
    in_8_bits: bool,
) -> Result<ContentEncoder, LoadError> {
    let choice = encoder_choice(selection, pack, synthesizer_dim)?;
    if in_8_bits {
        return Ok(ContentEncoder::open_in_8_bits(
            &choice.path,
            choice.dim,
            choice.normalize,
        )?);
    }
    Ok(ContentEncoder::open(&choice.path, choice.dim, choice.normalize)?)
}

fn voice_name(target: Option<&Target>, pack: Option<&PackManifest>, synthesizer: Option<&Path>) -> String {
    let voice = synthesizer
        .map(stem)
        .or_else(|| pack.map(|pack| pack.name.clone()))
        .unwrap_or_default();
    match target {
        Some(target) => format!("{voice}: {}", target.name),
        None => voice,
    }
}
