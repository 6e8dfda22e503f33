//! Loads the targets.

use super::error::LoadError;
use super::parts::stem;
use crate::blend::Target;
use crate::controls::{MAX_TARGETS, SearchParams};
use crate::pack::{PackIndex, PackManifest};
use crate::retrieval::{self, Probe, RecallTable};
use crate::selection::{IndexRef, VoiceSelection};

/// The targets in the order of the morph's weights: the chosen one, then the others.
pub(super) fn load_targets(
    selection: &VoiceSelection,
    pack: Option<&PackManifest>,
    dim: usize,
) -> Result<Vec<Target>, LoadError> {
    // A synthesizer file that the user chose does not use the pack's targets by default.
    let uses_pack_voice = selection.synthesizer.is_none();
    let packed = pack
        .filter(|_| uses_pack_voice)
        .map_or(&[][..], |pack| &pack.indices);
    let by_name = |index: &PackIndex| IndexRef::Pack(index.name.clone());
    let first = match &selection.index {
        Some(chosen) => Some(chosen.clone()),
        None => packed.first().map(by_name),
    };
    let others = match (&selection.others, &selection.index) {
        (Some(others), _) => others.clone(),
        (None, None) => packed.iter().skip(1).map(by_name).collect(),
        (None, Some(_)) => Vec::new(),
    };
    first
        .iter()
        .chain(&others)
        .filter(|chosen| **chosen != IndexRef::None)
        .take(MAX_TARGETS)
        .map(|chosen| load_target(chosen, pack, dim))
        .collect()
}

fn load_target(chosen: &IndexRef, pack: Option<&PackManifest>, dim: usize) -> Result<Target, LoadError> {
    let (path, name, f0_median_hz) = match chosen {
        IndexRef::File(file) => (file.path.clone(), stem(&file.path), None),
        IndexRef::Pack(name) => {
            let found = pack.and_then(|pack| Some((pack, pack.index(name)?)));
            let (pack, index) = found.ok_or_else(|| LoadError::NoSuchIndex {
                pack: pack.map_or_else(|| "none".to_string(), |pack| pack.name.clone()),
                index: name.clone(),
            })?;
            (
                pack.path_of(&index.file)?,
                index.label.clone(),
                index.f0_median_hz,
            )
        }
        IndexRef::None => return Err(LoadError::NotChosen { what: "target voice" }),
    };
    let target = Target::new(name, retrieval::open(&path, Some(dim))?)
        .with_f0_median(f0_median_hz)
        .with_measured_search();
    Ok(if target.recall.points.is_empty() {
        let measured = Probe::at_load(&*target.index).measure(&*target.index, SearchParams::default().k);
        // A search that fails here also fails at run time, and is reported there.
        target.with_recall(measured.map_or_else(|_| RecallTable::default(), |measured| measured.table))
    } else {
        target
    })
}
