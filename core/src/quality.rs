//! The steps by which an overloaded engine reduces quality.

/// What the engine leaves out on an overloaded machine, in the order in which it is
/// left out. Each step includes those before it, except those that would save
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Nothing is left out.
    #[default]
    Full,
    /// One list of the index is searched, whatever `n_probe` is.
    OneList,
    /// Two neighbours are averaged, whatever `k` is.
    FewNeighbours,
    /// One frame in four is searched for; the others reuse its neighbours.
    HeldRetrieval,
    /// Encoder and synthesizer get half of their context.
    HalfContext,
    /// They get a quarter of it.
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
    pub const fn label(self) -> &'static str {
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
