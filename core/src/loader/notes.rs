//! Notes for the user about a loaded voice.

use crate::blend::Target;
use crate::indexing::file_sha256;
use crate::library::{installed_encoder, own_dir};
use crate::pack::find_pack;
use crate::retrieval::health;
use crate::selection::{PackRef, VoiceSelection};

/// Notes about a loaded voice: an index made with another encoder, an index of normalized
/// vectors without a sidecar, an index that was converted when it was opened.
#[must_use]
pub fn notes(selection: &VoiceSelection, targets: &[Target]) -> Vec<String> {
    let mut notes = Vec::new();
    let made_by = |target: &Target| Some(target.index.sidecar()?.encoder.as_ref()?.sha256.clone());
    if targets.iter().any(|target| made_by(target).is_some())
        && let Some(encoder) = encoder_sha256(selection, targets[0].index.dim())
    {
        let others = targets
            .iter()
            .filter(|target| made_by(target).is_some_and(|made| !made.eq_ignore_ascii_case(&encoder)));
        notes.extend(others.map(|target| {
            format!(
                "the index \"{}\" was made with another encoder, so its neighbours may be wrong: build it again with this one",
                target.name
            )
        }));
    }
    let without_sidecar = targets
        .iter()
        .filter(|target| health::is_normalized_without_sidecar(&*target.index));
    notes.extend(without_sidecar.map(|target| {
        format!(
            "the index \"{}\" has vectors of length 1 but no sidecar with its metric: build it again with `--metric cosine`",
            target.name
        )
    }));
    let converted = targets
        .iter()
        .filter_map(|target| Some((&target.name, target.index.conversion()?)));
    notes.extend(converted.map(|(name, conversion)| format!("the index \"{name}\" was {conversion}")));
    notes
}

/// sha256 of the encoder in use, which outputs `dim` values.
fn encoder_sha256(selection: &VoiceSelection, dim: usize) -> Option<String> {
    if let Some(own) = &selection.encoder {
        return file_sha256(&own.path).ok();
    }
    let pack = match &selection.pack {
        PackRef::Embedded(name) => Some(find_pack(name).ok()?),
        PackRef::None => None,
    };
    match pack {
        Some(pack) if selection.synthesizer.is_none() || pack.encoder.dim == dim => pack.encoder.file.sha256,
        _ => file_sha256(&installed_encoder(&own_dir(), dim)?).ok(),
    }
}
