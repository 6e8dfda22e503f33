//! A build: from a folder of recordings to an index.

use std::path::{Path, PathBuf};

use super::centres::Centres;
use super::choice::{BuiltIndex, IndexKind, IndexSettings};
use super::embed::EncodeWindow;
use super::error::IndexingError;
use super::finish::{FinishError, file_sha256};
use super::gather::Gather;
use super::material::{Material, RecordingFile};
use super::median_pitch::median_pitch_hz;
use super::parts::Parts;
use super::progress::Progress;
use crate::model::Encoder;
use crate::model::onnx::{ContentEncoder, open_pitch_tracker};
use crate::names::{name_of, shown};
use crate::retrieval::health::is_normalized_without_sidecar;
use crate::retrieval::{Comparison, EmbeddingIndex, EncoderInfo, IndexFileError, Metric, Sidecar, open};
use crate::selection::EncoderChoice;
use crate::whole_file::check_place;

/// Length of what an index's name gets for its sidecar (`.json`).
const SIDECAR_SUFFIX_BYTES: usize = 5;

/// Settings of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Folder of recordings, or a recording.
    pub recordings: PathBuf,
    /// Encoder.
    pub encoder: EncoderChoice,
    /// Pitch tracker for the median pitch of the recordings; `None`: it is not measured.
    pub pitch_tracker: Option<PathBuf>,
    /// Windows in which recordings are encoded.
    pub window: EncodeWindow,
    /// Index file to write.
    pub output: PathBuf,
    /// Type of the index.
    pub kind: IndexKind,
    /// How vectors are compared.
    pub metric: Comparison,
    /// Seed of the k-means.
    pub seed: u32,
    /// Centres that replace very many vectors, if wanted.
    pub centres: Option<Centres>,
    /// True to add the recordings to those of an existing index; otherwise the index holds exactly these.
    pub add: bool,
    /// The existing index to add to; `None`: the one at `output`.
    pub base: Option<PathBuf>,
    /// Threads that encode; each has an encoder of its own in memory. At least 1.
    pub threads: usize,
}

impl Job {
    /// The existing index to add to.
    fn base(&self) -> &Path {
        self.base.as_deref().unwrap_or(&self.output)
    }

