//! The setting of the input gate.

/// Which part of the input counts as noise between words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Nothing.
    Off,
    /// Sound within a few decibels of the noise floor, up to -38 dBFS.
    #[default]
    Gentle,
    /// Also louder sound, up to -30 dBFS, and after a shorter time.
    Strong,
}
