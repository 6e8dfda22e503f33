//! What runs on the audio thread besides the stream itself.
//!
//! # Real-time
//! Nothing in this room allocates after construction, locks, logs or makes a
//! system call.

#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros
)]

mod audio_side;
mod delay;
mod glide;
mod meters;
mod ramp;
mod side_chain;

pub use audio_side::{AudioSide, BlockControls, Told, WhenNotReady};
pub use meters::Meters;
