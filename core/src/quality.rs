//! How much quality is given up so that time is kept.

/// What the engine leaves out while the machine is too slow for all of it, in
/// the order in which it does. Each includes those before it, but for those
/// that would have saved nothing and were passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Nothing.
    #[default]
    Full,
    /// One list of the index is visited, whatever `n_probe` says.
    OneList,
    /// Two neighbours are blended, whatever `k` says.
    FewNeighbours,
    /// Neighbours are looked up for one frame in four and kept for the others.
    HeldRetrieval,
    /// Encoder and synthesizer see half of the past.
    HalfContext,
    /// They see a quarter of it.
    QuarterContext,
}

impl Quality {
    /// All of them, best first.
    pub const ALL: [Self; 6] = [
        Self::Full,
        Self::OneList,
        Self::FewNeighbours,
        Self::HeldRetrieval,
        Self::HalfContext,
        Self::QuarterContext,
    ];

    /// Steps below [`Self::Full`].
    #[must_use]
    pub const fn step(self) -> u32 {
        self as u32
    }

    /// The inverse of [`Self::step`]; the last one for steps that do not exist.
    #[must_use]
    pub fn at_step(step: u32) -> Self {
        let index = usize::try_from(step).unwrap_or(usize::MAX);
        Self::ALL[index.min(Self::ALL.len() - 1)]
    }

    /// For the status line.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::OneList => "one list searched",
            Self::FewNeighbours => "two neighbours",
            Self::HeldRetrieval => "neighbours held",
            Self::HalfContext => "half context",
            Self::QuarterContext => "quarter context",
        }
    }
}
