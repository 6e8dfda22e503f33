//! Which index to make of vectors that are there, and making it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::centres::Centres;
use super::error::IndexingError;
use super::finish::{BuildSpec, FinishError, FinishStep, finish};
use super::gather::Material;
use super::progress::Progress;
use crate::retrieval::ivf::ROUNDS;
use crate::retrieval::{Comparison, EncoderInfo, Plan, Preset, Sidecar};

/// Which index to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For so many vectors as there will be.
    Preset(Preset),
    /// As faiss's factory has it.
    Factory(String),
}

impl Kind {
    /// What an index was made as: a preset fits itself to the number of vectors.
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

/// What was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The index file.
    pub path: PathBuf,
    /// What is known about it.
    pub sidecar: Sidecar,
    /// Recordings that were left out, and why.
    pub left_out: Vec<String>,
    /// Recordings that did not have to be encoded again.
    pub reused: usize,
    /// What to know about the choice of index.
    pub warnings: Vec<String>,
}

/// All that decides about an index, but the vectors.
pub(super) struct Choice {
    pub kind: Kind,
    pub metric: Comparison,
    pub seed: u32,
    pub centres: Option<Centres>,
}

impl Choice {
    /// Builds, measures and writes it.
    ///
    /// # Errors
    /// See [`IndexingError`].
    pub fn make(
        self,
        mut material: Material,
        encoder: Option<EncoderInfo>,
        path: &Path,
        progress: &Progress,
    ) -> Result<Made, IndexingError> {
        let (count, dim) = (material.vectors.len(), material.vectors.dim());
        if count == 0 {
            return Err(IndexingError::NoSpeech {
                reasons: material.left_out,
            });
        }
        let left = Centres::left_of(self.centres, count);
        let plan = match &self.kind {
            Kind::Preset(preset) => Plan::preset(*preset, left, dim)?,
            Kind::Factory(factory) => Plan::of(factory, left),
        };
        let spec = BuildSpec {
            factory: plan.factory,
            k_factor: plan.k_factor,
            metric: self.metric,
            seed: self.seed,
            centres: self.centres,
        };
        let (vectors, sources) = (&mut material.vectors, material.sources);
        let sidecar = finish(vectors, &spec, encoder, sources, path, |step| {
            step_done(progress, step)
        })
        .map_err(|error| match error {
            FinishError::Stopped => IndexingError::Stopped,
            other => IndexingError::Finish(other),
        })?;
        progress.set(1.0);
        Ok(Made {
            path: path.to_path_buf(),
            sidecar,
            left_out: material.left_out,
            reused: material.reused,
            warnings: plan.warnings,
        })
    }
}

fn step_done(progress: &Progress, step: FinishStep) -> ControlFlow<()> {
    #[expect(clippy::cast_precision_loss, reason = "a bar on a screen")]
    let (what, fraction) = match step {
        FinishStep::Centres { percent } => (
            "finding centres in the place of the vectors",
            ENCODING + 0.02 * percent as f32 / 100.0,
        ),
        FinishStep::Train { round } => (
            "training the lists",
            ENCODING + 0.02 + 0.03 * round as f32 / ROUNDS as f32,
        ),
        FinishStep::Measure => ("measuring what they find", 0.95),
        FinishStep::Write => ("writing the index", 0.98),
    };
    progress.say(what);
    progress.set(fraction);
    if progress.is_stopped() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Share of the bar for encoding; training and measuring are the rest.
const ENCODING: f32 = 0.9;
