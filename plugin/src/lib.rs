//! Voxmeld as CLAP and VST3 plugin.
//!
//! # Thread model
//! The host's **audio** thread runs [`plugin::Voxmeld`]'s `process` and `reset`
//! and nothing else of this package; there nothing is allocated, locked or
//! logged, and a changed parameter is only an atomic store. The host's **main**
//! thread creates and destroys instances, activates them, saves and restores
//! state, and opens the editor. The **editor** draws on the main thread on
//! Windows and macOS and on a window thread of its own on X11; it reads a status
//! snapshot and queues commands, and never waits for the engine. File dialogs
//! run on a thread each. The engine's own threads (worker, loader) belong to
//! `voxmeld-core` and never touch a host.
//!
//! # Map
//! | module | what is in it |
//! | --- | --- |
//! | [`plugin`] | the one implementation behind all formats |
//! | `block` | one block on its way into the engine |
//! | `formats` | what CLAP and VST3 hosts are told about the plugin |
//! | [`params`] | the table of parameters |
//! | [`scenes`] | the two snapshots of blending in saved sessions |
//! | [`state`] | the chosen voice in saved sessions |
//! | [`paths`] | where this library and its data lie |
//! | [`logging`] | where log lines go: the newest in memory, and a file |
//! | `timing` | what the latency depends on; the block size that a host plays |
//! | [`editor`] | the window |
//!
//! The exports themselves are the package `voxmeld-export`; the plugin knows of
//! them its [`Bridge`](voxmeld_export::Bridge) and the trait that `formats` implements.
#![warn(missing_docs)]

mod block;
pub mod editor;
mod formats;
pub mod logging;
pub mod params;
pub mod paths;
pub mod plugin;
pub mod scenes;
pub mod state;
mod timing;

#[cfg(test)]
mod tests;

voxmeld_export::export_plugin!(plugin::Voxmeld);
