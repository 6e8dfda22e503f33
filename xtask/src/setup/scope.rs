//! What set-up installs.

/// What to install: for bundling alone, no test hosts are needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Bundle,
    Tests,
    /// Also what only a few checks need: an X server, node.
    Strict,
}
