//! Sound devices behind one trait, so that all else is tested without one.

#[cfg(feature = "devices")]
mod alsa;
mod error;
#[cfg(feature = "devices")]
mod jack_server;
mod simulated;

#[cfg(feature = "devices")]
pub use alsa::Alsa;
pub use error::DeviceError;
#[cfg(feature = "devices")]
pub use jack_server::JackServer;
pub use simulated::{Simulated, SimulatedDevice};

use crate::pass::{LivePass, PassShared, StreamShape};
use std::sync::Arc;

/// What the user asked for; `None` is the device's own choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The microphone.
    pub input: Option<String>,
    /// Where the voice is played.
    pub output: Option<String>,
    /// A second output that plays the same; off if `None`.
    pub monitor: Option<String>,
    /// Rate of all of them.
    pub rate_hz: Option<u32>,
    /// Frames of a block.
    pub buffer_frames: Option<u32>,
}

/// A device as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// By which it is chosen.
    pub id: String,
    /// What it is.
    pub name: String,
    /// It can record.
    pub inputs: bool,
    /// It can play.
    pub outputs: bool,
}

/// What was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The microphone.
    pub input: String,
    /// The output.
    pub output: String,
    /// The second output.
    pub monitor: Option<String>,
    /// Rate of the input; the engine runs at [`StreamShape::rate_hz`].
    pub input_rate_hz: f64,
    /// The engine's stream.
    pub shape: StreamShape,
    /// Time from the engine's output to the device's, if the device does not say it itself.
    pub played_s: f64,
    /// What is different from what was asked for, in sentences.
    pub notes: Vec<String>,
}

/// A running stream; dropping it stops it.
pub trait OpenStream {
    /// What was opened.
    fn opened(&self) -> &Opened;
    /// Why it does not run any more.
    fn lost(&self) -> Option<String>;
}

/// Makes the pass for the stream that a device is about to run.
pub type BuildPass<'a> = dyn FnMut(&StreamShape) -> Result<LivePass, DeviceError> + 'a;

/// A system of sound devices. Main thread.
pub trait Backend {
    /// Its name as an option has it.
    fn name(&self) -> &'static str;

    /// All devices.
    ///
    /// # Errors
    /// If the system cannot be asked.
    fn devices(&self) -> Result<Vec<DeviceInfo>, DeviceError>;

    /// Opens devices; blocks go through the pass that `build` makes.
    ///
    /// # Errors
    /// In sentences with what to do.
    fn open(
        &mut self,
        wanted: &Wanted,
        shared: &Arc<PassShared>,
        build: &mut BuildPass,
    ) -> Result<Box<dyn OpenStream>, DeviceError>;
}
