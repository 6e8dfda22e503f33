//! Audio from one device's clock to another's.
//!
//! Two devices at "48 kHz" differ by up to some hundred parts per million: within minutes a ring between them would
//! run empty or full. So the reader resamples, at a ratio that a control loop ([`FillLoop`]) derives from how much
//! audio is under way. The amount is exact between callbacks too, because the writer stores when it wrote: without
//! that it would be off by up to one block, at a phase that wanders with the drift itself.
//!
//! # Real-time
//! Nothing here allocates after construction, locks, logs or makes a system call. Time is passed in, so that the
//! tests run on simulated clocks.

#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros
)]

mod fill_loop;
mod reader;
mod ring;
#[cfg(test)]
mod tests;

pub use fill_loop::FillLoop;
pub use reader::{DriftReader, ReaderError, ReaderSetup};
pub use ring::{RingReader, RingWriter, ring};
