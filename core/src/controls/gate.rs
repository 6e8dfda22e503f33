//! How the input is gated.

/// What of the input counts as noise between the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Nothing.
    Off,
    /// What stays within a few decibels of the noise floor, up to -38 dBFS.
    #[default]
    Gentle,
    /// More above the floor, up to -30 dBFS, and sooner.
    Strong,
}
