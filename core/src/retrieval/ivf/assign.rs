//! Which centre is nearest: faiss's exact search, many rows at a time.

use super::error::BuildError;
use super::openmp::OneThread;
use super::raw::Raw;
use crate::frames::Frames;
use crate::retrieval::Metric;

/// Finds nearest centres by L2.
pub struct Assigner(Raw);

impl Assigner {
    /// For vectors of `dim` values.
    ///
    /// # Errors
    /// [`BuildError::Backend`].
    pub fn new(dim: usize) -> Result<Self, BuildError> {
        let dim = u32::try_from(dim).map_err(|_| BuildError::TooLarge(dim))?;
        Raw::factory(dim, "Flat", Metric::L2)
            .map(Self)
            .map_err(BuildError::Backend)
    }

    /// The row of the nearest centre for each row.
    ///
    /// # Errors
    /// [`BuildError::Backend`].
    pub fn nearest(&mut self, centres: &Frames, rows: &Frames) -> Result<Vec<usize>, BuildError> {
        let _bounded = OneThread::here();
        let mut found = || {
            self.0.reset()?;
            self.0.add(centres.data())?;
            let ids = self.0.nearest(rows.data())?;
            let known = ids.into_iter().map(|id| usize::try_from(id).ok());
            let known: Option<Vec<usize>> = known.collect();
            known.ok_or_else(|| "a vector without a nearest centre".to_string())
        };
        found().map_err(BuildError::Backend)
    }
}
