//! Vectors to an index file and its sidecar.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::frames::Frames;
use crate::retrieval::ivf::{BuildError, SaveError, Trained};
use crate::retrieval::{Comparison, EncoderInfo, Sidecar, SidecarError, Source, mean_length, normalize};

/// What to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSpec {
    /// faiss's factory string.
    pub factory: String,
    /// Candidates per neighbour, where there is an exact second look (`RFlat`).
    pub k_factor: u16,
    /// How vectors are compared.
    pub metric: Comparison,
    /// Seed of the k-means.
    pub seed: u32,
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
    /// Writing what is known about it.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
}

/// Builds, writes `path` and its sidecar, and gives the latter. Vectors are
/// normalised in place where the metric wants it.
///
/// # Errors
/// See [`FinishError`].
pub fn finish(
    vectors: &mut Frames,
    spec: &BuildSpec,
    encoder: Option<EncoderInfo>,
    sources: Vec<Source>,
    path: &Path,
) -> Result<Sidecar, FinishError> {
    let mut sidecar = Sidecar::new(
        vectors.dim(),
        vectors.len(),
        &spec.factory,
        spec.metric,
        spec.seed,
    );
    sidecar.encoder = encoder;
    sidecar.sources = sources;
    if spec.metric == Comparison::Cosine {
        sidecar.mean_length = Some(mean_length(vectors));
        normalize(vectors);
    }
    let mut trained = Trained::train(&spec.factory, vectors, spec.metric.into(), spec.seed)?;
    trained.set_k_factor(spec.k_factor);
    trained.fill(vectors)?;
    trained.save(path)?;
    sidecar.write(path)?;
    Ok(sidecar)
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