    /// Takes type, metric, seed and window from the index to add to, if there is one. Returns its sidecar.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn like_base(&mut self) -> Result<Option<Sidecar>, IndexFileError> {
        let index = match open(self.base(), None) {
            Err(IndexFileError::Missing { .. }) => return Ok(None),
            index => index?,
        };
        let Some(sidecar) = index.sidecar() else {
            self.kind = IndexKind::Preset(index.kind());
            self.metric = match index.metric() {
                Metric::L2 => Comparison::L2,
                Metric::InnerProduct => Comparison::Ip,
            };
            return Ok(None);
        };
        self.kind = IndexKind::of(sidecar);
        self.metric = sidecar.metric;
        self.seed = sidecar.seed;
        if let Some(encoder) = &sidecar.encoder {
            self.window = EncodeWindow::of(encoder.window_frames_50hz);
        }
        Ok(Some(sidecar.clone()))
    }

    /// Runs the build on this thread, encoding on further ones.
    ///
    /// # Errors
    /// See [`IndexingError`].
    pub fn run(&self, progress: &Progress) -> Result<BuiltIndex, IndexingError> {
        let folder = |why| IndexingError::Folder {
            path: self.recordings.clone(),
            why,
        };
        let (files, left_out) = RecordingFile::all_in(&self.recordings).map_err(folder)?;
        if files.is_empty() {
            let path = self.recordings.clone();
            return Err(IndexingError::NoRecordings { path, left_out });
        }
        progress.set_text("opening the encoder");
        let choice = &self.encoder;
        let mut encoders: Vec<Box<dyn Encoder>> = Vec::new();
        for _ in 0..encoder_count(self.threads, &choice.path) {
            let encoder = ContentEncoder::open(&choice.path, choice.dim, choice.normalize)?;
            encoders.push(Box::new(encoder));
        }
        let f0_median_hz = self.median_pitch_hz(&files, progress);
        let info = EncoderInfo {
            file: file_name(&choice.path),
            sha256: file_sha256(&choice.path).map_err(folder)?,
            normalize: choice.normalize,
            window_frames_50hz: self.window.frames(),
        };
        let mut made = self.with_encoders(&mut encoders, &info, &files, f0_median_hz, progress)?;
        made.left_out.extend(left_out);
        Ok(made)
    }

    /// The median pitch of the recordings; `None` where it cannot be measured, which an index does not need.
    fn median_pitch_hz(&self, files: &[RecordingFile], progress: &Progress) -> Option<f32> {
        progress.set_text("measuring the pitch");
        let mut tracker = open_pitch_tracker(self.pitch_tracker.as_deref()?).ok()?;
        median_pitch_hz(files, &mut *tracker, progress)
    }

    fn with_encoders(
        &self,
        encoders: &mut [Box<dyn Encoder>],
        info: &EncoderInfo,
        files: &[RecordingFile],
        f0_median_hz: Option<f32>,
        progress: &Progress,
    ) -> Result<BuiltIndex, IndexingError> {
        check_place(&self.output, SIDECAR_SUFFIX_BYTES)?;
        let dim = encoders.first().map_or(1, |encoder| encoder.dim());
        let earlier = match open(self.base(), Some(dim)) {
            Ok(index) => Some(index),
            Err(IndexFileError::Missing { .. }) => None,
            // To add to it would lose its vectors; a new build only cannot reuse any.
            Err(error) if self.add => return Err(error.into()),
            Err(_) => None,
        };
        let earlier: Option<&dyn EmbeddingIndex> = earlier.as_deref();
        let parts = Parts::of(&self.output, info);
        let mut material = self.begin(earlier, info, files, dim)?;
        // Of an index that grows, the first recordings' stays.
        material.f0_median_hz = material.f0_median_hz.or(f0_median_hz);
        let before = material.sources.len();
        let gather = Gather {
            window: self.window,
            info,
            earlier,
            parts: &parts,
        };
        if !gather.run(encoders, files, &mut material, progress)? {
            return Err(IndexingError::Stopped);
        }
        if material.sources.len() == before {
            let reasons = material.left_out;
            return Err(IndexingError::NoSpeech { reasons });
        }
        let made = self.finish(material, info, progress);
        let mut made = made.map_err(|error| match error {
            IndexingError::Finish(why @ (FinishError::Save(_) | FinishError::Sidecar(_))) => {
                let (path, kept) = (self.output.clone(), parts.folder().to_path_buf());
                IndexingError::NotWritten { path, kept, why }
            }
            other => other,
        })?;
        if let Some(earlier) = earlier.filter(|earlier| self.add && made_by(*earlier).is_none()) {
            made.warnings.push(format!(
                "which encoder made the {} vectors that were there is not known; if it was not {}, \
                 frames will not find them by their sound",
                earlier.len(),
                info.file
            ));
        }
        parts.clear();
        Ok(made)
    }

    /// The vectors that the existing index keeps.
    fn begin(
        &self,
        earlier: Option<&dyn EmbeddingIndex>,
        info: &EncoderInfo,
        files: &[RecordingFile],
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
    ) -> Result<BuiltIndex, IndexingError> {
        let settings = IndexSettings {
            kind: self.kind.clone(),
            metric: self.metric,
            seed: self.seed,
            centres: self.centres,
        };
        settings.build(material, Some(info.clone()), &self.output, progress)
    }
}

/// Memory that the encoders' models may take together.
const MAX_MODEL_BYTES: u64 = 2 << 30;

/// Encoders for so many threads, fewer if the model is large.
fn encoder_count(threads: usize, model: &Path) -> usize {
    let bytes = std::fs::metadata(model).map_or(0, |meta| meta.len()).max(1);
    let most = usize::try_from(MAX_MODEL_BYTES / bytes).unwrap_or(usize::MAX);
    threads.min(most).max(1)
}

/// Removes recordings, by name, from an index whose sidecar lists them. The lists are trained again on the rest.
///
/// # Errors
/// See [`IndexingError`]; the index is then as it was.
pub fn remove_recordings(
    path: &Path,
    names: &[String],
    progress: &Progress,
) -> Result<BuiltIndex, IndexingError> {
    let index = open(path, None)?;
    let sidecar = index.sidecar().ok_or(IndexingError::NotKnown)?;
    // A name may also be given as it is shown, where it holds what cannot be typed.
    let known = |name: &String| {
        let mut files = sidecar.sources.iter().map(|source| &source.file);
        let file = files.clone().find(|file| *file == name);
        file.or_else(|| files.find(|file| shown(file) == *name)).cloned()
    };
    let named =
        |name: &String| known(name).ok_or_else(|| IndexingError::NoSuchRecording { name: name.clone() });
    let names = names.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    if sidecar.metric == Comparison::Cosine {
        return Err(IndexingError::Directions);
    }
    let stays = |name: &str| !names.iter().any(|gone| gone == name);
    let material = Material::of_index(&*index, &file_name(path), stays);
    let settings = IndexSettings {
        kind: IndexKind::of(sidecar),
        metric: sidecar.metric,
        seed: sidecar.seed,
        centres: None,
    };
    settings.build(material, sidecar.encoder.clone(), path, progress)
}

/// The encoder that made an index, if its sidecar names it.
fn made_by(index: &dyn EmbeddingIndex) -> Option<&EncoderInfo> {
    index.sidecar()?.encoder.as_ref()
}

fn file_name(path: &Path) -> String {
    name_of(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests;
