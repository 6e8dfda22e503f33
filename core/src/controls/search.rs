//! How neighbours are looked up: the part of the controls that a search takes.

/// What to look for. All of it may change from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchParams {
    /// Neighbours per frame; a search takes 0 as 1 and more than [`MAX_K`] as
    /// that (its result says what it was).
    pub k: usize,
    /// Inverted lists visited per frame (1 = the nearest cell only). An exact
    /// index ignores it; 0 counts as 1, more than there are lists as all of them.
    pub n_probe: usize,
    /// Where an index looks twice (`RFlat`): how many times `k` candidates the
    /// quick look hands to the exact one. 0 is what the index itself says. Other
    /// indices ignore it.
    pub k_factor: usize,
    /// True: every target is searched in the number of lists that its recall table
    /// recommends, whatever `n_probe` says. Resolved per target before an index is
    /// asked; an index that is searched directly ignores it.
    pub auto_probes: bool,
}

/// Most neighbours that may be asked for.
pub const MAX_K: usize = 64;

impl Default for SearchParams {
    /// RVC's habit: 8 neighbours; one probe, as the index files are made for.
    fn default() -> Self {
        Self {
            k: 8,
            n_probe: 1,
            k_factor: 0,
            auto_probes: false,
        }
    }
}
