//! The audio thread's part of the engine between the host's buffer and the stream.
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
mod block_controls;
mod conversion;
mod delay;
mod glide;
mod held_notes;
mod host_stream;
mod input_mix;
mod meters;
mod note_glide;
mod output_stage;
mod pace;
mod ramp;
mod side_chain;

pub use audio_side::{AppliedFrame, AudioSide};
pub use block_controls::{BlockControls, WhenNotReady};
pub use held_notes::HeldNotes;
pub use host_stream::ControlGrid;
pub use input_mix::InputChoice;
pub use meters::Meters;
