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
//! | [`params`] | the table of parameters |
//! | [`scenes`] | the two snapshots of blending in saved sessions |
//! | [`state`] | the chosen voice in saved sessions |
//! | [`paths`] | where this library and its data lie |
//! | [`clap`] | the CLAP export, nice-plug's with outputs that hosts can record |
//! | [`vst3`] | the VST3 export; its doc says why it is ours |
//! | [`timeline`] | what the plugin tells the exports about a block |
//! | [`logging`] | where log lines go: the newest in memory, and a file |
//! | [`editor`] | the window |
#![warn(missing_docs)]

pub mod clap;
pub mod editor;
pub mod logging;
pub mod params;
pub mod paths;
pub mod plugin;
pub mod scenes;
pub mod state;
pub mod timeline;
pub mod vst3;
