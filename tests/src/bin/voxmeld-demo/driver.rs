//! Sample rate and block size of the simulated audio driver.

/// Sample rate.
pub const RATE_HZ: u32 = 48_000;
/// Block size in samples: 10 ms, usual for audio interfaces.
pub const BLOCK: usize = 480;
