//! A headless VST3 host that follows the standard: loads the built plugin into this process, renders offline, sends
//! automation as lines (several points a block), and records the output parameters.
//!
//! pedalboard and other JUCE hosts (`tests/vst3/python_host.rs`) send one point per block at its first sample and
//! drop output parameters.

mod handler;
mod instance;
mod notes;
mod points;
mod raw;
mod results;
mod view;

pub use instance::Vst3Instance;
pub use notes::Note;
pub use points::Point;
pub use raw::{RawBlock, RawBus, changes};
pub use view::RealTimePlayer;
