//! How much set-up installs.

/// How much is wanted: a person who only bundles needs no test hosts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Bundle,
    Tests,
    /// Also what single checks need, and what the other tests go without: an X server, node.
    Strict,
}
