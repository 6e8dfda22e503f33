//! Rate and block size of the simulated host.

/// The host's rate.
pub const RATE_HZ: u32 = 48_000;
/// The host's block: 10 ms, as an audio interface would use.
pub const BLOCK: usize = 480;
