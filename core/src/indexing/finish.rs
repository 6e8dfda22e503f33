//! Trains, measures and writes an index and its sidecar.

use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::centres::{Centres, minibatch_centres, recall_of_centres};
use crate::frames::Frames;
use crate::retrieval::ivf::{BuildError, SaveError, Trained};
use crate::retrieval::{
    CentresInfo, Comparison, EncoderInfo, IndexFileError, Measured, Probe, Sidecar, SidecarError, Source,
    held_out_rows, mean_length, normalize, open,
};
use crate::whole_file::{FolderLock, WholeFile};

/// Settings of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildSpec {
    /// faiss's factory string.
    pub factory: String,
    /// Candidates per neighbour for exact re-ranking (`RFlat`).
    pub k_factor: u16,
    /// How vectors are compared.
    pub metric: Comparison,
    /// Seed of the k-means.
    pub seed: u32,
    /// Centres that replace very many vectors, if wanted.
    pub centres: Option<Centres>,
    /// Median pitch of the recordings in Hz, where it was measured.
    pub f0_median_hz: Option<f32>,
}

/// An index that was not finished; files that were there before are as they were.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// Training or adding.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Writing the index.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// Writing its sidecar.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// Stopped on request, between two steps.
    #[error("stopped")]
    Stopped,
}

/// The steps of [`finish`], in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishStep {
    /// Mini-batch k-means, if centres replace the vectors.
    Centres {
        /// Progress.
        percent: usize,
    },
    /// k-means and codebooks.
    Train {
        /// Finished rounds of k-means, of [`crate::retrieval::ivf::ROUNDS`].
        round: u32,
    },
    /// Recall and distances, on frames that are held out.
    Measure,
    /// The whole index to its file.
    Write,
}

/// Neighbours of the recall table: RVC's number.
const K: usize = 8;

/// Trains, measures and writes the index `path` and its sidecar, and returns the sidecar. Vectors are normalised in
/// place if the metric is cosine. `on` is called before each step and may break.
///
/// # Errors
/// See [`FinishError`].
pub fn finish(
    vectors: &mut Frames,
    spec: &BuildSpec,
    encoder: Option<EncoderInfo>,
    sources: Vec<Source>,
    path: &Path,
    mut on: impl FnMut(FinishStep) -> ControlFlow<()>,
) -> Result<Sidecar, FinishError> {
    let mut step = |step| match on(step) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FinishError::Stopped),
    };
    let mut sidecar = Sidecar::new(vectors.dim(), 0, &spec.factory, spec.metric, spec.seed);
    sidecar.encoder = encoder;
    sidecar.f0_median_hz = spec.f0_median_hz;
    sidecar.sources = sources;
    if let Some(centres) = spec.centres.filter(|centres| vectors.len() > centres.above) {
        sidecar.centres = Some(take_centres(vectors, centres, spec.seed, &mut step)?);
        // A centre does not come from one recording.
        sidecar.sources.clear();
    }
    sidecar.vectors = vectors.len();
    if spec.metric == Comparison::Cosine {
        sidecar.mean_length = Some(mean_length(vectors));
        normalize(vectors);
    }
    let mut trained =
        Trained::train_in_rounds(&spec.factory, vectors, spec.metric.into(), spec.seed, |round| {
            flow(step(FinishStep::Train { round }))
        })
        .map_err(|error| match error {
            BuildError::Stopped => FinishError::Stopped,
            other => FinishError::Build(other),
        })?;
    trained.set_k_factor(spec.k_factor);
    step(FinishStep::Measure)?;
    if let Some(measured) = measure(&mut trained, vectors, &sidecar, path)? {
        sidecar.recall = Some(measured.table);
        sidecar.distances = Some(measured.distances);
    }
    step(FinishStep::Write)?;
    trained.fill(vectors)?;
    let (index_file, sidecar_file) = (trained.write(path)?, sidecar.begin(path)?);
    // Both are on disk; what follows takes a moment. The old sidecar must never stand beside the new index, nor the
    // other way round.
    let sidecar_path = Sidecar::path_of(path);
    let _held = FolderLock::of(path);
    remove_if_there(&sidecar_path);
    index_file.commit().map_err(SaveError::from)?;
    sidecar_file.commit().map_err(|why| SidecarError::File {
        path: sidecar_path,
        why,
    })?;
    Ok(sidecar)
}

/// As `ControlFlow`, for callees.
fn flow(step: Result<(), FinishError>) -> ControlFlow<()> {
    match step {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Replaces the vectors by centres; returns how many vectors there were and the recall of the centres.
fn take_centres(
    vectors: &mut Frames,
    wanted: Centres,
    seed: u32,
    step: &mut impl FnMut(FinishStep) -> Result<(), FinishError>,
) -> Result<CentresInfo, FinishError> {
    let found = minibatch_centres(vectors, wanted.count, seed, |done, all| {
        let percent = 100 * done / all.max(1);
        flow(step(FinishStep::Centres { percent }))
    })?
    .ok_or(FinishError::Stopped)?;
    let info = CentresInfo {
        of: vectors.len(),
        recall: recall_of_centres(vectors, &found, K)?,
    };
    *vectors = found.centres;
    Ok(info)
}

/// Measures recall and distances with frames that are held out of the index. `None` for few vectors, and for types of
/// index that only faiss itself can open.
fn measure(
    trained: &mut Trained,
    vectors: &Frames,
    sidecar: &Sidecar,
    path: &Path,
) -> Result<Option<Measured>, FinishError> {
    let runs = held_out_rows(vectors.len());
    if runs.is_empty() {
        return Ok(None);
    }
    let dim = vectors.dim();
    let mut held = Frames::new(dim);
    let mut kept = Vec::new();
    let mut from = 0;
    for run in runs {
        run.clone().for_each(|row| held.push(vectors.row(row)));
        kept.push(&vectors.data()[from * dim..run.start * dim]);
        from = run.end;
    }
    kept.push(&vectors.data()[from * dim..]);
    trained.fill_with(&kept)?;
    // Searched through a file, so that what is measured is what will be opened.
    let beside = TemporaryFile::beside(path)?;
    trained.save(&beside.0)?;
    let mut beside_sidecar = Sidecar {
        vectors: vectors.len() - held.len(),
        ..sidecar.clone()
    };
    beside_sidecar.sources.clear();
    beside_sidecar.write(&beside.0)?;
    let index = match open(&beside.0, Some(dim)) {
        Ok(index) => index,
        Err(IndexFileError::UnsupportedKind { .. }) => return Ok(None),
        Err(error) => return Err(BuildError::Backend(error.to_string()).into()),
    };
    if let Some(length) = sidecar.mean_length {
        // Queries have the encoder's scale.
        held.data_mut().iter_mut().for_each(|value| *value *= length);
    }
    let measured = Probe::held_out(&held, &*index).measure(&*index, K);
    Ok(Some(
        measured.map_err(|error| BuildError::Backend(error.to_string()))?,
    ))
}

/// An index file and its sidecar that are removed when dropped.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// Beside `path`; its name is short, since that of `path` may be as long as the file system allows.
    fn beside(path: &Path) -> Result<Self, SaveError> {
        Ok(Self(
            WholeFile::create(path)?
                .temporary_path()
                .with_extension("measured"),
        ))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        remove_if_there(&self.0);
        remove_if_there(&Sidecar::path_of(&self.0));
    }
}

fn remove_if_there(path: &Path) {
    // It may not exist.
    let _ = fs::remove_file(path);
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If it cannot be read.
pub fn file_sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
