//! The type of an index, and building it from given vectors.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::centres::Centres;
use super::error::IndexingError;
use super::finish::{BuildSpec, FinishError, FinishStep, finish};
use super::material::Material;
use super::progress::{ENCODING_SHARE, Progress};
use crate::retrieval::ivf::ROUNDS;
use crate::retrieval::{Comparison, EncoderInfo, Plan, Preset, Sidecar};

/// The type of an index to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// A preset, which adapts itself to the number of vectors.
    Preset(Preset),
    /// A factory string of faiss.
    Factory(String),
}

impl IndexKind {
    /// The type of an existing index: the preset that gives its factory string, or that string itself.
    pub fn of(sidecar: &Sidecar) -> Self {
        let made_by = |preset: Preset| {
            Plan::preset(preset, sidecar.vectors, sidecar.dim)
                .is_ok_and(|plan| plan.factory == sidecar.factory)
        };
        let preset = Preset::ALL.into_iter().find(|(_, preset)| made_by(*preset));
        preset.map_or_else(
            || Self::Factory(sidecar.factory.clone()),
            |(_, preset)| Self::Preset(preset),
        )
    }
}

/// An index that was built.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltIndex {
    /// The index file.
    pub path: PathBuf,
    /// Its sidecar.
    pub sidecar: Sidecar,
    /// Recordings that were left out, and why.
    pub left_out: Vec<String>,
    /// Recordings that did not have to be encoded again.
    pub reused: usize,
    /// Notes on the chosen type of index.
    pub warnings: Vec<String>,
}

/// All settings of an index except its vectors.
pub(super) struct IndexSettings {
    pub kind: IndexKind,
    pub metric: Comparison,
    pub seed: u32,
    pub centres: Option<Centres>,
}

impl IndexSettings {
    /// Builds, measures and writes an index of the material.
    ///
    /// # Errors
    /// See [`IndexingError`].
    pub fn build(
        self,
        mut material: Material,
        encoder: Option<EncoderInfo>,
        path: &Path,
        progress: &Progress,
    ) -> Result<BuiltIndex, IndexingError> {
        let (count, dim) = (material.vectors.len(), material.vectors.dim());
        if count == 0 {
            return Err(IndexingError::NoSpeech {
                reasons: material.left_out,
            });
        }
        let left = Centres::left_of(self.centres, count);
        let plan = match &self.kind {
            IndexKind::Preset(preset) => Plan::preset(*preset, left, dim)?,
            IndexKind::Factory(factory) => Plan::of(factory, left),
        };
        let spec = BuildSpec {
            factory: plan.factory,
            k_factor: plan.k_factor,
            metric: self.metric,
            seed: self.seed,
            centres: self.centres,
            f0_median_hz: material.f0_median_hz,
        };
        let (vectors, sources) = (&mut material.vectors, material.sources);
        let sidecar = finish(vectors, &spec, encoder, sources, path, |step| {
            show_step(progress, step)
        })
        .map_err(|error| match error {
            FinishError::Stopped => IndexingError::Stopped,
            other => IndexingError::Finish(other),
        })?;
        progress.set(1.0);
        Ok(BuiltIndex {
            path: path.to_path_buf(),
            sidecar,
            left_out: material.left_out,
            reused: material.reused,
            warnings: plan.warnings,
        })
    }
}

fn show_step(progress: &Progress, step: FinishStep) -> ControlFlow<()> {
    #[expect(clippy::cast_precision_loss, reason = "a bar on a screen")]
    let (what, fraction) = match step {
        FinishStep::Centres { percent } => (
            "replacing the vectors by centres",
            ENCODING_SHARE + 0.02 * percent as f32 / 100.0,
        ),
        FinishStep::Train { round } => (
            "training the lists",
            ENCODING_SHARE + 0.02 + 0.03 * round as f32 / ROUNDS as f32,
        ),
        FinishStep::Measure => ("measuring recall", 0.95),
        FinishStep::Write => ("writing the index", 0.98),
    };
    progress.set_text(what);
    progress.set(fraction);
    if progress.is_stopped() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
