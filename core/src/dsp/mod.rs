//! Pure signal processing: no threads, no models, no files, no log.

#![deny(clippy::disallowed_macros)]

pub mod dc_blocker;
pub mod half_sample;
pub mod interpolate;
pub mod level_guard;
pub mod limiter;
pub mod log_mel;
pub mod loudness;
pub mod noise;
pub mod resample;
mod sinc;
pub mod sola;
