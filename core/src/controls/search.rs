//! Parameters of the neighbour search.

/// Parameters of a search. All may change from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchParams {
    /// Neighbours per frame, clamped to 1..=[`MAX_K`] (the result has the number that was
    /// used).
    pub k: usize,
    /// Inverted lists searched per frame (1 = the nearest cell only), clamped to 1..=the
    /// number of lists. Ignored by exact indices.
    pub n_probe: usize,
    /// For indices with a refinement stage (`RFlat`): the coarse search passes
    /// `k * k_factor` candidates to it. 0 = the index's own value. Ignored by others.
    pub k_factor: usize,
    /// True: each target is searched with the `n_probe` that its recall table
    /// recommends. Resolved per target before the search; ignored by an index that is
    /// searched directly.
    pub auto_probes: bool,
}

/// Most neighbours per frame.
pub const MAX_K: usize = 64;

impl Default for SearchParams {
    /// RVC's defaults: 8 neighbours, one probe.
    fn default() -> Self {
        Self {
            k: 8,
            n_probe: 1,
            k_factor: 0,
            auto_probes: false,
        }
    }
}
