//! File and name of each part of a voice.

use super::error::LoadError;
use crate::library::{WantedEncoder, installed_encoder, own_dir};
use crate::pack::{PackFile, PackManifest, find_pack};
use crate::selection::{EncoderChoice, PackRef, VoiceSelection};
use std::path::{Path, PathBuf};

/// Path of a part: the chosen file, else the pack's.
pub(super) fn part_path(
    own: Option<&Path>,
    packed: Option<(&PackManifest, &PackFile)>,
    what: &'static str,
) -> Result<PathBuf, LoadError> {
    match (own, packed) {
        (Some(own), _) => Ok(own.to_path_buf()),
        (None, Some((pack, file))) => Ok(pack.path_of(file)?),
        (None, None) => Err(LoadError::NotChosen { what }),
    }
}

/// The encoder of a loaded voice.
pub(super) fn loaded_encoder(selection: &VoiceSelection, dim: usize) -> Option<EncoderChoice> {
    let pack = match &selection.pack {
        PackRef::Embedded(name) => Some(find_pack(name).ok()?),
        PackRef::None => None,
    };
    encoder_choice(selection, pack.as_ref(), dim).ok()
}

/// The selected encoder and its settings.
pub(super) fn encoder_choice(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    synthesizer_dim: usize,
) -> Result<EncoderChoice, LoadError> {
    let own = selection.encoder.as_ref().map(|file| file.path.as_path());
    let packed = pack.filter(|_| own.is_none()).map(|pack| &pack.encoder);
    // The pack's encoder is not used for a voice that was trained with another encoder.
    let fits = packed.is_some_and(|encoder| encoder.dim == synthesizer_dim);
    if own.is_none() && !fits && selection.synthesizer.is_some() {
        let wanted = WantedEncoder { dim: synthesizer_dim };
        return Ok(EncoderChoice {
            path: installed_encoder(&own_dir(), synthesizer_dim).ok_or(LoadError::NoEncoder { wanted })?,
            dim: Some(synthesizer_dim),
            normalize: false,
        });
    }
    Ok(EncoderChoice {
        path: part_path(own, pack.map(|pack| (pack, &pack.encoder.file)), "encoder")?,
        // Selects the output that the voice was trained with.
        dim: Some(packed.map_or(synthesizer_dim, |encoder| encoder.dim)),
        normalize: packed.is_some_and(|encoder| encoder.input_normalize),
    })
}

/// A file's name without its extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
