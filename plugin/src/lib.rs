//! Voxmeld as CLAP and VST3 plugin.
//!
//! # Thread model
//! The host's **audio** thread runs only `process` and `reset` of [`plugin::Voxmeld`];
//! nothing is allocated, locked or logged there, and a parameter change is an atomic
//! store. The host's **main** thread creates and destroys instances, activates them,
//! saves and restores state, and opens the editor. The **editor** draws on the main
//! thread on Windows and macOS and on its own window thread on X11; it reads a status
//! snapshot and queues commands, and never waits for the engine. Each file dialog runs
//! on its own thread. The engine's threads (worker, loader) belong to `voxmeld-core` and
//! never call the host.
//!
//! # Map
//! | module | what is in it |
//! | --- | --- |
//! | [`plugin`] | the one implementation behind all formats |
//! | `block` | passes one block to the engine |
//! | `formats` | metadata for CLAP and VST3 hosts |
//! | [`params`] | the table of parameters |
//! | [`scenes`] | the two snapshots of blending in saved sessions |
//! | [`session`] | the version of saved sessions, and the way from older ones |
//! | [`state`] | the chosen voice in saved sessions |
//! | [`paths`] | paths of this library and its data |
//! | [`logging`] | log lines: the newest in memory, and a file |
//! | `restarts` | restarts of the stream where the host ignores the request |
//! | `timing` | what the latency depends on; the block size that a host plays |
//! | [`editor`] | the window |
//!
//! The exports are the package `voxmeld-export`; the plugin uses its
//! [`Bridge`](voxmeld_export::Bridge) and implements its trait in `formats`.
#![warn(missing_docs)]

mod block;
pub mod editor;
mod formats;
pub mod logging;
mod notes;
pub mod params;
pub mod paths;
pub mod plugin;
mod restarts;
pub mod scenes;
pub mod session;
pub mod state;
mod timing;

#[cfg(test)]
mod tests;

voxmeld_export::export_plugin!(plugin::Voxmeld);
