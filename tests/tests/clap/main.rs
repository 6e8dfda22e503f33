//! The built CLAP plugin in CLAP hosts: `voxmeld_tests::host`, and `voxmeld_tests::raw_clap_host` for calls from inside
//! the plugin's calls.

mod blending;
mod blocks;
mod fuzz;
mod host_changes;
mod ignored_restarts;
mod input;
mod levels;
mod lifecycle;
mod log;
mod notes;
mod raw_blocks;
mod reentrant;
mod sessions;
mod start_stop;
mod values;
