//! One block from the microphone to the output, on the output device's thread.
//!
//! # Real-time
//! Nothing here allocates after construction, locks, logs or makes a system call (reading the monotonic clock is none).

#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros
)]

mod live_pass;
mod mute;
mod shared;
#[cfg(test)]
mod tests;

pub use live_pass::{AudioSlot, LivePass, NextAudio, StreamShape, next_audio};
pub use mute::MonitorMute;
pub use shared::PassShared;
