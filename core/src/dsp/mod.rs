//! Pure signal processing: no threads, no models, no files, no log.

#![deny(clippy::disallowed_macros)]

pub mod half_sample;
pub mod interpolate;
pub mod limiter;
pub mod loudness;
pub mod noise;
pub mod resample;
mod sinc;
pub mod sola;
