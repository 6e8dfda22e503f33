//! The whole way from a folder to an index.

use std::path::{Path, PathBuf};

use super::centres::Centres;
use super::choice::{Choice, Kind, Made};
use super::embed::EncodeWindow;
use super::error::IndexingError;
use super::finish::file_sha256;
use super::gather::{Gather, Material, Wanted};
use super::parts::Parts;
use super::progress::Progress;
use crate::model::Encoder;
use crate::model::onnx::ContentEncoder;
use crate::retrieval::health::is_normalized_without_sidecar;
use crate::retrieval::{Comparison, EmbeddingIndex, EncoderInfo, IndexFileError, Metric, Sidecar, open};
use crate::selection::EncoderChoice;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Folder of recordings, or a recording.
    pub recordings: PathBuf,
    /// Encoder.
    pub encoder: EncoderChoice,
    /// What it sees at a time.
    pub window: EncodeWindow,
    /// Index file to write.
    pub output: PathBuf,
    /// Which index.
    pub kind: Kind,
    /// How vectors are compared.
    pub metric: Comparison,
    /// Seed of the k-means.
    pub seed: u32,
    /// Centres in the place of very many vectors, if wanted.
    pub centres: Option<Centres>,
    /// True if the recordings come in addition to those that the index has; else
    /// it will have exactly these.
    pub add: bool,
    /// The index that they come in addition to; `None`: the one that `output` is already.
    pub base: Option<PathBuf>,
}

impl Job {
    /// The index that recordings come in addition to.
    fn base(&self) -> &Path {
        self.base.as_deref().unwrap_or(&self.output)
    }

    /// Made as the index that is added to, if it is there: what comes in addition fits in.
    /// Its sidecar, if it has one.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn like_base(&mut self) -> Result<Option<Sidecar>, IndexFileError> {
        let index = match open(self.base(), None) {
            Err(IndexFileError::Missing { .. }) => return Ok(None),
            index => index?,
        };
        let Some(sidecar) = index.sidecar() else {
            self.kind = Kind::Preset(index.kind());
            self.metric = match index.metric() {
                Metric::L2 => Comparison::L2,
                Metric::InnerProduct => Comparison::Ip,
            };
            return Ok(None);
        };
        self.kind = Kind::of(sidecar);
        self.metric = sidecar.metric;
        self.seed = sidecar.seed;
        if let Some(encoder) = &sidecar.encoder {
            self.window = EncodeWindow::of(encoder.window_frames_50hz);
        }
        Ok(Some(sidecar.clone()))
    }

    /// Does it, on this thread.
    ///
    /// # Errors
    /// See [`IndexingError`].
    pub fn run(&self, progress: &Progress) -> Result<Made, IndexingError> {
        let folder = |why| IndexingError::Folder {
            path: self.recordings.clone(),
            why,
        };
        let files = Wanted::all_in(&self.recordings).map_err(folder)?;
        if files.is_empty() {
            let path = self.recordings.clone();
            return Err(IndexingError::NoRecordings { path });
        }
        progress.say("opening the encoder");
        let choice = &self.encoder;
        let mut encoder = ContentEncoder::open(&choice.path, choice.dim, choice.normalize)?;
        let info = EncoderInfo {
            file: file_name(&choice.path),
            sha256: file_sha256(&choice.path).map_err(folder)?,
            normalize: choice.normalize,
            window_frames_50hz: self.window.frames(),
        };
        self.with_encoder(&mut encoder, &info, &files, progress)
    }

    fn with_encoder(
        &self,
        encoder: &mut dyn Encoder,
        info: &EncoderInfo,
        files: &[Wanted],
        progress: &Progress,
    ) -> Result<Made, IndexingError> {
        let earlier = match open(self.base(), Some(encoder.dim())) {
            Ok(index) => Some(index),
            Err(IndexFileError::Missing { .. }) => None,
            // Added to, it would be lost; built anew, there is only nothing to take from it.
            Err(error) if self.add => return Err(error.into()),
            Err(_) => None,
        };
        let earlier: Option<&dyn EmbeddingIndex> = earlier.as_deref();
        let parts = Parts::of(&self.output, info);
        let mut material = self.begin(earlier, info, files, encoder.dim())?;
        let before = material.sources.len();
        let mut gather = Gather {
            encoder,
            window: self.window,
            info,
            earlier,
            parts: &parts,
        };
        if !gather.run(files, &mut material, progress)? {
            return Err(IndexingError::Stopped);
        }
        if material.sources.len() == before {
            let reasons = material.left_out;
            return Err(IndexingError::NoSpeech { reasons });
        }
        let mut made = self.finish(material, info, progress)?;
        if let Some(earlier) = earlier.filter(|earlier| self.add && made_by(*earlier).is_none()) {
            made.warnings.push(format!(
                "which encoder made the {} vectors that were there is not known; if it was not {}, \
                 they are not found by how they sound",
                earlier.len(),
                info.file
            ));
        }
        parts.clear();
        Ok(made)
    }

    /// What the index has already and keeps.
    fn begin(
        &self,
        earlier: Option<&dyn EmbeddingIndex>,
        info: &EncoderInfo,
        files: &[Wanted],
        dim: usize,
    ) -> Result<Material, IndexingError> {
        let Some(earlier) = earlier.filter(|_| self.add) else {
            return Ok(Material::new(dim));
        };
        if made_by(earlier).is_some_and(|made| !made.is_compatible(info)) {
            return Err(IndexingError::OtherEncoder);
        }
        let cosine = |sidecar: &Sidecar| sidecar.metric == Comparison::Cosine;
        if earlier.sidecar().is_some_and(cosine) || is_normalized_without_sidecar(earlier) {
            return Err(IndexingError::Directions);
        }
        let again = |name: &str| files.iter().any(|wanted| wanted.name == name);
        Ok(Material::of_index(earlier, &file_name(self.base()), |name| {
            !again(name)
        }))
    }

    fn finish(
        &self,
        material: Material,
        info: &EncoderInfo,
        progress: &Progress,
    ) -> Result<Made, IndexingError> {
        let choice = Choice {
            kind: self.kind.clone(),
            metric: self.metric,
            seed: self.seed,
            centres: self.centres,
        };
        choice.make(material, Some(info.clone()), &self.output, progress)
    }
}

/// Drops recordings, by name, from an index that knows what it is made of. The lists
/// are learnt anew from what stays.
///
/// # Errors
/// See [`IndexingError`]; the index is then as it was.
pub fn remove_recordings(path: &Path, names: &[String], progress: &Progress) -> Result<Made, IndexingError> {
    let index = open(path, None)?;
    let sidecar = index.sidecar().ok_or(IndexingError::NotKnown)?;
    let known = |name: &String| sidecar.sources.iter().any(|source| source.file == *name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(IndexingError::NoSuchRecording { name: name.clone() });
    }
    if sidecar.metric == Comparison::Cosine {
        return Err(IndexingError::Directions);
    }
    let stays = |name: &str| !names.iter().any(|gone| gone == name);
    let material = Material::of_index(&*index, &file_name(path), stays);
    let choice = Choice {
        kind: Kind::of(sidecar),
        metric: sidecar.metric,
        seed: sidecar.seed,
        centres: None,
    };
    choice.make(material, sidecar.encoder.clone(), path, progress)
}

/// The encoder of an index, where that is known.
fn made_by(index: &dyn EmbeddingIndex) -> Option<&EncoderInfo> {
    index.sidecar()?.encoder.as_ref()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests;
