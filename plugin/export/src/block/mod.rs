//! What both exports do with a host's block before nice-plug sees it.
//!
//! nice-plug 0.4.2 trusts what a host hands over: it reads channel pointers that are
//! null, indexes by channel counts that differ from the layout's, and copies between
//! buffers that overlap; a block that runs while the plugin is activated ends the host.
//! And it resets the plugin at every start of processing. So:
//!
//! | file | what it does |
//! | --- | --- |
//! | `buffers` | nice-plug processes in memory of our own, of exactly the channels that it expects; what the host gave is copied in and out |
//! | `channel` | a channel of the host's: single precision, double precision or missing |
//! | `gate` | no block runs while the plugin is activated or deactivated |
//! | `continuity` | a start of processing without a gap loses nothing |
//!
//! To delete once nice-plug checks pointers and counts, locks its buffers against
//! activation, and leaves resets to the host: this folder, and its use in
//! `clap/block.rs` and `vst3/component/block.rs`.

mod buffers;
mod channel;
mod continuity;
mod gate;

pub(crate) use buffers::Buffers;
pub(crate) use channel::HostChannel;
pub(crate) use continuity::{Begins, Continuity};
pub(crate) use gate::Gate;
