//! Sample rate (Hz) and block size (samples) of the simulated audio driver.

pub const RATE_HZ: u32 = 48_000;
pub const BLOCK: usize = 480;
