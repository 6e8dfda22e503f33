//! What both exports do with a host's block before nice-plug sees it.
//!
//! nice-plug 0.4.2 does not validate a host's block: it dereferences null channel
//! pointers, indexes by channel counts that differ from the layout's, and copies between
//! buffers that overlap; a block that runs during activation crashes the host.
//! It also resets the plugin at every start of processing. So:
//!
//! | file | what it does |
//! | --- | --- |
//! | `buffers` | nice-plug processes in memory of our own, with exactly the channels that it expects; the host's buffers are copied in and out |
//! | `channel` | a channel of the host's block: single precision, double precision or missing |
//! | `gate` | no block runs while the plugin is activated or deactivated |
//! | `continuity` | a start of processing without a gap continues the stream |
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
